"""Independent coins, as lime draws them."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from annotated_types import Gt, Lt
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK, enumerated, fits


def bernoulli(
    _instance: Instance,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    keep: Annotated[float, Gt(0), Lt(1)] = 0.5,
    enumerate_small: bool = True,
) -> Iterator[Draws]:
    """Keep each segment with one probability, independently (Ribeiro et al. 2016).

    Args:
        keep: the probability.
        enumerate_small: where all combinations fit the budget take each once, weighted by its probability: the same
            law without sampling error.
    """
    if enumerate_small and fits(segments.count, budget):
        yield enumerated(segments.count, keep)
        return
    drawn = 0
    while drawn < budget:
        rows = min(BLOCK, budget - drawn)
        codes = rng.random((rows, segments.count)) < keep
        if drawn == 0:
            codes[0] = True
        yield Draws(codes, groups=np.arange(drawn, drawn + rows))
        drawn += rows
