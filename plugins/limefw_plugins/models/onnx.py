"""ONNX files."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from limefw.errors import ModelSourceError
from limefw.types import Contract, Model


def is_onnx(source: Any) -> bool:
    """Say whether this is the path of an .onnx file."""
    return isinstance(source, os.PathLike) and Path(source).suffix.lower() == ".onnx"


def onnx(
    source: os.PathLike[str],
    /,
    *,
    head: Literal["probabilities", "logits", "sigmoid", "sigmoid_logits", "values"] = "probabilities",
    layout: Literal["auto", "NHWC", "NCHW"] = "auto",
    order: Literal["RGB", "BGR"] = "RGB",
    value_range: Literal["auto"] | tuple[float, float] | None = "auto",
    mean: list[float] | float = 0.0,
    std: list[Annotated[float, Gt(0)]] | Annotated[float, Gt(0)] = 1.0,
    resize: Literal["stretch", "crop", "pad"] = "stretch",
    threads: Annotated[int, Ge(0)] = 0,
) -> Model:
    """An ONNX file of an image model, run by ONNX Runtime on the CPU; its size and layout are read from its input.

    Args:
        head: what its first output means.
        layout: of its input; "auto" looks for the axis of 1, 3 or 4 channels.
        order: of three channels.
        value_range: what black and white are to the model before `mean` and `std`; "auto" is (0, 255) for a model that
            reads uint8, else (0, 1); None: the pixels as they are.
        mean: subtracted, one for each channel in the model's own order, or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the model's size.
        threads: 0 = as many as there are cores.
    """
    path, session = _session(source, threads)
    entry = session.get_inputs()[0]
    planes, size, channels = _shape(entry.shape, layout, path)
    dtype = _dtype(entry.type, path)
    if value_range == "auto":
        value_range = (0.0, 255.0) if dtype == "uint8" else (0.0, 1.0)
    contract = Contract(
        size=size,
        channels=channels,
        layout="NCHW" if planes else "NHWC",
        order=order,
        value_range=value_range,
        mean=_each(mean, "mean", channels),
        std=_each(std, "std", channels),
        dtype=dtype,
        resize=resize,
        head=head,
    )
    fixed = entry.shape[0] if isinstance(entry.shape[0], int) and entry.shape[0] > 0 else None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Model(_runner(session, entry.name, fixed), path.stem, None, contract, digest)


def _session(source: os.PathLike[str], threads: int) -> tuple[Path, Any]:
    import onnxruntime

    if not isinstance(source, str | os.PathLike):
        raise ModelSourceError(f"an ONNX model is the path of a file, got {type(source).__name__}")
    path = Path(source)
    if not path.is_file():
        raise ModelSourceError(f"there is no model file {path}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelSourceError(f"{path} cannot be loaded by ONNX Runtime: {error}") from error
    if len(session.get_inputs()) != 1:
        raise ModelSourceError(f"{path} takes {len(session.get_inputs())} inputs; an image model takes one")
    return path, session


def _each(value: list[float] | float, name: str, channels: int | None) -> tuple[float, ...]:
    each = tuple(value) if isinstance(value, list) else (value,)
    if not each or (channels is not None and len(each) not in (1, channels)):
        raise ModelSourceError(f"{name} has {len(each)} values for {channels} channels: give one, or one each")
    return each


def _shape(shape: list[Any], layout: str, path: Path) -> tuple[bool, tuple[int, int] | None, int | None]:
    """Return whether channels come first, the fixed size and the number of channels, where the file says."""
    if len(shape) != 4:
        raise ModelSourceError(f"{path} takes an input of shape {shape}; an image model takes four axes")
    known = [axis if isinstance(axis, int) and axis > 0 else None for axis in shape]
    planes = layout == "NCHW" or (layout == "auto" and (known[1] in (1, 3, 4) or known[3] not in (1, 3, 4)))
    channels, height, width = (known[1], known[2], known[3]) if planes else (known[3], known[1], known[2])
    size = (height, width) if height is not None and width is not None else None
    return planes, size, channels


_DTYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16", "tensor(uint8)": "uint8",
}  # fmt: skip


def _dtype(name: str, path: Path) -> str:
    if name not in _DTYPES:
        raise ModelSourceError(f"{path} takes {name}; an image model takes one of {', '.join(_DTYPES)}")
    return _DTYPES[name]


def _runner(session: Any, name: str, fixed: int | None) -> Callable[[NDArray[Any]], NDArray[Any]]:
    def predict(batch: NDArray[Any]) -> NDArray[Any]:
        if fixed is None:
            return np.asarray(session.run(None, {name: batch})[0])
        # a file exported for one batch size gets batches of that size, the last one filled up
        short = -len(batch) % fixed
        whole = np.concatenate([batch, np.repeat(batch[-1:], short, axis=0)]) if short else batch
        parts = [session.run(None, {name: whole[at : at + fixed]})[0] for at in range(0, len(whole), fixed)]
        return np.concatenate(parts)[: len(batch)]

    return predict
