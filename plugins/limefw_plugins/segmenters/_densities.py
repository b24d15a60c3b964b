"""Quickshift's densities: how many pixels are near each, in colour and position, ordered as scikit-image's to the last.

Each pair of pixels is visited once instead of twice, as planes shifted against each other. Sums in another order differ
in their last bits: where two densities in a window are so close that this could change which is higher, both are
computed anew as scikit-image computes them.
"""

import math
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import as_strided

from limefw.types import Floats
from limefw_plugins.segmenters._plane import BLOCK, DEEP, HALF_ULP, Plane, squares
from limefw_plugins.segmenters._small import is_small, small_densities
from limefw_plugins.segmenters._ties import settle


def densities(plane: Plane, noise: Floats) -> Floats:
    """Return the densities, which never differ from scikit-image's in which of two is higher; -inf in the borders.

    Args:
        plane: the picture.
        noise: ``(h, w)`` added, to break ties.
    """
    density, doubt = small_densities(plane) if is_small(plane) else _nearly(plane)
    inside = plane.inside(density)
    inside += noise
    settle(plane, density, noise, doubt)
    return density


def _nearly(plane: Plane) -> tuple[Floats, float]:
    """Return densities up to rounding, and the least difference of two that rounding cannot have made."""
    scaled = plane.colors * (math.sqrt(0.5) / plane.kernel_size)
    found = np.full(scaled.shape[1], -np.inf)
    plane.inside(found)[...] = 1.0
    deep = float((np.ptp(scaled, axis=1) ** 2).sum()) > -DEEP - 10.0
    first, last = plane.margin, scaled.shape[1] - plane.margin
    # as many pixels in each: a short block takes nearly as many calls' time as a long one
    block = math.ceil((last - first) / max(1, round((last - first) / BLOCK)))
    runs = _runs(plane, max(1, BLOCK // block))
    shifted = {count: _shifted(scaled, count) for count in {len(nearness) for _, _, nearness in runs}}
    buffers = np.empty((2, block * max(shifted, default=1)))
    for start in range(first, last, block):
        for shift, down, nearness in runs:
            # below the last line is the border
            size = min(block, last - down * plane.stride - start)
            if size <= 0:
                break
            total, other = buffers[:, : len(nearness) * size].reshape(2, len(nearness), size)
            there = slice(start + shift, start + shift + size)
            squares(scaled[:, start : start + size], shifted[len(nearness)][:, :, there], total, other)
            np.subtract(nearness, total, out=total)
            if deep:
                np.maximum(total, DEEP, out=total)
            np.exp(total, out=total)
            found[start : start + size] += total[0] if len(total) == 1 else total.sum(axis=0)
            for at, each in enumerate(total, there.start):
                found[at : at + size] += each
    return found, _doubt(plane, scaled, found, plane.window()[0].size)


def _runs(plane: Plane, most: int) -> list[tuple[int, int, Floats]]:
    """Return half of the window, the other half being its mirror, as runs of at most so many shifts in a line.

    Each is its first shift, the line, and the ``(n, 1)`` exponents of all of them for equal colours.
    """
    shifts, rows, columns = plane.window()
    nearness = -0.5 * (rows * rows + columns * columns) / plane.kernel_size**2
    half = np.flatnonzero(shifts > 0)
    starts = half[np.diff(rows[half], prepend=-1) != 0].tolist()
    return [
        (int(shifts[at]), int(rows[at]), nearness[at : min(at + most, end), None])
        for start, end in pairwise([*starts, len(shifts)])
        for at in range(start, end, most)
    ]


def _shifted(colors: Floats, count: int) -> Floats:
    """Return a view ``(c, count, ...)`` of rows of colours, each of which starts one further than the one before."""
    step = colors.strides[1]
    return as_strided(colors, (len(colors), count, colors.shape[1] - count + 1), (colors.strides[0], step, step))


def _doubt(plane: Plane, scaled: Floats, density: Floats, terms: int) -> float:
    """Return twice the sum of both programs' rounding errors: of each exponential, and of summing `terms` of them."""
    colors = max(scaled.max(), -scaled.min()) * math.sqrt(len(scaled))
    return float(2 * terms * HALF_ULP * (2 * colors + len(scaled) + 12 + 2 * plane.inside(density).max()))
