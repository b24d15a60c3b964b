"""What surrogates that scikit-learn fits, and surrogates that are not linear, have in common."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from limefw.statistics import weighted_r2
from limefw.types import Fit, Floats, Neighbourhood


Solve = Callable[[Floats, Floats], tuple[Floats, float, bool]]
"""From ``(n, k)`` codes and a target, less its mean and in units of its spread, to coefficients, intercept and whether
the iteration came to its end."""


def linear_by_target(around: Neighbourhood, solve: Solve) -> list[Fit]:
    """Fit each target by itself, in units of its weighted spread, so that one penalty serves any scale.

    Less its mean: beside a small spread a large one would leave an iteration few digits to work with.
    """
    codes = around.codes.astype(np.float64)
    return [_scaled_back(around, codes, target, solve) for target in around.targets.T]


def _scaled_back(around: Neighbourhood, codes: Floats, target: Floats, solve: Solve) -> Fit:
    spread = float(np.sqrt(np.cov(target, aweights=around.weights, ddof=0)))
    if is_constant(target, spread):
        return constant_fit(around, target)
    mean = float(np.average(target, weights=around.weights))
    with warnings.catch_warnings():
        # said by a caution, in the parameter's own name
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        coefficients, intercept, converged = solve(codes, (target - mean) / spread)
    fit = Fit(coefficients * spread, mean + float(intercept * spread), 0.0, 0.0)
    predicted = fit.predict(around.codes)
    score, detail = weighted_r2(target, predicted, around.weights), {} if converged else {"converged": False}
    return Fit(fit.effects, fit.intercept, score, float(predicted[0]), detail=detail)


def is_constant(target: Floats, spread: float) -> bool:
    """Say whether a target varies by no more than rounding."""
    return spread <= 1e-12 * float(np.abs(target).max())


def constant_fit(around: Neighbourhood, target: Floats) -> Fit:
    """Return the fit of a target that never changes: its mean, and no effects."""
    mean = float(np.average(target, weights=around.weights))
    score = weighted_r2(target, np.full(len(target), mean), around.weights)
    return Fit(np.zeros(around.codes.shape[1]), mean, score, mean)


def fit_of_form(around: Neighbourhood, target: Floats, detail: Mapping[str, Any]) -> Fit:
    """Return the fit of a surrogate that is not linear: its effects follow from what ``detail`` predicts."""
    width = around.codes.shape[1]
    draft = Fit(np.zeros(width), 0.0, 0.0, 0.0, detail=detail)
    own = around.codes[:1]
    without = np.repeat(own, width, axis=0)
    without[np.arange(width), np.arange(width)] = 0
    local = float(draft.predict(own)[0])
    effects = local - draft.predict(without)
    none = float(draft.predict(np.zeros_like(own))[0])
    score = weighted_r2(target, draft.predict(around.codes), around.weights)
    return Fit(effects, none, score, local, detail=detail)
