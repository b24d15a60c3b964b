"""Intervals of effects and the ranks that they leave open."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t

import limefw
from limefw.results.intervals import margins, reach, unresolved
from limefw.statistics import linear_fits
from limefw.types import Draws, Fit, Neighbourhood, Segments
from limefw_plugins.renderers._findings import findings, ties_of


def around(groups, width=3):
    rows = len(groups)
    codes = np.repeat(np.arange(rows)[:, None] % 2 == 0, width, axis=1)
    return Neighbourhood(codes, np.ones((rows, 1)), np.ones(rows), np.asarray(groups))


def fit(effects, covariance, columns=None):
    picked = None if columns is None else np.asarray(columns)
    return Fit(np.asarray(effects, float), 0.0, 1.0, 0.0, columns=picked, covariance=np.asarray(covariance, float))


def test_few_groups_make_intervals_wider():
    """Student's t with G - k - 1 degrees of freedom; a pair is one group, and dropped columns are none."""
    known = fit([1, 2, 3], np.eye(3))
    assert reach(known, around(np.arange(20))) == pytest.approx(t(16).ppf(0.975))
    assert reach(known, around(np.repeat(np.arange(10), 2))) == pytest.approx(t(6).ppf(0.975))
    assert reach(fit([1, 2, 0], np.eye(3), columns=[1, 0]), around(np.arange(20))) == pytest.approx(t(17).ppf(0.975))
    assert reach(known, around(np.arange(10**6))) == pytest.approx(norm.ppf(0.975), abs=1e-5)
    np.testing.assert_allclose(
        margins(fit([1, 2], np.diag([4, 9])), around(np.arange(9), 2)), t(6).ppf(0.975) * np.array([2, 3])
    )


@pytest.mark.parametrize("freedom", [1, 5, 29, 30, 31, 50, 200, 10_000])
def test_quantiles_are_those_of_student(freedom):
    """The expansion for many degrees of freedom too."""
    found = reach(fit([1.0], np.eye(1)), around(np.arange(freedom + 2), 1))
    assert found == pytest.approx(t(freedom).ppf(0.975), abs=1e-7)


def test_without_a_covariance_there_are_none():
    """A surrogate that says nothing of its errors has no intervals, and no rank is called open or settled."""
    silent = Fit(np.array([2.0, 1.0]), 0.0, 1.0, 0.0)
    assert margins(silent, around(np.arange(9), 2)) is None
    assert unresolved(silent, around(np.arange(9), 2), 0, [0, 1]) == [False]


def test_ranks_go_by_the_interval_of_the_difference():
    """Two intervals may overlap though the difference is clear, as its variance goes by the covariance of both."""
    place, half = around(np.arange(1000)), 1.0 / 1.96
    independent = fit([3.0, 1.7, -0.5], half**2 * np.eye(3))
    # 1.3 apart with intervals of 1 to each side; the difference has sqrt(2)
    assert unresolved(independent, place, 0, [0, 1, 2]) == [True, True]
    joint = half**2 * np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]])
    assert unresolved(fit([3.0, 1.7, -0.5], joint), place, 0, [0, 1, 2]) == [False, True]
    # strengths of opposite signs move against each other where the effects move together
    assert unresolved(fit([3.0, -1.7, -0.1], joint), place, 0, [0, 1, 2]) == [True, False]


def test_exact_effects_tie_only_where_they_are_equal():
    """Where every combination was drawn nothing is left to chance, but equal effects have no order."""
    place = around(np.arange(8))
    assert unresolved(fit([0.5, 0.3, 0.3], np.zeros((3, 3))), place, 0, [0, 1, 2]) == [False, True]


def test_open_ranks_turn_in_other_runs():
    """What is called settled keeps its order in nearly all of other runs with that covariance."""
    rng = np.random.default_rng(0)
    root = 0.05 * rng.normal(size=(6, 6))
    truth = np.array([1.0, -0.9, 0.6, 0.5, -0.2, 0.1])
    place, settled, turned = around(np.arange(5000), 6), 0, 0
    for _ in range(300):
        found = fit(truth + root @ rng.standard_normal(6), root @ root.T)
        order = np.argsort(-np.abs(found.effects))
        for pair, is_open in zip(
            np.stack([order[:-1], order[1:]], axis=1), unresolved(found, place, 0, order), strict=True
        ):
            settled += not is_open
            turned += not is_open and np.abs(truth[pair[0]]) < np.abs(truth[pair[1]])
    assert settled > 200
    assert turned / settled < 0.05


