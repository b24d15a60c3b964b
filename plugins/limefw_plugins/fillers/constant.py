"""One colour for everything hidden."""

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.types import Segments


Level = Annotated[float, Ge(0), Le(1)]


def constant(
    image: Image, segments: Segments, _rng: Generator, /, *, value: Level | list[Level] = 0.5
) -> PixelComposer:
    """Show a hidden segment in one colour.

    Args:
        value: from 0 (black) to 1 (white), whatever units the image is in; one number, or one for each channel.
    """
    levels = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if len(levels) not in (1, image.channels):
        raise InputError(
            f"filler 'constant' got {len(levels)} values for {image.channels} channels: give one, or one each"
        )
    low, high = image.value_range
    background = np.broadcast_to(low + levels * (high - low), image.pixels.shape)
    return PixelComposer.of(image, background, segments)
