import numpy as np
import pytest
from skimage.data import chelsea

from limefw.modalities.image import Image
from limefw_plugins.renderers import limefw_renderers
from limefw_plugins.renderers._photo import at_size, displayable, photo_of
from limefw_plugins.renderers._picture import effects_at, labels_at, view_of
from limefw_plugins.renderers._places import eroded, inner_points, place_words
from limefw_plugins.renderers.bars import bars
from limefw_plugins.renderers.overlay import overlay
from limefw_plugins.renderers.page import page


FOR_IMAGES = [plugin for plugin in limefw_renderers() if plugin.modality in (None, "image")]
RENDERERS = [plugin.call for plugin in FOR_IMAGES if plugin.name != "tree"]  # that one has tests of its own
WHOLE = chelsea()
CAT = WHOLE[60:180, 100:260]
IMAGES = {
    "uint8": Image(CAT, (0, 255)),
    "grey": Image(CAT[..., :1], (0, 255)),
    "two channels": Image(CAT[..., :2], (0, 255)),
    "four channels": Image(np.concatenate([CAT, CAT[..., :1]], axis=2), (0, 255)),
    "float": Image(CAT / 255.0, (0.0, 1.0)),
    "float32 about 0": Image((CAT / 127.5 - 1).astype(np.float32), (-1.0, 1.0)),
    "uint16": Image(CAT.astype(np.uint16) * 257, (0, 65535)),
    "bool": Image(CAT[..., :1] > 127, (0, 1)),
}


@pytest.mark.parametrize("name", IMAGES)
def test_any_image_is_displayable_as_rgb(name):
    shown = displayable(IMAGES[name])
    assert shown.dtype == np.uint8
    assert shown.shape == (120, 160, 3)


@pytest.mark.parametrize("name", ["uint8", "four channels", "float", "float32 about 0", "uint16"])
def test_the_same_photograph_looks_the_same_in_any_type(name):
    np.testing.assert_array_equal(displayable(IMAGES[name]), CAT)


def test_black_and_white_are_the_value_ranges_and_not_the_datas():
    dim = Image(np.full((4, 4, 1), 100, np.uint8), (0, 255))
    assert (displayable(dim) == 100).all()
    beyond = Image(np.array([[[-5.0], [5.0]]]), (0.0, 1.0))
    assert displayable(beyond)[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_every_renderer_takes_every_image(renderer, name, make):
    assert renderer(make(IMAGES[name], count=12)).data


def test_every_renderer_takes_a_segmentation_in_the_models_own_frame(make):
    explanation = make(size=(64, 64), count=12)
    assert explanation.segments.labels.shape == (64, 64)
    assert view_of(explanation).labels.shape == (300, 451)
    for renderer in RENDERERS:
        assert renderer(explanation).data


def test_pixels_in_no_segment_are_in_no_colour(make):
    import dataclasses

    explanation = make(count=12)
    labels = np.where(np.arange(451) < 20, -1, explanation.segments.labels)
    segments = dataclasses.replace(explanation.segments, labels=labels)
    cropped = dataclasses.replace(explanation, segments=segments)
    assert overlay(cropped).data
    assert page(cropped).data


def test_a_large_photograph_is_reduced_with_its_label_map(explanation):
    view = view_of(explanation, longest=200)
    assert view.size == (133, 200)
    assert view.pixels.shape == (133, 200, 3)
    assert set(np.unique(view.labels)) <= set(range(explanation.segments.count))


@pytest.mark.parametrize("side", [16, 150, 224, 300, 384, 431])
def test_a_view_is_never_longer_than_asked_for(side, make):
    explanation = make(Image(WHOLE[:side, :side], (0, 255)), count=9)
    assert max(view_of(explanation, longest=430).size) <= 430
    assert bars(explanation).data


def test_rendering_changes_nothing(explanation):
    before = explanation.instance.pixels.copy(), explanation.fit().effects.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global one must not move
    for renderer in RENDERERS:
        renderer(explanation)
    np.testing.assert_array_equal(explanation.instance.pixels, before[0])
    np.testing.assert_array_equal(explanation.fit().effects, before[1])
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ((0, 0), "upper left"), ((0, 45), "top"), ((0, 90), "upper right"), ((45, 0), "left"), ((45, 45), "centre"),
        ((45, 90), "right"), ((90, 0), "lower left"), ((90, 45), "bottom"), ((90, 90), "lower right"),
    ],
)  # fmt: skip
def test_places_are_said_in_words(where, words):
    labels = np.zeros((100, 100), dtype=int)
    labels[where[0] : where[0] + 8, where[1] : where[1] + 8] = 1
    assert place_words(labels, 2)[1] == words


