"""Composites against `np.where` and preprocessing each by itself; frames there and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

import limefw
from limefw.modalities import compose
from limefw.modalities.compose import PixelComposer, preprocess
from limefw.modalities.frame import Frame, resize, without_padding


DTYPES = ("uint8", "uint16", "int32", "float32", "float64")
with_and_without_opencv = pytest.mark.parametrize("opencv", [True, False], ids=["opencv", "numpy"])


@pytest.fixture
def opencv_or_not(monkeypatch, opencv):
    if opencv:
        pytest.importorskip("cv2")
    else:
        monkeypatch.setattr(compose, "_cv2", lambda: None)


def limits_of(dtype):
    return (0.0, 1.0) if np.dtype(dtype).kind == "f" else (0.0, {"uint8": 255.0}.get(dtype, 65535.0))


def pixels_of(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, int(limits_of(dtype)[1]) + 1, size=shape).astype(dtype)


def labels_of(shape, count, seed=0, *, kept=0.2):
    """Return a map that holds each of `count` labels and, where there is room, some -1."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    labels = rng.integers(0, count, size=size)
    labels[rng.random(size) < kept] = -1
    labels[rng.choice(size, count, replace=False)] = np.arange(count)
    return labels.reshape(shape)


def segments_of(labels):
    return limefw.Segments.from_labels(labels, keep=-1)


def composer_of(shape, channels, dtype, count, backgrounds=1):
    image = limefw.Image(pixels_of((*shape, channels), dtype), limits_of(dtype))
    background = pixels_of((backgrounds, *shape, channels), dtype, seed=1)
    return PixelComposer.of(image, background, segments_of(labels_of(shape, count)))


def shown_of(labels, codes):
    """Return ``(n, h, w)`` True where the image shows: the segment is kept, or the pixel is in none."""
    return np.stack([np.where(labels < 0, True, code[np.maximum(labels, 0)]) for code in codes])


def by_where(composer, codes, which=0):
    shown = shown_of(composer.labels, codes)[..., None]
    return np.where(shown, composer.pixels, composer.backgrounds[which])


def codes_of(rows, count, seed=2):
    codes = np.random.default_rng(seed).random((rows, count)) < 0.5
    codes[0], codes[-1] = True, False
    return codes


# --- composites


@pytest.mark.usefixtures("opencv_or_not")
@with_and_without_opencv
@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("dtype", DTYPES)
def test_composites_are_np_where(dtype, channels):
    """Every dtype and number of channels: the image where kept or in no segment, the background elsewhere."""
    composer, codes = composer_of((13, 17), channels, dtype, 33), codes_of(9, 33)
    found = composer.compose(limefw.Draws(codes))
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(by_where(composer, codes), found)


@pytest.mark.usefixtures("opencv_or_not")
@with_and_without_opencv
@pytest.mark.parametrize(
    ("shape", "count"), [((8, 9), 33), ((16, 16), 192), ((20, 20), 255), ((20, 20), 256), ((20, 20), 300)]
)
def test_any_number_of_segments(shape, count):
    """The number of segments changes the table, not the result, on both sides of 256."""
    composer, codes = composer_of(shape, 3, "uint8", count), codes_of(6, count)
    np.testing.assert_array_equal(by_where(composer, codes), composer.compose(limefw.Draws(codes)))


@pytest.mark.usefixtures("opencv_or_not")
@with_and_without_opencv
@pytest.mark.parametrize("count", [65_534, 65_535, 65_536, 70_225])
def test_more_segments_than_16_bits(count):
    """A segment per pixel, on both sides of 65,536."""
    composer, codes = composer_of((265, 265), 1, "uint8", count), codes_of(3, count)
    np.testing.assert_array_equal(by_where(composer, codes), composer.compose(limefw.Draws(codes)))


