"""SLIC."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.segmenters._part import Channels, Number, Part, Region, Sigma


def slic(
    image: Image,
    _rng: Generator,
    /,
    *,
    n_segments: Number = 60,
    compactness: Annotated[float, Gt(0)] = 10.0,
    sigma: Sigma = 1.0,
    max_iterations: Annotated[int, Ge(1), Le(1000)] = 10,
    target_segments: Number | None = None,
    channels: Channels | None = None,
    region: Region | None = None,
) -> Segments:
    """Compact superpixels of near-equal size (Achanta et al. 2012; scikit-image).

    The darkest and the brightest value are taken for black and white, so that a faint picture is cut as a clear one.

    Args:
        n_segments: about how many; merging of small ones leaves fewer.
        compactness: larger = squarer, smaller = closer to colour edges.
        sigma: width in pixels of the Gaussian smoothing before.
        max_iterations: of k-means.
        target_segments: how many are wished for: up to ten cuts look for the `n_segments` that gives it
            within 5 %, and the nearest is taken; None: as it comes.
        channels: to look at, counted from 0, or None for all; three are red, green and blue, one is grey.
        region: (top, left, bottom, right) as shares of the photograph; all else is always kept.
    """
    from skimage.segmentation import slic

    part = Part.of(image, channels, region)
    pixels, are_colors = part.colors()
    # scikit-image looks at colours in CIELAB, 0..100, and at other channels as they are, stretched to 0..1
    squareness = compactness if are_colors else compactness * np.sqrt(pixels.shape[2]) / 100

    def cut(wish: float) -> Any:
        return slic(
            pixels, max(1, round(wish)), squareness, max_num_iter=max_iterations, sigma=sigma,
            convert2lab=are_colors, start_label=0, channel_axis=-1,
        )  # fmt: skip

    return part.by_number(cut, n_segments, target_segments)
