"""Squares for limefw, small where the picture has detail and large where it has none."""

from collections.abc import Iterable
from heapq import heapify, heapreplace
from typing import Annotated

import numpy as np
from annotated_types import Ge

from limefw import Image, Plugin, Segments, hookimpl


def quadtree(
    image: Image,
    rng: np.random.Generator,
    /,
    *,
    n_segments: Annotated[int, Ge(4)] = 64,
    smallest: Annotated[int, Ge(1)] = 8,
) -> Segments:
    """Quarter the part that differs most from its mean colour, again and again (Finkel & Bentley 1974).

    Args:
        n_segments: as many parts, or up to two fewer: each step adds three.
        smallest: pixels; no side becomes shorter.
    """
    pixels = image.unit()

    def part(top: int, bottom: int, left: int, right: int) -> tuple[float, int, int, int, int]:
        inside = pixels[top:bottom, left:right]
        square = min(bottom - top, right - left) >= 2 * smallest
        return (-float(inside.var(axis=(0, 1)).sum()) * inside.size if square else 1.0, top, bottom, left, right)

    parts = [part(0, image.shape[0], 0, image.shape[1])]
    while parts[0][0] <= 0 and len(parts) + 3 <= n_segments:
        _, top, bottom, left, right = parts[0]
        y, x = (top + bottom) // 2, (left + right) // 2
        heapreplace(parts, part(top, y, left, x))
        parts += [part(top, y, x, right), part(y, bottom, left, x), part(y, bottom, x, right)]
        heapify(parts)
    labels = np.empty(image.shape, dtype=np.intp)
    for number, (_, top, bottom, left, right) in enumerate(sorted(parts, key=lambda item: item[1:])):
        labels[top:bottom, left:right] = number
    return Segments.from_labels(labels, name="square")


@hookimpl
def limefw_segmenters() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("quadtree", quadtree, modality="image")