@pytest.fixture(scope="module")
def explanations():
    """A picture, a row, a text and a series of which the strongest segments stand out and the others do not."""
    rng = np.random.default_rng(0)
    noise = rng.random(2**16)

    def answers(values):
        values = np.asarray(values, dtype=np.float64)
        shaken = values + 0.3 * noise[(values * 1e6).astype(int) % len(noise)]
        return np.stack([shaken, 1 - shaken], axis=1) / 3 + 0.3

    settings = {"labels": [0], "samples": 150, "what_if": 0}
    picture = rng.integers(90, 256, (24, 30, 3), dtype=np.uint8)
    table = limefw.Table(np.round(rng.random((200, 6)), 2), names=[f"column {at}" for at in range(6)])
    words = "one two three four five six seven eight nine ten"
    series = limefw.Series(np.sin(np.arange(60))[:, None] + 2)
    grid = {"use": "grid", "rows": 3, "columns": 4}
    return {
        "image": limefw.explain(
            picture,
            lambda batch: answers(batch[:, :8, :10].mean(axis=(1, 2, 3)) / 255),
            recipe="lime",
            segmenter=grid,
            **settings,
        ),
        "table": limefw.explain(table.row(0), lambda rows: answers(rows[:, 0]), **settings),
        "text": limefw.explain(
            words, lambda texts: answers([("one" in text) + 0.01 * len(text) / 50 for text in texts]), **settings
        ),
        "series": limefw.explain(series, lambda batch: answers(batch[:, :12].mean(axis=(1, 2)) / 3), **settings),
    }


@pytest.mark.parametrize("modality", ["image", "table", "text", "series"])
@pytest.mark.parametrize("renderer", ["text", "html"])
def test_renderings_mark_open_ranks_and_say_once_what_intervals_leave_out(explanations, modality, renderer):
    """Beside the effects where the order may be chance, and one sentence on all that intervals do not cover."""
    explanation = explanations[modality]
    order = [effect.segment for effect in explanation.top(5)]
    assert any(explanation.unresolved(order))
    text = " ".join(str(explanation.render(renderer).data).split())
    assert "≈ rank not resolved against the one before" in text
    assert text.count("They do not cover how the instance was cut") == 1


def test_the_end_of_a_list_is_marked_where_one_more_may_be_as_strong(explanations):
    """Which five are the strongest is as open as their order: the last is compared with the next."""
    explanation = explanations["image"]
    every = [effect.segment for effect in explanation.top(None)]
    opens = explanation.unresolved(every)
    for top in range(1, len(every)):
        listed = findings(explanation, None, top)
        assert [item.contested for item in listed] == [False] * (top - 1) + [opens[top - 1]]
        assert ("may be as strong as the last" in ties_of(listed)) == opens[top - 1]
    assert not findings(explanation, None, len(every))[-1].contested
    assert 0 < sum(opens) < len(opens)


@pytest.mark.parametrize("modality", ["image", "table", "text", "series"])
@pytest.mark.parametrize("renderer", ["text", "html"])
def test_a_posterior_is_called_one(explanations, modality, renderer):
    """Its intervals are not those of other draws."""
    source = explanations[modality]
    words = " ".join(str(source.render(renderer).data).split())
    fits = {label: replace(fit, detail={**fit.detail, "freedom": None}) for label, fit in source.fits.items()}
    posterior = " ".join(str(replace(source, fits=fits).render(renderer).data).split())
    for text in ("95% intervals of the posterior", "95% posterior"):
        assert text not in words
    assert "95% intervals of the posterior" in posterior or "95% posterior" in posterior
    assert "(95% of its posterior)" in posterior


@pytest.mark.parametrize("modality", ["image", "table", "text", "series"])
def test_sentences_name_open_ranks(explanations, modality):
    """Who hears a report learns of it too."""
    text = " ".join(str(explanations[modality].render("sentences").data).split())
    assert "Which ranks higher is not resolved: " in text


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ({"surrogate": "bayesian_ridge"}, "95% of the posterior"),
        ({"surrogate": "ridge"}, "for the luck of the draw alone"),
        ({"surrogate": "lasso"}, "or a surrogate that has none"),
        ({"sampler": "scrambled_sobol"}, "no independent draws"),
    ],
)
def test_pictures_say_what_whiskers_stand_for(stages, words):
    """Or why there are none."""

    def model(batch):
        light = batch[:, :8, :10].mean(axis=(1, 2, 3)) / 255
        return np.stack([light, 1 - light], axis=1)

    found = limefw.explain(
        np.random.default_rng(1).integers(90, 256, (24, 30, 3), dtype=np.uint8), model,
        recipe="lime", segmenter={"use": "grid", "rows": 3, "columns": 5}, samples=200, labels=[0], what_if=0, **stages,
    )  # fmt: skip
    for name in ("bars", "figure"):
        text = " ".join(item.get_text() for axes in found.plot(name).figure.axes for item in axes.texts)
        text += " ".join(item.get_text() for item in found.plot(name).texts)
        assert words in " ".join(text.split())


