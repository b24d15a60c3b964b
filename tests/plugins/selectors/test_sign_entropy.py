"""Columns whose sign may be chance are dropped, told from one fit as repeats would tell it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

import limefw
from limefw.statistics import linear_fits
from limefw.types import Neighbourhood
from limefw_plugins.selectors.sign_entropy import sign_entropies, sign_entropy


STRONG = np.array([1.0, -0.8, 0.6])
NULLS = 5


def neighbourhood(seed, rows=400, targets=1):
    """Fair coins and three columns that count; interactions of two of them and noise are what is left to chance."""
    rng = np.random.default_rng(seed)
    codes = rng.random((rows, len(STRONG) + NULLS)) < 0.5
    codes[0] = True
    clean = codes[:, : len(STRONG)] @ STRONG + 0.5 * (codes[:, 0] ^ codes[:, 5])
    values = clean[:, None] + rng.normal(size=(rows, targets))
    return Neighbourhood(codes, values, rng.uniform(0.5, 1.5, rows), np.arange(rows))


def chosen(around, **params):
    return sign_entropy(around, np.random.default_rng(0), **params)


def test_the_entropy_is_that_of_a_coin_that_comes_out_wrong():
    """At 0 standard errors one bit; at any other the textbook's -P log2 P - (1 - P) log2 (1 - P)."""
    steadiness = np.array([0.0, 0.5, 1.0, 2.0, 4.0])
    wrong = norm.cdf(-steadiness)
    expected = -wrong * np.log2(wrong) - (1 - wrong) * np.log2(1 - wrong)
    np.testing.assert_allclose(sign_entropies(steadiness), expected, rtol=1e-12)
    np.testing.assert_array_equal(sign_entropies(np.array([0.0, np.inf])), [1.0, 0.0])


def test_one_fit_tells_what_repeats_tell():
    """How often a sign comes out wrong in 300 draws is Phi(-|b| / se), within the error of counting it."""
    fits = [linear_fits(neighbourhood(seed, rows=100), 1.0)[0] for seed in range(300)]
    effects = np.stack([fit.effects for fit in fits])
    errors = np.mean([fit.standard_errors for fit in fits], axis=0)
    center = effects.mean(axis=0)
    counted = (np.sign(effects) != np.sign(center)).mean(axis=0)
    told = norm.cdf(-np.abs(center) / errors)
    assert (np.abs(counted - told) <= 4.5 * np.sqrt(told * (1 - told) / 300) + 0.02).all()
    assert counted[:3].max() < 0.2 < counted[6:].min(), "columns of both kinds were looked at"


@pytest.mark.parametrize(("entropy", "by_luck"), [(0.5, 0.2196), (0.1687, 0.05)])
def test_what_counts_stays_and_what_does_not_goes_but_for_luck(entropy, by_luck):
    """Columns without an effect stay as often as their estimate is so far from 0 by chance, and no oftener."""
    kept = np.zeros(len(STRONG) + NULLS)
    for seed in range(200):
        (picks,) = chosen(neighbourhood(seed), entropy=entropy)
        kept[picks] += 1
    assert (kept[:3] == 200).all()
    nulls = np.delete(kept[3:], 2)  # 5 has a part in an interaction
    share = nulls.mean() / 200
    assert abs(share - by_luck) < 4.5 * np.sqrt(by_luck * (1 - by_luck) / (200 * len(nulls))) + 0.01


def test_the_steadiest_comes_first_and_some_stay_whatever_is_asked():
    around = neighbourhood(1)
    (fit,) = linear_fits(around, 1.0)
    order = np.argsort(-np.abs(fit.effects) / fit.standard_errors)
    np.testing.assert_array_equal(chosen(around, entropy=1.0)[0], order)
    np.testing.assert_array_equal(chosen(around, entropy=0.0, least=2)[0], order[:2])
    assert len(chosen(around, entropy=0.0)[0]) == 1


def test_where_nothing_is_left_to_chance_only_what_has_no_effect_goes():
    """All combinations of four columns, of which one does nothing; the others are certain, the strongest first."""
    codes = (np.arange(16)[::-1, None] >> np.arange(4) & 1).astype(bool)
    values = codes @ np.array([1.5, -1.0, 0.0, 2.0]) + 3.0
    around = Neighbourhood(codes, values[:, None], np.ones(16), np.arange(16), exhaustive=True)
    (picks,) = chosen(around, alpha=0.0, entropy=0.2)
    np.testing.assert_array_equal(picks, [3, 0, 1])


def test_too_few_samples_are_told():
    with pytest.raises(limefw.InputError, match="9 samples are too few for standard errors of 8 segments"):
        chosen(neighbourhood(0, rows=9))


def test_rows_without_standard_errors_are_told():
    """More of them would not help: another sampler does."""
    around = neighbourhood(0, rows=200)
    with pytest.raises(limefw.InputError, match=r"no independent draws.* take another sampler"):
        chosen(replace(around, groups=np.full(200, -1)))


def test_samples_left_out_are_judged_by_the_same_selection():
    """Cross-fitting drops columns in each fold too, though it asks for no standard errors of the folds' fits."""
    asked = []

    def watched(around, rng, /):
        picks = sign_entropy(around, rng, entropy=0.17)
        asked.append(len(picks[0]))
        return picks

    box = lambda batch: batch[:, 0, :, 0][:, :3] @ STRONG + np.sin(50 * batch[:, 0, :, 0] @ np.arange(12.0))
    explanation = limefw.explain(
        limefw.Image(np.ones((2, 12, 1)), (0.0, 1.0)), limefw.model(box, task="regression"), labels=[0], samples=400,
        segmenter=lambda image, rng, /: limefw.Segments.from_labels(np.arange(12)[None].repeat(2, axis=0)),
        filler={"use": "constant", "value": 0.0}, sampler={"use": "bernoulli", "enumerate_small": False},
        selector=watched,
    )  # fmt: skip
    assert len(asked) == 6
    assert max(asked) < 9, "once on all samples and in five folds, and not all of them in any"
    assert explanation.health.labels[0].cross_fitted is not None
