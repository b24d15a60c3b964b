"""Kernels against their formulae, and against what theory says of fits that use them."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

import limefw
from limefw.statistics import linear_fits
from limefw_plugins.kernels.hamming import hamming
from limefw_plugins.kernels.l2 import l2


def codes_of(rows, width, seed, dtype):
    shares = np.random.default_rng(seed).random((rows, width)).astype(np.float32)
    codes = shares < 0.5 if dtype == "bool" else shares
    codes[0] = 1
    return codes


CASES = given(
    st.integers(1, 40),
    st.integers(1, 30),
    st.integers(0, 99),
    st.sampled_from(["bool", "float32"]),
    st.floats(0.05, 20.0),
)


@CASES
@settings(deadline=None)
def test_l2_is_the_exponential_of_the_euclidean_distance(rows, width, seed, dtype, scale):
    """exp(-D^2 / (2 width^2)) with SciPy's Euclidean distance to all ones, times 1 / sqrt(d) where relative."""
    codes = codes_of(rows, width, seed, dtype)
    distance = cdist(codes.astype(float), np.ones((1, width)))[:, 0]
    draws = limefw.Draws(codes)
    np.testing.assert_allclose(
        l2(draws, None, width=scale, relative=False), np.exp(-(distance**2) / (2 * scale**2)), rtol=1e-9, atol=1e-300
    )
    relative = np.exp(-((distance / np.sqrt(width)) ** 2) / (2 * scale**2))
    np.testing.assert_allclose(l2(draws, None, width=scale), relative, rtol=1e-9)


@CASES
@settings(deadline=None)
def test_hamming_is_the_exponential_of_the_share_hidden(rows, width, seed, dtype, scale):
    """exp(-D^2 / (2 width^2)) with SciPy's Hamming distance; of soft codes with the mean share hidden."""
    codes = codes_of(rows, width, seed, dtype)
    metric = "hamming" if dtype == "bool" else "cityblock"
    distance = cdist(codes.astype(float), np.ones((1, width)), metric)[:, 0] / (1 if dtype == "bool" else width)
    expected = np.exp(-(distance**2) / (2 * scale**2))
    np.testing.assert_allclose(hamming(limefw.Draws(codes), None, width=scale), expected, rtol=1e-9, atol=1e-300)


def test_values_that_the_docstrings_name():
    """Half hidden: .14 by hamming and exp(-.5 / 1.125) by l2; everything hidden: exp(-8) and exp(-1 / 1.125)."""
    draws = limefw.Draws(np.array([[1] * 8, [1] * 4 + [0] * 4, [0] * 8], dtype=bool))
    np.testing.assert_allclose(hamming(draws, None), [1.0, np.exp(-2), np.exp(-8)], rtol=1e-14)
    np.testing.assert_allclose(l2(draws, None), [1.0, np.exp(-0.5 / 1.125), np.exp(-1 / 1.125)], rtol=1e-14)


def test_limes_own_distances_have_these_weights():
    """lime's sqrt(exp(-D^2 / w^2)) with scikit-learn's distances, as lime's distance_metric option has it."""
    from sklearn.metrics import pairwise_distances

    codes = codes_of(50, 12, 3, "bool")
    for metric, kernel, params in (("l2", l2, {"relative": False}), ("hamming", hamming, {})):
        kept = codes.astype(float) if metric == "l2" else codes
        distance = pairwise_distances(kept, kept[:1], metric=metric).ravel()
        expected = np.sqrt(np.exp(-(distance**2) / 0.7**2))
        np.testing.assert_allclose(kernel(limefw.Draws(codes), None, width=0.7, **params), expected, rtol=1e-12)


@pytest.mark.parametrize(("width", "relative"), [(1.0, False), (2.5, False), (0.75, True)])
def test_l2_is_a_product_law(width, relative):
    """Weighted fair coins = unweighted coins with p = 1 / (1 + exp(-1 / (2 width^2))): means by hand (Tan et al. 2023).

    Where relative, width sqrt(d) stands for the width. beta_j is E[f | z_j = 1] - E[f | z_j = 0] under that law.
    """
    count = 7
    codes = np.array(list(product([False, True], repeat=count)))[::-1]
    values = np.random.default_rng(5).normal(size=len(codes))
    weights = l2(limefw.Draws(codes), None, width=width, relative=relative)
    (fit,) = linear_fits(limefw.Neighbourhood(codes, values[:, None], weights, np.arange(len(codes)), True), 0.0)
    scale = width**2 * (count if relative else 1)
    keep = 1 / (1 + np.exp(-1 / (2 * scale)))
    law = np.where(codes, keep, 1 - keep).prod(axis=1)
    np.testing.assert_allclose(weights / weights.sum(), law, rtol=1e-12)
    expected = [
        np.average(values[codes[:, j]], weights=law[codes[:, j]])
        - np.average(values[~codes[:, j]], weights=law[~codes[:, j]])
        for j in range(count)
    ]
    np.testing.assert_allclose(fit.effects, expected, rtol=0, atol=1e-12)
