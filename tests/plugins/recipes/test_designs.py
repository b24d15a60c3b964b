"""What the recipes with a design or an estimator of their own promise."""

import numpy as np
import pytest
from skimage.data import chelsea
from skimage.transform import resize

import limefw
from limefw_plugins.recipes import limefw_recipes
from limefw_plugins.samplers._orthogonal import order_for


@pytest.fixture(scope="module")
def photo():
    return np.rint(resize(chelsea(), (60, 90), anti_aliasing=True) * 255).astype(np.uint8)


def black_box(batch):
    """Three classes from the mean colours of nine tiles, and products of these; the first nearly certain."""
    batch = np.asarray(batch, dtype=np.float64) / 255
    tiles = np.stack([part.mean(axis=(1, 2, 3)) for row in np.array_split(batch, 3, axis=1)
                      for part in np.array_split(row, 3, axis=2)], axis=1)  # fmt: skip
    scores = 6 * tiles @ np.random.default_rng(0).normal(size=(9, 3)) + 9 * tiles[:, :3] * tiles[:, 4:7]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


CELLS = {"use": "grid", "rows": 3, "columns": 4}


def explained(photo, recipe, **settings):
    return limefw.explain(photo, black_box, recipe=recipe, **{"labels": [0], **settings})


def test_fast_draws_an_orthogonal_design(photo):
    """512 rows in pairs; behind the first pair a whole block has every superpixel on half of the time."""
    found = explained(photo, "fast")
    codes = found.neighbourhood.codes
    assert len(codes) == found.health.samples == 512
    np.testing.assert_array_equal(codes[::2], ~codes[1::2])
    block = 2 * order_for(codes.shape[1] + 1)
    assert (codes[2 : 2 + block].sum(axis=0) == block // 2).all()
    assert found.fit().standard_errors.max() < np.ptp(found.fit().effects)


def test_confident_is_fast_on_log_odds(photo):
    one, other = explained(photo, "confident", samples=100), explained(photo, "fast", samples=100)
    np.testing.assert_array_equal(one.neighbourhood.codes, other.neighbourhood.codes)
    share = other.prediction()
    assert one.prediction() == pytest.approx(np.log(share / (1 - share)), abs=1e-6)


def test_shapley_values_add_up(photo):
    """To the model's answer less that with everything hidden, from a sample and exactly from all combinations."""
    for settings in ({"samples": 200}, {"segmenter": CELLS, "samples": 4096}):
        found = explained(photo, "shapley", **settings)
        everything, nothing = found.neighbourhood.targets[:2, 0]
        assert not found.neighbourhood.codes[1].any()
        assert found.fit().effects.sum() == pytest.approx(everything - nothing, abs=1e-9)
        assert found.neighbourhood.exhaustive == ("segmenter" in settings)
    assert found.fit().standard_errors.tolist() == [0.0] * 12


def test_glime_counts_all_draws_alike(photo):
    """Kernel and sampler cancel: every draw weighs 1, and a superpixel stays with probability e / (1 + e)."""
    found = explained(photo, "glime")
    np.testing.assert_allclose(found.neighbourhood.weights, 1.0, rtol=1e-9)
    assert found.neighbourhood.codes.mean() == pytest.approx(np.e / (1 + np.e), abs=0.01)
    assert found.health.effective_samples == pytest.approx(1000)


def test_baylime_chooses_its_penalty_and_takes_a_prior(photo):
    found = explained(photo, "baylime", samples=200, segmenter=CELLS)
    assert found.fit().detail["noise_precision"] > 0
    prior = {"use": "bayesian_ridge", "prior": found.fit().effects.tolist(), "prior_precision": 1e9}
    again = explained(photo, "baylime", samples=60, seed=1, segmenter=CELLS, surrogate=prior)
    np.testing.assert_allclose(again.fit().effects, found.fit().effects, rtol=0, atol=1e-4)


def test_limetree_asks_the_same_questions_for_all_classes(photo):
    found = limefw.explain(photo, black_box, recipe="limetree", samples=400, labels=[0, 1, 2])
    trees = [found.fit(label).detail for label in (0, 1, 2)]
    assert 3 <= len(trees[0]["feature"]) <= 2 * 16 - 1
    np.testing.assert_array_equal(trees[0]["feature"], trees[2]["feature"])
    assert all(sum(rule["answers"]) == pytest.approx(1.0, abs=1e-6) for rule in trees[0]["rules"])
    assert found.draw(limefw.build("limetree").renderers[0]).media_type == "image/png"


def test_exact_leaves_nothing_to_chance(photo):
    """Two seeds agree to the last bit, and errors are 0; what would not fit is refused with what to do."""
    one, other = (explained(photo, "exact", seed=seed) for seed in (0, 1))
    assert 5 <= one.segments.count <= 11
    np.testing.assert_array_equal(one.fit().effects, other.fit().effects)
    assert not one.fit().standard_errors.any()
    with pytest.raises(limefw.InputError, match="ask for fewer and larger ones"):
        explained(photo, "exact", segmenter=CELLS)


@pytest.mark.parametrize("name", ["fast", "shapley", "glime", "baylime", "limetree", "exact", "confident"])
def test_each_says_whose_idea_it_is_and_when_to_take_it(name):
    """A year of a paper, and a sentence that begins with the occasion, in the comment above."""
    (path,) = [path for known, path in limefw_recipes() if known == name]
    said = " ".join(line.removeprefix("# ") for line in path.read_text().splitlines() if line.startswith("#"))
    assert any(year in said for year in map(str, range(1940, 2027)))
    assert "When " in said or "For models" in said
