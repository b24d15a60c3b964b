"""A segmenter for limefw: it cuts an image into the parts that an explanation speaks of."""

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from annotated_types import Ge

from limefw import Image, Plugin, Segments, hookimpl


def my_plugin(image: Image, rng: np.random.Generator, /, *, count: Annotated[int, Ge(2)] = 8) -> Segments:
    """Upright stripes of one width.

    Args:
        count: of stripes.
    """
    _, column = np.indices(image.shape)
    return Segments.from_labels(column * count // image.shape[1])


@hookimpl
def limefw_segmenters() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin, modality="image")
