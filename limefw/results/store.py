"""Saved explanations: a zip of one JSON text and one .npy file per array. Nothing in it is ever executed.

A file may come from anywhere, so every size is checked before memory is taken for it, arrays of objects (pickles) are
refused, and only the value types named here are built.
"""

import io
import json
import math
import os
import reprlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from limefw._files import write_whole
from limefw.errors import StoreError


SCHEMA = 2
"""2: explanations hold what-if answers. What a file of an older schema lacks has a default."""

LARGEST = 2_000_000_000
"""Bytes that the parts of a file may unpack to in all."""

LARGEST_TEXT = 20_000_000
_LIMITS = f"{LARGEST / 1e9:g} GB in all and {LARGEST_TEXT / 1e6:g} MB of text"
_HEADER = 128
"""Bytes that NumPy writes before an array of few axes."""

TEXT = "explanation.json"
_KINDS = frozenset("biuf")
_PLAIN_ZIP = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def save(path: str | os.PathLike[str], value: Any) -> Path:
    """Write a dataclass of arrays and plain values to `path`, whole or not at all.

    Raises:
        StoreError: where the disk will not have it, or it holds something that is neither JSON nor numbers.
    """
    arrays: list[NDArray[Any]] = []
    content = {"format": "limefw explanation", "schema": SCHEMA, "content": _pack(value, arrays)}
    try:
        text = json.dumps(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"cannot write {os.fspath(path)}: it holds more than numbers and text: {error}") from error
    size = len(text) + sum(array.nbytes + _HEADER for array in arrays)
    if size > LARGEST or len(text) > LARGEST_TEXT:
        holds = f"{size / 1e9:.1f} GB, {len(text) / 1e6:.1f} MB of it text,"
        raise StoreError(
            f"cannot write {os.fspath(path)}: {holds} are more than the {_LIMITS} that limefw reads back. "
            "Explain fewer labels, or larger segments"
        )
    stream = io.BytesIO()
    # pixels shrink hardly more at higher levels, and a large photograph would take longer than all its pictures
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(TEXT, text)
        for number, array in enumerate(arrays):
            with archive.open(f"{number}.npy", "w") as part:
                np.lib.format.write_array(part, np.ascontiguousarray(array), allow_pickle=False)
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
            parts = [item for item in archive.infolist() if item.filename.endswith(".npy")]
            arrays = {part.filename: _array(archive, part) for part in parts}
            return _Reader(name, types, arrays).value(content["content"])
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
    text = sum(item.file_size for item in archive.infolist() if item.filename == TEXT)
    if total > LARGEST or text > LARGEST_TEXT:
        unpacked = f"{total / 1e9:.2f} GB, {text / 1e6:.1f} MB of it text"
        raise StoreError(f"{name} would unpack to {unpacked}, more than the {_LIMITS} allowed")
    if any(item.compress_type not in _PLAIN_ZIP for item in archive.infolist()):
        raise StoreError(f"{name} is compressed in a way that limefw does not write")


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
        if value.dtype.kind not in _KINDS:
            raise StoreError(f"an array of type {value.dtype} cannot be saved: only numbers and booleans can")
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


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        if dtype.kind not in _KINDS or math.prod(shape) * dtype.itemsize > info.file_size:
            claim = f"{info.filename} of {archive.filename} claims {dtype}{shape}"
            raise StoreError(f"{claim}, which its bytes cannot hold")
        stream.seek(0)
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


@dataclass(frozen=True, slots=True)
class _Reader:
    """Builds values from the text and the arrays of the file `name`; however often an array is named, it is one."""

    name: str
    types: Mapping[str, type]
    arrays: Mapping[str, NDArray[Any]]

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return tuple(self.value(item) for item in value)
        if not isinstance(value, dict):
            return value
        if "$array" in value:
            return self.arrays[f"{value['$array']}.npy"]
        if "$map" in value:
            return {self.value(key): self.value(item) for key, item in value["$map"]}
        kind = self.types.get(value["$type"])
        if kind is None:
            raise StoreError(f"{self.name} holds a {value['$type']!r}, which is no part of an explanation")
        inside, hints = {key: self.value(item) for key, item in value["fields"].items()}, get_type_hints(kind)
        for key, item in inside.items():
            if not _is(item, hints[key]):
                raise StoreError(f"{self.name} has {reprlib.repr(item)} for {kind.__name__}.{key}")
        return kind(**inside)


def _is(value: Any, hint: Any) -> bool:
    """Say whether a value, and what it holds, is what a field of one of our dataclasses is annotated as."""
    origin, inner = get_origin(hint), get_args(hint)
    if (meant := getattr(origin or hint, "__value__", None)) is not None:
        return _is(value, meant)  # NumPy 2.5's NDArray is a `type` statement's alias
    if origin in (Union, UnionType):
        return any(_is(value, option) for option in inner)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    if hint is not Any and not isinstance(value, origin or hint):
        return False
    if origin is tuple:
        each = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return len(each) == len(value) and all(map(_is, value, each))
    items = value.items() if isinstance(value, Mapping) and inner else ()
    return all(_is(key, inner[0]) and _is(item, inner[1]) for key, item in items)
