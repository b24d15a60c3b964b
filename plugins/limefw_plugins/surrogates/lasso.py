"""The lasso."""

from typing import Annotated

from annotated_types import Gt, Le
from numpy.random import Generator

from limefw.types import Fit, Neighbourhood
from limefw_plugins.surrogates._descent import descended


def lasso(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    alpha: Annotated[float, Gt(0)] = 0.01,
    max_iterations: Annotated[int, Gt(0), Le(1_000_000)] = 10_000,
) -> list[Fit]:
    """Weighted least squares with a penalty on absolute coefficients (Tibshirani 1996; scikit-learn).

    min sum w (y - b - x beta)^2 / (2 sum w) + alpha sd(y) |beta|_1: many coefficients are exactly 0. The penalty is in
    units of the target's spread, so that one alpha serves probabilities and log-odds. Gives no standard errors: after
    selection they would be too small.

    Args:
        alpha: the penalty: 0.01 keeps most, 0.1 a few, 0.5 hardly any.
        max_iterations: of coordinate descent.
    """
    return descended(around, alpha, 1.0, max_iterations)
