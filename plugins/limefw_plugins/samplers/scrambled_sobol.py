"""Coins spread evenly."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import enumerated, fits


def scrambled_sobol(
    _instance: Instance, segments: Segments, budget: int, rng: Generator, /, *, enumerate_small: bool = True
) -> Iterator[Draws]:
    """Keep each segment where its coordinate of a scrambled Sobol point is below 1/2 (Owen 1998; scipy.stats.qmc).

    Two points that follow each other differ in the first bit of every coordinate, so rows come in complementary pairs,
    the instance's own with the all-hidden one. Points come in arrays of a power of two, four to eight draws a segment,
    each scrambled anew and its coordinates dealt out anew, so that what one confounds another does not. `hadamard`,
    which does as well, tells segments apart from two draws a segment on; here some are hidden together in a first part.
    An odd budget is rounded down. Within an array pairs are no independent draws: where three segments count together a
    single array may carry all of the error. So nothing is known of errors: for intervals take `hadamard`.

    Args:
        enumerate_small: where all combinations fit the budget take each once.
    """
    from scipy.stats.qmc import Sobol

    count = segments.count
    if enumerate_small and fits(count, budget):
        yield enumerated(count, 0.5)
        return
    budget = max(2, budget - budget % 2)
    rows = 1 << (4 * count + 3).bit_length()
    for start in range(0, budget, rows):
        # whose interactions are confounded with whom must be the same neither in every run nor in every array
        order, points = rng.permutation(count), Sobol(count, rng=rng)
        codes = (points.random(rows) < 0.5)[: budget - start, order]
        if start == 0:
            codes[:2] = [[True], [False]]
        yield Draws(codes, groups=-1 - np.arange(start, start + len(codes)) // 2)
