"""Explanations of table rows, and of sequences as rows."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from limefw.compat.lime import discretize, explanation, lime_base
from limefw.compat.lime._page import table_html
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


class TableDomainMapper(explanation.DomainMapper):
    """From features' numbers to names and values.

    Args:
        feature_names: of all columns.
        feature_values: texts.
        scaled_row: the row as the surrogate sees it.
        categorical_features: columns.
        discretized_feature_names: such as "2.00 < age <= 3.00", or None.
        feature_indexes: columns that the values are of, where a row is sparse.
    """

    def __init__(
        self,
        feature_names: Sequence[str],
        feature_values: Sequence[str],
        scaled_row: Any,
        categorical_features: Sequence[int],
        discretized_feature_names: Sequence[str] | None = None,
        feature_indexes: Any = None,
    ) -> None:
        self.exp_feature_names = feature_names
        self.discretized_feature_names = discretized_feature_names
        self.feature_names = feature_names
        self.feature_values = feature_values
        self.feature_indexes = feature_indexes
        self.scaled_row = scaled_row
        self.all_categorical = not is_sparse(scaled_row) and len(categorical_features) == len(scaled_row)
        self.categorical_features = categorical_features

    def map_exp_ids(self, exp: explanation.Pairs) -> explanation.Pairs:  # type: ignore[override]
        """Return names in the place of numbers."""
        names = self.discretized_feature_names
        names = self.exp_feature_names if names is None else names
        return [(names[feature], weight) for feature, weight in exp]

    def visualize_instance_html(  # type: ignore[override]
        self,
        exp: explanation.Pairs,
        label: int,
        div_name: str,
        exp_object_name: str,
        show_table: bool = True,
        show_all: bool = False,
    ) -> Any:
        """Return a table of features, values and weights.

        Args:
            exp: (feature, weight) pairs.
            label: not used.
            div_name: not used.
            exp_object_name: not used.
            show_table: False shows nothing.
            show_all: also features without a weight.
        """
        if not show_table:
            return ""
        columns = range(len(self.feature_names)) if self.feature_indexes is None else self.feature_indexes
        values = {int(column): str(value) for column, value in zip(columns, self.feature_values, strict=False)}
        weights = {int(feature): weight for feature, weight in exp}
        shown = values if show_all else weights
        return table_html(
            [(str(self.exp_feature_names[at]), values.get(at, "0"), weights.get(at, 0.0)) for at in shown]
        )


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
        data = training_data if is_sparse(training_data) else _numbers(training_data, "the training data")
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
            _refuse_missing(data, self.feature_names)
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
        row: Any = data_row.tocsr() if is_sparse(data_row) else _numbers(data_row, "the row")
        refuse_width(row, len(self.scaler.scale_))
        _refuse_missing(row.toarray() if is_sparse(row) else row[None], self.feature_names)
        refuse_many(row.nnz if is_sparse(row) else len(row), "columns")
        around = self._around(row, num_samples, lhs=sampling_method == "lhs")
        outputs, mapper = self._asked(around, predict_fn), self._mapper(row, around)
        codes, columns, on = around.codes, around.columns, around.on
        del around  # the drawn rows, which are the most of it, are not needed to fit
        distances = _changed(codes) if on and distance_metric == "euclidean" else distances_of(codes, distance_metric)
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

    def _around(self, row: Any, count: int, *, lhs: bool) -> "_Around":
        """Draw rows, in lime's order of random numbers."""
        if self.discretizer is not None:
            return self._by_bins(row, count)
        columns = row.nonzero()[1] if is_sparse(row) else None
        own = row if columns is None else row[0, columns].toarray().ravel()
        every = slice(None) if columns is None else columns
        scale, mean = self.scaler.scale_[every], self.scaler.mean_[every]
        if not len(own):
            raise InputError("the row is empty: nothing of it can be varied")
        rows = _normal(self.random_state, count, len(own), lhs=lhs) * scale
        rows += own if self.sample_around_instance else mean
        rows[0] = own
        codes = rows.copy()
        if columns is None:
            self._draw_categories(rows, codes, row, self.categorical_features)
            # as in lime, sparse rows are only scaled
            codes -= mean
        codes /= scale
        return _Around(codes, rows, columns, row.shape[1] if columns is not None else len(own))

    def _by_bins(self, row: NDArray[Any], count: int) -> "_Around":
        rows = np.zeros((count, len(row)))
        rows[0] = row
        codes = np.ones((count, len(row)), dtype=np.bool_)
        self._draw_categories(rows, codes, self.discretizer.discretize(row), range(len(row)))
        if getattr(self.discretizer.undiscretize, "__func__", None) is discretize.BaseDiscretizer.undiscretize:
            self.discretizer.fill_in(rows[1:])
        else:  # the user's own
            rows[1:] = self.discretizer.undiscretize(rows[1:])
        rows[0] = row
        return _Around(codes, rows, None, len(row), on=True)

    def __data_inverse(self, data_row: Any, num_samples: int, sampling_method: str = "gaussian") -> tuple[Any, Any]:
        """Return drawn rows with 1 where a category or bin is the row's own, else 0, and as the model sees them.

        By its mangled name many get at lime's drawn rows, so it has to be here.
        """
        row = _numbers(data_row, "the row")
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

    def _asked(self, around: "_Around", predict_fn: Callable[[Any], Any]) -> Floats:
        """Return the outputs ``(n, k)``, of a regression ``(n, 1)``."""
        draws = Draws(np.ones((len(around.rows), 0), dtype=np.bool_), {"row": np.arange(len(around.rows))})
        predict = partial(_checked, predict_fn, around, self.mode)
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

    def _mapper(self, row: Any, around: "_Around") -> TableDomainMapper:
        sparse = is_sparse(row)
        names, values = copy(self.feature_names), self.convert_and_round(row.data if sparse else row)
        cut = self.discretizer is not None
        for column in self.categorical_features:
            if (cut and column in self.discretizer.lambdas) or sparse:
                continue
            names[column] = f"{names[column]}={_called(self.categorical_names.get(column), int(row[column]))}"
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


