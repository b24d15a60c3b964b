"""What files of networks say of themselves, read without the libraries that run them.

ONNX and TensorFlow's graphs are protocol buffers: numbered fields, one after the other, most of them with their length,
so that weights are stepped over unread. TensorFlow Lite's files are FlatBuffers: tables of offsets.
"""

import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


Shape = tuple[int | None, ...]

_ELEMENTS = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}
_PASSES_ON = {"Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast", "Transpose"}
_HEADS = {
    "Softmax": "probabilities", "ZipMap": "probabilities", "LinearClassifier": "probabilities",
    "TreeEnsembleClassifier": "probabilities", "SVMClassifier": "probabilities", "Normalizer": "probabilities",
    "Sigmoid": "sigmoid", "HardSigmoid": "sigmoid", "LogSoftmax": "logits",
    "LinearRegressor": "values", "TreeEnsembleRegressor": "values", "SVMRegressor": "values",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, NumPy's name of its element type, and its shape with None for any length."""

    name: str
    dtype: str
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says.

    Args:
        inputs: that the caller feeds.
        outputs: all of them.
        makers: which operation makes an array, and from which arrays, by its name.
        metadata: the author's own words.
        beside: the names of the files that hold its weights, where it does not hold them all.
    """

    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    makers: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()

    def last_layer(self, output: str) -> str | None:
        """Return the operation that an output comes from, but for those that only move numbers."""
        operation, inputs = self.makers.get(output, (None, ()))
        while operation in _PASSES_ON and inputs[0] in self.makers:
            operation, inputs = self.makers[inputs[0]]
        return operation

    def head(self, output: str) -> str | None:
        """Return what an output means, where its last layer tells."""
        return _HEADS.get(self.last_layer(output) or "")


def kind_of(path: Path) -> str | None:
    """Return "onnx", "ort", "tflite" or "tensorflow" (a graph), as the content says, or None."""
    with path.open("rb") as file:
        start = file.read(8)
    if start[4:8] in (b"TFL3", b"ORTM"):
        return "tflite" if start[4:8] == b"TFL3" else "ort"
    try:
        if start[:1] == b"\x08":
            numbers = {number for number, _ in _fields(_mapped(path))}
            return "onnx" if {1, 7} <= numbers else None
        if start[:1] == b"\n":
            _, node = next(_fields(_mapped(path)))
            return (
                "tensorflow" if {number: type(value) for number, value in _fields(node)}.get(2) is memoryview else None
            )
    except ValueError:
        pass
    return None


def onnx_header(path: Path) -> Header:
    """Return what an ONNX file says.

    Raises:
        ValueError: where it is none, or cut short.
    """
    model = list(_fields(_mapped(path)))
    graph = list(_fields(next(value for number, value in model if number == 7)))
    arrays = [list(_fields(value)) for number, value in graph if number == 5]
    weights = {_text(value) for one in arrays for number, value in one if number == 8}
    ports = {at: tuple(_port(value) for number, value in graph if number == at) for at in (11, 12)}
    makers: dict[str, tuple[str, tuple[str, ...]]] = {}
    for node in (list(_fields(value)) for number, value in graph if number == 1):
        inputs = tuple(_text(value) for number, value in node if number == 1)
        operation = "".join(_text(value) for number, value in node if number == 4)
        makers |= {_text(value): (operation, inputs) for number, value in node if number == 2}
    places = [_pair(value) for one in arrays for number, value in one if number == 13]
    return Header(
        tuple(port for port in ports[11] if port.name not in weights),
        ports[12],
        makers,
        dict(_pair(value) for number, value in model if number == 14),
        tuple(sorted({place for key, place in places if key == "location"})),
    )


def tensorflow_header(path: Path) -> Header:
    """Return the inputs of a TensorFlow graph: its placeholders.

    Raises:
        ValueError: where it is none, or cut short.
    """
    inputs = []
    for node in (list(_fields(value)) for number, value in _fields(_mapped(path)) if number == 1):
        named = {number: value for number, value in node if number != 5}
        if 2 in named and _text(named[2]) == "Placeholder":
            attributes = {_text(pair[1]): pair[2] for pair in (dict(_fields(value)) for n, value in node if n == 5)}
            shape = dict(_fields(attributes["shape"])).get(7, memoryview(b"")) if "shape" in attributes else None
            sizes = None if shape is None else tuple(_length(value) for number, value in _fields(shape) if number == 2)
            kind = dict(_fields(attributes["dtype"])).get(6, 0) if "dtype" in attributes else 1
            inputs.append(Port(_text(named[1]), {1: "float32", 4: "uint8"}.get(kind, f"type {kind}"), sizes))
    return Header(tuple(inputs))


def tflite_header(path: Path) -> Header:
    """Return the inputs of a TensorFlow Lite file.

    Raises:
        ValueError: where it is none, or cut short.
    """
    data = _mapped(path)

    def number(at: int, form: str = "<i") -> int:
        return int(struct.unpack_from(form, data, at)[0])

    def member(table: int, index: int) -> int:
        offsets = table - number(table)
        known = 4 + 2 * index < number(offsets, "<H")
        offset = number(offsets + 4 + 2 * index, "<H") if known else 0
        return table + offset if offset else 0

    def inside(at: int) -> int:
        return at + number(at, "<I")

    def numbers(at: int) -> list[int]:
        return [number(at + 4 + 4 * index) for index in range(number(at))]

    try:
        graph = inside(inside(member(inside(0), 2)) + 4)
        tensors, fed = inside(member(graph, 0)), numbers(inside(member(graph, 1)))
        inputs = []
        for at in (inside(tensors + 4 + 4 * index) for index in fed):
            sizes = tuple(size if size > 0 else None for size in numbers(inside(member(at, 0))))
            kind = data[member(at, 1)] if member(at, 1) else 0
            inputs.append(Port("input", {0: "float32"}.get(kind, f"type {kind}"), sizes))
    except (struct.error, IndexError) as error:
        raise ValueError(f"it is cut short: {error}") from error
    return Header(tuple(inputs))


def _mapped(path: Path) -> memoryview:
    """Return the file's bytes, of which only those looked at are read from the disk."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _fields(data: Any) -> Iterator[tuple[int, Any]]:
    """Yield (number, integer or bytes) for each field of a message."""
    if not isinstance(data, memoryview):
        raise ValueError("a number stands where a message should")  # noqa: TRY004 - the file is wrong, not the caller
    at = 0
    while at < len(data):
        key, at = _integer(data, at)
        if key & 7 == 0:
            value, at = _integer(data, at)
            yield key >> 3, value
            continue
        if key & 7 not in (1, 2, 5):
            raise ValueError("it holds a field of no known kind")
        size = {1: 8, 5: 4}.get(key & 7, 0)
        if not size:
            size, at = _integer(data, at)
        if at + size > len(data):
            raise ValueError("it is cut short")
        yield key >> 3, data[at : at + size]
        at += size


def _integer(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("it is cut short")
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


def _text(value: Any) -> str:
    return bytes(value).decode()


def _pair(value: Any) -> tuple[str, str]:
    pair = dict(_fields(value))
    return _text(pair.get(1, b"")), _text(pair.get(2, b""))


def _length(value: Any) -> int | None:
    """Return a dimension's size, None where it is a name, missing, or no length (-1 is written as 2^64 - 1)."""
    size = dict(_fields(value)).get(1)
    return size if isinstance(size, int) and 0 < size < 1 << 63 else None


def _port(value: Any) -> Port:
    told = dict(_fields(value))
    tensor = dict(_fields(dict(_fields(told[2])).get(1, memoryview(b"")))) if 2 in told else {}
    shape = tuple(_length(size) for number, size in _fields(tensor[2]) if number == 1) if 2 in tensor else None
    element = tensor.get(1, 0)
    return Port(_text(told[1]), _ELEMENTS.get(element, f"type {element}"), shape)
