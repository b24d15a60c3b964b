"""Columns along the lasso's path: those that lime picks, in the order in which they come in."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Lasso

from limefw.types import Neighbourhood
from limefw_plugins.selectors.lasso_path import lasso_path


RNG = np.random.default_rng(0)  # never drawn from


def build(rows, width, seed, *, targets=1, copies=0):
    rng = np.random.default_rng(seed)
    codes = rng.random((rows, width)) < 0.5
    codes[0] = True
    values = codes @ rng.normal(size=(width, targets)) + 0.2 * rng.normal(size=(rows, targets))
    codes = np.concatenate([codes, codes[:, :copies]], axis=1)
    return Neighbourhood(codes, values, rng.uniform(0.1, 1.0, rows), np.arange(rows))


def limes(around, target, count):
    """Pick as lime 0.2.0.1 says in its documentation, by its own words' steps."""
    from sklearn.linear_model import lars_path

    w, x, y = around.weights, around.codes.astype(float), around.targets[:, target]
    x = (x - np.average(x, axis=0, weights=w)) * np.sqrt(w)[:, None]
    y = (y - np.average(y, weights=w)) * np.sqrt(w)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        steps = lars_path(x, y, method="lasso")[2].T
    picked = range(x.shape[1])
    for step in steps[:0:-1]:
        picked = np.flatnonzero(step)
        if len(picked) <= count:
            break
    return list(picked)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(3, 80), width=st.integers(1, 12), seed=st.integers(0, 999), count=st.integers(1, 13),
    copies=st.integers(0, 1),
)  # fmt: skip
def test_the_columns_are_limes(rows, width, seed, count, copies):
    """On neighbourhoods of any shape the set of columns is lime's, and no larger than asked where any column varies."""
    around = build(rows, width, seed, copies=copies)
    (picks,) = lasso_path(around, RNG, num_features=count)
    assert sorted(picks.tolist()) == limes(around, 0, count)
    assert 1 <= len(picks) <= (count if np.ptp(around.codes.astype(int), axis=0).any() else around.codes.shape[1])


def test_the_first_is_the_first_that_a_falling_penalty_lets_in():
    """Pick order is the order in which a lasso of falling penalty takes columns in."""
    around = build(200, 8, 3)
    (picks,) = lasso_path(around, RNG, num_features=4)
    seen: list[int] = []
    for alpha in np.geomspace(1.0, 1e-3, 400):
        model = Lasso(alpha=alpha, tol=1e-8, max_iter=100_000)
        model.fit(around.codes.astype(float), around.targets[:, 0], sample_weight=around.weights)
        seen += [column for column in np.flatnonzero(model.coef_).tolist() if column not in seen]
    assert picks.tolist() == seen[:4]


def test_each_target_has_its_own():
    """A target's picks do not depend on those it is asked for with."""
    around = build(120, 9, 5, targets=3)
    together = lasso_path(around, RNG, num_features=3)
    assert len({tuple(sorted(picks)) for picks in together}) > 1
    for target, picks in enumerate(together):
        (alone,) = lasso_path(around.take(targets=[target]), RNG, num_features=3)
        np.testing.assert_array_equal(alone, picks)


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_a_target_that_never_changes_keeps_every_column(value):
    """lime has it so: nothing was found that one could leave out."""
    around = build(40, 5, 0)
    flat = Neighbourhood(around.codes, np.full((40, 1), value), around.weights, around.groups)
    (picks,) = lasso_path(flat, RNG, num_features=2)
    assert picks.tolist() == [0, 1, 2, 3, 4]
