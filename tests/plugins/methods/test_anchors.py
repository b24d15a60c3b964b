"""Anchors: a rule that is as precise as it says, in images, texts and tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

import limefw
from limefw_plugins.methods._bandit import Rule, best_of, divergence, exploration


pd = pytest.importorskip("pandas")

COINS = {"use": "bernoulli", "enumerate_small": False}


def all_of(*planted):
    """Two probabilities: of the second nearly 1 where all planted segments show, and else nearly 0."""

    def box(codes):
        on = (codes[:, list(planted)] > 0).all(axis=1)
        return np.stack([0.95 - 0.9 * on, 0.05 + 0.9 * on], axis=1)

    return box


def rule_of(explanation, label=None):
    return dict(explanation.fit(label).detail)


@pytest.mark.parametrize("planted", [(3,), (1, 6), (0, 4, 9)])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_planted_and_is_found_exactly(planted, seed, explained):
    """The segments that must all show and no others, precision 1, coverage 2^-k as coins have it."""
    found = explained(all_of(*planted), 10, task="classification", method="anchors", target="margin", sampler=COINS,
                      samples=3000, seed=seed)  # fmt: skip
    rule = rule_of(found)
    assert set(rule["columns"].tolist()) == set(planted)
    assert rule["precision"] == rule["high"] == 1.0
    assert rule["low"] > 0.95 - 0.05
    assert rule["settled"]
    assert abs(rule["coverage"] - 0.5 ** len(planted)) < 4.5 * np.sqrt(0.25 / 10_000)
    assert found.health.samples <= 3000
    # the model has two answers, and so has the rule
    assert found.fit().score == pytest.approx(1.0)
    codes = np.random.default_rng(0).random((50, 10)) < 0.5
    np.testing.assert_allclose(found.fit().predict(codes), np.diff(all_of(*planted)(codes))[:, 0], atol=1e-12)
    assert {effect.segment for effect in found.top(None)} == set(planted)


@pytest.mark.parametrize("beam", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_no_part_of_a_rule_is_superfluous(seed, beam, explained):
    """Of an XOR no segment alone makes a rule more precise, so that the first ones are added by chance."""

    def exclusive(codes):
        on = (codes[:, 0] > 0) == (codes[:, 5] > 0)
        return np.stack([1.0 - on, on], axis=1)

    found = explained(exclusive, 12, task="classification", method={"use": "anchors", "beam": beam}, target="margin",
                      sampler=COINS, samples=5000, seed=seed)  # fmt: skip
    rule = rule_of(found)
    assert set(rule["columns"].tolist()) == {0, 5}
    assert rule["settled"]
    assert abs(rule["coverage"] - 0.25) < 0.02
    assert found.health.samples <= 5000


@pytest.mark.parametrize("sampler", ["paired", "hadamard", "leverage", "uniform_hidden"])
def test_samplers_whose_draws_hang_together_are_refused(sampler, explained):
    with pytest.raises(limefw.InputError, match=f"hides each segment independently, and '{sampler}' does not"):
        explained(all_of(0), 8, task="classification", method="anchors", target="margin", sampler=sampler)


def test_rarely_wrong_is_good_enough_and_the_figures_are_true(explained):
    """A segment that decides but for 2 in 100: the rule is that one, its precision within counting error."""

    def box(codes):
        rare = codes[:, 1:7].sum(axis=1) == 0  # one in 64
        on = (codes[:, 0] > 0) & ~rare
        return np.stack([1.0 - on, on], axis=1)

    rule = rule_of(
        explained(box, 9, task="classification", method="anchors", target="margin", sampler=COINS, samples=4000, seed=3)
    )
    assert rule["columns"].tolist() == [0]
    truth = 1 - 1 / 64
    assert abs(rule["precision"] - truth) < 4.5 * np.sqrt(truth * (1 - truth) / rule["tried"])
    assert rule["low"] < truth < rule["high"]


def test_where_it_is_always_so_the_rule_is_empty(explained):
    """It applies everywhere, and nothing has an effect."""
    found = explained(lambda codes: np.tile([0.2, 0.8], (len(codes), 1)), 6, task="classification", method="anchors",
                      target="margin", sampler=COINS, samples=500)  # fmt: skip
    rule = rule_of(found)
    assert (len(rule["columns"]), rule["coverage"], rule["precision"]) == (0, 1.0, 1.0)
    assert found.fit().local_prediction == found.fit().intercept == pytest.approx(0.6)


@pytest.mark.parametrize("beam", [1, 3])
def test_one_of_two_reasons_is_the_rule(beam, explained):
    """Either suffices alone, so the rule is no longer than one, however many are kept on the way."""

    def either(codes):
        on = (codes[:, 2] > 0) | (codes[:, 5] > 0)
        return np.stack([1.0 - on, on], axis=1)

    rule = rule_of(explained(either, 8, task="classification", method={"use": "anchors", "beam": beam}, target="margin",
                             sampler={**COINS, "keep": 0.3}, samples=3000))  # fmt: skip
    assert rule["columns"].tolist() in ([2], [5])


def test_all_combinations_are_drawn_from_as_by_chance(explained):
    """Where the sampler enumerates its law the rule's law is the same one, and coverage is exact."""
    found = explained(all_of(0, 3), 5, task="classification", method="anchors", target="margin", sampler="bernoulli",
                      samples=600)  # fmt: skip
    assert set(rule_of(found)["columns"].tolist()) == {0, 3}
    assert rule_of(found)["coverage"] == pytest.approx(0.25)
    assert found.health.distinct <= 32


