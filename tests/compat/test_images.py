"""`limefw.compat.lime.lime_image` beside lime 0.2.0.1: the same seed, the same explanation."""

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge, Lasso

from limefw.compat.lime import lime_image as ours
from limefw.compat.lime.wrappers.scikit_image import SegmentationAlgorithm


lime_image = pytest.importorskip("lime.lime_image")
CELLS, SIZE = 4, 6
ROWS, COLUMNS = np.indices((CELLS * SIZE, CELLS * SIZE)) // SIZE
LABELS = ROWS * CELLS + COLUMNS


def picture(dtype=np.uint8):
    rng = np.random.default_rng(4)
    base = np.kron(rng.integers(30, 226, size=(CELLS, CELLS, 3)), np.ones((SIZE, SIZE, 1), int))
    pixels = base + rng.integers(-30, 31, size=base.shape)
    return pixels.astype(np.uint8) if dtype == np.uint8 else (pixels / 255).astype(dtype)


def black_box(images):
    """Four classes, far from additive in the cells' contrasts."""
    assert images.shape[-1] == 3
    scale = 20 if images.dtype == np.uint8 else 20 / 255
    spread = images.astype(float).reshape(-1, CELLS, SIZE, CELLS, SIZE, 3).std(axis=(2, 4)).mean(axis=-1) / scale
    cells = spread.reshape(len(images), -1)
    turns = np.stack([cells @ np.sin(np.arange(16) * k) + 2 * cells[:, k] * cells[:, k + 5] for k in range(4)], axis=1)
    odds = np.exp(turns - turns.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def flatter(d, kernel_width):
    """A kernel of the user's own."""
    return 1.0 / (1.0 + d / kernel_width)


GIVEN = {"segmentation_fn": lambda _: LABELS, "num_samples": 90}
CASES = {
    "defaults": ({}, {}),
    "forward": ({}, {"num_features": 5}),
    "highest weights": ({"feature_selection": "highest_weights"}, {"num_features": 8}),
    "lasso path": ({"feature_selection": "lasso_path"}, {"num_features": 5}),
    "no selection": ({"feature_selection": "none"}, {"num_features": 3}),
    "hidden black": ({}, {"hide_color": 0}),
    "hidden in a colour": ({}, {"hide_color": (10, 250, 90), "num_features": 4}),
    "labels": ({}, {"labels": (3, 0, -1), "top_labels": None}),
    "one label": ({}, {"top_labels": 1}),
    "wider kernel": ({"kernel_width": 0.7}, {}),
    "own kernel": ({"kernel": flatter}, {}),
    "own regressor": ({}, {"model_regressor": Lasso(alpha=1e-3), "num_features": 9}),
    "another regressor": ({}, {"model_regressor": BayesianRidge(), "top_labels": 1}),
    "another metric": ({}, {"distance_metric": "euclidean"}),
    "a metric of scipy": ({}, {"distance_metric": "jaccard"}),
    "no number drawn for the segmenter": ({}, {"random_seed": 10}),
    "one batch": ({}, {"batch_size": 1000}),
}


@pytest.mark.filterwarnings("ignore:Data was converted to boolean")
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("case", CASES)
def test_the_same_seed_gives_the_same_explanation(case, dtype, same, theirs):
    """Order, weights, intercept, R2 and local prediction are lime's, in a first and in a second call."""
    made, asked = CASES[case]
    with theirs():
        old = lime_image.LimeImageExplainer(random_state=3, **made)
        expected = [old.explain_instance(picture(dtype), black_box, **GIVEN, **asked) for _ in range(2)]
    new = ours.LimeImageExplainer(random_state=3, **made)
    for result in expected:
        same(new.explain_instance(picture(dtype), black_box, **GIVEN, **asked, progress_bar=False), result)


def test_a_stranger_seed_gives_another_explanation(same, theirs):
    """The comparison can tell."""
    with theirs():
        expected = lime_image.LimeImageExplainer(random_state=3).explain_instance(picture(), black_box, **GIVEN)
    found = ours.LimeImageExplainer(random_state=4).explain_instance(picture(), black_box, **GIVEN, progress_bar=False)
    with pytest.raises(AssertionError):
        same(found, expected)


@pytest.mark.parametrize("shape", ["colour", "grey"])
def test_the_default_segmenter_is_limes(shape, theirs, same):
    """Quickshift's labels are those of lime, and a grey picture becomes three channels."""
    from skimage.data import camera, chelsea

    pixels = chelsea()[:96, :120] if shape == "colour" else camera()[::3, ::3]

    def bright(images):
        light = images.reshape(len(images), -1).mean(axis=1) / 255
        return np.stack([light, 1 - light], axis=1)

    with theirs():
        expected = lime_image.LimeImageExplainer(random_state=1).explain_instance(pixels, bright, num_samples=60)
    found = ours.LimeImageExplainer(random_state=1).explain_instance(pixels, bright, num_samples=60, progress_bar=False)
    np.testing.assert_array_equal(found.segments, expected.segments)
    assert found.image.shape == (*pixels.shape[:2], 3)
    same(found, expected)


def test_the_global_stream_serves_who_gives_no_seed(theirs, same):
    """Without random_state both draw from what numpy.random.seed has seeded."""
    with theirs():
        np.random.seed(5)
        expected = lime_image.LimeImageExplainer().explain_instance(picture(), black_box, **GIVEN)
    np.random.seed(5)
    same(ours.LimeImageExplainer().explain_instance(picture(), black_box, **GIVEN, progress_bar=False), expected)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"positive_only": False},
        {"positive_only": False, "negative_only": True},
        {"hide_rest": True, "num_features": 3},
        {"positive_only": False, "num_features": 12, "hide_rest": True},
        {"positive_only": False, "min_weight": 0.02, "num_features": 16},
        {"min_weight": 0.01, "num_features": 16},
    ],
    ids=str,
)
def test_pictures_and_masks_are_limes(asked, theirs):
    """`get_image_and_mask` returns the same pixels, mask and types."""
    with theirs():
        old = lime_image.LimeImageExplainer(random_state=3).explain_instance(picture(), black_box, **GIVEN)
    new = ours.LimeImageExplainer(random_state=3).explain_instance(picture(), black_box, **GIVEN, progress_bar=False)
    for label in old.top_labels:
        expected, found = old.get_image_and_mask(label, **asked), new.get_image_and_mask(label, **asked)
        for got, wanted in zip(found, expected, strict=True):
            np.testing.assert_array_equal(got, wanted)
            assert got.dtype == wanted.dtype


