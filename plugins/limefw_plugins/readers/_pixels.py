"""What the readers share: from a Pillow picture to pixels, and what black and white are in them."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError


Backdrop = Literal["white", "black", "grey"]
_COLORS = {"white": "#ffffff", "black": "#000000", "grey": "#808080"}


def pixels_of(picture: Any, backdrop: Backdrop) -> NDArray[Any]:
    """Return a Pillow picture as ``(h, w, c)``: grey or RGB, transparency laid on `backdrop`.

    Raises:
        InputError: where Pillow cannot turn its colours into RGB.
    """
    from PIL import Image as Pillow

    if picture.mode.startswith("I") or picture.mode == "F":
        array = np.asarray(picture)
        if picture.mode != "F":
            small = array.size and array.min() >= 0 and array.max() < 2**16
            array = array.astype(np.uint16 if small else np.int32)
        return array[..., None]
    if picture.mode in ("RGBa", "La"):
        picture = picture.convert("RGBA" if picture.mode == "RGBa" else "LA")
    if "A" in picture.getbands() or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        picture = Pillow.alpha_composite(Pillow.new("RGBA", seen.size, _COLORS[backdrop]), seen).convert("RGB")
    if picture.mode == "LAB":
        picture = _from_lab(picture)
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    array = np.asarray(picture)
    return array[..., None] if array.ndim == 2 else array


def _from_lab(picture: Any) -> Any:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")


def range_of(pixels: NDArray[Any]) -> tuple[float, float] | None:
    """Return what black and white are by the type, or by the first usual range that holds all values; else None."""
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    if pixels.dtype == np.uint16:
        return 0.0, 65535.0
    low, high = float(pixels.min()), float(pixels.max())
    for black, white in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if black <= low and high <= white:
            return black, white
    return None


def given_range(value_range: tuple[float, float]) -> tuple[float, float]:
    """Return the range that a user gave.

    Raises:
        InputError: where black is no less than white.
    """
    low, high = value_range
    if not low < high:
        raise InputError(f"value_range is (black, white) with black < white, got {value_range}")
    return float(low), float(high)


DARK = 0.25
"""Below this share of the way to white no picture ends that was meant so: 12 or 14 bits in 16, or 0..16 in 0..255."""


def doubts(pixels: NDArray[Any], assumed: tuple[float, float], reader: str) -> tuple[str, ...]:
    """Return a sentence where the range that was assumed makes the picture almost black, with what a reader takes."""
    (black, white), most = assumed, float(pixels.max())
    if not black < most < black + DARK * (white - black):
        return ()
    told = f"pixels end at {most:.6g}, and {white:.6g} was taken for white, so the model sees the picture almost black"
    how = f"-s reader.use={reader} -s reader.value_range=[BLACK,WHITE]"
    return (f"{told}: where white is less, give value_range=(black, white) to limefw.Image or to the reader ({how})",)


def refuse_non_finite(pixels: NDArray[Any]) -> None:
    """Raise InputError where a pixel is NaN or infinite."""
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        bad = int((~np.isfinite(pixels)).sum())
        raise InputError(f"{bad} of the image's values are NaN or infinite: replace them before explaining")
