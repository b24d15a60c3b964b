"""Every number of shown segments as often."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK, fits
from limefw_plugins.samplers._sizes import enumerated_by_size, log_coins, shown_at_random


def size_stratified(
    _instance: Instance,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    corrected: bool = True,
    enumerate_small: bool = True,
) -> Iterator[Draws]:
    """Show each number of segments, 0..d, equally often (Rashid, Amparore, Ferrari & Verda 2024).

    Answers then spread over all that the model can say, where half-hidden pictures may all be nothing to it: a
    diagnosis of saturation. The price: at 50 segments most draws get next to no weight by the correction, and the
    coefficients need 2.9 to 3.8 times as many draws as by `bernoulli` for one precision. Of every d + 1 draws each
    shows another number.

    Args:
        corrected: importance is the size's probability under fair coins over that under this law, as in the paper: the
            limit is that of `bernoulli`. Off: all draws count alike, which is another question with steadier answers.
        enumerate_small: where all combinations fit the budget take each once, weighted by its probability.
    """
    count = segments.count
    ratio = np.exp(log_coins(count)) * (count + 1)
    if enumerate_small and fits(count, budget):
        yield enumerated_by_size(count, np.ones(count + 1) if corrected else 1.0 / ratio)
        return
    importance = ratio if corrected else np.ones(count + 1)
    sizes, drawn = np.empty(0, dtype=np.intp), 0
    while drawn < budget:
        while len(sizes) < BLOCK:
            sizes = np.append(sizes, rng.permutation(count + 1))
        codes = shown_at_random(sizes[:BLOCK], count, rng)[: budget - drawn]
        weights = importance[sizes[: len(codes)]]
        if drawn == 0:
            # beside the law, and in full as in the paper
            codes[0], weights[0] = True, 1.0
        yield Draws(codes, importance=weights)
        sizes, drawn = sizes[BLOCK:], drawn + len(codes)
