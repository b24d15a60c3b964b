"""Shapley values."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from limefw.statistics import Gram, sandwich, solve_ridge, weighted_r2
from limefw.types import Fit, Floats, Neighbourhood


NEAR = 20
"""Rows at least by which it is told how far f(nothing) may move."""

OTHER = "the effects are no Shapley values, as the kernel is another one: take kernel 'shapley', or another surrogate"


def shapley(around: Neighbourhood, _rng: Generator, /) -> list[Fit]:
    """Weighted least squares whose effects add up to f(all) - f(nothing) (Lundberg & Lee 2017; Covert & Lee 2021).

    min sum w (y - f(nothing) - x phi)^2 under 1'phi = f(all) - f(nothing). With kernel `shapley` these are Shapley
    values: exactly so where every combination is drawn, else estimated from draws of `shapley_sizes` or `leverage`
    (`paired` and `bernoulli` will do too, and need many more). Needs selector `all`. Under another kernel, whose
    weights of the instance are not 0, they are no Shapley values: a caution says so. Where the all-hidden row is not
    among the draws, which those with pairs begin with, the line goes through f(all) alone. Standard errors: HC3, or CR3
    where rows come in groups. f(nothing) counts as known, but where the filler draws what it shows: then a d-th of how
    far it may move, told by the answers to rows that show few segments, is in each, however many samples there are.
    """
    # seen from the instance, at which the line is fixed: what is hidden, and what is lost by it
    hidden = np.subtract(around.codes[0], around.codes, dtype=np.float64)
    lost = around.targets[0] - around.targets
    nothing = np.flatnonzero((around.codes == 0).all(axis=1))
    width = around.codes.shape[1]
    share, basis = np.zeros((1, around.targets.shape[1])), np.eye(width)
    if len(nothing):
        # an equal share of all there is to lose, and differences from it that add up to 0; several such rows where a
        # filler shows something else each time
        share = lost[nothing].mean(axis=0, keepdims=True) / hidden[nothing[0]].sum()
        basis = _adding_up_to_0(width)
        lost = lost - hidden.sum(axis=1, keepdims=True) * share
    design = hidden @ basis
    weighted = design * around.weights[:, None]
    # no intercept: moments about 0, and no leverage of a mean
    moments = Gram(weighted.T @ design, weighted.T @ lost, np.zeros(design.shape[1]), np.zeros(lost.shape[1]), np.inf)
    free = solve_ridge(moments, 0.0)[0] if design.shape[1] else np.zeros((0, lost.shape[1]))
    inside = replace(around, codes=design, targets=lost)
    spread = sandwich(inside, moments, free, np.zeros(lost.shape[1]), 0.0, basis)
    effects = share + basis @ free
    moves = _how_far_nothing_moves(around, hidden, lost - design @ free) if len(nothing) else np.zeros(lost.shape[1])
    return [
        _fit(around, target, effects[:, target], None if inner is None else basis @ inner @ basis.T + moved)
        for target, (inner, moved) in enumerate(zip(spread, moves / max(1, len(nothing)) / width**2, strict=True))
    ]


def _how_far_nothing_moves(around: Neighbourhood, hidden: Floats, left_over: Floats) -> Floats:
    """Return (t,) the variance of f(nothing), as rows tell it that show little of the instance.

    By how far answers to equal codes lie apart; where few are equal by what the line leaves, which is rather too much.
    """
    if not around.filled_by_chance:
        return np.zeros(left_over.shape[1])
    near = np.argsort(-hidden.sum(axis=1), kind="stable")[: 10 * NEAR]
    _, code, often = np.unique(around.codes[near], axis=0, return_inverse=True, return_counts=True)
    code, repeats = code.ravel(), len(near) - len(often)
    if repeats < NEAR:
        return np.asarray(left_over[near[:NEAR]].var(axis=0))
    means = np.stack([np.bincount(code, answers) / often for answers in left_over[near].T], axis=1)
    return np.asarray(((left_over[near] - means[code]) ** 2).sum(axis=0) / repeats)


def _adding_up_to_0(width: int) -> Floats:
    """Return ``(width, width - 1)`` orthonormal columns that each add up to 0 (Helmert's)."""
    rows, columns = np.arange(width)[:, None], np.arange(1, width)
    steps = np.where(rows < columns, 1.0, np.where(rows == columns, -columns, 0.0))
    return np.asarray(steps / np.sqrt(columns * (columns + 1.0)))


def _fit(around: Neighbourhood, target: int, effects: Floats, covariance: Floats | None) -> Fit:
    own, answers = float(around.targets[0, target]), around.targets[:, target]
    intercept = own - float(around.codes[0].astype(np.float64) @ effects)
    predicted = Fit(effects, intercept, 0.0, own).predict(around.codes)
    score = weighted_r2(answers, predicted, around.weights)
    # only Shapley's kernel gives the instance, whose row is a constraint here, no weight
    detail = {"caution": OTHER} if around.weights[0] > 0 else {}
    return Fit(effects, intercept, score, own, covariance=covariance, detail=detail)
