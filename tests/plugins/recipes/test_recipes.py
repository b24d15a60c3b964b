"""What the named recipes promise."""

import itertools

import numpy as np
import pytest
from skimage.data import chelsea
from skimage.segmentation import quickshift
from skimage.transform import resize
from sklearn.linear_model import LinearRegression, Ridge

import limefw


@pytest.fixture(scope="module")
def photo():
    """A photograph that quickshift with a wide kernel still cuts into some ten segments."""
    return np.rint(resize(chelsea(), (120, 160), anti_aliasing=True) * 255).astype(np.uint8)


def black_box(batch):
    """Three classes from the mean colours of nine tiles, and products of these."""
    batch = np.asarray(batch, dtype=np.float64) / 255
    tiles = np.stack([part.mean(axis=(1, 2, 3)) for row in np.array_split(batch, 3, axis=1)
                      for part in np.array_split(row, 3, axis=2)], axis=1)  # fmt: skip
    scores = 6 * tiles @ np.random.default_rng(0).normal(size=(9, 3)) + 9 * tiles[:, :3] * tiles[:, 4:7]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def test_lime_images_is_that_project_step_by_step(photo):
    """Segments, two likeliest classes, 300 draws on black, pixel cosine, least squares: on equal draws to 1e-10."""
    explanation = limefw.explain(photo, black_box, recipe="lime-images")
    codes = explanation.neighbourhood.codes
    assert codes.shape[0] == 300
    # the steps, in plain numpy and scikit-learn
    superpixels = quickshift(photo, kernel_size=10, max_dist=15, ratio=0.7)
    assert codes.shape[1] == len(np.unique(superpixels)) > 5
    perturbed = [np.where(code[superpixels][..., None], photo, 0).astype(np.uint8) for code in codes]
    predictions = black_box(np.stack(perturbed))
    classes = np.argsort(-predictions[0])[:2].tolist()
    assert list(explanation.labels) == classes
    flat = np.stack(perturbed).reshape(300, -1).astype(np.float64)
    lengths = np.linalg.norm(flat, axis=1)
    similar = np.divide(flat @ flat[0], lengths * lengths[0], out=np.zeros(300), where=lengths > 0)
    for label in classes:
        line = LinearRegression().fit(codes, predictions[:, label], sample_weight=similar)
        np.testing.assert_allclose(explanation.fit(label).effects, line.coef_, rtol=0, atol=1e-10)
        assert explanation.fit(label).intercept == pytest.approx(line.intercept_, abs=1e-10)
        strongest = np.argsort(-np.abs(line.coef_))[:3].tolist()
        assert [effect.segment for effect in explanation.top(3, label)] == strongest


def test_lime_images_draws_fair_coins():
    """Half of the superpixels are hidden on average, and nothing is enumerated even where it would fit."""
    recipe = limefw.build("lime-images")
    image, segments = limefw.Image(np.zeros((4, 4, 3)), (0, 1)), limefw.Segments.from_labels(np.indices((4, 4))[0])
    draws = limefw.Draws.join(list(recipe.stages["sampler"](image, segments, 300, np.random.default_rng(0))))
    assert len(draws) == 300
    assert not draws.exhaustive
    assert abs(draws.codes.mean() - 0.5) < 0.05


def test_k_lasso_keeps_so_many_and_does_not_shrink_them(photo):
    """Ten superpixels at the most have an effect, and it is that of least squares on these alone."""
    explanation = limefw.explain(photo, black_box, recipe="k-lasso", samples=200, segmenter="slic", labels=[0])
    fit, around = explanation.fit(), explanation.neighbourhood
    columns = np.flatnonzero(fit.effects)
    assert 1 < len(columns) <= 10
    line = LinearRegression().fit(around.codes[:, columns], around.targets[:, 0], sample_weight=around.weights)
    np.testing.assert_allclose(fit.effects[columns], line.coef_, rtol=0, atol=1e-10)


CELLS = {"use": "grid", "rows": 3, "columns": 3}


