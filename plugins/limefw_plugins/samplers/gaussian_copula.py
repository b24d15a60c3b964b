"""Rows whose columns go together as in the background."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.table import Row, Table
from limefw.types import Draws, Floats, Segments
from limefw_plugins.samplers._law import BLOCK
from limefw_plugins.samplers._rows import at_quantiles, bins_of, drawn


def gaussian_copula(row: Row, segments: Segments, budget: int, rng: Generator, /) -> Iterator[Draws]:
    """Draw rows with the background's correlations of ranks and its own values in each column (Gaussian copula).

    A model is then asked about rows that could exist: of columns that always go together none is changed alone. The
    surrogate in turn cannot tell such columns well apart. Categories go by the order of their values.
    """
    from scipy.special import ndtr

    bins, root = bins_of(segments), _root(row.background)
    done = 0
    while done < budget:
        size = min(BLOCK, budget - done)
        rows = at_quantiles(row, ndtr(rng.standard_normal((BLOCK, len(root))) @ root.T))
        yield drawn(row, bins, rows[:size], first=done == 0)
        done += size


def _root(table: Table) -> Floats:
    """Return a root of the correlations of the columns' normal scores; once for each table."""
    if table.encoded is None or len(table) < 3:
        raise InputError("a copula needs at least three rows of data: use sampler 'marginals' with statistics alone")
    if "copula" not in table.memory:
        from scipy.special import ndtri
        from scipy.stats import rankdata

        ranks = rankdata(np.nan_to_num(table.encoded, nan=np.inf), axis=0)
        scores = ndtri((ranks - 0.5) / len(table))
        scores -= scores.mean(axis=0)
        spread = scores.std(axis=0)
        scores /= np.where(spread > 0, spread, 1.0)
        together = scores.T @ scores / len(table)
        np.fill_diagonal(together, 1.0)
        values, vectors = np.linalg.eigh(together)
        # times itself it has the diagonal 1 again, so that each column meets its own quantiles
        table.memory["copula"] = vectors * np.sqrt(np.clip(values, 0.0, None))
    root: Floats = table.memory["copula"]
    return root
