"""Explanations of table rows."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.compat.lime import discretize, explanation, lime_base
from limefw.compat.lime._per_label import LocalPrediction, Score
from limefw.compat.lime._support import (
    DEFAULT_LABELS,
    ask,
    distances_of,
    exponential_kernel,
    fill,
    random_state_of,
    refuse_many,
    refuse_width,
)
from limefw.compat.lime._table_data import is_sparse, numbers, refuse_missing
from limefw.compat.lime._table_draws import Around, changed, checked, normal
from limefw.compat.lime._table_mapper import TableDomainMapper, called
from limefw.compat.lime.exceptions import LimeError
from limefw.errors import InputError
from limefw.types import Draws, Floats


CHUNK = 1024
"""Rows a call of the model at the most: lime gives it all of them at once."""

CHUNK_BYTES = 2_000_000
"""Of wide rows fewer, so that copies of them take little beside the rows themselves; never less than 128."""

DISCRETIZERS = {
    "quartile": discretize.QuartileDiscretizer,
    "decile": discretize.DecileDiscretizer,
    "entropy": discretize.EntropyDiscretizer,
}
STATISTICS = ("means", "mins", "maxs", "stds", "feature_values", "feature_frequencies")


class LimeTabularExplainer:
    """Explains predictions on rows of numbers.

    Args:
        training_data: ``(n, d)``, a DataFrame of numbers, or a sparse matrix.
        mode: "classification" or "regression".
        training_labels: for the discretizer "entropy".
        feature_names: of the columns; None: a DataFrame's own, else their numbers.
        categorical_features: columns of categories; their values are whole numbers.
        categorical_names: by column: what each of these numbers is called.
        kernel_width: of the kernel; None: .75 sqrt(d).
        kernel: from distances and the width to weights; None: an exponential one.
        verbose: print what the linear model predicts for the instance.
        class_names: of the outputs; None: their numbers.
        feature_selection: "auto", "forward_selection", "highest_weights", "lasso_path" or "none"; see LimeBase.
        discretize_continuous: explain by bins ("age > 37"); of sparse data never.
        discretizer: "quartile", "decile", "entropy", or a discretizer.
        sample_around_instance: draw around the instance instead of the means, where there are no bins.
        random_state: a number, a RandomState, or None for NumPy's global one.
        training_data_stats: what else is computed from `training_data`: means, mins, maxs, stds and bins by column, and
            feature_values and feature_frequencies.
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
        sample_around_instance: bool = False,
        random_state: Any = None,
        training_data_stats: Mapping[str, Any] | None = None,
    ) -> None:
        if mode not in ("classification", "regression"):
            raise LimeError(f'Invalid explanation mode "{mode}". Should be either "classification" or "regression".')
        if feature_names is None and hasattr(training_data, "columns"):
            feature_names = [str(name) for name in training_data.columns]
        data = training_data if is_sparse(training_data) else numbers(training_data, "the training data")
        width = data.shape[1]
        self.random_state = random_state_of(random_state)
        self.mode = mode
        self.categorical_names = categorical_names or {}
        self.sample_around_instance = sample_around_instance
        self.training_data_stats = training_data_stats
        if training_data_stats:
            self.validate_training_data_stats(training_data_stats)
        self.categorical_features = [] if categorical_features is None else [int(at) for at in categorical_features]
        names = range(width) if feature_names is None else feature_names
        self.feature_names = [str(name) if isinstance(name, str | int) else name for name in names]
        self.discretizer: Any = None
        if discretize_continuous and not is_sparse(data):
            self.discretizer = self._discretizer(discretizer, data, training_labels)
            self.categorical_features = list(range(width))
        kernel_width = float(np.sqrt(width) * 0.75 if kernel_width is None else kernel_width)
        kernel_fn = partial(kernel or exponential_kernel, kernel_width=kernel_width)
        self.feature_selection = feature_selection
        self.base = lime_base.LimeBase(kernel_fn, verbose, random_state=self.random_state)
        self.class_names = class_names
        self._learn(data)

    def _discretizer(self, wish: Any, data: NDArray[Any], labels: Any) -> Any:
        settings = {"labels": labels, "random_state": self.random_state}
        if self.training_data_stats:
            settings["data_stats"] = self.training_data_stats
            return discretize.StatsDiscretizer(data, self.categorical_features, self.feature_names, **settings)
        if isinstance(wish, str) and wish in DISCRETIZERS:
            refuse_missing(data, self.feature_names)
            return DISCRETIZERS[wish](data, self.categorical_features, self.feature_names, **settings)
        if isinstance(wish, discretize.BaseDiscretizer) or (
            hasattr(wish, "discretize") and hasattr(wish, "undiscretize")
        ):
            return wish
        raise ValueError(
            f"discretizer is one of {', '.join(map(repr, DISCRETIZERS))} or a BaseDiscretizer instance, got {wish!r}"
        )

    def _learn(self, data: Any) -> None:
        """Note the scale of each column, and the values of those that have categories or bins."""
        from sklearn.preprocessing import StandardScaler

        self.scaler = StandardScaler(with_mean=False)
        self.scaler.fit(data)
        self.feature_values: dict[int, Any] = {}
        self.feature_frequencies: dict[int, Floats] = {}
        known = self.training_data_stats
        if known is None and self.discretizer is not None:
            data = self.discretizer.discretize(data)
        for feature in self.categorical_features:
            if known is None:
                column = data[:, [feature]].toarray().ravel() if is_sparse(data) else data[:, feature]
                there, counts = np.unique(column, return_counts=True)
                values, frequencies = there.tolist(), counts.tolist()
            else:
                values, frequencies = known["feature_values"][feature], known["feature_frequencies"][feature]
            self.feature_values[feature] = values
            self.feature_frequencies[feature] = np.array(frequencies) / float(sum(frequencies))
            self.scaler.mean_[feature] = 0
            self.scaler.scale_[feature] = 1

    @staticmethod
    def convert_and_round(values: Any) -> list[str]:
        """Return numbers with two decimals."""
        return [f"{value:.2f}" for value in values]

    @staticmethod
    def validate_training_data_stats(training_data_stats: Mapping[str, Any]) -> None:
        """Raise ValueError where something is missing."""
        missing = [key for key in STATISTICS if key not in training_data_stats]
        if missing:
            raise ValueError(f"Missing keys in training_data_stats. Details: {missing}")

    def explain_instance(
        self,
        data_row: Any,
        predict_fn: Callable[[Any], Any],
        labels: Sequence[int] = DEFAULT_LABELS,
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "euclidean",
        model_regressor: Any = None,
        sampling_method: str = "gaussian",
    ) -> explanation.Explanation:
        """Explain one row.

        Args:
            data_row: ``(d,)``, or a sparse matrix of one row.
            predict_fn: from ``(n, d)`` to ``(n, k)`` probabilities, or to ``(n,)`` values of a regression.
            labels: what to explain where `top_labels` is None.
            top_labels: explain so many of the strongest outputs.
            num_features: how many features at the most.
            num_samples: rows to draw; the row itself counts.
            distance_metric: of scikit-learn.
            model_regressor: see LimeBase.
            sampling_method: "gaussian", or "lhs" for a Latin hypercube, where there are no bins.
        """
        if sampling_method not in ("gaussian", "lhs"):
            warnings.warn(f"sampling_method {sampling_method!r} is unknown: gaussian is used", stacklevel=2)
        row: Any = data_row.tocsr() if is_sparse(data_row) else numbers(data_row, "the row")
        refuse_width(row, len(self.scaler.scale_))
        refuse_missing(row.toarray() if is_sparse(row) else row[None], self.feature_names)
        refuse_many(row.nnz if is_sparse(row) else len(row), "columns")
        around = self._around(row, num_samples, lhs=sampling_method == "lhs")
        outputs, mapper = self._asked(around, predict_fn), self._mapper(row, around)
        codes, columns, on = around.codes, around.columns, around.on
        del around  # the drawn rows, which are the most of it, are not needed to fit
        distances = changed(codes) if on and distance_metric == "euclidean" else distances_of(codes, distance_metric)
        found = explanation.Explanation(mapper, self.mode, self.class_names)
        if self.mode == "classification":
            found.predict_proba = outputs[0]
        else:
            found.predicted_value, found.min_value, found.max_value = outputs[0, 0], outputs.min(), outputs.max()
            labels, top_labels = (0,), None
        fill(found, self, (codes, outputs, distances), labels, top_labels, num_features, model_regressor)
        if columns is not None:
            places = columns.tolist()
            for label, pairs in found.local_exp.items():
                found.local_exp[label] = [(places[at], weight) for at, weight in pairs]
        if self.mode == "regression":
            _both_ways(found)
        return found

    def _around(self, row: Any, count: int, *, lhs: bool) -> Around:
        """Draw rows, in lime's order of random numbers."""
        if self.discretizer is not None:
            return self._by_bins(row, count)
        columns = row.nonzero()[1] if is_sparse(row) else None
        own = row if columns is None else row[0, columns].toarray().ravel()
        every = slice(None) if columns is None else columns
        scale, mean = self.scaler.scale_[every], self.scaler.mean_[every]
        if not len(own):
            raise InputError("the row is empty: nothing of it can be varied")
        rows = normal(self.random_state, count, len(own), lhs=lhs) * scale
        rows += own if self.sample_around_instance else mean
        rows[0] = own
        codes = rows.copy()
        if columns is None:
            self._draw_categories(rows, codes, row, self.categorical_features)
            # as in lime, sparse rows are only scaled
            codes -= mean
        codes /= scale
        return Around(codes, rows, columns, row.shape[1] if columns is not None else len(own))

    def _by_bins(self, row: NDArray[Any], count: int) -> Around:
        rows = np.zeros((count, len(row)))
        rows[0] = row
        codes = np.ones((count, len(row)), dtype=np.bool_)
        self._draw_categories(rows, codes, self.discretizer.discretize(row), range(len(row)))
        if getattr(self.discretizer.undiscretize, "__func__", None) is discretize.BaseDiscretizer.undiscretize:
            self.discretizer.fill_in(rows[1:])
        else:  # the user's own
            rows[1:] = self.discretizer.undiscretize(rows[1:])
        rows[0] = row
        return Around(codes, rows, None, len(row), on=True)

    def __data_inverse(self, data_row: Any, num_samples: int, sampling_method: str = "gaussian") -> tuple[Any, Any]:
        """Return drawn rows with 1 where a category or bin is the row's own, else 0, and as the model sees them.

        By its mangled name many get at lime's drawn rows, so it has to be here.
        """
        row = numbers(data_row, "the row")
        around = self._around(row, num_samples, lhs=sampling_method == "lhs")
        data = around.codes.astype(np.float64) if around.on else around.rows.copy()
        if not around.on:
            data[:, self.categorical_features] = around.codes[:, self.categorical_features]
        return data, around.rows

    def _draw_categories(self, rows: Floats, codes: NDArray[Any], own: Any, columns: Sequence[int]) -> None:
        """Draw categories or bins as often as the training data have them; a code is 1 where it is the row's own."""
        for column in columns:
            drawn = self.random_state.choice(
                self.feature_values[column], size=len(rows), replace=True, p=self.feature_frequencies[column]
            )
            codes[1:, column] = (drawn == own[column])[1:]
            codes[0, column] = 1
            rows[1:, column] = drawn[1:]

    def _asked(self, around: Around, predict_fn: Callable[[Any], Any]) -> Floats:
        """Return the outputs ``(n, k)``, of a regression ``(n, 1)``."""
        draws = Draws(np.ones((len(around.rows), 0), dtype=np.bool_), {"row": np.arange(len(around.rows))})
        predict = partial(checked, predict_fn, around, self.mode)
        chunk = int(np.clip(CHUNK_BYTES // max(1, 8 * around.rows.shape[1]), 128, CHUNK))
        outputs = ask(around, draws, predict, chunk=chunk)
        if self.mode == "regression":
            if outputs.shape[1] > 1:
                warnings.warn(f"the model has {outputs.shape[1]} outputs: the first is explained", stacklevel=3)
            return outputs[:, :1]
        names = range(outputs.shape[1]) if self.class_names is None else self.class_names
        self.class_names = [name if isinstance(name, str) else str(name) for name in names]
        if not np.allclose(outputs.sum(axis=1), 1.0):
            warnings.warn(
                "Prediction probabilities do not sum to 1: check that the model returns probabilities, and not their "
                "logarithms or classes",
                stacklevel=3,
            )
        return outputs

    def _mapper(self, row: Any, around: Around) -> TableDomainMapper:
        sparse = is_sparse(row)
        names, values = copy(self.feature_names), self.convert_and_round(row.data if sparse else row)
        cut = self.discretizer is not None
        for column in self.categorical_features:
            if (cut and column in self.discretizer.lambdas) or sparse:
                continue
            names[column] = f"{names[column]}={called(self.categorical_names.get(column), int(row[column]))}"
            values[column] = "True"
        in_bins = None
        if cut:
            in_bins, places = copy(names), self.discretizer.discretize(row)
            for column, texts in self.discretizer.names.items():
                in_bins[column] = texts[int(places[column])]
        columns = range(len(row)) if cut else self.categorical_features
        return TableDomainMapper(
            names, values, row if sparse else around.codes[0], columns, in_bins, row.indices if sparse else None
        )


def _both_ways(found: explanation.Explanation) -> None:
    """Give a regression lime's two labels: 1 as it is, 0 with all signs turned."""
    found.intercept[1] = found.intercept[0]
    found.local_exp[1] = list(found.local_exp[0])
    found.local_exp[0] = [(feature, -weight) for feature, weight in found.local_exp[1]]
    found.score = Score({0: found.score[0], 1: found.score[0]})
    found.local_pred = LocalPrediction({0: float(found.local_pred), 1: float(found.local_pred)})
