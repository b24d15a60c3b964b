"""Readers: every kind of picture comes in as it looks, and damaged ones are told."""

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

import limefw
from limefw.errors import InputError
from limefw.inputs.loading import read
from limefw.modalities.image import Image
from limefw_plugins.readers._pixels import range_of
from limefw_plugins.readers.image_array import image_array, is_array
from limefw_plugins.readers.image_file import image_file, is_file
from limefw_plugins.readers.image_npy import image_npy


REGISTRY = limefw.registry()


def colors(height=4, width=6, channels=3, dtype=np.uint8):
    """Return pixels that are all different along every axis."""
    limit = np.iinfo(dtype).max
    values = np.random.default_rng(3).integers(0, limit, (height, width, channels), endpoint=True)
    return np.squeeze(values.astype(dtype), axis=2) if channels == 1 else values.astype(dtype)


def written(folder, picture, name="p.png", **options):
    """Save a Pillow picture and return its path."""
    picture.save(folder / name, **options)
    return folder / name


# --- files


def test_a_photograph_is_read_as_it_is(tmp_path):
    """Colour of 8 bit comes in unchanged, with its range and its file's name."""
    found = image_file(written(tmp_path, Pillow.fromarray(colors())))
    assert found.pixels.dtype == np.uint8
    assert (found.pixels == colors()).all()
    assert (found.value_range, found.name, found.shape, found.channels) == ((0.0, 255.0), "p.png", (4, 6), 3)


TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: p.transpose(1, 0, 2)[::-1],
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("name", ["p.png", "p.tiff", "p.jpg"])
def test_a_photograph_is_turned_as_its_exif_says(tmp_path, orientation, name):
    """Each of the eight EXIF orientations is shown upright, as every viewer shows it."""
    blocks = np.kron(colors(2, 3), np.ones((16, 16, 1))).astype(np.uint8)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "subsampling": 0} if name == "p.jpg" else {}
    found = image_file(written(tmp_path, Pillow.fromarray(blocks), name, exif=exif, **options)).pixels
    expected = TURNS[orientation](blocks)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= (4 if name == "p.jpg" else 0)


def test_grey_stays_grey(tmp_path):
    """A grey picture has one channel, and is not blown up to three."""
    found = image_file(written(tmp_path, Pillow.fromarray(colors(channels=1))))
    assert found.pixels.shape == (4, 6, 1)
    assert (found.pixels[..., 0] == colors(channels=1)).all()


@pytest.mark.parametrize(("backdrop", "level"), [("white", 255), ("black", 0), ("grey", 128)])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("kind", ["file", "memory"])
def test_transparency_is_laid_on_the_backdrop(tmp_path, backdrop, level, mode, kind):
    """What is seen through is the backdrop's; a file and the same picture in memory look alike."""
    pixels = np.full((2, 3, 4), 200, dtype=np.uint8)
    pixels[0, :, 3], pixels[1, :, 3] = 0, (255, 51, 102)
    picture = Pillow.fromarray(pixels).convert(mode)
    if kind == "file":
        found = image_file(written(tmp_path, picture), backdrop=backdrop).pixels
    else:
        found = image_array(picture, backdrop=backdrop).pixels
    alpha = pixels[..., 3:] / 255
    expected = alpha * 200 + (1 - alpha) * level
    assert found.shape == (2, 3, 3)
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("kind", ["index", "colour"])
def test_a_transparent_palette_entry_shows_the_backdrop(tmp_path, kind):
    """Transparency of a palette, or of one colour, is laid on the backdrop too."""
    pixels = np.array([[0, 1], [1, 0]], dtype=np.uint8)
    if kind == "index":
        picture = Pillow.new("P", (2, 2))
        picture.putdata(pixels.ravel().tolist())
        picture.putpalette([10, 20, 30, 200, 100, 50])
        path = written(tmp_path, picture, transparency=0)
    else:
        picture = Pillow.fromarray(np.array([[10, 20, 30], [200, 100, 50]], dtype=np.uint8)[pixels])
        path = written(tmp_path, picture, transparency=(10, 20, 30))
    found = image_file(path, backdrop="black").pixels
    assert found.tolist() == [[[0, 0, 0], [200, 100, 50]], [[200, 100, 50], [0, 0, 0]]]


