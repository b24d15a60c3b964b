"""The elastic net lies between lasso and ridge, and is either at its ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limefw.types import Neighbourhood
from limefw_plugins.surrogates.elastic_net import elastic_net
from limefw_plugins.surrogates.lasso import lasso
from limefw_plugins.surrogates.ridge import ridge


RNG = np.random.default_rng(0)  # never drawn from
KINDS = pytest.mark.parametrize("soft", [False, True], ids=["bool", "float32"])


@KINDS
@pytest.mark.parametrize("alpha", [0.003, 0.1, 0.4])
def test_all_absolute_is_the_lasso(make, alpha, soft):
    """With l1_ratio 1 nothing but the absolute penalty is left."""
    around = make(soft=soft)
    for one, other in zip(
        elastic_net(around, RNG, alpha=alpha, l1_ratio=1.0), lasso(around, RNG, alpha=alpha), strict=True
    ):
        np.testing.assert_allclose(one.effects, other.effects, rtol=0, atol=1e-12)
        assert one.intercept == pytest.approx(other.intercept, abs=1e-12)


@KINDS
@pytest.mark.parametrize("alpha", [0.003, 0.1, 2.0])
def test_all_squared_is_ridge_by_weights(make, alpha, soft):
    """With l1_ratio 0 it is the ridge whose penalty grows with the weights, standard errors included."""
    around = make(soft=soft)
    theirs = ridge(around, RNG, alpha=alpha, scale="weights")
    for one, other in zip(elastic_net(around, RNG, alpha=alpha, l1_ratio=0.0), theirs, strict=True):
        np.testing.assert_allclose(one.effects, other.effects, rtol=0, atol=1e-12)
        np.testing.assert_allclose(one.covariance, other.covariance, rtol=0, atol=1e-12)


def test_the_end_at_0_is_where_the_way_leads(make):
    """The ridge at l1_ratio 0, fitted otherwise than the rest, is the limit of small l1_ratios."""
    around = make(targets=1)
    (nearly,) = elastic_net(around, RNG, alpha=0.1, l1_ratio=1e-7)
    (ridged,) = elastic_net(around, RNG, alpha=0.1, l1_ratio=0.0)
    np.testing.assert_allclose(nearly.effects, ridged.effects, rtol=0, atol=1e-5)


@KINDS
@pytest.mark.parametrize("ratio", [0.2, 0.7])
def test_it_solves_its_own_problem(make, ratio, soft):
    """Its coefficients meet the optimality conditions of the problem in its docstring."""
    around, alpha = make(soft=soft), 0.1
    x, total = around.codes.astype(float), around.weights.sum()
    for target, fit in zip(around.targets.T, elastic_net(around, RNG, alpha=alpha, l1_ratio=ratio), strict=True):
        spread = np.sqrt(np.cov(target, aweights=around.weights, ddof=0))
        residual = around.weights * (target - fit.intercept - x @ fit.effects)
        slope = x.T @ residual / total - alpha * (1 - ratio) * fit.effects
        active = fit.effects != 0
        assert active.any()
        assert residual.sum() / total == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose(slope[active], alpha * ratio * spread * np.sign(fit.effects[active]), atol=1e-6)
        assert (np.abs(slope[~active]) <= alpha * ratio * spread + 1e-6).all()


def test_it_keeps_both_of_two_segments_that_go_together(make):
    """Where a column comes twice, its effect is shared; the lasso leaves that to chance."""
    around = make(targets=1)
    codes = np.column_stack([around.codes, around.codes[:, 2]])
    twice = Neighbourhood(codes, around.targets, around.weights, around.groups)
    (fit,) = elastic_net(twice, RNG, alpha=0.01, l1_ratio=0.3)
    assert fit.effects[2] != 0
    assert fit.effects[2] == pytest.approx(fit.effects[-1], abs=1e-5)


@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(2, 60), width=st.integers(2, 9), scale=st.sampled_from([1e-6, 1.0, 1e5]),
    ratio=st.sampled_from([0.0, 0.05, 0.5, 1.0]), seed=st.integers(0, 99),
)  # fmt: skip
def test_the_unit_of_the_target_does_not_matter_for_the_absolute_penalty(make, rows, width, scale, ratio, seed):
    """Effects of c y are c times those of y."""
    around = make(rows, width, seed=seed, targets=1)
    larger = Neighbourhood(around.codes, scale * around.targets, around.weights, around.groups)
    (one,), (other,) = (elastic_net(part, RNG, alpha=0.05, l1_ratio=ratio) for part in (around, larger))
    np.testing.assert_allclose(other.effects / scale, one.effects, rtol=0, atol=1e-5)
