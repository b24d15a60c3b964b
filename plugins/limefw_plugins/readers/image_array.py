"""Images that are in memory already."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.types import Image


def is_array(source: Any) -> bool:
    """Say whether this is a NumPy array, a PIL image, a tensor or anything else with ``__array__``."""
    return hasattr(source, "__array__") or hasattr(source, "__array_interface__")


def image_array(
    source: Any,
    /,
    *,
    layout: Literal["auto", "HWC", "CHW"] = "auto",
    value_range: tuple[float, float] | None = None,
) -> Image:
    """An array or tensor (h, w), (h, w, c) or (c, h, w), or a PIL image.

    Args:
        source: the pixels, of any real dtype.
        layout: "auto" takes channels first only where the first axis is 1, 3 or 4 long and the last is not.
        value_range: what black and white are; by default (0, 255) or (0, 65535) for unsigned integers, and for floats
            the first of (0, 1), (-1, 1), (0, 255) that holds them all.
    """
    pixels = _array(source)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3:
        raise InputError(
            f"an image is an array (h, w) or (h, w, c), got shape {pixels.shape}: give one image, not a batch"
        )
    if 0 in pixels.shape:
        raise InputError(f"the image has no pixels: its shape is {pixels.shape}")
    first_is_channels = pixels.shape[0] in (1, 3, 4) and pixels.shape[2] not in (1, 3, 4)
    if layout == "CHW" or (layout == "auto" and first_is_channels):
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    if pixels.dtype == np.float16:
        pixels = pixels.astype(np.float32)
    if pixels.dtype.kind not in "uif":
        raise InputError(f"pixels of type {pixels.dtype} are no real numbers: give uint8, uint16 or float")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        bad = int((~np.isfinite(pixels)).sum())
        raise InputError(f"{bad} of the image's values are NaN or infinite: replace them before explaining")
    return Image(pixels, _range(pixels) if value_range is None else _given(value_range))


def _array(source: Any) -> NDArray[Any]:
    if callable(getattr(source, "detach", None)):
        source = source.detach().cpu()
    if getattr(source, "mode", None) in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV", "RGBA", "LA", "1"):
        source = source.convert("RGB")
    array = np.asarray(source)
    if array.dtype.kind not in "buif":
        raise InputError(f"an image holds real numbers, got {type(source).__name__} of type {array.dtype}")
    return array


def _given(value_range: tuple[float, float]) -> tuple[float, float]:
    low, high = value_range
    if not low < high:
        raise InputError(f"value_range is (black, white) with black < white, got {value_range}")
    return float(low), float(high)


def _range(pixels: NDArray[Any]) -> tuple[float, float]:
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    if pixels.dtype == np.uint16:
        return 0.0, 65535.0
    low, high = float(pixels.min()), float(pixels.max())
    for black, white in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if black <= low and high <= white:
            return black, white
    raise InputError(
        f"pixels reach from {low:g} to {high:g}, and what black and white are cannot be told. "
        "Say it: limefw.Image(pixels, value_range=(black, white)), or the reader's value_range"
    )
