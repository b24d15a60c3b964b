"""Coins spread evenly."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK, enumerated, fits


def scrambled_sobol(
    _instance: Instance, segments: Segments, budget: int, rng: Generator, /, *, enumerate_small: bool = True
) -> Iterator[Draws]:
    """Keep each segment where its coordinate of a scrambled Sobol point is below 1/2 (Owen 1998; scipy.stats.qmc).

    Two points that follow each other differ in the first bit of every coordinate, so rows come in complementary pairs,
    the instance's own with the all-hidden one; among a power of two of draws every two segments are independent. It
    takes up to six draws a segment before none are always hidden together: `hadamard`, which does as well, takes two.
    An odd budget is rounded down.

    Args:
        enumerate_small: where all combinations fit the budget take each once.
    """
    from scipy.stats.qmc import Sobol

    count = segments.count
    if enumerate_small and fits(count, budget):
        yield enumerated(count, 0.5)
        return
    budget = max(2, budget - budget % 2)
    # whose interactions are confounded with whom must not be the same in every run
    order, points = rng.permutation(count), Sobol(count, rng=rng)
    for start in range(0, budget, BLOCK):
        codes = (points.random(BLOCK) < 0.5)[: budget - start, order]
        if start == 0:
            codes[:2] = [[True], [False]]
        yield Draws(codes, groups=np.arange(start, start + len(codes)) // 2)
