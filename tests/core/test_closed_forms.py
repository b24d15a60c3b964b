"""Coefficients against formulas: enumeration leaves no chance, and theory says what must come out.

Garreau & Mardaoui (ICML 2021) for lime's image kernel; Banzhaf values for a flat one; degree-2 black boxes under paired
draws; robust standard errors against the true spread.
"""

import math
from itertools import product
from math import comb

import numpy as np
import pytest

import limefw
from limefw.statistics import linear_fits
from limefw_plugins.kernels.cosine_exponential import cosine_exponential
from limefw_plugins.kernels.flat import flat
from limefw_plugins.kernels.symmetric import symmetric
from limefw_plugins.samplers.bernoulli import bernoulli
from limefw_plugins.samplers.paired import paired


LEAST_SQUARES = {"kernel": "cosine_exponential", "surrogate": "linear"}


def game(function, width, **settings):
    """Explain a function of codes: an image of one column of pixels per segment, white where shown, black where not."""

    def black_box(batch):
        return function(batch[:, 0, :, 0].astype(np.float64))

    return limefw.explain(
        limefw.Image(np.ones((2, width, 1)), (0.0, 1.0)),
        limefw.model(black_box, task="regression"),
        segmenter=lambda _image, _rng, /: limefw.Segments.from_labels(np.indices((2, width))[1]),
        filler={"use": "constant", "value": 0.0},
        **{"samples": 2**width, "labels": 0, **settings},
    )


def every_code(width):
    return np.array(list(product([0, 1], repeat=width)), dtype=np.float64)


def looked_up(values):
    """Return a black box that looks its answer up by code, from 2^d values in the order of `every_code`."""
    width = int(np.log2(len(values)))
    powers = 2 ** np.arange(width)[::-1]
    return lambda codes: values[(codes @ powers).astype(int)]


def banzhaf(values):
    """Return each segment's mean marginal contribution over all codes of the others."""
    width = int(np.log2(len(values)))
    table = values.reshape((2,) * width)
    return np.array([(table.take(1, axis=j) - table.take(0, axis=j)).mean() for j in range(width)])


def drawn(sampler, width, budget, seed=0, **params):
    segments = limefw.Segments.from_labels(np.arange(width)[None])
    return limefw.Draws.join(list(sampler(None, segments, budget, np.random.default_rng(seed), **params)))


def neighbourhood(draws, targets, kernel):
    weights = kernel(draws, None) * draws.importance
    return limefw.Neighbourhood(draws.codes, targets.reshape(len(draws), -1), weights, draws.groups, draws.exhaustive)


# --- lime's image kernel


def alphas(width, nu, highest):
    """alpha_p = E[w z_1 ... z_p] under fair coins, for p = 0 .. highest."""
    removed = np.arange(width + 1) / width
    psi = np.exp(-((1 - np.sqrt(1 - removed)) ** 2) / (2 * nu**2))
    sums = [sum(comb(width - p, k) * psi[k] for k in range(width - p + 1)) for p in range(highest + 1)]
    return np.array(sums) / 2**width


def and_formula(width, nu, size):
    """Return intercept, coefficient inside and outside, of an AND of `size` segments."""
    a = alphas(width, nu, max(size + 1, 2))
    c = (width - 1) * a[0] * a[2] - width * a[1] ** 2 + a[0] * a[1]
    s0, s1 = (width - 1) * a[2] + a[1], -a[1]
    s2 = ((width - 2) * a[0] * a[2] - (width - 1) * a[1] ** 2 + a[0] * a[1]) / (a[1] - a[2])
    s3 = (a[1] ** 2 - a[0] * a[2]) / (a[1] - a[2])
    here, more = a[size], a[size + 1]
    inside = (s1 * here + s2 * here + (size - 1) * s3 * here + (width - size) * s3 * more) / c
    outside = (s1 * here + s2 * more + size * s3 * here + (width - size - 1) * s3 * more) / c
    return (s0 * here + size * s1 * here + (width - size) * s1 * more) / c, inside, outside


