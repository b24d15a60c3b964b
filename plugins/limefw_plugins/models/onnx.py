"""ONNX files."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import ModelSourceError, did_you_mean
from limefw.types import Model
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
from limefw_plugins.models._headers import Header, Port, kind_of, onnx_header
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


_DTYPES = {"float": "float32", "double": "float64"}


def is_onnx(source: Any) -> bool:
    """Say whether this is the path of an ONNX file, by its suffix or its content."""
    if not isinstance(source, os.PathLike):
        return False
    path = Path(source)
    return path.suffix.lower() in (".onnx", ".ort") or (path.is_file() and kind_of(path) in ("onnx", "ort"))


def onnx(
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
    providers: Literal["auto"] | list[str] = "auto",
    threads: Annotated[int, Ge(0)] = 0,
) -> Model:
    """An ONNX file, run by ONNX Runtime; size, layout, element type, head and class names are read from it.

    Args:
        head: what its output means; "auto" looks at its last layer.
        preprocessing: of pixels, by name; what stands below comes on top.
        size: (height, width), where the file leaves it open.
        layout: of its input; "auto" looks for the axis of channels.
        order: of three channels.
        value_range: what black and white are to the model before `mean` and `std`; "auto" is (0, 255) for a model that
            reads bytes, else (0, 1); None: the pixels as they are.
        mean: subtracted, one for each channel in the model's own order, or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the model's size.
        classes: a file of class names, or "imagenet".
        output: of several, its name or number; by default the first that holds real numbers.
        providers: of ONNX Runtime, the first choice first; "auto" is CUDA where it is there, else the CPU.
        threads: 0 = as many as there are cores.
    """
    path = existing(source, "an ONNX model")
    session = _session(path, threads, providers)
    header = onnx_header(path) if kind_of(path) == "onnx" else Header()
    inputs, outputs = ([_port(one) for one in ports] for ports in (session.get_inputs(), session.get_outputs()))
    wishes = Wishes(head, preprocessing, size, layout, order, value_range, mean, std, resize)
    entry, chosen, notes = only_input(inputs, path), *chosen_output(outputs, output, path)
    contract, assumed = contract_of(entry, header, chosen, wishes, path.name)
    predict, labels = _runner(session, entry, chosen)
    names = told_names(session.get_modelmeta().custom_metadata_map, chosen.shape[-1] if chosen.shape else None)
    digest = f"{sha256(path, header.beside)}:{chosen.name}:{session.get_providers()[0]}"
    return Model(predict, path.stem, class_names(classes) or names or labels, contract, digest, (*notes, *assumed))


def _session(path: Path, threads: int, providers: str | Sequence[str]) -> Any:
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


def _port(told: Any) -> Port:
    """Return an input or output of a session; "tensor(float)" is float32, other kinds keep their name."""
    element = told.type.removeprefix("tensor(").removesuffix(")") if told.type.startswith("tensor(") else told.type
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in told.shape)
    return Port(told.name, _DTYPES.get(element, element), shape)


def _runner(session: Any, entry: Port, output: Port) -> tuple[Callable[[Any], Any], tuple[str, ...] | None]:
    """Return the function from a batch to outputs, and class names where each row is a mapping from them."""
    shape = entry.shape or ()
    fixed = shape[0] if shape else None
    mapping = output.dtype.startswith("seq(map")

    def run(rows: NDArray[Any]) -> Any:
        found = session.run([output.name], {entry.name: rows})[0]
        return np.array([list(row.values()) for row in found]) if mapping else found

    def predict(batch: NDArray[Any]) -> Any:
        rows = np.ascontiguousarray(batch, dtype=entry.dtype)
        return in_batches(run, flattened(rows, shape[1]) if len(shape) == 2 else rows, fixed)

    sizes = [size for size in shape[1:] if size is not None]
    if not mapping or len(sizes) + 1 < len(shape):
        return predict, None
    example = np.zeros((fixed or 1, *sizes), dtype=entry.dtype)
    row = session.run([output.name], {entry.name: example})[0][0]
    return predict, tuple(str(name) for name in row)