@pytest.mark.parametrize("name", ["p.png", "p.tiff"])
def test_grey_of_16_bit_keeps_its_depth(tmp_path, name):
    """A 16-bit grey picture keeps every level, and its range is 0 to 65535 however dark it is."""
    levels = np.array([[0, 1, 300], [4000, 20_000, 20_001]], dtype=np.uint16)
    found = image_file(written(tmp_path, Pillow.fromarray(levels), name))
    assert found.pixels.dtype == np.uint16
    assert found.pixels[..., 0].tolist() == levels.tolist()
    assert found.value_range == (0.0, 65535.0)


def test_big_endian_tiff_is_read_in_the_machine_s_own_order(tmp_path):
    """The byte order of a file makes no difference to its pixels."""
    from tifffile import imwrite

    levels = np.array([[0, 1, 300], [4000, 20_000, 20_001]], dtype=np.uint16)
    imwrite(tmp_path / "p.tif", levels, byteorder=">")
    found = image_file(tmp_path / "p.tif")
    assert found.pixels[..., 0].tolist() == levels.tolist()
    assert found.pixels.dtype.isnative


def test_deep_pictures_keep_their_numbers(tmp_path):
    """32-bit integers and floats come in as they are, with a range that holds them."""
    whole = image_file(written(tmp_path, Pillow.fromarray(np.array([[-5, 100_000]], dtype=np.int32)), "i.tiff"))
    assert (whole.pixels.ravel().tolist(), whole.value_range) == ([-5, 100_000], (-5.0, 100_000.0))
    unit = image_file(written(tmp_path, Pillow.fromarray(np.array([[0.25, 0.5]], dtype=np.float32)), "f.tiff"))
    assert (unit.pixels.ravel().tolist(), unit.value_range) == ([0.25, 0.5], (0.0, 1.0))
    wide = image_file(written(tmp_path, Pillow.fromarray(np.array([[2.0, 900.0]], dtype=np.float32)), "w.tiff"))
    assert wide.value_range == (0.0, 900.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_file_with_numbers_that_are_none_is_refused(tmp_path, bad):
    """NaN and infinity in a float file are counted."""
    path = written(tmp_path, Pillow.fromarray(np.array([[0.1, bad]], dtype=np.float32)), "f.tiff")
    with pytest.raises(InputError, match="1 of the image's values are NaN or infinite"):
        image_file(path)


def test_cmyk_becomes_the_colours_that_viewers_show(tmp_path):
    """A CMYK JPEG is RGB afterwards, and not its negative."""
    red = Pillow.new("CMYK", (8, 8), (0, 255, 255, 0))
    found = image_file(written(tmp_path, red, "p.jpg", quality=100)).pixels
    assert found.shape == (8, 8, 3)
    assert np.abs(found[0, 0].astype(int) - [255, 0, 0]).max() <= 6


def test_a_palette_becomes_its_colours(tmp_path):
    """Numbers of a palette are looked up."""
    picture = Pillow.new("P", (2, 1))
    picture.putdata([1, 0])
    picture.putpalette([10, 20, 30, 200, 100, 50])
    assert image_file(written(tmp_path, picture)).pixels.tolist() == [[[200, 100, 50], [10, 20, 30]]]


def test_one_bit_becomes_black_and_white(tmp_path):
    """A picture of one bit is 0 and 255."""
    path = written(tmp_path, Pillow.fromarray(np.array([[True, False]])))
    assert image_file(path).pixels.tolist() == [[[255], [0]]]


def test_lab_becomes_colour(tmp_path):
    """A TIFF in Lab colours is converted, as Pillow by itself would refuse to."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    red = ImageCms.profileToProfile(Pillow.new("RGB", (2, 2), (200, 30, 40)), srgb, lab, outputMode="LAB")
    found = image_file(written(tmp_path, red, "p.tiff")).pixels
    assert np.abs(found[0, 0].astype(int) - [200, 30, 40]).max() <= 6


@pytest.mark.parametrize("name", ["p.gif", "p.png", "p.tiff", "p.webp"])
def test_of_several_frames_the_first_is_taken(tmp_path, name):
    """An animation is explained by its first frame."""
    frames = [Pillow.new("RGB", (4, 4), color) for color in ("#ff0000", "#00ff00", "#0000ff")]
    found = image_file(written(tmp_path, frames[0], name, save_all=True, append_images=frames[1:]))
    assert np.abs(found.pixels.astype(int) - [255, 0, 0]).max() <= 2


def declared(width, height):
    """Return a tiny PNG that says it is large."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 5001), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, size, monkeypatch):
    """A tiny file that declares a huge picture is refused by its header, by our limit and no other."""
    monkeypatch.setattr(Pillow.Image, "load", lambda _self: pytest.fail("it was decoded"))
    path = tmp_path / "bomb.png"
    path.write_bytes(declared(*size))
    with pytest.raises(InputError, match=r"bomb\.png has \d+( x \d+)? pixels, more than the limit of 100000000\."):
        image_file(path)


def test_the_limit_of_pixels_can_be_set(tmp_path):
    """A picture of exactly the limit is read, one pixel more is refused with the way out."""
    path = written(tmp_path, Pillow.fromarray(colors(4, 6)))
    assert image_file(path, max_pixels=24).shape == (4, 6)
    with pytest.raises(InputError, match=r"has 6 x 4 pixels, more than the limit of 23\..*reader.max_pix"):
        image_file(path, max_pixels=23)


@pytest.mark.parametrize("text", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"<svg></svg>", bytes(500)])
def test_a_file_that_is_no_picture_is_told(tmp_path, text):
    """Any other file, empty ones too, is an InputError that names it."""
    path = tmp_path / "p.jpg"
    path.write_bytes(text)
    with pytest.raises(InputError, match=r"p\.jpg is (not an image that Pillow can read|damaged or cut short)"):
        image_file(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path, monkeypatch):
    """What is not there, is a folder or may not be read says so."""
    with pytest.raises(InputError, match=r"there is no file .*absent\.png"):
        image_file(tmp_path / "absent.png")
    with pytest.raises(InputError, match="is a folder, not a picture file"):
        image_file(tmp_path)

    def denied(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Pillow, "open", denied)
    with pytest.raises(InputError, match=r"p\.png cannot be read: Permission denied"):
        image_file(tmp_path / "p.png")


