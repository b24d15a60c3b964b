"""ONNX Runtime: a session, and the function that asks it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ModelSourceError, did_you_mean
from limefw_plugins.models._batches import flattened, in_batches
from limefw_plugins.models._headers import Port


VALUES = 4 * 3 * 227 * 227
"""A call on the CPU: SqueezeNet takes 7 % more processor time with three times as many, as memory is given back."""

_DTYPES = {"float": "float32", "double": "float64"}


def opened(path: Path, threads: int, providers: str | Sequence[str]) -> Any:
    """Return a session.

    Raises:
        ModelSourceError: where the file is none, or a provider is not there.
    """
    import onnxruntime

    known = onnxruntime.get_available_providers()
    wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"] if providers == "auto" else providers
    for name in wanted if providers != "auto" else ():
        if name not in known:
            hint = did_you_mean(name, known)
            raise ModelSourceError(f"this ONNX Runtime has no {name!r}.{hint} There are: {', '.join(known)}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path, options, providers=[name for name in wanted if name in known])
    except Exception as error:
        raise ModelSourceError(f"{path} cannot be loaded by ONNX Runtime: {error}") from error


def on_cpu(session: Any) -> bool:
    """Say whether it runs there."""
    return bool(session.get_providers()[0] == "CPUExecutionProvider")


def port(told: Any) -> Port:
    """Return an input or output of a session; "tensor(float)" is float32, other kinds keep their name."""
    element = told.type.removeprefix("tensor(").removesuffix(")") if told.type.startswith("tensor(") else told.type
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in told.shape)
    return Port(told.name, _DTYPES.get(element, element), shape)


def runner(session: Any, entry: Port, output: Port) -> tuple[Callable[[Any], Any], tuple[str, ...] | None]:
    """Return the function from a batch to outputs, and class names where each row is a mapping from them."""
    shape = entry.shape or ()
    fixed = shape[0] if shape else None
    values = VALUES if on_cpu(session) else None
    mapping = output.dtype.startswith("seq(map")

    def run(rows: NDArray[Any]) -> Any:
        found = session.run([output.name], {entry.name: rows})[0]
        return np.array([list(row.values()) for row in found]) if mapping else found

    def predict(batch: NDArray[Any]) -> Any:
        rows = np.ascontiguousarray(batch, dtype=entry.dtype)
        return in_batches(run, flattened(rows, shape[1]) if len(shape) == 2 else rows, fixed, values)

    sizes = [size for size in shape[1:] if size is not None]
    if not mapping or len(sizes) + 1 < len(shape):
        return predict, None
    example = np.zeros((fixed or 1, *sizes), dtype=entry.dtype)
    row = session.run([output.name], {entry.name: example})[0][0]
    return predict, tuple(str(name) for name in row)
