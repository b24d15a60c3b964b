"""OpenCV's DNN module: what it reads, and the function that asks it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ModelError, ModelSourceError
from limefw.types import Contract
from limefw_plugins.models._batches import flattened, in_batches
from limefw_plugins.models._headers import Header, Port, kind_of, onnx_header, tensorflow_header, tflite_header


VALUES = 2 * 3 * 227 * 227
"""A call: one or two rows take 3 % less processor time than eight, whose results no longer fit the caches."""

GONE = {".caffemodel": "Caffe", ".prototxt": "Caffe", ".weights": "Darknet", ".cfg": "Darknet", ".t7": "Torch7"}
"""By suffix: what earlier versions read."""


def header_of(path: Path) -> Header:
    """Return what a file says; TensorFlow's inputs with channels first, as OpenCV takes them.

    Raises:
        ModelSourceError: where OpenCV reads no such file.
    """
    if once := GONE.get(path.suffix.lower()):
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


def opened(path: Path, threads: int) -> Any:
    """Return the network.

    Raises:
        ModelSourceError: where OpenCV cannot run it.
    """
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


def runner(net: Any, entry: Port, contract: Contract, output: str) -> Callable[[Any], Any]:
    """Return the function from a batch to outputs."""
    shape = entry.shape or (None,) * 4
    names = (output,) if output else ()

    def run(rows: NDArray[Any]) -> NDArray[Any]:
        net.setInput(rows)
        answer: NDArray[Any] = net.forward(*names)  # its binding copies
        return answer

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
        return in_batches(run, rows, shape[0], VALUES)

    return predict