@pytest.mark.parametrize(
    ("width", "expected"),
    [(4, (0.501705, 0.327773, 0.202245)), (8, (0.502208, 0.294995, 0.169408)), (12, (0.502427, 0.282035, 0.156405))],
)
def test_enumerated_kernel_moments_are_the_papers(width, expected):
    """Under all codes once, E[w], E[w z_1] and E[w z_1 z_2] are alpha_0, alpha_1, alpha_2 at kernel width .25."""
    draws = drawn(bernoulli, width, 2**width)
    weights = cosine_exponential(draws, None) * draws.importance
    found = [np.mean(weights * draws.codes[:, :p].all(axis=1)) for p in range(3)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-7)
    np.testing.assert_allclose(found, alphas(width, 0.25, 2), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("width", "size", "intercept", "inside", "outside"),
    [(10, 3, -0.39003373, 0.32623901, 0.00214232), (12, 5, -0.21997366, 0.09430228, 0.00124124)],
)
def test_detectors_get_the_papers_coefficients(width, size, intercept, inside, outside):
    """An AND of p of d segments: coefficients inside and outside and the intercept have a closed form."""
    found = game(lambda codes: codes[:, :size].prod(axis=1), width, **LEAST_SQUARES).fit()
    np.testing.assert_allclose(found.effects[:size], inside, rtol=0, atol=5e-9)
    np.testing.assert_allclose(found.effects[size:], outside, rtol=0, atol=5e-9)
    assert found.intercept == pytest.approx(intercept, abs=5e-9)


@pytest.mark.parametrize(("width", "nu", "size"), [(8, 0.1, 2), (10, 0.25, 1), (10, 1.0, 4), (8, 10.0, 8)])
def test_detectors_follow_the_formula_at_any_kernel_width(width, nu, size):
    """The closed form holds for other kernel widths and for a detector of all segments."""
    kernel = {"use": "cosine_exponential", "width": nu}
    found = game(lambda codes: codes[:, :size].prod(axis=1), width, kernel=kernel, surrogate="linear").fit()
    intercept, inside, outside = and_formula(width, nu, size) if size < width else (None, None, None)
    if size == width:
        weights = np.exp(-((1 - np.sqrt(every_code(width).mean(axis=1))) ** 2) / (2 * nu**2))
        design = np.c_[np.ones(2**width), every_code(width)] * np.sqrt(weights)[:, None]
        answer = np.linalg.lstsq(design, every_code(width).all(axis=1) * np.sqrt(weights), rcond=None)[0]
        intercept, inside = answer[0], answer[1]
    np.testing.assert_allclose(found.effects[:size], inside, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.effects[size:], 0.0 if outside is None else outside, rtol=0, atol=1e-10)
    assert found.intercept == pytest.approx(intercept, abs=1e-10)


# --- Banzhaf values


WIDE = [
    "flat",
    {"use": "cosine_exponential", "width": 1e9},
    lambda draws, composer, /: cosine_exponential(draws, composer, width=math.inf),
]


@pytest.mark.parametrize("kernel", WIDE, ids=["flat", "wide", "infinite"])
@pytest.mark.parametrize("sampler", ["bernoulli", "paired"])
def test_an_unweighted_fit_to_all_codes_gives_banzhaf_values(sampler, kernel):
    """A flat kernel, or an infinitely wide one, on enumerated fair coins: each effect is the Banzhaf value."""
    values = np.random.default_rng(1).normal(size=2**8)
    found = game(looked_up(values), 8, sampler=sampler, kernel=kernel, surrogate="linear")
    np.testing.assert_allclose(found.fit().effects, banzhaf(values), rtol=0, atol=1e-12)


def test_lime_kernel_is_not_banzhaf():
    """At width .25 the effects differ from Banzhaf values, so that the test above can fail."""
    values = np.random.default_rng(1).normal(size=2**8)
    found = game(looked_up(values), 8, **LEAST_SQUARES)
    assert np.abs(found.fit().effects - banzhaf(values)).max() > 0.01


# --- enumeration


