"""LimeBase and SubmodularPick beside lime's own."""

import importlib
import itertools
import time

import numpy as np
import pytest

from limefw.compat.lime import lime_base, lime_tabular, lime_text
from limefw.compat.lime.submodular_pick import SubmodularPick, picked


theirs_base = pytest.importorskip("lime.lime_base")
theirs_pick = pytest.importorskip("lime.submodular_pick")


def weigh(distances):
    return np.exp(-(distances**2) / 8)


def around(seed, rows=120, columns=9, *, binary=True):
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 2, (rows, columns)).astype(float) if binary else rng.normal(size=(rows, columns))
    data[0] = 1
    targets = np.stack([data @ rng.normal(size=columns) + data[:, 0] * data[:, 1], rng.random(rows)], axis=1)
    return data, targets, np.linalg.norm(data - data[0], axis=1)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "numbers"])
@pytest.mark.parametrize("method", ["none", "forward_selection", "highest_weights", "lasso_path", "auto"])
@pytest.mark.parametrize("count", [3, 7, 40])
def test_the_same_neighbourhood_gives_the_same_answer(method, count, binary):
    """Order, weights, intercept, R2 and local prediction to 1e-10, over five neighbourhoods and both labels."""
    new, old = (kind.LimeBase(weigh, random_state=0) for kind in (lime_base, theirs_base))
    for seed, label in itertools.product(range(5), (0, 1)):
        data = around(seed, binary=binary)
        got, wanted = (one.explain_instance_with_data(*data, label, count, method) for one in (new, old))
        assert [at for at, _ in got[1]] == [int(at) for at, _ in wanted[1]]
        np.testing.assert_allclose([weight for _, weight in got[1]], [weight for _, weight in wanted[1]], atol=1e-10)
        np.testing.assert_allclose([got[0], got[2], *got[3]], [wanted[0], wanted[2], *wanted[3]], rtol=0, atol=1e-10)


@pytest.mark.parametrize("method", ["forward_selection", "highest_weights", "lasso_path", "none"])
def test_features_are_chosen_in_limes_order(method):
    """`feature_selection` returns the same features in the same order, and so do its helpers."""
    data, targets, distances = around(3)
    args = data, targets[:, 0], weigh(distances), 5
    new, old = (kind.LimeBase(weigh, random_state=0) for kind in (lime_base, theirs_base))
    np.testing.assert_array_equal(new.feature_selection(*args, method), old.feature_selection(*args, method))
    np.testing.assert_array_equal(new.forward_selection(*args), old.forward_selection(*args))
    for got, wanted in zip(new.generate_lars_path(*args[:2]), old.generate_lars_path(*args[:2]), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_it_says_what_the_linear_model_predicts(capsys):
    """verbose=True prints lime's three lines."""
    data = around(1)
    for kind in (lime_base, theirs_base):
        kind.LimeBase(weigh, verbose=True, random_state=0).explain_instance_with_data(*data, 0, 4)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["Intercept", "Prediction_local", "Right:"] * 2
    assert float(lines[0].split()[1]) == pytest.approx(float(lines[3].split()[1]))


def test_forward_selection_takes_a_fifth_of_limes_time_at_most():
    """At 6 features of 60, in one process, the faster of two runs each."""
    data, targets, distances = around(0, rows=1500, columns=60)
    weights = weigh(distances)

    def seconds(kind):
        base, took = kind.LimeBase(weigh, random_state=0), []
        for _ in range(2):
            started = time.process_time()
            base.feature_selection(data, targets[:, 0], weights, 6, "forward_selection")
            took.append(time.process_time() - started)
        return min(took)

    assert seconds(lime_base) * 5 < seconds(theirs_base)


ROWS = np.random.default_rng(2).normal(size=(25, 6))


def two(batch):
    score = batch[:, 0] * batch[:, 1] + np.sin(3 * batch[:, 2]) - batch[:, 4]
    yes = 1 / (1 + np.exp(-score))
    return np.stack([1 - yes, yes], axis=1)


def three(batch):
    odds = np.exp(np.stack([batch[:, 0] * batch[:, 1], np.sin(3 * batch[:, 2]), batch[:, 4]], axis=1))
    return odds / odds.sum(axis=1, keepdims=True)


def rows_of(package, **settings):
    module = importlib.import_module(f"{package}.lime_tabular")
    return module.LimeTabularExplainer(ROWS, random_state=1, **settings)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"num_exps_desired": 25},
        {"num_features": 2},
        {"top_labels": 2, "num_exps_desired": 8},
    ],
    ids=str,
)
def test_the_same_explanations_are_picked(asked, theirs):
    """Of all rows, the places of those picked and their explanations are lime's."""
    given = {"method": "full", "num_samples": 80, **asked}
    with theirs():
        old = theirs_pick.SubmodularPick(rows_of("lime"), ROWS, three, **given)
    new = SubmodularPick(rows_of("limefw.compat.lime"), ROWS, three, **given)
    assert [int(at) for at in old.V] == new.V
    for got, wanted in zip(new.sp_explanations, old.sp_explanations, strict=True):
        for label in wanted.available_labels():
            assert got.as_list(label) == [(name, pytest.approx(weight)) for name, weight in wanted.as_list(label)]


