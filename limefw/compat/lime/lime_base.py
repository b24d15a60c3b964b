"""The surrogate: from perturbed rows, outputs and distances to weights, by limefw's selectors and its ridge."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.compat.lime._support import random_state_of, recipe, stage
from limefw.types import Floats, Neighbourhood


SELECTORS = {
    "forward_selection": "forward", "highest_weights": "highest_weights", "lasso_path": "lasso_path",
    "auto": "lime_auto",
}  # fmt: skip
"""limefw's name of each of lime's ways to choose features."""

Found = tuple[float, list[tuple[int, float]], float, Any]
"""Intercept, features with their weights, R2, and the prediction for the instance."""


class LimeBase:
    """Learns a sparse linear model from perturbed rows.

    Args:
        kernel_fn: from distances to weights.
        verbose: print what the linear model predicts for the instance.
        random_state: a number, a RandomState, or None for NumPy's global one.
    """

    def __init__(self, kernel_fn: Callable[[Any], Any], verbose: bool = False, random_state: Any = None) -> None:
        self.kernel_fn = kernel_fn
        self.verbose = verbose
        self.random_state = random_state_of(random_state)

    @staticmethod
    def generate_lars_path(weighted_data: Any, weighted_labels: Any) -> tuple[Floats, Floats]:
        """Return penalties and coefficients ``(d, steps)`` along the lasso's path of weighted, centred data."""
        from sklearn.linear_model import lars_path

        alphas, _, coefs = lars_path(weighted_data, weighted_labels, method="lasso", verbose=False)
        return alphas, coefs

    def forward_selection(self, data: Any, labels: Any, weights: Any, num_features: int) -> NDArray[np.intp]:
        """Return the features that raise the weighted R2 most, one after the other."""
        return self.feature_selection(data, labels, weights, num_features, "forward_selection")

    def feature_selection(
        self, data: Any, labels: Any, weights: Any, num_features: int, method: str
    ) -> NDArray[np.intp]:
        """Return the features to use, in the order in which they were chosen.

        Args:
            data: ``(n, d)``.
            labels: (n,) outputs of the model.
            weights: (n,) of the rows.
            num_features: how many.
            method: "forward_selection", "highest_weights", "lasso_path", "none" (all), or "auto": the first for up to
                6 features, the second for more.

        Raises:
            ValueError: for another method.
        """
        width = data.shape[1]
        if method == "none" or (method == "highest_weights" and num_features >= width):
            return np.arange(width)
        if method not in SELECTORS:
            raise ValueError(f"feature_selection is one of {', '.join([*SELECTORS, 'none'])}, got {method!r}")
        selector = stage("selectors", SELECTORS[method], num_features=max(1, int(num_features)))
        around = _neighbourhood(data, labels, weights)
        (picks,) = selector(around, unused())
        # lime has those of the path in the order of their numbers
        return np.sort(picks) if method == "lasso_path" else np.asarray(picks)

    def explain_instance_with_data(
        self,
        neighborhood_data: Any,
        neighborhood_labels: Any,
        distances: Any,
        label: int,
        num_features: int,
        feature_selection: str = "auto",
        model_regressor: Any = None,
    ) -> Found:
        """Explain one label.

        Args:
            neighborhood_data: ``(n, d)`` perturbed rows; the first is the instance.
            neighborhood_labels: ``(n, k)`` the model's outputs.
            distances: (n,) from the instance.
            label: which output.
            num_features: how many features at the most.
            feature_selection: see the method of that name.
            model_regressor: one of scikit-learn's instead of the ridge; it needs ``coef_``, ``intercept_`` and a
                ``fit`` that takes ``sample_weight``.

        Returns:
            intercept, [(feature, weight)] with the largest weight first, weighted R2, prediction for the instance.
        """
        data = neighborhood_data.toarray() if hasattr(neighborhood_data, "toarray") else neighborhood_data
        weights = np.asarray(self.kernel_fn(distances), dtype=np.float64)
        target = np.asarray(neighborhood_labels)[:, label]
        used = self.feature_selection(data, target, weights, num_features, feature_selection)
        if model_regressor is None:
            found = _ridge(data, target, weights, used)
        else:
            found = _by_regressor(model_regressor, data[:, used], target, weights)
        intercept, coefficients, score, local = found
        if self.verbose:
            print("Intercept", intercept)  # noqa: T201 - asked for
            print("Prediction_local", local)  # noqa: T201
            print("Right:", target[0])  # noqa: T201
        pairs = list(zip(used.tolist(), np.ravel(coefficients).tolist(), strict=True))
        return intercept, sorted(pairs, key=lambda pair: abs(pair[1]), reverse=True), score, local


def unused() -> Generator:
    """Return a generator for stages that draw nothing: one that they shared would carry draws from call to call."""
    return np.random.default_rng(0)


def _neighbourhood(data: Any, target: Any, weights: Any) -> Neighbourhood:
    # all rows in one group: of that no standard errors are computed, which lime has not
    group = np.zeros(len(data), dtype=np.intp)
    return Neighbourhood(data, np.asarray(target, dtype=np.float64)[:, None], np.asarray(weights), group)


def _ridge(data: Any, target: Any, weights: Floats, used: NDArray[np.intp]) -> tuple[float, Floats, float, Floats]:
    """Fit the recipe's surrogate to the features in use."""
    every = len(used) == data.shape[1]
    part = data if every else data[:, used]
    (fit,) = recipe().stages["surrogate"](_neighbourhood(part, target, weights), unused())
    effects = fit.effects[used] if every else fit.effects
    return fit.intercept, effects, fit.score, np.array([fit.local_prediction])


def _by_regressor(regressor: Any, rows: Any, target: Any, weights: Floats) -> tuple[Any, Any, float, Any]:
    """Fit the user's own model, as lime does."""
    rows = rows.astype(np.float64) if rows.dtype == np.bool_ else rows
    regressor.fit(rows, target, sample_weight=weights)
    score = regressor.score(rows, target, sample_weight=weights)
    local = regressor.predict(rows[:1])
    return regressor.intercept_, regressor.coef_, score, local
