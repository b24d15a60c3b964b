"""Image files."""

import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw_plugins.readers._pixels import Backdrop, pixels_of, range_of, refuse_non_finite


RUN_BY_OTHERS = ("EPS", "WMF")
"""Formats that Pillow hands to another program or to the system to draw: a file shall run nothing."""


def is_file(source: Any) -> bool:
    """Say whether this is a path, but none of a .npy file, which another reader takes; a str is text."""
    return isinstance(source, os.PathLike) and Path(source).suffix.lower() != ".npy"


def image_file(
    source: os.PathLike[str],
    /,
    *,
    max_pixels: Annotated[int, Ge(1)] = 100_000_000,
    backdrop: Backdrop = "white",
) -> Image:
    """A picture file of any format that Pillow reads, turned as its EXIF orientation says.

    Grey of 8 and 16 bit and colour of 8 bit are kept as they are, deeper colour becomes 8 bit; palettes and CMYK
    become RGB; transparency is laid on `backdrop`; of several frames the first is taken.

    Args:
        source: the file.
        max_pixels: a limit against decompression bombs, checked before anything is decoded.
        backdrop: what shows through transparent pixels.
    """
    path = Path(source)
    try:
        with warnings.catch_warnings():
            # our own limit stands in for Pillow's warning at 89 million pixels; its odd-EXIF chatter helps nobody
            warnings.simplefilter("ignore")
            pixels = _decoded(path, max_pixels, backdrop)
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, not a picture file") from error
    except Exception as error:
        # for a damaged file Pillow raises OSError, SyntaxError, ValueError, struct.error, KeyError and others
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        raise InputError(f"{path} is damaged or cut short: {error}") from error
    refuse_non_finite(pixels)
    low, high = float(pixels.min()), float(pixels.max())
    return Image(pixels, range_of(pixels) or (min(low, 0.0), max(high, low + 1.0)), path.name)


def _what_next(path: Path) -> str:
    """Say what can be done with a file that is no picture."""
    suffix = path.suffix.lower()
    if suffix == ".limefw":
        return f"It is a saved explanation: limefw draw {path}, or limefw.load in Python"
    if suffix == ".npy":
        return "Arrays are read by another reader: -s reader=image_npy"
    if suffix == ".npz":
        return "Arrays are explained in Python: limefw.explain(numpy.load(...), model), with (h, w) or (h, w, c)"
    if suffix in (".txt", ".md", ".csv", ".tsv", ".json"):
        return "Text and tables need a reader of their own: limefw plugins readers lists what is installed"
    return "Save it as PNG, or write a reader for it: limefw plugins new reader NAME"


def _decoded(path: Path, max_pixels: int, backdrop: Backdrop) -> NDArray[Any]:
    from PIL import Image as Pillow
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with _pillows_limit(max_pixels), Pillow.open(path) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise InputError(_too_large(path, f"{width} x {height}", max_pixels))
            if picture.format in RUN_BY_OTHERS:
                raise InputError(f"{path} is {picture.format}, which only another program can draw: save it as PNG")
            ImageOps.exif_transpose(picture, in_place=True)
            return pixels_of(picture, backdrop)
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not an image that Pillow can read. {_what_next(path)}") from error
    except Pillow.DecompressionBombError as error:
        counted = re.search(r"\d+", str(error))  # width and height are not told
        raise InputError(_too_large(path, counted[0] if counted else "many", max_pixels)) from error


def _too_large(path: Path, size: str, limit: int) -> str:
    return (
        f"{path} has {size} pixels, more than the limit of {limit}. "
        "Where you trust it, raise the limit: -s reader.use=image_file -s reader.max_pixels=NUMBER."
    )


_ALONE = threading.Lock()


@contextmanager
def _pillows_limit(max_pixels: int) -> Iterator[None]:
    """Have Pillow, whose own limit is the whole process's, refuse nothing below ours; one thread after the other."""
    from PIL import Image as Pillow

    with _ALONE:
        kept = Pillow.MAX_IMAGE_PIXELS
        Pillow.MAX_IMAGE_PIXELS = max_pixels
        try:
            yield
        finally:
            Pillow.MAX_IMAGE_PIXELS = kept
