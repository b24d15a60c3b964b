"""Felzenszwalb and Huttenlocher's graph segmentation."""

import warnings
from typing import Annotated

from annotated_types import Ge, Gt
from numpy.random import Generator

from limefw.types import Image, Segments


def felzenszwalb(
    image: Image,
    _rng: Generator,
    /,
    *,
    scale: Annotated[float, Gt(0)] = 250.0,
    sigma: Annotated[float, Ge(0)] = 0.8,
    min_size: Annotated[int, Ge(1)] = 200,
) -> Segments:
    """Regions of any size along strong edges (Felzenszwalb & Huttenlocher 2004; scikit-image).

    Args:
        scale: larger = larger regions.
        sigma: width in pixels of the Gaussian smoothing before.
        min_size: pixels of the smallest region.
    """
    from skimage.segmentation import felzenszwalb

    with warnings.catch_warnings():
        # any number of channels is fine here: it suspects a stack of grey pictures
        warnings.filterwarnings("ignore", "Got image with third dimension", RuntimeWarning)
        labels = felzenszwalb(image.unit(), scale, sigma, min_size, channel_axis=-1)
    return Segments.from_labels(labels)
