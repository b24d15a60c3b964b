"""Rows spread evenly over each column."""

from collections.abc import Iterator

from numpy.random import Generator

from limefw.modalities.table import Row
from limefw.types import Draws, Segments
from limefw_plugins.samplers._rows import at_quantiles, bins_of, in_blocks


def latin_hypercube(row: Row, segments: Segments, budget: int, rng: Generator, /) -> Iterator[Draws]:
    """Draw each column by itself, one value in each n-th part of the background (McKay et al. 1979; scipy.stats.qmc).

    The law is that of `marginals`; what depends on single columns varies less from seed to seed.
    """
    from scipy.stats.qmc import LatinHypercube

    bins = bins_of(segments)
    yield from in_blocks(row, bins, at_quantiles(row, LatinHypercube(len(row.values), rng=rng).random(budget)))
