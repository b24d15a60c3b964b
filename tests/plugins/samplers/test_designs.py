"""Designs are what they are called: orthogonal, balanced, paired, without repeats, of the law that they say."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import resize

import limefw
from limefw.statistics import linear_fits
from limefw_plugins.kernels.cosine_exponential import cosine_exponential
from limefw_plugins.kernels.flat import flat
from limefw_plugins.kernels.hamming import hamming
from limefw_plugins.kernels.l2 import l2
from limefw_plugins.kernels.shapley import shapley as shapley_kernel
from limefw_plugins.kernels.symmetric import symmetric
from limefw_plugins.samplers._orthogonal import LARGEST, matrix_of, order_for
from limefw_plugins.samplers.bernoulli import bernoulli
from limefw_plugins.samplers.hadamard import hadamard
from limefw_plugins.samplers.leverage import leverage
from limefw_plugins.samplers.rise_masks import rise_masks
from limefw_plugins.samplers.scrambled_sobol import scrambled_sobol
from limefw_plugins.samplers.shapley_sizes import shapley_sizes
from limefw_plugins.samplers.size_stratified import size_stratified
from limefw_plugins.samplers.weighted_law import weighted_law
from limefw_plugins.surrogates.linear import linear


PAIRED = [hadamard, leverage, scrambled_sobol, shapley_sizes]
OF_BITS = [*PAIRED, size_stratified, weighted_law]


def drawn(sampler, count, budget, seed=0, **params):
    segments = limefw.Segments.from_labels(np.arange(count)[None])
    return limefw.Draws.join(list(sampler(None, segments, budget, np.random.default_rng(seed), **params)))


def around_of(draws, box, kernel):
    answers = box(draws.codes.astype(np.float64)).reshape(len(draws), -1)
    return limefw.Neighbourhood(
        draws.codes, answers, kernel(draws, None) * draws.importance, draws.groups, draws.exhaustive
    )


def quadratic(width, seed):
    """Return a black box of degree 2 and its main effects with half of each interaction: its Shapley values too."""
    rng = np.random.default_rng(seed)
    theta, pairs = rng.normal(size=width), np.triu(rng.normal(size=(width, width)), 1)
    box = lambda codes: codes @ theta + np.einsum("ni,ij,nj->n", codes, pairs, codes)
    return box, theta + (pairs + pairs.T).sum(axis=1) / 2


def looked_up(values):
    """Return a black box that looks its answer up by code."""
    powers = 2 ** np.arange(int(np.log2(len(values))))[::-1]
    return lambda codes: values[(codes @ powers).astype(int)]


# --- Hadamard matrices


@pytest.mark.parametrize("count", [*range(2, 201), 511, 1000])
def test_matrices_are_orthogonal_and_hardly_larger_than_needed(count):
    """H'H = n I with entries of -1 and 1; n is above the number of segments, and below a power of two that would do."""
    order = order_for(count + 1)
    signs = matrix_of(order).astype(np.float64)  # sums of this many ones are exact
    assert count < order <= (20 if count < 20 else 2 ** count.bit_length())
    assert signs.shape == (order, order)
    assert (np.abs(signs) == 1).all()
    np.testing.assert_array_equal(signs.T @ signs, order * np.eye(order))


def test_orders_are_sylvesters_and_paleys():
    """Orders in between powers of two: of primes below a multiple of four, and of twice a prime and two."""
    assert [order_for(least) for least in (3, 5, 9, 13, 17, 25, 33, 41, 51, 61, 69, 73, 129)] == [
        4, 12, 12, 20, 20, 28, 36, 44, 56, 64, 72, 76, 132
    ]  # fmt: skip


@pytest.mark.parametrize("count", range(5, 60))
def test_what_three_segments_do_together_falls_on_many(count):
    """Of the products of three columns of a matrix at most one in ten is a column."""
    signs = matrix_of(order_for(count + 1)).astype(np.float64)
    order = len(signs)
    whole = 0
    for first, second in combinations(range(8), 2):
        triples = (signs[:, first] * signs[:, second])[:, None] * signs[:, second + 1 :]
        whole += (np.abs(triples.T @ signs) == order).any(axis=1).sum()
    total = sum(order - 1 - second for _, second in combinations(range(8), 2))
    assert whole <= total / 10


