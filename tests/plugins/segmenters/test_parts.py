"""What all image segmenters share: channels, region, a number of segments as the wish."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

import limefw
from limefw.errors import MissingDependencyError
from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.stage import Stage, settled
from limefw.types import Contract
from limefw_plugins.segmenters._part import Part, nearest_cut
from limefw_plugins.segmenters.watershed import _gradient


NAMES = ["felzenszwalb", "graph", "grid", "quickshift", "slic", "watershed"]
WITH_CHANNELS = [name for name in NAMES if name != "grid"]


def segment(name, image, **params):
    plugin = limefw.registry().get("segmenters", name)
    if name == "graph":
        pytest.importorskip("cv2.ximgproc", reason="only in OpenCV's contrib wheel", exc_type=ImportError)
    return Stage("segmenters", plugin, settled(plugin, params))(image, np.random.default_rng(0))


@pytest.fixture(scope="module")
def photo():
    with Pillow.open(limefw.sample()) as picture:
        return Image(np.array(picture.convert("RGB").resize((160, 120))), (0, 255))


def like(photo, channels, dtype, white):
    """Return the photograph with another number of channels, of another type."""
    unit = np.resize(np.moveaxis(photo.unit(), 2, 0), (channels, *photo.shape))
    return Image((np.moveaxis(unit, 0, 2) * white).astype(dtype), (0.0, white))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255.0), ("uint16", 65535.0), ("float32", 1.0), ("int32", 9e4)])
def test_any_channels_and_types(name, channels, dtype, white, photo):
    """Every segmenter cuts any number of channels of any type into 8 or more segments."""
    assert segment(name, like(photo, channels, dtype, white)).count >= 8


@pytest.mark.parametrize("name", NAMES)
def test_outside_of_the_region_all_is_kept(name, photo):
    """Inside it is cut as the cropped picture is; outside, -1."""
    found = segment(name, photo, region=[0.25, 0.5, 0.75, 1.0])
    whole = np.ones(photo.shape, bool)
    whole[30:90, 80:] = False
    np.testing.assert_array_equal(found.labels == -1, whole)
    alone = segment(name, Image(photo.pixels[30:90, 80:], (0, 255)))
    np.testing.assert_array_equal(found.labels[30:90, 80:], alone.labels)


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_a_region_is_one_of_the_photograph(resize):
    """However the model sees the photograph, the region covers the same part of it, to a pixel of the frame."""
    pixels = np.random.default_rng(0).integers(0, 256, (90, 200, 3), dtype=np.uint8)
    frame = Frame.fit(Image(pixels, (0, 255)), Contract(size=(60, 60), resize=resize))
    found = segment("grid", frame.enter(Image(pixels, (0, 255))), region=[0.2, 0.4, 0.7, 0.6])
    rows, columns = np.nonzero(frame.to_photo(found.labels) >= 0)
    edge = np.array([rows.min(), rows.max() + 1, columns.min(), columns.max() + 1])
    assert np.abs(edge - (18, 63, 80, 120)).max() <= 200 / 60 + 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wish", [None, 40])
def test_padding_is_not_cut(name, wish, photo):
    """In a padded frame it is cut as the photograph alone is: the wish, the grid and `least` count no padding."""
    wide = Image(photo.pixels[40:80], (0, 255))
    padded = Frame.fit(wide, Contract(size=(160, 160), resize="pad"))
    found = segment(name, padded.enter(wide), target_segments=wish)
    np.testing.assert_array_equal(found.labels == -1, padded.outside())
    np.testing.assert_array_equal(found.labels[60:100], segment(name, wide, target_segments=wish).labels)
    assert found.names == tuple(f"superpixel {index}" for index in range(found.count))


def test_a_photograph_too_narrow_for_its_frame_is_told():
    """Where not one line of the frame lies on the photograph."""
    thin = Image(np.zeros((1, 900, 3), np.uint8), (0, 255))
    with pytest.raises(limefw.InputError, match="so narrow that none of it is left"):
        segment("grid", Frame.fit(thin, Contract(size=(32, 32), resize="pad")).enter(thin))


@given(st.floats(0, 5), st.integers(1, 6))
@settings(deadline=None)
def test_the_gradient_of_a_slope_is_its_steepness(sigma, channels):
    """However little or much is smoothed before: else a small sigma would leave compactness alone to decide."""
    column = np.indices((60, 60))[1][..., None] * np.ones(channels)
    np.testing.assert_allclose(_gradient(0.01 * column, sigma)[25:35, 25:35], 0.01 * np.sqrt(channels), rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_white_is_100_from_black_in_any_number_of_channels(channels):
    """So that one compactness or kernel size suits them all."""
    image = Image(np.arange(2.0).reshape(1, 2, 1) * np.ones(channels), (0.0, 1.0))
    black, white = Part.of(image, None, None).lab()[0]
    assert np.linalg.norm(white - black) == pytest.approx(100.0, abs=0.01)


def explained(labels, grey):
    """Return what share of the variance of grey lies between segments."""
    inside = grey.ravel() - (np.bincount(labels.ravel(), grey.ravel()) / np.bincount(labels.ravel()))[labels.ravel()]
    return 1 - inside.var() / grey.var()


@pytest.mark.parametrize("name", WITH_CHANNELS)
def test_parameters_mean_the_same_for_any_number_of_channels(name, photo):
    """Grey two or four times over is cut alike, and much as colours of that grey are: by edges, not into a grid."""
    grey = photo.unit().mean(axis=2)
    three, two, four = (
        segment(name, Image(np.repeat(grey[..., None], count, axis=2), (0.0, 1.0))).labels for count in (3, 2, 4)
    )
    assert (two == four).mean() > 0.99, "but for rounding"
    assert explained(four, grey) > 0.8 * explained(three, grey)


@pytest.mark.parametrize("name", WITH_CHANNELS)
def test_only_the_chosen_channels_count(name, photo):
    """Noise in another channel changes nothing; the chosen ones alone give the same segments."""
    noise = np.random.default_rng(1).integers(0, 256, (*photo.shape, 1), dtype=np.uint8)
    noisy = Image(np.concatenate([noise, photo.pixels], axis=2), (0, 255))
    found = segment(name, noisy, channels=[1, 2, 3])
    np.testing.assert_array_equal(found.labels, segment(name, photo).labels)
    assert not np.array_equal(segment(name, noisy, channels=[0]).labels, found.labels)


def test_a_missing_channel_or_an_empty_region_is_told(photo):
    """With what there is."""
    with pytest.raises(limefw.InputError, match="no channel 3: the image has channels 0 to 2"):
        segment("slic", photo, channels=[0, 3])
    for region in ([0.5, 0.5, 0.5, 0.9], [0.9, 0.0, 0.1, 1.0]):
        with pytest.raises(limefw.InputError, match="holds no pixel"):
            segment("grid", photo, region=region)


def test_a_region_of_one_segment_is_refused(photo):
    """Fewer than two segments explain nothing."""
    with pytest.raises(limefw.InputError, match=r"found 1 segment .*compares at least 2"):
        limefw.explain(
            photo, lambda batch: np.full((len(batch), 2), 0.5), samples=10,
            segmenter={"use": "grid", "rows": 1, "columns": 1, "region": [0.1, 0.1, 0.5, 0.5]},
        )  # fmt: skip


ENDLESS = [
    ("felzenszwalb", {"sigma": 1e9}), ("felzenszwalb", {"target_segments": 10**9}), ("graph", {"sigma": 1e9}),
    ("grid", {"target_segments": 10**9}), ("slic", {"n_segments": 10**9}), ("slic", {"max_iterations": 10**9}),
    ("slic", {"sigma": 1e9}), ("watershed", {"markers": 10**9}), ("watershed", {"sigma": 1e9}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params"), ENDLESS)
def test_what_would_take_hours_or_all_memory_is_refused(name, params):
    """A slip of the finger is told when the recipe is read, not after a night."""
    with pytest.raises(limefw.RecipeError, match=f"{next(iter(params))}' must be less than or equal to"):
        limefw.build({"segmenter": {"use": name, **params}})


def test_a_grid_has_no_more_cells_than_there_are_pixels():
    tiny = Image(np.zeros((2, 3, 3)), (0.0, 1.0))
    assert segment("grid", tiny).count == 6
    assert segment("grid", tiny, rows=1).count == 3
    assert segment("grid", tiny, target_segments=49).count == 6


@pytest.mark.parametrize("name", ["felzenszwalb", "graph"])
@pytest.mark.parametrize("size", [(2, 2), (28, 28), (40, 50), (20, 20), (1, 151)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_small_pictures_need_no_parameters(name, size, mode):
    """Regions of 200 pixels and more would leave one: scale and smallest size give way, unless least=1."""
    with Pillow.open(limefw.sample()) as picture:
        pixels = np.array(picture.convert(mode).resize(size[::-1])).reshape(*size, -1)
    found = segment(name, Image(pixels, (0, 255)))
    assert found.count >= min(8, pixels[..., 0].size)
    assert segment(name, Image(pixels, (0, 255)), least=1).count == 1


@pytest.mark.parametrize("name", ["felzenszwalb", "graph", "quickshift"])
def test_one_colour_is_told_as_such(name):
    """And a segmenter named that does cut it, at any size."""
    flat = Image(np.full((2, 2, 3), 7, np.uint8), (0, 255))
    with pytest.raises(limefw.InputError, match=rf"all 2 x 2 pixels have the same colour: {name} .* segmenter=grid"):
        segment(name, flat)
    assert segment("grid", flat).count == 4


def test_a_number_that_would_be_refused_is_no_nearest_one():
    """12,544 is nearer to 9,999 than 5,625 is, and more than explanations take."""
    assert nearest_cut(lambda scale: np.arange(12544 if scale < 2 else 5625), 9999, 1.0, 0.125, 4.0).size == 5625
    assert nearest_cut(lambda _: np.arange(12544), 9999, 1.0, 0.125, 4.0).size == 12544


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wish", [12, 40, 90])
def test_a_number_of_segments_as_the_wish(name, wish, photo):
    """On a photograph every segmenter comes within a fifth of the wish, and the same way again."""
    found = segment(name, photo, target_segments=wish)
    assert abs(found.count - wish) <= wish / 5
    np.testing.assert_array_equal(found.labels, segment(name, photo, target_segments=wish).labels)


@pytest.mark.parametrize("name", ["quickshift", "slic", "felzenszwalb", "watershed", "grid"])
def test_a_number_that_was_missed_by_far_is_told(name, photo):
    """Of 8 x 8 pixels nobody makes a thousand segments; of a photograph's number in reach nothing is said."""
    tiny = Image(np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8), (0, 255))
    (note,) = segment(name, tiny, target_segments=1000).notes
    assert re.match(r"1000 segments were wished for, and \d+ came nearest", note)
    assert not segment(name, photo, target_segments=40).notes


