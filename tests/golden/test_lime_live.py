"""Live against lime 0.2.0.1, where it is installed: the same neighbourhood gives the same explanation."""

from unittest import mock

import numpy as np
import pytest

import limefw
from limefw.pipeline import Run


lime_image = pytest.importorskip("lime.lime_image")

SIDE, CELLS = 24, 4


@pytest.fixture(scope="module")
def photo():
    rng = np.random.default_rng(4)
    base = np.kron(rng.integers(30, 226, size=(CELLS, CELLS, 3)), np.ones((SIDE // CELLS, SIDE // CELLS, 1), int))
    return (base + rng.integers(-30, 31, size=base.shape)).astype(np.uint8)


@pytest.fixture(scope="module")
def labels():
    rows, columns = np.indices((SIDE, SIDE)) * CELLS // SIDE
    return rows * CELLS + columns


def black_box(images):
    """Three classes; products of neighbouring cells make the scores far from additive."""
    size = SIDE // CELLS
    spread = images.astype(float).reshape(len(images), CELLS, size, CELLS, size, 3).std(axis=(2, 4)).mean(axis=-1) / 20
    cells = spread.reshape(len(images), -1)
    turns = np.stack([cells @ np.sin(np.arange(16) * k) + 2 * cells[:, k] * cells[:, k + 5] for k in (1, 2, 3)], axis=1)
    odds = np.exp(turns - turns.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def explained_by_lime(photo, labels, *, selection="none", count=100, hide_color=None):
    """Run lime and return what it handed to its surrogate, what it showed to the model, and its explanation."""
    explainer = lime_image.LimeImageExplainer(feature_selection=selection, random_state=3)
    inner, seen, shown = explainer.base.explain_instance_with_data, {}, []

    def watched(codes, targets, distances, label, number, **options):
        seen.update(codes=codes == 1, targets=targets, distances=distances)
        return inner(codes, targets, distances, label, number, **options)

    def watched_model(images):
        shown.extend(images.copy())
        return black_box(images)

    with (
        mock.patch.object(explainer.base, "explain_instance_with_data", watched),
        mock.patch.object(lime_image, "tqdm", iter),
    ):
        found = explainer.explain_instance(
            photo, watched_model, hide_color=hide_color, top_labels=1, num_features=count, num_samples=150,
            segmentation_fn=lambda _: labels,
        )  # fmt: skip
    return seen, np.stack(shown), found


@pytest.mark.parametrize(
    ("selection", "selector", "count"),
    [
        ("none", "all", 100),
        ("forward_selection", {"use": "forward", "num_features": 5}, 5),
        ("highest_weights", {"use": "highest_weights", "num_features": 8}, 8),
        ("lasso_path", {"use": "lasso_path", "num_features": 6}, 6),
        ("auto", {"use": "lime_auto", "num_features": 6}, 6),
        ("auto", {"use": "lime_auto", "num_features": 7}, 7),
    ],
)
def test_the_same_neighbourhood_gives_the_same_explanation(photo, labels, selection, selector, count):
    """Order, coefficients, intercept, score and local prediction are lime's to 1e-10."""
    seen, _, theirs = explained_by_lime(photo, labels, selection=selection, count=count)
    label = theirs.top_labels[0]
    recipe = limefw.build("lime-0.2.0.1", selector=selector)
    weights = recipe.stages["kernel"](limefw.Draws(seen["codes"]), None)
    rows = np.arange(len(weights))
    around = limefw.Neighbourhood(seen["codes"], seen["targets"][:, [label]], weights, rows)
    (ours,) = Run(recipe, limefw.Model(black_box), limefw.registry()).fit(around)
    order = np.argsort(-np.abs(ours.effects), kind="stable")[: len(ours.columns)]
    assert [segment for segment, _ in theirs.local_exp[label]] == order.tolist()
    expected = [weight for _, weight in theirs.local_exp[label]]
    np.testing.assert_allclose(ours.effects[order], expected, rtol=0, atol=1e-10)
    figures = [ours.intercept, ours.score, ours.local_prediction]
    expected = [theirs.intercept[label], theirs.score, float(theirs.local_pred[0])]
    np.testing.assert_allclose(figures, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("hide_color", [None, 0])
def test_limes_own_draws_give_its_explanation_end_to_end(photo, labels, hide_color):
    """With lime's masks as the sampler, `explain` shows the model the same images and finds the same explanation."""
    seen, shown, theirs = explained_by_lime(photo, labels, hide_color=hide_color)
    inputs = []

    def watched(images):
        inputs.extend(images.copy())
        return black_box(images)

    def replayed(_instance, _segments, _budget, _rng, /):
        yield limefw.Draws(seen["codes"])

    ours = limefw.explain(
        photo,
        watched,
        recipe="lime-0.2.0.1",
        samples=len(seen["codes"]),
        sampler=replayed,
        segmenter=lambda _image, _rng, /: limefw.Segments.from_labels(labels),
        **({} if hide_color is None else {"filler": {"use": "constant", "value": 0.0}}),
    )
    np.testing.assert_array_equal(shown, np.stack(inputs))
    label = theirs.top_labels[0]
    assert label == ours.labels[0]
    effects = dict(theirs.local_exp[label])
    np.testing.assert_allclose(ours.fit().effects, [effects[at] for at in range(16)], rtol=0, atol=1e-10)
    assert ours.fit().intercept == pytest.approx(theirs.intercept[label], abs=1e-10)
