"""quickshift has scikit-image's labels to the last one."""

import sys
from contextlib import nullcontext
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from skimage import segmentation
from skimage.color import gray2rgb

import limefw
from limefw.modalities.image import Image
from limefw_plugins.segmenters import _modes, _small, _ties
from limefw_plugins.segmenters._densities import densities
from limefw_plugins.segmenters._modes import shifted
from limefw_plugins.segmenters._plane import Plane
from limefw_plugins.segmenters.quickshift import quickshift


RNG = np.random.default_rng


def reference(rgb, seed=42, **params):
    return segmentation.quickshift(rgb, rng=seed, convert2lab=True, **params)


def reference_of(points, kernel_size, max_dist, seed):
    return segmentation.quickshift(
        points, ratio=1.0, kernel_size=kernel_size, max_dist=max_dist, convert2lab=False, rng=seed
    )


def noise(seed, shape):
    return RNG(seed).normal(scale=1e-5, size=shape)


def photograph(size):
    with Pillow.open(limefw.sample()) as photo:
        return np.array(photo.convert("RGB").resize((size, size)))


LAST_BITS = 2.0**-53
PICTURES = {
    "noise": lambda rng, shape: rng.random(shape),
    "few values": lambda rng, shape: rng.integers(0, 3, shape) / 2,
    "flat": lambda rng, shape: np.full(shape, rng.random()),
    "ramp": lambda rng, shape: np.indices(shape).sum(axis=0) / sum(shape),
    "board": lambda rng, shape: np.indices(shape)[:2].sum(axis=0) % 2 * 1.0,
    "two-tone": lambda rng, shape: (np.indices(shape)[1] < shape[1] // 2) * rng.random(),
    "half flat": lambda rng, shape: np.where(np.indices(shape)[1] < shape[1] // 2, 0.0, rng.random(shape)),
}


@pytest.fixture(scope="module", params=["numpy", "numba"])
def loop(request):
    if request.param == "numpy":
        return shifted
    pytest.importorskip("numba")
    compiled = _modes.compiled()
    assert compiled is not None
    return compiled


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(PICTURES)),
    shape=st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(1, 6)),
    scale=st.sampled_from([0.01, 1.0, 20.0, 100.0, 1e4, 1e13]),
    kernel_size=st.floats(1.0, 8.0),
    max_dist=st.one_of(st.sampled_from([1.0, 2.0, 200.0, 1e200]), st.floats(0.1, 20.0)),
    seed=st.integers(0, 10_000),
    windows=st.sampled_from([0, _small.WINDOWS, 10**6]),
    dealt=st.booleans(),
)
def test_the_loop_is_scikit_images(loop, kind, shape, scale, kernel_size, max_dist, seed, windows, dealt):
    """For any picture, number of channels, scale and parameters: every label is equal, ties included.

    So they are by NumPy whether a picture's densities are found by shifts or by whole lines, and whether those that
    nearly tie are found by sorting or by dealing them out, stripe by stripe.
    """
    points = PICTURES[kind](RNG(seed), shape) * scale
    expected = segmentation.quickshift(
        points, ratio=1.0, kernel_size=kernel_size, max_dist=max_dist, convert2lab=False, rng=seed
    )
    large = mock.patch.multiple(_ties, FEW=0, STRIPE=100, SLOTS=64) if dealt else nullcontext()
    with mock.patch.object(_small, "WINDOWS", windows), large:
        np.testing.assert_array_equal(loop(points, kernel_size, max_dist, noise(seed, shape[:2])), expected)


def cut_with(loop, points, kernel_size, max_dist, noises):
    """Return the labels by one of our loops, and scikit-image's with the same noise."""
    fixed = mock.Mock(normal=mock.Mock(return_value=noises))
    with mock.patch.object(np.random, "default_rng", return_value=fixed):
        expected = segmentation.quickshift(
            points, ratio=1.0, kernel_size=kernel_size, max_dist=max_dist, convert2lab=False, rng=0
        )
    return loop(points, kernel_size, max_dist, noises), expected


