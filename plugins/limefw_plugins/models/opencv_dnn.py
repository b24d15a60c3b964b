"""Files of networks that OpenCV runs."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import ModelError, ModelSourceError
from limefw.types import Contract, Model
from limefw_plugins.models._contract import (
    Head,
    Layout,
    Means,
    Order,
    Preprocessing,
    Range,
    Resize,
    Size,
    Spreads,
    Wishes,
    class_names,
)
from limefw_plugins.models._headers import Header, Port, kind_of, onnx_header, tensorflow_header, tflite_header
from limefw_plugins.models._network import (
    chosen_output,
    contract_of,
    existing,
    flattened,
    in_batches,
    only_input,
    sha256,
    told_names,
)


CHUNK = 8
"""Rows a call: as fast as any (docs/adr/0003)."""

_GONE = {".caffemodel": "Caffe", ".prototxt": "Caffe", ".weights": "Darknet", ".cfg": "Darknet", ".t7": "Torch7"}


def is_network(source: Any) -> bool:
    """Say whether this is the path of a TensorFlow graph or a TensorFlow Lite file, or of one that was read once."""
    if not isinstance(source, os.PathLike):
        return False
    path = Path(source)
    return path.suffix.lower() in _GONE or (path.is_file() and kind_of(path) in ("tflite", "tensorflow"))


def opencv_dnn(
    source: os.PathLike[str],
    /,
    *,
    head: Head = "auto",
    preprocessing: Preprocessing = "auto",
    size: Size = None,
    layout: Layout = "auto",
    order: Order = "auto",
    value_range: Range = "auto",
    mean: Means = None,
    std: Spreads = None,
    resize: Resize = "stretch",
    classes: str | None = None,
    output: str | int | None = None,
    threads: Annotated[int, Ge(0)] = 0,
) -> Model:
    """A file of ONNX, TensorFlow Lite or TensorFlow (a frozen graph), run by OpenCV on the CPU.

    Size, channels and element type are read from it; from ONNX also layout, head and class names.

    Args:
        head: what its output means; "auto" looks at the last layer of ONNX.
        preprocessing: of pixels, by name; what stands below comes on top.
        size: (height, width), where the file leaves it open.
        layout: of its input; "auto" looks for the axis of channels. OpenCV turns TensorFlow's into NCHW.
        order: of three channels.
        value_range: what black and white are to the model before `mean` and `std`; "auto" is (0, 255) for a model that
            reads bytes, else (0, 1); None: the pixels as they are.
        mean: subtracted, one for each channel in the model's own order, or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the model's size.
        classes: a file of class names, or "imagenet".
        output: of several, its name or number; by default the first that holds real numbers.
        threads: 0 = as many as OpenCV likes; a setting of the whole process, left alone at 0.
    """
    path = existing(source, "a network for OpenCV")
    header, net = _header(path), _net(path, threads)
    entry = only_input(header.inputs, path)
    outputs = header.outputs or tuple(Port(name, "float32", None) for name in net.getUnconnectedOutLayersNames())
    chosen, notes = chosen_output(outputs, output, path)
    wishes = Wishes(head, preprocessing, size, layout, order, value_range, mean, std, resize)
    contract, assumed = contract_of(entry, header, chosen, wishes, path.name, chunk=CHUNK)
    names = class_names(classes) or told_names(header.metadata, chosen.shape[-1] if chosen.shape else None)
    several = chosen.name if len(outputs) > 1 else ""
    predict = _runner(net, entry, contract, several)
    digest = f"{sha256(path, header.beside)}:{chosen.name}:OpenCV"
    return Model(predict, path.stem, names, contract, digest, (*notes, *assumed))


def _header(path: Path) -> Header:
    """Return what a file says; TensorFlow's inputs with channels first, as OpenCV takes them."""
    if once := _GONE.get(path.suffix.lower()):
        raise ModelSourceError(f"{path}: OpenCV 5 reads no {once} files any more. Convert it to ONNX")
    kind = kind_of(path) or "onnx"
    read = {"onnx": onnx_header, "tensorflow": tensorflow_header, "tflite": tflite_header}.get(kind)
    if read is None:
        raise ModelSourceError(f"{path} is no file that OpenCV reads: ONNX, TensorFlow Lite or a TensorFlow graph")
    try:
        header = read(path)
    except (ValueError, LookupError, StopIteration) as error:
        text = f"{path} cannot be read as ONNX, TensorFlow Lite or a TensorFlow graph: {error or 'it is none'}"
        raise ModelSourceError(text) from error
    if kind == "onnx":
        return header
    ports = [Port(port.name, port.dtype, _planes_first(port.shape)) for port in header.inputs]
    return Header(tuple(ports))


def _planes_first(shape: tuple[int | None, ...] | None) -> tuple[int | None, ...] | None:
    return (shape[0], shape[3], shape[1], shape[2]) if shape and len(shape) == 4 else shape


def _net(path: Path, threads: int) -> Any:
    import cv2

    if threads:
        cv2.setNumThreads(threads)
    # the new engine ends the process on graphs that the classic one refuses
    engine = cv2.dnn.ENGINE_CLASSIC if kind_of(path) == "tensorflow" else cv2.dnn.ENGINE_AUTO
    read: dict[str | None, Any] = {"tensorflow": cv2.dnn.readNetFromTensorflow, "tflite": cv2.dnn.readNetFromTFLite}
    try:
        with _silent(cv2):
            net = read.get(kind_of(path), cv2.dnn.readNetFromONNX)(str(path), engine=engine)
    except cv2.error as error:
        told = " ".join(str(getattr(error, "err", "") or error).split())
        raise ModelSourceError(f"{path} cannot be loaded by OpenCV: {told}") from error
    if net.empty():
        raise ModelSourceError(f"{path} holds no network")
    return net


@contextmanager
def _silent(cv2: Any) -> Iterator[None]:
    """Keep OpenCV from printing what it also raises."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _runner(net: Any, entry: Port, contract: Contract, output: str) -> Callable[[Any], Any]:
    shape = entry.shape or (None,) * 4
    names = (output,) if output else ()

    def run(rows: NDArray[Any]) -> NDArray[Any]:
        net.setInput(rows)
        return np.array(net.forward(*names))

    def predict(batch: NDArray[Any]) -> Any:
        rows = np.ascontiguousarray(batch, dtype=contract.dtype)
        rows = flattened(rows, shape[1]) if len(shape) == 2 else rows
        # OpenCV would read beyond the rows of a batch that does not fit, and end the process on an empty one
        if rows.ndim != len(shape) or any(
            size not in (None, have) for size, have in zip(shape[1:], rows.shape[1:], strict=True)
        ):
            raise ModelError(f"the model takes {contract.layout} batches of shape {shape}, got {rows.shape}")
        if not len(rows):
            return in_batches(run, np.zeros((1, *rows.shape[1:]), rows.dtype), shape[0])[:0]
        return in_batches(run, rows, shape[0])

    return predict