def test_a_picture_that_is_a_program_is_not_run(tmp_path, monkeypatch):
    """PostScript, which Pillow hands to Ghostscript, is refused: reading a file runs nothing."""
    monkeypatch.setattr("subprocess.Popen", lambda *_args, **_options: pytest.fail("a program was run"))
    monkeypatch.setattr("subprocess.check_call", lambda *_args, **_options: pytest.fail("a program was run"))
    path = written(tmp_path, Pillow.fromarray(colors()), "p.eps")
    with pytest.raises(InputError, match="is EPS, which only another program can draw: save it as PNG"):
        image_file(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM"])
def test_a_picture_cut_short_is_told_or_whole(tmp_path, kind):
    """A file that ends too early, at any length, is a picture or an InputError."""
    stream = io.BytesIO()
    Pillow.fromarray(colors(16, 24)).save(stream, kind)
    whole, path, refused = stream.getvalue(), tmp_path / "p", 0
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        try:
            assert image_file(path).shape == (16, 24)
        except InputError:
            refused += 1
    assert refused > 20


SAMPLES = {}
for _kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"):
    _stream = io.BytesIO()
    Pillow.fromarray(colors(16, 24)).save(_stream, _kind)
    SAMPLES[_kind] = _stream.getvalue()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_picture_is_told_or_read(data):
    """Whatever bytes of a picture are changed, nothing but an InputError is raised."""
    changed = bytearray(SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(len(changed), 200) - 1))
        changed[place] = data.draw(st.integers(0, 255))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.open", lambda *_args: io.BytesIO(bytes(changed)))
        with suppress(InputError):
            assert isinstance(image_file(Path("p"), max_pixels=1_000_000), Image)


def test_our_limit_lifts_that_of_pillow(tmp_path, monkeypatch):
    """Pillow's own limit, the whole process's, neither refuses what ours lets in nor is changed by it."""
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 10)
    path = written(tmp_path, Pillow.fromarray(colors(4, 6)))
    assert image_file(path).shape == (4, 6)
    with pytest.raises(InputError, match=r"more than the limit of 23\."):
        image_file(path, max_pixels=23)
    assert Pillow.MAX_IMAGE_PIXELS == 10


@pytest.mark.parametrize(
    ("array", "value_range"),
    [
        (colors(4, 6, 5), (0.0, 255.0)),
        (colors(4, 6, 1), (0.0, 255.0)),
        (colors(4, 6, 3, np.uint16), (0.0, 65535.0)),
        (np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6), (0.0, 1.0)),
    ],
)
def test_an_array_in_a_file_is_read_as_the_array_is(tmp_path, array, value_range):
    """Any number of channels and any real type, and chosen by the file's suffix alone."""
    np.save(tmp_path / "field.NPY.npy", array)
    found = read(tmp_path / "field.NPY.npy", None, REGISTRY)
    np.testing.assert_array_equal(found.pixels, image_array(array).pixels)
    assert (found.value_range, found.name) == (value_range, "field.NPY.npy")


