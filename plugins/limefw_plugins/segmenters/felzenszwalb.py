"""Felzenszwalb and Huttenlocher's graph segmentation."""

import warnings
from typing import Annotated, Any

from annotated_types import Ge, Gt
from numpy.random import Generator

from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.segmenters._part import Channels, Number, Part, Region, Sigma, refuse_flat


def felzenszwalb(
    image: Image,
    _rng: Generator,
    /,
    *,
    scale: Annotated[float, Gt(0)] = 250.0,
    sigma: Sigma = 0.8,
    min_size: Annotated[int, Ge(1)] = 200,
    least: Annotated[int, Ge(1)] = 8,
    target_segments: Number | None = None,
    channels: Channels | None = None,
    region: Region | None = None,
) -> Segments:
    """Regions of any size along strong edges (Felzenszwalb & Huttenlocher 2004; scikit-image).

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
    from skimage.segmentation import felzenszwalb

    part = Part.of(image, channels, region)
    refuse_flat(part.pixels, "felzenszwalb")
    pixels = part.balanced()

    def cut(scale: float, smallest: int) -> Any:
        with warnings.catch_warnings():
            # any number of channels is fine here: it suspects a stack of grey pictures
            warnings.filterwarnings("ignore", "Got image with third dimension", RuntimeWarning)
            return felzenszwalb(pixels, scale, sigma, smallest, channel_axis=-1)

    return part.by_scale(cut, scale, min_size, least, target_segments)