@pytest.mark.usefixtures("opencv_or_not")
@with_and_without_opencv
def test_labels_of_a_small_type_do_not_overflow():
    """128 segments numbered in int8 compose as they do in any wider type."""
    image = limefw.Image(pixels_of((16, 16, 3), "uint8"), (0.0, 255.0))
    labels = labels_of((16, 16), 128, kept=0)
    small = limefw.Segments(labels.astype(np.int8), tuple(map(str, range(128))))
    composer = PixelComposer.of(image, np.zeros((16, 16, 3)), small)
    codes = codes_of(5, 128)
    expected = np.where(shown_of(labels, codes)[..., None], image.pixels, 0)
    np.testing.assert_array_equal(expected, composer.compose(limefw.Draws(codes)))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_composites_are_np_where_at_any_shape(data):
    """Shapes down to one pixel, any dtype and number of channels, several backgrounds, a reused buffer."""
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    channels, dtype = data.draw(st.integers(1, 6)), data.draw(st.sampled_from(DTYPES))
    count, rows = data.draw(st.integers(1, height * width)), data.draw(st.integers(1, 5))
    composer = composer_of((height, width), channels, dtype, count, backgrounds=3)
    codes = codes_of(rows, count, seed=data.draw(st.integers(0, 99)))
    which = data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    buffer = composer.buffer(rows + 2)
    found = composer.compose(limefw.Draws(codes, {"background": np.array(which)}), buffer)
    assert np.shares_memory(found, buffer)
    assert len(found) == rows
    for row in range(rows):
        np.testing.assert_array_equal(by_where(composer, codes[[row]], which[row])[0], found[row])


def test_every_row_is_composed_by_itself():
    """A row is the same alone, among others, and after others in the same buffer."""
    composer, codes = composer_of((11, 7), 3, "float32", 20), codes_of(8, 20)
    together, buffer = composer.compose(limefw.Draws(codes)), composer.buffer(3)
    for row in range(8):
        np.testing.assert_array_equal(together[row], composer.compose(limefw.Draws(codes[[row]]), buffer)[0])


def test_composing_leaves_image_and_background_alone():
    """The image shared with the caller is neither written to nor frozen for him."""
    pixels = pixels_of((6, 8, 3), "uint8")
    before = pixels.copy()
    composer = PixelComposer.of(
        limefw.Image(pixels, (0.0, 255.0)), np.zeros((6, 8, 3)), segments_of(labels_of((6, 8), 5))
    )
    composer.compose(limefw.Draws(codes_of(4, 5)))
    np.testing.assert_array_equal(before, pixels)
    assert pixels.flags.writeable
    assert not composer.pixels.flags.writeable


@pytest.mark.parametrize(("truncate", "expected"), [(False, [[3, 2, 0, 255]]), (True, [[2, 2, 0, 255]])])
def test_backgrounds_are_cut_to_the_images_type(truncate, expected):
    """Between two integers a background is rounded, or truncated as lime does; outside of the type it is clipped."""
    image = limefw.Image(np.zeros((1, 4, 1), np.uint8), (0.0, 255.0))
    background = np.array([2.6, 2.4, -3.0, 300.0]).reshape(1, 4, 1)
    segments = limefw.Segments.from_labels([[0, 0, 1, 1]])
    composer = PixelComposer.of(image, background, segments, truncate=truncate)
    assert composer.compose(limefw.Draws(np.zeros((1, 2), bool)))[0, ..., 0].tolist() == expected


def test_mean_colours_are_segment_means():
    """Each pixel gets its segment's mean per channel; in no segment, its own colour."""
    image = limefw.Image(pixels_of((12, 10, 4), "uint16"), (0.0, 65535.0))
    segments = segments_of(labels_of((12, 10), 9))
    expected = image.pixels.astype(float)
    for segment in range(9):
        inside = segments.labels == segment
        expected[inside] = image.pixels[inside].mean(axis=0)
    np.testing.assert_allclose(limefw.mean_colors(image, segments), expected, rtol=1e-12)


# --- soft codes


def blended(composer, share, which=0):
    """Mix image and background by share in float64, rounding where pixels are integers."""
    pixels, background = composer.pixels.astype(float), composer.backgrounds[which].astype(float)
    mixed = background + share[..., None] * (pixels - background)
    if composer.pixels.dtype.kind == "f":
        return mixed.astype(composer.pixels.dtype)
    return np.rint(mixed).astype(composer.pixels.dtype)


