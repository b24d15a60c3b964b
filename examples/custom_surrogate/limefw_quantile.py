"""Quantile regression for limefw: a surrogate that a few odd answers of the model do not move."""

from collections.abc import Iterable
from typing import Annotated

from annotated_types import Gt, Lt
from numpy.random import Generator

from limefw import Fit, Neighbourhood, Plugin, hookimpl


def quantile(around: Neighbourhood, rng: Generator, /, *, level: Annotated[float, Gt(0), Lt(1)] = 0.5) -> list[Fit]:
    """Fit a quantile of the answers, their median by default (Koenker & Bassett 1978; scikit-learn).

    Args:
        level: of the answers, this share lies below the fit: 0.5 is the median, 0.1 what is nearly always reached.
    """
    from sklearn.linear_model import QuantileRegressor

    from limefw.statistics import weighted_r2

    codes, fits = around.codes.astype(float), []
    for target in around.targets.T:
        model = QuantileRegressor(quantile=level, alpha=0.0).fit(codes, target, sample_weight=around.weights)
        said = model.predict(codes)
        score = weighted_r2(target, said, around.weights)
        fits.append(Fit(model.coef_, float(model.intercept_), score, float(said[0])))
    return fits


@hookimpl
def limefw_surrogates() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("quantile", quantile, requires=("sklearn",))
