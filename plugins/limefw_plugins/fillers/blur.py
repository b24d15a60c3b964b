"""The photograph out of focus."""

from typing import Annotated

import numpy as np
from annotated_types import Gt, Le
from numpy.random import Generator

from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.types import Floats, Segments


def blur(
    image: Image, segments: Segments, _rng: Generator, /, *, sigma: Annotated[float, Gt(0), Le(1)] = 0.05
) -> PixelComposer:
    """Show a hidden segment as it is in the blurred photograph (Fong & Vedaldi 2017): detail goes, light stays.

    The blur is of the whole photograph, so a segment's own colours shine through, the more the larger it is.

    Args:
        sigma: width of the Gaussian as a part of the picture's shorter side: .05 of 224 pixels are 11. Small pictures
            of broad strokes (digits) want more, such as .2.
    """
    background = gaussian(image.pixels.astype(np.float64), sigma * min(image.shape))
    return PixelComposer.of(image, np.clip(background, *image.value_range), segments)


def gaussian(pixels: Floats, sigma: float) -> Floats:
    """Return ``(h, w, c)`` smoothed by a Gaussian of `sigma` pixels.

    Where it is wide the picture is shrunk first, so that the width costs nothing: what is lost the blur would take.
    """
    import cv2

    height, width = pixels.shape[:2]
    shrink = max(1, int(sigma / 8))
    small = (-(-width // shrink), -(-height // shrink))
    planes = []
    for plane in np.moveaxis(pixels, -1, 0):
        less = np.ascontiguousarray(plane)
        if shrink > 1:
            less = cv2.resize(less, small, interpolation=cv2.INTER_AREA)
        smooth = cv2.GaussianBlur(less, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
        planes.append(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR) if shrink > 1 else smooth)
    return np.stack(planes, axis=2)