@pytest.mark.usefixtures("opencv_or_not")
@with_and_without_opencv
@pytest.mark.parametrize("dtype", DTYPES)
def test_soft_codes_mix_image_and_background(dtype):
    """A code of .25 shows a quarter of the image; in no segment all of it."""
    composer = composer_of((9, 8), 3, dtype, 12)
    codes = np.random.default_rng(3).random((5, 12)).astype(np.float32)
    codes[0] = 1
    found = composer.compose(limefw.Draws(codes))
    np.testing.assert_array_equal(composer.pixels, found[0])
    for row, code in enumerate(codes):
        share = np.where(composer.labels < 0, 1.0, code.astype(float)[np.maximum(composer.labels, 0)])
        expected = blended(composer, share)
        tolerance = 1e-6 if found.dtype.kind == "f" else 0
        np.testing.assert_allclose(found[row].astype(float), expected.astype(float), rtol=0, atol=tolerance)


def test_hard_codes_as_numbers_are_hard_codes():
    """Codes of 0.0 and 1.0 make the composites that False and True make."""
    composer, codes = composer_of((9, 8), 3, "uint8", 12), codes_of(5, 12)
    hard, soft = (composer.compose(limefw.Draws(each)) for each in (codes, codes.astype(np.float32)))
    np.testing.assert_array_equal(hard, soft)


anything = st.floats(-1e300, 1e300) | st.sampled_from([0.0, 1e-300, 1e16, -1e16, 0.1])


@settings(max_examples=200, deadline=None)
@given(
    shown=st.lists(anything, min_size=6, max_size=6), hidden=st.lists(anything, min_size=6, max_size=6), data=st.data()
)
def test_whole_shares_show_image_or_background_exactly(shown, hidden, data):
    """A soft code of 1 gives the image's own numbers and 0 the background's, however different their sizes are."""
    image = limefw.Image(np.reshape(shown, (1, 6, 1)), (0.0, 1.0))
    labels = np.array([[0, 0, 1, 1, 2, -1]])
    basis = np.stack([labels == number for number in range(3)]).astype(np.float32) if data.draw(st.booleans()) else None
    segments = limefw.Segments(labels, ("a", "b", "c"), basis=basis)
    composer = PixelComposer.of(image, np.reshape(hidden, (1, 6, 1)), segments)
    if data.draw(st.booleans()):
        composer = composer.prepared(limefw.Contract(layout="NCHW"))
    codes = np.array(list(np.ndindex(2, 2, 2)))
    expected = np.where((codes[:, labels[0]] == 1) | (labels[0] < 0), shown, hidden)
    found = composer.compose(limefw.Draws(codes.astype(np.float32)))
    np.testing.assert_array_equal(found.reshape(8, 6), expected)


@pytest.mark.parametrize("dtype", [np.bool_, np.float32])
def test_a_basis_shares_pixels_among_segments(dtype):
    """With a basis each segment hides its share of every pixel; what is in none is always shown."""
    image = limefw.Image(pixels_of((6, 7, 3), "float64"), (0.0, 1.0))
    basis = np.random.default_rng(4).random((4, 6, 7)).astype(np.float32)
    basis /= basis.sum(axis=0) * 1.25
    segments = limefw.Segments(np.full((6, 7), -1), tuple("abcd"), basis=basis)
    composer = PixelComposer.of(image, np.zeros((6, 7, 3)), segments)
    codes = codes_of(5, 4).astype(dtype)
    found = composer.compose(limefw.Draws(codes))
    for row, code in enumerate(codes):
        share = 1.0 - np.einsum("d,dhw->hw", 1.0 - code.astype(float), basis)
        np.testing.assert_allclose(found[row], blended(composer, share), rtol=0, atol=1e-7)
    np.testing.assert_array_equal(image.pixels, found[0])


# --- several backgrounds


def test_a_rows_number_picks_its_background():
    """Of b backgrounds number n picks n mod b, what was said goes first, and without either it is the first."""
    composer, codes = composer_of((6, 7), 3, "uint8", 5, backgrounds=3), np.zeros((5, 5), dtype=bool)
    assert composer.random
    numbers = np.array([0, 1, 5, 2**64 - 1, 2**63], dtype=np.uint64)
    said = np.array([2, 2, 0, 1, 0])
    hidden = composer.labels >= 0
    for values, expected in (
        ({"draw": numbers}, [int(number) % 3 for number in numbers]),
        ({"draw": numbers, "background": said}, said),
        ({}, [0] * 5),
    ):
        found = composer.compose(limefw.Draws(codes, values))
        np.testing.assert_array_equal(found[:, hidden], composer.backgrounds[np.array(expected)][:, hidden])
    assert not composer_of((6, 7), 3, "uint8", 5).random


# --- what the model reads

