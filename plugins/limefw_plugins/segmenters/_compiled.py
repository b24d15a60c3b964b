"""Quickshift's loop with scikit-image's labels, in machine code.

Imported only where Numba is installed, once enough is cut to be worth it.
"""

import math
from functools import lru_cache

import numpy as np

from limefw.types import Floats, Labels
from limefw_plugins.segmenters import _native
from limefw_plugins.segmenters._plane import Plane, beyond
from limefw_plugins.segmenters._ties import exactly


PAIRS = 2e8
"""Of pixels between two looks at whether somebody wants to stop: some tenths of a second."""


def modes(points: Floats, kernel_size: float, max_dist: float, noise: Floats) -> Labels:
    """Return what :func:`limefw_plugins.segmenters._modes.modes` returns."""
    points, kernel_size = np.ascontiguousarray(points), float(kernel_size)  # else it would be compiled anew
    reach, limit = math.ceil(3 * kernel_size), beyond(max_dist)
    density, errors = _densities(points, reach, kernel_size)
    density = (density + noise).ravel()
    exact, steps = np.zeros(len(density), dtype=np.bool_), _steps(reach, noise.shape[1])
    while True:
        parent, close, unsure = _native.search(points, density, steps, limit, errors, exact)
        if not unsure:
            labels: Labels = _native.labels(parent)
            return labels.reshape(noise.shape)
        density[close] = exactly(Plane.of(points, kernel_size), noise, np.flatnonzero(close))
        exact |= close


def _densities(points: Floats, reach: int, kernel_size: float) -> tuple[Floats, float]:
    """Return ``(h, w)`` densities up to rounding, and both programs' errors of an exponential, twice, in half units."""
    height, width, channels = points.shape
    density, most = np.ones((height, width)), 0.0
    lines = max(1, int(PAIRS / (2 * (reach + 1) ** 2 * width)))
    for top in range(0, height, lines):
        bottom = min(top + lines, height)
        most = max(most, _native.add_pairs(points, kernel_size, reach, top, bottom, density))
    return density, 2 * (2 * most * math.sqrt(channels) + channels + _native.INEXACT)


@lru_cache(maxsize=8)
def _steps(reach: int, width: int) -> _native.Steps:
    """Return all steps within the window, for pictures of that width."""
    rows, columns = np.indices((2 * reach + 1, 2 * reach + 1)).reshape(2, -1) - reach
    shifts, jumps = rows * width + columns, rows * (width + 2 * reach) + columns
    steps = np.stack([rows * rows + columns * columns, rows, columns, np.arange(rows.size), shifts, jumps])
    # the first is none: its length is 0
    return np.ascontiguousarray(steps[:, np.argsort(steps[0], kind="stable")[1:]], dtype=np.int64)
