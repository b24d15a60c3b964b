"""The user's own segments: files and arrays, in every frame."""

import os
import struct
import zlib
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

import limefw
from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.types import Contract
from limefw_plugins.fillers._pieces import piecewise
from limefw_plugins.segmenters import given as known
from limefw_plugins.segmenters.labels import labels
from limefw_plugins.segmenters.slic import slic


RNG = np.random.default_rng


def image(height=40, width=60, channels=3):
    return Image(RNG(0).integers(0, 256, (height, width, channels), dtype=np.uint8), (0, 255))


def cut(array, photo, **params):
    return known(array, **params)(photo, RNG(0))


def quarters(height, width):
    row, column = np.indices((height, width))
    return row * 2 // height * 2 + column * 2 // width


def save(tmp_path, name, array, mode=None):
    path = tmp_path / name
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        picture = Pillow.fromarray(array)
        (picture if mode is None else picture.convert(mode)).save(path)
    return str(path)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64", "bool"])
def test_a_map_from_a_file_is_the_map(tmp_path, dtype):
    """Labels of any integer type, numbered from 0 and named by their own value."""
    wanted = (quarters(40, 60) * 7).astype(dtype)
    found = labels(image(), RNG(0), path=save(tmp_path, "map.npy", wanted))
    np.testing.assert_array_equal(found.labels, np.unique(wanted, return_inverse=True)[1].reshape(40, 60))
    assert found.names == tuple(f"label {value}" for value in np.unique(wanted).astype(int))


