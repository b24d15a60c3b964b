"""Quickshift."""

from functools import lru_cache
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.modalities.image import Image
from limefw.types import Floats, Labels, Segments, frozen
from limefw_plugins.segmenters._modes import modes
from limefw_plugins.segmenters._part import Channels, Number, Part, Region, nearest_cut, refuse_flat


KEPT = 3_000_000
"""Numbers in a picture up to which its noise is kept in memory for the next one."""


def quickshift(
    image: Image,
    rng: Generator,
    /,
    *,
    kernel_size: Annotated[float, Ge(1), Le(50)] = 4.0,
    max_dist: Annotated[float, Gt(0)] = 200.0,
    ratio: Annotated[float, Ge(0), Le(1)] = 0.2,
    sigma: Annotated[float, Ge(0), Le(100)] = 0.0,
    tie_seed: Annotated[int, Ge(0)] | None = 42,
    least: Annotated[int, Ge(1)] = 8,
    target_segments: Number | None = None,
    channels: Channels | None = None,
    region: Region | None = None,
) -> Segments:
    """Mode seeking in colour and position (Vedaldi & Soatto 2008), lime's own segmenter, with scikit-image's labels.

    They are those of the pixels as float64 from 0 to 1. A picture of a single colour is refused, unless the ratio
    is 0. With the extra `numba` many pictures, or a large one, take about half the time.

    Args:
        kernel_size: width of the density estimate: larger = fewer segments.
        max_dist: the furthest that a pixel is linked to its mode.
        ratio: weight of colour against position.
        sigma: width in pixels of the Gaussian smoothing before.
        tie_seed: of the noise that breaks ties between equal densities; 42 gives scikit-image's (and lime's) labels
            whatever the recipe's seed, None draws it from the recipe's seed.
        least: where fewer segments come out (small images), the kernel size is halved, down to 1; 1: never.
        target_segments: how many are wished for: up to ten cuts look for the kernel size that gives it
            within 5 %, and the nearest is taken; None: as it comes.
        channels: to look at, counted from 0, or None for all; three are red, green and blue, one is grey, and of others
            white is as far from black as there.
        region: (top, left, bottom, right) as shares of the photograph; all else is always kept.
    """
    from skimage.filters import gaussian

    part = Part.of(image, channels, region)
    points = part.lab()
    if sigma:
        points = gaussian(points, sigma=(sigma, sigma, 0), mode="reflect", channel_axis=-1)
    points *= ratio
    if ratio:  # what came out would be cut by the noise that breaks ties
        refuse_flat(points, "quickshift")
    seed = int(rng.integers(2**31)) if tie_seed is None else tie_seed
    noise = (_kept_noise if points.size <= KEPT else _noise)(seed, points.shape[:2])

    def cut(size: float) -> Labels:
        return modes(points, size, max_dist, noise)

    if target_segments is not None:
        # the time grows with the square of the kernel size
        found = nearest_cut(cut, target_segments, kernel_size, 1.0, max(kernel_size, 16.0))
        return part.segments(found, target_segments)
    while True:
        labels = cut(kernel_size)
        if kernel_size <= 1 or labels.max() + 1 >= least:
            return part.segments(labels)
        kernel_size = max(1.0, kernel_size / 2)


def _noise(seed: int, shape: tuple[int, int]) -> Floats:
    """Return scikit-image's noise."""
    return frozen(np.random.default_rng(seed).normal(scale=1e-5, size=shape))


_kept_noise = lru_cache(maxsize=1)(_noise)
"""The same, kept: most pictures have the shape of the one before."""
