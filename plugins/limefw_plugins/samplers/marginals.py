"""Each column by itself, as the background has it."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.modalities.table import Row
from limefw.modalities.table_bins import slices_of
from limefw.types import Draws, Segments
from limefw_plugins.samplers._law import BLOCK
from limefw_plugins.samplers._rows import at_quantiles, bins_of, drawn


def marginals(row: Row, segments: Segments, budget: int, rng: Generator, /, *, within: bool = True) -> Iterator[Draws]:
    """Draw each column by itself, as often in each bin as the background has it there (lime's law for tables).

    A code is then True with the share of the table that lies in the row's own bin. Which value a column shows in a bin
    is the filler's choice. Columns that are not cut into bins show values of the background.

    Args:
        within: a column that stays in its bin shows any value of that bin, as in lime; off: the row's own.
    """
    bins = bins_of(segments)
    cut = not (bins.scaled is not None and bins.scaled[bins.varied].any())
    first, last = slices_of(row, bins)
    shares = ((last - first) / row.background.pools.shape[1])[bins.varied].astype(np.float32)
    done = 0
    while done < budget:
        size = min(BLOCK, budget - done)
        # a whole block even where fewer rows are left: more samples then begin with the same ones
        if cut:
            codes = (rng.random((BLOCK, len(shares)), dtype=np.float32) < shares)[:size]
            moved = np.full(size, within)
            if done == 0:
                codes[0], moved[0] = True, False
            yield Draws(codes, {"within": moved})
        else:
            rows = at_quantiles(row, rng.random((BLOCK, len(row.values))))
            yield drawn(row, bins, rows[:size], first=done == 0)
        done += size
