"""A filler for limefw: what hidden segments show."""

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from limefw import Image, PixelComposer, Plugin, Segments, hookimpl


def my_plugin(
    image: Image, segments: Segments, rng: np.random.Generator, /, *, level: Annotated[float, Ge(0), Le(1)] = 0.5
) -> PixelComposer:
    """One grey everywhere.

    Args:
        level: from black (0) to white (1).
    """
    black, white = image.value_range
    background = np.full(image.pixels.shape, black + level * (white - black))
    return PixelComposer.of(image, background, segments)


@hookimpl
def limefw_fillers() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin, modality="image")
