"""Live against lime 0.2.0.1, where it is installed: the same seed gives the same explanation of a table's row."""

import numpy as np
import pytest

import limefw


lime_tabular = pytest.importorskip("lime.lime_tabular")

ROWS, WIDTH = 220, 7
CATEGORIES = {5: 4, 6: 2}


def background():
    """Skewed, tied, rounded and whole numbers, and categories by code."""
    rng = np.random.default_rng(12)
    data = rng.normal(size=(ROWS, WIDTH)) * [1, 20, 0.01, 3, 1000, 1, 1] + [0, 100, 5, 0, -3000, 0, 0]
    data[:, 1] = np.round(data[:, 1])
    data[:, 3] = np.exp(data[:, 3] / 3)
    data[:, 4] = np.where(rng.random(ROWS) < 0.4, -4000.0, data[:, 4])  # ties at no end of a quartile's bin
    for column, count in CATEGORIES.items():
        data[:, column] = rng.integers(0, count, ROWS)
    return data


DATA = background()
TARGET = (DATA[:, 0] + (DATA[:, 1] > 105) * DATA[:, 3] + (DATA[:, 5] == 2) > 1).astype(int)


def scores(rows):
    means, stds = DATA.mean(axis=0), DATA.std(axis=0)
    z = (rows - means) / stds
    return np.stack(
        [z @ np.sin(np.arange(WIDTH) * k) + z[:, k] * z[:, k + 1] + (rows[:, 5] == k) for k in (1, 2, 3)], 1
    )


