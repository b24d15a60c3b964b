"""From numbers to bins and back, as lime does it, all rows at once."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.compat.lime._support import random_state_of
from limefw.statistics import cut_off_normal
from limefw.types import Floats


TINY = 1e-11
"""What lime adds to each standard deviation."""


class BaseDiscretizer:
    """Cuts columns into bins; derive from it and define ``bins``.

    Args:
        data: ``(n, d)`` training data.
        categorical_features: columns that are left alone.
        feature_names: d names.
        labels: for discretizers that look at them.
        random_state: a number, a RandomState, or None for NumPy's global one.
        data_stats: "means", "stds", "mins", "maxs" of each bin by column, where they are not computed from `data`.
    """

    def __init__(
        self,
        data: Any,
        categorical_features: Sequence[int],
        feature_names: Sequence[str],
        labels: Any = None,
        random_state: Any = None,
        data_stats: Mapping[str, Any] | None = None,
    ) -> None:
        kept = set(categorical_features)
        self.to_discretize = [column for column in range(data.shape[1]) if column not in kept]
        self.data_stats = data_stats
        self.names: dict[int, list[str]] = {}
        self.lambdas: dict[int, Callable[[Any], Any]] = {}
        self.means: Any = {}
        self.stds: Any = {}
        self.mins: Any = {}
        self.maxs: Any = {}
        self.random_state = random_state_of(random_state)
        bins = [np.unique(edges) for edges in self.bins(data, labels)]
        if data_stats:
            self.means, self.stds, self.mins, self.maxs = (
                data_stats.get(key) for key in ("means", "stds", "mins", "maxs")
            )
        for feature, edges in zip(self.to_discretize, bins, strict=False):
            self.names[feature] = _names(str(feature_names[feature]), edges)
            self.lambdas[feature] = partial(np.searchsorted, edges)
            if not data_stats:
                self._measure(feature, data[:, feature], edges)

    def _measure(self, feature: int, column: NDArray[Any], edges: NDArray[Any]) -> None:
        """Note mean, standard deviation and bounds of each bin."""
        places = self.lambdas[feature](column)
        # as many bins as edges and one; rows in their order, for sums that round as lime's do
        order = np.argsort(places, kind="stable")
        parts = np.split(column[order], np.cumsum(np.bincount(places, minlength=len(edges) + 1))[:-1])
        self.means[feature] = [np.mean(part) if len(part) else 0 for part in parts]
        self.stds[feature] = [(np.std(part) if len(part) else 0) + TINY for part in parts]
        self.mins[feature] = [np.min(column), *edges.tolist()]
        self.maxs[feature] = [*edges.tolist(), np.max(column)]

    def bins(self, data: Any, labels: Any) -> list[Any]:
        """Return the edges between bins of each column that is discretized.

        Raises:
            NotImplementedError: here; a class that derives from this one defines it.
        """
        raise NotImplementedError("Must override bins() method")

    def discretize(self, data: Any) -> Any:
        """Return data ``(d,)`` or ``(n, d)`` with the number of its bin in the place of each value."""
        found = data.copy()
        for feature, place in self.lambdas.items():
            found[..., feature] = place(found[..., feature])
        return found

    def get_undiscretize_values(self, feature: int, values: Any) -> Floats:
        """Return a value for each bin's number, drawn from a normal distribution cut off at the bin's ends.

        A bin with one value alone gives that value (lime 0.2.0.1: that value, standardised).
        """
        low, high, mean, std = (
            np.asarray(each[feature], dtype=np.float64) for each in (self.mins, self.maxs, self.means, self.stds)
        )
        places = np.atleast_1d(values)
        found = low[places]
        wide = ((low - mean) / std != (high - mean) / std)[places]
        uniform = self.random_state.uniform(size=int(wide.sum()))
        found[wide] = cut_off_normal(uniform, places[wide], (low - mean) / std, (high - mean) / std)
        found[wide] = found[wide] * std[places[wide]] + mean[places[wide]]
        return np.asarray(found.reshape(np.shape(values)))

    def undiscretize(self, data: Any) -> Any:
        """Return data ``(d,)`` or ``(n, d)`` with a value drawn for each bin's number."""
        found = data.copy()
        self.fill_in(found)
        return found

    def fill_in(self, data: Any) -> None:
        """Draw a value for each bin's number, and put it in its place."""
        for feature in self.means:
            data[..., feature] = self.get_undiscretize_values(feature, data[..., feature].astype(int))


def _names(name: str, edges: NDArray[Any]) -> list[str]:
    inner = [f"{low:.2f} < {name} <= {high:.2f}" for low, high in pairwise(edges)]
    return [f"{name} <= {edges[0]:.2f}", *inner, f"{name} > {edges[-1]:.2f}"]


class StatsDiscretizer(BaseDiscretizer):
    """Bins from ``data_stats["bins"]``: edges by column."""

    def bins(self, data: Any, labels: Any) -> list[Any]:
        """Return the edges of each column.

        Raises:
            ValueError: a column has none; lime then takes its values for categories, or another column's edges.
        """
        edges = (self.data_stats or {}).get("bins") or {}
        missing = [column for column in self.to_discretize if edges.get(column) is None]
        if missing:
            raise ValueError(
                f"data_stats['bins'] has no edges for columns {missing}: give the edges between bins of each column "
                "that is not categorical, {column: [edge, ...]}"
            )
        return [np.asarray(edges[column]) for column in self.to_discretize]


class _Percentiles(BaseDiscretizer):
    _points: Sequence[int] = ()

    def __init__(
        self,
        data: Any,
        categorical_features: Sequence[int],
        feature_names: Sequence[str],
        labels: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(data, categorical_features, feature_names, labels=labels, random_state=random_state)

    def bins(self, data: Any, labels: Any) -> list[Any]:
        """Return the percentiles of each column."""
        return [np.percentile(data[:, column], self._points) for column in self.to_discretize]


class QuartileDiscretizer(_Percentiles):
    """Four bins with as many rows in each."""

    _points = (25, 50, 75)


class DecileDiscretizer(_Percentiles):
    """Ten bins with as many rows in each."""

    _points = (10, 20, 30, 40, 50, 60, 70, 80, 90)


class EntropyDiscretizer(BaseDiscretizer):
    """At most eight bins of each column, at the thresholds of a decision tree for the labels."""

    def __init__(
        self,
        data: Any,
        categorical_features: Sequence[int],
        feature_names: Sequence[str],
        labels: Any = None,
        random_state: Any = None,
    ) -> None:
        if labels is None:
            raise ValueError("Labels must be not None when using EntropyDiscretizer: give training_labels")
        super().__init__(data, categorical_features, feature_names, labels=labels, random_state=random_state)

    def bins(self, data: Any, labels: Any) -> list[Any]:
        """Return the tree's thresholds, or the median where it finds none."""
        from sklearn.tree import DecisionTreeClassifier

        found = []
        for feature in self.to_discretize:
            tree = DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=self.random_state)
            inner = tree.fit(data[:, [feature]], labels).tree_
            edges = np.sort(inner.threshold[inner.children_left > -1])
            found.append(edges if len(edges) else np.array([np.median(data[:, feature])]))
        return found
