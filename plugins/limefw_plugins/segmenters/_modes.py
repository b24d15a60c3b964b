"""Quickshift's loop, with scikit-image's labels to the last one, in less of its time: by Numba, or without."""

from collections.abc import Callable
from functools import cache

import numpy as np

from limefw.types import Floats, Labels
from limefw_plugins.segmenters._densities import densities
from limefw_plugins.segmenters._parents import parents
from limefw_plugins.segmenters._plane import Plane


WORTH = 3e8
"""Pairs of pixels for which NumPy takes one to three seconds. Loading Numba and its code takes half a second."""

SMALL = 3e5
"""Pairs of pixels for which NumPy takes about as long as for a picture besides."""

Loop = Callable[[Floats, float, float, Floats], Labels]


def modes(points: Floats, kernel_size: float, max_dist: float, noise: Floats) -> Labels:
    """Return ``(h, w)`` labels 0..d-1: each pixel belongs with the nearest one of higher density.

    What has been spent on all pictures of a process, this one included, tells whether Numba is worth loading.

    Args:
        points: ``(h, w, c)`` colours, times the ratio.
        kernel_size: width of the density estimate.
        max_dist: longer links are cut.
        noise: ``(h, w)`` added to the densities, to break ties.
    """
    spent.pairs += SMALL + noise.size * (6 * kernel_size + 1) ** 2 / 2
    loop = (compiled() if spent.pairs > WORTH else None) or shifted
    return loop(points, kernel_size, max_dist, noise)


@np.errstate(over="ignore")  # squares of huge colours: they are infinitely far
def shifted(points: Floats, kernel_size: float, max_dist: float, noise: Floats) -> Labels:
    """Return the same by NumPy, from planes that are shifted against each other."""
    plane = Plane.of(points, kernel_size)
    parent = parents(plane, densities(plane, noise), max_dist)
    while not np.array_equal(grandparent := parent[parent], parent):
        parent = grandparent
    number = np.cumsum(parent == np.arange(len(parent))) - 1
    return number[parent].reshape(plane.height, plane.width)


class Spent:
    """The pairs of pixels in the pictures that this process has cut or begins to, more for small pictures."""

    pairs = 0.0


spent = Spent()


@cache
def compiled() -> Loop | None:
    """Return the loop in machine code; None without Numba, or where it cannot be loaded or does not compile."""
    try:
        from limefw_plugins.segmenters._compiled import modes as loop

        loop(np.zeros((2, 2, 3)), 1.0, 1.0, np.zeros((2, 2)))
    except Exception:  # noqa: BLE001 - whatever a foreign NumPy, a full disk or half a file does to it: NumPy does as well
        return None
    return loop
