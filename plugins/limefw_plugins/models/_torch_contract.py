"""What a network of PyTorch says of its own input and output."""

from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Contract
from limefw_plugins.models._contract import Size
from limefw_plugins.models._files import OTHERS


_HEADS = {"Softmax": "probabilities", "Softmax2d": "probabilities", "LogSoftmax": "logits", "Sigmoid": "sigmoid"}
_OPERATIONS = {"softmax": "probabilities", "_softmax": "probabilities", "sigmoid": "sigmoid"}


def of_module(module: Any) -> Contract:
    """Read channels from the first convolution, the type from the first weight and the head from the last layer."""
    weights = [(name, weight) for name, weight in module.named_parameters() if weight.is_floating_point()]
    stem = next((weight.shape[1] for name, weight in weights if weight.ndim == 4 and name.endswith("weight")), None)
    leaves = [part for part in module.modules() if not any(True for _ in part.children())]
    last = getattr(leaves[-1], "original_name", type(leaves[-1]).__name__)
    linear = "values" if getattr(leaves[-1], "out_features", None) == 1 else "logits"
    return _contract(stem, weights[0][1].dtype if weights else None, _HEADS.get(last, linear), None)


def of_program(program: Any) -> tuple[Contract, int | None]:
    """Read size, channels, type and a fixed number of rows from a program's input, the head from its last operation."""
    inputs = {*program.graph_signature.user_inputs}
    tensors = [node.meta["val"] for node in program.graph.nodes if node.op == "placeholder" and node.name in inputs]
    if len(tensors) != 1 or getattr(tensors[0], "ndim", 0) != 4:
        shapes = ", ".join(str(list(getattr(tensor, "shape", ()))) for tensor in tensors)
        text = f"the program takes inputs of shape {shapes}; an image model takes one of four axes. {OTHERS}"
        raise ModelSourceError(text)
    rows, channels, height, width = (axis if isinstance(axis, int) else None for axis in tensors[0].shape)
    size = (height, width) if height is not None and width is not None else None
    result = program.graph.output_node().args[0][0]
    operation = str(getattr(result, "target", "")).removeprefix("aten.").partition(".")[0]
    columns = getattr(getattr(result, "meta", {}).get("val"), "shape", ())[1:]
    linear = "values" if columns == (1,) else "logits"
    return _contract(channels, tensors[0].dtype, _OPERATIONS.get(operation, linear), size), rows


def _contract(channels: int | None, dtype: Any, head: Any, size: Size) -> Contract:
    name = str(dtype).removeprefix("torch.")
    return Contract(
        size=size,
        channels=channels if channels in (1, 3, 4) else None,
        layout="NCHW",
        value_range=(0.0, 1.0),
        dtype=name if name in ("float16", "float64", "uint8") else "float32",
        head=head,
    )
