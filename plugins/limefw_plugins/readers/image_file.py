"""Image files."""

import os
import warnings
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.types import Image
from limefw_plugins.readers._pixels import Backdrop, pixels_of, range_of, refuse_non_finite


RUN_BY_OTHERS = ("EPS", "WMF")
"""Formats that Pillow hands to another program or to the system to draw: a file shall run nothing."""


def is_file(source: Any) -> bool:
    """Say whether this is a path; a str is text."""
    return isinstance(source, os.PathLike)


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
    if suffix in (".npy", ".npz"):
        return "Arrays are explained in Python: limefw.explain(numpy.load(...), model), with (h, w) or (h, w, c)"
    if suffix in (".txt", ".md", ".csv", ".tsv", ".json"):
        return "Text and tables need a reader of their own: limefw plugins readers lists what is installed"
    return "Save it as PNG, or write a reader for it: limefw plugins new reader NAME"


def _decoded(path: Path, max_pixels: int, backdrop: Backdrop) -> NDArray[Any]:
    from PIL import Image as Pillow
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with Pillow.open(path) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise InputError(
                    f"{path} has {width} x {height} pixels, more than the limit of {max_pixels}. "
                    "Where you trust it, raise the limit: -s reader.use=image_file -s reader.max_pixels=NUMBER."
                )
            if picture.format in RUN_BY_OTHERS:
                raise InputError(f"{path} is {picture.format}, which only another program can draw: save it as PNG")
            return pixels_of(ImageOps.exif_transpose(picture), backdrop)
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not an image that Pillow can read. {_what_next(path)}") from error
    except Pillow.DecompressionBombError as error:
        raise InputError(
            f"{path} is too large to be decoded safely: {error} Where you trust it, raise PIL.Image.MAX_IMAGE_PIXELS."
        ) from error
