"""Regular rectangles."""

from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.random import Generator

from limefw.errors import InputError
from limefw.types import Image, Segments


def grid(
    image: Image, _rng: Generator, /, *, rows: Annotated[int, Ge(1)] = 7, columns: Annotated[int, Ge(1)] = 7
) -> Segments:
    """A regular grid: needs no colour, and is the same for every image of one size.

    Args:
        rows: cells from top to bottom.
        columns: cells from left to right.
    """
    height, width = image.shape
    if rows > height or columns > width:
        raise InputError(
            f"a grid of {rows} x {columns} cells needs at least as many pixels; the image has {height} x {width}"
        )
    row, column = np.arange(height) * rows // height, np.arange(width) * columns // width
    return Segments.from_labels(row[:, None] * columns + column)
