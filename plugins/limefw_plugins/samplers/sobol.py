"""Rows spread evenly over all columns together."""

from collections.abc import Iterator

from numpy.random import Generator

from limefw.modalities.table import Row
from limefw.types import Draws, Segments
from limefw_plugins.samplers._rows import at_quantiles, bins_of, in_blocks


def sobol(row: Row, segments: Segments, budget: int, rng: Generator, /) -> Iterator[Draws]:
    """Draw each column by itself at scrambled Sobol points (Sobol 1967, Owen 1998; scipy.stats.qmc).

    The law is that of `marginals`; what depends on few columns varies less from seed to seed. Best with a power of two
    of samples. Its rows are one array, so nothing is known of errors: for intervals take `latin_hypercube`.
    """
    from scipy.stats.qmc import Sobol

    bins = bins_of(segments)
    # drawn by powers of two, as its points are balanced there
    shares = Sobol(len(row.values), rng=rng).random_base2(max(1, (budget - 1).bit_length()))
    yield from in_blocks(row, bins, at_quantiles(row, shares[:budget]), independent=False)
