"""What quickshift compiles, by Numba (Lam, Pitrou & Seibert 2015): in a new installation that takes seconds, once."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats, Labels
from limefw_plugins.segmenters._plane import HALF_ULP


WIDE = 256
"""Pixels of a line at a time: they and those in reach stay in the processor's caches."""

LEAST = -40.0
"""Exponentials of less are lost beside a density of 1 or more."""

INEXACT = 300
"""Half units in the last place of 1 by which an exponential is off at most: 64 times those of a polynomial of it."""

FARTHEST = 1e100
"""Of colours in kernel sizes whose squares are numbers; beyond, all densities are too close to call. No two
densities are taken to differ by more, so that nothing outside is taken for close."""

Flags = NDArray[np.bool_]

Steps = NDArray[np.int64]
"""``(6, s)`` squared lengths, rows, columns, places in scikit-image's order, and how far they lead among the pixels and
among the pixels with their borders; the shortest first."""

if numba.config.DISABLE_JIT:
    raise ImportError("Numba is switched off (NUMBA_DISABLE_JIT): as Python, these loops would take hours")


def native(*, fused: bool = False, inline: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes machine code of a function, which is kept where that can be written.

    Args:
        fused: products may be added without rounding in between.
        inline: it is put wherever it is called.
    """
    options = {"nogil": True, "fastmath": {"contract"} if fused else False, "inline": "always" if inline else "never"}

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            compiled: Callable[..., Any] = numba.njit(function, cache=True, **options)
        except RuntimeError:  # no folder to keep it in: each process compiles it
            compiled = numba.njit(function, **options)
        return compiled

    return made


@native(fused=True, inline=True)
def exponential(exponent: float) -> float:
    """Return exp(exponent) for 0 or less, off by less than `INEXACT` half units in the last place of 1.

    It is the 64th power of Taylor's polynomial at a 64th: what a processor does with several numbers at once.
    """
    z = max(exponent, LEAST) / 64
    tail = 1 / 24 + z * (1 / 120 + z * (1 / 720 + z * (1 / 5040 + z * (1 / 40320 + z / 362880))))
    power: float = 1 + z * (1 + z * (1 / 2 + z * (1 / 6 + z * tail)))
    for _ in range(6):
        power *= power
    return power


@native(fused=True, inline=True)
def subtract_squares(base: float, colors: Floats, y: int, down: int, start: int, right: int, out: Floats) -> None:
    """Put a number less the squared differences of colours of two parts of lines into `out`.

    Args:
        base: the number.
        colors: ``(c, h, w)``.
        y: the one line.
        down: to the other.
        start: of the part in the one.
        right: from there to the part in the other.
        out: as long as both.
    """
    for channel in range(len(colors)):
        here = colors[channel, y, start : start + len(out)]
        there = colors[channel, y + down, start + right : start + right + len(out)]
        for i in range(len(out)):
            apart = here[i] - there[i]
            out[i] = (out[i] if channel else base) - apart * apart


@native(inline=True)
def add(some: Floats, total: Floats) -> None:
    """Add numbers to others."""
    for i in range(len(some)):
        total[i] += some[i]


@native(inline=True)
def laid_out(points: Floats, scale: float) -> tuple[Floats, float]:
    """Return ``(c, h, w)`` colours times `scale`, and the greatest of their amounts."""
    height, width, channels = points.shape
    colors, most = np.empty((channels, height, width)), 0.0
    for y in range(height):
        for x in range(width):
            for channel in range(channels):
                color = points[y, x, channel] * scale
                colors[channel, y, x], most = color, max(most, abs(color))
    return colors, most


@native(fused=True)
def add_pairs(points: Floats, kernel_size: float, reach: int, top: int, bottom: int, density: Floats) -> float:
    """Add up how near the pixels of each pair are; return the greatest amount of a colour in root-two kernel sizes.

    Args:
        points: ``(h, w, c)``.
        kernel_size: width of the density estimate.
        reach: of the window, up and down, left and right.
        top: first line that is gone through, each with those below; every pair is met once.
        bottom: line after the last.
        density: ``(h, w)`` to add to; nothing is added where colours are too far for their squares.
    """
    width = density.shape[1]
    most: float
    colors, most = laid_out(points[top : bottom + reach], np.sqrt(0.5) / kernel_size)
    if not most < FARTHEST:
        return most
    near = np.empty((2 * reach + 1) * min(WIDE, width))
    for y in range(bottom - top):
        for left in range(0, width, WIDE):
            for down in range(min(reach, colors.shape[1] - 1 - y) + 1):
                filled = 0
                for right in range(-reach if down else 1, reach + 1):
                    start, stop = max(left, -right), min(left + WIDE, width, width - right)
                    if start < stop:
                        some = near[filled : filled + stop - start]
                        base = (down * down + right * right) * (-0.5 / kernel_size**2)
                        subtract_squares(base, colors, y, down, start, right, some)
                        filled += stop - start
                # those of a whole line together: the last few of each would be computed one by one
                for i in range(filled):
                    near[i] = exponential(near[i])
                filled = 0
                for right in range(-reach if down else 1, reach + 1):
                    start, stop = max(left, -right), min(left + WIDE, width, width - right)
                    if start < stop:
                        some = near[filled : filled + stop - start]
                        add(some, density[top + y, start:stop])
                        add(some, density[top + y + down, start + right : stop + right])
                        filled += stop - start
    return most


@native(inline=True)
def squared(pixels: Floats, own: int, other: int, row: int, column: int) -> float:
    """Return the squared distance of two pixels, so many rows and columns apart; all in scikit-image's order."""
    distance: float = 0.0
    for channel in range(pixels.shape[1]):
        apart = pixels[own, channel] - pixels[other, channel]
        distance += apart * apart
    distance += float(row * row)
    distance += float(column * column)
    return distance


@native(inline=True)
def bordered(density: Floats, width: int, reach: int) -> Floats:
    """Return lines of densities in a row, with borders as wide as the reach on all sides: nothing is lower."""
    wide, height = width + 2 * reach, len(density) // width
    levels = np.empty((height + 2 * reach) * wide)
    for place in range(len(levels)):
        levels[place] = -np.inf
    for y in range(height):
        for x in range(width):
            levels[(y + reach) * wide + x + reach] = density[y * width + x]
    return levels


@native()
def search(
    points: Floats, density: Floats, steps: Steps, limit: float, errors: float, exact: Flags
) -> tuple[NDArray[np.intp], Flags, bool]:
    """Return each pixel's parent, the nearest one of higher density; which densities were too close; whether any.

    Args:
        points: ``(h, w, c)``.
        density: ``(h * w,)``.
        steps: that are taken.
        limit: of squared distances.
        errors: in half units in the last place, of each exponential in both programs.
        exact: ``(h * w,)``, of densities.
    """
    height, width, channels = points.shape
    pixels, (lengths, rows, columns, places, shifts, jumps) = points.reshape(-1, channels), steps
    reach = rows.max()
    # densities that differ by less may be the other way round, unless both are exact: also their sums are rounded
    doubt = min(HALF_ULP * (2 * reach + 1) ** 2 * (errors + 4 * density.max()), FARTHEST)
    levels = bordered(density, width, reach)
    parent, close, unsure = np.empty(len(density), dtype=np.intp), np.zeros(len(density), dtype=np.bool_), False
    for y in range(height):
        for x in range(width):
            own, place = y * width + x, (y + reach) * (width + 2 * reach) + x + reach
            level, nearest, found = levels[place], limit, -1
            for step in range(len(lengths)):
                if lengths[step] > nearest:
                    break
                higher = levels[place + jumps[step]] - level
                if not higher >= -doubt:  # nor where either is no number: what is outside would be looked up
                    continue
                other = own + shifts[step]
                if higher <= doubt:
                    if not (exact[own] and exact[other]):
                        close[own] = close[other] = unsure = True
                    if higher <= 0:
                        continue
                distance = squared(pixels, own, other, rows[step], columns[step])
                # of equally near ones scikit-image takes the first that it meets
                if distance < nearest or (found >= 0 and distance == nearest and places[step] < places[found]):
                    nearest, found = distance, step
            parent[own] = own + shifts[found] if found >= 0 else own
    return parent, close, unsure


@native()
def labels(parent: NDArray[np.intp]) -> Labels:
    """Number those that are their own parents, and give the others their parents' numbers."""
    labels = np.full(len(parent), -1, dtype=np.intp)
    count = 0
    for pixel in range(len(parent)):
        if parent[pixel] == pixel:
            labels[pixel] = count
            count += 1
    for pixel in range(len(parent)):
        root = pixel
        while labels[root] < 0:
            root = parent[root]
        below = pixel
        while labels[below] < 0:
            labels[below] = labels[root]
            below = parent[below]
    return labels
