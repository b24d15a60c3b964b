"""Huber's regression."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.imports import unmoved_random
from limefw.types import Fit, Floats, Neighbourhood
from limefw_plugins.surrogates._fits import linear_by_target


def huber(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    epsilon: Annotated[float, Ge(1), Le(1e6)] = 1.35,
    alpha: Annotated[float, Ge(0)] = 1e-4,
    max_iterations: Annotated[int, Gt(0), Le(100_000)] = 1000,
) -> list[Fit]:
    """Least squares on small residuals, absolute values on large ones (Huber 1964; scikit-learn's HuberRegressor).

    The scale s of the residuals is fitted along: min sum w (s + s H((y - b - x beta) / s)) + alpha |beta|^2 in units
    of the target's spread, with H(z) = z^2 up to epsilon and 2 epsilon |z| - epsilon^2 beyond. A few draws with odd
    answers then hardly move the effects. Gives no standard errors.

    Args:
        epsilon: residuals above this many scales count as outliers; 1.35 loses 5 % of precision where there are none.
        alpha: the penalty on squared coefficients.
        max_iterations: of the optimiser (L-BFGS).
    """
    with unmoved_random("sklearn.linear_model"):
        from sklearn.linear_model import HuberRegressor

    def solve(codes: Floats, target: Floats) -> tuple[Floats, float, bool]:
        model = HuberRegressor(epsilon=epsilon, alpha=alpha, max_iter=max_iterations, tol=1e-8)
        model.fit(codes, target, sample_weight=around.weights)
        return model.coef_, model.intercept_, model.n_iter_ < max_iterations

    return linear_by_target(around, solve)
