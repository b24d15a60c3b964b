"""Segments put into the light: all else of a photograph is faded, their rims are drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw_plugins.renderers._paint import rgb
from limefw_plugins.renderers._picture import View


def spotlit(
    pixels: NDArray[np.uint8], labels: NDArray[np.intp], rims: Mapping[int, str], fade: float
) -> NDArray[np.uint8]:
    """Return a photograph with some segments as they are, each in a rim of its colour, and all else greyed and faded.

    Args:
        pixels: ``(h, w, 3)``.
        labels: ``(h, w)``.
        rims: segment -> colour.
        fade: share of white in all else.
    """
    photo = pixels.astype(np.float32)
    grey = photo.mean(axis=2, keepdims=True)
    lit = np.isin(labels, list(rims))
    painted = np.where(lit[..., None], photo, (1.0 - fade) * (0.4 * photo + 0.6 * grey) + fade * 255.0)
    for segment, color in rims.items():
        inside = labels == segment
        painted[_widened(inside) & ~inside & ~lit] = 255.0
        painted[inside & _widened(~inside, 2)] = rgb(color)
    return np.rint(painted).astype(np.uint8)


def _widened(mask: NDArray[np.bool_], times: int = 1) -> NDArray[np.bool_]:
    for _ in range(times):
        around = np.pad(mask, 1)
        mask = mask | around[:-2, 1:-1] | around[2:, 1:-1] | around[1:-1, :-2] | around[1:-1, 2:]
    return mask


def thumbnail(view: View, segment: int, side: int, color: str) -> NDArray[np.uint8]:
    """Return a segment with what is around it, in at most `side` x `side` pixels."""
    tall, wide = view.labels.shape
    rows, columns = np.nonzero(view.labels == segment)
    if not rows.size:  # too small for this size of the photograph
        rows, columns = np.array([0, tall - 1]), np.array([0, wide - 1])
    window = max(1.5 * max(np.ptp(rows) + 1, np.ptp(columns) + 1), 0.4 * max(tall, wide))
    box = (_window(rows, window, tall), _window(columns, window, wide))
    pixels, labels = _fitted(view.pixels[box], view.labels[box], side)
    return spotlit(pixels, labels, {segment: color}, 0.5)


def _window(places: NDArray[np.intp], length: float, whole: int) -> slice:
    length = min(round(length), whole)
    first = round((places.min() + places.max() + 1 - length) / 2)
    first = min(max(0, first), whole - length)
    return slice(first, first + length)


def _fitted(pixels: NDArray[np.uint8], labels: Any, side: int) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    from PIL import Image as Pillow

    scale = side / max(labels.shape)
    size = [max(1, round(length * scale)) for length in labels.shape]
    how = Pillow.Resampling.LANCZOS if scale < 1 else Pillow.Resampling.NEAREST
    resized = Pillow.fromarray(np.ascontiguousarray(pixels)).resize((size[1], size[0]), how)
    rows, columns = (np.arange(now) * old // now for now, old in zip(size, labels.shape, strict=True))
    return np.asarray(resized), labels[np.ix_(rows, columns)]


def middle(labels: NDArray[np.intp], segment: int) -> tuple[float, float] | None:
    """Return (x, y) of the pixel of a segment that is nearest to its centre; None where it has none."""
    rows, columns = np.nonzero(labels == segment)
    if not rows.size:
        return None
    nearest = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
    return float(columns[nearest]), float(rows[nearest])
