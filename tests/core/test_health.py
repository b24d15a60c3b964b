"""How far to trust an explanation: every figure against an independent count, every caution raised and not raised."""

import json
from dataclasses import replace

import numpy as np
import pytest

import limefw
from limefw.pipeline import stream
from limefw.results.health import FOLDS, MANY_SEGMENTS, _few_decide
from limefw.statistics import linear_fits
from limefw.types import Neighbourhood


DRAWN = {"use": "bernoulli", "enumerate_small": False}
RIDGE = {"use": "ridge", "alpha": 3.0, "scale": "absolute"}


def explained(function, width, *, task="regression", **settings):
    """Explain a function of codes: a column of pixels for each segment, 1 where shown and 0 where hidden."""

    def black_box(batch):
        return function(batch[:, 0, :, 0].astype(np.float64))

    given = {"filler": {"use": "constant", "value": 0.0}, "samples": 200, "labels": 0, "what_if": 0, **settings}
    return limefw.explain(
        limefw.Image(np.ones((2, width, 1)), (0.0, 1.0)),
        limefw.model(black_box, task=task),
        segmenter=lambda _image, _rng, /: limefw.Segments.from_labels(np.indices((2, width))[1]),
        **given,
    )


def additive(*effects):
    """Return a black box with these effects; segments beyond them do nothing."""
    return lambda codes: 0.5 + codes[:, : len(effects)] @ np.array(effects)


def codes_of(explanation):
    return [caution.code for caution in explanation.health.cautions]


# --- cross-fitted R2


def curved(codes):
    """Two targets that no linear surrogate describes exactly."""
    return np.stack([codes[:, 0] * codes[:, 1] + codes[:, 2], np.exp(codes @ np.linspace(-1, 1, codes.shape[1]))], 1)


def left_out_r2(around, alpha, seed):
    """Return the R2 of ridge regressions that did not see the fold they predict, by lstsq on stacked rows."""
    numbers, group = np.unique(around.groups, return_inverse=True)
    fold = stream(seed, "health").permutation(len(numbers))[group] % 5
    codes, weights = around.codes.astype(float), around.weights
    penalty = np.sqrt(alpha) * np.eye(codes.shape[1])
    predicted = np.empty(around.targets.shape)
    for number in range(5):
        seen, root = fold != number, np.sqrt(weights[fold != number])[:, None]
        middle = np.average(codes[seen], axis=0, weights=weights[seen])
        means = np.average(around.targets[seen], axis=0, weights=weights[seen])
        rows = np.concatenate([root * (codes[seen] - middle), penalty])
        wanted = np.concatenate([root * (around.targets[seen] - means), np.zeros((len(penalty), len(means)))])
        slopes = np.linalg.lstsq(rows, wanted, rcond=None)[0]
        predicted[~seen] = means + (codes[~seen] - middle) @ slopes
    mean = np.average(around.targets, axis=0, weights=weights)
    return 1 - weights @ (around.targets - predicted) ** 2 / (weights @ (around.targets - mean) ** 2)


@pytest.mark.parametrize("sampler", [DRAWN, {"use": "paired", "enumerate_small": False}], ids=["alone", "pairs"])
@pytest.mark.parametrize(("surrogate", "alpha"), [("linear", 0.0), (RIDGE, 3.0)])
@pytest.mark.parametrize("seed", [0, 4])
def test_the_cross_fitted_r2_is_that_of_an_independent_k_fold(sampler, surrogate, alpha, seed):
    """Five folds of whole groups, each predicted by a fit to the other four, scored together by the weights."""
    found = explained(curved, 9, sampler=sampler, surrogate=surrogate, seed=seed, labels=[1, 0], samples=150)
    expected = left_out_r2(found.neighbourhood, alpha, seed)
    scores = [found.health.labels[label].cross_fitted for label in (1, 0)]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-10)
    assert all(
        0.2 < score < found.health.labels[label].fidelity < 1 for score, label in zip(scores, (1, 0), strict=True)
    )


