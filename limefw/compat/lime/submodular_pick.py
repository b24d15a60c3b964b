"""SP-LIME: a few explanations that together show what counts everywhere (Ribeiro et al. 2016, section 4)."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from limefw.compat.lime._support import random_state_of
from limefw.types import Floats


class SubmodularPick:
    """Explains many instances and picks a few of the explanations.

    Args:
        explainer: of texts or table rows.
        data: the instances.
        predict_fn: the model.
        method: "sample" explains a random part of the instances, "full" all of them.
        sample_size: of that part.
        num_exps_desired: how many explanations to pick.
        num_features: of each explanation.
        kwargs: for ``explain_instance``; its ``top_labels`` is 1 unless given.

    Attributes:
        explanations: all of them.
        sp_explanations: those picked, the one that shows the most first.
        V: their places among all.
    """

    def __init__(
        self,
        explainer: Any,
        data: Any,
        predict_fn: Callable[[Any], Any],
        method: str = "sample",
        sample_size: int = 1000,
        num_exps_desired: int = 5,
        num_features: int = 10,
        **kwargs: Any,
    ) -> None:
        if not isinstance(num_exps_desired, int | float | str | np.number):
            raise TypeError(f"num_exps_desired is a whole number, got {num_exps_desired!r}")
        wish = int(num_exps_desired)
        rows = data.iloc if hasattr(data, "iloc") else data
        settings = {"top_labels": 1, **kwargs}
        self.explanations = [
            _named(explainer.explain_instance(rows[int(at)], predict_fn, num_features=num_features, **settings))
            for at in _chosen(explainer, len(data), method, sample_size)
        ]
        if wish > len(self.explanations):
            warnings.warn(
                f"{wish} explanations are wanted of {len(self.explanations)}: all of them are returned", stacklevel=2
            )
        self.V = picked(weights_of(self.explanations), wish)
        self.sp_explanations = [self.explanations[at] for at in self.V]


def _chosen(explainer: Any, count: int, method: str, sample_size: int) -> NDArray[np.intp]:
    """Return which instances to explain."""
    if method not in ("sample", "full"):
        raise ValueError(f"method is 'sample' or 'full', got {method!r}")
    order = np.arange(count)
    if method == "full":
        return order
    if sample_size > count:
        warnings.warn(f"sample_size {sample_size} is more than the {count} instances: all are used", stacklevel=3)
    shared = random_state_of(None)
    chance = getattr(explainer, "random_state", shared)
    if chance is not shared:
        # beside the explainer's own stream, so that each explanation is the one it would be without the pick
        state, chance = chance.get_state(), RandomState()
        chance.set_state(state)
    chance.shuffle(order)
    return order[:sample_size]


def _named(explanation: Any) -> Any:
    """Return an explanation, or refuse the first of an image."""
    if not hasattr(explanation, "as_list"):
        raise TypeError("SubmodularPick compares features by their names, and superpixels of an image have none")
    return explanation


def weights_of(explanations: list[Any]) -> Floats:
    """Return ``(n, d)`` the weight of each feature, by its name, in each explanation, summed over its labels."""
    columns: dict[Any, int] = {}
    entries: list[tuple[int, int, float]] = []
    for row, explanation in enumerate(explanations):
        labels = explanation.available_labels() if explanation.mode == "classification" else [1]
        for label in labels:
            entries += [
                (row, columns.setdefault(name, len(columns)), weight) for name, weight in explanation.as_list(label)
            ]
    weights = np.zeros((len(explanations), len(columns)))
    for row, column, weight in entries:
        weights[row, column] += weight
    return weights


def picked(weights: Floats, count: int) -> list[int]:
    """Return the rows of ``(n, d)`` weights that together cover the most, the best first.

    A column counts by the root of its summed absolute weight, once any picked row has some of it. Of rows that add the
    same the last is taken, as by lime.
    """
    has = weights != 0
    importance = np.sqrt(np.abs(weights).sum(axis=0))
    left, free = importance.copy(), np.ones(len(weights), dtype=np.bool_)
    found: list[int] = []
    for _ in range(min(count, len(weights))):
        gain = np.where(free, has @ left, -1.0)
        # sums that differ by rounding alone are equal
        best = gain >= gain.max() - 1e-12 * float(importance.sum())
        pick = int(np.flatnonzero(best & free)[-1])
        found.append(pick)
        free[pick] = False
        left[has[pick]] = 0.0
    return found