def probabilities(rows):
    odds = np.exp(scores(rows) - scores(rows).max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def regression(rows):
    return scores(rows)[:, 0] + 2.0 * np.tanh(scores(rows)[:, 1])


def tree(rows):
    """A model that jumps."""
    up = (rows[:, 0] > 0.2) * 0.3 + (rows[:, 1] > 105) * (rows[:, 5] == 2) * 0.4 + (rows[:, 6] == 1) * 0.1
    return np.stack([1 - up, up], axis=1)


SELECTORS = {
    "none": "all",
    "forward_selection": "forward",
    "highest_weights": "highest_weights",
    "lasso_path": "lasso_path",
    "auto": "lime_auto",
}


def theirs(
    model, *, seed, row, labels, count, number, selection="auto", mode="classification", around=False, **options
):
    explainer = lime_tabular.LimeTabularExplainer(
        DATA, mode=mode, random_state=seed, feature_selection=selection, sample_around_instance=around, **options
    )
    return explainer.explain_instance(DATA[row], model, labels=labels, num_features=number, num_samples=count)


def check(ours, found, labels):
    """Coefficients, intercepts and order are lime's to 1e-9, and so is the score, which lime has of the last alone."""
    for label in labels:
        expected = dict(found.local_exp[label])
        effects = ours.fit(label).effects
        assert {at for at in range(len(effects)) if effects[at]} == {at for at, weight in expected.items() if weight}
        np.testing.assert_allclose([effects[at] for at in expected], list(expected.values()), rtol=0, atol=1e-9)
        order = np.argsort(-np.abs(effects), kind="stable")[: len(expected)]
        assert order.tolist() == list(expected)
        assert ours.fit(label).intercept == pytest.approx(found.intercept[label], abs=1e-9)
    assert ours.fit(labels[-1]).score == pytest.approx(found.score, abs=1e-9)
    assert ours.fit(labels[-1]).local_prediction == pytest.approx(float(found.local_pred[0]), abs=1e-9)


CLASSIFIED = [
    # seed, row, labels, samples, number, selection, lime's options, our settings
    (0, 3, (1,), 500, 10, "auto", {}, {}),
    (1, 3, (0, 2, 1), 500, 10, "auto", {}, {}),
    (2, 8, (2,), 300, 4, "auto", {}, {}),
    (3, 9, (1,), 400, 5, "forward_selection", {}, {}),
    (4, 10, (1,), 400, 4, "highest_weights", {}, {}),
    (5, 11, (1,), 400, 3, "lasso_path", {}, {}),
    (6, 12, (0,), 400, 7, "none", {}, {}),
    (7, 13, (1,), 500, 10, "auto", {"discretizer": "decile"}, {"discretizer": "decile"}),
    (8, 14, (1, 0), 500, 5, "auto", {"discretizer": "decile"}, {"discretizer": "decile"}),
    (9, 15, (1,), 500, 10, "auto", {"discretizer": "entropy"}, {"discretizer": "entropy"}),
    (10, 16, (2,), 500, 3, "auto", {"discretizer": "entropy"}, {"discretizer": "entropy"}),
    (11, 17, (1,), 500, 10, "auto", {"discretize_continuous": False}, {"discretizer": "none"}),
    (12, 18, (0, 1), 500, 4, "auto", {"discretize_continuous": False}, {"discretizer": "none"}),
    (13, 19, (1,), 500, 4, "lasso_path", {"discretize_continuous": False}, {"discretizer": "none"}),
    (14, 20, (1,), 500, 10, "none", {"discretize_continuous": False, "around": True}, {"discretizer": "none"}),
    (15, 21, (2,), 500, 5, "highest_weights", {"discretize_continuous": False, "around": True},
     {"discretizer": "none"}),
]  # fmt: skip


@pytest.mark.parametrize("model", [probabilities, tree])
@pytest.mark.parametrize(("seed", "row", "labels", "count", "number", "selection", "options", "settings"), CLASSIFIED)
@pytest.mark.parametrize("categories", [True, False])
def test_classification(model, seed, row, labels, count, number, selection, options, settings, categories):
    """All discretizers, none, around the row, all selections, several labels, with and without categories."""
    labels = tuple(label for label in labels if label < model(DATA[:1]).shape[1]) or (1,)
    columns = list(CATEGORIES) if categories else []
    given = {"categorical_features": columns, "training_labels": TARGET, **options}
    found = theirs(model, seed=seed, row=row, labels=labels, count=count, number=number, selection=selection, **given)
    ours = explained(
        limefw.Table(DATA, categorical=columns, labels=TARGET).row(row), model, seed, labels, count, number, selection,
        options, settings,
    )  # fmt: skip
    check(ours, found, labels)


def explained(row, model, seed, labels, count, number, selection, options, settings):
    selector = {"use": SELECTORS[selection]}
    if selection != "none":
        selector["num_features"] = number
    sampler = {"around_instance": "around" in options, "trees": options.get("discretizer") == "entropy"}
    return limefw.explain(
        row, model, recipe="lime-0.2.0.1-table", seed=seed, samples=count, labels=labels, selector=selector,
        sampler={"use": "lime_tabular", **sampler}, segmenter={"use": "bins", **settings},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "number", "options", "settings"),
    [
        (0, 10, {}, {}),
        (1, 3, {"discretizer": "decile"}, {"discretizer": "decile"}),
        (2, 5, {"discretize_continuous": False}, {"discretizer": "none"}),
        (3, 7, {"discretize_continuous": False, "around": True}, {"discretizer": "none"}),
    ],
)
def test_regression(seed, number, options, settings):
    """lime keeps a regression's fit as label 1, and its negative as label 0; ours is of the only output, 0."""
    columns = list(CATEGORIES)
    found = theirs(
        regression, seed=seed, row=5, labels=(1,), count=500, number=number, mode="regression",
        categorical_features=columns, **options,
    )  # fmt: skip
    row = limefw.Table(DATA, categorical=columns).row(5)
    model = limefw.model(regression, task="regression")
    ours = explained(row, model, seed, [0], 500, number, "auto", options, settings)
    expected = dict(found.local_exp[1])
    np.testing.assert_allclose([ours.effects(0)[at] for at in expected], list(expected.values()), rtol=0, atol=1e-9)
    assert ours.fit(0).intercept == pytest.approx(found.intercept[1], abs=1e-9)
    assert ours.fit(0).score == pytest.approx(found.score, abs=1e-9)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_statistics_of_the_training_data(seed):
    """With statistics instead of data lime draws alike, and so do we from a table that knows nothing else."""
    table = limefw.Table(DATA, categorical=list(CATEGORIES))
    known = table.statistics()
    stats = {key: {} for key in ("means", "mins", "maxs", "stds", "feature_values", "feature_frequencies", "bins")}
    for at, about in enumerate(known.values()):
        stats["feature_values"][at] = list(range(len(about["frequencies"])))
        stats["feature_frequencies"][at] = about["frequencies"]
        if at in CATEGORIES:
            continue
        stats["bins"][at], stats["means"][at], stats["stds"][at] = about["edges"], about["means"], about["stds"]
        stats["mins"][at], stats["maxs"][at] = [about["min"], *about["edges"]], [*about["edges"], about["max"]]
    found = theirs(
        probabilities, seed=seed, row=4, labels=(1,), count=500, number=10, categorical_features=list(CATEGORIES),
        training_data_stats=stats,
    )  # fmt: skip
    row = limefw.Table(known).row(DATA[4])
    ours = explained(row, probabilities, seed, (1,), 500, 10, "auto", {}, {})
    check(ours, found, (1,))


