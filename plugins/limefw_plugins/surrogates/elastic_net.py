"""The elastic net."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.statistics import linear_fits
from limefw.types import Fit, Neighbourhood
from limefw_plugins.surrogates._descent import descended


def elastic_net(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    alpha: Annotated[float, Gt(0)] = 0.01,
    l1_ratio: Annotated[float, Ge(0), Le(1)] = 0.5,
    max_iterations: Annotated[int, Gt(0), Le(1_000_000)] = 10_000,
) -> list[Fit]:
    """Weighted least squares with the penalties of lasso and ridge (Zou & Hastie 2005; scikit-learn).

    With r = l1_ratio: min sum w (y - b - x beta)^2 / (2 sum w) + alpha (r sd(y) |beta|_1 + (1 - r) |beta|^2 / 2).
    Where the lasso keeps one of several segments that go together, this keeps them all. Standard errors only where r
    is 0: after selection they would be too small.

    Args:
        alpha: the penalty.
        l1_ratio: 1 is `lasso` with this alpha; 0 is `ridge` with this alpha and scale "weights".
        max_iterations: of coordinate descent.
    """
    if l1_ratio == 0:
        # scikit-learn warns that its descent may then fail, and a Gram matrix gives the answer outright
        return linear_fits(around, alpha * float(around.weights.sum()))
    return descended(around, alpha, l1_ratio, max_iterations)