@settings(max_examples=250, deadline=None)
@given(
    kind=st.sampled_from(sorted(PICTURES)),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 4)),
    scale=st.sampled_from([1e-5, 0.2, 1.0, 20.0]),
    kernel_size=st.sampled_from([1.0, 4 / 3, 2.0, 3.7]),
    max_dist=st.sampled_from(
        [np.nextafter(1.0, 0.0), 1.0, np.nextafter(2.0**0.5, 0.0), 2.0**0.5, 2.0, 5.0**0.5, 200.0]
    ),
    seed=st.integers(0, 10_000),
    faint=st.sampled_from([0.0, LAST_BITS, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-10]),
)
def test_densities_that_nearly_tie_are_told_apart_as_scikit_image_does(
    loop, kind, shape, scale, kernel_size, max_dist, seed, faint
):
    """With noise so faint that rounding decides which of two is higher: to the last bit."""
    points = np.ascontiguousarray(PICTURES[kind](RNG(seed), shape) * scale)
    steps = RNG(seed).normal(size=shape[:2]) if faint != LAST_BITS else RNG(seed).integers(-4, 5, shape[:2])
    found, expected = cut_with(loop, points, kernel_size, max_dist, steps * faint)
    np.testing.assert_array_equal(found, expected)


def test_the_noise_comes_first(loop):
    """scikit-image adds exponentials to the noise, not the noise to their sum: here that decides."""
    points = np.array([[[0.3], [0.0], [-4.754004626548762]]])
    assert loop(points, 1.0, 2.0, noise(2, (1, 3))).tolist() == [[0, 1, 2]]
    assert reference_of(points, 1.0, 2.0, 2).tolist() == [[0, 1, 2]]


def test_the_border_adds_nothing_where_sums_are_to_the_last_bit(loop):
    """Not even 1e-22 to a sum that is only the noise yet: here that would decide."""
    points = np.array([[[-25.732168531761786], [0.0], [-1000.0], [-1020.7923076780876]]])
    assert loop(points, 4.0, 1e6, noise(67, (1, 4))).tolist() == [[0, 0, 1, 1]]
    assert reference_of(points, 4.0, 1e6, 67).tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize("scale", [1e16, 1e18, 1e20, 1e200])
def test_colours_beside_which_a_kernel_is_nothing_keep_to_their_picture(loop, scale):
    """The borders around it are further away still."""
    halves = np.where(np.indices((20, 25, 3))[1] < 12, 1.0, 2.0)
    for points in (np.ones((20, 25, 3)) * scale, -halves * scale, halves * scale):
        found = loop(points, 2.0, 15.0, noise(1, (20, 25)))
        np.testing.assert_array_equal(found, reference_of(points, 2.0, 15.0, 1))


