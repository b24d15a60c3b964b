"""RISE."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt, Le
from numpy.random import Generator

from limefw.errors import InputError
from limefw.statistics import weighted_r2
from limefw.statistics.stopping import Budget
from limefw.types import Draws, Fit, Floats
from limefw_plugins.methods._play import Chance, Stages, drawn


def rise(
    game: Any, stages: Stages, budget: Budget, rng: Generator, /, *, mean: Annotated[float, Gt(0), Le(1)] | None = None
) -> list[Fit]:
    """How much more the model says where a segment shows: sum f M / (N p), f less its mean (Petsiuk et al. 2018).

    Fits nothing and needs no more samples than segments. f less its mean takes away what the paper's sum has in every
    place, sum f / N, and much of its noise. Soft masks from the sampler `rise_masks` are the paper's; any sampler will
    do, and of independent coins each number tends to (1 - p) times the effect of an additive model.
    The numbers rank and do not add up: the surrogate that they make says less, or of overlapping masks more, than the
    model.

    Args:
        mean: p, the mean of the masks; none: as they were drawn.

    Raises:
        InputError: where fewer than 3 samples may be drawn.
    """
    if budget.rows < 3:
        raise InputError(f"method 'rise' needs 3 samples or more, of which the instance is one, got {budget.rows}")
    for block in drawn(game, stages, budget.rows, Chance.of(game, rng)):
        game(block)
    draws, targets = game.drawn()
    weights = _of_the_law(draws)
    return [_fit(draws, target, weights, mean) for target in targets.T]


def _of_the_law(draws: Draws) -> Floats:
    """Return what each row counts, together 1: nothing the instance, with which every sampler begins, and its group.

    A pair that begins with the instance is no more drawn than that: both its rows are known beforehand.
    """
    groups, weights = np.asarray(draws.groups), np.array(draws.importance)
    if not draws.exhaustive:
        first = groups == groups[0]
        weights[first if not first.all() else 0] = 0.0
    return np.asarray(weights / weights.sum())


def _fit(draws: Draws, target: Floats, weights: Floats, mean: float | None) -> Fit:
    codes = draws.codes.astype(np.float64)
    middle, center = weights @ codes, float(weights @ target)
    scale = mean or float(middle.mean())
    if scale == 0:
        raise InputError("no mask of the sampler shows anything: method 'rise' has nothing to compare")
    each = (weights * (target - center))[:, None] * (codes - middle) / scale
    effects = each.sum(axis=0)
    intercept = center - float(middle @ effects)
    predicted = intercept + codes @ effects
    return Fit(
        effects, intercept, weighted_r2(target, predicted, weights), float(predicted[0]),
        covariance=_covariance(draws, each, effects), detail={"freedom": _groups_of_the_law(draws) - 1},
    )  # fmt: skip


def _groups_of_the_law(draws: Draws) -> int:
    """Return how many groups of rows there are, but for the instance's, which adds nothing of the law's."""
    return max(len(np.unique(np.asarray(draws.groups))) - 1, 2)


def _covariance(draws: Draws, each: Floats, effects: Floats) -> Floats:
    """Return the covariance of sums of what each row, or each group of rows, adds."""
    if draws.exhaustive:
        return np.zeros((len(effects), len(effects)))
    assert draws.groups is not None
    numbers, group = np.unique(draws.groups, return_inverse=True)
    sums = np.zeros((len(numbers), len(effects)))
    np.add.at(sums, group, each)
    count = _groups_of_the_law(draws)
    return np.asarray((sums.T @ sums - np.outer(effects, effects) / count) * count / (count - 1))
