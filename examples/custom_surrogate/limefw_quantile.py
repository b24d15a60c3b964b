"""Quantile regression for limefw: a surrogate that a few odd answers of the model do not move."""

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt

from limefw import Fit, Neighbourhood, Plugin, hookimpl


def quantile(
    around: Neighbourhood,
    rng: np.random.Generator,
    /,
    *,
    level: Annotated[float, Gt(0), Lt(1)] = 0.5,
    alpha: Annotated[float, Ge(0)] = 0.0,
) -> list[Fit]:
    """Fit a quantile of the answers, their median by default (Koenker & Bassett 1978; scikit-learn).

    Args:
        level: of the answers, this share lies below the fit: 0.5 is the median, 0.1 what is nearly always reached.
        alpha: penalty on the sum of the absolute effects.
    """
    from sklearn.linear_model import QuantileRegressor

    from limefw.statistics import weighted_r2

    codes, fits = around.codes.astype(np.float64), []
    for target in around.targets.T:
        model = QuantileRegressor(quantile=level, alpha=alpha).fit(codes, target, sample_weight=around.weights)
        fit = Fit(model.coef_, float(model.intercept_), 0.0, 0.0)
        predicted = fit.predict(around.codes)
        score = weighted_r2(target, predicted, around.weights)
        fits.append(Fit(fit.effects, fit.intercept, score, float(predicted[0])))
    return fits


@hookimpl
def limefw_surrogates() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("quantile", quantile, requires=("sklearn",))
