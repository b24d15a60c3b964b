"""Every size as often, no combination twice."""

from collections.abc import Iterator
from itertools import combinations
from math import log

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.types import Draws, Floats, Instance, Segments
from limefw_plugins.samplers._law import BLOCK, enumerated, fits
from limefw_plugins.samplers._sizes import log_coins, shown_at_random


LEAST_LUCK = 5
"""Pairs by which standard errors are told, if there are as many of sizes that were not drawn whole."""


def leverage(_instance: Instance, segments: Segments, budget: int, rng: Generator, /) -> Iterator[Draws]:
    """Show s of d segments, s uniform in 1..d-1, in pairs and none twice (Leverage SHAP: Musco & Witter 2025).

    A combination is drawn by its leverage in the regression whose solution Shapley values are. A size that has no more
    combinations than its share gives all of them; so does one that has less than twice its share, if half of the draws
    remain for the others. Importance is the probability under fair coins over that of being drawn, for kernel
    `shapley`. The instance and the all-hidden row come first. An odd budget is rounded down. What is drawn depends on
    the budget, as it is shared out beforehand. Standard errors take in that nothing is drawn twice: the variance of a
    size is less by the share of it that was drawn (the finite population correction), but for the last few pairs. Where
    all combinations fit the budget each is taken once.
    """
    count = segments.count
    if fits(count, budget):
        yield enumerated(count, 0.5)
        return
    pairs, coins = max(1, budget // 2), log_coins(count)
    sizes = np.arange(1, count // 2 + 1)  # of the smaller of a pair
    whole = np.where(2 * sizes == count, 0.5, 1.0)  # where both are equal, each pair would be counted twice
    choices = coins[sizes] + count * log(2) + np.log(whole)
    # exact as long as it matters: more than a budget's worth of combinations is as good as no end of them
    there = np.rint(np.exp(np.minimum(choices, 25.0)))
    shares = _shared_out(pairs - 1, whole, there)
    taken = _rounded(shares, there, rng)
    chosen = [
        _distinct(int(size), count, int(number), of, rng) for size, number, of in zip(sizes, taken, there, strict=True)
    ]
    sure = _in_every_run(taken, there)
    order = rng.permutation(int(taken.sum()))
    half = np.concatenate([np.ones((1, count), dtype=np.bool_), np.concatenate(chosen)[order]])
    certain = np.append(False, sure[order])
    importance = np.ones(count + 1)
    chance = np.log(np.maximum(shares, 1e-9) / max(1, pairs - 1)) - choices
    importance[sizes] = importance[count - sizes] = np.exp((1 - count) * log(2) - chance)
    for start in range(0, len(half), BLOCK // 2):
        part = half[start : start + BLOCK // 2]
        codes = np.stack([part, ~part], axis=1).reshape(-1, count)
        numbers = np.arange(start, start + len(part))
        groups = np.repeat(np.where(certain[numbers], -numbers, numbers), 2)
        yield Draws(codes, groups=groups, importance=importance[codes.sum(axis=1)])


def _shared_out(total: int, weights: Floats, there: Floats) -> Floats:
    """Share `total` out by weights, to none more than there is of it.

    Where half of a size or more would be drawn all of it is, if half of the draws remain for larger ones: it is then no
    luck any more which of its combinations were taken.
    """
    shares, left = np.zeros(len(there)), float(total)
    order = np.argsort(there / weights, kind="stable")
    for place, size in enumerate(order):
        others = order[place:]
        share = left * weights[size] / weights[others].sum()
        if share < there[size] and not (2 * share >= there[size] and 2 * there[size] <= left):
            shares[others] = left * weights[others] / weights[others].sum()
            break
        shares[size] = there[size]
        left -= there[size]
    return shares


def _rounded(shares: Floats, there: Floats, rng: Generator) -> NDArray[np.intp]:
    """Return whole numbers that sum to what the shares do and are these in expectation."""
    ends = np.floor(np.append(0.0, shares.cumsum()) + rng.random() + 1e-9)
    return np.minimum(np.diff(ends), there).astype(np.intp)


def _in_every_run(taken: NDArray[np.intp], there: Floats) -> NDArray[np.bool_]:
    """Say which draws, size by size, count as drawn in every run: the spread of the others is then that of a run.

    Of a size of which a share f is drawn it is f of them, and all of a whole one.
    """
    whole = np.repeat(taken >= there, taken)
    sure = np.concatenate([np.arange(n) < np.rint(n * n / of) for n, of in zip(taken, there, strict=True)])
    # so few of the others would say too little
    few = np.flatnonzero(sure & ~whole)[: max(0, LEAST_LUCK - np.count_nonzero(~sure))]
    sure[few] = False
    return sure


def _distinct(size: int, count: int, number: int, there: float, rng: Generator) -> NDArray[np.bool_]:
    """Return `number` of the `there` codes that show `size` segments, none twice, nor one and its complement."""
    middle = 2 * size == count
    if there <= 4 * number:
        every = [code for code in combinations(range(count), size) if not middle or code[0] == 0]
        found = np.zeros((len(every), count), dtype=np.bool_)
        np.put_along_axis(found, np.array(every), values=True, axis=1)
        return rng.permutation(found)[:number]
    found = np.empty((0, count), dtype=np.bool_)
    while len(found) < number:
        more = shown_at_random(np.full(2 * number, size), count, rng)
        if middle:
            more ^= ~more[:, :1]
        found = np.concatenate([found, more])
        _, first = np.unique(np.packbits(found, axis=1), axis=0, return_index=True)
        found = found[np.sort(first)]
    return found[:number]
