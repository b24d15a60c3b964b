"""What an explanation says of itself: shares and maps of the photograph, rounding, and arrays that others hold."""

import numpy as np
import pytest

import limefw
from limefw.types import Segments


PHOTO = np.random.default_rng(3).integers(0, 256, (24, 48, 3), dtype=np.uint8)


def cells(rows, columns, *, skip=()):
    """Return a segmenter of a grid of cells that tile the frame; those in `skip` are in no segment."""

    def segmenter(image, _rng, /):
        height, width = image.shape
        numbers = np.add.outer(np.arange(height) * rows // height * columns, np.arange(width) * columns // width)
        return Segments.from_labels(np.where(np.isin(numbers, skip), -1, numbers), keep=-1)

    return segmenter


def uneven(batch):
    """Every pixel counts, and each differently."""
    pixels = batch.reshape(len(batch), -1).astype(np.float64)
    return pixels @ np.sin(1 + np.arange(pixels.shape[1]))


def explained(photo=PHOTO, model=uneven, *, contract=None, **settings):
    known = limefw.model(model, contract=contract or limefw.Contract(head="values"))
    filler = {"use": "constant", "value": 0.0}
    return limefw.explain(photo, known, **{"filler": filler, "samples": 150, "labels": 0, **settings})


# --- shares


FRAMES = {
    "none": (None, "stretch", (), 1.0),
    "stretch": ((12, 12), "stretch", (), 1.0),
    "crop": ((12, 12), "crop", (), 0.5),
    "pad": ((12, 12), "pad", (), 1.0),
    "some in no segment": ((12, 12), "stretch", (0, 7), 14 / 16),
    "a crop with some in no segment": ((12, 12), "crop", (0, 7), 0.5 * 14 / 16),
}


@pytest.mark.parametrize("frame", FRAMES)
def test_shares_are_of_the_photograph(frame):
    """Each is what counting the pixels of `label_map` gives, and all together are the part that is in segments."""
    size, resize, skip, whole = FRAMES[frame]
    contract = limefw.Contract(size=size, resize=resize, head="values")
    found = explained(contract=contract, segmenter=cells(4, 4, skip=skip))
    shares = {effect.segment: effect.share for effect in found.top(None)}
    assert sorted(shares) == list(range(found.segments.count))
    assert found.label_map.shape == PHOTO.shape[:2]
    for segment, share in shares.items():
        assert share == pytest.approx((found.label_map == segment).mean(), abs=1e-12)
    assert sum(shares.values()) == pytest.approx((found.label_map >= 0).mean(), abs=1e-12)
    assert sum(shares.values()) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_shares_are_nearly_so_where_pixels_do_not_divide(resize):
    """Of any size: within a line of pixels around each segment."""
    photo = np.random.default_rng(4).integers(0, 256, (101, 63, 3), dtype=np.uint8)
    contract = limefw.Contract(size=(40, 31), resize=resize, head="values")
    found = explained(photo, contract=contract, segmenter=cells(3, 3))
    for effect in found.top(None):
        assert effect.share == pytest.approx((found.label_map == effect.segment).mean(), abs=0.02)
    total = sum(effect.share for effect in found.top(None))
    assert total == pytest.approx((found.label_map >= 0).mean(), abs=0.02)


# --- rounding


@pytest.mark.parametrize("unit", [1.0, 1e-12, 1e12])
def test_effects_that_are_rounding_are_zero_on_the_map(unit):
    """A model that looks at the left half alone: the right half is exactly 0, in whatever unit."""
    weights = np.where(np.arange(48) < 24, 1.0, 0.0)[None, :, None] * np.random.default_rng(1).random((24, 48, 3))

    def left(batch):
        return unit * (3.0 + (batch * weights).sum(axis=(1, 2, 3)))

    found = explained(model=left, segmenter=cells(2, 4), surrogate="linear")
    raw, seen = found.fit().effects, np.arange(8) % 4 < 2
    assert raw[~seen].any(), "the fit leaves some rounding, so that this test can fail"
    assert (found.values[:, 24:] == 0).all()
    assert (found.values[:, :24] == raw[found.label_map[:, :24]]).all()
    assert (found.effects() != 0).tolist() == seen.tolist()
    assert sorted(effect.segment for effect in found.top(None)) == np.flatnonzero(seen).tolist()
    assert not found.mask(positive_only=False, num_features=8)[1][:, 24:].any()


# --- arrays that others hold


def halves():
    return np.indices((24, 48))[1] // 12


def soft():
    return np.stack([(halves() == number) * 0.75 + 0.0625 for number in range(4)]).astype(np.float32)


def scribbled(make, build):
    """Return a segmenter that keeps the array it hands out, and a model that scribbles on it."""
    held = make()

    def model(batch):
        held[...] = 0
        return uneven(batch)

    return {"segmenter": lambda _image, _rng, /: build(held), "model": model}


NAMES = ("a", "b", "c", "d")
ARRAYS = {
    "labels": (halves, lambda held: Segments(held, NAMES)),
    "basis": (soft, lambda held: Segments(halves(), NAMES, basis=held)),
    "parents": (lambda: np.array([0, 1, 1, 2]), lambda held: Segments(halves(), NAMES, parents=held)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_a_segmenter_may_go_on_writing_to_its_arrays(name):
    """What it handed out was copied: map, shares and file are of the segments that the model was asked about."""
    make, build = ARRAYS[name]
    found = explained(**scribbled(make, build))
    expected = explained(segmenter=lambda _image, _rng, /: build(make()))
    np.testing.assert_array_equal(getattr(found.segments, name), make())
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.neighbourhood.targets, expected.neighbourhood.targets)
    assert found.segments.fingerprint() == expected.segments.fingerprint()


def test_a_photograph_may_be_written_to_while_it_is_explained():
    """A camera's buffer that is used again does not change what is explained."""
    held = PHOTO.copy()

    def model(batch):
        held[...] = 0
        return uneven(batch)

    found, expected = explained(held, model), explained()
    np.testing.assert_array_equal(found.neighbourhood.targets, expected.neighbourhood.targets)
    np.testing.assert_array_equal(found.instance.pixels, PHOTO)


def test_overlapping_segments_cover_what_they_cover():
    """Pixels that two segments share count for each; shares may then add up to more than 1."""
    row = np.arange(20)[:, None] + np.zeros((1, 30), dtype=int)
    masks = np.stack([row < 12, row >= 8, row >= 15]).astype(np.float32)
    basis = masks / np.maximum(masks.sum(axis=0), 1)
    segments = limefw.Segments(masks.argmax(axis=0), ("a", "b", "c"), basis=basis)
    assert (segments.sizes() / 600).tolist() == pytest.approx([0.6, 0.6, 0.25])


@pytest.mark.parametrize("renderer", [None, 5, ["text"]])
def test_what_is_no_renderer_is_refused_in_words(renderer):
    with pytest.raises(limefw.errors.RecipeError, match="a renderer is a name"):
        explained().render(renderer)


# --- where it comes from


def test_a_label_map_and_a_picture_given_as_files_or_arrays_are_told_by_their_hashes(tmp_path):
    """A recipe names the file alone, or a function: what was in it stands beside, and changes when that does."""
    from limefw_plugins.fillers.images import showing
    from limefw_plugins.segmenters.labels import given

    halves = np.arange(24 * 48).reshape(24, 48) // (12 * 48)
    thirds = np.arange(24 * 48).reshape(24, 48) // (8 * 48)
    grey, white = (np.full((24, 48, 3), value, np.uint8) for value in (128, 255))
    np.save(tmp_path / "map.npy", halves)

    def hashes(segmenter, picture):
        made = explained(segmenter=segmenter, filler=showing(picture)).provenance
        return made["segments"]["sha256"], made["filling"]["sha256"]

    plain = hashes(given(halves), grey)
    assert hashes({"use": "labels", "path": str(tmp_path / "map.npy")}, grey) == plain
    assert all(len(each) == 64 for each in plain)
    assert hashes(given(thirds), grey)[0] != plain[0]
    other = hashes(given(halves), white)
    assert (other[0], other[1] != plain[1]) == (plain[0], True)


@pytest.mark.parametrize("kind", ["logits", "scores"])
def test_a_lone_number_has_no_other_class(kind):
    """Softmax would make 1 of it, whatever the picture: it is refused, with what it could be."""
    with pytest.raises(limefw.ModelError, match=r"one number a row and its head is .*'sigmoid_logits'.*'values'"):
        explained(contract=limefw.Contract(head=kind))