CONTRACTS = {
    "as it is": limefw.Contract(),
    "unit": limefw.Contract(value_range=(0.0, 1.0)),
    "planes": limefw.Contract(layout="NCHW"),
    "BGR": limefw.Contract(order="BGR"),
    "BGR planes of bytes": limefw.Contract(order="BGR", layout="NCHW", dtype="uint8"),
    "normalised": limefw.Contract(value_range=(0.0, 1.0), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4), layout="NCHW"),
    "centred BGR": limefw.Contract(value_range=(0.0, 255.0), mean=(104.0, 117.0, 123.0), order="BGR", dtype="float64"),
    "half": limefw.Contract(value_range=(-1.0, 1.0), dtype="float16", layout="NCHW"),
    "mean alone": limefw.Contract(mean=(10.0, 20.0, 30.0), std=(2.0,)),
}


def preprocessed(pixels, value_range, contract):
    """Preprocess one composite as a user would, in float64 and straight from the contract's own words."""
    values = pixels.astype(float)
    if contract.order == "BGR":
        values = values[..., [2, 1, 0]]
    if contract.value_range is not None:
        black, white = contract.value_range
        values = (values - value_range[0]) / (value_range[1] - value_range[0]) * (white - black) + black
    values = (values - np.array(contract.mean)) / np.array(contract.std)
    if contract.layout == "NCHW":
        values = values.transpose(2, 0, 1)
    scaled = contract.value_range is not None or contract.mean != (0.0,) or contract.std != (1.0,)
    return values.astype(contract.dtype or ("float32" if scaled else pixels.dtype))


@pytest.mark.usefixtures("opencv_or_not")
@with_and_without_opencv
@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_preprocessing_once_equals_preprocessing_each(contract):
    """Composites put together in the model's own form are what preprocessing each composite gives, bit for bit."""
    composer, codes = composer_of((10, 12), 3, "uint8", 15, backgrounds=2), codes_of(6, 15)
    which = np.array([0, 1, 1, 0, 1, 0])
    draws = limefw.Draws(codes, {"background": which})
    found = composer.prepared(contract).compose(draws)
    each = [preprocess(one, composer.value_range, contract) for one in composer.compose(draws)]
    np.testing.assert_array_equal(np.stack(each), found)
    by_hand = [preprocessed(one, composer.value_range, contract) for one in composer.compose(draws)]
    assert found.dtype == by_hand[0].dtype
    np.testing.assert_allclose(found.astype(float), np.stack(by_hand).astype(float), rtol=2e-7, atol=1e-7)


def test_a_composer_in_planes_is_turned_round():
    """A filler may keep its pixels channels first: they reach the model in the layout that it wants."""
    composer, codes = composer_of((10, 12), 3, "uint8", 15, backgrounds=2), codes_of(6, 15)
    planes = [np.moveaxis(array, -1, -3) for array in (composer.pixels, composer.backgrounds)]
    turned = PixelComposer(*planes, composer.labels, composer.value_range, planar=True)
    for contract in (CONTRACTS["as it is"], CONTRACTS["normalised"], CONTRACTS["BGR"]):
        expected, found = (each.prepared(contract).compose(limefw.Draws(codes)) for each in (composer, turned))
        np.testing.assert_array_equal(expected, found)


def test_the_model_gets_what_the_contract_says():
    """`explain` hands over the instance in the contract's size, range, order, layout and dtype."""
    seen = []
    photo = pixels_of((20, 30, 3), "uint8")
    contract = limefw.Contract(
        size=(12, 16), channels=3, value_range=(0.0, 1.0), mean=(0.5,), std=(0.25,), order="BGR", layout="NCHW"
    )
    model = limefw.model(lambda batch: seen.append(batch.copy()) or batch.mean(axis=(1, 2, 3)), contract=contract,
                         task="regression")  # fmt: skip
    limefw.explain(photo, model, segmenter={"use": "grid", "rows": 3, "columns": 3}, samples=20)
    framed = np.asarray(Pillow.fromarray(photo).resize((16, 12), Pillow.Resampling.BICUBIC))
    assert seen[0].shape == (1, 3, 12, 16)
    assert {batch.dtype for batch in seen} == {np.dtype(np.float32)}
    np.testing.assert_allclose(seen[0][0], preprocessed(framed, (0.0, 255.0), contract), rtol=0, atol=1e-6)