def test_pictures_have_the_mark(explanations):
    """Between the bars, and in words below."""
    for name in ("bars", "figure"):
        drawn = explanations["image"].plot(name)
        written = [item.get_text() for axes in drawn.axes for item in axes.texts]
        assert "≈" in written
    assert "≈" in [item.get_text() for axes in explanations["table"].plot("figure").axes for item in axes.texts]


def test_outlines_have_intervals_and_open_ranks(explanations):
    """Where a pointer rests on one, and for who hears it."""
    found = explanations["image"]
    order = [effect.segment for effect in found.top(None)]
    opens = found.unresolved(order)
    titles = re.findall("<title>([^<]*)</title>", str(found.render("svg").data))
    assert sum("≈ rank not resolved against" in title for title in titles) == sum(opens) > 0
    at = opens.index(True)
    (title,) = [title for title in titles if title.startswith(f"superpixel {order[at + 1]}:")]
    assert title.endswith(f"(≈ rank not resolved against superpixel {order[at]})")
    assert " ± " in title


def test_programs_get_margins_and_open_ranks(explanations):
    """Every figure that people see."""
    explanation = explanations["image"]
    (label,) = json.loads(explanation.render("json").data)["labels"]
    np.testing.assert_allclose(label["margins"], explanation.margins())
    assert label["order"] == [effect.segment for effect in explanation.top(None)]
    assert label["resolved_from_next"] == [not each for each in explanation.unresolved(label["order"])]
    tree = limefw.explain(
        np.zeros((8, 8, 3), np.uint8), lambda batch: np.tile([0.5, 0.5], (len(batch), 1)), surrogate="tree",
        segmenter={"use": "grid", "rows": 2, "columns": 2}, labels=[0], what_if=0,
    )  # fmt: skip
    (silent,) = json.loads(tree.render("json").data)["labels"]
    assert silent["margins"] is None
    assert silent["resolved_from_next"] is None


def test_fewer_samples_than_segments_are_told():
    """No least squares can tell them apart, and it is said what to do."""
    grid = {"use": "grid", "rows": 6, "columns": 6}

    def model(batch):
        light = batch.mean(axis=(1, 2, 3)) / 255
        return np.stack([light, 1 - light], axis=1)

    picture = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    found = limefw.explain(picture, model, segmenter=grid, samples=20, labels=[0], what_if=0)
    (text,) = [caution.message for caution in found.health.cautions if caution.code == "too_few_samples"]
    assert text.startswith("20 samples cannot tell 36 segments apart")
    assert "draw at least 76 (360 are advisable)" in text
    assert found.margins() is None


@pytest.mark.parametrize(("sampler", "kernel"), [("bernoulli", "cosine_exponential"), ("paired", "symmetric")])
def test_intervals_hold_the_limit_as_often_as_they_say(sampler, kernel):
    """At eight samples a segment, against the fit on all combinations: 92 to 99 of 100, averaged over coefficients."""
    width = 10
    rng = np.random.default_rng(3)
    strengths, pairs = rng.normal(size=width), rng.integers(0, width, (2, 8))
    segments = Segments.from_labels(np.arange(width)[None])
    weigh, draw = (limefw.registry().get(*named).call for named in (("kernels", kernel), ("samplers", sampler)))

    def placed(draws, *, exhaustive):
        codes = draws.codes
        together = (codes[:, pairs[0]] != codes[:, pairs[1]]).sum(axis=1) - 4
        answers = 1 / (1 + np.exp(-1.5 * (codes - 0.5) @ strengths - together))
        return Neighbourhood(codes, answers[:, None], weigh(draws, None), draws.groups, exhaustive)

    every = Draws((np.arange(2**width)[::-1, None] >> np.arange(width) & 1).astype(bool), groups=np.arange(2**width))
    limit = linear_fits(placed(every, exhaustive=True), 0.0)[0].effects
    covered = []
    for seed in range(200):
        blocks = draw(None, segments, 8 * width, np.random.default_rng(seed), enumerate_small=False)
        place = placed(Draws.join(list(blocks)), exhaustive=False)
        (found,) = linear_fits(place, 0.0)
        covered.append(np.abs(found.effects - limit) <= margins(found, place))
    assert 0.92 <= np.mean(covered) <= 0.99
