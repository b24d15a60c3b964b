"""A displayable photograph of any image, and its label map, both at the size in which they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw.types import Floats, Instance, Labels


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
    return View(_at_size(image, size), labels_at(explanation, size), explanation)


def labels_at(explanation: Explanation, size: Sequence[int]) -> Labels:
    """Return the label map of the whole photograph, ``size`` pixels large."""
    return mapped(explanation, explanation.segments.labels, size)


def effects_at(explanation: Explanation, label: int, labels: Labels) -> Floats:
    """Return each pixel's effect on a label, in the size of a label map; 0 outside all segments."""
    effects = np.append(explanation.fit(label).effects, 0.0)
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


def channels_shown(instance: Instance) -> str:
    """Say which channels of an image pictures show, where these are not all of them; else nothing."""
    if not isinstance(instance, Image) or instance.channels <= 3:
        return ""
    return f"Pictures show the first three of its {instance.channels} channels, as red, green and blue."


def _at_size(image: Image, size: Sequence[int]) -> NDArray[np.uint8]:
    from PIL import Image as Pillow

    # so many pixels that averaging the rest looks no better: 12 megapixels of floats are never converted
    steps = [max(1, old // (2 * now)) for now, old in zip(size, image.shape, strict=True)]
    pixels = displayable(replace(image, pixels=image.pixels[:: steps[0], :: steps[1]]))
    if size[0] >= image.shape[0] and size[1] >= image.shape[1]:
        rows, columns = (np.arange(now) * old // now for now, old in zip(size, image.shape, strict=True))
        return pixels if list(size) == list(image.shape) else pixels[np.ix_(rows, columns)]
    wanted = Pillow.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(wanted.resize((size[1], size[0]), Pillow.Resampling.LANCZOS, reducing_gap=2.0))


def photo_of(explanation: Explanation, longest: int) -> NDArray[np.uint8]:
    """Return the photograph for display, reduced where its longer side has more than so many pixels."""
    image = explanation.instance
    if not isinstance(image, Image):
        raise TypeError(f"only an explanation of an image can be drawn, and this is of {image.modality}")
    side = max(image.shape)
    size = [max(1, length * longest // side) for length in image.shape] if side > longest else image.shape
    return _at_size(image, size)
