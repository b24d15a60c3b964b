"""Quickshift."""

from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.types import Image, Segments


def quickshift(
    image: Image,
    rng: Generator,
    /,
    *,
    kernel_size: Annotated[float, Ge(1)] = 4.0,
    max_dist: Annotated[float, Gt(0)] = 200.0,
    ratio: Annotated[float, Ge(0), Le(1)] = 0.2,
    sigma: Annotated[float, Ge(0)] = 0.0,
    tie_seed: Annotated[int, Ge(0)] | None = 42,
    least: Annotated[int, Ge(1)] = 8,
) -> Segments:
    """Mode seeking in colour and position (Vedaldi & Soatto 2008; scikit-image), lime's own segmenter.

    Args:
        kernel_size: width of the density estimate: larger = fewer segments.
        max_dist: the furthest that a pixel is linked to its mode.
        ratio: weight of colour against position.
        sigma: width in pixels of the Gaussian smoothing before.
        tie_seed: of the noise that breaks ties between equal densities; 42 gives scikit-image's (and lime's) labels
            whatever the recipe's seed, None draws it from the recipe's seed.
        least: where fewer segments come out (small images), the kernel size is halved, down to 1; 1: never.
    """
    from skimage.segmentation import quickshift

    # scikit-image's loop wants three channels; a picture of another depth is seen as grey thrice
    pixels = image.unit()
    color = pixels.shape[2] == 3
    if not color:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    seed = int(rng.integers(2**31)) if tie_seed is None else tie_seed
    while True:
        labels = quickshift(
            np.ascontiguousarray(pixels), ratio=ratio, kernel_size=kernel_size, max_dist=max_dist, sigma=sigma,
            convert2lab=color, rng=seed,
        )  # fmt: skip
        if kernel_size <= 1 or len(np.unique(labels)) >= least:
            return Segments.from_labels(labels)
        kernel_size = max(1.0, kernel_size / 2)
