"""Compact watershed."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from numpy.random import Generator

from limefw.modalities.image import Image
from limefw.types import Floats, Segments
from limefw_plugins.segmenters._part import Channels, Number, Part, Region, Sigma


def watershed(
    image: Image,
    _rng: Generator,
    /,
    *,
    markers: Number = 60,
    compactness: Annotated[float, Ge(0)] = 0.002,
    sigma: Sigma = 1.0,
    target_segments: Number | None = None,
    channels: Channels | None = None,
    region: Region | None = None,
) -> Segments:
    """Basins of the gradient, flooded from a regular grid of markers (Neubert & Protzel 2014; scikit-image).

    Args:
        markers: about how many basins.
        compactness: larger = more regular; 0 = along edges alone, in basins of any shape.
        sigma: width in pixels of the Gaussian smoothing before.
        target_segments: how many are wished for: up to ten cuts look for the `markers` that gives it
            within 5 %, and the nearest is taken; None: as it comes.
        channels: to look at, counted from 0, or None for all; three are red, green and blue, one is grey.
        region: (top, left, bottom, right) as shares of the photograph; all else is always kept.
    """
    from skimage.segmentation import watershed

    part = Part.of(image, channels, region)
    gradient = _gradient(part.lab() / 100, sigma)

    def cut(number: float) -> Any:
        return watershed(gradient, max(1, round(number)), compactness=compactness)

    return part.by_number(cut, markers, target_segments)


def _gradient(colors: Floats, sigma: float) -> Floats:
    """Return how much colours change from pixel to pixel, ``(h, w)``."""
    from scipy.ndimage import correlate1d, gaussian_filter

    smooth = gaussian_filter(colors, (sigma, sigma, 0))
    # a Gaussian's own derivative would all but vanish where its width is less than half a pixel
    slopes = np.stack([correlate1d(smooth, (-0.5, 0.0, 0.5), axis=axis) for axis in (0, 1)])
    return np.asarray(np.sqrt((slopes**2).sum(axis=(0, 3))))
