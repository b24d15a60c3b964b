"""A displayable photograph of any image, with its label map at the same size, and where in it a segment lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.explanation import Explanation
from limefw.types import Image, Labels


LEGIBLE = 400
"""Pixels that the longer side of a small photograph is magnified to, or near it: by a whole number."""

_ROWS = ("upper", "middle", "lower")
_COLUMNS = ("left", "centre", "right")
_NAMES = {
    "upper centre": "top", "middle left": "left", "middle centre": "centre",
    "middle right": "right", "lower centre": "bottom",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is drawn on.

    Args:
        pixels: ``(h, w, 3)`` uint8.
        labels: ``(h, w)``, the label map in the same size.
        source: index arrays of the photograph's row and column that each row and column shows.
    """

    pixels: NDArray[np.uint8]
    labels: Labels
    source: tuple[NDArray[np.intp], ...]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.labels.shape[0], self.labels.shape[1]


def displayable(image: Image) -> NDArray[np.uint8]:
    """Return uint8 RGB of any image: black and white are where its value range says, never where its data end.

    One channel is grey, two are averaged to grey, and of four or more the first three are shown.
    """
    low, high = image.value_range
    if image.pixels.dtype == np.uint8 and (low, high) == (0, 255) and image.channels >= 3:
        return image.pixels[..., :3]
    pixels = image.pixels[..., :3].astype(np.float64)
    if pixels.shape[2] < 3:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    unit = (pixels - low) / (high - low if high != low else 1.0)
    return np.rint(np.clip(unit, 0.0, 1.0) * 255.0).astype(np.uint8)


def view_of(explanation: Explanation, scale: int = 0, longest: int | None = None) -> View:
    """Return the photograph and its label map, ready to be drawn on.

    Args:
        explanation: of an image.
        scale: pixels a side that each of the photograph's becomes; 0: 1, or as many as make a small one legible.
        longest: pixels that the longer side has at the most; a larger photograph is reduced.

    Raises:
        TypeError: where the instance is no image.
    """
    image = explanation.instance
    if not isinstance(image, Image):
        raise TypeError(f"only an explanation of an image can be drawn, and this is of {image.modality}")
    pixels, side = displayable(image), max(image.shape)
    if longest is not None and side > longest:
        size = [max(1, length * longest // side) for length in image.shape]
        pixels = _reduced(pixels, size)
        source = np.ix_(*(np.arange(now) * old // now for now, old in zip(size, image.shape, strict=True)))
    else:
        times = scale or max(1, min(round(LEGIBLE / side), (longest or LEGIBLE * side) // side))
        source = np.ix_(*(np.arange(length).repeat(times) for length in image.shape))
        pixels = pixels[source]
    return View(pixels, explanation.label_map[source], source)


def _reduced(pixels: NDArray[np.uint8], size: Sequence[int]) -> NDArray[np.uint8]:
    from PIL import Image as Pillow

    return np.asarray(Pillow.fromarray(pixels).resize((size[1], size[0]), Pillow.Resampling.LANCZOS))


def place_words(labels: Labels, segment: int) -> str:
    """Say in words where in the picture a segment lies: "upper left", "centre", ...; empty where it is nowhere."""
    rows, columns = np.nonzero(labels == segment)
    if not rows.size:
        return ""
    if np.ptp(rows) > 0.8 * labels.shape[0] and np.ptp(columns) > 0.8 * labels.shape[1]:
        return "all over"
    row = _ROWS[min(2, int(3 * rows.mean() / labels.shape[0]))]
    column = _COLUMNS[min(2, int(3 * columns.mean() / labels.shape[1]))]
    return _NAMES.get(f"{row} {column}", f"{row} {column}")


def inner_point(mask: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Return (x, y) of a point well inside a mask, where its centroid may lie outside; None where it is empty."""
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return None
    top, left = int(rows.min()), int(columns.min())
    # a coarse copy will do, and keeps the number of erosions small
    step = max(1, max(np.ptp(rows), np.ptp(columns)) // 64)
    core = np.pad(mask[top : rows.max() + 1 : step, left : columns.max() + 1 : step], 1)
    if not core.any():
        return float(columns[0]), float(rows[0])
    while (smaller := eroded(core)).any():
        core = smaller
    y, x = np.nonzero(core)
    nearest = int(np.argmin((y - y.mean()) ** 2 + (x - x.mean()) ** 2))
    return float(left + (x[nearest] - 1) * step), float(top + (y[nearest] - 1) * step)


def eroded(labels: NDArray[Any]) -> NDArray[Any]:
    """Return a label map, or a mask, with -1 (False) wherever one of the four neighbours differs or lies outside."""
    empty: Any = False if labels.dtype == np.bool_ else -1
    around = np.pad(labels, 1, constant_values=empty)
    same = (around[:-2, 1:-1] == labels) & (around[2:, 1:-1] == labels)
    same &= (around[1:-1, :-2] == labels) & (around[1:-1, 2:] == labels)
    return np.where(same, labels, empty)


def grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask with its four-neighbours."""
    around = np.pad(mask, 1)
    sides = around[:-2, 1:-1] | around[2:, 1:-1] | around[1:-1, :-2] | around[1:-1, 2:]
    return np.asarray(sides | mask)