def drawing(size):
    pixels = np.zeros((size, size, 3), np.uint8)
    pixels[size // 4 : size // 2, size // 3 :] = 255
    return pixels


SMALL = {
    "photograph": photograph,
    "drawing": drawing,
    "board": lambda size: np.repeat(255 * (np.indices((size, size)).sum(axis=0) % 2), 3).reshape(size, size, 3),
}


@pytest.mark.parametrize("kernel_size", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("kind", SMALL)
def test_small_pictures_are_cut_as_scikit_image_cuts_them(kind, kernel_size):
    """On both sides of the size up to which whole lines are looked at together: of digits, icons, thumbnails."""
    ways = set()
    for size in (28, 32, 5 * 3, 5 * 3 + 1, 60, 61):
        pixels = SMALL[kind](size).astype(np.uint8)
        found = quickshift(Image(pixels, (0, 255)), RNG(0), kernel_size=kernel_size, least=1)
        expected = reference(pixels, kernel_size=kernel_size, max_dist=200.0, ratio=0.2)
        np.testing.assert_array_equal(found.labels, expected)
        ways.add(_small.is_small(Plane.of(pixels / 255, kernel_size)))
    assert ways == {True, False}


def test_both_ways_to_the_densities_agree_within_what_they_doubt():
    """Of a photograph: no density is further from one computed in full than half of what is told."""
    points = photograph(30) / 10.0
    plane = Plane.of(points, 2.0)
    found, doubt = _small.small_densities(plane)
    with mock.patch.object(_small, "WINDOWS", 0):
        expected = densities(plane, np.zeros((30, 30)))
    off = np.abs(plane.inside(found) - plane.inside(expected)).max()
    assert 0 < off < doubt / 2 < 1e-7
    assert (np.isneginf(found) == np.isneginf(expected)).all()


@pytest.mark.parametrize("doubt", [1e-13, 1e-12, 3e-7])
def test_no_two_densities_that_are_close_are_missed(doubt):
    """Of 4,000 pairs as close as that in their windows, both are marked, and by chance few others."""
    rng = RNG(0)
    height, width = 400, 300
    plane = Plane.of(np.zeros((height, width, 1)), 1.0)
    density = 1 + 40 * rng.random((height, width))
    rows, columns = rng.integers(0, height - 3, 4000), rng.integers(3, width - 3, 4000)
    density[rows + rng.integers(1, 4, 4000), columns + rng.integers(-3, 4, 4000)] = density[rows, columns] + 0.9 * doubt
    near = np.zeros(density.shape, dtype=bool)
    for down in range(4):
        for right in range(-3, 4):
            if (down, right) > (0, 0):
                left, far = max(0, -right), max(0, right)
                one = density[: height - down, left : width - far]
                other = density[down:, left + right : width - far + right]
                alike = np.abs(one - other) <= doubt
                near[: height - down, left : width - far] |= alike
                near[down:, left + right : width - far + right] |= alike
    marked = _ties._perhaps_close(plane, density, doubt).reshape(density.shape)
    assert near.sum() > 7_000
    assert marked[near].all()
    assert marked.mean() < near.mean() + (0.2 if doubt < 1e-10 else 0.25)
    np.testing.assert_array_equal(np.sort(_ties._too_close(plane, density, doubt)), np.flatnonzero(near))


@pytest.mark.parametrize("scale", [1e6, 1e8, 1e10, 1e13])
def test_small_pictures_of_huge_values_are_cut_alike(scale):
    """Where squares have lost the digits that a difference needs, they are not made use of."""
    points = RNG(1).random((8, 9, 4)) * scale
    points[2:5, 3:] = points[0, 0]
    for kernel_size in (1.0, 3.0):
        expected = segmentation.quickshift(
            points, ratio=1.0, kernel_size=kernel_size, max_dist=1e200, convert2lab=False, rng=3
        )
        np.testing.assert_array_equal(shifted(points, kernel_size, 1e200, noise(3, (8, 9))), expected)


DTYPES = {"uint8": 255.0, "uint16": 65535.0, "int32": 1000.0, "float32": 1.0, "float64": 1.0}


@settings(max_examples=40, deadline=None)
@given(
    dtype=st.sampled_from(sorted(DTYPES)),
    shape=st.tuples(st.integers(2, 28), st.integers(2, 28), st.sampled_from([1, 3])),
    ratio=st.sampled_from([0.2, 0.7, 1.0]),
    sigma=st.sampled_from([0.0, 1.0]),
    kernel_size=st.sampled_from([1.0, 2.0, 4.0, 10.0]),
    seed=st.integers(0, 1000),
)
def test_a_picture_of_any_type_is_cut_as_lime_cuts_it(dtype, shape, ratio, sigma, kernel_size, seed):
    """Colour, and grey as lime shows it (gray2rgb): the plug-in's labels are scikit-image's."""
    white = DTYPES[dtype]
    image = Image((RNG(seed).random(shape) * white).astype(dtype), (0.0, white))
    rgb = image.unit() if shape[2] == 3 else gray2rgb(image.unit()[..., 0])
    params = {"ratio": ratio, "sigma": sigma, "kernel_size": kernel_size, "max_dist": 15.0}
    found = quickshift(image, RNG(0), **params, tie_seed=seed, least=1)
    np.testing.assert_array_equal(found.labels, reference(rgb, seed, **params))


@pytest.mark.parametrize(
    ("size", "params"),
    [
        (224, {"kernel_size": 4.0, "max_dist": 200.0, "ratio": 0.2}),  # lime's
        (128, {"kernel_size": 10.0, "max_dist": 15.0, "ratio": 0.7}),
        (200, {"kernel_size": 2.0, "max_dist": 200.0, "ratio": 0.2}),
        (150, {"kernel_size": 1.0, "max_dist": 6.0, "ratio": 1.0}),
    ],
)
def test_a_photograph_is_cut_as_scikit_image_cuts_it(size, params):
    """At the sizes of models, of more than one block of pixels."""
    pixels = photograph(size)
    found = quickshift(Image(pixels, (0, 255)), RNG(0), **params, least=1)
    np.testing.assert_array_equal(found.labels, reference(pixels, **params))


@pytest.mark.parametrize("kernel_size", [1.0, 5.0, 8.0])
@pytest.mark.parametrize("right", ["photograph", "white"])
def test_flat_parts_are_cut_by_the_same_noise(kernel_size, right):
    """Thousands of densities that only the noise tells apart: even there rounding decides as scikit-image's does."""
    pixels = photograph(160) if right == "photograph" else np.full((160, 160, 3), 255, np.uint8)
    pixels[:, :90] = 0
    found = quickshift(Image(pixels, (0, 255)), RNG(0), kernel_size=kernel_size, least=1)
    np.testing.assert_array_equal(found.labels, reference(pixels, kernel_size=kernel_size, max_dist=200.0, ratio=0.2))


def test_what_is_spent_decides_and_numba_may_be_missing():
    """One small picture never loads Numba; where it is worth it and not installed, NumPy goes on."""
    points, noises = np.random.default_rng(0).random((20, 20, 3)), noise(0, (20, 20))
    with (
        mock.patch.object(_modes, "spent", _modes.Spent()) as spent,
        mock.patch.object(_modes, "compiled", return_value=None) as compiled,
    ):
        expected = _modes.modes(points, 2.0, 200.0, noises)
        assert not compiled.called
        calls = 1
        while not compiled.called:
            np.testing.assert_array_equal(_modes.modes(points, 2.0, 200.0, noises), expected)
            calls += 1
        assert 500 < calls < 1000
        assert spent.pairs > _modes.WORTH
        spent.pairs = 0.0
        compiled.return_value = lambda *_: "by Numba"
        assert _modes.modes(np.zeros((1300, 1300, 1)), 4.0, 200.0, np.zeros((1300, 1300))) == "by Numba"
    with mock.patch.dict(sys.modules, {"limefw_plugins.segmenters._compiled": None}):
        assert _modes.compiled.__wrapped__() is None
    broken = mock.Mock(modes=mock.Mock(side_effect=OSError("No space left on device")))
    with mock.patch.dict(sys.modules, {"limefw_plugins.segmenters._compiled": broken}):
        assert _modes.compiled.__wrapped__() is None


def test_channels_that_are_no_colours_are_cut_along_their_edges():
    """Five alike channels give about the segments of one; two halves are never mixed."""
    halves = np.where(np.indices((40, 60))[1] < 31, 0.2, 0.9)[..., None]
    for channels in (1, 2, 5):
        image = Image(np.repeat(halves, channels, axis=2) + 0.01 * RNG(1).random((40, 60, channels)), (0.0, 1.0))
        labels = quickshift(image, RNG(0)).labels
        assert not set(labels[:, :31].ravel()) & set(labels[:, 31:].ravel())


@pytest.mark.parametrize("shape", [(1, 1, 3), (40, 30, 1), (8, 8, 3), (20, 20, 5)])
def test_a_flat_picture_is_told(shape):
    """Where all pixels are alike, only the noise that breaks ties would cut: an error, not seventy random segments."""
    with pytest.raises(limefw.InputError, match=r"same colour.*segmenter=grid"):
        quickshift(Image(np.full(shape, 0.3), (0.0, 1.0)), RNG(0))


def test_small_pictures_get_a_smaller_kernel():
    """The kernel size is halved until enough segments come out, unless `least` is 1."""
    image = Image(photograph(28), (0, 255))
    assert quickshift(image, RNG(0)).count >= 8 > quickshift(image, RNG(0), least=1).count


def test_the_finest_cut_can_be_wished_for():
    """As many segments as the smallest kernel gives, and no kernel above it."""
    image = Image(photograph(224), (0, 255))
    most = quickshift(image, RNG(0), kernel_size=1.0).count
    assert quickshift(image, RNG(0), kernel_size=1.01).count < 0.8 * most
    for wish in (most, 10 * most):
        assert quickshift(image, RNG(0), target_segments=wish).count == most
