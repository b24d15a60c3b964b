"""Masks: where in an instance the thing meant lies."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.types import Instance


def read_mask(source: Any, instance: Instance) -> NDArray[np.bool_]:
    """Return where a mask is not 0, ``(h, w)`` of an image.

    Args:
        source: an array in the instance's shape (of colours any channel counts), a picture, or a file of one (.npy or
            any picture; black is outside).
        instance: whose mask it is.

    Raises:
        InputError: it cannot be read, is of another size, empty or full.
    """
    name = f"the mask of {instance.name!r}"
    array = _array(source, name)
    if array.ndim == len(instance.shape) + 1:
        # an alpha channel says what is seen, not what is meant
        array = np.asarray((array[..., :3] if array.shape[-1] == 4 else array).any(axis=-1))
    if array.shape != instance.shape:
        shape, wanted = (" x ".join(map(str, sides)) for sides in (array.shape, instance.shape))
        raise InputError(f"{name} is {shape}, and the {instance.modality} {wanted}: give a mask of its own size")
    found = np.asarray(array != 0)
    if found.all() or not found.any():
        what = "full" if found.any() else "empty"
        raise InputError(f"{name} is {what}: mark what is meant with 1 (or white) and everything else with 0")
    return found


def _array(source: Any, name: str) -> NDArray[Any]:
    try:
        if isinstance(source, str | os.PathLike):
            path = Path(source)
            if path.suffix.lower() == ".npy":
                return _numbers(np.load(path, allow_pickle=False), name)
            from PIL import Image, ImageOps

            with Image.open(path) as picture:
                # a palette's numbers are names of colours
                return np.asarray(ImageOps.exif_transpose(picture).convert("RGBA"))
        return _numbers(np.asarray(source), name)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} cannot be read: {error}") from error


def _numbers(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise InputError(f"{name} is of type {array.dtype}: give an array of bools or finite numbers")
    return array
