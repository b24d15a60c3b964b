"""Shapley values: exact where every combination is drawn, and estimated without bias where not."""

from dataclasses import replace
from itertools import permutations, product
from math import factorial

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

import limefw
from limefw.results.intervals import margins
from limefw.statistics import errors
from limefw.types import Neighbourhood
from limefw_plugins.kernels.shapley import MOST
from limefw_plugins.kernels.shapley import shapley as kernel
from limefw_plugins.samplers.bernoulli import bernoulli
from limefw_plugins.samplers.leverage import leverage
from limefw_plugins.samplers.paired import paired
from limefw_plugins.samplers.shapley_sizes import shapley_sizes
from limefw_plugins.surrogates.linear import linear
from limefw_plugins.surrogates.shapley import shapley


RNG = np.random.default_rng(0)  # never drawn from


def looked_up(values):
    """Return a black box that looks its answer up by code."""
    powers = 2 ** np.arange(int(np.log2(len(values))))[::-1]
    return lambda codes: values[(codes @ powers).astype(int)]


def by_orders(box, width):
    """Return what each segment adds on average over all orders in which they could be shown."""
    total = np.zeros(width)
    for order in permutations(range(width)):
        codes = np.zeros((width + 1, width))
        for place, segment in enumerate(order):
            codes[place + 1 :, segment] = 1
        total[list(order)] += np.diff(box(codes))
    return total / factorial(width)


def by_subsets(values):
    """Return Shapley values by the sum over subsets of the others, fast enough for any width."""
    width = int(np.log2(len(values)))
    table, sizes = values.reshape((2,) * width), np.array(list(product([0, 1], repeat=width - 1))).sum(axis=1)
    weights = np.array([factorial(size) * factorial(width - size - 1) / factorial(width) for size in range(width)])
    return np.array([weights[sizes] @ (table.take(1, axis=j) - table.take(0, axis=j)).ravel() for j in range(width)])


def around_of(sampler, width, budget, box, seed=0, **params):
    segments = limefw.Segments.from_labels(np.arange(width)[None])
    draws = limefw.Draws.join(list(sampler(None, segments, budget, np.random.default_rng(seed), **params)))
    answers = box(draws.codes.astype(float)).reshape(len(draws), -1)
    weights = kernel(draws, None) * draws.importance
    return Neighbourhood(draws.codes, answers, weights, draws.groups, draws.exhaustive)


@pytest.mark.parametrize("width", [2, 3, 6])
@pytest.mark.parametrize("sampler", [bernoulli, paired, shapley_sizes, leverage])
def test_all_combinations_give_shapley_values(sampler, width):
    """What a segment adds on average over all orders, to rounding, with standard errors of 0."""
    box = looked_up(np.random.default_rng(width).normal(size=2**width))
    (fit,) = shapley(around_of(sampler, width, 64, box), RNG)
    np.testing.assert_allclose(fit.effects, by_orders(box, width), rtol=0, atol=1e-12)
    assert fit.standard_errors.tolist() == [0.0] * width
    assert fit.intercept == pytest.approx(float(box(np.zeros((1, width)))[0]), abs=1e-12)


def test_ten_segments_through_the_pipeline():
    """The recipe's own stages, on a black box of pixels."""
    values = np.random.default_rng(5).normal(size=2**10)
    box = looked_up(values)
    found = limefw.explain(
        limefw.Image(np.ones((2, 10, 1)), (0.0, 1.0)),
        limefw.model(lambda batch: box(batch[:, 0, :, 0].astype(float)), task="regression"),
        recipe="shapley", samples=1024, labels=0, filler={"use": "constant", "value": 0.0},
        segmenter=lambda _image, _rng, /: limefw.Segments.from_labels(np.indices((2, 10))[1]),
    )  # fmt: skip
    np.testing.assert_allclose(found.fit().effects, by_subsets(values), rtol=0, atol=1e-10)
    assert "not_cross_fitted" not in [caution.code for caution in found.health.cautions]