def test_each_label_has_its_own_rule_and_all_stay_within_the_budget(explained):
    """A label that the model does not decide for has the rule by which it does not."""

    def box(codes):
        first, second = codes[:, 1] > 0, (codes[:, 4] > 0) & (codes[:, 5] > 0)
        return np.stack([0.9 * first, 0.2 + 0.0 * first, 0.7 * second + 0.25], axis=1)

    found = explained(box, 8, task="classification", method={"use": "anchors", "least": 0.5}, target="probability",
                      sampler=COINS, samples=2500, labels=[0, 1, 2])  # fmt: skip
    assert [set(rule_of(found, label)["columns"].tolist()) for label in (0, 1, 2)] == [{1}, set(), {4, 5}]
    assert found.health.samples <= 2500


def test_a_budget_that_ends_the_search_gives_the_best_so_far_and_says_so(explained):
    found = explained(all_of(0, 1, 2, 3, 4), 12, task="classification", method="anchors", target="margin",
                      sampler=COINS, samples=150)  # fmt: skip
    rule = rule_of(found)
    assert not rule["settled"]
    (told,) = [caution.message for caution in found.health.cautions if caution.code == "surrogate"]
    assert f"no rule was sure to hold in 95% of draws: the best that was found held in {rule['precision']:.0%}" in told
    assert rule["precision"] < 0.95


def test_a_saved_rule_predicts_the_same(explained, tmp_path):
    found = explained(all_of(1, 2), 6, task="classification", method="anchors", target="margin", sampler=COINS,
                      samples=1500)  # fmt: skip
    again = limefw.load(found.save(tmp_path / "rule.limefw"))
    codes = np.random.default_rng(0).random((40, 6)) < 0.5
    np.testing.assert_array_equal(again.fit().predict(codes), found.fit().predict(codes))
    assert rule_of(again)["columns"].tolist() == rule_of(found)["columns"].tolist()


def test_a_file_with_a_rule_about_other_segments_is_refused(explained, tmp_path):
    from dataclasses import replace

    found = explained(all_of(1, 2), 6, task="classification", method="anchors", target="margin", sampler=COINS,
                      samples=1500)  # fmt: skip
    for wrong in ([1, 6], [-1], [0.5]):
        fit = replace(found.fit(), detail={**found.fit().detail, "columns": np.array(wrong)})
        path = replace(found, fits={1: fit}).save(tmp_path / "wrong.limefw")
        with pytest.raises(limefw.StoreError, match="its rule does not fit its segments"):
            limefw.load(path)


@pytest.mark.parametrize("samples", [2, 3, 60])
def test_any_budget_gives_something(samples, explained):
    found = explained(all_of(0, 1), 6, task="classification", method="anchors", target="margin", sampler=COINS,
                      samples=samples, labels=[0, 1])  # fmt: skip
    assert found.health.samples <= samples
    assert not rule_of(found, 1)["settled"]


def test_a_rule_that_hardly_ever_applies_by_chance_is_still_found(explained):
    """Eleven segments that must all show: of ten thousand draws five or so show them."""
    planted = tuple(range(11))
    found = explained(all_of(*planted), 12, task="classification", method="anchors", target="margin", sampler=COINS,
                      samples=20_000)  # fmt: skip
    assert set(rule_of(found)["columns"].tolist()) >= set(planted)
    assert rule_of(found)["precision"] > 0.95


# --- texts and tables


def test_the_recipe_for_images_names_the_one_for_texts():
    def good(texts):
        on = np.array(["good" in text for text in texts], float)
        return np.stack([1 - on, on], axis=1)

    with pytest.raises(limefw.RecipeError, match="Method 'anchors' for text: recipe 'anchor-text'"):
        limefw.explain("a good film", good, recipe="anchor")
    # RISE has none for texts
    with pytest.raises(limefw.RecipeError, match='say `extends = "text"`'):
        limefw.explain("a good film", good, recipe="rise")


def test_a_text_needs_both_words():
    """ "not" and "bad" together make it good, whatever other words are deleted."""

    def positive(texts):
        on = [("not" in text.split()) and ("bad" in text.split()) for text in texts]
        return np.array([[1.0 - one, float(one)] for one in on])

    found = limefw.explain(
        "This film is not bad at all I think", limefw.model(positive, classes=["bad", "good"]), recipe="text",
        labels=["good"], method="anchors", target="margin", sampler=COINS, kernel="flat", samples=3000,
    )  # fmt: skip
    rule = rule_of(found)
    assert {found.segments.names[at] for at in rule["columns"]} == {"not", "bad"}
    assert rule["precision"] == 1.0


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    return limefw.Table(
        pd.DataFrame({
            "age": rng.integers(20, 80, 400), "income": rng.normal(50, 15, 400),
            "housing": rng.choice(["own", "rent"], 400, p=[0.3, 0.7]), "noise": rng.random(400),
        })
    )  # fmt: skip


