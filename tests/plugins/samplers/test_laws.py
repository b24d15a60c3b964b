"""Samplers draw from the laws that they document, and enumerate these exactly."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import limefw
from limefw_plugins.samplers.bernoulli import bernoulli
from limefw_plugins.samplers.contiguous import adjacent, contiguous
from limefw_plugins.samplers.exhaustive import exhaustive
from limefw_plugins.samplers.fixed_hidden import fixed_hidden


def row_of(count):
    """Segments side by side, each touching the next."""
    return limefw.Segments.from_labels(np.arange(count)[None].repeat(2, axis=0))


def drawn(sampler, segments, budget, seed=0, **params):
    segments = row_of(segments) if isinstance(segments, int) else segments
    return limefw.Draws.join(list(sampler(None, segments, budget, np.random.default_rng(seed), **params)))


def looked_up(values):
    """Return a black box that looks its answer up by code."""
    powers = 2 ** np.arange(int(np.log2(len(values))))[::-1]
    return lambda batch: values[(batch[:, 0, :, 0].astype(int) @ powers)]


def explained(box, width, **stages):
    """Explain a function of codes: one column of pixels per segment, 1 where shown, 0 where hidden."""
    return limefw.explain(
        limefw.Image(np.ones((2, width, 1)), (0.0, 1.0)),
        limefw.model(box, task="regression"),
        segmenter=lambda _image, _rng, /: row_of(width),
        filler={"use": "constant", "value": 0.0},
        **{"labels": 0, "surrogate": "linear", "kernel": "flat", **stages},
    )


def tuples(codes):
    return [tuple(row) for row in codes.tolist()]


# --- exhaustive


@pytest.mark.parametrize("keep", [0.5, 0.3])
def test_exhaustive_gives_the_coefficients_of_the_whole_law(keep):
    """The weighted least-squares coefficients over all 2^d codes, to rounding, with standard errors of 0."""
    values = np.random.default_rng(1).normal(size=2**7)
    codes = np.array(list(product([0.0, 1.0], repeat=7)))
    weights = np.where(codes == 1, keep, 1 - keep).prod(axis=1)
    root = np.sqrt(weights)[:, None]
    expected = np.linalg.lstsq(np.c_[np.ones(128), codes] * root, values[:, None] * root, rcond=None)[0][:, 0]
    found = explained(looked_up(values), 7, sampler={"use": "exhaustive", "keep": keep}, samples=500)
    np.testing.assert_allclose(found.fit().effects, expected[1:], rtol=0, atol=1e-12)
    assert found.fit().intercept == pytest.approx(expected[0], abs=1e-12)
    assert found.fit().standard_errors.tolist() == [0.0] * 7
    assert found.health.samples == found.health.distinct == 128


def test_exhaustive_is_what_bernoulli_enumerates():
    """Both take the same rows with the same weights, so that one can stand in for the other."""
    one, other = (drawn(sampler, 6, 64, keep=0.7) for sampler in (exhaustive, bernoulli))
    np.testing.assert_array_equal(one.codes, other.codes)
    np.testing.assert_array_equal(one.importance, other.importance)


@pytest.mark.parametrize(("count", "budget", "most"), [(6, 63, 5), (60, 1000, 9), (3, 2, 1)])
def test_exhaustive_says_what_does_not_fit(count, budget, most):
    """One row too few is an error with the number of segments, the budget and what would do."""
    with pytest.raises(limefw.InputError) as told:
        drawn(exhaustive, count, budget)
    for words in (f"all 2^{count}", f"{count} segments", f"budget is {budget} samples", f"enough for {most} segments"):
        assert words in str(told.value)


def test_exhaustive_asks_the_model_nothing_where_it_does_not_fit():
    """The error comes before the first model call."""
    calls = []
    with pytest.raises(limefw.InputError, match=r"2\^30"):
        explained(lambda batch: calls.append(1) or batch.mean(axis=(1, 2, 3)), 30, sampler="exhaustive")
    assert not calls


# --- a fixed number


@given(st.integers(2, 12), st.one_of(st.integers(1, 12), st.floats(0.01, 0.99)), st.integers(2, 700), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_each_draw_hides_exactly_as_many(count, hidden, budget, seed):
    """The instance first, and then k hidden segments in every row, within the budget."""
    if isinstance(hidden, int) and hidden >= count:
        with pytest.raises(limefw.InputError, match=f"shall hide {hidden} of {count} segments"):
            drawn(fixed_hidden, count, budget, hidden=hidden)
        return
    draws = drawn(fixed_hidden, count, budget, seed, hidden=hidden)
    number = hidden if isinstance(hidden, int) else min(max(1, round(hidden * count)), count - 1)
    assert draws.codes[0].all()
    assert set((~draws.codes[1:]).sum(axis=1).tolist()) == {number}
    assert draws.exhaustive == (comb(count, number) < budget)
    assert len(draws) == (comb(count, number) + 1 if draws.exhaustive else budget)
    np.testing.assert_array_equal(draws.importance, 1.0)


@pytest.mark.parametrize("hidden", [1, 2, 4, 0.9])
def test_all_choices_are_taken_once_where_they_fit(hidden):
    """All C(d, k) choices, each once, and not one row earlier."""
    number = hidden if isinstance(hidden, int) else 4
    budget = comb(5, number) + 1
    draws = drawn(fixed_hidden, 5, budget, hidden=hidden)
    expected = {tuple(at not in chosen for at in range(5)) for chosen in combinations(range(5), number)}
    assert sorted(tuples(draws.codes[1:])) == sorted(expected)
    assert not drawn(fixed_hidden, 5, budget - 1, hidden=hidden).exhaustive
    assert not drawn(fixed_hidden, 5, budget, hidden=hidden, enumerate_small=False).exhaustive


def test_every_choice_is_equally_likely():
    """30,000 draws of 2 of 5 segments: each of the 10 choices within 4.5 standard errors of a tenth."""
    draws = drawn(fixed_hidden, 5, 30_001, hidden=2, enumerate_small=False)
    _, counts = np.unique(draws.codes[1:], axis=0, return_counts=True)
    assert len(counts) == 10
    assert np.abs(counts - 3000).max() < 4.5 * np.sqrt(30_000 * 0.1 * 0.9)


def test_a_fixed_number_treats_segments_alike():
    """With all choices taken, segments that a black box treats alike have one effect, and the others another."""
    found = explained(lambda batch: batch[:, 0, :3, 0].prod(axis=1), 8, sampler={"use": "fixed_hidden", "hidden": 3})
    effects = found.fit().effects
    assert np.ptp(effects[:3]) < 1e-12
    assert np.ptp(effects[3:]) < 1e-12
    assert effects[0] > effects[3] + 0.1
    assert found.fit().standard_errors.tolist() == [0.0] * 8
    # the instance alone fixes the level: what the effects add up to with the intercept is the instance's own answer
    assert found.fit().local_prediction == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("samples", [40, 1000])
def test_a_fixed_number_recovers_additive_models(samples):
    """The instance makes the design of full rank: an additive black box gives its own coefficients."""
    theta = np.random.default_rng(3).normal(size=9)
    found = explained(lambda batch: 2 + batch[:, 0, :, 0] @ theta, 9, sampler="fixed_hidden", samples=samples)
    np.testing.assert_allclose(found.fit().effects, theta, rtol=0, atol=1e-10)
    assert found.fit().intercept == pytest.approx(2.0, abs=1e-10)


# --- neighbours


def test_adjacency_is_sharing_an_edge():
    """Corners do not count, what is in no segment separates, and pairs come once, the smaller first."""
    labels = np.array([[0, 0, 1, 1], [0, 2, 2, -1], [3, -1, 2, 4]])
    assert adjacent(labels).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [2, 4]]
    # along one axis what is in no segment is a blank between two words
    assert adjacent(np.array([2, 2, 0, -1, 1])).tolist() == [[0, 1], [0, 2]]
    assert adjacent(np.arange(8).reshape(2, 2, 2)).tolist() == [
        [0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 3], [2, 6], [3, 7], [4, 5], [4, 6], [5, 7], [6, 7]
    ]  # fmt: skip


@pytest.mark.parametrize(("join", "keep"), [(0.0, 0.5), (0.3, 0.5), (0.8, 0.5), (0.5, 0.7)])
def test_neighbours_have_the_documented_covariance(join, keep):
    """In a row of segments i and j are connected with probability join^|i - j|: marginals and covariances follow."""
    codes = drawn(contiguous, 5, 40_001, join=join, keep=keep).codes[1:].astype(float)
    gaps = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    # join^0 is 1, for join 0 too
    expected = keep * (1 - keep) * np.where(gaps == 0, 1.0, join**gaps)
    # a product of two codes has a variance of at most 1/4, so of n draws a standard error of at most 1 / (2 sqrt n)
    tolerance = 4.5 / (2 * np.sqrt(len(codes)))
    assert np.abs(codes.mean(axis=0) - keep).max() < tolerance
    assert np.abs(np.cov(codes.T, ddof=0) - expected).max() < 2 * tolerance


def test_a_ring_follows_the_law_code_by_code():
    """Four segments in a square: every code is as likely as a sum over all 2^4 sets of joins says."""
    square = limefw.Segments.from_labels(np.arange(4).reshape(2, 2))
    edges, join, keep = [(0, 1), (0, 2), (1, 3), (2, 3)], 0.4, 0.6
    likely = dict.fromkeys(product([False, True], repeat=4), 0.0)
    for joined in product([False, True], repeat=4):
        group = list(range(4))
        for (here, there), on in zip(edges, joined, strict=True):
            if on:
                group = [group[here] if one == group[there] else one for one in group]
        for code in likely:
            coins = {number: {code[at] for at in range(4) if group[at] == number} for number in set(group)}
            if all(len(sides) == 1 for sides in coins.values()):
                chance = np.prod([keep if sides == {True} else 1 - keep for sides in coins.values()])
                likely[code] += chance * join ** sum(joined) * (1 - join) ** (4 - sum(joined))
    assert sum(likely.values()) == pytest.approx(1.0)
    codes = tuples(drawn(contiguous, square, 40_001, join=join, keep=keep).codes[1:])
    for code, chance in likely.items():
        assert abs(codes.count(code) / 40_000 - chance) < 4.5 * np.sqrt(chance * (1 - chance) / 40_000), code


def test_segments_that_do_not_touch_are_independent():
    """Across pixels of no segment nothing is joined, whatever `join` is."""
    apart = limefw.Segments(np.array([[0, -1, 1, -1, 2]]), ("a", "b", "c"))
    codes = drawn(contiguous, apart, 20_001, join=0.99).codes[1:].astype(float)
    assert np.abs(np.cov(codes.T, ddof=0) - 0.25 * np.eye(3)).max() < 9 / (2 * np.sqrt(20_000))


@pytest.mark.parametrize("sampler", [contiguous, fixed_hidden])
def test_more_samples_begin_with_the_same_ones(sampler):
    """A larger budget goes on where a smaller one ended."""
    few, many = (drawn(sampler, 30, budget).codes for budget in (100, 700))
    np.testing.assert_array_equal(few, many[:100])


def test_contiguous_recovers_additive_models():
    """Correlated codes are no obstacle to a least-squares fit of an additive black box."""
    theta = np.random.default_rng(4).normal(size=12)
    sampler = {"use": "contiguous", "join": 0.6}
    found = explained(lambda batch: batch[:, 0, :, 0] @ theta, 12, sampler=sampler, samples=300)
    np.testing.assert_allclose(found.fit().effects, theta, rtol=0, atol=1e-10)