@pytest.mark.parametrize("width", [6, 10])
def test_the_shap_package_says_the_same(width):
    shap = pytest.importorskip("shap")
    box = looked_up(np.random.default_rng(7).normal(size=2**width))
    theirs = shap.KernelExplainer(box, np.zeros((1, width))).shap_values(np.ones(width), nsamples=2**width, silent=True)
    (fit,) = shapley(around_of(leverage, width, 2**width, box), RNG)
    np.testing.assert_allclose(fit.effects, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sampler", [shapley_sizes, leverage, paired])
def test_effects_add_up_whatever_was_drawn(sampler):
    """f(all) - f(nothing), for each target, also from fewer draws than segments."""
    boxes = [looked_up(np.random.default_rng(seed).normal(size=2**12)) for seed in range(3)]
    for budget in (10, 60, 400):
        around = around_of(sampler, 12, budget, lambda codes: np.column_stack([box(codes) for box in boxes]))
        for fit, box in zip(shapley(around, RNG), boxes, strict=True):
            everything, nothing = box(np.array([[1.0] * 12, [0.0] * 12]))
            assert fit.effects.sum() == pytest.approx(everything - nothing, abs=1e-9)
            assert fit.local_prediction == everything


def test_a_single_column_has_all_there_is():
    codes = np.array([[True], [False], [True], [False]])
    around = Neighbourhood(codes, np.array([[3.0], [1.0], [3.0], [1.0]]), np.ones(4), np.arange(4))
    (fit,) = shapley(around, RNG)
    assert (fit.effects.tolist(), fit.intercept, fit.score) == ([2.0], 1.0, 1.0)


@pytest.mark.parametrize("sampler", [shapley_sizes, leverage])
def test_estimates_gather_around_shapley_values(sampler):
    """4,000 draws of 14 segments land within 4.5 of their standard errors, and those are small."""
    values = np.random.default_rng(11).normal(size=2**14)
    expected = by_subsets(values)
    (fit,) = shapley(around_of(sampler, 14, 4000, looked_up(values)), RNG)
    assert (np.abs(fit.effects - expected) <= 4.5 * fit.standard_errors).all()
    assert (fit.standard_errors < 0.3).all()


def filled_by_chance(seed, *, told):
    """Return (d,) whether intervals hold what the effects are on average, hidden parts being drawn for each pair."""
    width, drawn = 10, np.random.default_rng([seed, 1])
    own = np.random.default_rng(3).normal(size=width)
    around = around_of(shapley_sizes, width, 400, lambda codes: codes[:, 0], seed, enumerate_small=False)
    filled = drawn.normal(size=(int(around.groups.max()) + 1, width))[around.groups]
    seen = np.where(around.codes, own, filled)
    answers = seen.sum(axis=1) + seen[:, 0] * seen[:, 1]
    around = replace(around, targets=answers[:, None], filled_by_chance=told)
    (fit,) = shapley(around, RNG)
    expected = own + own[0] * own[1] * np.isin(np.arange(width), [0, 1]) / 2
    return np.abs(fit.effects - expected) <= margins(fit, around)


def test_what_nothing_shows_is_not_known_where_it_is_drawn():
    """One row of all hidden decides f(nothing): intervals that take it for known hold too little, others do not."""
    assert np.mean([filled_by_chance(seed, told=False) for seed in range(150)]) < 0.9
    assert 0.92 <= np.mean([filled_by_chance(seed, told=True) for seed in range(150)]) <= 0.99


def drawn_by_hand(nothing, told):
    """Return the standard errors of three segments, whose additive answers move by a known amount."""
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.ones((1, 3)), np.zeros((nothing, 3)), rng.random((600, 3)) < 0.5]).astype(bool)
    codes = codes[(codes.any(axis=1)) | (np.arange(len(codes)) <= nothing)]
    answers = codes @ [3.0, 2.0, 1.0] + np.where(codes.all(axis=1), 0.0, rng.normal(0, 6.0, len(codes)))
    weights = np.where(codes.all(axis=1) | ~codes.any(axis=1), 0.0, 1.0)
    around = Neighbourhood(codes, answers[:, None], weights, np.arange(len(codes)), filled_by_chance=told)
    return shapley(around, RNG)[0].standard_errors


