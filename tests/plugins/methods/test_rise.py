"""RISE: the paper's sum with the mean taken away, on soft masks and on coins."""

import numpy as np
import pytest
from scipy.stats import t

import limefw


COINS = {"use": "bernoulli", "enumerate_small": False}


def soft(_instance, segments, budget, rng, /):
    """Shares between hidden and shown, of neighbouring segments alike."""
    rough = rng.random((budget, segments.count + 2))
    codes = ((rough[:, :-2] + rough[:, 1:-1] + rough[:, 2:]) / 3).astype(np.float32)
    codes[0] = 1
    yield limefw.Draws(codes)


def box(codes):
    return 2.0 + codes[:, 1] - 0.5 * codes[:, 4] + codes[:, 2] * codes[:, 3]


@pytest.mark.parametrize("sampler", [soft, "paired", COINS])
@pytest.mark.parametrize("mean", [None, 0.5])
def test_it_is_the_papers_sum_with_the_mean_taken_away(sampler, mean, explained):
    """sum f M / (N p) - mean f x sum M / (N p), over all draws but the instance and its pair, not of the law."""
    found = explained(box, 9, method={"use": "rise", "mean": mean}, sampler=sampler, samples=200)
    around = found.neighbourhood
    drawn = around.groups != around.groups[0]
    assert (~drawn).sum() == (2 if sampler == "paired" else 1)
    codes, targets = (np.asarray(part[drawn], float) for part in (around.codes, around.targets))
    count, scale = len(codes), mean or codes.mean()
    saliency = targets[:, 0] @ codes / (count * scale)
    expected = saliency - targets.mean() * codes.sum(axis=0) / (count * scale)
    np.testing.assert_allclose(found.fit().effects, expected, rtol=0, atol=1e-12)
    assert found.health.samples == 200


def test_of_coins_it_tends_to_a_part_of_the_effects(explained):
    """(1 - p) times each effect of an additive model, within 4.5 of its own standard errors, which are true."""
    effects = np.array([1.0, -2.0, 0.0, 0.5, 3.0])
    additive = lambda codes: 1.0 + codes @ effects
    fits = [
        explained(additive, 5, method="rise", sampler={**COINS, "keep": 0.3}, samples=400, seed=seed).fit()
        for seed in range(60)
    ]
    for fit in fits:
        assert (np.abs(fit.effects - 0.7 * effects) <= 4.5 * fit.standard_errors).all()
    spread = np.std([fit.effects for fit in fits], axis=0, ddof=1)
    told = np.mean([fit.standard_errors for fit in fits], axis=0)
    assert (np.abs(np.log(told / spread)) < 4.5 / np.sqrt(2 * 60)).all()


def test_of_all_combinations_it_is_exact(explained):
    """Half of each effect, with standard errors of 0."""
    effects = np.array([1.0, -2.0, 0.0, 0.5])
    fit = explained(lambda codes: codes @ effects, 4, method="rise", sampler="exhaustive", samples=100).fit()
    np.testing.assert_allclose(fit.effects, effects / 2, atol=1e-12)
    assert not fit.standard_errors.any()


def test_a_planted_patch_is_found():
    """In a picture cut into 64 cells, a bright patch of four: these four lead, by soft masks too."""

    def bright(batch):
        share = batch[:, 8:16, 20:28].mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - share, share], axis=1)

    pixels = np.full((32, 32, 3), 255, np.uint8)
    for sampler in (COINS, soft):
        found = limefw.explain(
            pixels, bright, labels=[1], method="rise", sampler=sampler, samples=1500, what_if=0, kernel="flat",
            segmenter={"use": "grid", "rows": 8, "columns": 8}, filler={"use": "constant", "value": 0.0},
        )  # fmt: skip
        best = np.argsort(-found.fit().effects)[: 4 if sampler is COINS else 2]
        assert set(best.tolist()) <= {2 * 8 + 5, 2 * 8 + 6, 3 * 8 + 5, 3 * 8 + 6}


def test_too_few_samples_and_masks_of_nothing_are_told(explained):
    with pytest.raises(limefw.InputError, match="needs 3 samples or more"):
        explained(box, 9, method="rise", sampler=COINS, samples=2)

    def nothing(_instance, segments, budget, _rng, /):
        codes = np.zeros((budget, segments.count), dtype=bool)
        codes[0] = True
        yield limefw.Draws(codes)

    with pytest.raises(limefw.InputError, match="nothing to compare"):
        explained(box, 9, method="rise", sampler=nothing, samples=20)


def test_as_many_draws_as_segments_do_for_intervals(explained):
    """It fits nothing: its covariance has as many degrees of freedom as draws but one, or as pairs but one."""
    additive = lambda codes: codes @ np.linspace(-1, 1, 50)
    for sampler, freedom in ((COINS, 28), ("paired", 13)):
        found = explained(additive, 50, method="rise", sampler=sampler, samples=30)
        wanted = t(freedom).ppf(0.975) * found.fit().standard_errors
        np.testing.assert_allclose(found.margins(), wanted, rtol=1e-6)
        (few,) = [caution.message for caution in found.health.cautions if caution.code == "too_few_samples"]
        assert few == "30 samples for 50 segments: 500 or more are advisable"


def test_the_spread_of_pairs_is_that_of_whole_pairs(explained):
    """What interacts by two cancels in a pair, so that by rows it would seem to vary more than it does."""
    products = lambda codes: codes[:, 0] * codes[:, 1] + codes[:, 2] * codes[:, 3] + codes[:, 4]
    fits = [
        explained(products, 8, method="rise", sampler={"use": "paired", "enumerate_small": False}, samples=100, seed=at)
        for at in range(80)
    ]
    spread = np.std([fit.effects() for fit in fits], axis=0, ddof=1)
    told = np.mean([fit.fit().standard_errors for fit in fits], axis=0)
    assert (np.abs(np.log(told / spread)) < 4.5 / np.sqrt(2 * 80)).all()


def test_draws_are_those_without_a_method_whatever_the_filler():
    """Codes and what a filler draws have streams of their own: a third picture changes neither."""

    def share(batch):
        bright = batch.mean(axis=(1, 2, 3))[:, None] / 255
        return np.concatenate([bright, 1 - bright], axis=1)

    pixels = np.random.default_rng(0).integers(0, 256, (25, 25, 3), dtype=np.uint8)
    given = {"segmenter": {"use": "grid", "rows": 5, "columns": 5}, "labels": [0], "what_if": 0, "samples": 600}
    for filler in ({"use": "constant", "value": 0.0}, "noise"):
        plain, own = (limefw.explain(pixels, share, filler=filler, method=way, **given) for way in (None, "rise"))
        np.testing.assert_array_equal(own.neighbourhood.codes, plain.neighbourhood.codes)
        np.testing.assert_array_equal(own.neighbourhood.targets, plain.neighbourhood.targets)