def test_regressions_and_a_sample_are_picked_as_by_lime(theirs):
    """With NumPy's global stream for both, the same rows are sampled too."""
    given = {"sample_size": 9, "num_exps_desired": 4, "num_samples": 60}
    made = {"mode": "regression"}

    def value(batch):
        return two(batch)[:, 1]

    picks = []
    for package, kind in (("lime", theirs_pick.SubmodularPick), ("limefw.compat.lime", SubmodularPick)):
        np.random.seed(8)
        explainer = importlib.import_module(f"{package}.lime_tabular").LimeTabularExplainer(ROWS, **made)
        with theirs():
            picks.append(kind(explainer, ROWS, value, **given))
    assert [int(at) for at in picks[0].V] == picks[1].V
    assert picks[1].explanations[0].as_list() == [
        (name, pytest.approx(weight)) for name, weight in picks[0].explanations[0].as_list()
    ]


def test_the_pick_is_greedy():
    """Each pick adds at least as much as any other row would have; brute force agrees."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(12, 15)) * (rng.random((12, 15)) < 0.25)
    importance = np.sqrt(np.abs(weights).sum(axis=0))
    chosen = picked(weights, 5)
    for count in range(5):
        covered = [
            importance[(weights[[*chosen[:count], row]] != 0).any(axis=0)].sum()
            for row in range(12)
            if row not in chosen[:count]
        ]
        best = importance[(weights[chosen[: count + 1]] != 0).any(axis=0)].sum()
        assert best == pytest.approx(max(covered))


def test_texts_are_picked():
    """SP-LIME for texts, of which each has its own words."""
    texts = ["good film", "bad film", "good good end", "bad end", "a dull story"]

    def predict(batch):
        words = ("good", "bad", "dull", "end", "a", "x")
        return two(np.array([[text.count(word) for word in words] for text in batch]))

    explainer = lime_text.LimeTextExplainer(random_state=0)
    found = SubmodularPick(explainer, texts, predict, method="full", num_exps_desired=2, num_samples=30)
    assert len(found.sp_explanations) == 2
    assert found.sp_explanations[0] is found.explanations[found.V[0]]


def test_bad_wishes_are_told():
    """Before the model is asked, where that is possible."""
    explainer = lime_tabular.LimeTabularExplainer(ROWS, random_state=1)
    with pytest.raises(ValueError, match="method is 'sample' or 'full', got 'some'"):
        SubmodularPick(explainer, ROWS, two, method="some")
    with pytest.raises(TypeError, match="num_exps_desired is a whole number"):
        SubmodularPick(explainer, ROWS, two, num_exps_desired=[3])
    with pytest.warns(UserWarning, match="sample_size 10 is more than the 3 instances"):
        SubmodularPick(explainer, ROWS[:3], two, sample_size=10, num_exps_desired=1, num_samples=20)
    with pytest.warns(UserWarning, match="5 explanations are wanted of 3"):
        SubmodularPick(explainer, ROWS[:3], two, method="full", num_samples=20)

    class OfImages:
        random_state = np.random.RandomState(0)

        def explain_instance(self, *_args, **_settings):
            return object()

    with pytest.raises(TypeError, match="superpixels of an image have none"):
        SubmodularPick(OfImages(), ROWS, two, method="full")
