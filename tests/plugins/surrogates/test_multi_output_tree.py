"""One tree for all labels: as faithful as is asked, with the fewest leaves, and rules that say what it does."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import limefw
from limefw.types import Neighbourhood
from limefw_plugins.surrogates.multi_output_tree import multi_output_tree


def rng():
    return np.random.default_rng(0)


def every_code(width=6, targets=3):
    codes = np.array(list(product([True, False], repeat=width)))
    answers = np.random.default_rng(1).normal(size=(len(codes), targets))
    return Neighbourhood(codes, answers, np.ones(len(codes)), np.arange(len(codes)), exhaustive=True)


def pooled_r2(around, fits):
    means = np.average(around.targets, axis=0, weights=around.weights)
    predicted = np.column_stack([fit.predict(around.codes) for fit in fits])
    left, total = (around.weights @ ((part - around.targets) ** 2).sum(axis=1) for part in (predicted, means))
    return 1 - left / total


def leaves(fit):
    return int((fit.detail["feature"] < 0).sum())


def test_a_whole_tree_is_exact_for_all_labels():
    """With a leaf for each combination every answer of every label comes out as it is."""
    around = every_code()
    fits = multi_output_tree(around, rng(), fidelity=1.0, max_leaves=64, min_samples_leaf=1)
    for target, fit in zip(around.targets.T, fits, strict=True):
        np.testing.assert_allclose(fit.predict(around.codes), target, rtol=0, atol=1e-9)
        assert fit.score == pytest.approx(1.0)
        assert leaves(fit) == 64


def test_all_labels_share_one_structure(make):
    fits = multi_output_tree(make(rows=300, targets=3), rng())
    for name in ("feature", "threshold", "left", "right", "samples"):
        np.testing.assert_array_equal(fits[0].detail[name], fits[2].detail[name])
    assert np.abs(fits[0].detail["value"] - fits[2].detail["value"]).max() > 0.1


@pytest.mark.parametrize("soft", [False, True], ids=["bool", "float32"])
@pytest.mark.parametrize("fidelity", [0.3, 0.6, 0.8])
def test_it_has_as_few_leaves_as_reach_the_fidelity(make, fidelity, soft):
    """One leaf fewer would fall short of it."""
    around = make(rows=400, targets=2, soft=soft)
    fits = multi_output_tree(around, rng(), fidelity=fidelity, max_leaves=100)
    assert pooled_r2(around, fits) >= fidelity
    if leaves(fits[0]) > 2:
        shorter = multi_output_tree(around, rng(), fidelity=1.0, max_leaves=leaves(fits[0]) - 1)
        assert pooled_r2(around, shorter) < fidelity


def test_it_stops_at_the_most_leaves(make):
    fits = multi_output_tree(make(rows=400), rng(), fidelity=1.0, max_leaves=5, min_samples_leaf=1)
    assert leaves(fits[0]) == 5


def test_a_fidelity_that_was_missed_is_told(make):
    """As a caution of every label, with what was reached; where it is reached there is none."""
    around = make(rows=400, targets=2)
    fits = multi_output_tree(around, rng(), fidelity=1.0, max_leaves=5)
    reached = f"{pooled_r2(around, fits):.0%}"
    assert [fit.detail["caution"].split(":")[0] for fit in fits] == [
        f"a tree of 5 leaves follows {reached} of all labels' answers, not 100%"
    ] * 2
    assert all(fit.detail["caution"].endswith("allow more max_leaves, or ask for less fidelity") for fit in fits)
    few = multi_output_tree(around, rng(), fidelity=1.0, max_leaves=400, min_samples_leaf=40)
    assert leaves(few[0]) < 10
    assert f"a tree of {leaves(few[0])} leaves" in few[0].detail["caution"]
    assert "fewer min_samples_leaf" in few[0].detail["caution"]
    assert all("caution" not in fit.detail for fit in multi_output_tree(around, rng(), fidelity=0.3, max_leaves=100))


def test_rules_say_what_the_tree_says(make):
    """Each row follows exactly one rule, which gives all labels their answers; samples are counted."""
    around = make(rows=300, targets=3)
    fits = multi_output_tree(around, rng())
    detail, predicted = fits[0].detail, np.column_stack([fit.predict(around.codes) for fit in fits])
    matched = np.zeros(len(around), dtype=int)
    for rule in detail["rules"]:
        segments = detail["feature"][rule["nodes"]]
        rows = (around.codes[:, segments] == rule["shown"]).all(axis=1)
        matched += rows
        assert rows.sum() == rule["samples"]
        np.testing.assert_allclose(predicted[rows], np.broadcast_to(rule["answers"], (rows.sum(), 3)), atol=1e-9)
    assert (matched == 1).all()
    assert detail["joint"] == 3


def test_a_constant_far_from_0_costs_no_digits(make):
    around = make(rows=300)
    shifted = replace(around, targets=around.targets + 1e9)
    one, other = (multi_output_tree(each, rng())[0] for each in (around, shifted))
    np.testing.assert_array_equal(one.detail["feature"], other.detail["feature"])
    np.testing.assert_allclose(one.effects, other.effects, rtol=0, atol=1e-5)


def test_saved_rules_hold_among_all_segments(tmp_path):
    """Where a selector leaves segments out, nodes ask about the right ones, and a file keeps all of it."""
    photo = np.random.default_rng(5).integers(100, 256, (18, 24, 3), dtype=np.uint8)

    def predict(batch):
        corner, other = batch[:, 0, 0, 0] > 50, batch[:, -1, -1, 0] > 50
        share = 0.2 + 0.6 * (corner & other)
        return np.stack([share, 1 - share], axis=1)

    explanation = limefw.explain(
        photo, predict, segmenter={"use": "grid", "rows": 2, "columns": 3}, filler={"use": "constant", "value": 0.0},
        surrogate="multi_output_tree", selector={"use": "forward", "num_features": 2}, labels=[0, 1],
        target="probability",
    )  # fmt: skip
    other = limefw.load(explanation.save(tmp_path / "it.limefw"))
    for fit in (explanation.fit(1), other.fit(1)):
        assert fit.score == pytest.approx(1.0)
        asked = {int(at) for at in fit.detail["feature"] if at >= 0}
        assert asked == {0, 5}
        rule = next(rule for rule in fit.detail["rules"] if all(rule["shown"]))
        np.testing.assert_allclose(rule["answers"], [0.8, 0.2], atol=1e-9)
