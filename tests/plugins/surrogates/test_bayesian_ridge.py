"""Bayesian ridge in its three modes, against scikit-learn and the formulas of the paper."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t
from sklearn.linear_model import BayesianRidge

from limefw.errors import InputError
from limefw.results.intervals import margins
from limefw_plugins.surrogates.bayesian_ridge import bayesian_ridge
from limefw_plugins.surrogates.linear import linear
from limefw_plugins.surrogates.ridge import ridge


RNG = np.random.default_rng(0)  # never drawn from


@pytest.fixture
def level(make):
    """Return what makes neighbourhoods whose weights are 1 on average, as they are taken."""

    def built(**settings):
        around = make(**settings)
        return replace(around, weights=around.weights / around.weights.mean())

    return built


KINDS = pytest.mark.parametrize("soft", [False, True], ids=["bool", "float32"])


def centred(around):
    """Return S, S_xy of the first target, by loops over nothing but rows."""
    x = around.codes - np.average(around.codes, axis=0, weights=around.weights)
    y = around.targets[:, 0] - np.average(around.targets[:, 0], weights=around.weights)
    return (x * around.weights[:, None]).T @ x, (x * around.weights[:, None]).T @ y


@KINDS
@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e3])
def test_without_precisions_it_is_scikit_learns(level, soft, scale):
    """Effects, posterior covariance and both precisions, with the answers in units of their spread; at any scale."""
    around = level(soft=soft)
    around = replace(around, targets=scale * around.targets)
    for target, fit in zip(around.targets.T, bayesian_ridge(around, RNG), strict=True):
        mean = np.average(target, weights=around.weights)
        spread = np.sqrt(np.average((target - mean) ** 2, weights=around.weights))
        theirs = BayesianRidge(max_iter=5000, tol=1e-13)
        theirs.fit(around.codes.astype(float), (target - mean) / spread, sample_weight=around.weights)
        np.testing.assert_allclose(fit.effects, spread * theirs.coef_, rtol=0, atol=1e-7 * spread)
        np.testing.assert_allclose(fit.covariance, spread**2 * theirs.sigma_, rtol=1e-5)
        assert fit.detail["noise_precision"] * spread**2 == pytest.approx(theirs.alpha_, rel=1e-5)
        assert fit.detail["prior_precision"] * spread**2 == pytest.approx(theirs.lambda_, rel=1e-5)


@pytest.mark.parametrize("prior", [0.0, 2.0, [1.0, -1.0, 0.5, 0.0, 0.0, 3.0, -2.0]])
def test_with_both_precisions_it_is_the_papers_formula(level, prior):
    """(lambda I + alpha S)^-1 (lambda prior + alpha S_xy), with that inverse as its covariance."""
    around = level()
    second, cross = centred(around)
    inverse = np.linalg.inv(3.0 * np.eye(7) + 0.7 * second)
    expected = inverse @ (3.0 * np.broadcast_to(prior, 7) + 0.7 * cross)
    fit = bayesian_ridge(around, RNG, prior=prior, prior_precision=3.0, noise_precision=0.7)[0]
    np.testing.assert_allclose(fit.effects, expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(fit.covariance, inverse, rtol=1e-9, atol=1e-12)
    # which without a prior mean is ridge of alpha = lambda / alpha
    if prior == 0.0:
        other = ridge(around, RNG, alpha=3.0 / 0.7)[0]
        np.testing.assert_allclose(fit.effects, other.effects, rtol=0, atol=1e-10)
        assert fit.intercept == pytest.approx(other.intercept, abs=1e-10)
        assert fit.score == pytest.approx(other.score, abs=1e-10)


def test_with_the_priors_precision_alone_the_noise_is_that_of_the_residuals(level):
    """At the fixed point 1 / alpha is the residual sum over the weights less what the effects take."""
    around = level()
    fit = bayesian_ridge(around, RNG, prior=0.5, prior_precision=20.0)[0]
    assert fit.detail["prior_precision"] == 20.0
    noise = fit.detail["noise_precision"]
    second, _ = centred(around)
    taken = np.trace(np.linalg.solve(20.0 * np.eye(7) + noise * second, noise * second))
    residual = around.weights @ (around.targets[:, 0] - fit.predict(around.codes)) ** 2
    assert 1 / noise == pytest.approx(residual / (around.weights.sum() - taken), rel=1e-4)


def test_precisions_say_whom_to_believe(make):
    """A precise prior keeps the effects at it; precise answers make them those of least squares."""
    around = make()
    stubborn = bayesian_ridge(around, RNG, prior=2.0, prior_precision=1e9, noise_precision=1.0)[0]
    np.testing.assert_allclose(stubborn.effects, 2.0, rtol=0, atol=1e-5)
    open_minded = bayesian_ridge(around, RNG, prior=2.0, prior_precision=1e-9, noise_precision=1.0)[0]
    np.testing.assert_allclose(open_minded.effects, linear(around, RNG)[0].effects, rtol=0, atol=1e-8)
    assert stubborn.standard_errors.max() < 1e-4 < open_minded.standard_errors.min()


def test_robust_errors_are_those_of_ridge(level):
    """The spread between seeds of the same estimator: HC3 of ridge with the ratio of the precisions."""
    around = level()
    fit = bayesian_ridge(around, RNG, prior_precision=3.0, noise_precision=0.7, errors="robust")[0]
    expected = ridge(around, RNG, alpha=3.0 / 0.7)[0].covariance
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-7, atol=1e-12)


def test_a_prior_for_other_segments_is_refused(make):
    with pytest.raises(InputError, match=r"a prior for 3 segments, and 7 are fitted.*selector 'all'"):
        bayesian_ridge(make(), RNG, prior=[1.0, 2.0, 3.0])


def test_a_line_is_followed_without_noise(make):
    """Answers that are a sum give its own effects, but for what the vague prior leaves."""
    around = make()
    theta = np.array([3.0, -2.0, 0.0, 0.5, 1.0, -4.0, 0.25])
    around = replace(around, targets=(1.0 + around.codes @ theta)[:, None])
    (fit,) = bayesian_ridge(around, RNG)
    np.testing.assert_allclose(fit.effects, theta, rtol=0, atol=1e-4)
    assert fit.score > 1 - 1e-8


def test_a_posterior_has_normal_intervals(make):
    """However few rows there are; spreads between runs go by Student's law, as everywhere."""
    few = make(rows=12)
    for errors, wide in (("posterior", norm.ppf(0.975)), ("robust", t(12 - few.codes.shape[1] - 1).ppf(0.975))):
        fit, _ = bayesian_ridge(few, RNG, errors=errors)
        np.testing.assert_allclose(margins(fit, few), wide * fit.standard_errors, rtol=1e-6)


