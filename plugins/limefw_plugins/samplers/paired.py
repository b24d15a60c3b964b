"""Fair coins and their complements."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK, enumerated, fits


def paired(
    _instance: Instance, segments: Segments, budget: int, rng: Generator, /, *, enumerate_small: bool = True
) -> Iterator[Draws]:
    """Draw each combination with its complement (Covert & Lee 2021): even interactions cancel exactly.

    With a kernel that weighs complements alike (flat, symmetric) and no penalty a black box of degree <= 2 is
    recovered without error, because the instance too is paired, with the all-hidden row. An odd budget is rounded down.

    Args:
        enumerate_small: where all combinations fit the budget take each once.
    """
    if enumerate_small and fits(segments.count, budget):
        yield enumerated(segments.count, 0.5)
        return
    drawn, budget = 0, max(2, budget - budget % 2)
    while drawn < budget:
        pairs = min(BLOCK // 2, (budget - drawn) // 2)
        codes = np.empty((2 * pairs, segments.count), dtype=np.bool_)
        codes[::2] = rng.random((pairs, segments.count)) < 0.5
        if drawn == 0:
            codes[0] = True
        codes[1::2] = ~codes[::2]
        groups = np.repeat(np.arange(drawn // 2, drawn // 2 + pairs), 2)
        yield Draws(codes, groups=groups)
        drawn += 2 * pairs
