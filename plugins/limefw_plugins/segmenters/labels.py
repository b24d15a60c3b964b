"""The user's own segments."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, MinLen
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.types import Image, Segments, frozen, numbered
from limefw_plugins.segmenters._maps import check, fit, read


def labels(
    image: Image,
    _rng: Generator,
    /,
    *,
    path: str | Annotated[list[str], MinLen(1)],
    background: Annotated[int, Ge(-1)] | None = None,
    max_pixels: Annotated[int, Ge(1)] = 100_000_000,
) -> Segments:
    """Your own segments: a label map, or masks that may overlap, as PNG or .npy, in the photograph's size.

    A label map is a PNG (grey, palette or one colour for each segment) or a .npy of integers (h, w). Masks are several
    PNG files, or a .npy (d, h, w) of bool, or of floats 0..1 where masks are soft. What no mask covers is always kept;
    a pixel in several masks belongs to each by an equal share. Maps of another size than the photograph's are taken
    where they have its shape, nearest neighbours, and so are maps of what the model sees. In Python, arrays are given
    by `limefw_plugins.segmenters.given(array)`.

    Args:
        path: a file, or a list of files with a mask each.
        background: the label that is in no segment and always kept; -1 always is.
        max_pixels: a limit for each file, checked before anything is decoded.
    """
    files = [Path(path)] if isinstance(path, str) else [Path(each) for each in path]
    maps = [read(file, max_pixels) for file in files]
    if len(maps) == 1:
        return _segments(image, maps[0], background, None, str(files[0]))
    if any(each.ndim != 2 for each in maps):
        raise InputError("a list of files has one mask (h, w) in each; a stack of masks is a file by itself")
    masks = [fit(image, each, str(file)) > 0 for each, file in zip(maps, files, strict=True)]
    return _shares(np.stack(masks), [file.stem for file in files])


def given(segments: Any, names: Sequence[str] | None = None) -> Callable[[Image, Generator], Segments]:
    """Return a segmenter for `limefw.explain(..., segmenter=given(array))` that knows these segments.

    Args:
        segments: integers (h, w), -1 = always kept; or masks (d, h, w), bool or floats 0..1, which may overlap. In the
            photograph's size.
        names: of the segments, in the order of the labels or masks.
    """
    array = frozen(np.array(segments))
    check(array, "the array")

    def from_array(image: Image, _rng: Generator, /) -> Segments:
        return _segments(image, array, None, names, "the array")

    return from_array


def _segments(
    image: Image, array: NDArray[Any], background: int | None, names: Sequence[str] | None, what: str
) -> Segments:
    if array.ndim == 3:
        return _shares(fit(image, array, what), _named(names, [f"mask {at}" for at in range(len(array))], what))
    fitted = fit(image, array, what)
    kept = [-1] if background is None else [-1, background]
    values, inside = numbered(fitted)
    renumber = np.where(np.isin(values, kept), -1, np.cumsum(~np.isin(values, kept)) - 1)
    values = values[renumber >= 0]
    if names is None:
        return Segments(renumber[inside], tuple(f"label {value}" for value in values))
    everywhere = [value for value in numbered(array)[0].tolist() if value not in kept]
    by_label = dict(zip(everywhere, _named(names, everywhere, what), strict=True))
    return Segments(renumber[inside], tuple(by_label[value] for value in values.tolist()))


def _named(names: Sequence[str] | None, default: Sequence[Any], what: str) -> Sequence[str]:
    if names is not None and len(names) != len(default):
        raise InputError(f"{what} holds {len(default)} segments, and {len(names)} names were given")
    return default if names is None else names


def _shares(masks: NDArray[Any], names: Sequence[str]) -> Segments:
    """Return segments of masks ``(d, h, w)``; where several cover a pixel, each has its share of it."""
    seen = np.flatnonzero(masks.any(axis=(1, 2)))
    masks, names = masks[seen], tuple(names[int(at)] for at in seen)
    if not len(masks):
        return Segments(np.full(masks.shape[1:], -1), ())
    cover = masks.sum(axis=0, dtype=np.float64)
    first = np.where(cover > 0, masks.argmax(axis=0), -1)
    if masks.dtype == np.bool_ and cover.max() <= 1:
        return Segments(first, names)
    return Segments(first, names, basis=(masks / np.maximum(cover, 1.0)).astype(np.float32))
