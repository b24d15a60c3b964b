"""Images that are in memory already."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw_plugins.readers._pixels import Backdrop, doubts, given_range, pixels_of, range_of, refuse_non_finite


def is_array(source: Any) -> bool:
    """Say whether this is a NumPy array, a PIL image, a tensor or anything with ``__array__``: none flat, no frame."""
    frame = hasattr(source, "columns") and hasattr(source, "dtypes")
    return (
        getattr(source, "ndim", None) != 1
        and not isinstance(source, str)  # NumPy's texts have no axes
        and not frame
        and (hasattr(source, "__array__") or hasattr(source, "__array_interface__"))
    )


def image_array(
    source: Any,
    /,
    *,
    layout: Literal["auto", "HWC", "CHW"] = "auto",
    value_range: tuple[float, float] | None = None,
    backdrop: Backdrop = "white",
) -> Image:
    """An array or tensor (h, w), (h, w, c) or (c, h, w), or a PIL image (as it is: no EXIF turn).

    Args:
        source: the pixels, of any real dtype.
        layout: "auto" takes channels first only where the first axis is 1, 3 or 4 long and the last is not.
        value_range: what black and white are; by default (0, 255) or (0, 65535) for unsigned integers, and for floats
            the first of (0, 1), (-1, 1), (0, 255) that holds them all.
        backdrop: what shows through transparent pixels of a PIL image.
    """
    picture = hasattr(source, "getbands")
    pixels = _from_picture(source, backdrop) if picture else _from_array(source)
    flat = pixels.ndim == 2
    if flat:
        pixels = pixels[..., None]
    if pixels.ndim != 3:
        next_step = "is it a time series (recipe 'series')?" if pixels.ndim == 1 else "give one image, not a batch"
        raise InputError(f"an image is an array (h, w) or (h, w, c), got shape {pixels.shape}: {next_step}")
    if 0 in pixels.shape:
        raise InputError(f"the image has no pixels: its shape is {pixels.shape}")
    first_is_channels = pixels.shape[0] in (1, 3, 4) and pixels.shape[2] not in (1, 3, 4)
    if not (picture or flat) and (layout == "CHW" or (layout == "auto" and first_is_channels)):
        pixels = np.moveaxis(pixels, 0, -1)
    refuse_non_finite(pixels)
    if value_range is not None:
        return Image(pixels, given_range(value_range))
    found = _range(pixels)
    return Image(pixels, found, notes=doubts(pixels, found, "image_array"))


def _from_picture(picture: Any, backdrop: Backdrop) -> NDArray[Any]:
    try:
        return pixels_of(picture, backdrop)
    except (OSError, SyntaxError) as error:
        # opened, but not yet read: Pillow finds out only now
        raise InputError(f"the picture is damaged or cut short: {error}") from error


def _from_array(source: Any) -> NDArray[Any]:
    if callable(getattr(source, "detach", None)):
        source = source.detach().cpu()
    array = np.asarray(source)
    if array.dtype.kind not in "buif":
        raise InputError(
            f"an image holds real numbers, got {type(source).__name__} of type {array.dtype}: give uint8 or float"
        )
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _range(pixels: NDArray[Any]) -> tuple[float, float]:
    found = range_of(pixels)
    if found is None:
        raise InputError(
            f"pixels reach from {pixels.min():g} to {pixels.max():g}, and what black and white are cannot be told. "
            "Say it: limefw.Image(pixels, value_range=(black, white)), or the reader's value_range"
        )
    return found