@pytest.mark.parametrize("mode", ["L", "P", "I;16", "RGB", "1", "RGBA", "LA"])
def test_every_kind_of_png_is_read(tmp_path, mode):
    """Grey, palette, 16 bit, two values, or one colour for each segment; opacity is fine where it is full."""
    ids = quarters(40, 60)
    array = {"I;16": (ids * 300).astype(np.uint16), "1": ids > 1}.get(mode, (ids * 60).astype(np.uint8))
    if mode in ("RGB", "RGBA"):
        array = np.stack([array, array // 2, 255 - array, np.full_like(array, 255)][: len(mode)], axis=2)
    if mode == "LA":
        array = np.stack([array, np.full_like(array, 255)], axis=2)
    path = save(tmp_path, "map.png", array, "P" if mode == "P" else None)
    found = labels(image(), RNG(0), path=path)
    assert found.count == (2 if mode == "1" else 4)
    for part in range(found.count):
        assert len(np.unique(ids[found.labels == part])) == (2 if mode == "1" else 1)


def test_the_background_is_always_kept(tmp_path):
    """The label named as background, and -1, are in no segment."""
    ids = quarters(40, 60)
    ids[0, 0] = -1
    found = labels(image(), RNG(0), path=save(tmp_path, "map.npy", ids), background=2)
    np.testing.assert_array_equal(found.labels == -1, (ids == -1) | (ids == 2))
    assert found.names == ("label 0", "label 1", "label 3")


def test_masks_of_several_files_share_where_they_overlap(tmp_path):
    """A pixel in k masks belongs to each by 1/k; one in none is always kept; masks have their files' names."""
    row, column = np.indices((40, 60))
    masks = {"cat": column < 30, "dog": (column >= 20) & (row < 20), "none": column > 99}
    paths = [save(tmp_path, f"{name}.png", mask.astype(np.uint8) * 255) for name, mask in masks.items()]
    found = labels(image(), RNG(0), path=paths)
    assert found.names == ("cat", "dog")
    both = np.stack([masks["cat"], masks["dog"]])
    expected = both / np.maximum(both.sum(axis=0), 1)
    np.testing.assert_array_equal(found.basis, expected.astype(np.float32))
    np.testing.assert_array_equal(found.labels == -1, ~both.any(axis=0))
    apart = labels(image(), RNG(0), path=[paths[0], save(tmp_path, "rest.png", np.uint8(column >= 30))])
    assert apart.basis is None
    assert apart.names == ("cat", "rest")


@pytest.mark.parametrize("soft", [False, True])
def test_a_mask_inside_of_another_has_its_pixels(soft):
    """In whatever order they come, each pixel is drawn as the smallest mask's that has the largest share of it."""
    row, column = np.indices((40, 60))
    masks = np.stack([row >= 0, (row > 9) & (column > 9), (row > 19) & (column > 19)])
    for order in permutations(range(3)):
        found = cut(np.float32(masks[list(order)]) if soft else masks[list(order)], image())
        np.testing.assert_array_equal(np.array(order)[found.labels], masks.sum(axis=0) - 1)


def test_a_filler_gives_a_mask_inside_of_another_its_pixels():
    """Each pixel is filled once, for the smallest mask that it is in."""
    masks = np.zeros((3, 12, 12), bool)
    masks[0], masks[1, 4:8, 4:8], masks[2, 5:7, 5:7] = True, True, True
    pieces = list(piecewise(image(12, 12), cut(masks, image(12, 12)), 0))
    assert [int(filled.sum()) for _, _, filled in pieces] == [144 - 16, 16 - 4, 4]


def test_overlapping_masks_are_explained():
    """What is hidden of a pixel is the sum of its masks' shares, so a linear model's effects come out exactly."""
    masks = np.zeros((3, 12, 12), bool)
    masks[0, :8], masks[1, 4:], masks[2, :, 6:] = True, True, True
    photo = np.full((12, 12, 1), 200, np.float32)

    def brightness(batch):
        share = batch.mean(axis=(1, 2, 3)) / 255
        return np.stack([share, 1 - share], axis=1)

    found = limefw.explain(
        Image(photo, (0, 255)), brightness, segmenter=known(masks, ["a", "b", "c"]), labels=[0],
        filler={"use": "constant", "value": 0.0}, surrogate={"use": "ridge", "alpha": 0.0}, samples=8,
        target="probability",
    )  # fmt: skip
    shares = masks / masks.sum(axis=0)
    expected = shares.mean(axis=(1, 2)) * 200 / 255
    assert found.segments.names == ("a", "b", "c")
    np.testing.assert_allclose(found.fits[0].effects, expected, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    photo=st.tuples(st.integers(2, 60), st.integers(2, 60)),
    size=st.one_of(st.none(), st.tuples(st.integers(2, 40), st.integers(2, 40))),
    resize=st.sampled_from(["stretch", "crop", "pad"]),
    times=st.integers(1, 3),
)
def test_a_map_lies_on_the_photograph_in_every_frame(photo, size, resize, times):
    """Stretched, cropped or padded: each pixel of the frame has the label of the place that it shows, padding none."""
    frame = Frame.fit(image(*photo), Contract(size=size, resize=resize))
    framed = frame.enter(image(*photo))
    ids = np.arange(photo[0] * photo[1]).reshape(photo)
    found = cut(np.repeat(np.repeat(ids, times, axis=0), times, axis=1), framed)
    np.testing.assert_array_equal(found.labels == -1, frame.outside())
    top, left, tall, wide = frame.box
    for row, column in ((0, 0), (-1, -1), (framed.shape[0] // 2, framed.shape[1] // 3)):
        line = int(np.floor(top + (row % framed.shape[0] + 0.5) / framed.shape[0] * tall + 1e-9))
        place = int(np.floor(left + (column % framed.shape[1] + 0.5) / framed.shape[1] * wide + 1e-9))
        if found.labels[row, column] >= 0:
            value = int(found.names[found.labels[row, column]].removeprefix("label "))
            assert abs(value // photo[1] - line) <= 1
            assert abs(value % photo[1] - place) <= 1


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_labels_come_back_to_the_photograph(resize):
    """A map given for a photograph is the explanation's map of the photograph, but for rounding at its borders."""
    ids = quarters(200, 320)
    frame = Frame.fit(image(200, 320), Contract(size=(100, 100), resize=resize))
    back = frame.to_photo(cut(ids, frame.enter(image(200, 320))).labels)
    inside = back >= 0
    assert (back[inside] == ids[inside]).mean() > 0.97


def test_a_map_of_what_the_model_sees_is_taken():
    """Segments made of the resized picture fit too, where they cannot be the photograph's."""
    framed = Frame.fit(image(40, 60), Contract(size=(24, 24))).enter(image(40, 60))
    ids = slic(framed, RNG(0), n_segments=6).labels
    np.testing.assert_array_equal(cut(ids, framed).labels, ids)


WRONG = [
    (np.zeros((40, 41), int), "40 x 41 pixels, and the photograph 40 x 60"),
    (quarters(60, 40), "the shapes differ"),
    (np.zeros((40, 60)), "float64 of shape"),
    (np.zeros((40, 60, 3)), r"has 60 x 3 pixels \(its 40 x 60 x 3 numbers are read as 40 masks \(d, h, w\)\), and the"),
    (np.zeros((40, 60, 3), np.uint8), "uint8 of shape"),
    (np.zeros((2, 40, 60)) + 2.0, r"outside of 0\.\.1"),
    (np.full((2, 40, 60), np.nan), r"outside of 0\.\.1"),
    (np.zeros((0, 40), int), "of shape"),
    (np.array(["a"]), "<U1"),
]


@pytest.mark.parametrize(("array", "words"), WRONG)
def test_what_is_no_map_of_the_picture_is_told(array, words, tmp_path):
    """With its shape, the photograph's, and what would do; alike for arrays and files."""
    with pytest.raises(limefw.InputError, match=words):
        cut(array, image())
    with pytest.raises(limefw.InputError, match=words):
        labels(image(), RNG(0), path=save(tmp_path, "map.npy", array))


def test_bad_files_are_told(tmp_path):
    """Missing, damaged, of another format, with a pickle inside, or too large: an InputError each."""
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    Pillow.fromarray(np.zeros((40, 60, 3), np.uint8)).save(tmp_path / "photo.jpg")
    np.save(tmp_path / "objects.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    save(tmp_path, "large.npy", np.zeros((40, 60), np.uint8))
    save(tmp_path, "large.png", np.zeros((40, 60), np.uint8))
    save(tmp_path, "alpha.png", np.zeros((40, 60, 4), np.uint8))
    (tmp_path / "folder.png").mkdir()
    cases = {
        "missing.png": "no file", "broken.png": "cannot be read", "photo.jpg": "cannot be read",
        "objects.npy": "^[^:]*holds Python objects, which are not loaded: save an array",
        "": "path is empty", "large.npy": "limit of 100", "large.png": "limit of 100",
        "alpha.png": "is transparent in places", "folder.png": "is a folder: name the file",
    }  # fmt: skip
    for name, words in cases.items():
        with pytest.raises(limefw.InputError, match=words):
            labels(
                image(),
                RNG(0),
                path=str(tmp_path / name) if name else "",
                max_pixels=100 if "large" in name else 10_000,
            )


def png(path, width, height, bits, color, lines):
    """Write a PNG of any depth (Pillow writes few): `lines` are its packed bytes, without a filter."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + bytes(line) for line in lines))
    parts = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return str(path)


@pytest.mark.parametrize(("bits", "color"), [(1, 0), (2, 0), (4, 0), (8, 0), (4, 3)])
def test_labels_of_few_bits_are_the_numbers_in_the_file(tmp_path, bits, color):
    """Pillow stretches 4-bit grey 0, 1, 2 to 0, 17, 34; a palette's (color 3) it does not."""
    wanted = np.random.default_rng(bits).integers(0, 2**bits, (8, 8))
    wanted[0] = np.arange(8) % 2**bits
    unpacked = (wanted[..., None] >> np.arange(bits)[::-1]) & 1
    lines = np.packbits(unpacked.reshape(8, -1).astype(np.uint8), axis=1)
    path = tmp_path / "map.png"
    if color == 3:
        picture = Pillow.fromarray(wanted.astype(np.uint8)).convert("P")
        picture.putdata(wanted.ravel().tolist())
        picture.save(path, bits=bits)
    else:
        png(path, 8, 8, bits, color, lines)
    found = labels(image(8, 8), RNG(0), path=str(path))
    values = np.array(
        [int(name.removeprefix("label ").replace("True", "1").replace("False", "0")) for name in found.names]
    )
    np.testing.assert_array_equal(values[found.labels], wanted)


def test_labels_that_would_be_merged_are_refused(tmp_path):
    """16-bit colours, of which Pillow reads 8, and numbers that no int64 holds."""
    deep = png(tmp_path / "deep.png", 2, 1, 16, 2, [[0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]])
    with pytest.raises(limefw.InputError, match="16 bits a channel, of which 8 are read"):
        labels(image(1, 2), RNG(0), path=deep)
    with pytest.raises(limefw.InputError, match="up to 18446744073709551615: number the segments below"):
        cut(quarters(40, 60).astype(np.uint64) - np.uint64(1), image())


def test_a_background_that_is_not_there_is_told(tmp_path):
    """With the labels that are; masks have none. -1 is always background, there or not."""
    path = save(tmp_path, "map.npy", quarters(40, 60))
    with pytest.raises(limefw.InputError, match=r"no label 9, .*: it has 0, 1, 2, 3$"):
        labels(image(), RNG(0), path=path, background=9)
    assert labels(image(), RNG(0), path=path, background=-1).count == 4
    stack = save(tmp_path, "masks.npy", np.arange(2)[:, None, None] == quarters(40, 60) % 2)
    for masks in (stack, [path]):
        with pytest.raises(limefw.InputError, match="background 0 is a label, and these are masks"):
            labels(image(), RNG(0), path=masks, background=0)


def test_a_list_is_a_mask_each_and_every_one_has_a_name(tmp_path):
    """Files of one name in several folders are numbered; of a list of one file there is one, which is not enough."""
    paths = []
    for at in range(3):
        (tmp_path / str(at)).mkdir()
        paths.append(save(tmp_path / str(at), "mask.png" if at < 2 else "dog.png", np.uint8(quarters(40, 60) == at)))
    assert labels(image(), RNG(0), path=paths).names == ("mask (1)", "mask (2)", "dog")
    only = save(tmp_path, "one.png", np.uint8(quarters(40, 60)))
    with pytest.raises(limefw.InputError, match=r"one\.png has one segment, .* mark what lies around it too"):
        labels(image(), RNG(0), path=[only])


def test_an_empty_mask_is_told(tmp_path):
    """By a caution that names it; where fewer than two are left, by the error. One that the frame cuts off is not."""
    files = [save(tmp_path, f"m{at}.png", np.uint8(quarters(40, 60) == at)) for at in (0, 1, 9)]
    stack = save(tmp_path, "masks.npy", np.stack([quarters(40, 60) == at for at in (0, 9, 1)]))
    for path, name in ((files, files[2]), (stack, f"mask 1 of {stack}")):
        found = limefw.explain(image(), brightness, segmenter={"use": "labels", "path": path}, samples=16)
        assert found.segments.count == 2
        (told,) = [caution.message for caution in found.health.cautions if caution.code == "segments"]
        assert told == f"left out, as they cover no pixel: {name}"
    many = cut(np.arange(30)[:, None, None] == quarters(40, 60), image()).notes[0]
    assert many.endswith("mask 11 of the array and 18 more")
    with pytest.raises(limefw.InputError, match=r"no pixel: .*m9\.png\. An explanation compares at least 2 segments"):
        labels(image(), RNG(0), path=files[1:])
    wide = np.zeros((3, 40, 60), bool)
    wide[0, :, :5] = wide[1, :, 20:30] = wide[2, :, 30:40] = True
    _, seen = image().framed(Contract(size=(40, 40), resize="crop"))
    assert (cut(wide, seen).count, cut(wide, seen).notes) == (2, ())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    """Nor is a folder read."""
    os.mkfifo(tmp_path / "pipe.png")
    for path, words in (
        (str(tmp_path / "pipe.png"), "is no file"),
        (str(tmp_path), "is a folder"),
        (".", "is a folder"),
    ):
        with pytest.raises(limefw.InputError, match=words):
            labels(image(), RNG(0), path=path)


def test_the_limit_is_ours_and_not_pillows(tmp_path, monkeypatch):
    """Raising max_pixels is enough, where Pillow by itself would warn or refuse."""
    path = save(tmp_path, "map.png", quarters(40, 60).astype(np.uint8))
    for limit in (2000, 1000):  # Pillow's: a warning above, an error above twice it
        monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", limit)
        assert labels(image(), RNG(0), path=path, max_pixels=2400).count == 4
        with pytest.raises(limefw.InputError, match="limit of 2399"):
            labels(image(), RNG(0), path=path, max_pixels=2399)


def test_names_must_be_as_many_as_the_segments():
    """A name too few is told."""
    with pytest.raises(limefw.InputError, match="4 segments, and 2 names"):
        cut(quarters(40, 60), image(), names=["a", "b"])


def test_a_recipe_may_name_the_file(tmp_path):
    """A recipe holds the path, so it can be saved; the array given in Python is recorded as inline."""
    path = save(tmp_path, "map.png", quarters(40, 60).astype(np.uint8))
    found = limefw.explain(image(), brightness, segmenter={"use": "labels", "path": path}, samples=16)
    assert found.segments.count == 4
    assert found.provenance["recipe"]["segmenter"] == {
        "use": "labels", "path": path, "background": None, "max_pixels": 100_000_000,
    }  # fmt: skip


def brightness(batch):
    share = batch.mean(axis=(1, 2, 3)) / 255
    return np.stack([share, 1 - share], axis=1)
