"""Other values of a table's columns."""

from numpy.random import Generator

from limefw.modalities.table import Row
from limefw.modalities.table_bins import RowComposer
from limefw.types import Segments


def other_values(row: Row, segments: Segments, _rng: Generator, /) -> RowComposer:
    """A hidden column shows a value that the background has in another bin, each column by itself.

    Rows that a sampler drew are shown as they are.
    """
    return RowComposer.of(row, segments)
