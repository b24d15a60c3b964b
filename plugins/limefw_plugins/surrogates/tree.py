"""A regression tree."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from numpy.random import Generator

from limefw.imports import unmoved_random
from limefw.types import Fit, Neighbourhood
from limefw_plugins.surrogates._fits import fit_of_form


def tree(
    around: Neighbourhood,
    rng: Generator,
    /,
    *,
    max_depth: Annotated[int, Ge(1)] = 4,
    min_samples_leaf: Annotated[int, Ge(1)] = 10,
) -> list[Fit]:
    """A regression tree per label (scikit-learn): sees segments that only count together.

    A segment's effect is g(instance) - g(instance without it). Its nodes are in ``fit.detail``.

    Args:
        max_depth: questions asked one after the other at the most.
        min_samples_leaf: samples in the smallest leaf.
    """
    with unmoved_random("sklearn.tree"):
        from sklearn.tree import DecisionTreeRegressor

    fits = []
    state = int(rng.integers(2**31))  # one for all: where splits tie, a label's tree is the same beside any others
    for target in around.targets.T:
        model = DecisionTreeRegressor(max_depth=max_depth, min_samples_leaf=min_samples_leaf, random_state=state)
        model.fit(around.codes.astype(np.float32), target, sample_weight=around.weights)
        fits.append(fit_of_form(around, target, nodes_of(model.tree_)))
    return fits


def nodes_of(grown: Any) -> dict[str, Any]:
    """Return a tree of scikit-learn's as arrays, with the answers of its first target."""
    inner = grown.children_left >= 0
    return {
        "form": "tree",
        "feature": np.where(inner, grown.feature, -1),
        "threshold": np.array(grown.threshold),
        "left": np.array(grown.children_left),
        "right": np.array(grown.children_right),
        "value": np.array(grown.value[:, 0, 0]),
        "samples": np.array(grown.n_node_samples),
    }
