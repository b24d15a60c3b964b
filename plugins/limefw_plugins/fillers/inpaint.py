"""What could be behind a segment, painted from around it."""

from math import ceil
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.fillers._pieces import painted, piecewise


def inpaint(
    image: Image,
    segments: Segments,
    _rng: Generator,
    /,
    *,
    method: Literal["telea", "navier_stokes"] = "telea",
    radius: Annotated[float, Ge(1), Le(100)] = 3.0,
) -> PixelComposer:
    """Paint over a hidden segment from what is around it (OpenCV; cf. Agarwal & Nguyen 2020).

    Each segment is painted once, by itself, from the whole rest of the photograph: what it shows never depends on its
    own pixels. Where neighbours are hidden as well it still shows what was painted from their pixels next to it, so
    their colours along the border leak; painting each combination anew would cost more than most models do. Channels
    are painted one by one, in steps finer than 8 bit, so that any number of any type will do.

    Args:
        method: "telea" marches inwards with weighted means (Telea 2004); "navier_stokes" continues lines of equal
            brightness (Bertalmio, Bertozzi & Sapiro 2001).
        radius: of the surroundings that each painted pixel is made from, in pixels; of large pictures in coarse ones.
    """
    import cv2

    flag = cv2.INPAINT_TELEA if method == "telea" else cv2.INPAINT_NS

    def paint(pixels: NDArray[Any], inside: NDArray[np.bool_]) -> NDArray[Any]:
        # OpenCV looks at what it shall paint over where that touches the border of the picture
        blank = np.where(inside[..., None], pixels[~inside].mean(axis=0), pixels)
        # and in a single line it reads beyond it: there are two alike then
        thin = [(0, int(length == 1)) for length in inside.shape]
        where = np.pad(inside.astype(np.uint8), thin, mode="edge")
        planes = [np.pad(plane, thin, mode="edge") for plane in np.moveaxis(blank, -1, 0)]
        filled_in = np.stack([cv2.inpaint(plane, where, radius, flag) for plane in planes], axis=2)
        return filled_in[: inside.shape[0], : inside.shape[1]]

    # OpenCV's formulas count in levels of 8 bit, whatever the type
    levels = np.clip(image.unit(), 0.0, 1.0).astype(np.float32) * np.float32(255)
    filled = levels.copy()
    for window, inside, owned in piecewise(image, segments, ceil(radius) + 2):
        filled[window][owned] = painted(paint, levels[window], inside)[owned]
    low, high = image.value_range
    background = low + np.clip(filled.astype(np.float64) / 255, 0.0, 1.0) * (high - low)
    return PixelComposer.of(image, background, segments)
