"""Images of any number of channels in .npy files."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw_plugins._npy import mapped
from limefw_plugins.readers._pixels import doubts
from limefw_plugins.readers.image_array import image_array


def is_npy(source: Any) -> bool:
    """Say whether this is a path of a .npy file; a str is text."""
    return isinstance(source, os.PathLike) and Path(source).suffix.lower() == ".npy"


def image_npy(
    source: os.PathLike[str],
    /,
    *,
    layout: Literal["auto", "HWC", "CHW"] = "auto",
    value_range: tuple[float, float] | None = None,
    max_pixels: Annotated[int, Ge(1)] = 100_000_000,
) -> Image:
    """An array (h, w), (h, w, c) or (c, h, w) in a .npy file, of any number of channels.

    Args:
        source: the file.
        layout: "auto" takes channels first only where the first axis is 1, 3 or 4 long and the last is not.
        value_range: what black and white are; by default (0, 255) or (0, 65535) for unsigned integers, and for floats
            the first of (0, 1), (-1, 1), (0, 255) that holds them all.
        max_pixels: a limit, of the product of the two longest axes, checked before the numbers are read.
    """
    path = Path(source)
    if not path.is_file():  # a pipe would be waited for without end
        raise InputError(f"{path} is no file" if path.exists() else f"there is no file {path}")
    array = mapped(path)
    *_, shorter, longer = sorted((1, 1, *array.shape))
    if shorter * longer > max_pixels:
        size = " x ".join(map(str, array.shape))
        raise InputError(
            f"{path} has {size} numbers, more than the limit of {max_pixels} pixels. "
            "Where you trust it, raise the limit: -s reader.use=image_npy -s reader.max_pixels=NUMBER."
        )
    image = image_array(array, layout=layout, value_range=value_range)
    notes = doubts(image.pixels, image.value_range, "image_npy") if value_range is None else ()
    return replace(image, name=path.name, notes=notes)
