"""Coordinate descent, for the lasso and the elastic net."""

import numpy as np

from limefw.imports import unmoved_random
from limefw.types import Fit, Floats, Neighbourhood
from limefw_plugins.surrogates._fits import linear_by_target


def descended(around: Neighbourhood, alpha: float, l1_ratio: float, max_iterations: int) -> list[Fit]:
    """Fit scikit-learn's ElasticNet (a Lasso where `l1_ratio` is 1) to each target in units of its spread."""
    with unmoved_random("sklearn.linear_model"):
        from sklearn.linear_model import ElasticNet

    def solve(codes: Floats, target: Floats) -> tuple[Floats, float, bool]:
        # a state of its own: scikit-learn draws from NumPy's global generator otherwise, though nothing depends on it
        model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, max_iter=max_iterations, tol=1e-8, random_state=0)
        model.fit(codes, target, sample_weight=around.weights)
        return model.coef_, model.intercept_, int(np.max(model.n_iter_)) < max_iterations

    return linear_by_target(around, solve)