def test_a_row_of_a_table_is_held_by_its_bins(people):
    """Young people who own: the rule names both bins, and applies as often as the table's rows have both."""

    def lend(frame):
        on = ((frame["age"] < 35) & (frame["housing"] == "own")).to_numpy().astype(float)
        return np.stack([1 - on, on], axis=1)

    place = next(at for at in range(400) if lend(pd.DataFrame([values_of(people.row(at))]))[0, 1])
    found = limefw.explain(
        people.row(place), limefw.model(lend), recipe="table", labels=[1], method="anchors", target="margin",
        segmenter={"use": "bins", "edges": {"age": [34, 50, 65]}}, kernel="flat", selector="all", samples=3000,
    )  # fmt: skip
    rule = rule_of(found)
    names = {found.segments.names[at] for at in rule["columns"]}
    assert names == {"age <= 34", "housing = own"}
    assert rule["precision"] == 1.0
    every = lend(pd.DataFrame([values_of(people.row(at)) for at in range(400)]))[:, 1]
    assert rule["coverage"] == pytest.approx(every.mean()), "the share of the table's rows that it is about"


def values_of(row):
    return {
        feature.name: feature.texts[int(value)] if feature.texts else value
        for feature, value in zip(row.background.features, row.values, strict=True)
    }


# --- what cannot be


def test_what_nobody_can_tell_is_said(explained):
    """From a regressor's value, or a target of one's own, what the model decides; and other samplers' draws."""
    for target in ("probability", "unbounded"):
        with pytest.raises(limefw.InputError, match=f"cannot tell from target '{target}' what the model decides"):
            explained(lambda codes: codes[:, 0], 5, method="anchors", sampler=COINS, target=target)
    found = explained(
        lambda codes: codes[:, 0] + codes[:, 1], 5, method={"use": "anchors", "least": 1.5}, sampler=COINS
    )
    assert set(rule_of(found)["columns"].tolist()) == {0, 1}

    def soft(_instance, segments, budget, rng, /):
        codes = rng.random((budget, segments.count), dtype=np.float32)
        codes[0] = 1
        yield limefw.Draws(codes)

    with pytest.raises(limefw.InputError, match="sampler 'soft' draws otherwise: use 'bernoulli'"):
        explained(all_of(0), 5, task="classification", method="anchors", target="margin", sampler=soft)


def test_rows_of_a_table_that_are_drawn_whole_cannot_be_held(people):
    with pytest.raises(limefw.InputError, match="for tables 'marginals'"):
        limefw.explain(people.row(0), lambda frame: np.ones((len(frame), 2)) / 2, recipe="table", labels=[1],
                       method="anchors", target="margin", sampler="bootstrap", samples=200)  # fmt: skip


# --- the bandit


@given(st.integers(1, 400), st.integers(0, 400), st.floats(0.1, 20))
@settings(deadline=None)
def test_bounds_are_where_the_divergence_is_as_large_as_allowed(tried, held, level):
    rule = Rule((), 1.0, tried, min(held, tried))
    low, high = rule.bounds(level)
    assert 0 <= low <= rule.precision <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert divergence(rule.precision, end) * tried == pytest.approx(level, rel=1e-6, abs=1e-9)
        else:
            assert divergence(rule.precision, end) * tried <= level + 1e-9


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_a_bound_is_broken_no_oftener_than_it_says(share):
    """The least precision at level log(1 / .1) is above the true one in at most a tenth of all counts."""
    held = np.arange(201)
    lows = np.array([Rule((), 1.0, 200, int(at)).bounds(-np.log(0.1))[0] for at in held])
    assert binom.pmf(held, 200, share)[lows > share].sum() <= 0.1


def test_the_best_is_chosen_though_rarely_tried():
    """Of ten coins the best one, but for epsilon, in 40 of 40 games; bad ones are thrown far less often."""
    shares = np.array([0.3, 0.35, 0.4, 0.45, 0.5, 0.5, 0.55, 0.6, 0.7, 0.95])
    wrong, thrown = 0, np.zeros(10)
    for seed in range(40):
        rng = np.random.default_rng(seed)

        def throw(rule, rng=rng):
            rule.tried += 20
            rule.held += rng.binomial(20, shares[rule.columns[0]])
            return True

        rules = [Rule((at,), 1.0) for at in range(10)]
        (best,) = best_of(rules, 1, throw, delta=0.1, epsilon=0.1)
        wrong += shares[best.columns[0]] < 0.95 - 0.1
        thrown += [rule.tried for rule in rules]
    assert wrong == 0
    assert thrown[-1] > 3 * thrown[0]
    assert exploration(10, 5, 0.1) < exploration(10, 50, 0.1) < exploration(10, 50, 0.01)