def test_another_seed_gives_another_explanation():
    """The comparison can tell: what lime says with seed 10 is not what it says with seed 9."""
    row = limefw.Table(DATA).row(0)
    one, other = (explained(row, probabilities, seed, (1,), 500, 10, "auto", {}, {}) for seed in (9, 10))
    assert np.abs(one.effects() - other.effects()).max() > 1e-3


def test_ties_at_the_least_value_are_drawn_as_they_are_by_our_own_recipe_alone():
    """lime shows the model (value - mean) / spread for a bin of one value; its recipe does too, and ours the value."""
    data = np.random.default_rng(0).normal(size=(100, 3))
    data[:40, 0] = 3.0
    data[40:, 0] = 4.0 + data[40:, 0] ** 2
    shown = {}
    for recipe in ("lime-0.2.0.1-table", "table"):
        seen = []

        def model(rows, seen=seen):
            seen.append(rows.copy())
            return np.stack([rows[:, 0], 1 - rows[:, 0]], axis=1) * 0 + 0.5

        limefw.explain(limefw.Table(data).row(50), model, recipe=recipe, samples=300, labels=[0])
        shown[recipe] = np.concatenate(seen)[:, 0]
    assert (shown["lime-0.2.0.1-table"] == 0.0).mean() > 0.3
    assert np.isin(shown["table"], data[:, 0]).all()
    assert (shown["table"] == 3.0).mean() > 0.3


def test_columns_of_integers_are_limes_where_the_table_holds_them_as_floats():
    """lime shows its model fractions of whole numbers; a table shows integers as integers, so the numbers are others.

    Of a float copy they are lime's, as the recipe says.
    """
    rng = np.random.default_rng(3)
    data = np.stack([rng.integers(18, 80, 300), rng.poisson(3, 300), rng.integers(0, 5000, 300)], axis=1)
    seen = {}

    def model(rows, kind="lime"):
        seen.setdefault(kind, []).append(np.array(rows, dtype=float))
        odds = 1 / (1 + np.exp(-np.sin(rows[:, 0]) - rows[:, 1] * 0.3 + rows[:, 2] * 1e-3))
        return np.stack([1 - odds, odds], axis=1)

    explainer = lime_tabular.LimeTabularExplainer(data, random_state=0)
    found = explainer.explain_instance(data[3], model, num_samples=500)
    both = {
        kind: explained(
            limefw.Table(data.astype(kind)).row(3), lambda rows, kind=kind: model(rows, kind), 0, (1,), 500, 10,
            "auto", {}, {},
        )
        for kind in ("float64", "int64")
    }  # fmt: skip
    check(both["float64"], found, (1,))
    whole = {kind: all((rows == np.rint(rows)).all() for rows in shown) for kind, shown in seen.items()}
    assert whole == {"lime": False, "float64": False, "int64": True}
    assert np.abs(both["int64"].effects() - both["float64"].effects()).max() > 1e-5


def test_a_seed_that_lime_cannot_have_is_refused():
    with pytest.raises(limefw.InputError, match="random_state is below 4294967296"):
        explained(limefw.Table(DATA).row(0), probabilities, 2**32, (1,), 50, 10, "auto", {}, {})
