"""The strongest coefficients of a fit on everything."""

from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.statistics import gram, solve_ridge
from limefw.types import Neighbourhood


def highest_weights(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    num_features: Annotated[int, Ge(1)] = 10,
    alpha: Annotated[float, Gt(0)] = 0.01,
) -> list[NDArray[np.intp]]:
    """The columns of largest |coefficient x instance| in a ridge fit on all of them (lime's "highest_weights").

    Args:
        num_features: how many.
        alpha: the penalty of that fit; lime's is .01.
    """
    beta, _ = solve_ridge(gram(around), alpha)
    strength = np.abs(beta * around.codes[0][:, None])
    return [np.argsort(-column, kind="stable")[:num_features] for column in strength.T]
