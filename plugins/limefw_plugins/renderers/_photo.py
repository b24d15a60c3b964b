"""The photograph itself, whatever its type and channels, as pixels for display and at the size of a picture."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw.types import Instance


AVERAGED = 4
"""A photograph so many times as large as its picture is averaged: as clear, in a fifth of the time."""

AVERAGES = (np.uint8, np.uint16, np.float32, np.float64)
"""Types of pixels that OpenCV averages."""


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


def at_size(image: Image, size: Sequence[int]) -> NDArray[np.uint8]:
    """Return the displayable photograph, ``size`` pixels large."""
    from PIL import Image as Pillow

    times = min(old // now for now, old in zip(size, image.shape, strict=True))
    if times >= AVERAGED and image.pixels.dtype in AVERAGES:
        return displayable(replace(image, pixels=_averaged(image.pixels[..., :3], size)))
    # of other types so many pixels that averaging the rest looks no better: 12 megapixels are never converted
    steps = [max(1, old // (2 * now)) for now, old in zip(size, image.shape, strict=True)]
    pixels = displayable(replace(image, pixels=image.pixels[:: steps[0], :: steps[1]]))
    if size[0] >= image.shape[0] and size[1] >= image.shape[1]:
        rows, columns = (np.arange(now) * old // now for now, old in zip(size, image.shape, strict=True))
        return pixels if list(size) == list(image.shape) else pixels[np.ix_(rows, columns)]
    wanted = Pillow.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(wanted.resize((size[1], size[0]), Pillow.Resampling.LANCZOS, reducing_gap=2.0))


def _averaged(pixels: NDArray[Any], size: Sequence[int]) -> NDArray[Any]:
    """Return ``(h, w, c)`` in a far smaller size, each pixel the mean of those below it."""
    import cv2

    reduced = cv2.resize(pixels, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced).reshape(size[0], size[1], pixels.shape[2])


def photo_of(explanation: Explanation, longest: int) -> NDArray[np.uint8]:
    """Return the photograph for display, reduced where its longer side has more than so many pixels."""
    image = explanation.instance
    if not isinstance(image, Image):
        raise TypeError(f"only an explanation of an image can be drawn, and this is of {image.modality}")
    side = max(image.shape)
    size = [max(1, length * longest // side) for length in image.shape] if side > longest else image.shape
    return at_size(image, size)