@pytest.mark.parametrize("selector", ["highest_weights", "forward", "lasso_path"])
@pytest.mark.parametrize("seed", range(4))
def test_an_additive_model_is_cross_fitted_without_error_after_a_selection(selector, seed):
    """Whatever fold the instance falls into, the segments that matter are picked and explain everything."""
    box = additive(3.0, -2.0, 1.0)
    found = explained(
        box, 10, sampler=DRAWN, surrogate="linear", selector={"use": selector, "num_features": 3}, seed=seed
    )
    assert sorted(found.fit().columns) == [0, 1, 2]
    assert found.health.labels[0].cross_fitted == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_instance_is_first_in_every_fold_and_weighs_nothing_where_it_is_left_out(seed):
    """Selectors may look at the first row; the fold that leaves the instance out must not learn from it."""
    seen = []

    def selector(around, _rng, /):
        seen.append((around.codes[0].all(), around.weights[0]))
        return [np.arange(around.codes.shape[1])]

    explained(additive(1.0, 2.0), 8, recipe="lime", sampler=DRAWN, selector=selector, seed=seed)
    first, weights = zip(*seen, strict=True)
    assert len(seen) == 1 + FOLDS
    assert all(first)
    assert sorted(weights) == [0.0] + [1.0] * FOLDS


@pytest.mark.parametrize(("samples", "scored"), [(12, False), (13, True)])
def test_too_few_rows_for_folds_have_no_cross_fitted_r2(samples, scored):
    """A fit to four fifths of the rows needs more of them than coefficients: 8 + 1 here."""
    found = explained(curved, 8, sampler=DRAWN, samples=samples)
    assert (found.health.labels[0].cross_fitted is not None) == scored


# --- how many effects stand out


def test_resolved_counts_effects_beyond_two_standard_errors():
    """As an independent count over a sample with noise; here some are and some are not."""
    noisy = np.random.default_rng(0).normal(size=2**10)
    effects, powers = np.array([2.0, -1.0, 0.5, 0.2, 0.1, 0, 0, 0, 0, 0]), 2 ** np.arange(10)
    found = explained(lambda codes: codes @ effects + noisy[(codes @ powers).astype(int)], 10, sampler=DRAWN)
    fit = found.fit()
    expected = sum(
        abs(effect) > 2 * error for effect, error in zip(fit.effects, np.sqrt(np.diag(fit.covariance)), strict=True)
    )
    assert found.health.labels[0].resolved == expected
    assert 2 <= expected < 10


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_an_enumeration_resolves_real_effects_alone(unit):
    """Without standard errors every effect would stand out, rounding too; only those that are real count."""
    found = explained(lambda codes: unit * additive(0.3, 0.0, 0.1, -0.2)(codes), 7, surrogate="linear", samples=128)
    assert found.fit().standard_errors.tolist() == [0.0] * 7
    assert np.count_nonzero(found.fit().effects) > 3, "rounding leaves something, so that this test can fail"
    assert found.health.labels[0].resolved == 3


def test_surrogates_without_standard_errors_resolve_nothing():
    """None is not 0: it is not known."""
    assert explained(additive(1.0, 2.0), 8, surrogate="lasso").health.labels[0].resolved is None


def test_effective_samples_and_predictions_are_what_they_say():
    """(sum w)^2 / sum w^2, the model's answer for the instance, the surrogate's, and one row for each drawn."""
    found = explained(curved, 8, sampler=DRAWN)
    weights, health = found.neighbourhood.weights, found.health
    assert health.effective_samples == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-12)
    assert health.samples_per_segment == pytest.approx(health.effective_samples / 8)
    assert health.labels[0].model_prediction == curved(np.ones((1, 8)))[0, 0]
    assert health.labels[0].local_prediction == pytest.approx(found.fit().intercept + found.fit().effects.sum())
    assert health.distinct == len(np.unique(found.neighbourhood.codes, axis=0))


# --- cautions


class Stops:
    """An additive black box that raises `stop` once it has answered `after` rows."""

    def __init__(self, stop, after):
        self.stop, self.after, self.rows = stop, after, 0

    def __call__(self, codes):
        if self.rows >= self.after:
            raise self.stop
        self.rows += len(codes)
        return additive(0.1, 0.2)(codes)


