"""Sizes as Shapley's kernel weighs them."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK, enumerated, fits
from limefw_plugins.samplers._sizes import log_coins, shown_at_random


def shapley_sizes(
    _instance: Instance, segments: Segments, budget: int, rng: Generator, /, *, enumerate_small: bool = True
) -> Iterator[Draws]:
    """Show s of d segments with probability ~ 1 / (s (d - s)), each draw with its complement (Covert & Lee 2021).

    That is Shapley's kernel as a law: its importance is fair coins over this law, which kernel `shapley` cancels, so
    that all draws count alike. The instance and the all-hidden row come first. An odd budget is rounded down.

    Args:
        enumerate_small: where all combinations fit the budget take each once; the kernel then weighs them.
    """
    count = segments.count
    if enumerate_small and fits(count, budget):
        yield enumerated(count, 0.5)
        return
    inside = np.arange(1, count)
    law = 1.0 / (inside * (count - inside))
    law /= law.sum()
    importance = np.ones(count + 1)
    importance[1:-1] = np.exp(log_coins(count)[1:-1]) / law
    drawn, budget = 0, max(2, budget - budget % 2)
    while drawn < budget:
        # a whole block even where fewer rows are left: more samples then begin with the same ones
        half = shown_at_random(rng.choice(inside, size=BLOCK // 2, p=law), count, rng)
        if drawn == 0:
            half[0] = True
        half = half[: (budget - drawn) // 2]
        codes = np.stack([half, ~half], axis=1).reshape(-1, count)
        groups = np.repeat(np.arange(drawn // 2, drawn // 2 + len(half)), 2)
        yield Draws(codes, groups=groups, importance=importance[codes.sum(axis=1)])
        drawn += len(codes)
