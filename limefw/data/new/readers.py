"""A reader for limefw: from a file to an image."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Gt

from limefw import Image, InputError, Plugin, hookimpl


def my_plugin(source: Any, /, *, white: Annotated[float, Gt(0)] = 255.0) -> Image:
    """Pixels (h, w) or (h, w, c) from 0 to `white` in a .npy file.

    Args:
        white: the value that stands for white.
    """
    try:
        pixels = np.load(source, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{source} holds no array: {error}") from error
    pixels = pixels if pixels.ndim == 3 else np.atleast_2d(pixels)[..., None]
    return Image(pixels, (0.0, white), name=Path(source).stem)


def is_npy_file(source: Any) -> bool:
    """Say whether a source is one for this reader, importing nothing."""
    return str(source).endswith(".npy")


@hookimpl
def limefw_readers() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin, modality="image", accepts=is_npy_file)