@settings(max_examples=100, deadline=None)
@given(factor=st.floats(0.1, 1000), power=st.floats(0.3, 2.5), wish=st.integers(2, 500), start=st.floats(1.0, 16.0))
def test_the_search_finds_what_there_is(factor, power, wish, start):
    """For any smooth law it ends within 5 % of the wish (or one segment), or at the better end; in at most ten cuts."""
    asked = []

    def count(scale):
        return max(1, min(4000, int(200 * factor / scale**power)))

    def cut(scale):
        asked.append(scale)
        assert 1.0 <= scale <= 16.0
        return np.arange(count(scale))[None]

    found = nearest_cut(cut, wish, start, 1.0, 16.0).size
    assert len(asked) <= 10
    reached = [count(scale) for scale in np.geomspace(1.0, 16.0, 3000)]
    possible = min(reached, key=lambda number: abs(number - wish))
    assert abs(found - wish) <= max(1, 0.05 * wish, 1.1 * abs(possible - wish) + 0.02 * found)


@given(wish=st.integers(2, 300), height=st.integers(4, 300), width=st.integers(4, 300))
def test_a_grid_of_a_wished_number_has_cells_like_squares(wish, height, width):
    """Nearly the number, in cells that are not long strips, wherever pixels allow."""
    image = Image(np.zeros((height, width, 1), np.uint8), (0, 255))
    found = segment("grid", image, target_segments=wish)
    assert found.count <= height * width
    if min(height, width) >= 2 * wish:
        assert abs(found.count - wish) <= max(2, wish / 5)


def test_what_needs_another_wheel_says_so(photo):
    """Without OpenCV's contrib modules the error names the wheel that has them."""
    try:
        import cv2.ximgproc  # noqa: F401
    except ImportError:
        plugin = limefw.registry().get("segmenters", "graph")
        with pytest.raises(MissingDependencyError, match="opencv-contrib-python-headless"):
            Stage("segmenters", plugin, settled(plugin, {}))(photo, np.random.default_rng(0))
    else:
        assert segment("graph", photo).count >= 2


@pytest.mark.parametrize(("side", "many"), [(15, False), (16, True)])
def test_many_segments_are_a_caution(side, many):
    """Above 250 the caution tells; up to it there is none."""
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    found = limefw.explain(
        image, lambda batch: np.stack([batch.mean(axis=(1, 2, 3)) / 255] * 2, axis=1), samples=20,
        segmenter={"use": "grid", "rows": side, "columns": side},
    )  # fmt: skip
    assert ("many_segments" in [caution.code for caution in found.health.cautions]) == many
