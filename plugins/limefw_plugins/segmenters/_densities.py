"""Quickshift's densities: how many pixels are near each, in colour and position, ordered as scikit-image's to the last.

Each pair of pixels is visited once instead of twice, as planes shifted against each other. Sums in another order differ
in their last bits: where two densities in a window are so close that this could change which is higher, both are
computed anew as scikit-image computes them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats
from limefw_plugins.segmenters._plane import BLOCK, Plane, squares


HALF_ULP = 2.0**-53

DEEP = -700.0
"""Exponentials of less are nearly 0, and an order of magnitude slower to compute."""


def densities(plane: Plane, noise: Floats) -> Floats:
    """Return the densities, which never differ from scikit-image's in which of two is higher; -inf in the borders.

    Args:
        plane: the picture.
        noise: ``(h, w)`` added, to break ties.
    """
    density, doubt = _nearly(plane)
    inside = plane.inside(density)
    inside += noise
    _settle(plane, density, noise, doubt)
    return density


def _nearly(plane: Plane) -> tuple[Floats, float]:
    """Return densities up to rounding, and the least difference of two that rounding cannot have made."""
    scaled = plane.colors * (math.sqrt(0.5) / plane.kernel_size)
    found = np.full(scaled.shape[1], -np.inf)
    plane.inside(found)[...] = 1.0
    half = [(shift, -0.5 * (y * y + x * x) / plane.kernel_size**2) for shift, y, x in plane.window() if shift > 0]
    deep = float((np.ptp(scaled, axis=1) ** 2).sum()) > -DEEP - 10.0
    first, last = plane.margin, scaled.shape[1] - plane.margin
    buffers = np.empty((2, min(BLOCK, last - first)))
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        total, other = buffers[:, : stop - start]
        for shift, nearness in half:
            squares(scaled[:, start:stop], scaled[:, start + shift : stop + shift], total, other)
            np.subtract(nearness, total, out=total)
            if deep:
                np.maximum(total, DEEP, out=total)
            np.exp(total, out=total)
            found[start:stop] += total
            found[start + shift : stop + shift] += total
    return found, _doubt(plane, scaled, found, 2 * len(half) + 1)


def _doubt(plane: Plane, scaled: Floats, density: Floats, terms: int) -> float:
    """Return twice the sum of both programs' rounding errors: of each exponential, and of summing `terms` of them."""
    colors = np.abs(scaled).max() * math.sqrt(len(scaled))
    return float(2 * terms * HALF_ULP * (2 * colors + 12 + 2 * plane.inside(density).max()))


def _settle(plane: Plane, density: Floats, noise: Floats, doubt: float) -> None:
    """Compute densities that are too close to call anew, every operation in scikit-image's order."""
    chosen = _too_close(plane, plane.inside(density), doubt)
    places = plane.inside(np.arange(len(density))).ravel()
    shifts, rows, columns = (np.array(each) for each in zip(*plane.window(), strict=True))
    for start in range(0, len(chosen), 256):
        which = chosen[start : start + 256]
        middle = places[which][:, None]
        distance = plane.distances(middle, shifts, rows, columns)
        # of complex numbers NumPy takes the C library's exponential, as scikit-image: its own differs in a last bit
        terms = np.exp((distance * (-0.5 / plane.kernel_size**2)).astype(np.complex128)).real
        # a running sum adds one after the other, where np.sum adds in pairs
        density[middle[:, 0]] = np.cumsum(terms, axis=1)[:, -1] + noise.ravel()[which]


def _too_close(plane: Plane, density: Floats, doubt: float) -> NDArray[np.intp]:
    """Return the pixels whose density differs by `doubt` or less from another one's in their window."""
    if np.diff(np.sort(density, axis=None)).min(initial=np.inf) > doubt:  # of most photographs, and sooner told
        return np.zeros(0, dtype=np.intp)
    order = np.argsort(density, axis=None)
    close = np.diff(density.ravel()[order]) <= doubt
    suspects = order[np.append(close, False) | np.insert(close, 0, False)]
    ordered, (row, column) = density.ravel()[suspects], np.divmod(suspects, plane.width)
    found = np.zeros(len(suspects), dtype=np.bool_)
    for lag in range(1, len(suspects)):
        pair = np.flatnonzero(ordered[lag:] - ordered[:-lag] <= doubt)
        if not len(pair):
            break
        high, wide = np.abs(row[pair] - row[pair + lag]), np.abs(column[pair] - column[pair + lag])
        pair = pair[(high <= plane.down) & (wide <= plane.right)]
        found[pair] = found[pair + lag] = True
    return suspects[found]
