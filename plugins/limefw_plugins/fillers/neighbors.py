"""Colours that run from one side of a segment to the other."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.types import Floats, Segments
from limefw_plugins.fillers._pieces import painted, piecewise


AROUND = [(y, x, 1 / 6 if 0 in (y, x) else 1 / 12) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
"""The eight neighbours of a pixel, and what each counts in its mean."""


def neighbors(
    image: Image, segments: Segments, rng: Generator, /, *, noise: Annotated[float, Ge(0), Le(1)] = 0.01
) -> PixelComposer:
    """Interpolate a hidden segment from the pixels around it: noisy linear imputation (Rong et al. 2022, ROAD).

    Each hidden pixel is the weighted mean of its eight neighbours, solved exactly (of
    large segments every few pixels are one); the noise hides that it was made.
    Each segment is filled by itself from the whole rest of the photograph: what it shows never depends on its own
    pixels. Where neighbours are hidden as well, their colours along the border leak, as with `inpaint`.

    Args:
        noise: standard deviation of what is added, as a part of the value range; drawn once.
    """
    low, high = image.value_range
    pixels = np.clip(image.pixels.astype(np.float64), low, high)
    background = pixels.copy()
    for window, inside, owned in piecewise(image, segments, 1):
        background[window][owned] = painted(interpolated, pixels[window], inside)[owned]
    background += noise * (high - low) * rng.standard_normal(background.shape)
    return PixelComposer.of(image, np.clip(background, low, high), segments)


def interpolated(pixels: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return ``(h, w, c)`` with each pixel `inside` the weighted mean of those around it."""
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.linalg import splu

    filled, count = pixels.copy(), int(inside.sum())
    number = np.full(np.add(inside.shape, 2), -2)  # -2: beyond the picture, -1: known
    number[1:-1, 1:-1] = -1
    number[1:-1, 1:-1][inside] = np.arange(count)
    known = np.pad(pixels, ((1, 1), (1, 1), (0, 0)))
    rows, columns = np.nonzero(inside)
    total, right = np.zeros(count), np.zeros((count, pixels.shape[2]))
    links: list[tuple[Any, Any, Any]] = []
    for down, across, weight in AROUND:
        at = (rows + 1 + down, columns + 1 + across)
        other = number[at]
        total += weight * (other > -2)
        right += weight * (other == -1)[:, None] * known[at]
        links.append((np.full(count, weight)[other >= 0], np.flatnonzero(other >= 0), other[other >= 0]))
    weights, here, there = (np.concatenate(part) for part in zip(*links, strict=True))
    system = diags_array(total) - coo_array((weights, (here, there)), shape=(count, count))
    filled[inside] = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A").solve(right)
    return filled
