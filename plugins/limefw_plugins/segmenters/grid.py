"""Regular rectangles."""

from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.random import Generator

from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.segmenters._part import Number, Part, Region


def grid(
    image: Image,
    _rng: Generator,
    /,
    *,
    rows: Annotated[int, Ge(1)] = 7,
    columns: Annotated[int, Ge(1)] = 7,
    target_segments: Number | None = None,
    region: Region | None = None,
) -> Segments:
    """A regular grid: needs no colour, and is the same for every image of one size.

    Args:
        rows: cells from top to bottom; no more than there are pixels.
        columns: cells from left to right; no more than there are pixels.
        target_segments: how many are wished for: the nearest number that makes cells at most 1.5 times as long as wide.
        region: (top, left, bottom, right) as shares of the photograph; all else is always kept.
    """
    part = Part.of(image, None, region)
    height, width, _ = part.pixels.shape
    if target_segments is not None:
        rows, columns = _layout(min(target_segments, height * width), height, width)
    rows, columns = min(rows, height), min(columns, width)
    row, column = np.arange(height) * rows // height, np.arange(width) * columns // width
    return part.segments(row[:, None] * columns + column, target_segments)


def _layout(wish: int, height: int, width: int) -> tuple[int, int]:
    """Return (rows, columns) whose product is nearest to `wish`, cells near to squares if there are such."""
    row = np.arange(1, min(wish, height) + 1)
    column = np.clip(np.rint(wish / row), 1, width)
    stretch = np.abs(np.log((height / row) / (width / column)))
    # an elongated cell is worse than any number
    order = np.lexsort((stretch, np.abs(row * column - wish), np.where(stretch <= np.log(1.5), 0, stretch)))
    return int(row[order[0]]), int(column[order[0]])
