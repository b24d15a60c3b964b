"""Huber's regression is least squares where nothing stands out, and does not follow what does."""

from dataclasses import replace

import numpy as np
import pytest

from limefw_plugins.surrogates.huber import huber
from limefw_plugins.surrogates.linear import linear


RNG = np.random.default_rng(0)  # never drawn from
KINDS = pytest.mark.parametrize("soft", [False, True], ids=["bool", "float32"])


@KINDS
def test_with_a_large_epsilon_it_is_least_squares(make, soft):
    """Where no residual counts as large, squares are all there is."""
    around = make(soft=soft)
    for one, other in zip(huber(around, RNG, epsilon=1e6, alpha=0.0), linear(around, RNG), strict=True):
        np.testing.assert_allclose(one.effects, other.effects, rtol=0, atol=1e-4)
        assert one.intercept == pytest.approx(other.intercept, abs=1e-4)
        assert one.score == pytest.approx(other.score, abs=1e-6)


def test_it_resists_outliers(make):
    """A twentieth of the answers thrown far off moves it by less than a tenth of what it moves least squares."""
    around = make(rows=400, targets=1, noise=0.05)
    odd = np.array(around.targets)
    odd[10:30] += 50.0
    spoilt = replace(around, targets=odd)
    moved = {
        call: np.abs(call(spoilt, RNG)[0].effects - call(around, RNG)[0].effects).max() for call in (huber, linear)
    }
    assert moved[linear] > 1.0
    assert moved[huber] < 0.1 * moved[linear]


def test_it_balances_clipped_residuals(make):
    """At the optimum the weighted residuals, cut off at epsilon scales, are orthogonal to every column."""
    around = make(rows=300, targets=1)
    (fit,) = huber(around, RNG, alpha=0.0)
    residual = around.targets[:, 0] - fit.predict(around.codes)
    x = np.column_stack([around.codes, np.ones(len(around))])

    def unbalanced(limit):
        return np.abs(x.T @ (around.weights * np.clip(residual, -limit, limit))).max() / around.weights.sum()

    # the fitted scale is not told: some cut-off must balance all columns at once
    least = min(unbalanced(limit) for limit in np.linspace(0.1, 3.0, 3000) * residual.std())
    assert least < 2e-4
    assert unbalanced(100.0) > 10 * least


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-9])
def test_an_almost_exact_target_is_fitted_exactly(make, noise):
    """Residuals near 0 do not break the fit of their scale."""
    around = make(targets=1)
    x = around.codes.astype(float)
    truth = np.arange(1.0, 8.0)
    jitter = noise * np.random.default_rng(1).normal(size=len(x))
    (fit,) = huber(replace(around, targets=(x @ truth + jitter)[:, None]), RNG, alpha=0.0)
    np.testing.assert_allclose(fit.effects, truth, rtol=0, atol=max(10 * noise, 1e-7))


def test_it_gives_no_standard_errors(make):
    """There is no covariance to be had from it, and none is made up."""
    assert all(fit.covariance is None for fit in huber(make(), RNG))


@pytest.mark.parametrize("seed", [6, 10, 11])
def test_a_spread_that_is_small_beside_the_mean_is_fitted_all_the_same(make, seed):
    """A saturated model's answers differ in the tenth digit: its optimiser finds how, and does not give up."""
    around = make(rows=40, targets=1, noise=0.05, seed=seed)
    small = replace(around, targets=0.25 + 1e-10 * around.targets)
    (one,), (other,) = huber(around, RNG), huber(small, RNG)
    np.testing.assert_allclose(1e10 * other.effects, one.effects, rtol=0, atol=1e-4)
    assert other.intercept == pytest.approx(0.25, abs=1e-8)
