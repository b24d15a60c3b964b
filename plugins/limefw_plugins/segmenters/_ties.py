"""Quickshift's densities that are too close to call, exactly as scikit-image computes them."""

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats
from limefw_plugins.segmenters._plane import Plane


def settle(plane: Plane, density: Floats, noise: Floats, doubt: float) -> None:
    """Compute densities that are too close to call anew, every operation in scikit-image's order."""
    chosen = _too_close(plane, plane.inside(density), doubt)
    if not len(chosen):
        return
    places = plane.inside(np.arange(len(density))).ravel()
    shifts, rows, columns = plane.window()
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
