"""Rows of the background."""

from numpy.random import Generator

from limefw.modalities.table import Row
from limefw.modalities.table_bins import RowComposer
from limefw.types import Segments


def background_rows(row: Row, segments: Segments, _rng: Generator, /) -> RowComposer:
    """Hidden columns show one row of the background together, so that they fit each other (Lundberg & Lee 2017).

    That row may have the instance's own values in some. Rows that a sampler drew are shown as they are.
    """
    return RowComposer.of(row, segments, joint=True)