def test_a_segment_all_over_the_picture_has_no_side():
    assert place_words(np.indices((50, 50)).sum(axis=0) % 2, 2) == ["all over", "all over"]
    assert place_words(np.zeros((5, 5), dtype=int), 4)[3] == ""


def test_places_are_those_of_pixels_middles():
    assert place_words(np.arange(4).reshape(2, 2), 4) == ["upper left", "upper right", "lower left", "lower right"]
    assert place_words(np.arange(3)[None], 3) == ["left", "centre", "right"]
    assert place_words(np.arange(3)[:, None], 3) == ["top", "centre", "bottom"]


def test_marks_lie_inside_their_segment():
    rows, columns = np.indices((200, 200))
    ring = np.abs(np.hypot(rows - 100, columns - 100) - 80) < 10
    for mask in (ring, np.eye(300, dtype=bool)):
        (outside, inside) = inner_points(mask.astype(int), 2).astype(int)
        assert mask[inside[1], inside[0]]
        assert not mask[outside[1], outside[0]]
    assert np.isnan(inner_points(np.zeros((3, 3), dtype=int), 2)[1]).all()


def test_labels_at_the_photographs_own_size_are_the_label_map(make):
    for size in (None, (64, 64)):
        explanation = make(size=size, count=12)
        found = labels_at(explanation, explanation.instance.shape)
        np.testing.assert_array_equal(found, explanation.label_map)
        np.testing.assert_array_equal(effects_at(explanation, 285, found), explanation.values)


def test_soft_segments_are_drawn_by_their_shares(make):
    import dataclasses

    explanation = make(count=12)
    labels = explanation.segments.labels
    basis = (labels == np.arange(explanation.segments.count)[:, None, None]).astype(np.float32) * 0.5
    soft = dataclasses.replace(explanation, segments=dataclasses.replace(explanation.segments, basis=basis))
    np.testing.assert_allclose(effects_at(soft, 285, labels), 0.5 * explanation.values, rtol=1e-6)
    half = labels_at(soft, (150, 225))
    assert effects_at(soft, 285, half).shape == (150, 225)


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (2, 700)])
def test_no_picture_is_a_hairline(shape, make):
    import limefw

    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    stripes = {"use": "grid", "rows": min(4, shape[0]), "columns": min(4, shape[1])}
    found = limefw.explain(pixels, lambda batch: batch.mean((1, 2, 3)) / 255, segmenter=stripes, samples=20, labels=0)
    for longest in (300, 2000, None):
        # true to its shape, but for a stripe that can be seen and pointed at
        assert min(view_of(found, longest=longest).size) >= 6
    for renderer in RENDERERS:
        assert renderer(found).data


def test_twelve_megapixels_are_never_drawn_whole(make):
    big = np.broadcast_to(WHOLE[:300, :400, :, None, None], (300, 400, 3, 10, 10)).transpose(0, 3, 1, 4, 2)
    explanation = make(Image(big.reshape(3000, 4000, 3), (0, 255)), count=12, size=(96, 128))
    assert photo_of(explanation, 800).shape == (600, 800, 3)
    assert len(page(explanation).data) < 400_000
    assert view_of(explanation, longest=500).labels.shape == (375, 500)


def test_erosion_takes_each_segments_own_edge():
    labels = np.zeros((6, 6), dtype=int)
    labels[:, 3:] = 1
    core = eroded(labels)
    assert core[:, 2:4].tolist() == [[-1, -1]] * 6
    assert core[2, 1] == 0
    assert core[2, 4] == 1
    assert (core[0] == -1).all()


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("white", [np.uint8(255), np.uint16(65535), np.float32(1)])
def test_a_far_larger_photograph_is_averaged(white, channels):
    """Single pixels of black and white, eight times as fine as the picture, become an even grey in every type."""
    board = np.indices((320, 480)).sum(axis=0)[..., None] % 2 * np.ones(channels, dtype=white.dtype) * white
    found = at_size(Image(board.astype(white.dtype), (0.0, float(white))), (40, 60))
    assert found.shape == (40, 60, 3)
    assert set(np.unique(found)) <= {127, 128}
