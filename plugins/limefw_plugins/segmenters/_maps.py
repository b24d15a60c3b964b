"""Label maps and masks that users give: read, checked, and laid on what the model sees of the photograph."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw.types import Labels, Segments
from limefw_plugins._npy import mapped


LARGEST = np.iinfo(np.int64).max


def read(path: Path, max_pixels: int) -> NDArray[Any]:
    """Return what a .npy or PNG file holds: labels ``(h, w)``, or masks ``(d, h, w)``.

    Raises:
        InputError: where it cannot be read, is too large, or holds something else.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name the file of a label map or of masks")
    if not path.is_file():  # a pipe would be waited for without end
        raise InputError(f"{path} is no file" if path.exists() else f"there is no file {path}")
    try:
        array = _read_npy(path, max_pixels) if path.suffix.lower() == ".npy" else _read_png(path, max_pixels)
    except InputError:
        raise
    except Exception as error:  # a damaged file: OSError, SyntaxError, ValueError, struct.error and others
        raise InputError(f"{path} cannot be read as a label map (.npy or PNG): {error}") from error
    check(array, str(path))
    return array


def _read_npy(path: Path, max_pixels: int) -> NDArray[Any]:
    array = mapped(path)
    if array.size > max_pixels:
        raise InputError(_too_large(path, array.shape, max_pixels))
    return array


def _read_png(path: Path, max_pixels: int) -> NDArray[Any]:
    from PIL.PngImagePlugin import PngImageFile

    # not Pillow.open, whose own limit of 179 million pixels stands whatever max_pixels says
    with PngImageFile(path) as picture:
        if picture.width * picture.height > max_pixels:
            raise InputError(_too_large(path, (picture.height, picture.width), max_pixels))
        mode = picture.mode.removesuffix("A") if picture.mode in ("LA", "RGBA") else picture.mode
        if mode not in ("1", "L", "P", "I;16", "I", "RGB"):
            raise InputError(f"{path} is a PNG of mode {picture.mode}: save the label map as grey, palette or RGB")
        bits = _bits(path)
        if bits > 8 and picture.mode in ("LA", "RGB", "RGBA"):
            raise InputError(
                f"{path} is a PNG of {bits} bits a channel, of which 8 are read: save it with 8, or as grey alone"
            )
        array: NDArray[Any] = np.asarray(picture)
    if mode != picture.mode:
        array = _opaque(array, path)
    if mode == "L" and bits < 8:  # Pillow stretches 0..3 and 0..15 to 0..255
        return np.asarray(array // (255 // (2**bits - 1)))
    # one number for each colour
    return array.astype(np.int64) @ (65536, 256, 1) if array.ndim == 3 else array


def _opaque(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """Return colours or greys without their opacity, which must be full."""
    if array[..., -1].min() < 255:
        raise InputError(f"{path} is transparent in places, which says no label: save it without transparency")
    return array[..., :-1] if array.shape[2] > 2 else array[..., 0]


def _bits(path: Path) -> int:
    """Return how many bits a PNG's numbers have: its 25th byte, in the header that every PNG begins with."""
    with path.open("rb") as file:
        return file.read(25)[24]


def _too_large(path: Path, shape: tuple[int, ...], limit: int) -> str:
    size = " x ".join(map(str, shape))
    return f"{path} has {size} entries, more than the limit of {limit}: raise it by -s segmenter.max_pixels=NUMBER"


def check(array: NDArray[Any], what: str) -> None:
    """Refuse with InputError what is neither a label map nor a stack of masks."""
    flat, stack = array.ndim == 2 and array.dtype.kind in "biu", array.ndim == 3 and array.dtype.kind in "bf"
    if not (flat or stack) or 0 in array.shape:
        raise InputError(
            f"{what} holds {array.dtype} of shape {array.shape}: give integers (h, w), a label map, or masks (d, h, w) "
            "of bool or of floats 0..1"
        )
    if array.dtype.kind == "u" and array.max() > LARGEST:
        raise InputError(f"{what} holds labels up to {array.max()}: number the segments below 2^63")
    if array.dtype.kind == "f" and not (array.min() >= 0 and array.max() <= 1):
        raise InputError(f"{what} holds masks outside of 0..1, or NaN: a mask says what share of a pixel it covers")


def fit(image: Image, maps: NDArray[Any], what: str) -> NDArray[Any]:
    """Return ``(..., h, w)`` maps of the photograph in the model's frame, by nearest neighbours; padding is -1 or 0."""
    height, width = maps.shape[-2:]
    photo = image.photo or image.shape
    if abs(height * photo[1] - width * photo[0]) <= max(photo):
        lines, columns = image.places()
    elif (height, width) == image.shape:  # made of what the model sees
        lines, columns = ((np.arange(size) + 0.5) / size for size in image.shape)
    else:
        size = " x ".join(map(str, maps.shape))
        read = f" (its {size} numbers are read as {len(maps)} masks (d, h, w))" if maps.ndim == 3 else ""
        raise InputError(
            f"{what} has {height} x {width} pixels{read}, and the photograph {photo[0]} x {photo[1]}: the shapes "
            "differ. Give the segments in the photograph's size, upright as it is shown."
        )
    line = np.floor(lines * height).astype(np.intp).clip(0, height - 1)
    column = np.floor(columns * width).astype(np.intp).clip(0, width - 1)
    inside = np.logical_and.outer((lines >= 0) & (lines < 1), (columns >= 0) & (columns < 1))
    found = maps[..., line[:, None], column]
    if maps.dtype.kind in "iu" or maps.ndim == 2:
        return np.where(inside, found.astype(np.int64), -1)
    return np.where(inside, found, found.dtype.type(0))


def owners(shares: NDArray[Any]) -> Labels:
    """Return ``(h, w)`` whose share is the largest of ``(d, h, w)``, of equal ones the smallest segment's; -1: none's.

    So a segment inside of another has its pixels, as far as one number for each pixel can tell.
    """
    order = np.argsort(shares.sum(axis=(1, 2), dtype=np.float64), kind="stable")
    return np.where(shares.any(axis=0), order[shares[order].argmax(axis=0)], -1)


def segments_of(masks: NDArray[Any], names: Sequence[str], empty: Sequence[str]) -> Segments:
    """Return segments of masks ``(d, h, w)``; where several cover a pixel, each has its share of it.

    Args:
        masks: in the model's frame.
        names: of all.
        empty: what to call those that were empty before they came there.

    Raises:
        InputError: where empty ones leave fewer than two.
    """
    seen = np.flatnonzero(masks.any(axis=(1, 2)))
    more = f" and {len(empty) - 8} more" if len(empty) > 8 else ""
    notes = (f"left out, as they cover no pixel: {', '.join(empty[:8])}{more}",) if empty else ()
    if notes and len(seen) < 2:
        raise InputError(f"{notes[0]}. An explanation compares at least 2 segments: give other masks.")
    masks, names = masks[seen], tuple(names[int(at)] for at in seen)
    if not len(masks):
        return Segments(np.full(masks.shape[1:], -1), ())
    cover = masks.sum(axis=0, dtype=np.float64)
    owner = owners(masks)
    if masks.dtype == np.bool_ and cover.max() <= 1:
        return Segments(owner, names, notes=notes)
    return Segments(owner, names, basis=(masks / np.maximum(cover, 1.0)).astype(np.float32), notes=notes)