def test_the_more_often_nothing_was_shown_the_better_it_is_known():
    """A ninth of a variance of 36 in each effect, over the rows that show nothing; none without these."""
    for nothing in (1, 4, 36):
        more = drawn_by_hand(nothing, told=True) ** 2 - drawn_by_hand(nothing, told=False) ** 2
        np.testing.assert_allclose(more, 36 / 9 / nothing, rtol=0.25)
    np.testing.assert_array_equal(drawn_by_hand(0, told=True), drawn_by_hand(0, told=False))


def test_codes_that_nobody_repeats_are_judged_by_what_the_line_leaves():
    """Of `leverage`, which draws none twice, on a sum whose answers move by 1."""
    around = around_of(leverage, 12, 300, lambda codes: codes @ np.arange(12.0) ** 2 / 10)
    noise = np.random.default_rng(0).normal(size=(len(around.codes), 1)) * ~around.codes.all(axis=1, keepdims=True)
    around = replace(around, targets=around.targets + noise)
    known = shapley(around, RNG)[0].standard_errors
    moved = shapley(replace(around, filled_by_chance=True), RNG)[0].standard_errors
    np.testing.assert_allclose(moved**2 - known**2, 1 / 144, rtol=0.6)


@pytest.mark.parametrize(("filler", "drawn"), [("noise", True), ("mean_color", False)])
def test_the_pipeline_says_whether_the_filler_draws(filler, drawn):
    found = limefw.explain(
        np.random.default_rng(0).integers(0, 255, (24, 24, 3), dtype=np.uint8),
        lambda batch: np.stack([batch.mean(axis=(1, 2, 3)) / 255, 1 - batch.mean(axis=(1, 2, 3)) / 255], axis=1),
        recipe="shapley", segmenter="grid", filler=filler, samples=100, labels=0,
    )  # fmt: skip
    assert found.neighbourhood.filled_by_chance is drawn


@pytest.mark.parametrize("few", [np.inf, errors.FEW_CARRIERS])
def test_errors_are_those_of_leaving_out_one_pair_at_a_time(monkeypatch, few):
    """CR3 is the jackknife over groups: refitting without each pair in turn, the effects vary by it.

    Beside it stands what the skew of each effect asks for, but for what all of them have in common.
    """
    monkeypatch.setattr(errors, "FEW_CARRIERS", few)
    box = looked_up(np.random.default_rng(3).normal(size=2**12) ** 3)
    around = around_of(shapley_sizes, 12, 160, box)
    (fit,) = shapley(around, RNG)
    changes = []
    for group in np.unique(around.groups)[1:]:  # the first pair weighs nothing, and holds the line
        (one,) = shapley(around.take(np.flatnonzero(around.groups != group)), RNG)
        changes.append(one.effects - fit.effects)
    moved = -np.array(changes)
    spread, skew = moved.T @ moved, np.zeros(12)
    if few < np.inf:
        freedom = len(moved) + 1 - 12
        free = freedom**2 / ((freedom - 1) * (freedom - 2))
        lean = 1.447 * free * (moved**3).sum(axis=0) / (moved**2).sum(axis=0)
        away = np.abs(lean) / np.sqrt(np.diag(spread))
        half = [brentq(lambda c, t=t: norm.cdf(c - t) - norm.cdf(-c - t) - 0.95, 1.9, t + 3) for t in away]
        skew = np.sign(lean) * np.sqrt(np.diag(spread) * ((np.array(half) / norm.ppf(0.975)) ** 2 - 1))
        assert away.max() > 0.5
    expected = spread + np.outer(skew - skew.mean(), skew - skew.mean())
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(fit.covariance / size, expected / size, atol=1e-6 if few == np.inf else 0.02)
    # what all effects add up to is known without error
    assert np.ones(12) @ fit.covariance @ np.ones(12) == pytest.approx(0.0, abs=1e-12)


