"""Rows of the background."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.table import Row
from limefw.types import Draws, Segments
from limefw_plugins.samplers._rows import bins_of, in_blocks


def bootstrap(
    row: Row,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    neighbors: Annotated[int, Ge(2)] | None = None,
) -> Iterator[Draws]:
    """Draw rows of the background as they are, with replacement: the model sees nothing that never was.

    Args:
        neighbors: only of so many rows that are nearest to this one (numbers in units of their spread, a category
            that differs counts 1); none: of all.
    """
    bins, table = bins_of(segments), row.background
    if table.encoded is None:
        raise InputError("rows of the background are not known, only statistics: use sampler 'marginals'")
    among = np.arange(len(table)) if neighbors is None else _nearest(row, neighbors)
    yield from in_blocks(row, bins, table.encoded[rng.choice(among, size=budget)])


def _nearest(row: Row, count: int) -> NDArray[np.intp]:
    table = row.background
    assert table.encoded is not None
    numbers = np.array([not feature.texts for feature in table.features])
    gone = np.isnan(table.encoded) != np.isnan(row.values)
    apart = np.nan_to_num((table.encoded - row.values) / table.scales)
    squares = np.where(gone, 1.0, np.where(numbers, apart**2, apart != 0.0)).sum(axis=1)
    return np.argsort(squares, kind="stable")[:count]