def test_pictures_refuse_what_makes_no_sense():
    """An unknown label is a KeyError that says which there are; both signs at once are a ValueError."""
    found = ours.LimeImageExplainer(random_state=3).explain_instance(picture(), black_box, **GIVEN, progress_bar=False)
    with pytest.raises(KeyError, match="label 17 is not in the explanation, which has"):
        found.get_image_and_mask(17)
    with pytest.raises(ValueError, match="cannot both be true"):
        found.get_image_and_mask(found.top_labels[0], positive_only=True, negative_only=True)


def test_data_and_labels_are_limes(theirs):
    """`data_labels`, which is public, draws and asks as lime does."""
    fudged = np.zeros_like(picture())
    with theirs():
        expected = lime_image.LimeImageExplainer(random_state=8).data_labels(picture(), fudged, LABELS, black_box, 70)
    found = ours.LimeImageExplainer(random_state=8).data_labels(
        picture(), fudged, LABELS, black_box, 70, progress_bar=False
    )
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-12)


def test_the_model_keeps_what_it_is_given():
    """Each batch is an array of its own, of at most batch_size pictures, and equal ones are shown once."""
    seen = []

    def watching(images):
        seen.append(images)
        return black_box(images)

    few = {"segmentation_fn": lambda _: LABELS // 8, "num_samples": 200, "batch_size": 3}
    ours.LimeImageExplainer(random_state=0).explain_instance(picture(), watching, **few, progress_bar=False)
    assert max(map(len, seen)) == 3
    shown = {image.tobytes() for batch in seen for image in batch}
    assert sum(map(len, seen)) == len(shown) == 4


def test_a_model_may_change_what_it_is_given(same):
    """Preprocessing in place, as Keras does, spoils nothing."""

    def rude(images):
        outputs = black_box(images)
        images[...] = 0
        return outputs

    polite = ours.LimeImageExplainer(random_state=3).explain_instance(
        picture(np.float32), black_box, **GIVEN, progress_bar=False
    )
    same(
        ours.LimeImageExplainer(random_state=3).explain_instance(
            picture(np.float32), rude, **GIVEN, progress_bar=False
        ),
        polite,
    )


@pytest.mark.parametrize("channels", [1, 4, 7])
def test_any_number_of_channels_is_explained(channels):
    """lime knows three; the picture of one channel comes in colour."""
    pixels = np.random.default_rng(0).random((24, 24, channels))

    def mean(images):
        light = images.reshape(len(images), -1).mean(axis=1)
        return np.stack([light, 1 - light], axis=1)

    found = ours.LimeImageExplainer(random_state=0).explain_instance(pixels, mean, num_samples=50, progress_bar=False)
    shown, mask = found.get_image_and_mask(found.top_labels[0], positive_only=False)
    assert shown.shape == (24, 24, max(channels, 3))
    assert mask.shape == (24, 24)


def test_a_flat_picture_is_explained():
    """Where there is nothing to cut along, it is cut evenly, and nothing counts."""
    flat = np.full((20, 20, 3), 7, dtype=np.uint8)
    found = ours.LimeImageExplainer(random_state=0).explain_instance(
        flat, lambda images: np.full((len(images), 2), 0.5), num_samples=50, progress_bar=False
    )
    assert all(weight == 0 for _, weight in found.local_exp[found.top_labels[0]])


@pytest.mark.parametrize("name", ["quickshift", "slic", "felzenszwalb"])
def test_segmentation_algorithms_are_scikit_images(name):
    """The wrapper returns what the function returns."""
    from skimage import segmentation

    settings = {"quickshift": {"kernel_size": 3}, "slic": {"n_segments": 9}, "felzenszwalb": {"min_size": 20}}[name]
    wrapped = SegmentationAlgorithm(name, random_seed=3, **settings)
    np.testing.assert_array_equal(wrapped(picture()), getattr(segmentation, name)(picture(), **settings))
    assert wrapped.target_params == settings


def test_segmentation_algorithms_say_what_is_wrong():
    """A parameter that is left out is told of, an unknown algorithm refused, with the nearest name."""
    with pytest.warns(UserWarning, match="slic has no parameter 'kernel_sise': it is left out"):
        SegmentationAlgorithm("slic", kernel_sise=3)
    with pytest.raises(ValueError, match="Did you mean 'quickshift'"):
        SegmentationAlgorithm("quickshft")


def test_progress_is_shown_on_request(capsys):
    """progress_bar=False prints nothing; True, the default, nothing on standard output."""
    ours.LimeImageExplainer(random_state=3).explain_instance(picture(), black_box, **GIVEN)
    assert capsys.readouterr().out == ""
    ours.LimeImageExplainer(random_state=3).explain_instance(picture(), black_box, **GIVEN, progress_bar=False)
    assert capsys.readouterr() == ("", "")


def test_the_tutorials_lines_run_as_they_are(theirs, same):
    """What is published for Keras models, call by call, and drawn with borders."""
    from skimage.data import chelsea
    from skimage.segmentation import mark_boundaries

    pixels = chelsea()[60:150, 100:200].astype(np.float32) / 255

    def predict(images):
        light = images.mean(axis=(1, 2))
        return np.concatenate([light, 1 - light], axis=1) / 3

    asked = {
        "labels": (0,), "hide_color": None, "top_labels": 4, "num_features": 1000, "num_samples": 100, "batch_size": 10,
        "segmentation_fn": None, "distance_metric": "cosine", "model_regressor": None, "random_seed": 10,
    }  # fmt: skip
    with theirs():
        old = lime_image.LimeImageExplainer(kernel_width=0.15, random_state=42).explain_instance(
            pixels, predict, **asked
        )
    new = ours.LimeImageExplainer(kernel_width=0.15, random_state=42).explain_instance(pixels, predict, **asked)
    same(new, old)
    temp, mask = new.get_image_and_mask(new.top_labels[0], positive_only=True, num_features=10, hide_rest=False)
    assert mark_boundaries(temp / 255.0, mask).shape == pixels.shape
