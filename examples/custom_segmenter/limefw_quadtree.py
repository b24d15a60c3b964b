"""Squares for limefw, small where the picture has detail and large where it has none."""

from collections.abc import Iterable
from functools import cache
from typing import Annotated

import numpy as np
from annotated_types import Ge

from limefw import Image, Plugin, Segments, hookimpl


def quadtree(image: Image, rng: np.random.Generator, /, *, n_segments: Annotated[int, Ge(4)] = 64) -> Segments:
    """Quarter the part that differs most from its mean colour, again and again (Finkel & Bentley 1974).

    Args:
        n_segments: as many parts, or up to two fewer: each step adds three.
    """
    pixels = image.unit()

    @cache
    def detail(part: tuple[int, int, int, int]) -> float:
        top, bottom, left, right = part
        inside = pixels[top:bottom, left:right]
        return float(inside.var(axis=(0, 1)).sum()) * inside.size if min(inside.shape[:2]) > 1 else -1.0

    parts = [(0, image.shape[0], 0, image.shape[1])]
    while len(parts) + 3 <= n_segments:
        most = max(parts, key=detail)
        if detail(most) < 0:
            break
        parts.remove(most)
        top, bottom, left, right = most
        y, x = (top + bottom) // 2, (left + right) // 2
        parts += [(top, y, left, x), (top, y, x, right), (y, bottom, left, x), (y, bottom, x, right)]
    labels = np.empty(image.shape, dtype=np.intp)
    for number, (top, bottom, left, right) in enumerate(sorted(parts)):
        labels[top:bottom, left:right] = number
    return Segments.from_labels(labels, name="square")


@hookimpl
def limefw_segmenters() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("quadtree", quadtree, modality="image")