def test_banzhaf_is_the_mean_over_all_ways_to_show_the_others(photo):
    """Where every combination is drawn, a superpixel's effect is what it adds on average over the others'."""
    explanation = limefw.explain(photo, black_box, recipe="banzhaf", segmenter=CELLS, labels=[0])
    around = explanation.neighbourhood
    assert around.exhaustive
    answers = dict(zip(map(tuple, around.codes.tolist()), around.targets[:, 0], strict=True))
    for cell in range(9):
        added = [
            answers[(*rest[:cell], True, *rest[cell:])] - answers[(*rest[:cell], False, *rest[cell:])]
            for rest in itertools.product([False, True], repeat=8)
        ]
        assert explanation.fit().effects[cell] == pytest.approx(np.mean(added), abs=1e-9)


def test_fast_finds_what_lime_finds_with_half_of_the_draws(photo):
    """Effects correlate with those of lime at ten times as many draws, and better than lime's own at as many."""
    settings, photo = {"segmenter": {"use": "slic", "n_segments": 50}, "labels": [0]}, photo[::2, ::2]
    truth = limefw.explain(photo, black_box, samples=5000, seed=9, **settings).fit().effects

    def agreement(recipe, seed):
        found = limefw.explain(photo, black_box, recipe=recipe, samples=500, seed=seed, **settings)
        return np.corrcoef(found.fit().effects, truth)[0, 1]

    fast, lime = ([agreement(recipe, seed) for seed in range(4)] for recipe in ("fast", "lime"))
    assert limefw.build("fast").samples == 512
    assert min(fast) > 0.95
    assert np.mean(fast) > np.mean(lime)


def test_tree_asks_four_questions_at_the_most_and_is_drawn_as_one(photo):
    """Its surrogate is a small tree, and its first picture shows it."""
    explanation = limefw.explain(photo, black_box, recipe="tree", samples=300, labels=[0])
    assert explanation.fit().detail["form"] == "tree"
    assert 3 < len(explanation.fit().detail["feature"]) < 2**5
    assert explanation.draw(limefw.build("tree").renderers[0]).media_type == "image/png"
    assert limefw.build("tree").renderers[0].name == "tree"


def test_lime_keras_weighs_and_shrinks_as_the_tutorials_call_of_lime_does(photo):
    """lime's kernel of width .15 and a ridge of alpha 1 on all superpixels; three classes where there are no four."""
    explanation = limefw.explain(photo, black_box, recipe="lime-keras", samples=120)
    codes, around = explanation.neighbourhood.codes, explanation.neighbourhood
    assert len(explanation.labels) == 3
    distance = 1 - np.sqrt(codes.mean(axis=1))
    weights = np.sqrt(np.exp(-(distance**2) / 0.15**2))
    for column, label in enumerate(explanation.labels):
        line = Ridge(alpha=1.0).fit(codes, around.targets[:, column], sample_weight=weights)
        np.testing.assert_allclose(explanation.fit(label).effects, line.coef_, rtol=0, atol=1e-10)


def test_background_check_explains_the_log_odds_of_the_predicted_class_alone(photo):
    explanation = limefw.explain(photo, black_box, recipe="background-check")
    answers = black_box(photo[None])[0]
    assert list(explanation.labels) == [answers.argmax()]
    assert explanation.prediction() == pytest.approx(np.log(answers.max() / (1 - answers.max())), abs=1e-6)
    assert explanation.neighbourhood.codes[1::2].tolist() == (~explanation.neighbourhood.codes[::2]).tolist()


def test_horse_or_human_explains_the_log_odds_of_the_predicted_class_in_both_displays(photo):
    """The predicted class alone, on a scale that moves where a network is sure; five superpixels, tinted and alone."""
    explanation = limefw.explain(photo, black_box, recipe="horse-or-human", samples=60)
    answers = black_box(photo[None])[0]
    assert list(explanation.labels) == [answers.argmax()]
    assert explanation.prediction() == pytest.approx(np.log(answers.max() / (1 - answers.max())), abs=1e-6)
    shown = [(stage.name, stage.params) for stage in limefw.build("horse-or-human").renderers[:2]]
    assert [(name, said["top"], said["positive_only"]) for name, said in shown] == [
        ("overlay", 5, False),
        ("top", 5, True),
    ]
