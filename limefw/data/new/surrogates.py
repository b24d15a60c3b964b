"""A surrogate for limefw: the simple model that is fitted to the answers."""

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from annotated_types import Ge

from limefw import Fit, Neighbourhood, Plugin, hookimpl


def my_plugin(
    around: Neighbourhood, rng: np.random.Generator, /, *, penalty: Annotated[float, Ge(0)] = 0.0
) -> list[Fit]:
    """Weighted least squares; with a penalty, ridge regression.

    Args:
        penalty: on the sum of the squared effects; the intercept is free.
    """
    from limefw.statistics import weighted_r2

    width = around.codes.shape[1]
    root = np.sqrt(around.weights)[:, None]
    design = np.column_stack([around.codes, np.ones(len(around))])
    extra = np.sqrt(penalty) * np.eye(width, width + 1)
    fits = []
    for target in around.targets.T:
        answers = np.append(root[:, 0] * target, np.zeros(width))
        solution = np.linalg.lstsq(np.vstack([root * design, extra]), answers, rcond=None)[0]
        predicted = design @ solution
        score = weighted_r2(target, predicted, around.weights)
        fits.append(Fit(solution[:-1], float(solution[-1]), score, float(predicted[0])))
    return fits


@hookimpl
def limefw_surrogates() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
