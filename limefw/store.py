"""Saved explanations: a zip of one JSON text and one .npy file per array. Nothing in it is ever executed.

A file may come from anywhere, so every size is checked before memory is taken for it, arrays of objects (pickles) are
refused, and only the value types named here are built.
"""

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw._files import write_whole
from limefw.errors import StoreError


SCHEMA = 1
LARGEST = 2_000_000_000
"""Bytes that the parts of a file may unpack to in all."""

TEXT = "explanation.json"


def save(path: str | os.PathLike[str], value: Any) -> Path:
    """Write a dataclass of arrays and plain values to `path`, whole or not at all.

    Raises:
        StoreError: where the disk will not have it.
    """
    arrays: list[NDArray[Any]] = []
    content = {"format": "limefw explanation", "schema": SCHEMA, "content": _pack(value, arrays)}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(TEXT, json.dumps(content))
        for number, array in enumerate(arrays):
            part = io.BytesIO()
            np.lib.format.write_array(part, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(f"{number}.npy", part.getvalue())
    return write_whole(path, stream.getvalue())


def load(path: str | os.PathLike[str], types: Mapping[str, type]) -> Any:
    """Read what `save` wrote.

    Args:
        path: the file.
        types: the dataclasses that may be built, by name.

    Raises:
        StoreError: where the file is missing, cut short, of a newer schema, or not what it says it is.
    """
    name = os.fspath(path)
    try:
        with zipfile.ZipFile(name) as archive:
            _check_sizes(archive, name)
            content = json.loads(archive.read(TEXT))
            _check_schema(content, name)
            return _unpack(content["content"], archive, types)
    except StoreError:
        raise
    except FileNotFoundError as error:
        raise StoreError(f"there is no file {name}") from error
    except OSError as error:
        raise StoreError(f"{name} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # whatever a damaged or malicious file makes zipfile, json, numpy or our own types raise
        raise StoreError(f"{name} is not a whole limefw explanation ({type(error).__name__}: {error})") from error


def _check_sizes(archive: zipfile.ZipFile, name: str) -> None:
    total = sum(item.file_size for item in archive.infolist())
    if total > LARGEST:
        raise StoreError(f"{name} would unpack to {total / 1e9:.1f} GB, more than the {LARGEST / 1e9:.0f} GB allowed")


def _check_schema(content: Any, name: str) -> None:
    schema = content.get("schema") if isinstance(content, dict) else None
    if not isinstance(schema, int) or content.get("format") != "limefw explanation":
        raise StoreError(f"{name} is not a limefw explanation")
    if schema > SCHEMA:
        raise StoreError(
            f"{name} was written by a newer limefw (schema {schema}; this one reads up to {SCHEMA}). "
            "Run: pip install --upgrade limefw"
        )


def _pack(value: Any, arrays: list[NDArray[Any]]) -> Any:
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"$array": len(arrays) - 1}
    if is_dataclass(value) and not isinstance(value, type):
        inside = {item.name: _pack(getattr(value, item.name), arrays) for item in fields(value) if item.init}
        return {"$type": type(value).__name__, "fields": inside}
    if isinstance(value, Mapping):
        return {"$map": [[_pack(key, arrays), _pack(item, arrays)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_pack(item, arrays) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _unpack(value: Any, archive: zipfile.ZipFile, types: Mapping[str, type]) -> Any:
    if isinstance(value, list):
        return tuple(_unpack(item, archive, types) for item in value)
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return _array(archive, int(value["$array"]))
    if "$map" in value:
        return {_unpack(key, archive, types): _unpack(item, archive, types) for key, item in value["$map"]}
    inside = {str(key): _unpack(item, archive, types) for key, item in value["fields"].items()}
    return types[value["$type"]](**inside)


def _array(archive: zipfile.ZipFile, number: int) -> NDArray[Any]:
    info = archive.getinfo(f"{number}.npy")
    with archive.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        if dtype.hasobject or math.prod(shape) * dtype.itemsize > info.file_size:
            raise StoreError(f"array {number} of {archive.filename} claims {dtype}{shape}, which its bytes cannot hold")
    with archive.open(info) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array
