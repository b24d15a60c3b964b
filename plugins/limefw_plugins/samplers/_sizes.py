"""What samplers share that first draw how many segments are shown, and then which, all alike."""

from collections.abc import Iterator
from math import lgamma, log

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.types import Draws, Floats
from limefw_plugins.samplers._law import BLOCK, enumerated


def log_coins(count: int) -> Floats:
    """Return for each number of segments shown, 0..count, the logarithm of its probability under fair coins."""
    choices = [lgamma(count + 1) - lgamma(shown + 1) - lgamma(count - shown + 1) for shown in range(count + 1)]
    return np.array(choices) - count * log(2)


def shown_at_random(sizes: NDArray[np.intp], count: int, rng: Generator) -> NDArray[np.bool_]:
    """Return a code for each of `sizes` that shows so many segments, any of them alike."""
    ranks = rng.random((len(sizes), count)).argsort(axis=1).argsort(axis=1)
    return np.asarray(ranks < sizes[:, None])


def by_size(count: int, budget: int, rng: Generator, law: Floats, importance: Floats) -> Iterator[Draws]:
    """Yield draws of independent sizes, the instance first.

    Args:
        count: of segments.
        budget: rows.
        rng: to draw from.
        law: (count + 1,) the probability of each size.
        importance: (count + 1,) of a row of each size.
    """
    for start in range(0, budget, BLOCK):
        # a whole block even where fewer rows are left: more samples then begin with the same ones
        sizes = rng.choice(count + 1, size=BLOCK, p=law)
        codes = shown_at_random(sizes, count, rng)[: budget - start]
        if start == 0:
            codes[0] = True
        yield Draws(codes, importance=importance[codes.sum(axis=1)])


def enumerated_by_size(count: int, importance: Floats) -> Draws:
    """Return all combinations, each with the importance of its size; they come in complementary pairs."""
    draws = enumerated(count, 0.5)
    shown = draws.codes.sum(axis=1)
    return Draws(draws.codes, importance=importance[shown], groups=draws.groups, exhaustive=True)
