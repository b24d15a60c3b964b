"""Moments and fits of many columns, where SciPy's routines take over, against NumPy's plain formulas."""

import numpy as np
import pytest

from limefw.statistics import gram, linear_fits, solve_ridge, weighted_means, without
from limefw.statistics.moments import WIDE
from limefw.types import Neighbourhood


RNG = np.random.default_rng


def around(width, rows, *, binary=True):
    rng = RNG(width)
    codes = rng.random((rows, width)) < 0.5 if binary else rng.normal(size=(rows, width))
    codes[0] = True
    targets = codes @ rng.normal(size=(width, 2)) + 0.1 * rng.normal(size=(rows, 2))
    return Neighbourhood(codes, targets, rng.random(rows) + 0.1, np.arange(rows))


def plain(given):
    """Return the centred moments as a textbook has them."""
    codes, targets, weights = given.codes.astype(float), given.targets, given.weights
    x = codes - np.average(codes, axis=0, weights=weights)
    y = targets - np.average(targets, axis=0, weights=weights)
    return x.T @ (weights[:, None] * x), x.T @ (weights[:, None] * y)


@pytest.mark.parametrize("width", [WIDE - 1, WIDE, WIDE + 1, 700, 1100])
@pytest.mark.parametrize("binary", [True, False])
def test_moments_are_those_of_the_formula(width, binary):
    """In every place: in the panels on the diagonal and beside it, above and below."""
    given = around(width, 400, binary=binary)
    found = gram(given)
    cross, joint = plain(given)
    np.testing.assert_allclose(found.cross, cross, atol=1e-9)
    np.testing.assert_allclose(found.with_targets, joint, atol=1e-9)
    np.testing.assert_allclose(found.code_means, weighted_means(given.codes, given.weights), atol=1e-12)


@pytest.mark.parametrize("width", [WIDE - 1, WIDE, 700])
def test_moments_of_most_rows_follow_from_those_of_all(width):
    """As cross-fitting takes them: all rows but a fold."""
    given = around(width, 500)
    given = given.knowing({})
    gram(given)
    part = np.arange(500) % 5 == 0
    kept, left = given.take(~part), given.take(part)
    found = gram(without(given, kept, left, last=True))
    cross, joint = plain(kept)
    np.testing.assert_allclose(found.cross, cross, atol=1e-9)
    np.testing.assert_allclose(found.with_targets, joint, atol=1e-9)


@pytest.mark.parametrize("width", [WIDE - 1, WIDE, WIDE + 1, 700])
@pytest.mark.parametrize("alpha", [1e-6, 1.0])
def test_ridge_is_numpys(width, alpha):
    """Also with fewer rows than columns, where the penalty alone makes the system solvable."""
    for rows in (width // 2, 2 * width):
        given = around(width, rows)
        beta, intercepts = solve_ridge(gram(given), alpha)
        cross, joint = plain(given)
        assert np.abs((cross + alpha * np.eye(width)) @ beta - joint).max() < 1e-7 * np.abs(joint).max()
        means = np.average(given.codes, axis=0, weights=given.weights)
        np.testing.assert_allclose(
            intercepts, np.average(given.targets, axis=0, weights=given.weights) - means @ beta, atol=1e-9
        )


def test_a_singular_system_has_an_answer():
    """Equal columns share their effect; the penalty is too small for Cholesky."""
    given = around(WIDE, 900)
    codes = given.codes.copy()
    codes[:, 1] = codes[:, 0]
    twin = Neighbourhood(codes, given.targets, given.weights, given.groups)
    for alpha in (0.0, 1e-9):
        beta, _ = solve_ridge(gram(twin), alpha)
        assert np.isfinite(beta).all()
        np.testing.assert_allclose(beta[0], beta[1], rtol=1e-3)


def test_a_wide_linear_black_box_is_found():
    """Effects of 350 columns are the true ones, and the fit says how well it fits."""
    rng = RNG(0)
    codes = rng.random((2000, 350)) < 0.5
    truth = rng.normal(size=350)
    given = Neighbourhood(codes, (codes @ truth)[:, None], np.ones(2000), np.arange(2000))
    (fit,) = linear_fits(given, 1e-6)
    np.testing.assert_allclose(fit.effects, truth, atol=1e-6)
    assert fit.score == pytest.approx(1.0)
