"""Arrays as bytes, without pickle, and a sum by which it is seen that they are still what they were."""

import ast
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from limefw.errors import InputError


Packed = tuple[str, int, bytes]
"""Type and shape, a sum over everything, and the values."""


def packed(key: bytes, row: Any) -> Packed:
    """Return an array of any shape as bytes.

    Raises:
        InputError: its values are Python objects, or of a type that only the library that made it knows.
    """
    array = np.asarray(row)
    form, data = _form(array.dtype, array.shape), array.tobytes()
    return form, _sum(key, form, data), data


def unpacked(key: bytes, form: str, known: int, data: bytes) -> NDArray[Any] | None:
    """Return the read-only array, or None where its bytes are no longer those that were stored."""
    try:
        if _sum(key, form, data) != known:
            return None
        dtype, shape = _parsed(form)
        return np.ndarray(shape, dtype, data)
    except (TypeError, ValueError, SyntaxError, AttributeError):
        return None


def _sum(key: bytes, form: str, data: bytes) -> int:
    return crc32(data, crc32(form.encode(), crc32(key)))


@lru_cache(maxsize=256)
def _form(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    text = repr((npy.dtype_to_descr(dtype), shape)) if not dtype.hasobject else ""
    if not text or _parsed(text)[0] != dtype:
        raise InputError(
            f"an array of type {dtype} cannot be kept in a cache: it holds more than plain numbers or text"
        )
    return text


@lru_cache(maxsize=256)
def _parsed(form: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    described, shape = ast.literal_eval(form)
    return npy.descr_to_dtype(described), shape
