"""Where in a picture segments lie: in words, as points well inside them, and their edges."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats, Labels


_ROWS = ("upper", "middle", "lower")
_COLUMNS = ("left", "centre", "right")
_NAMES = {
    "upper centre": "top", "middle left": "left", "middle centre": "centre",
    "middle right": "right", "lower centre": "bottom",
}  # fmt: skip


def place_words(labels: Labels, count: int) -> list[str]:
    """Say in words where each of `count` segments lies: "upper left", "centre", ...; empty where it is nowhere."""
    rows, columns = np.nonzero(labels >= 0)
    found = labels[rows, columns]
    sizes = np.bincount(found, minlength=count)
    middles, spans = [], []
    for at, length in ((rows, labels.shape[0]), (columns, labels.shape[1])):
        # a pixel's middle is half a pixel from its edge: of few pixels that is much
        middles.append((np.bincount(found, at, count) / np.maximum(sizes, 1) + 0.5) / length)
        least, most = np.full(count, length), np.zeros(count, dtype=np.intp)
        np.minimum.at(least, found, at)
        np.maximum.at(most, found, at)
        spans.append((most - least + 1) / length)
    return [
        _words(down, across, wide=min(tall, wide) > 0.8) if size else ""
        for size, down, across, tall, wide in zip(sizes, *middles, *spans, strict=True)
    ]


def _words(down: float, across: float, *, wide: bool) -> str:
    if wide:
        return "all over"
    name = f"{_ROWS[min(2, int(3 * down))]} {_COLUMNS[min(2, int(3 * across))]}"
    return _NAMES.get(name, name)


def inner_points(labels: Labels, count: int) -> Floats:
    """Return ``(count, 2)`` x and y of each segment's point farthest from its edge; NaN where it is nowhere.

    A centroid may lie outside its segment; of points equally far from the edge it is the one near the centroid.
    """
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(eroded(np.pad(labels, 1, constant_values=-1)) >= 0)[1:-1, 1:-1]
    # less than a pixel, so that it decides between equals alone
    depth = (depth - 0.5 * _off_centre(labels, count)).ravel()
    order = np.argsort(depth, kind="stable")
    flat = labels.ravel()[order]
    points = np.full((count, 2), np.nan)
    # of several values for one place numpy keeps the last: the deepest
    kept = flat >= 0
    points[flat[kept]] = np.stack(np.unravel_index(order[kept], labels.shape)[::-1], axis=1)
    return points


def _off_centre(labels: Labels, count: int) -> Floats:
    """Return how far each pixel is from its segment's centroid, as a share of the picture's diagonal."""
    rows, columns = np.nonzero(labels >= 0)
    found = labels[rows, columns]
    sizes = np.maximum(np.bincount(found, minlength=count), 1)
    away = np.hypot(*(at - (np.bincount(found, at, count) / sizes)[found] for at in (rows, columns)))
    off = np.zeros(labels.shape)
    off[rows, columns] = away / np.hypot(*labels.shape)
    return off


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