def test_more_segments_than_a_matrix_has_columns_are_refused():
    with pytest.raises(limefw.InputError, match=f"up to {LARGEST - 1} segments, and here are {LARGEST}.*'paired'"):
        drawn(hadamard, LARGEST, 100)


@pytest.mark.parametrize("count", [*range(2, 201, 7), 127, 200])
def test_whole_blocks_are_balanced_and_orthogonal(count):
    """Behind the first pair every segment is shown in half of the rows of a block, every two are independent."""
    block = 2 * order_for(count + 1)
    signs = 2.0 * drawn(hadamard, count, 2 + 2 * block, enumerate_small=False).codes[2:] - 1
    for part in (signs[:block], signs[block:]):
        np.testing.assert_array_equal(part.sum(axis=0), 0)
        np.testing.assert_array_equal(part.T @ part, block * np.eye(count))
    if count > 3:
        assert (signs[:block] != signs[block:]).any()


@pytest.mark.parametrize("sampler", [hadamard, scrambled_sobol])
def test_each_row_is_of_fair_coins(sampler):
    """Over seeds every code of 3 segments is as likely at one place of the design."""
    codes = np.array([drawn(sampler, 3, 10, seed, enumerate_small=False).codes[6] for seed in range(400)])
    counts = np.bincount(codes @ [4, 2, 1], minlength=8)
    assert np.abs(counts - 50).max() < 4.5 * np.sqrt(400 / 8 * 7 / 8)


# --- pairs


@given(st.sampled_from(PAIRED), st.integers(2, 40), st.integers(2, 700), st.integers(0, 9))
@settings(max_examples=120, deadline=None)
def test_rows_come_with_their_complements(sampler, count, budget, seed):
    """The instance with the all-hidden row, every other row with its own, in one group and within the budget."""
    draws = drawn(sampler, count, budget, seed)
    assert len(draws) <= max(2, budget)
    assert draws.codes[0].all()
    np.testing.assert_array_equal(draws.codes[::2], ~draws.codes[1::2])
    np.testing.assert_array_equal(draws.groups[::2], draws.groups[1::2])
    assert len(np.unique(draws.groups)) == len(draws) // 2
    np.testing.assert_allclose(draws.importance[::2], draws.importance[1::2], rtol=1e-12)
    assert draws.exhaustive == (2**count <= budget)
    if not draws.exhaustive and sampler is not leverage:
        assert len(draws) == max(2, budget - budget % 2)