def test_enumerated_unfair_coins_have_their_own_law():
    """With keep = .3 each segment is kept with weight .3, each pair with .09, and weights average 1."""
    draws = drawn(bernoulli, 6, 64, keep=0.3)
    assert draws.exhaustive
    weights = draws.importance / draws.importance.sum()
    expected = np.full((6, 6), 0.09)
    np.fill_diagonal(expected, 0.3)
    codes = draws.codes.astype(float)
    np.testing.assert_allclose(draws.importance.mean(), 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose((codes * weights[:, None]).T @ codes, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sampler", [bernoulli, paired])
def test_enumeration_takes_every_code_once_and_the_instance_first(sampler):
    """All 2^d codes, no repeats, row 0 all ones, complements in one group; one row short of that it draws."""
    draws = drawn(sampler, 5, 32)
    assert {tuple(row) for row in draws.codes.tolist()} == set(product([False, True], repeat=5))
    assert draws.codes[0].all()
    for group in range(16):
        first, second = draws.codes[draws.groups == group]
        np.testing.assert_array_equal(first, ~second)
    assert not drawn(sampler, 5, 31).exhaustive
    assert not drawn(sampler, 5, 32, enumerate_small=False).exhaustive


def test_enumeration_leaves_no_standard_error():
    """Where nothing was left to chance standard errors are exactly 0, and the figures say so."""
    found = game(looked_up(np.random.default_rng(2).normal(size=64)), 6)
    assert found.fit().standard_errors.tolist() == [0.0] * 6
    assert found.health.stopped == "all 64 combinations were drawn"


@pytest.mark.parametrize("enumerate_small", [True, False])
def test_unfair_coins_estimate_the_enumerated_coefficients(enumerate_small):
    """Drawn or enumerated, keep = .3 has the coefficients of the weighted limit."""
    values = np.random.default_rng(3).normal(size=2**6)
    codes = every_code(6)
    weights = 0.3 ** codes.sum(axis=1) * 0.7 ** (6 - codes.sum(axis=1))
    root = np.sqrt(weights)
    expected = np.linalg.lstsq(np.c_[np.ones(64), codes] * root[:, None], values * root, rcond=None)[0]
    sampler = {"use": "bernoulli", "keep": 0.3, "enumerate_small": enumerate_small}
    found = game(looked_up(values), 6, sampler=sampler, kernel="flat", surrogate="linear", samples=4000).fit()
    tolerance = 1e-12 if enumerate_small else 4.5 * found.standard_errors
    assert (np.abs(found.effects - expected[1:]) <= tolerance).all()
    assert enumerate_small or (found.standard_errors < 0.15).all()


# --- additive black boxes


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(5)
    return rng.integers(0, 256, size=(24, 30, 3)).astype(np.uint8), rng.normal(size=(24, 30, 3)) / 1000


def pixel_effects(pixels, slopes, labels, hidden):
    """Return each segment's effect on a pixel-linear model: the sum over its pixels of slope x (shown - hidden)."""
    parts = (slopes * (pixels.astype(float) - hidden)).sum(axis=2)
    return np.bincount(labels.ravel(), weights=parts.ravel())


@pytest.mark.parametrize("kernel", ["flat", "cosine_exponential", "symmetric"])
@pytest.mark.parametrize("sampler", ["bernoulli", "paired", {"use": "bernoulli", "keep": 0.8}])
@pytest.mark.parametrize("segmenter", [{"use": "grid", "rows": 5, "columns": 4}, {"use": "slic", "n_segments": 20}])
def test_pixel_linear_models_are_recovered(picture, segmenter, sampler, kernel):
    """An additive black box gives its own coefficients without a penalty, whatever the sampler and the kernel."""
    pixels, slopes = picture
    model = limefw.model(lambda batch: 3.0 + (batch * slopes).sum(axis=(1, 2, 3)), task="regression")
    stages = {"segmenter": segmenter, "sampler": sampler, "kernel": kernel}
    filler = {"use": "constant", "value": 0.2}
    found = limefw.explain(pixels, model, **stages, filler=filler, surrogate="linear", samples=120, labels=0)
    expected = pixel_effects(pixels, slopes, found.segments.labels, 51.0)
    np.testing.assert_allclose(found.fit().effects, expected, rtol=0, atol=1e-10)
    intercept = 3.0 + (slopes * 51.0).sum()
    assert found.fit().intercept == pytest.approx(intercept, abs=1e-10)
    assert found.fit().score == pytest.approx(1.0, abs=1e-12)
    assert found.fit().local_prediction == pytest.approx(found.prediction(), abs=1e-10)


@pytest.mark.parametrize(("scale", "alpha"), [("absolute", 1.0), ("absolute", 30.0), ("weights", 0.01)])
def test_a_penalty_shrinks_additive_models_by_the_formula(scale, alpha):
    """With a penalty the coefficients are (S + a I)^-1 S theta, S the weighted centred second moments of the codes."""
    theta = np.random.default_rng(6).normal(size=9)
    surrogate = {"use": "ridge", "alpha": alpha, "scale": scale}
    found = game(lambda codes: 2.0 + codes @ theta, 9, surrogate=surrogate, samples=80)
    around = found.neighbourhood
    spread = np.cov(around.codes.T.astype(float), aweights=around.weights, ddof=0) * around.weights.sum()
    penalty = alpha * (around.weights.sum() if scale == "weights" else 1.0)
    expected = np.linalg.solve(spread + penalty * np.eye(9), spread @ theta)
    np.testing.assert_allclose(found.fit().effects, expected, rtol=0, atol=1e-12)
    assert np.abs(expected - theta).max() > 0.001


# --- what any weighted fit obeys


@pytest.mark.parametrize("surrogate", ["linear", "ridge"])
def test_effects_are_linear_in_the_black_box(surrogate):
    """The explanation of 2 f - 3 g is 2 (that of f) - 3 (that of g)."""
    first, second = np.random.default_rng(7).normal(size=(2, 2**10))

    def effects(values):
        return game(looked_up(values), 10, surrogate=surrogate, samples=300).fit().effects

    expected = 2 * effects(first) - 3 * effects(second)
    np.testing.assert_allclose(effects(2 * first - 3 * second), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sampler", ["bernoulli", "paired"])
def test_a_segment_the_model_ignores_has_no_effect(sampler):
    """A dummy segment of an additive black box gets 0, from a sample too."""
    theta = np.array([1.0, -2.0, 0.0, 3.0, 0.0, 0.5, 0.25])
    found = game(lambda codes: codes @ theta, 7, sampler=sampler, surrogate="linear", samples=60).fit()
    assert np.abs(found.effects[theta == 0]).max() < 1e-12


def test_renumbering_segments_renumbers_their_effects():
    """With all codes drawn, permuting the segments permutes the effects and changes nothing else."""
    values, order = np.random.default_rng(8).normal(size=2**7), np.random.default_rng(9).permutation(7)
    box = looked_up(values)
    plain, permuted = game(box, 7).fit(), game(lambda codes: box(codes[:, order]), 7).fit()
    np.testing.assert_allclose(permuted.effects[order], plain.effects, rtol=0, atol=1e-12)
    assert permuted.intercept == pytest.approx(plain.intercept, abs=1e-12)


@pytest.mark.parametrize("surrogate", ["linear", "ridge", "lasso", "tree"])
def test_a_constant_model_has_no_effects(surrogate):
    """A constant black box gives slopes of 0, its value as intercept, and the caution that says so."""
    found = game(lambda codes: np.full(len(codes), 0.7), 8, surrogate=surrogate, samples=100)
    assert np.abs(found.fit().effects).max() < 1e-12
    assert found.fit().intercept == pytest.approx(0.7, abs=1e-12)
    assert "constant_model" in [caution.code for caution in found.health.cautions]


# --- paired draws


def quadratic(width, seed):
    """Return a black box of degree 2 and its exact main effects."""
    rng = np.random.default_rng(seed)
    theta, pairs = rng.normal(size=width), np.triu(rng.normal(size=(width, width)), 1)
    return (
        lambda codes: codes @ theta + np.einsum("ni,ij,nj->n", codes, pairs, codes),
        theta + (pairs + pairs.T).sum(axis=1) / 2,
    )


@pytest.mark.parametrize("kernel", ["flat", "symmetric", {"use": "symmetric", "width": 0.1}])
@pytest.mark.parametrize("samples", [80, 300])
def test_pairs_recover_black_boxes_of_degree_two(kernel, samples):
    """Paired draws and a kernel that weighs complements alike are exact where interactions are between two."""
    box, expected = quadratic(20, seed=10)
    found = game(box, 20, sampler="paired", kernel=kernel, surrogate="linear", samples=samples).fit()
    np.testing.assert_allclose(found.effects, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "stages",
    [
        {"sampler": "bernoulli", "kernel": "symmetric"},
        {"sampler": "paired", "kernel": "cosine_exponential"},
    ],
    ids=["unpaired", "one-sided"],
)
def test_without_pairs_or_symmetry_interactions_leak(stages):
    """The same black box leaks into the effects where either the pairs or the symmetry is missing."""
    box, expected = quadratic(20, seed=10)
    found = game(box, 20, **stages, surrogate="linear", samples=300).fit()
    assert np.abs(found.effects - expected).max() > 0.05


def test_the_instance_is_paired_with_the_all_hidden_row():
    """Without its partner the instance alone would spoil exactness: row 1 hides everything."""
    draws = drawn(paired, 20, 80)
    assert draws.codes[0].all()
    assert not draws.codes[1].any()
    np.testing.assert_array_equal(draws.codes[::2], ~draws.codes[1::2])
    np.testing.assert_array_equal(draws.groups, np.repeat(np.arange(40), 2))


# --- Monte Carlo


WIDTH, ROWS, REPEATS = 10, 400, 200


def with_interactions(*, even, odd):
    """Return the values of a black box on 10 segments with 2-way and 3-way interactions of these sizes."""
    rng = np.random.default_rng(11)
    codes = 2 * every_code(WIDTH) - 1
    total = codes @ rng.normal(size=WIDTH)
    for order, size in ((2, even), (3, odd)):
        for _ in range(25):
            total += size * rng.normal() * codes[:, rng.choice(WIDTH, order, replace=False)].prod(axis=1)
    return total


BALANCED = with_interactions(even=0.5, odd=0.5)
EVEN = with_interactions(even=1.0, odd=0.3)


def limit(values, kernel):
    """Return the coefficients that endless draws of fair coins converge to."""
    codes = every_code(WIDTH).astype(bool)
    weights = kernel(limefw.Draws(codes), None)
    rows = np.arange(len(codes))
    (fit,) = linear_fits(limefw.Neighbourhood(codes, values[:, None], weights, rows), 0.0)
    return fit.effects


def repeated(values, sampler, kernel, *, grouped=True):
    """Return effects and standard errors of many small explanations, ``(REPEATS, d)`` each."""
    box, found = looked_up(values), []
    for seed in range(REPEATS):
        draws = drawn(sampler, WIDTH, ROWS, seed=seed, enumerate_small=False)
        around = neighbourhood(draws, box(draws.codes), kernel)
        if not grouped:
            around = limefw.Neighbourhood(around.codes, around.targets, around.weights, np.arange(len(draws)))
        found += linear_fits(around, 0.0)
    return np.array([fit.effects for fit in found]), np.array([fit.standard_errors for fit in found])


@pytest.mark.parametrize(
    ("sampler", "kernel"),
    [(bernoulli, cosine_exponential), (bernoulli, flat), (paired, symmetric), (paired, flat)],
)
def test_large_samples_agree_with_the_enumerated_limit(sampler, kernel):
    """20,000 draws land within 4.5 of their standard errors of the limit, and those errors are small."""
    draws = drawn(sampler, WIDTH, 20_000, seed=12, enumerate_small=False)
    (fit,) = linear_fits(neighbourhood(draws, looked_up(BALANCED)(draws.codes), kernel), 0.0)
    expected = limit(BALANCED, kernel)
    assert (fit.standard_errors < 0.05 * np.ptp(expected)).all()
    assert (np.abs(fit.effects - expected) <= 4.5 * fit.standard_errors).all()


@pytest.mark.parametrize("values", [BALANCED, EVEN], ids=["balanced", "even"])
@pytest.mark.parametrize(
    ("sampler", "kernel"), [(bernoulli, cosine_exponential), (paired, symmetric)], ids=["HC3", "CR3"]
)
def test_standard_errors_are_calibrated(values, sampler, kernel):
    """95 % intervals cover the limit in .90 to .995 of cases; standard error over true spread is in .85 .. 1.6."""
    effects, errors = repeated(values, sampler, kernel)
    covered = np.abs(effects - limit(values, kernel)) <= 1.96 * errors
    ratios = errors.mean(axis=0) / effects.std(axis=0, ddof=1)
    assert 0.90 <= covered.mean() <= 0.995
    assert ratios.min() >= 0.85
    assert ratios.max() <= 1.6


def test_forgetting_the_pairs_overstates_the_errors():
    """Where even interactions dominate, row-wise errors of paired draws are far too wide: clustering mends that."""
    effects, errors = repeated(EVEN, paired, symmetric, grouped=False)
    assert (errors.mean(axis=0) / effects.std(axis=0, ddof=1)).min() > 1.6