def test_a_range_and_a_layout_of_a_file_can_be_said(tmp_path):
    """As of an array; without, a range that cannot be told is asked for."""
    np.save(tmp_path / "field.npy", np.full((5, 4, 6), 9e9))
    with pytest.raises(InputError, match="value_range"):
        image_npy(tmp_path / "field.npy")
    found = image_npy(tmp_path / "field.npy", layout="CHW", value_range=(0.0, 1e10))
    assert (found.shape, found.channels, found.value_range) == ((4, 6), 5, (0.0, 1e10))


def test_a_file_that_is_no_image_s_array_is_told(tmp_path):
    """Objects are never loaded; sizes are known before numbers are read; damaged files are named."""
    np.save(tmp_path / "objects.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    np.save(tmp_path / "large.npy", np.zeros((4, 6, 3)))
    np.save(tmp_path / "scalar.npy", 3.0)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "large.npy").read_bytes()[:-8])
    np.savez(tmp_path / "several.npz", np.zeros(3))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    cases = {
        "objects": "holds Python objects, which are not loaded", "scalar": "got shape", "cut": "cannot be read as .npy",
        "large": r"has 4 x 6 x 3 numbers, more than the limit of 23 pixels.*reader\.max_pixels", "missing": "no file",
        "several": "holds several arrays",
    }  # fmt: skip
    for name, words in cases.items():
        with pytest.raises(InputError, match=words):
            image_npy(tmp_path / f"{name}.npy", max_pixels=23)


@pytest.mark.parametrize(
    ("source", "file"), [(Path("a.npy"), False), (Path("a"), True), ("a", False), (b"a", False), (None, False)]
)
def test_only_paths_are_files(source, file):
    """A str is text: only what is a path is read as a file."""
    assert is_file(source) is file


# --- arrays


def test_an_array_comes_in_without_a_copy():
    """An (h, w, c) array is looked at, not copied, and stays writeable for its owner."""
    pixels = colors()
    found = image_array(pixels)
    assert np.shares_memory(found.pixels, pixels)
    assert pixels.flags.writeable
    assert not found.pixels.flags.writeable


@pytest.mark.parametrize(
    ("shape", "layout", "expected"),
    [
        ((5, 7), "auto", (5, 7, 1)),
        ((5, 7, 3), "auto", (5, 7, 3)),
        ((3, 5, 7), "auto", (5, 7, 3)),
        ((1, 5, 7), "auto", (5, 7, 1)),
        ((4, 5, 7), "auto", (5, 7, 4)),
        ((3, 5, 3), "auto", (3, 5, 3)),
        ((5, 7, 2), "auto", (5, 7, 2)),
        ((2, 5, 7), "auto", (2, 5, 7)),
        ((2, 5, 7), "CHW", (5, 7, 2)),
        ((3, 5, 7), "HWC", (3, 5, 7)),
        ((3, 5, 3), "CHW", (5, 3, 3)),
        ((5, 7), "CHW", (5, 7, 1)),
        ((3, 7), "auto", (3, 7, 1)),
    ],
)
def test_channels_are_found_first_or_last(shape, layout, expected):
    """Channels first are recognised where there can be no doubt, and can be said."""
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    found = image_array(pixels, layout=layout).pixels
    assert found.shape == expected
    moved = pixels[..., None] if len(shape) == 2 else pixels
    if expected != moved.shape:
        moved = np.moveaxis(moved, 0, -1)
    assert (found == moved).all()


