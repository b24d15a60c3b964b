"""What samplers of tables share: from drawn rows to draws."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from limefw.errors import InputError
from limefw.modalities.table import Row
from limefw.modalities.table_bins import Bins
from limefw.types import Draws, Floats, Segments
from limefw_plugins.samplers._law import BLOCK


def bins_of(segments: Segments) -> Bins:
    """Return the segments, which are a row's bins.

    Raises:
        InputError: where they are not.
    """
    if not isinstance(segments, Bins):
        raise InputError("a sampler of rows needs the bins of a row: use segmenter 'bins', or return limefw.Bins")
    return segments


def drawn(row: Row, bins: Bins, rows: Floats, *, settled: bool = True, first: bool = True) -> Draws:
    """Return draws of encoded rows; what is immutable stays, and where `first` the instance is the first of them."""
    kept = np.flatnonzero(bins.labels < 0)
    if settled:
        rows = row.background.settled(rows)
    rows[:, kept] = row.values[kept]
    if first:
        rows[0] = row.values
    return Draws(bins.codes(row, rows), {"row": rows})


def in_blocks(row: Row, bins: Bins, rows: Floats, *, independent: bool = True) -> Iterator[Draws]:
    """Yield draws of encoded rows, of which the first becomes the instance, a few hundred at a time."""
    for start in range(0, len(rows), BLOCK):
        block = drawn(row, bins, rows[start : start + BLOCK], first=start == 0)
        yield block if independent else replace(block, groups=-1 - start - np.arange(len(block)))


def at_quantiles(row: Row, shares: Floats) -> Floats:
    """Return encoded rows ``(n, f)`` of what the background has at shares ``(n, f)`` of each column, 0..1."""
    pools = row.background.pools
    size = pools.shape[1]
    places = np.minimum((shares * size).astype(np.intp), size - 1)
    return np.asarray(pools[np.arange(len(pools)), places])