@pytest.mark.parametrize(("count", "budget"), [(10, 160), (9, 300), (12, 60), (10, 900)])
def test_as_many_groups_of_leverage_are_no_luck_as_every_run_has(count, budget):
    """Of n pairs out of N that show a size n n / N have negative numbers, drawn from anywhere: all of a whole size."""
    places = []
    for seed in range(3):
        draws = drawn(leverage, count, budget, seed)
        shown = draws.codes[2::2].sum(axis=1)
        sizes, sure = np.minimum(shown, count - shown), draws.groups[2::2] < 0
        for size in range(1, count // 2 + 1):
            there = comb(count, size) / (2 if 2 * size == count else 1)
            number = (sizes == size).sum()
            assert sure[sizes == size].sum() == np.rint(number**2 / there)
        places.append(np.flatnonzero(sure).tolist())
    assert len({tuple(each) for each in places}) == 3


@pytest.mark.parametrize(("count", "budget"), [(6, 62), (7, 126), (10, 1022)])
def test_some_luck_is_left_to_tell_errors_by(count, budget):
    """Five pairs, where by their shares next to none would be: of sizes that were not drawn whole."""
    draws = drawn(leverage, count, budget)
    sizes, free = draws.codes.sum(axis=1), np.flatnonzero(draws.groups >= 0)[2:]
    assert len(free) == 2 * 5
    for size in set(sizes[free].tolist()):
        assert (sizes == size).sum() < comb(count, size)


def test_arrays_of_sobol_are_drawn_anew():
    """Which products of columns are columns again differs from array to array, so that no error stays."""
    arrays = 2.0 * drawn(scrambled_sobol, 12, 64 * 40, enumerate_small=False).codes.reshape(40, 64, 12)[1:] - 1
    triples = np.array([(array[:, 0] * array[:, 1] * array[:, 2]) @ array / 64 for array in arrays])
    assert (np.abs(triples) == 1).any()
    # of one array an alias has one sign, or none, for good
    assert not (np.abs(triples).min(axis=0) == 1).any()
    assert (np.abs(triples.mean(axis=0)) < 0.6).all()


# leverage is shared out beforehand
@pytest.mark.parametrize(
    "sampler", [hadamard, scrambled_sobol, shapley_sizes, size_stratified, weighted_law, rise_masks]
)
def test_more_samples_begin_with_the_same_ones(sampler):
    """A larger budget goes on where a smaller one ended."""
    make = masks if sampler is rise_masks else lambda budget: drawn(sampler, 30, budget)
    few, many = make(100), make(700)
    np.testing.assert_array_equal(few.codes, many.codes[:100])
    np.testing.assert_array_equal(few.importance, many.importance[:100])


@pytest.mark.parametrize("sampler", OF_BITS)
def test_all_combinations_are_taken_once_where_they_fit(sampler):
    """All 2^d codes, each once, and one row short of that it draws."""
    draws = drawn(sampler, 5, 32)
    assert draws.exhaustive
    assert {tuple(row) for row in draws.codes.tolist()} == set(product([False, True], repeat=5))
    assert not drawn(sampler, 5, 31).exhaustive
    if sampler is not leverage:  # which draws nothing twice, and so everything
        assert not drawn(sampler, 5, 32, enumerate_small=False).exhaustive


@pytest.mark.parametrize(
    ("sampler", "kernel", "samples"),
    [
        *((sampler, kernel, samples) for sampler in (hadamard, scrambled_sobol) for kernel in (flat, symmetric)
          for samples in (160, 300)),
        (hadamard, symmetric, 60),
        (shapley_sizes, shapley_kernel, 200),
        (leverage, shapley_kernel, 200),
    ],
)  # fmt: skip
def test_pairs_under_a_kernel_that_weighs_them_alike_recover_degree_two(sampler, kernel, samples):
    """Main effects and half of the interactions, exactly, from any number of pairs that tell the segments apart."""
    box, expected = quadratic(20, seed=10)
    (fit,) = linear(around_of(drawn(sampler, 20, samples), box, kernel), None)
    np.testing.assert_allclose(fit.effects, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sampler", OF_BITS)
def test_all_combinations_under_no_kernel_give_banzhaf_values(sampler):
    """What showing a segment adds on average over all codes of the others."""
    values = np.random.default_rng(1).normal(size=2**7)
    table = values.reshape((2,) * 7)
    expected = [(table.take(1, axis=at) - table.take(0, axis=at)).mean() for at in range(7)]
    (fit,) = linear(around_of(drawn(sampler, 7, 128), looked_up(values), flat), None)
    np.testing.assert_allclose(fit.effects, expected, rtol=0, atol=1e-12)


def test_an_additive_box_is_recovered_from_few_draws():
    """One more draw than unknowns is enough of an orthogonal design."""
    theta = np.random.default_rng(3).normal(size=50)
    (fit,) = linear(around_of(drawn(hadamard, 50, 114), lambda codes: 2 + codes @ theta, flat), None)
    np.testing.assert_allclose(fit.effects, theta, rtol=0, atol=1e-10)
    assert fit.intercept == pytest.approx(2.0, abs=1e-10)


# --- laws of sizes


SIZE_KERNELS = [
    ("cosine_exponential", cosine_exponential, {"width": 0.25}),
    ("cosine_exponential", cosine_exponential, {"width": 0.05}),
    ("hamming", hamming, {"width": 0.3}),
    ("l2", l2, {"width": 0.75, "relative": True}),
    ("l2", l2, {"width": 0.5, "relative": False}),
    ("symmetric", symmetric, {"width": 0.25}),
]


@pytest.mark.parametrize(("name", "kernel", "params"), SIZE_KERNELS)
@pytest.mark.parametrize("count", [2, 9, 60])
def test_under_the_kernel_whose_law_was_drawn_all_rows_weigh_alike(name, kernel, params, count):
    draws = drawn(weighted_law, count, 500, kernel=name, enumerate_small=False, **params)
    np.testing.assert_allclose(kernel(draws, None, **params) * draws.importance, 1.0, rtol=1e-9)


@pytest.mark.parametrize(("name", "kernel", "params"), SIZE_KERNELS)
def test_sizes_follow_the_kernel(name, kernel, params):
    """Of 40,000 draws of 9 segments each size has its share C(d, s) w(s), within 4.5 standard errors."""
    stairs = limefw.Draws(np.r_[np.ones((1, 9)), np.tril(np.ones((9, 9)), -1)].astype(bool))
    share = np.roll(kernel(stairs, None, **params), -1) * [comb(9, size) for size in range(10)]
    share /= share.sum()
    draws = drawn(weighted_law, 9, 40_001, kernel=name, enumerate_small=False, **params)
    found = np.bincount(draws.codes[1:].sum(axis=1), minlength=10) / 40_000
    assert (np.abs(found - share) <= 4.5 * np.sqrt(share * (1 - share) / 40_000) + 1e-12).all()


def test_glime_an_l2_kernel_is_another_coin():
    """The weighted limit is the unweighted one of coins with probability 1 / (1 + exp(-1 / (2 width^2))), exactly."""
    box = looked_up(np.random.default_rng(1).normal(size=2**8))
    narrow = {"width": 0.8, "relative": False}
    weighted = around_of(drawn(weighted_law, 8, 256, **narrow), box, lambda *data: l2(*data, **narrow))
    keep = 1 / (1 + np.exp(-1 / (2 * 0.8**2)))
    coins = drawn(bernoulli, 8, 256, keep=keep)
    (one,), (other,) = (linear_fits(each, 0.0) for each in (weighted, around_of(coins, box, flat)))
    np.testing.assert_allclose(one.effects, other.effects, rtol=0, atol=1e-9)
    assert one.intercept == pytest.approx(other.intercept, abs=1e-9)
    # and drawn from the law, without weights, it is what the estimates gather around
    draws = drawn(weighted_law, 8, 20_000, kernel="l2", enumerate_small=False, **narrow)
    (found,) = linear_fits(around_of(draws, box, lambda *data: l2(*data, **narrow)), 0.0)
    assert (np.abs(found.effects - one.effects) <= 4.5 * found.standard_errors).all()
    assert (found.standard_errors < 0.05).all()


def test_a_kernel_too_narrow_for_its_law_is_refused():
    with pytest.raises(limefw.InputError, match="leaves no weight on 3000 segments"):
        drawn(weighted_law, 3000, 10, kernel="symmetric", width=1e-3)


@pytest.mark.parametrize("count", [3, 20, 59])
def test_each_size_comes_once_in_a_round(count):
    """Behind the instance every d + 1 rows show 0, 1, ... d segments in some order."""
    sizes = drawn(size_stratified, count, 3 * (count + 1), enumerate_small=False).codes.sum(axis=1)
    for start in (1, 2):
        part = sizes[start * (count + 1) : (start + 1) * (count + 1)]
        np.testing.assert_array_equal(np.sort(part), np.arange(count + 1))


@pytest.mark.parametrize("corrected", [True, False])
def test_size_strata_have_the_limit_that_they_enumerate(corrected):
    """Corrected it is that of fair coins; drawn, estimates gather around it."""
    box = looked_up(np.random.default_rng(2).normal(size=2**7))
    (whole,) = linear_fits(around_of(drawn(size_stratified, 7, 128, corrected=corrected), box, flat), 0.0)
    (coins,) = linear_fits(around_of(drawn(bernoulli, 7, 128), box, flat), 0.0)
    assert (np.abs(whole.effects - coins.effects).max() < 1e-9) == corrected
    draws = drawn(size_stratified, 7, 20_000, corrected=corrected, enumerate_small=False)
    (found,) = linear_fits(around_of(draws, box, flat), 0.0)
    assert (np.abs(found.effects - whole.effects) <= 4.5 * found.standard_errors).all()


@pytest.mark.parametrize("count", [4, 11, 60])
def test_shapleys_kernel_cancels_the_sizes_importance(count):
    """All draws but the first pair, which the surrogate holds fixed, count alike."""
    draws = drawn(shapley_sizes, count, 400, enumerate_small=False)
    weights = shapley_kernel(draws, None) * draws.importance
    np.testing.assert_allclose(weights[2:], 1.0, rtol=1e-9)
    assert weights[:2].tolist() == [0.0, 0.0]


def test_shapleys_sizes_have_their_shares():
    """Of 40,000 draws of 8 segments s are shown with probability ~ 1 / (s (8 - s))."""
    sizes = drawn(shapley_sizes, 8, 40_002, enumerate_small=False).codes[2::2].sum(axis=1)
    share = 1 / (np.arange(1, 8) * np.arange(7, 0, -1))
    share /= share.sum()
    found = np.bincount(sizes, minlength=9)[1:8] / 20_000
    assert (np.abs(found - share) <= 4.5 * np.sqrt(share * (1 - share) / 20_000)).all()


@given(st.integers(2, 26), st.integers(2, 600), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_leverage_takes_no_combination_twice_and_every_size_alike(count, budget, seed):
    """All rows differ. Small sizes are drawn whole, and all others as often as each other, give or take one pair.

    The smallest of these has more than twice as many combinations, or would take more than half of the draws left.
    """
    draws = drawn(leverage, count, budget, seed)
    assert len(np.unique(draws.codes, axis=0)) == len(draws) == min(max(2, budget - budget % 2), 2**count)
    found = np.bincount(draws.codes[2:].sum(axis=1), minlength=count + 1)[1:-1]
    there = np.array([comb(count, size) for size in range(1, count)])
    assert (found <= there).all()
    some = found < there
    if some.any():
        # of the middle size a pair is two
        assert np.ptp(found[some]) <= 2
        assert there[~some].max(initial=0) <= there[some].min()
        assert 2 * found[some].min() <= there[some].min() + 2 or 4 * there[some].min() + 4 >= found[some].sum()


@pytest.mark.parametrize("count", [12, 13, 50])
def test_leverage_weighs_sizes_as_fair_coins_do(count):
    """Importance adds up to C(d, s) / 2^d for each size, over seeds, as the shares are rounded at random."""
    total = np.zeros(count + 1)
    for seed in range(100):
        draws = drawn(leverage, count, 202, seed)
        np.add.at(total, draws.codes[2:].sum(axis=1), draws.importance[2:])
    expected = np.array([comb(count, size) / 2**count for size in range(1, count)])
    np.testing.assert_allclose(total[1:-1] / (100 * 200), expected, rtol=0.1)


# --- soft masks


PICTURE = limefw.Image(np.ones((31, 45, 1)), (0.0, 1.0))
TILES = limefw.Segments.from_labels(np.indices((31, 45))[0] // 8 * 5 + np.indices((31, 45))[1] // 9)


def masks(budget, segments=TILES, seed=0, **params):
    return limefw.Draws.join(list(rise_masks(PICTURE, segments, budget, np.random.default_rng(seed), **params)))


@pytest.mark.parametrize("grid", [2, 7])
def test_codes_are_means_of_rises_masks(grid):
    """RISE's own steps, with scikit-image: a grid of coins enlarged to one cell more, cropped at random."""
    rng = np.random.default_rng(0)
    coins, cells = rng.random((256, grid, grid)) < 0.4, (-(-31 // grid), -(-45 // grid))
    shifts = rng.integers(0, cells, size=(256, 2))
    codes = masks(12, grid=grid, keep=0.4).codes
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes[0], 1.0)
    for row in range(1, 12):
        size = tuple((grid + 1) * cell for cell in cells)
        large = resize(coins[row].astype(float), size, order=1, mode="reflect", anti_aliasing=False)
        down, across = shifts[row]
        mask = large[down : down + 31, across : across + 45]
        means = np.bincount(TILES.labels.ravel(), weights=mask.ravel()) / TILES.sizes()
        np.testing.assert_allclose(codes[row], means, rtol=0, atol=1e-6)


def test_at_centroids_a_code_is_the_masks_value_there():
    """Of segments of one pixel the mean and the value at the centroid are the same."""
    pixels = limefw.Segments.from_labels(np.arange(31 * 45).reshape(31, 45))
    np.testing.assert_allclose(masks(5, pixels).codes, masks(5, pixels, centroid=True).codes, rtol=0, atol=1e-6)
    assert np.abs(masks(5).codes - masks(5, centroid=True).codes).max() > 0.01


def test_soft_segments_and_pixels_of_none_are_averaged_by_their_shares():
    labels = TILES.labels
    basis = np.stack([(labels == at) * 0.5 for at in range(TILES.count)]).astype(np.float32)
    soft = limefw.Segments(labels, TILES.names, basis=basis)
    np.testing.assert_allclose(masks(9, soft).codes, masks(9).codes, rtol=0, atol=1e-6)
    beside = np.where(labels == TILES.count - 1, -1, labels)
    part = limefw.Segments(beside, TILES.names[:-1])
    np.testing.assert_allclose(masks(9, part).codes, masks(9).codes[:, :-1], rtol=0, atol=1e-6)


def test_neighbours_are_shown_together():
    """Codes have the mean `keep`; tiles side by side go together, and tiles far apart do not."""
    codes = masks(4000).codes[1:]
    np.testing.assert_allclose(codes.mean(axis=0), 0.5, rtol=0, atol=0.04)
    together = np.corrcoef(codes.T)
    assert together[0, 1] > 0.2
    assert abs(together[0, TILES.count - 1]) < 0.08


def test_a_line_through_soft_masks_recovers_additive_models():
    """RISE with an intercept: each tile's own effect on the brightness, to the rounding of 32 bits."""
    slopes = np.random.default_rng(5).normal(size=PICTURE.pixels.shape)
    model = limefw.model(lambda batch: 1.5 + (batch * slopes).sum(axis=(1, 2, 3)), task="regression")
    found = limefw.explain(
        PICTURE, model, segmenter=lambda _image, _rng, /: TILES, sampler="rise_masks", surrogate="linear",
        filler={"use": "constant", "value": 0.0}, kernel="flat", samples=300, labels=0,
    )  # fmt: skip
    expected = np.bincount(TILES.labels.ravel(), weights=slopes.ravel())
    np.testing.assert_allclose(found.fit().effects, expected, rtol=0, atol=1e-4)


def test_the_instance_counts_in_full_among_strata():
    """It is beside the law, as in the paper; a row that shows everything by chance hardly counts."""
    draws = drawn(size_stratified, 9, 40, enumerate_small=False)
    assert draws.codes[0].all()
    assert draws.importance[0] == 1.0
    assert (draws.importance[1:][draws.codes[1:].all(axis=1)] < 0.05).all()


def test_which_segments_sobol_confounds_is_drawn():
    """Four columns whose product is always the same, so that three of them act as the fourth: other ones by seed."""

    def confounded(seed):
        signs = 2.0 * drawn(scrambled_sobol, 10, 32, seed, enumerate_small=False).codes[2:] - 1
        return frozenset(at for at in combinations(range(10), 4) if abs(signs[:, at].prod(axis=1).sum()) == 30)

    found = [confounded(seed) for seed in range(5)]
    assert all(found)
    assert len(set(found)) > 1