def test_skew_widens_the_errors_of_a_segment_whatever_its_place():
    """Segments in another order have the errors that they had, of a box whose answers are skewed too."""
    box, order = (
        (lambda codes: np.exp(2 * codes[:, 0] + codes[:, 1] * codes[:, 2])),
        np.random.default_rng(1).permutation(8),
    )
    around = around_of(shapley_sizes, 8, 120, box)
    other = replace(around, codes=np.ascontiguousarray(around.codes[:, order]))
    (fit,), (turned,) = shapley(around, RNG), shapley(other, RNG)
    np.testing.assert_allclose(turned.covariance, fit.covariance[np.ix_(order, order)], rtol=1e-6, atol=1e-12)


def test_without_the_all_hidden_row_the_line_goes_through_the_instance_alone():
    """Of an additive box that is enough, and the intercept is fitted."""
    theta = np.random.default_rng(4).normal(size=9)
    around = around_of(bernoulli, 9, 100, lambda codes: 2 + codes @ theta)
    around = around.take(np.flatnonzero(around.codes.any(axis=1)))
    (fit,) = shapley(around, RNG)
    np.testing.assert_allclose(fit.effects, theta, rtol=0, atol=1e-9)
    assert fit.intercept == pytest.approx(2.0, abs=1e-9)
    assert fit.local_prediction == pytest.approx(2 + theta.sum())


# --- the kernel


@pytest.mark.parametrize("width", [2, 5, 40])
def test_its_weights_are_lundbergs_and_lees(width):
    """Ratios are those of (d - 1) / (C(d, s) s (d - s)), their mean over all codes is 1, ends weigh nothing."""
    from math import comb

    stairs = limefw.Draws(np.arange(width) < np.arange(width, -1, -1)[:, None])
    found = kernel(stairs, None)
    sizes = range(width - 1, 0, -1)
    expected = np.array([(width - 1) / (comb(width, s) * s * (width - s)) for s in sizes])
    np.testing.assert_allclose(found[1:-1] / found[1], expected / expected[0], rtol=1e-9)
    assert (found[0], found[-1]) == (0.0, 0.0)
    mean = sum(weight * comb(width, s) / 2**width for weight, s in zip(found[1:-1], sizes, strict=True))
    assert mean == pytest.approx(1.0, rel=1e-9)


def test_what_it_cannot_weigh_is_said():
    with pytest.raises(limefw.InputError, match="needs draws that show some segments and hide others"):
        kernel(limefw.Draws(np.array([[True, True], [False, False]])), None)
    with pytest.raises(limefw.InputError, match=f"up to {MOST} segments, and here are {MOST + 1}"):
        kernel(limefw.Draws(np.ones((2, MOST + 1), dtype=bool)), None)


def test_plain_least_squares_under_it_is_not_enough():
    """Without the constraints the effects do not add up, so that the tests above can fail."""
    box = looked_up(np.random.default_rng(3).normal(size=2**6))
    (fit,) = linear(around_of(bernoulli, 6, 64, box), RNG)
    assert np.abs(fit.effects - by_orders(box, 6)).max() > 0.01


def explained(**settings):
    return limefw.explain(
        limefw.Image(np.ones((2, 8, 1)), (0.0, 1.0)),
        limefw.model(lambda batch: batch[:, 0, :, 0].sum(axis=1)[:, None], task="regression"),
        labels=0, filler={"use": "constant", "value": 0.0}, samples=200, what_if=0,
        segmenter=lambda _image, _rng, /: limefw.Segments.from_labels(np.indices((2, 8))[1]),
        **{"recipe": "shapley", **settings},
    )  # fmt: skip


def test_a_selector_that_drops_segments_is_refused_before_the_model_is_asked():
    """Else every row with the chosen ones hidden would count as the one where nothing shows."""
    with pytest.raises(limefw.RecipeError, match="needs all segments, and selector 'highest_weights' may drop some"):
        explained(selector={"use": "highest_weights", "num_features": 3})


def test_what_are_no_shapley_values_is_said_or_refused():
    """Another kernel gives other values; soft codes are no sets at all."""
    codes = [[caution.code for caution in explained(**one).health.cautions] for one in ({}, {"kernel": "flat"})]
    assert "surrogate" not in codes[0]
    assert "surrogate" in codes[1]
    with pytest.raises(limefw.InputError, match="wholly shown or hidden"):
        explained(sampler="rise_masks")
