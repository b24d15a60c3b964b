"""Explanations of sequences as table rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from limefw.compat.lime import explanation
from limefw.compat.lime._support import DEFAULT_LABELS
from limefw.compat.lime._table_explainer import LimeTabularExplainer
from limefw.errors import InputError


class RecurrentTabularExplainer(LimeTabularExplainer):
    """Explains predictions on sequences ``(time, features)``, each feature at each time by itself ("speed_t-2").

    Args:
        training_data: ``(n, time, features)``.
        mode: this and all others: see LimeTabularExplainer. `categorical_features` are columns of the flat rows:
            feature x times + time.
        training_labels: see there.
        feature_names: of the features; None: feature0, feature1, ...
        categorical_features: see there.
        categorical_names: see there.
        kernel_width: see there.
        kernel: see there.
        verbose: see there.
        class_names: see there.
        feature_selection: see there.
        discretize_continuous: see there.
        discretizer: see there.
        random_state: see there.
    """

    def __init__(
        self,
        training_data: Any,
        mode: str = "classification",
        training_labels: Any = None,
        feature_names: Sequence[str] | None = None,
        categorical_features: Sequence[int] | None = None,
        categorical_names: Mapping[int, Sequence[str]] | None = None,
        kernel_width: float | None = None,
        kernel: Callable[..., Any] | None = None,
        verbose: bool = False,
        class_names: Sequence[str] | None = None,
        feature_selection: str = "auto",
        discretize_continuous: bool = True,
        discretizer: Any = "quartile",
        random_state: Any = None,
    ) -> None:
        data = np.asarray(training_data)
        if data.ndim != 3:
            raise InputError(f"training_data is (rows, time, features), got shape {data.shape}")
        rows, self.n_timesteps, self.n_features = data.shape
        if feature_names is None:
            feature_names = [f"feature{at}" for at in range(self.n_features)]
        times = range(self.n_timesteps - 1, -1, -1)
        super().__init__(
            data.transpose(0, 2, 1).reshape(rows, -1),
            mode=mode,
            training_labels=training_labels,
            feature_names=[f"{name}_t-{time}" for name in feature_names for time in times],
            categorical_features=categorical_features,
            categorical_names=categorical_names,
            kernel_width=kernel_width,
            kernel=kernel,
            verbose=verbose,
            class_names=class_names,
            feature_selection=feature_selection,
            discretize_continuous=discretize_continuous,
            discretizer=discretizer,
            random_state=random_state,
        )

    def _make_predict_proba(self, func: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a model of flat rows: it gives `func` the sequences that they stand for."""

        def predict_proba(rows: Any) -> Any:
            return func(rows.reshape(len(rows), self.n_features, self.n_timesteps).transpose(0, 2, 1))

        return predict_proba

    def explain_instance(  # type: ignore[override]
        self,
        data_row: Any,
        classifier_fn: Callable[[Any], Any],
        labels: Sequence[int] = DEFAULT_LABELS,
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "euclidean",
        model_regressor: Any = None,
    ) -> explanation.Explanation:
        """Explain one sequence.

        Args:
            data_row: ``(time, features)``.
            classifier_fn: from ``(n, time, features)`` to outputs.
            labels: this and all others: see LimeTabularExplainer.explain_instance.
            top_labels: see there.
            num_features: see there.
            num_samples: see there.
            distance_metric: see there.
            model_regressor: see there.
        """
        return super().explain_instance(
            np.asarray(data_row).T.reshape(-1),
            self._make_predict_proba(classifier_fn),
            labels=labels,
            top_labels=top_labels,
            num_features=num_features,
            num_samples=num_samples,
            distance_metric=distance_metric,
            model_regressor=model_regressor,
        )