@pytest.mark.parametrize(
    ("values", "dtype", "kept", "value_range"),
    [
        ([0, 200], np.uint8, np.uint8, (0, 255)),
        ([0, 3], np.uint8, np.uint8, (0, 255)),
        ([0, 3], np.uint16, np.uint16, (0, 65535)),
        ([0, 200], np.int64, np.int64, (0, 255)),
        ([0.0, 0.5], np.float32, np.float32, (0, 1)),
        ([0.0, 1.0], np.float64, np.float64, (0, 1)),
        ([-0.5, 0.5], np.float64, np.float64, (-1, 1)),
        ([0.0, 1.5], np.float64, np.float64, (0, 255)),
        ([0.0, 255.0], np.float32, np.float32, (0, 255)),
        ([0.0, 0.5], np.float16, np.float32, (0, 1)),
        ([0.0, 0.5], np.longdouble, np.float64, (0, 1)),
        ([0, 3], ">u2", np.uint16, (0, 65535)),
        ([0.0, 0.5], ">f4", np.float32, (0, 1)),
    ],
)
def test_every_real_type_comes_in_with_its_range(values, dtype, kept, value_range):
    """Black and white follow from the type of whole numbers and from the values of others."""
    found = image_array(np.array([values], dtype=dtype))
    assert found.pixels.dtype == kept
    assert found.pixels.dtype.isnative
    assert found.pixels.ravel().tolist() == np.array(values, dtype=dtype).astype(float).tolist()
    assert found.value_range == value_range


def test_booleans_become_black_and_white():
    """True is white."""
    found = image_array(np.array([[True, False]]))
    assert (found.pixels.ravel().tolist(), found.value_range) == ([255, 0], (0, 255))


@pytest.mark.parametrize("values", [[-3.0, 0.5], [0.0, 300.0], [-200.0, 200.0]])
def test_a_range_that_cannot_be_told_is_asked_for(values):
    """Values outside every usual range are refused with both ways to say it, and taken when it is said."""
    with pytest.raises(InputError, match=r"pixels reach from -?\d+ to [\d.]+, and what black and white are cannot be"):
        image_array(np.array([values]))
    assert image_array(np.array([values]), value_range=(-300, 300)).value_range == (-300.0, 300.0)


def test_twelve_bits_in_sixteen_are_a_caution(tmp_path):
    """The model sees such a picture almost black, unless it is said where white is; 0..16 in 0..255 alike."""
    levels = np.random.default_rng(0).integers(0, 4081, (20, 20)).astype(np.uint16)
    levels[0, 0] = 4080
    written(tmp_path, Pillow.fromarray(levels))
    np.save(tmp_path / "p.npy", levels)
    grid = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "samples": 30}
    readers = (("image_array", levels), ("image_file", tmp_path / "p.png"), ("image_npy", tmp_path / "p.npy"))
    for use, source in readers:
        found = limefw.explain(source, means, reader={"use": use}, **grid)
        (told,) = [caution.message for caution in found.health.cautions if caution.code == "assumed"]
        assert told.startswith("pixels end at 4080, and 65535 was taken for white")
        assert "give value_range=(black, white)" in told
        said = limefw.explain(source, means, reader={"use": use, "value_range": [0, 4095]}, **grid)
        assert said.instance.value_range == (0.0, 4095.0)
        assert "assumed" not in [caution.code for caution in said.health.cautions]
        # what is as bright as pictures are needs no caution
        assert image_array(levels * np.uint16(8)).notes == ()
    assert len(image_array(levels % 17 / 1.0).notes) == 1
    kept = found.save(tmp_path / "x.limefw")
    assert limefw.load(kept).instance.notes == found.instance.notes != ()


def means(batch):
    """Return two classes' shares of brightness."""
    share = batch.mean(axis=(1, 2, 3)) / 65535
    return np.stack([share, 1 - share], axis=1)


@pytest.mark.parametrize("value_range", [(1, 1), (2, 1)])
def test_a_range_is_from_black_to_white(value_range):
    """Black below white, or it is refused."""
    with pytest.raises(InputError, match="value_range is \\(black, white\\) with black < white"):
        image_array(colors(), value_range=value_range)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.array([[object()]]), "an image holds real numbers, got ndarray of type object"),
        (np.array([["a"]]), "an image holds real numbers, got ndarray of type <U1"),
        (np.array([[1j]]), "an image holds real numbers, got ndarray of type complex128"),
        (np.zeros((2, 3, 3, 3)), r"got shape \(2, 3, 3, 3\): give one image, not a batch"),
        (np.zeros(3), r"got shape \(3,\)"),
        (np.float64(3), r"got shape \(\)"),
        (np.zeros((0, 3)), r"the image has no pixels: its shape is \(0, 3, 1\)"),
        (np.zeros((3, 0, 3)), r"the image has no pixels"),
        (np.zeros((3, 3, 0)), r"the image has no pixels"),
        (np.array([[np.nan, np.inf, 0]]), "2 of the image's values are NaN or infinite: replace them"),
    ],
)
def test_what_is_no_image_is_told(source, message):
    """An array that cannot be a picture says what it is and what would do."""
    with pytest.raises(InputError, match=message):
        image_array(source)


