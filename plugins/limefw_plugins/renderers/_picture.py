"""A displayable photograph of any image, and its label map, both at the size in which they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw.types import Floats, Labels
from limefw_plugins.renderers._photo import at_size


LEGIBLE = 400
"""Pixels that the longer side of a small photograph is magnified to, or near it: by a whole number."""

THIN = 6
"""Pixels that a picture is wide and high at the least: one of 3000 x 1 pixels would be a hairline."""

WIDE = 2.5
"""A picture so many times as wide as high has a line of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is drawn on.

    Args:
        pixels: ``(h, w, 3)`` uint8.
        labels: ``(h, w)``, the label map in the same size.
        explanation: that it is a view of.
    """

    pixels: NDArray[np.uint8]
    labels: Labels
    explanation: Explanation

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.labels.shape[0], self.labels.shape[1]

    @property
    def wide(self) -> bool:
        """Whether it is far wider than high."""
        return self.size[1] > WIDE * self.size[0]


def view_of(explanation: Explanation, scale: int = 0, longest: int | None = None) -> View:
    """Return the photograph and its label map, ready to be drawn on; nothing is computed at a larger size.

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
    side = max(image.shape)
    if longest is not None and side > longest:
        size = [max(1, round(length * longest / side)) for length in image.shape]
    else:
        times = scale or max(1, min(round(LEGIBLE / side), (longest or LEGIBLE * side) // side))
        size = [length * times for length in image.shape]
    size = [max(THIN, length) for length in size]
    return View(at_size(image, size), labels_at(explanation, size), explanation)


def labels_at(explanation: Explanation, size: Sequence[int]) -> Labels:
    """Return the label map of the whole photograph, ``size`` pixels large."""
    return mapped(explanation, explanation.segments.labels, size)


def effects_at(explanation: Explanation, label: int, labels: Labels, *, per_area: bool = False) -> Floats:
    """Return each pixel's effect on a label, in the size of a label map; 0 outside all segments."""
    effects = np.append(explanation.effects(label, per_area=per_area), 0.0)
    if explanation.segments.basis is None:
        return np.asarray(effects[labels])
    soft = np.tensordot(effects[:-1], explanation.segments.basis, axes=1)
    inside = mapped(explanation, np.zeros(soft.shape, dtype=np.intp), labels.shape) >= 0
    return np.where(inside, mapped(explanation, soft, labels.shape), 0.0)


def mapped(explanation: Explanation, array: NDArray[Any], size: Sequence[int]) -> NDArray[Any]:
    """Return an array of the model's frame at some size of the photograph; -1 where the frame does not reach."""
    frame = explanation.frame
    if not isinstance(frame, Frame):
        rows, columns = (np.arange(now) * old // now for now, old in zip(size, array.shape, strict=True))
        return np.asarray(array[np.ix_(rows, columns)])
    down, right = (now / old for now, old in zip(size, frame.photo, strict=True))
    top, left, tall, wide = frame.box
    scaled = replace(frame, photo=(size[0], size[1]), box=(top * down, left * right, tall * down, wide * right))
    return scaled.to_photo(array)
