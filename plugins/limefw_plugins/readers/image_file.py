"""Image files."""

import os
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.types import Image


def is_file(source: Any) -> bool:
    """Say whether this is a path; a str is text."""
    return isinstance(source, os.PathLike)


def image_file(
    source: os.PathLike[str],
    /,
    *,
    max_pixels: Annotated[int, Ge(1)] = 100_000_000,
    backdrop: Literal["white", "black", "grey"] = "white",
) -> Image:
    """A picture file of any format that Pillow reads, turned as its EXIF orientation says.

    8 and 16 bit grey and colour are kept as they are; palettes and CMYK become RGB; transparency is laid on
    `backdrop`; of several frames the first is taken.

    Args:
        source: the file.
        max_pixels: a limit against decompression bombs, checked before anything is decoded.
        backdrop: what shows through transparent pixels.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps, UnidentifiedImageError

    path = Path(source)
    try:
        with warnings.catch_warnings():
            # our own limit stands in for Pillow's warning at 89 million pixels; its odd-EXIF chatter helps nobody
            warnings.simplefilter("ignore")
            with Pillow.open(path) as picture:
                _check_size(path, picture.size, max_pixels)
                pixels = _pixels(ImageOps.exif_transpose(picture), backdrop)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, not a picture file") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not an image that Pillow can read") from error
    except Pillow.DecompressionBombError as error:
        raise InputError(f"{path} is too large to be decoded safely: {error}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is damaged or cut short: {error}") from error
    return Image(pixels, _range(pixels), path.name)


def _check_size(path: Path, size: tuple[int, int], limit: int) -> None:
    if size[0] * size[1] > limit:
        raise InputError(
            f"{path} has {size[0]} x {size[1]} pixels, more than the limit of {limit}. "
            "Where you trust it, raise the reader's max_pixels."
        )


def _pixels(picture: Any, backdrop: str) -> NDArray[Any]:
    from PIL import Image as Pillow

    if picture.mode.startswith("I") or picture.mode == "F":
        array = np.asarray(picture)
        if picture.mode != "F":
            array = array.astype(np.uint16) if array.min() >= 0 and array.max() < 2**16 else array.astype(np.int32)
        return array[..., None]
    if "A" in picture.getbands() or "transparency" in picture.info:
        color = {"white": "#ffffff", "black": "#000000", "grey": "#808080"}[backdrop]
        seen = picture.convert("RGBA")
        picture = Pillow.alpha_composite(Pillow.new("RGBA", seen.size, color), seen).convert("RGB")
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    array = np.asarray(picture)
    return array[..., None] if array.ndim == 2 else array


def _range(pixels: NDArray[Any]) -> tuple[float, float]:
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    if pixels.dtype == np.uint16:
        return 0.0, 65535.0
    low, high = float(pixels.min()), float(pixels.max())
    return (0.0, 1.0) if low >= 0.0 and high <= 1.0 else (min(low, 0.0), max(high, low + 1.0))
