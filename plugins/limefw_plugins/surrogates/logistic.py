"""Logistic regression on fractions."""

from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.errors import InputError
from limefw.statistics import gram, solve_ridge
from limefw.types import Fit, Floats, Neighbourhood
from limefw_plugins.surrogates._fits import constant_fit, fit_of_form, is_constant


TOLERANCE = 1e-6
"""How far float32 probabilities may lie outside of 0..1."""


def logistic(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    alpha: Annotated[float, Ge(0)] = 1e-4,
    max_iterations: Annotated[int, Gt(0), Le(100_000)] = 100,
) -> list[Fit]:
    """Logistic regression on answers between 0 and 1, which it never leaves (Papke & Wooldridge 1996).

    g = sigmoid(b + x beta) of greatest likelihood: max sum w (y log g + (1 - y) log(1 - g)) - alpha sum w |beta|^2 / 2.
    A segment's effect is g(instance) - g(instance without it), so effects do not add up; b and beta, on the scale of
    log-odds, are in ``fit.detail``. Gives no standard errors.

    Args:
        alpha: the penalty; it keeps beta finite where answers of exactly 0 and 1 can be told apart without error.
        max_iterations: of Newton's method.
    """
    low, high = float(around.targets.min()), float(around.targets.max())
    if low < -TOLERANCE or high > 1.0 + TOLERANCE:
        raise InputError(
            f"surrogate 'logistic' needs answers between 0 and 1, and these go from {low:.3g} to {high:.3g}: "
            "explain probabilities (target 'probability'), or use surrogate 'ridge'"
        )
    return [_fit(around, np.clip(target, 0.0, 1.0), alpha, max_iterations) for target in around.targets.T]


def _fit(around: Neighbourhood, target: Floats, alpha: float, max_iterations: int) -> Fit:
    if is_constant(target, float(np.ptp(target))):
        return constant_fit(around, target)
    beta, intercept = _newton(around, target, alpha * float(around.weights.sum()), max_iterations)
    detail = {"form": "logistic", "coefficients": beta, "intercept": intercept}
    return fit_of_form(around, target, detail)


def _newton(around: Neighbourhood, target: Floats, penalty: float, max_iterations: int) -> tuple[Floats, float]:
    """Fit by iteratively reweighted least squares, each step halved until the likelihood grows."""
    weights = around.weights
    mean = float(np.clip(np.average(target, weights=weights), 1e-9, 1 - 1e-9))
    # coefficients, then the intercept
    solution = np.append(np.zeros(around.codes.shape[1]), np.log(mean) - np.log1p(-mean))
    odds, loss = _odds_and_loss(around, target, solution, penalty)
    for _ in range(max_iterations):
        share = np.exp(-np.logaddexp(0.0, -odds))
        slope = np.maximum(share * (1.0 - share), 1e-9)
        working = replace(around, targets=(odds + (target - share) / slope)[:, None], weights=weights * slope)
        step = np.append(*solve_ridge(gram(working), penalty)) - solution
        moved, now = _odds_and_loss(around, target, solution + step, penalty)
        while now > loss + 1e-12 * abs(loss) and np.abs(step).max() > 1e-12:
            step = step / 2
            moved, now = _odds_and_loss(around, target, solution + step, penalty)
        change = float(np.abs(moved - odds).max())
        solution, odds, loss = solution + step, moved, now
        if change <= 1e-10 * max(1.0, float(np.abs(odds).max())):
            break
    return solution[:-1], float(solution[-1])


def _odds_and_loss(around: Neighbourhood, target: Floats, solution: Floats, penalty: float) -> tuple[Floats, float]:
    odds = Fit(solution[:-1], float(solution[-1]), 0.0, 0.0).predict(around.codes)
    deviance = around.weights @ (np.logaddexp(0.0, odds) - target * odds)
    return odds, float(deviance + 0.5 * penalty * solution[:-1] @ solution[:-1])