def parity(codes):
    return np.prod(1 - 2 * codes, axis=1)


def noted(function, width, **settings):
    """Return the cautions of what was explained, or of what an error kept."""
    try:
        return codes_of(explained(function, width, **settings))
    except RuntimeError as error:
        return codes_of(error.partial)


PLAIN = additive(0.1, 0.2)
NARROW = {"use": "cosine_exponential", "width": 0.05}
CAUTIONS = {
    "few_segments": ((PLAIN, 5, {"samples": 32}), (PLAIN, 6, {"samples": 64})),
    "narrow_kernel": ((PLAIN, 10, {"kernel": NARROW, "sampler": DRAWN}), (PLAIN, 10, {"sampler": DRAWN})),
    "too_few_samples": ((PLAIN, 10, {"samples": 99}), (PLAIN, 10, {"samples": 100})),
    "entangled": (
        (PLAIN, 8, {"sampler": {"use": "contiguous", "join": 0.999}, "samples": 400}),
        (PLAIN, 8, {"sampler": {"use": "contiguous", "join": 0.3}, "samples": 400}),
    ),
    "few_decide": (
        (lambda codes: codes[:, :6].prod(axis=1), 10, {"samples": 100}),
        (lambda codes: codes[:, :2].prod(axis=1), 10, {"samples": 100}),
    ),
    "not_converged": (
        (PLAIN, 8, {"surrogate": {"use": "huber", "max_iterations": 1}}),
        (PLAIN, 8, {"surrogate": "huber"}),
    ),
    "low_fidelity": ((parity, 8, {"sampler": DRAWN}), (PLAIN, 8, {"sampler": DRAWN})),
    "constant_model": ((lambda codes: np.full(len(codes), 1e6), 8, {}), (lambda codes: 1e6 + codes[:, 0], 8, {})),
    "all_zero": ((PLAIN, 8, {"surrogate": {"use": "lasso", "alpha": 5.0}}), (PLAIN, 8, {"surrogate": "lasso"})),
    "many_segments": ((PLAIN, MANY_SEGMENTS + 1, {}), (PLAIN, MANY_SEGMENTS, {})),
    "filler_hides_nothing": ((PLAIN, 8, {"filler": {"use": "constant", "value": 1.0}}), (PLAIN, 8, {})),
    "interrupted": (
        (Stops(KeyboardInterrupt(), 60), 8, {"chunk": 10}),
        (Stops(KeyboardInterrupt(), 200), 8, {"chunk": 10}),
    ),
    "failed": ((Stops(RuntimeError(), 60), 8, {"chunk": 10}), (Stops(RuntimeError(), 200), 8, {"chunk": 10})),
    "what_if_failed": (
        (Stops(RuntimeError(), 300), 30, {"samples": 300, "what_if": 2}),
        (Stops(RuntimeError(), 302), 30, {"samples": 300, "what_if": 2}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", CAUTIONS)
def test_each_caution_is_raised_where_it_should_be_and_not_elsewhere(code):
    """A setting on either side of each limit."""
    (function, width, settings), (other, calm, others) = CAUTIONS[code]
    assert noted(function, width, **settings).count(code) == 1
    assert code not in noted(other, calm, **others)


def test_an_exhaustive_neighbourhood_is_never_too_small_or_too_narrow():
    """More samples would be the same ones, whatever the kernel leaves of them."""
    found = explained(PLAIN, 5, samples=32, kernel={"use": "cosine_exponential", "width": 0.01})
    assert found.health.effective_samples < 0.1 * 32
    assert not {"narrow_kernel", "too_few_samples"} & set(codes_of(found))


def neighbourhood(answers, groups=None):
    """Return 160 draws of ten segments with the instance first, and the line through them."""
    codes = np.random.default_rng(0).random((160, 10)) < 0.5
    codes[0] = True
    around = Neighbourhood(codes, answers(codes)[:, None], np.ones(160), np.arange(160) if groups is None else groups)
    return around, linear_fits(around, 1e-6)[0]


@pytest.mark.parametrize("count", [3, 5, 12, 40])
def test_as_many_draws_decide_as_miss_the_line(count):
    """A few rows that are far off, of many that are near: told where they are fewer than eight draws."""

    often = np.zeros(160, dtype=bool)
    often[np.linspace(5, 155, count).astype(int)] = True

    def odd(codes):
        return codes[:, 0] + 0.01 * codes[:, 1] * codes[:, 2] + 3.0 * often

    around, fit = neighbourhood(odd)
    told = _few_decide(0, fit, around, around.targets[:, 0])
    assert bool(told) == (count < 8)
    # what every run has is no luck, and rows of a group are one draw
    assert not _few_decide(0, fit, replace(around, groups=np.where(often, -1 - np.arange(160), np.arange(160))),
                           around.targets[:, 0])  # fmt: skip
    together = np.where(often, 500 + np.cumsum(often) // 4, np.arange(160))
    assert bool(_few_decide(0, fit, replace(around, groups=together), around.targets[:, 0])) == (count < 30)
    # tiny weights are weights
    tiny = replace(around, weights=np.full(160, 1e-200))
    assert bool(_few_decide(0, fit, tiny, around.targets[:, 0])) == (count < 8)
    # a row without weight decides nothing
    assert not _few_decide(0, fit, replace(around, weights=np.where(often, 0.0, 1.0)), around.targets[:, 0])


def test_what_is_missed_by_nothing_to_speak_of_is_not_told():
    """Intervals of a millionth move no rank, whatever few rows they rest on."""
    around, fit = neighbourhood(lambda codes: codes[:, 0] + 1e-6 * codes[:, :6].prod(axis=1))
    assert not _few_decide(0, fit, around, around.targets[:, 0])


def test_a_good_explanation_has_no_caution():
    """The list can be empty."""
    assert codes_of(explained(PLAIN, 10)) == []


def test_cautions_of_labels_name_their_label():
    """Of two labels the one that never changes is told, the other is not."""
    found = explained(lambda codes: np.stack([codes[:, 0], np.ones(len(codes))], axis=1), 8, labels=[0, 1])
    assert [(caution.code, caution.message.partition(":")[0]) for caution in found.health.cautions] == [
        ("constant_model", "label 1")
    ]


@pytest.mark.parametrize("unit", [1e-12, 1e-100, 1e100])
@pytest.mark.parametrize("surrogate", ["linear", "lasso"])
def test_a_regressor_of_any_unit_is_explained(unit, surrogate):
    """Nobody knows what is small in a regressor's own units: 1e-12 of them are as good as one."""
    small, plain = (
        explained(lambda codes, by=by: by * additive(3.0, -2.0, 1.0)(codes), 8, surrogate=surrogate) for by in (unit, 1)
    )
    assert codes_of(small) == []
    np.testing.assert_allclose(small.fit().effects / unit, plain.fit().effects, rtol=0, atol=1e-9)
    np.testing.assert_allclose(small.values / unit, plain.values, rtol=0, atol=1e-9)
    assert [effect.segment for effect in small.top(3)] == [0, 1, 2]
    assert small.health.labels[0].cross_fitted == pytest.approx(plain.health.labels[0].cross_fitted, abs=1e-9)
    assert small.health.labels[0].resolved == plain.health.labels[0].resolved


def test_probabilities_that_hardly_change_are_constant():
    """Of a probability it is known what is small: a change of 1e-10 is nothing, beside 0 too."""
    tiny = explained(lambda codes: 1e-10 * codes[:, 0], 8, task="classification", labels=1)
    assert "constant_model" in codes_of(tiny)


def test_a_segment_that_was_never_hidden_is_not_called_exact():
    """No draw says anything of it: it has no interval, in whatever is drawn or written, and a caution names it."""

    def but_one(_instance, segments, budget, rng, /):
        codes = rng.random((budget, segments.count)) < 0.5
        codes[0], codes[:, 3] = True, True
        yield limefw.Draws(codes)

    found = explained(additive(1.0, -2.0, 0.5, 3.0), 8, sampler=but_one, surrogate="linear", kernel="flat")
    assert np.flatnonzero(np.isnan(found.margins())).tolist() == [3]
    (caution,) = [each for each in found.health.cautions if each.code == "never_hidden"]
    assert "1 of 8 segments were never hidden or changed (3)" in caution.message
    figures = json.loads(found.render("json").data)["labels"][0]
    assert [at for at, each in enumerate(figures["margins"]) if each is None] == [3]
    assert [at for at, each in enumerate(figures["standard_errors"]) if each is None] == [3]
    every = explained(additive(1.0, -2.0, 0.5, 3.0), 8, sampler="exhaustive", samples=256)
    assert "never_hidden" not in codes_of(every)
    assert not every.margins().any()


@pytest.mark.parametrize("shown", [False, True])
def test_a_segment_that_a_few_draws_decide_is_named(shown):
    """Hidden in two of a hundred draws or shown in two, its interval says too little; with enough it is not."""

    def hardly(_instance, segments, budget, rng, /):
        codes = rng.random((budget, segments.count)) < 0.5
        codes[:, 3] = (np.arange(budget) % 50 == 7) == shown
        codes[0] = True
        yield limefw.Draws(codes)

    found = explained(additive(1.0, -2.0, 0.5, 3.0), 8, sampler=hardly, samples=100)
    (caution,) = [each for each in found.health.cautions if each.code == "hardly_hidden"]
    assert caution.message.startswith("fewer than 5 of 100 draws decide the effects of 1 of 8 segments (3): ")
    enough = explained(additive(1.0, -2.0, 0.5, 3.0), 8, sampler=hardly, samples=250)
    assert "hardly_hidden" not in codes_of(enough)
    too_few = explained(additive(1.0, -2.0, 0.5, 3.0), 8, sampler=hardly, samples=60)
    assert {"too_few_samples"} <= set(codes_of(too_few))
    assert "hardly_hidden" not in codes_of(too_few)


def test_what_was_drawn_whole_hangs_on_no_few_draws():
    """Two segments: two of all four combinations hide each, and there are no others."""
    every = explained(additive(1.0, -2.0), 2, sampler="exhaustive", samples=20)
    assert not {"hardly_hidden", "never_hidden"} & set(codes_of(every))


def test_an_effect_without_an_interval_beside_others_is_drawn():
    """A prior may give an effect to what was never hidden."""

    def but_one(_instance, segments, budget, rng, /):
        codes = rng.random((budget, segments.count)) < 0.5
        codes[0], codes[:, 3] = True, True
        yield limefw.Draws(codes)

    surrogate = {"use": "bayesian_ridge", "prior": 2.0}
    found = explained(additive(1.0, -2.0, 0.5, 3.0), 8, sampler=but_one, surrogate=surrogate)
    known = {effect.segment: effect.margin for effect in found.top(None)}
    assert known.pop(3) is None
    assert None not in known.values()
    assert all(found.render(name).data for name in ("html", "bars", "text"))


@pytest.mark.parametrize("surrogate", ["tree", "multi_output_tree"])
def test_of_a_tree_parts_may_matter_together_alone(surrogate):
    """Either of two is enough, so that hiding one changes nothing; the tree is right, and nothing was missed."""
    either = lambda codes: np.maximum(codes[:, 0], codes[:, 1])
    found = explained(either, 8, surrogate=surrogate, kernel="flat")
    assert not found.effects().any()
    assert found.health.labels[0].fidelity > 0.99
    assert "only_together" in codes_of(found)
    assert "all_zero" not in codes_of(found)
    assert "No superpixel has an effect by itself; the tree shows" in " ".join(found.render("text").data.split())
    blind = explained(either, 8, surrogate={"use": surrogate, "min_samples_leaf": 150}, kernel="flat")
    assert "all_zero" in codes_of(blind)
    assert "No superpixel has an effect." in blind.render("text").data
