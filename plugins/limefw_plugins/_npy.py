"""Arrays in .npy files: of images, label maps and masks."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError


def mapped(path: Path) -> NDArray[Any]:
    """Return the array of a .npy file, of which nothing but the header is read yet.

    Raises:
        InputError: where it is none, is cut short, or holds Python objects, which loading would run.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged file: OSError, ValueError, EOFError, SyntaxError and others
        if "Python objects" in str(error):
            raise InputError(f"{path} holds Python objects, which are not loaded: save an array of numbers") from error
        raise InputError(f"{path} cannot be read as .npy: it is damaged, cut short or something else") from error
    if not isinstance(array, np.ndarray):  # an .npz under this name
        raise InputError(f"{path} holds several arrays: save one of them with numpy.save")
    return array
