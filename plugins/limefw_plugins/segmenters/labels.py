"""The user's own segments."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, MinLen
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw.types import Segments, frozen, numbered
from limefw_plugins.segmenters._maps import check, fit, read, segments_of


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

    A label map is a PNG (grey, palette or one colour for each segment) or a .npy of integers (h, w). Masks are
    several files (a list), or a .npy (d, h, w) of bool, or of floats 0..1 where masks are soft. What no mask covers
    is always kept; a pixel in several masks belongs to each by an equal share. In pictures it has the colour of the
    smallest one shown, and every mask a line around all of it.
    Maps of another size than the photograph's are taken where they have its shape, nearest neighbours, and so are
    maps of what the model sees. In Python, arrays are given by `limefw_plugins.segmenters.given(array)`.

    Args:
        path: a file, or a list of files with a mask each.
        background: the label of a label map that is in no segment and always kept; -1 always is. A colour's label is
            65536 red + 256 green + blue.
        max_pixels: a limit for each file, checked before anything is decoded.
    """
    if not all([path] if isinstance(path, str) else path):
        raise InputError("path is empty: name the file of a label map or of masks")
    if isinstance(path, str):
        return _segments(image, read(Path(path), max_pixels), background, None, path)
    files = [Path(each) for each in path]
    maps = [read(file, max_pixels) for file in files]
    _refuse_background(background)
    if any(each.ndim != 2 for each in maps):
        raise InputError("a list of files has one mask (h, w) in each; a stack of masks is a file by itself")
    masks = [fit(image, each, str(file)) > 0 for each, file in zip(maps, files, strict=True)]
    empty = [str(file) for file, each in zip(files, maps, strict=True) if not each.any()]
    _refuse_one(len(masks), path[0])
    return segments_of(np.stack(masks), _distinct([file.stem for file in files]), empty)


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
        _refuse_background(background)
        known = _named(names, [f"mask {at}" for at in range(len(array))], what)
        _refuse_one(len(array), what)
        empty = [f"{known[int(at)]} of {what}" for at in np.flatnonzero(~array.any(axis=(1, 2)))]
        return segments_of(fit(image, array, what), known, empty)
    if background not in (None, -1) and not (array == background).any():
        raise InputError(f"{what} has no label {background}, named as the background: it has {_listed(array)}")
    fitted = fit(image, array, what)
    kept = [-1] if background is None else [-1, background]
    values, inside = numbered(fitted)
    renumber = np.where(np.isin(values, kept), -1, np.cumsum(~np.isin(values, kept)) - 1)
    values = values[renumber >= 0]
    _refuse_one(len(values), what)
    if names is None:
        return Segments(renumber[inside], tuple(f"label {value}" for value in values))
    everywhere = [value for value in numbered(array)[0].tolist() if value not in kept]
    by_label = dict(zip(everywhere, _named(names, everywhere, what), strict=True))
    return Segments(renumber[inside], tuple(by_label[value] for value in values.tolist()))


def _refuse_one(count: int, what: str) -> None:
    if count == 1:
        raise InputError(
            f"{what} has one segment, and an explanation compares at least 2: mark what lies around it too"
        )


def _refuse_background(background: int | None) -> None:
    if background not in (None, -1):
        raise InputError(
            f"background {background} is a label, and these are masks: what no mask covers is kept without it"
        )


def _listed(array: NDArray[Any]) -> str:
    values = numbered(array)[0].tolist()
    return ", ".join(map(str, values[:8])) + (", ..." if len(values) > 8 else "")


def _distinct(stems: Sequence[str]) -> list[str]:
    """Number the names that several files have."""
    return [
        stem if stems.count(stem) == 1 else f"{stem} ({stems[: at + 1].count(stem)})" for at, stem in enumerate(stems)
    ]


def _named(names: Sequence[str] | None, default: Sequence[Any], what: str) -> Sequence[str]:
    if names is not None and len(names) != len(default):
        raise InputError(f"{what} holds {len(default)} segments, and {len(names)} names were given")
    if names is not None and len(set(names)) < len(names):
        raise InputError(f"names of segments differ, and of {what} some are equal: {', '.join(map(str, names))[:80]}")
    return default if names is None else names
