"""OpenCV's graph segmentation."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.segmenters._part import Channels, Number, Part, Region, refuse_flat


def graph(
    image: Image,
    _rng: Generator,
    /,
    *,
    scale: Annotated[float, Gt(0)] = 250.0,
    sigma: Annotated[float, Gt(0), Le(100)] = 0.8,
    min_size: Annotated[int, Ge(1)] = 200,
    least: Annotated[int, Ge(1)] = 8,
    target_segments: Number | None = None,
    channels: Channels | None = None,
    region: Region | None = None,
) -> Segments:
    """Regions like `felzenszwalb`'s in a third of the time (Felzenszwalb & Huttenlocher 2004; OpenCV's contrib wheel).

    Of the same method and not of the same program: borders and numbers differ.
    Its ximgproc is only in opencv-contrib-python-headless, which takes the place of limefw's own OpenCV wheel.

    Args:
        scale: larger = larger regions.
        sigma: width in pixels of the Gaussian smoothing before.
        min_size: pixels of the smallest region.
        least: where fewer come out (small images), scale and `min_size` are halved, down to 1; 1: never.
        target_segments: how many are wished for: up to ten cuts look for the scale that gives it within 5 % (with a
            `min_size` of at most a quarter of their mean size), and the nearest is taken; None: as it comes.
        channels: to look at, counted from 0, or None for all.
        region: (top, left, bottom, right) as shares of the photograph; all else is always kept.
    """
    from cv2.ximgproc import segmentation

    part = Part.of(image, channels, region)
    refuse_flat(part.pixels, "graph")
    pixels = (part.balanced() * 255).astype(np.float32)

    def cut(scale: float, smallest: int) -> Any:
        return segmentation.createGraphSegmentation(sigma, scale, smallest).processImage(pixels)

    return part.by_scale(cut, scale, min_size, least, target_segments)
