"""The lasso."""

from typing import Annotated

import numpy as np
from annotated_types import Gt
from numpy.random import Generator

from limefw.imports import unmoved_random
from limefw.statistics import weighted_r2
from limefw.types import Fit, Floats, Neighbourhood


def lasso(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    alpha: Annotated[float, Gt(0)] = 0.01,
    max_iterations: Annotated[int, Gt(0)] = 10_000,
) -> list[Fit]:
    """Weighted least squares with a penalty on absolute coefficients (Tibshirani 1996; scikit-learn).

    min sum w (y - b - x beta)^2 / (2 sum w) + alpha sd(y) |beta|_1: many coefficients are exactly 0. The penalty is in
    units of the target's spread, so that one alpha serves probabilities and log-odds. Gives no standard errors: after
    selection they would be too small.

    Args:
        alpha: the penalty: 0.01 keeps most, 0.1 a few, 0.5 hardly any.
        max_iterations: of coordinate descent.
    """
    return [_fit(around, target, alpha, max_iterations) for target in around.targets.T]


def _fit(around: Neighbourhood, target: Floats, alpha: float, max_iterations: int) -> Fit:
    with unmoved_random("sklearn.linear_model"):
        from sklearn.linear_model import Lasso

    weights = around.weights
    spread = float(np.sqrt(np.cov(target, aweights=weights, ddof=0)))
    if spread <= 0.0:
        mean = float(np.average(target, weights=weights))
        return Fit(
            np.zeros(around.codes.shape[1]),
            mean,
            weighted_r2(target, np.full(len(target), mean), weights),
            mean,
        )
    # a state of its own: scikit-learn draws from NumPy's global generator otherwise, though nothing depends on it
    model = Lasso(alpha=alpha, max_iter=max_iterations, tol=1e-8, random_state=0)
    model.fit(around.codes.astype(np.float64), target / spread, sample_weight=weights)
    fit = Fit(model.coef_ * spread, float(model.intercept_ * spread), 0.0, 0.0)
    predicted = fit.predict(around.codes)
    return Fit(fit.effects, fit.intercept, weighted_r2(target, predicted, weights), float(predicted[0]))
