"""What hidden segments show: for every sort of image, and of each filler what it promises."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from scipy.ndimage import find_objects, gaussian_filter

import limefw
from limefw_plugins.fillers._pieces import painted, piecewise
from limefw_plugins.fillers.blur import blur, gaussian
from limefw_plugins.fillers.images import images, showing
from limefw_plugins.fillers.inpaint import inpaint
from limefw_plugins.fillers.neighbors import neighbors
from limefw_plugins.fillers.noise import noise


RANGES = {"uint8": (0.0, 255.0), "uint16": (0.0, 65535.0), "float32": (0.0, 1.0), "float64": (-3.0, 5.0)}
FILLERS = {
    "blur": blur,
    "inpaint": inpaint,
    "neighbors": neighbors,
    "noise": noise,
    "uniform": lambda *data: noise(*data, law="uniform", fields=1),
    "pixels": lambda *data: noise(*data, law="pixels", fields=2),
    "navier_stokes": lambda *data: inpaint(*data, method="navier_stokes"),
    "images": showing(np.random.default_rng(9).random((11, 17)), np.zeros((5, 5))),
}
OWN_PIXELS = pytest.mark.parametrize("filler", [inpaint, FILLERS["navier_stokes"], neighbors])


def photo(height=23, width=31, channels=3, dtype="uint8", seed=0):
    """Smooth blobs from black to white."""
    rough = np.random.default_rng(seed).random((height, width, channels))
    smooth = np.stack([gaussian_filter(plane, 2) for plane in np.moveaxis(rough, -1, 0)], axis=2)
    unit = (smooth - smooth.min()) / max(float(np.ptp(smooth)), 1e-9)
    low, high = RANGES[dtype]
    values = low + unit * (high - low)
    return limefw.Image(values.astype(dtype) if dtype.startswith("f") else np.rint(values).astype(dtype), RANGES[dtype])


def cut(image, rows=3, columns=4, *, kept=True):
    """A grid; with `kept` the middle of the picture is in no segment."""
    row, column = np.indices(image.shape)
    labels = row * rows // image.shape[0] * columns + column * columns // image.shape[1]
    if kept:
        labels[image.shape[0] // 2, image.shape[1] // 3 : image.shape[1] // 2 + 1] = -1
    return limefw.Segments.from_labels(labels, keep=-1)


def hidden(composer, segments, rows=1):
    """Compose rows with everything hidden."""
    codes = np.zeros((rows, segments.count), dtype=bool)
    return composer.compose(limefw.Draws(codes, {"draw": np.arange(rows, dtype=np.uint64)}))


def filled(filler, image, segments, seed=0, **params):
    return hidden(filler(image, segments, np.random.default_rng(seed), **params), segments)[0]


# --- every filler, every sort of image


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
@given(
    st.integers(4, 30),
    st.integers(4, 30),
    st.sampled_from([1, 3, 5]),
    st.sampled_from(list(RANGES)),
    st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_fillers_stay_within_black_and_white(filler, height, width, channels, dtype, seed):
    """Finite, inside the value range, of the image's own type; what is in no segment or kept stays."""
    image = photo(height, width, channels, dtype, seed)
    segments = cut(image, 2, 2)
    composer = filler(image, segments, np.random.default_rng(seed))
    shown = hidden(composer, segments, rows=4)
    assert shown.dtype == image.pixels.dtype
    assert np.isfinite(shown).all()
    assert shown.min() >= image.value_range[0]
    assert shown.max() <= image.value_range[1]
    outside = segments.labels < 0
    np.testing.assert_array_equal(shown[:, outside], np.broadcast_to(image.pixels[outside], shown[:, outside].shape))
    kept = composer.compose(limefw.Draws(np.ones((1, segments.count), dtype=bool)))
    np.testing.assert_array_equal(kept[0], image.pixels)


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
def test_pixels_beyond_the_range_are_cut_off(filler):
    """Where a float image overshoots its declared range, what is shown instead does not."""
    image = limefw.Image(np.linspace(-1.0, 2.0, 400).reshape(20, 20, 1), (0.0, 1.0))
    shown = filled(filler, image, cut(image, kept=False))
    assert shown.min() >= 0
    assert shown.max() <= 1


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
def test_a_flat_picture_and_overlapping_segments_are_no_trouble(filler):
    """Of one colour, and with segments that share pixels, one of which is the whole picture."""
    image = limefw.Image(np.full((12, 15, 3), 77, dtype=np.uint8), (0.0, 255.0))
    column = np.indices(image.shape)[1]
    basis = np.stack([column < 9, column >= 6, column >= 0]).astype(np.float32)
    segments = limefw.Segments(np.full(image.shape, -1), ("left", "right", "all"), basis=basis / basis.sum(axis=0))
    composer = filler(image, segments, np.random.default_rng(0))
    assert np.isfinite(composer.backgrounds).all()
    if filler in (blur, inpaint, FILLERS["navier_stokes"], FILLERS["pixels"]):
        # OpenCV's Telea adds up to two levels of its own
        assert np.abs(composer.backgrounds.astype(int) - 77).max() <= 2


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
@pytest.mark.parametrize(("height", "width"), [(1, 30), (30, 1), (1, 2), (2, 2)])
def test_a_picture_of_one_line_is_no_trouble(filler, height, width):
    """OpenCV's inpainting gives NaN where a picture is a single line."""
    image = limefw.Image(np.random.default_rng(0).random((height, width, 3)).astype(np.float32), (0.0, 1.0))
    segments = limefw.Segments.from_labels((np.arange(height * width) // 2 % 9).reshape(image.shape))
    shown = filled(filler, image, segments)
    assert shown.min() >= 0
    assert shown.max() <= 1


# --- those that look around a segment


def test_pieces_are_found_in_one_pass(monkeypatch):
    """What is looked at to find where the segments are does not grow with their number."""
    looked = []
    monkeypatch.setattr("scipy.ndimage.find_objects", lambda array: looked.append(array.size) or find_objects(array))
    image = photo(40, 60)
    for rows, columns in ((2, 2), (20, 30)):
        assert sum(1 for _ in piecewise(image, cut(image, rows, columns, kept=False), 1)) == rows * columns
    assert looked == [2400, 2400]


def test_a_segment_is_where_its_share_is_half_of_the_largest_or_more():
    """A pixel of which it has less is not painted over for it."""
    image, share = photo(1, 4, 1), np.array([[[0.0, 0.3, 0.34, 0.6]]], dtype=np.float32)
    segments = limefw.Segments(np.zeros(image.shape, int), ("some", "rest"), basis=np.concatenate([share, 1 - share]))
    (window, inside, owned), _ = piecewise(image, segments, 1)
    assert window == (slice(0, 1), slice(1, 4))
    np.testing.assert_array_equal(inside, [[False, True, True]])
    np.testing.assert_array_equal(owned, [[False, False, True]])


@OWN_PIXELS
@pytest.mark.parametrize("channels", [1, 3])
def test_what_a_segment_shows_does_not_depend_on_its_own_pixels(filler, channels):
    """Other pixels in a segment change nothing of what it shows when hidden, to the last bit."""
    image = photo(channels=channels)
    segments = cut(image)
    before = filled(filler, image, segments)
    for number in range(segments.count):
        inside = segments.labels == number
        other = image.pixels.copy()
        other[inside] = 255 - other[inside]
        after = filled(filler, limefw.Image(other, image.value_range), segments)
        np.testing.assert_array_equal(before[inside], after[inside])
        assert (after != before).any(), "and its neighbours show something else"


@OWN_PIXELS
def test_overlapping_segments_are_filled_from_outside(filler):
    """A pixel of two segments is part of both: neither is filled from it."""
    image = photo(20, 30)
    column = np.indices(image.shape)[1]
    left, right = (column >= 5) & (column < 15), (column >= 11) & (column < 22)
    basis = np.stack([np.where(right, 0.6, 1.0) * left, np.where(left, 0.4, 1.0) * right]).astype(np.float32)
    segments = limefw.Segments(np.full(image.shape, -1), ("left", "right"), basis=basis)
    before = filler(image, segments, np.random.default_rng(0)).backgrounds[0]
    other = image.pixels.copy()
    other[:, 11:15] = 255 - other[:, 11:15]
    after = filler(limefw.Image(other, image.value_range), segments, np.random.default_rng(0)).backgrounds[0]
    np.testing.assert_array_equal(before[:, 5:22], after[:, 5:22])


@pytest.mark.parametrize("method", ["telea", "navier_stokes"])
def test_inpainting_is_opencvs(method):
    """One segment painted by itself in the whole photograph: the same to the last bit, and near it in 8 bit."""
    image = photo(40, 50)
    segments = cut(image, kept=False)
    shown = filled(inpaint, image, segments, method=method)
    flag = cv2.INPAINT_TELEA if method == "telea" else cv2.INPAINT_NS
    for number in (5, 6):
        inside = segments.labels == number
        mask = inside.astype(np.uint8)
        planes = [np.ascontiguousarray(plane, dtype=np.float32) for plane in np.moveaxis(image.pixels, -1, 0)]
        exact = np.stack([cv2.inpaint(plane, mask, 3, flag) for plane in planes], axis=2)
        np.testing.assert_array_equal(np.clip(np.rint(exact[inside]), 0, 255), shown[inside])
        rounded = cv2.inpaint(np.ascontiguousarray(image.pixels), mask, 3, flag)
        assert np.abs(rounded[inside].astype(int) - shown[inside]).mean() <= 4


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_inpainting_is_the_same_picture_in_any_type(dtype):
    """A photograph in another type is painted alike, within one level of 8 bit."""
    small, large = photo(), photo(dtype=dtype)
    shown, expected = (filled(inpaint, one, cut(one)) for one in (large, small))
    unit = limefw.Image(shown, large.value_range).unit()
    assert np.abs(unit * 255 - expected).mean() <= 1


def test_interpolation_makes_each_pixel_the_mean_of_those_around_it():
    """Rong et al.'s equation: 1/6 of each direct and 1/12 of each diagonal neighbour; inside what is around it."""
    image = photo(30, 40, 2, "float64")
    segments = cut(image, 3, 4, kept=False)
    shown = filled(neighbors, image, segments, noise=0.0)
    inside = segments.labels == 5
    alone = np.where(inside[..., None], shown, image.pixels)
    kernel = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12
    for channel in range(2):
        mean = cv2.filter2D(np.ascontiguousarray(alone[..., channel]), -1, kernel)
        np.testing.assert_allclose(alone[inside, channel], mean[inside], rtol=0, atol=1e-12)
        around = alone[cv2.dilate(inside.astype(np.uint8), np.ones((3, 3))) != inside, channel]
        assert around.min() <= alone[inside, channel].min() <= alone[inside, channel].max() <= around.max()


def test_interpolation_continues_a_plane():
    """A slope of colours is what it was, where a segment does not touch the border of the picture."""
    row, column = np.indices((30, 40))
    image = limefw.Image(((row + 2 * column) / 120)[..., None], (0.0, 1.0))
    segments = cut(image, 3, 4, kept=False)
    shown = filled(neighbors, image, segments, noise=0.0)
    for number in (5, 6):
        inside = segments.labels == number
        np.testing.assert_allclose(shown[inside], image.pixels[inside], rtol=0, atol=1e-12)


def test_interpolation_adds_the_noise_that_it_says():
    """Its standard deviation is a part of the value range."""
    image = photo(80, 90, 3, "float64")
    quiet, loud = (filled(neighbors, image, cut(image), noise=size) for size in (0.0, 0.01))
    added = (loud - quiet)[(quiet > -2.5) & (quiet < 4.5) & (cut(image).labels >= 0)[..., None]]
    assert added.std() == pytest.approx(0.08, rel=0.05)


@OWN_PIXELS
def test_large_segments_are_filled_from_outside_too(filler):
    """They are filled in a coarser picture, in which nothing of their own pixels is left; it goes on where they end."""
    image = photo(210, 401, 1, "float64")
    smooth = limefw.Image(gaussian_filter(image.pixels, (30, 30, 0)), image.value_range)
    segments = cut(image, 1, 2, kept=False)
    inside = segments.labels == 0
    other = np.where(inside[..., None], 5.0, smooth.pixels)
    before, after = (filled(filler, one, segments) for one in (smooth, limefw.Image(other, image.value_range)))
    np.testing.assert_array_equal(before[inside], after[inside])
    beside = before[:, 200] - smooth.pixels[:, 201]
    assert np.abs(beside).mean() < 0.1, "of a range of 8"


def test_what_is_painted_in_a_coarser_picture_comes_back_to_its_place():
    """A painter that knows a slope of colours gives that slope: a coarse pixel's place is its middle."""
    row, column = np.indices((330, 250))
    inside = (row > 20) & (row < 300) & (column > 20) & (column < 200)

    def paint(small, hidden):
        assert small.shape[:2] == hidden.shape == (110, 84)
        rows, columns = np.indices(hidden.shape)
        return ((3 * rows + 1) + 2.0 * (3 * columns + 1))[..., None]

    found = painted(paint, np.zeros((330, 250, 1)), inside)
    np.testing.assert_allclose(found[inside, 0], (row + 2.0 * column)[inside], rtol=0, atol=1e-9)


# --- blur


@pytest.mark.parametrize(("sigma", "tolerance"), [(1.3, 1e-3), (6.0, 1e-3), (20.0, 0.01), (60.0, 0.02)])
def test_blur_is_a_gaussian(sigma, tolerance):
    """SciPy's, also where the picture is shrunk first because the Gaussian is wide."""
    image = photo(160, 200, 2, "float32").pixels.astype(float)
    expected = np.stack([gaussian_filter(image[..., c], sigma, truncate=6) for c in range(2)], axis=2)
    np.testing.assert_allclose(gaussian(image, sigma), expected, rtol=0, atol=tolerance)


def test_the_blur_grows_with_the_picture():
    """One picture at twice the size is blurred alike: sigma is a part of the shorter side."""
    small = photo(60, 80)
    large = limefw.Image(small.pixels.repeat(2, axis=0).repeat(2, axis=1), small.value_range)
    one, other = (filled(blur, image, cut(image, kept=False), sigma=0.1) for image in (small, large))
    assert np.abs(other[::2, ::2].astype(int) - one).max() <= 3
    flat = filled(blur, small, cut(small, kept=False), sigma=1.0).astype(float)
    assert flat.std(axis=(0, 1)).max() < 8 < small.pixels.std(axis=(0, 1)).min()


# --- noise


def test_noise_follows_its_law():
    """Mean and deviation of each channel; anything between black and white alike; the photograph's own pixels."""
    image = photo(90, 110, 3, "float64")
    segments = cut(image, kept=False)
    own = image.pixels.reshape(-1, 3)
    normal = filled(noise, image, segments).reshape(-1, 3)
    np.testing.assert_allclose(normal.mean(axis=0), own.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(normal.std(axis=0), own.std(axis=0), rtol=0.05)
    uniform = filled(noise, image, segments, law="uniform")
    counts, _ = np.histogram(uniform, bins=8, range=(-3, 5))
    np.testing.assert_allclose(counts / counts.sum(), 1 / 8, atol=0.01)
    shuffled = filled(noise, image, segments, law="pixels").reshape(-1, 3)
    assert (shuffled != own).any()
    np.testing.assert_array_equal(np.sort(own.view("f8,f8,f8"), axis=0), np.sort(shuffled.view("f8,f8,f8"), axis=0))


def brightness(batch):
    return batch.reshape(len(batch), -1).mean(axis=1) / 255


def explained(filler, count=6, **stages):
    image = photo(24, 36)
    grid = {"use": "grid", "rows": 2, "columns": count // 2}
    settings = {"labels": 0, "surrogate": "linear", "kernel": "flat", "samples": 64, **stages}
    return limefw.explain(image, limefw.model(brightness, task="regression"), segmenter=grid, filler=filler, **settings)


def test_one_field_of_noise_is_exact_and_several_are_not():
    """One background leaves nothing to chance where all codes are drawn; several do, and the errors say so."""
    one, several = (explained({"use": "noise", "fields": fields}) for fields in (1, 4))
    assert one.fit().standard_errors.tolist() == [0.0] * 6
    assert one.health.stopped == "all 64 combinations were drawn"
    assert (several.fit().standard_errors > 0).all()
    assert not several.neighbourhood.exhaustive
    again = explained({"use": "noise", "fields": 4})
    np.testing.assert_array_equal(several.neighbourhood.targets, again.neighbourhood.targets)


def test_fields_of_noise_are_those_of_every_run():
    """No error knows of other fields, so other seeds have the same ones, unless that is asked for."""
    cat, cut = photo(24, 36), limefw.Segments.from_labels(np.indices((24, 36))[1] // 6)
    for params, alike in (({}, True), ({"field_seed": 3}, True), ({"field_seed": None}, False)):
        one, other = (noise(cat, cut, np.random.default_rng(seed), **params).fingerprint() for seed in (0, 1))
        assert (one == other) == alike


# --- other pictures


def saved(path, array):
    Pillow.fromarray(array).save(path)
    return str(path)


def test_another_picture_of_the_same_size_is_shown_as_it_is(tmp_path):
    """With everything hidden the composite is that picture."""
    image, other = photo(), photo(seed=5)
    segments = cut(image, kept=False)
    shown = filled(images, image, segments, paths=[saved(tmp_path / "o.png", other.pixels)])
    np.testing.assert_array_equal(shown, other.pixels)


@pytest.mark.parametrize(("fit", "columns"), [("crop", (10, 30)), ("stretch", (0, 40))])
def test_a_picture_of_another_shape_is_cropped_or_stretched(tmp_path, fit, columns):
    """Cropping shows the middle at its own proportions, stretching shows everything."""
    image = photo(20, 20, dtype="float32")
    wide = np.zeros((20, 40, 3), dtype=np.uint8)
    wide[..., 0] = np.arange(40) * 6
    shown = filled(images, image, cut(image, kept=False), paths=[saved(tmp_path / "o.png", wide)], fit=fit)
    expected = np.interp(np.linspace(columns[0], columns[1], 41)[1::2] - 0.5, np.arange(40), np.arange(40) * 6 / 255)
    np.testing.assert_allclose(shown[10, 2:-2, 0], expected[2:-2], atol=0.01)
    assert not shown[..., 1:].any()


def test_grey_fits_any_channels_and_colour_fits_grey(tmp_path):
    """Grey is repeated, colour is weighed as light; three channels for five are an error that says so."""
    grey = saved(tmp_path / "g.png", np.full((9, 9), 51, dtype=np.uint8))
    red = saved(tmp_path / "r.png", np.full((9, 9, 3), (255, 0, 0), dtype=np.uint8))
    five, one = photo(channels=5, dtype="float32"), photo(channels=1)
    np.testing.assert_allclose(filled(images, five, cut(five, kept=False), paths=[grey]), 0.2, atol=1e-6)
    assert set(filled(images, one, cut(one, kept=False), paths=[red]).ravel().tolist()) == {76}
    with pytest.raises(limefw.InputError, match=r"r\.png has 3 channels and the photograph has 5"):
        filled(images, five, cut(five), paths=[red])


def test_of_several_pictures_each_draw_shows_one(tmp_path):
    """A whole folder, each about as often as the others; the effects average over them."""
    for level in (0, 100, 200):
        saved(tmp_path / f"{level}.png", np.full((8, 8), level, dtype=np.uint8))
    image = photo()
    segments = cut(image, kept=False)
    composer = images(image, segments, np.random.default_rng(0), paths=[str(tmp_path)])
    codes = np.zeros((3000, segments.count), dtype=bool)
    numbers = np.random.default_rng(1).integers(0, 2**64, 3000, dtype=np.uint64)
    first = composer.compose(limefw.Draws(codes, {"draw": numbers}))[:, 0, 0, 0]
    levels, counts = np.unique(first, return_counts=True)
    assert levels.tolist() == [0, 100, 200]
    assert np.abs(counts - 1000).max() < 4.5 * np.sqrt(3000 * 2 / 9)
    found = explained({"use": "images", "paths": [str(tmp_path)]}, sampler="paired", samples=600, count=12)
    grey = explained({"use": "constant", "value": 100 / 255}, samples=600, count=12)
    assert (found.fit().standard_errors > 0).all()
    assert (np.abs(found.fit().effects - grey.fit().effects) < 4.5 * found.fit().standard_errors).all()


def test_complements_show_the_same_picture():
    """Rows of one group share their number: of black and white by turns a linear model keeps its effects' order."""
    seen = []

    def watched(batch):
        seen.extend(batch[:, 0, 0, 0].tolist())
        return brightness(batch)

    image = limefw.Image(np.full((24, 36, 3), 100, dtype=np.uint8), (0.0, 255.0))
    filler = showing(np.zeros((4, 4), np.uint8), np.full((4, 4), 200, np.uint8))
    grid = {"use": "grid", "rows": 2, "columns": 6}
    stages = {"segmenter": grid, "filler": filler, "sampler": "paired", "labels": 0, "samples": 400}
    found = limefw.explain(image, limefw.model(watched, task="regression"), **stages)
    groups, targets = found.neighbourhood.groups, found.neighbourhood.targets[:, 0]
    sums = np.array([targets[groups == group].sum() for group in np.unique(groups)])
    # shown parts and hidden parts of a pair make up one whole photograph and one whole background
    assert set(np.round(sums * 255).astype(int).tolist()) == {100, 300}
    assert set(seen) == {0, 100, 200}


@pytest.mark.parametrize(("sampler", "luck"), [("leverage", True), ("shapley_sizes", True), ("scrambled_sobol", False)])
def test_what_pictures_change_is_luck_where_every_run_has_the_codes(sampler, luck):
    """Of `leverage`, which counts codes as those of every run, all pairs are drawn: each shows another picture."""
    image = limefw.Image(np.full((24, 36, 3), 100, dtype=np.uint8), (0.0, 255.0))
    stages = {
        "segmenter": {"use": "grid", "rows": 2, "columns": 4}, "sampler": sampler, "labels": 0, "samples": 200,
        "filler": showing(np.zeros((4, 4), np.uint8), np.full((4, 4), 200, np.uint8)), "kernel": "shapley",
        "surrogate": "shapley", "what_if": 0,
    }  # fmt: skip
    around = limefw.explain(image, limefw.model(brightness, task="regression"), **stages).neighbourhood
    assert (around.groups >= 0).all() == luck
    assert len(np.unique(around.groups)) == len(around) / 2


def test_more_pictures_than_asked_for_are_chosen_from(tmp_path):
    """`most` of them, by the seed."""
    for level in range(30):
        saved(tmp_path / f"{level:02}.PNG", np.full((4, 4), level, dtype=np.uint8))
    for name in ("LICENSE.txt", "list.csv", "README"):  # what lies beside pictures ends no run
        (tmp_path / name).write_text("no picture")
    image = photo()

    def chosen(seed):
        made = images(image, cut(image), np.random.default_rng(seed), paths=str(tmp_path), most=5)
        return made.backgrounds[:, 0, 0, 0].tolist()

    assert len(set(chosen(0))) == 5
    assert chosen(0) == chosen(0) != chosen(1)
    assert len(images(image, cut(image), np.random.default_rng(0), paths=[str(tmp_path)], most=99).backgrounds) == 30


def test_a_picture_that_cannot_be_read_is_told(tmp_path):
    """A missing file, an empty folder, a file that is no picture, none at all: before the model is asked."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no picture")
    for name, message in (
        ("absent.png", "there is no file"), ("empty", "no file in .* has a suffix"), ("notes.txt", "not an image")
    ):  # fmt: skip
        with pytest.raises(limefw.InputError, match=message):
            explained({"use": "images", "paths": [str(tmp_path / name)]})
    with pytest.raises(limefw.RecipeError, match=r"'paths' must be .* at least 1 long"):
        explained({"use": "images", "paths": []})
    with pytest.raises(limefw.RecipeError, match="'paths' must be given"):
        explained("images")
    with pytest.raises(limefw.InputError, match="at least one picture"):
        showing()


def test_pictures_in_memory_are_what_files_are(tmp_path):
    """`showing` takes arrays, PIL images and limefw's own."""
    image, other = photo(), photo(30, 30, seed=5)
    segments = cut(image)
    expected = filled(images, image, segments, paths=[saved(tmp_path / "o.png", other.pixels)])
    for picture in (other, other.pixels, Pillow.fromarray(other.pixels)):
        np.testing.assert_array_equal(expected, filled(showing(picture), image, segments))


def test_mean_colours_of_patches_are_those_of_the_superpixels_that_were_merged():
    """Each hidden pixel has the mean of its superpixel, whichever segments these were merged to."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8).cumsum(axis=1) // 60
    image, rng = limefw.Image(pixels.astype(np.uint8), (0, 255)), np.random.default_rng(0)
    patches = limefw.registry().get("segmenters", "slic").call(image, rng, n_segments=20)
    halves = limefw.Segments.from_labels(np.indices((40, 60))[1] // 30)
    composer = limefw.registry().get("fillers", "mean_color").call(image, halves, rng, patches=20)
    (shown,) = composer.compose(limefw.Draws(np.array([[True, False]])))
    np.testing.assert_array_equal(shown[:, :30], image.pixels[:, :30])
    means = np.stack([np.bincount(patches.labels.ravel(), image.pixels[..., at].ravel()) for at in range(3)], axis=1)
    means = np.rint(means / np.bincount(patches.labels.ravel())[:, None])
    np.testing.assert_array_equal(shown[:, 30:], means[patches.labels][:, 30:])


@pytest.mark.parametrize("paths", ["", ["", "there.png"]])
def test_an_empty_path_is_not_the_current_folder(paths):
    """Else whatever lies there would be shown."""
    chosen = {"use": "images", "paths": paths}
    with pytest.raises(limefw.InputError, match="paths is empty"):
        limefw.explain(limefw.sample(), lambda batch: np.full((len(batch), 2), 0.5), filler=chosen)