MODES = [
    "1",
    "L",
    "P",
    "RGB",
    "RGBA",
    "CMYK",
    "YCbCr",
    "HSV",
    "LAB",
    "LA",
    "PA",
    "I",
    "I;16",
    "F",
    "RGBa",
    "La",
    "RGBX",
]


@pytest.mark.parametrize("mode", MODES)
def test_pillow_pictures_of_every_mode_come_in(mode):
    """A PIL image of any mode becomes grey or RGB, with the colours that it shows."""
    grey = Pillow.new("L", (5, 4), 120)
    steps = {"LAB": [], "La": ["LA"], "RGBa": ["RGBA"], "PA": ["P"], "HSV": ["RGB"], "I;16": ["I"]}.get(mode, [])
    picture = grey
    for step in [*steps, mode]:
        if step == "LAB":
            lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(grey.convert("RGB"), srgb, lab, outputMode="LAB")
        else:
            picture = picture.convert(step)
    assert picture.mode == mode
    found = image_array(picture)
    assert found.shape == (4, 5)
    assert found.channels in (1, 3)
    level = {"1": (0, 255)}.get(mode, (116, 124))
    assert level[0] <= found.pixels.min()
    assert found.pixels.max() <= level[1]
    wide = mode in ("I", "I;16")
    assert found.value_range == ((0.0, 65535.0) if wide else (0.0, 255.0))


def test_a_tall_narrow_pillow_picture_keeps_its_axes():
    """The axes of a PIL image are known: a picture three pixels high is not taken for channels first."""
    assert image_array(Pillow.new("RGB", (9, 3))).shape == (3, 9)
    assert image_array(Pillow.new("L", (9, 3))).shape == (3, 9)


def test_a_pillow_picture_cut_short_is_told(tmp_path):
    """A picture that was opened but turns out to be damaged when read is an InputError."""
    path = tmp_path / "p.jpg"
    path.write_bytes(SAMPLES["JPEG"][:-200])
    with Pillow.open(path) as picture, pytest.raises(InputError, match="the picture is damaged or cut short"):
        image_array(picture)


class Tensor:
    """What a framework's tensor looks like: an array only once it is detached and on the CPU."""

    def __init__(self, array, steps=()):
        self.array, self.steps = array, steps

    def detach(self):
        return Tensor(self.array, (*self.steps, "detach"))

    def cpu(self):
        return Tensor(self.array, (*self.steps, "cpu"))

    def __array__(self, dtype=None, copy=None):
        assert self.steps == ("detach", "cpu"), "a tensor that needs gradients or is on a GPU cannot be an array"
        return self.array


def test_a_tensor_is_detached_and_brought_to_the_cpu():
    """A framework's tensor of channels first comes in without importing the framework."""
    pixels = colors()
    tensor = Tensor(np.moveaxis(pixels, -1, 0).astype(np.float32) / 255)
    assert is_array(tensor)
    found = image_array(tensor)
    assert found.value_range == (0.0, 1.0)
    assert np.abs(found.pixels * 255 - pixels).max() < 1e-4


@pytest.mark.parametrize(
    ("source", "accepted"), [([1], False), (None, False), ("a", False), (5, False), (np.zeros((3, 4)), True)]
)
def test_only_arrays_are_arrays(source, accepted):
    """Lists and numbers are not taken for pictures."""
    assert is_array(source) is accepted


def test_the_reader_is_chosen_by_what_it_is_given(tmp_path):
    """Arrays, PIL images and paths find their reader; an Image goes through, copied."""
    path = written(tmp_path, Pillow.fromarray(colors()))
    for source in (colors(), Pillow.fromarray(colors()), path):
        assert (read(source, None, REGISTRY).pixels == colors()).all()
    image = Image(colors(), (0, 255))
    assert (read(image, None, REGISTRY).pixels == colors()).all()


@given(st.lists(st.floats(-2, 300), min_size=1, max_size=6))
def test_a_range_that_is_told_holds_every_value(values):
    """Whatever range is found, no pixel is outside it."""
    pixels = np.array(values)
    found = range_of(pixels)
    if found is None:
        assert pixels.min() < -1 or pixels.max() > 255 or (pixels.min() < 0 and pixels.max() > 1)
    else:
        assert found[0] <= pixels.min()
        assert pixels.max() <= found[1]