@dataclass(frozen=True, slots=True, eq=False)
class _Around:
    """Drawn rows, and a composer of what the model reads.

    Args:
        codes: ``(n, k)`` as the surrogate sees them.
        rows: ``(n, k)`` as the model does.
        columns: (k,) where these are in a sparse row, or None.
        width: of the model's rows.
        on: codes are True where a value is the row's own.
    """

    codes: NDArray[Any]
    rows: Floats
    columns: NDArray[np.intp] | None
    width: int
    on: bool = False

    def keys(self, draws: Draws) -> list[bytes]:
        """Return a short key for each row: of long ones no copies are kept."""
        return [blake2b(self.rows[at], digest_size=16).digest() for at in draws.values["row"]]

    def compose(self, draws: Draws) -> Floats:
        """Return the rows."""
        return np.asarray(self.rows[draws.values["row"]])

    def sparse(self, rows: Floats) -> Any:
        """Return rows as a sparse matrix with all columns."""
        from scipy.sparse import csr_matrix

        assert self.columns is not None
        ends = np.arange(len(rows) + 1) * len(self.columns)
        return csr_matrix((rows.ravel(), np.tile(self.columns, len(rows)), ends), shape=(len(rows), self.width))


def _checked(predict_fn: Callable[[Any], Any], around: _Around, mode: str, rows: Floats) -> Any:
    """Ask the model and look at the shape of what it returned.

    Raises:
        NotImplementedError: a classifier without probabilities.
        ValueError: outputs of another shape.
    """
    outputs = predict_fn(rows if around.columns is None else around.sparse(rows))
    dimensions = len(np.shape(outputs))
    if mode == "classification" and dimensions == 1:
        raise NotImplementedError(
            "LIME does not currently support classifier models without probability scores: give predict_proba"
        )
    if dimensions > 2:
        raise ValueError(f"Your model outputs arrays with {dimensions} dimensions, and should return (rows, outputs)")
    return outputs


def _normal(chance: RandomState, rows: int, columns: int, *, lhs: bool) -> Floats:
    """Draw from the standard normal, independently or by a Latin hypercube (McKay et al. 1979)."""
    if not lhs:
        return chance.normal(0, 1, rows * columns).reshape(rows, columns)
    from scipy.special import ndtri

    cells = np.argsort(chance.random_sample((rows, columns)), axis=0)
    return np.asarray(ndtri((cells + 1.0 - chance.random_sample((rows, columns))) / (rows + 1e-9)))


def _changed(codes: NDArray[np.bool_]) -> Floats:
    """Return the Euclidean distances of rows of 0 and 1 from the first, which is all 1."""
    return np.asarray(np.sqrt(codes.shape[1] - codes.sum(axis=1, dtype=np.float64)))


def _called(names: Any, code: int) -> str:
    """Return what a category is called, or its number where it has no name."""
    if isinstance(names, Mapping):
        return str(names.get(code, code))
    return str(names[code]) if names is not None and 0 <= code < len(names) else str(code)


def _both_ways(found: explanation.Explanation) -> None:
    """Give a regression lime's two labels: 1 as it is, 0 with all signs turned."""
    found.intercept[1] = found.intercept[0]
    found.local_exp[1] = list(found.local_exp[0])
    found.local_exp[0] = [(feature, -weight) for feature, weight in found.local_exp[1]]
    found.score = Score({0: found.score[0], 1: found.score[0]})
    found.local_pred = LocalPrediction({0: float(found.local_pred), 1: float(found.local_pred)})


def is_sparse(data: Any) -> bool:
    """Say whether this is one of scipy's sparse matrices."""
    return hasattr(data, "tocsr")


def _numbers(data: Any, what: str) -> NDArray[Any]:
    """Return an array of numbers.

    Raises:
        InputError: where there are texts among them.
    """
    array = data.to_numpy() if hasattr(data, "to_numpy") else np.asarray(data)
    if array.dtype.kind in "biuf":
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{what} must be numbers, as lime's always are: {error}. Number the categories and name them in "
            "categorical_names, or use limefw.Table, which takes them as they are"
        ) from error


def _refuse_missing(rows: NDArray[Any], names: Sequence[str]) -> None:
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        columns = np.flatnonzero(~np.isfinite(rows).all(axis=0))
        bad = ", ".join(repr(str(names[at])) for at in columns[:5] if at < len(names))
        raise InputError(
            f"there are NaN or infinite values in {bad}: fill them in, or use limefw.Table, which knows them"
        )


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