def test_noise_that_is_sought_in_too_few_rows_gives_no_intervals(make):
    """With a row for each segment and one, all may be taken for noise; one more will do, or a precision."""
    for rows, known, given in ((8, False, {}), (9, True, {}), (5, True, {"noise_precision": 4.0})):
        fit, _ = bayesian_ridge(make(rows=rows), RNG, **given)
        assert (fit.standard_errors is not None) == known
        assert np.isfinite(fit.effects).all()


def test_a_factor_on_all_weights_and_rows_of_no_weight_change_nothing(make):
    """Neither says anything about what is explained."""
    around = make()
    fit = bayesian_ridge(around, RNG)[0]
    more = make(rows=150, seed=1)
    none = np.concatenate([around.weights, np.zeros(150)])
    codes, targets = (np.concatenate([getattr(one, name) for one in (around, more)]) for name in ("codes", "targets"))
    for other in (
        replace(around, weights=0.01 * around.weights),
        replace(around, codes=codes, targets=targets, weights=none, groups=np.arange(270)),
    ):
        twin = bayesian_ridge(other, RNG)[0]
        np.testing.assert_allclose(twin.effects, fit.effects, rtol=1e-9)
        np.testing.assert_allclose(twin.covariance, fit.covariance, rtol=1e-6)


def test_with_weights_of_1_it_is_scikit_learns_without_any(make):
    around = replace(make(), weights=np.ones(120))
    target = around.targets[:, 0]
    theirs = BayesianRidge(max_iter=5000, tol=1e-13).fit(around.codes.astype(float), target / target.std())
    fit = bayesian_ridge(around, RNG)[0]
    np.testing.assert_allclose(fit.effects, target.std() * theirs.coef_, rtol=1e-7)
    np.testing.assert_allclose(fit.covariance, target.var() * theirs.sigma_, rtol=1e-5)
