"""One regression tree for all labels."""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.imports import unmoved_random
from limefw.types import Fit, Floats, Neighbourhood
from limefw_plugins.surrogates._fits import fit_of_form
from limefw_plugins.surrogates.tree import nodes_of


def multi_output_tree(
    around: Neighbourhood,
    rng: Generator,
    /,
    *,
    fidelity: Annotated[float, Gt(0), Le(1)] = 0.9,
    max_leaves: Annotated[int, Ge(2)] = 16,
    min_samples_leaf: Annotated[int, Ge(1)] = 5,
) -> list[Fit]:
    """One tree that answers for all labels at once (LIMEtree: Sokol & Flach 2020; scikit-learn), with its rules.

    It grows where the squared error over all labels falls most, and stops at as few leaves as reach the wished
    fidelity. A rule then tells what each label gets, and two of them what would have to be hidden for another one; the
    tree of a label therefore depends on which others are explained. A segment's effect is g(instance) - g(instance
    without it). Nodes and rules are in ``fit.detail``. Gives no standard errors.

    Args:
        fidelity: weighted R2 over all labels together that is enough.
        max_leaves: at the most, whatever the fidelity.
        min_samples_leaf: samples in the smallest leaf.
    """
    with unmoved_random("sklearn.tree"):
        from sklearn.tree import DecisionTreeRegressor

    codes, state = around.codes.astype(np.float32), int(rng.integers(2**31))
    targets, weights = around.targets, around.weights
    # about 0, as a constant far from it would leave the error few digits
    means = np.average(targets, axis=0, weights=weights)
    spread = weights @ ((targets - means) ** 2).sum(axis=1)

    def grown(leaves: int) -> tuple[Any, float]:
        model = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=min_samples_leaf, random_state=state)
        model.fit(codes, targets - means, sample_weight=weights)
        left = model.predict(codes).reshape(targets.shape) - (targets - means)
        return model.tree_, float(weights @ (left**2).sum(axis=1))

    enough = (1.0 - fidelity) * spread + 1e-12 * spread
    tree, left = _smallest(grown, max_leaves, enough)
    missed = {}
    if left > enough:
        leaves = int(tree.n_leaves)
        size = "1 leaf" if leaves == 1 else f"{leaves} leaves"
        text = f"a tree of {size} follows {1 - left / spread:.0%} of all labels' answers, not {fidelity:.0%}"
        # where leaves are left, the samples that each must have are what no more can be made of
        smaller = ", allow fewer min_samples_leaf" if min_samples_leaf > 1 else ""
        wider = "allow more max_leaves" if leaves == max_leaves else f"draw more samples{smaller}"
        missed["caution"] = f"{text}: {wider}, or ask for less fidelity"
    nodes, values = nodes_of(tree), tree.value[:, :, 0] + means
    rules = _rules(nodes, values)
    fits = []
    for number, target in enumerate(targets.T):
        detail = {**nodes, "value": values[:, number], "rules": rules, "joint": targets.shape[1], **missed}
        fits.append(fit_of_form(around, target, detail))
    return fits


def _smallest(grown: Callable[[int], tuple[Any, float]], most: int, enough: float) -> tuple[Any, float]:
    """Return the tree of the fewest leaves whose error is small enough, else of the most, and that error.

    Each holds those before.
    """
    low, high = 2, most
    best, error = grown(most)
    while error <= enough and low < high:
        middle = (low + high) // 2
        tree, left = grown(middle)
        if left <= enough:
            best, error, high = tree, left, middle
        else:
            low = middle + 1
    return best, error


def _rules(nodes: dict[str, Any], values: Floats) -> list[dict[str, Any]]:
    """Return for each leaf the questions on the way to it, by node, and what every label gets there.

    By node and not by segment: a rule then holds among whatever columns the tree is put back, as ``feature`` does.
    """
    rules = []
    open_ways: list[tuple[int, list[int], list[bool]]] = [(0, [], [])]
    while open_ways:
        node, asked, shown = open_ways.pop()
        if nodes["feature"][node] < 0:
            answers = values[node].tolist()
            samples = int(nodes["samples"][node])
            rules.append({"nodes": asked, "shown": shown, "answers": answers, "samples": samples})
            continue
        for side, kept in (("left", False), ("right", True)):
            open_ways.append((int(nodes[side][node]), [*asked, node], [*shown, kept]))
    return rules
