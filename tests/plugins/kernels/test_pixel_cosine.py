"""The pixel-space cosine from sums over segments is the one of the composed pictures."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limefw.errors import InputError
from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.types import Contract, Draws, Segments
from limefw_plugins.kernels.pixel_cosine import pixel_cosine


def directly(draws, composer):
    """Compose every draw and compare it with the instance, pixel by pixel."""
    black = composer.value_range[0]
    own = composer.pixels.astype(float).ravel() - black
    composites = composer.compose(draws).astype(float).reshape(len(draws), -1) - black
    norms = np.linalg.norm(composites, axis=1) * np.linalg.norm(own)
    return np.divide(composites @ own, norms, out=np.zeros(len(draws)), where=norms > 0)


def build(rng, *, height=13, width=17, channels=3, dtype="uint8", low=0.0, count=6, kept=False, backgrounds=1):
    """Return a composer with random pixels and backgrounds."""
    high = 255.0 if dtype == "uint8" else low + 1.0
    pixels, *filled = (rng.uniform(low, high, (height, width, channels)).astype(dtype) for _ in range(1 + backgrounds))
    labels = np.minimum(rng.integers(0, count, (height, width)) if count > 1 else 0, count - 1)
    labels.ravel()[:count] = np.arange(count)
    segments = Segments.from_labels(
        np.where(rng.random((height, width)) < 0.2, -1, labels) if kept else labels, keep=-1
    )
    return PixelComposer.of(Image(pixels, (low, high)), np.stack(filled), segments), segments


def coins(rng, rows, width):
    codes = rng.random((rows, width)) < 0.5
    codes[0], codes[1:2] = True, False
    return codes


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 999), channels=st.integers(1, 5), dtype=st.sampled_from(["uint8", "float32", "float64"]),
    low=st.sampled_from([0.0, -1.0]), count=st.integers(2, 30), kept=st.booleans(), planar=st.booleans(),
)  # fmt: skip
def test_it_is_the_cosine_of_the_composed_pictures(seed, channels, dtype, low, count, kept, planar):
    """Whatever the filler's background, dtype and layout: to 1e-12."""
    rng = np.random.default_rng(seed)
    low = 0.0 if dtype == "uint8" else low
    composer, segments = build(rng, channels=channels, dtype=dtype, low=low, count=count, kept=kept)
    if planar:
        composer = composer.prepared(Contract(layout="NCHW"))
        assert composer.planar
    draws = Draws(coins(rng, 40, segments.count))
    np.testing.assert_allclose(pixel_cosine(draws, composer), directly(draws, composer), rtol=0, atol=1e-12)


def test_each_row_is_compared_with_its_own_background():
    """Where a filler has several backgrounds, a row's is the one that its composite shows."""
    rng = np.random.default_rng(0)
    composer, segments = build(rng, backgrounds=4)
    draws = Draws(coins(rng, 50, segments.count), {"background": rng.integers(0, 4, 50)})
    np.testing.assert_allclose(pixel_cosine(draws, composer), directly(draws, composer), rtol=0, atol=1e-12)


@pytest.mark.parametrize("overlapping", [False, True])
def test_soft_codes_and_overlapping_segments_are_mixed_as_the_composer_mixes(overlapping):
    """Shares of segments and of pixels give the cosine of the blended picture."""
    rng = np.random.default_rng(1)
    composer, segments = build(rng, dtype="float64", count=5)
    if overlapping:
        # two thirds of the shares overlap, and some of every pixel is in no segment
        basis = rng.dirichlet(np.ones(6), segments.labels.shape).transpose(2, 0, 1)[:5].astype(np.float32)
        composer = PixelComposer(composer.pixels, composer.backgrounds, composer.labels, (0.0, 1.0), basis)
    soft = rng.random((40, 5)).astype(np.float32)
    for codes in (coins(rng, 40, 5), soft):
        draws = Draws(codes)
        np.testing.assert_allclose(pixel_cosine(draws, composer), directly(draws, composer), rtol=0, atol=1e-7)


def test_on_black_it_is_the_root_of_the_share_of_light_that_is_left():
    """Hiding on black keeps a cosine of |kept| / |all|: nothing hidden is 1, everything hidden is 0."""
    rng = np.random.default_rng(2)
    composer, segments = build(rng, count=4)
    black = PixelComposer(composer.pixels, np.zeros_like(composer.backgrounds), composer.labels, (0.0, 255.0))
    codes = coins(rng, 20, 4)
    light = np.array([(composer.pixels[segments.labels == j].astype(float) ** 2).sum() for j in range(4)])
    expected = np.sqrt(codes @ light / light.sum())
    weights = pixel_cosine(Draws(codes), black)
    np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-12)
    assert weights[:2].tolist() == pytest.approx([1.0, 0.0], abs=1e-15)


def test_a_cosine_below_0_counts_as_0():
    """Values below black may point the other way; a weight cannot."""
    pixels = np.ones((2, 2, 1))
    composer = PixelComposer(pixels, -pixels[None], np.array([[0, 0], [1, 1]]), (0.0, 1.0))
    assert pixel_cosine(Draws(np.array([[True, True], [False, False]])), composer).tolist() == [1.0, 0.0]


@dataclass(frozen=True)
class Erasing:
    """Deletes words."""

    def compose(self, draws):
        return [""] * len(draws)


def test_what_has_no_pixels_is_refused():
    """Another composer's inputs are no pictures: the error names it and what to use."""
    with pytest.raises(InputError, match=r"composer is a Erasing.*kernel 'cosine_exponential'"):
        pixel_cosine(Draws(np.ones((2, 3), dtype=bool)), Erasing())


def test_a_black_picture_has_no_direction():
    """Nothing is like a picture without light; that is said instead of weighing everything 0."""
    black = PixelComposer(np.zeros((4, 4, 3)), np.ones((1, 4, 4, 3)), np.indices((4, 4))[0], (0.0, 1.0))
    with pytest.raises(InputError, match="black all over"):
        pixel_cosine(Draws(np.ones((2, 4), dtype=bool)), black)
