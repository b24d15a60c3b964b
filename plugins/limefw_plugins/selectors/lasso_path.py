"""Selection along the lasso's path."""

import warnings
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.imports import unmoved_random
from limefw.types import Floats, Neighbourhood


def lasso_path(
    around: Neighbourhood, _rng: Generator, /, *, num_features: Annotated[int, Ge(1)] = 10
) -> list[NDArray[np.intp]]:
    """The columns that the lasso keeps while its penalty leaves no more than so many (lime's "lasso_path").

    The paper's K-LASSO (Ribeiro et al. 2016), by least-angle regression (Efron et al. 2004; scikit-learn). Where a
    step of the path brings in several columns at once there may be fewer. A target that never changes keeps them all.

    Args:
        num_features: how many at the most.
    """
    return [_picked(_path(around, target), num_features) for target in around.targets.T]


def _path(around: Neighbourhood, target: Floats) -> Floats:
    """Return the coefficients ``(k, steps)``, weighted and centred as lime does it, so that its picks come out."""
    with unmoved_random("sklearn.linear_model"):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import lars_path

    weights = around.weights
    root = np.sqrt(weights)
    codes = (around.codes - np.average(around.codes, axis=0, weights=weights)) * root[:, None]
    values = (target - np.average(target, weights=weights)) * root
    with warnings.catch_warnings():
        # equal columns: it drops all but one, which is what a selection is for
        warnings.simplefilter("ignore", ConvergenceWarning)
        coefficients: Floats = lars_path(codes, values, method="lasso")[2]
    return coefficients


def _picked(path: Floats, count: int) -> NDArray[np.intp]:
    """Return what the densest step with at most `count` columns holds, in the order in which they came in."""
    kept = path != 0
    numbers = kept.sum(axis=0)
    if not numbers.any():
        return np.arange(len(path))
    fitting = np.flatnonzero((numbers > 0) & (numbers <= count))
    step = fitting[-1] if len(fitting) else np.flatnonzero(numbers)[0]
    chosen = np.flatnonzero(kept[:, step])
    return chosen[np.argsort(kept[chosen].argmax(axis=1), kind="stable")][:count]
