import numpy as np
import pytest
from skimage.data import chelsea

from limefw.types import Image
from limefw_plugins.renderers._picture import displayable, eroded, inner_point, place_words, view_of
from limefw_plugins.renderers.bars import bars
from limefw_plugins.renderers.figures_json import figures_json
from limefw_plugins.renderers.heatmap import heatmap
from limefw_plugins.renderers.overlay import overlay
from limefw_plugins.renderers.page import page
from limefw_plugins.renderers.plain_text import plain_text


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
@pytest.mark.parametrize("renderer", [overlay, heatmap, bars, page, plain_text, figures_json])
def test_every_renderer_takes_every_image(renderer, name, make):
    assert renderer(make(IMAGES[name], count=12)).data


def test_every_renderer_takes_a_segmentation_in_the_models_own_frame(make):
    explanation = make(size=(64, 64), count=12)
    assert explanation.segments.labels.shape == (64, 64)
    assert view_of(explanation).labels.shape == (300, 451)
    for renderer in (overlay, heatmap, bars, page, plain_text, figures_json):
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
    for renderer in (overlay, heatmap, bars, page, plain_text, figures_json):
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
    assert place_words(labels, 1) == words


def test_a_segment_all_over_the_picture_has_no_side():
    assert place_words(np.indices((50, 50)).sum(axis=0) % 2, 1) == "all over"
    assert place_words(np.zeros((5, 5), dtype=int), 3) == ""


def test_marks_lie_inside_their_segment():
    rows, columns = np.indices((200, 200))
    ring = np.abs(np.hypot(rows - 100, columns - 100) - 80) < 10
    x, y = inner_point(ring)
    assert ring[int(y), int(x)]
    assert inner_point(np.zeros((3, 3), dtype=bool)) is None
    diagonal = np.eye(300, dtype=bool)
    x, y = inner_point(diagonal)
    assert diagonal[int(y), int(x)]


def test_erosion_takes_each_segments_own_edge():
    labels = np.zeros((6, 6), dtype=int)
    labels[:, 3:] = 1
    core = eroded(labels)
    assert core[:, 2:4].tolist() == [[-1, -1]] * 6
    assert core[2, 1] == 0
    assert core[2, 4] == 1
    assert (core[0] == -1).all()
