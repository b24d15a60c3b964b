"""ONNX files."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge

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
from limefw_plugins.models._files import digest_of, existing
from limefw_plugins.models._headers import Header, kind_of, onnx_header
from limefw_plugins.models._network import chosen_output, contract_of, only_input, told_names
from limefw_plugins.models._onnxruntime import on_cpu, opened, port, runner


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
    session = opened(path, threads, providers)
    header = onnx_header(path) if kind_of(path) == "onnx" else Header()
    inputs, outputs = ([port(one) for one in ports] for ports in (session.get_inputs(), session.get_outputs()))
    wishes = Wishes(head, preprocessing, size, layout, order, value_range, mean, std, resize)
    entry, chosen, notes = only_input(inputs, path), *chosen_output(outputs, output, path)
    contract, assumed = contract_of(entry, header, chosen, wishes, path.name, None if on_cpu(session) else 64)
    predict, labels = runner(session, entry, chosen)
    names, left = told_names(session.get_modelmeta().custom_metadata_map, chosen.shape[-1] if chosen.shape else None)
    weights = (path.parent / name for name in header.beside)
    digest = f"{digest_of(path, *weights)}:{chosen.name}:{session.get_providers()[0]}"
    return Model(
        predict, path.stem, class_names(classes) or names or labels, contract, digest, (*notes, *assumed, *left)
    )
