"""Quickshift's densities of a small picture, up to rounding: each line with all lines of its windows at once."""

import math

import numpy as np

from limefw.types import Floats
from limefw_plugins.segmenters._plane import DEEP, HALF_ULP, Plane


WINDOWS = 5
"""A line of at most so many times the window's reach is looked at as a whole, what is out of reach included."""

SMALL = 4096
"""Pixels of the largest picture for which that is tried: what is kept of it at a time stays in the caches."""


FARTHEST = 1e6
"""Kernel sizes from the least to the greatest colour, above which squares lose too many digits to a difference."""


def is_small(plane: Plane) -> bool:
    """Tell whether whole lines take less time than shifts: NumPy's cost of a call counts more than what is unneeded."""
    small = plane.width <= WINDOWS * plane.right and plane.width * plane.height <= SMALL
    return small and float(np.ptp(plane.colors)) < FARTHEST * plane.kernel_size


def small_densities(plane: Plane) -> tuple[Floats, float]:
    """Return densities up to rounding, -inf in the borders, and the least difference that rounding cannot have made."""
    here, there = _factors(plane)
    longest, places = float(-there[-1].min()), np.arange(plane.width)
    within = (np.abs(np.subtract.outer(places, places)) <= plane.right).astype(np.float64)
    near = np.zeros((plane.height, plane.width))
    lines = np.arange(0, len(here) + 1, plane.width).tolist()
    for line, start in enumerate(lines[:-1]):
        end = min(line + plane.down + 1, plane.height)
        exponents = here[start : lines[line + 1]] @ there[:, start : lines[end]]
        if 4 * longest > -DEEP:
            np.maximum(exponents, DEEP, out=exponents)
        terms = np.exp(exponents, out=exponents).reshape(plane.width, end - line, plane.width)
        # both pixels of a pair are as near; of its own line each pixel has met all
        near[line] += np.einsum("inj,ij->i", terms, within)
        near[line + 1 : end] += np.einsum("inj,ij->nj", terms[:, 1:], within)
    found = np.full(plane.colors.shape[1], -np.inf)
    plane.inside(found)[...] = near
    return found, _doubt(plane, longest, float(near.max()))


def _factors(plane: Plane) -> tuple[Floats, Floats]:
    """Return ``(n, c + 4)`` and ``(c + 4, n)`` factors, whose product is the exponent of each pixel with each other.

    The square of a difference is two squares and a product: a matrix product has them all in one step.
    """
    count = plane.height * plane.width
    places = np.indices((plane.height, plane.width), dtype=np.float64)
    points = np.concatenate([[plane.inside(color) for color in plane.colors], places]).reshape(-1, count)
    points -= (points.max(axis=1, keepdims=True) + points.min(axis=1, keepdims=True)) / 2
    points *= math.sqrt(0.5) / plane.kernel_size
    squares, ones = -np.einsum("cn,cn->n", points, points), np.ones(count)
    return np.vstack([2 * points, squares, ones]).T.copy(), np.vstack([points, ones, squares])


def _doubt(plane: Plane, longest: float, densest: float) -> float:
    """Return twice the sum of both programs' rounding errors: of each exponential, and of summing them.

    Args:
        plane: the picture.
        longest: squared point; an exponent is a sum of products, which are at most four times as much together.
        densest: the highest density.
    """
    size, terms = len(plane.colors) + 2, (2 * plane.down + 1) * (2 * plane.right + 1)
    exponential = (6 * size + 14) * longest + 6 * math.sqrt(longest) + 12
    return float(2 * terms * HALF_ULP * (exponential + 2 * densest))
