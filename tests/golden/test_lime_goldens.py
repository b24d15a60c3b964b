"""What lime 0.2.0.1 computed (``make_lime_goldens.py`` froze it) comes out of the recipe of that name."""

import json
from pathlib import Path

import numpy as np
import pytest

import limefw
from limefw.pipeline import Run


HERE = Path(__file__).parent
TABLE = json.loads((HERE / "lime_image.json").read_text(encoding="utf-8"))
CASES = [{**case, "table": table} for table in ("grid", "lasso") for case in TABLE[table]]
PLACES = sorted({case["neighbourhood"] for case in CASES})
TOLERANCE = 1e-10

each_case = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
each_place = pytest.mark.parametrize("place", PLACES)


@pytest.fixture(scope="module")
def golden():
    with np.load(HERE / "lime_image.npz") as arrays:
        return dict(arrays)


def codes_of(golden, image):
    count = TABLE["images"][image]["segments"]
    return np.unpackbits(golden[f"{image}/codes"], axis=1, count=count).astype(np.bool_)


def selector_of(case):
    """Name the selector that lime's ``feature_selection`` means."""
    method = case["feature_selection"]
    if method == "none":
        return "all"
    use = {"forward_selection": "forward", "auto": "lime_auto"}.get(method, method)
    return {"use": use, "num_features": case["num_features"]}


def fitted(golden, case, **settings):
    """Fit one case on lime's own neighbourhood with the recipe's kernel, selector and surrogate."""
    recipe = limefw.build("lime-0.2.0.1", selector=selector_of(case), **settings)
    codes = codes_of(golden, case["image"])
    weights = recipe.stages["kernel"](limefw.Draws(codes), None)
    targets = golden[f"{case['neighbourhood']}/targets"][:, [case["label"]]]
    around = limefw.Neighbourhood(codes, targets, weights, np.arange(len(codes)))
    (fit,) = Run(recipe, limefw.Model(lambda batch: batch), limefw.registry()).fit(around)
    return fit


def expected_of(golden, case):
    row, table = case["row"], case["table"]
    ids = golden[f"{table}/ids"][row, : case["length"]]
    effects = np.zeros(TABLE["images"][case["image"]]["segments"])
    effects[ids] = golden[f"{table}/coefs"][row, : case["length"]]
    figures = np.array([golden[f"{table}/{name}"][row] for name in ("intercept", "score", "local_pred")])
    return ids, np.append(effects, figures)


def figures_of(fit):
    return np.append(fit.effects, [fit.intercept, fit.score, fit.local_prediction])


@each_case
def test_fits_equal_limes(case, golden):
    """Coefficients, intercept, score and local prediction are lime's to 1e-10."""
    _, expected = expected_of(golden, case)
    np.testing.assert_allclose(figures_of(fitted(golden, case)), expected, rtol=0, atol=TOLERANCE)


@each_case
def test_segments_come_in_limes_order(case, golden):
    """The segments chosen, by falling absolute coefficient, are lime's."""
    ids, _ = expected_of(golden, case)
    fit = fitted(golden, case)
    order = np.argsort(-np.abs(fit.effects), kind="stable")[: len(fit.columns)]
    np.testing.assert_array_equal(ids, order)


@each_case
@pytest.mark.parametrize(
    "settings",
    [
        {"surrogate": {"use": "ridge", "alpha": 2.0}},
        {"surrogate": {"use": "ridge", "alpha": 1.0, "scale": "weights"}},
        {"kernel": {"use": "cosine_exponential", "width": 0.3}},
    ],
    ids=["alpha-2", "alpha-by-weights", "width-.3"],
)
def test_other_settings_are_told_apart(case, settings, golden):
    """Another penalty or kernel width is far outside of the tolerance, so that agreement means something."""
    _, expected = expected_of(golden, case)
    assert np.abs(figures_of(fitted(golden, case, **settings)) - expected).max() > 1e6 * TOLERANCE


@pytest.mark.parametrize("image", TABLE["images"])
def test_kernel_weights_equal_limes(image, golden):
    """Weights follow from lime's own distances by its formula."""
    kernel = limefw.build("lime-0.2.0.1").stages["kernel"]
    weights = kernel(limefw.Draws(codes_of(golden, image)), None)
    distances = golden[f"{image}/distances"]
    expected = np.sqrt(np.exp(-(distances**2) / TABLE["kernel_width"] ** 2))
    np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-14)


def composer_of(golden, place):
    image, hide = place.split("/")
    pixels = golden[f"{image}/image"]
    photo = limefw.Image(pixels, (0.0, 255.0) if pixels.dtype == np.uint8 else (0.0, 1.0))
    settings = {} if hide == "mean" else {"filler": {"use": "constant", "value": 0.0}}
    filler = limefw.build("lime-0.2.0.1", **settings).stages["filler"]
    return filler(photo, limefw.Segments.from_labels(golden[f"{image}/labels"]), np.random.default_rng(0))


@each_place
def test_the_all_hidden_image_equals_limes(place, golden):
    """Hiding every segment shows lime's fudged image, bit for bit, in the image's own type."""
    count = TABLE["images"][place.split("/")[0]]["segments"]
    composite = composer_of(golden, place).compose(limefw.Draws(np.zeros((1, count), dtype=np.bool_)))
    assert composite.dtype == golden[f"{place}/fudged"].dtype
    np.testing.assert_array_equal(golden[f"{place}/fudged"], composite[0])


@each_place
def test_perturbed_images_equal_limes(place, golden):
    """Composites are what lime showed to the model, bit for bit."""
    codes = codes_of(golden, place.split("/")[0])[golden[f"{place}/perturbed_rows"]]
    composites = composer_of(golden, place).compose(limefw.Draws(codes))
    np.testing.assert_array_equal(golden[f"{place}/perturbed"], composites)


def test_rounding_is_told_apart_from_limes_truncation(golden):
    """The ``lime`` recipe rounds mean colours, which shows on integer pixels."""
    photo = limefw.Image(golden["blocks/image"], (0.0, 255.0))
    segments = limefw.Segments.from_labels(golden["blocks/labels"])
    composer = limefw.build("lime").stages["filler"](photo, segments, np.random.default_rng(0))
    composite = composer.compose(limefw.Draws(np.zeros((1, segments.count), dtype=np.bool_)))
    assert (composite[0] != golden["blocks/mean/fudged"]).any()


def test_every_case_is_covered():
    """There are 3 images x 2 hide colours x 7 selections x 2 labels."""
    assert len(CASES) == 84
