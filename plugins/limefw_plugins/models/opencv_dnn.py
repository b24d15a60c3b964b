"""Files of networks that OpenCV runs."""

import os
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from limefw.imports import versions_of
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
from limefw_plugins.models._headers import Port, kind_of
from limefw_plugins.models._network import chosen_output, contract_of, only_input, told_names
from limefw_plugins.models._opencv import GONE, header_of, opened, runner


def is_network(source: Any) -> bool:
    """Say whether this is a file of TensorFlow Lite or a TensorFlow graph, by suffix or content, or one read once."""
    if not isinstance(source, os.PathLike):
        return False
    path = Path(source)
    return path.suffix.lower() in {*GONE, ".tflite", ".pb"} or (
        path.is_file() and kind_of(path) in ("tflite", "tensorflow")
    )


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
    header, net = header_of(path), opened(path, threads)
    entry = only_input(header.inputs, path)
    outputs = header.outputs or tuple(Port(name, "float32", None) for name in net.getUnconnectedOutLayersNames())
    chosen, notes = chosen_output(outputs, output, path)
    wishes = Wishes(head, preprocessing, size, layout, order, value_range, mean, std, resize)
    contract, assumed = contract_of(entry, header, chosen, wishes, path.name)
    names, left = told_names(header.metadata, chosen.shape[-1] if chosen.shape else None)
    several = chosen.name if len(outputs) > 1 else ""
    predict = runner(net, entry, contract, several)
    weights = (path.parent / name for name in header.beside)
    digest = f"{digest_of(path, *weights)}:{chosen.name}:OpenCV"
    told = (*notes, *assumed, *left)
    return Model(predict, path.stem, class_names(classes) or names, contract, digest, told, runtime=versions_of("cv2"))