# --- frames

sizes = st.tuples(st.integers(2, 60), st.integers(2, 60))


def frame_of(photo, size, policy):
    image = limefw.Image(np.zeros((*photo, 1), np.uint8), (0.0, 255.0))
    return Frame.fit(image, limefw.Contract(size=size, resize=policy))


@settings(max_examples=200, deadline=None)
@given(photo=sizes, size=sizes, policy=st.sampled_from(["stretch", "crop", "pad"]))
def test_frames_lead_there_and_back(photo, size, policy):
    """Any photograph enters any frame; labels come back at its own size, -1 where the frame does not reach."""
    frame = frame_of(photo, size, policy)
    entered = frame.enter(limefw.Image(pixels_of((*photo, 3), "uint8"), (0.0, 255.0)))
    assert entered.pixels.shape == (*size, 3)
    cells = np.arange(size[0] * size[1]).reshape(size)
    back = frame.to_photo(cells)
    assert back.shape == photo
    rows, columns = np.indices(photo) + 0.5
    top, left, tall, wide = frame.box
    inside = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
    np.testing.assert_array_equal(inside, back >= 0)
    if policy == "crop":
        assert not frame.outside().any()
    else:
        assert inside.all()
    if policy == "stretch":
        assert not frame.outside().any()
    shown = back[back >= 0]
    near = (top + (shown // size[1] + 0.5) * tall / size[0], left + (shown % size[1] + 0.5) * wide / size[1])
    assert (np.abs(near[0] - rows[inside]) <= tall / size[0] / 2 + 1e-6).all()
    assert (np.abs(near[1] - columns[inside]) <= wide / size[1] / 2 + 1e-6).all()


@pytest.mark.parametrize("policy", ["stretch", "crop", "pad"])
@pytest.mark.parametrize(("photo", "size"), [((41, 90), (30, 30)), ((60, 43), (32, 48)), ((30, 31), (64, 64))])
def test_entered_pixels_lie_where_the_frame_says(photo, size, policy):
    """A ramp enters as a ramp: away from borders each frame pixel shows its own place in the photograph."""
    rows, columns = np.indices(photo, dtype=np.float32)
    frame = frame_of(photo, size, policy)
    entered = frame.enter(limefw.Image(np.stack([rows, columns], axis=2), (0.0, 100.0))).pixels
    top, left, tall, wide = frame.box
    row = top + (np.arange(size[0]) + 0.5) * tall / size[0] - 0.5
    column = left + (np.arange(size[1]) + 0.5) * wide / size[1] - 0.5
    margin = 2 * max(1, tall / size[0], wide / size[1]) + 1
    inner = np.ix_((row > margin) & (row < photo[0] - 1 - margin), (column > margin) & (column < photo[1] - 1 - margin))
    expected = np.stack(np.meshgrid(row, column, indexing="ij"), axis=2)
    assert entered[inner].size > 50
    np.testing.assert_allclose(entered[inner], expected[inner], rtol=0, atol=0.05)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_labels_survive_the_way_back_from_a_larger_frame(scale):
    """Labels drawn in a frame of a whole multiple of the photograph's size come back exactly."""
    labels = labels_of((8, 11), 20)
    frame = frame_of((8, 11), (8 * scale, 11 * scale), "stretch")
    np.testing.assert_array_equal(labels, frame.to_photo(np.kron(labels, np.ones((scale, scale), int))))


def test_padding_is_mean_colour_and_in_no_segment():
    """A wide photograph is padded above and below in its mean colour, and those pixels are always kept."""
    pixels = pixels_of((10, 20, 3), "uint8")
    frame = frame_of((10, 20), (20, 20), "pad")
    entered = frame.enter(limefw.Image(pixels, (0.0, 255.0)))
    outside = frame.outside()
    np.testing.assert_array_equal(outside.sum(axis=0), np.full(20, 10))
    np.testing.assert_array_equal(entered.pixels[~outside].reshape(10, 20, 3), pixels)
    mean = np.rint(pixels.reshape(-1, 3).mean(axis=0)).astype(np.uint8)
    assert (entered.pixels[outside] == mean).all()
    labels = np.arange(20)[:, None] // 4 + np.zeros((1, 20), int)
    found = without_padding(limefw.Segments.from_labels(labels), outside)
    assert found.count == 3
    np.testing.assert_array_equal(outside, found.labels == -1)
    assert found.names == ("superpixel 0", "superpixel 1", "superpixel 2")
    named = limefw.Segments(labels, ("sky", "superpixel 7", "sea", "superpixel 3", "sand"))
    assert without_padding(named, outside).names == ("superpixel 7", "sea", "superpixel 2")


def test_explanations_of_padded_and_cropped_photographs_come_back_at_their_size():
    """Maps have the photograph's own shape: 0 outside of a crop, and everywhere inside of a padded frame a segment."""
    photo = pixels_of((23, 50, 3), "uint8")
    for policy, unseen in (("crop", True), ("pad", False), ("stretch", False)):
        contract = limefw.Contract(size=(16, 16), resize=policy)
        model = limefw.model(lambda batch: batch[:, 6:10].mean(axis=(1, 2, 3)), task="regression", contract=contract)
        found = limefw.explain(photo, model, segmenter={"use": "grid", "rows": 4, "columns": 4}, samples=60)
        assert found.values.shape == (23, 50)
        assert bool((found.label_map == -1).any()) == unseen
        assert (found.values[found.label_map == -1] == 0).all()


@settings(max_examples=100, deadline=None)
@given(shape=sizes, size=sizes, kind=st.sampled_from(["RGB", "L", "F", "uint16"]))
def test_resizing_equals_pillows(shape, size, kind):
    """Colour bytes are Pillow's own bicubic resize to the last bit; other types are float32 planes, kept in range."""
    target, bicubic = (size[1], size[0]), Pillow.Resampling.BICUBIC
    if kind == "RGB":
        pixels = pixels_of((*shape, 3), "uint8")
        expected = np.asarray(Pillow.fromarray(pixels).resize(target, bicubic))
    else:
        dtype = {"L": "uint8", "F": "float32", "uint16": "uint16"}[kind]
        pixels = pixels_of((*shape, 2), dtype)
        planes = [Pillow.fromarray(pixels[..., c].astype(np.float32)).resize(target, bicubic) for c in range(2)]
        expected = np.stack([np.asarray(plane) for plane in planes], axis=2)
        if kind == "F":
            expected = np.clip(expected, pixels.min(axis=(0, 1)), pixels.max(axis=(0, 1)))
        else:
            expected = np.clip(np.rint(expected), 0, np.iinfo(dtype).max).astype(dtype)
    found = resize(pixels, size)
    assert found.dtype == pixels.dtype
    np.testing.assert_array_equal(expected, found)


def test_a_photograph_of_the_frames_size_enters_unchanged():
    """Nothing is resampled where nothing needs to be."""
    pixels = pixels_of((9, 14, 3), "uint8")
    for policy in ("stretch", "crop", "pad"):
        entered = frame_of((9, 14), (9, 14), policy).enter(limefw.Image(pixels, (0.0, 255.0)))
        np.testing.assert_array_equal(pixels, entered.pixels)


def test_channels_are_matched_or_refused():
    """Grey is repeated, colour becomes luma, and anything else is an error that says both numbers."""
    grey, colour = pixels_of((4, 5, 1), "uint8"), pixels_of((4, 5, 3), "uint8")

    def entered(pixels, channels):
        image = limefw.Image(pixels, (0.0, 255.0))
        return Frame.fit(image, limefw.Contract(channels=channels)).enter(image).pixels

    np.testing.assert_array_equal(np.repeat(grey, 3, axis=2), entered(grey, 3))
    luma = np.rint(colour @ np.array([0.299, 0.587, 0.114]))[..., None].astype(np.uint8)
    np.testing.assert_array_equal(luma, entered(colour, 1))
    with pytest.raises(limefw.InputError, match="the image has 4 channels and the model takes 3"):
        entered(pixels_of((4, 5, 4), "uint8"), 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_background_that_is_not_finite_is_the_fillers_fault(bad, dtype):
    """And not the model's, which would answer with NaN, nor cast to some number."""
    image = limefw.Image(np.ones((2, 3, 1), dtype=dtype), (0.0, 1.0))
    background = np.full((2, 3, 1), 0.5)
    background[1, 2] = bad
    segments = limefw.Segments.from_labels(np.arange(6).reshape(2, 3))
    with pytest.raises(limefw.ContractError, match="background holds NaN or infinity"):
        limefw.PixelComposer.of(image, background, segments)
