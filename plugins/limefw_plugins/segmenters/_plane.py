"""A picture laid out for quickshift: in one row, so that one shift leads every pixel to its neighbour."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats


BLOCK = 26_000
"""Pixels at a time: their intermediate results stay in the processor's caches."""

HALF_ULP = 2.0**-53

DEEP = -700.0
"""Exponentials of less are nearly 0, and an order of magnitude slower to compute."""

BORDER = 10.0
"""Kernel sizes from the borders to any colour: exp(-BORDER^2 / 2) is lost beside a density of 1 or more."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Pixels in one row, with borders so wide that a shift within the window never meets another line.

    Args:
        colors: ``(c, ...)``; the borders are so far from any colour that they add nothing to a density of 1 or more.
        height: of the picture.
        width: of the picture.
        down: pixels that the window reaches up and down.
        right: pixels that it reaches left and right, and of border after every line.
        kernel_size: width of the density estimate.
    """

    colors: Floats
    height: int
    width: int
    down: int
    right: int
    kernel_size: float

    @classmethod
    def of(cls, points: Floats, kernel_size: float) -> Self:
        """Lay ``(h, w, c)`` points out; the window reaches three times the kernel size."""
        height, width, channels = points.shape
        reach = math.ceil(3 * kernel_size)
        down, right = min(reach, height - 1), min(reach, width - 1)
        size = (height + 2 * down) * (width + right) + 2 * right
        high = float(points.max())
        # far away also where the colours are so large that a few kernel sizes are lost beside them
        away = max(BORDER / math.sqrt(channels) * kernel_size, 1e-9 * abs(high))
        colors = np.full((channels, size), high + away)
        plane = cls(colors, height, width, down, right, kernel_size)
        for color, channel in zip(colors, np.moveaxis(points, 2, 0), strict=True):
            plane.inside(color)[...] = channel
        return plane

    @property
    def stride(self) -> int:
        """From a pixel to the one below."""
        return self.width + self.right

    @property
    def margin(self) -> int:
        """Before the first pixel and after the last line."""
        return self.down * self.stride + self.right

    def inside(self, row: NDArray[Any]) -> NDArray[Any]:
        """Return the ``(h, w)`` pixels of such a row, as a view."""
        return row[self.margin : len(row) - self.margin].reshape(self.height, self.stride)[:, : self.width]

    def window(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Return shifts, rows and columns of the whole window, line by line as scikit-image goes through it."""
        rows, columns = np.indices((2 * self.down + 1, 2 * self.right + 1)).reshape(2, -1)
        rows -= self.down
        columns -= self.right
        return rows * self.stride + columns, rows, columns

    def distances(
        self, here: NDArray[np.intp], shifts: NDArray[np.intp], rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> Floats:
        """Return squared distances from some pixels to others, every operation in scikit-image's order."""
        there = here + shifts
        total: Floats = np.empty(there.shape)
        other = np.empty_like(total)
        squares((color.take(here) for color in self.colors), (color.take(there) for color in self.colors), total, other)
        total += rows * rows
        total += columns * columns
        return total


def squares(here: Iterable[Floats], there: Iterable[Floats], total: Floats, other: Floats) -> None:
    """Put the squared differences of ``c`` channels of two parts, summed in order, into `total`; `other` is scratch."""
    for at, (one, two) in enumerate(zip(here, there, strict=True)):
        square = other if at else total
        np.subtract(one, two, out=square)
        np.multiply(square, square, out=square)
        if at:
            np.add(total, square, out=total)


def beyond(max_dist: float) -> float:
    """Return the smallest number whose square root is more than `max_dist`."""
    square = max_dist * max_dist
    while math.sqrt(square) > max_dist:
        square = math.nextafter(square, 0.0)
    while math.sqrt(square) <= max_dist:
        square = math.nextafter(square, math.inf)
    return square
