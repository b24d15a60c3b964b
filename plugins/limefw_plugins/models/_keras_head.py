"""What the outputs of a Keras model mean: by its last activation, else by the loss of its training."""

from typing import Any

from limefw.types import Outputs


_THROUGH = ("Flatten", "Reshape", "Dropout", "Identity", "Cast")


def head_of(tensor: Any, loss: Any) -> tuple[Outputs, bool]:
    """Return what a symbolic output means, and whether that is sure: from the activation that made it, or the loss."""
    if tensor is None:  # it could have been trained on logits or on probabilities
        return ("values", True) if _from_loss(loss, None) == ("values", True) else ("probabilities", False)
    word = _last(tensor)
    if word in ("softmax", "sigmoid"):
        return "sigmoid" if word == "sigmoid" else "probabilities", True
    return _from_loss(loss, tensor.shape[-1])


def ends_in_shares(tensor: Any) -> bool:
    """Say whether a symbolic output comes out of a softmax or a sigmoid."""
    return _last(tensor) in ("softmax", "sigmoid")


def _last(tensor: Any) -> str:
    """Return the name of the activation, or of the operation, that made a symbolic output."""
    while (made := getattr(tensor, "_keras_history", None)) is not None:
        made_by, kind = made.operation, type(made.operation).__name__
        if getattr(made_by, "layers", ()) and len(made_by.outputs) == 1:
            tensor = made_by.outputs[0]  # a model inside it
            continue
        word = str(getattr(getattr(made_by, "activation", None), "__name__", kind.lower()))
        passed = kind in _THROUGH or (kind == "Activation" and word == "linear")
        if word in ("softmax", "sigmoid") or not passed:
            return word
        tensor = made_by._inbound_nodes[made.node_index].input_tensors[0]  # noqa: SLF001
    return ""


def _from_loss(loss: Any, width: int | None) -> tuple[Outputs, bool]:
    """Return what linear outputs mean, and whether that is sure: by the loss of the training, else by their number."""
    if isinstance(loss, dict):
        loss = loss.get("config") if loss.get("class_name") == "function" else loss.get("class_name")
    word = str(loss if isinstance(loss, str) else getattr(loss, "name", "")).replace("_", "").lower()
    if "crossentropy" in word:
        return "sigmoid_logits" if "binary" in word else "logits", True
    regression = word.startswith(("mse", "mae", "msle", "mape", "meansquared", "meanabsolute", "huber", "logcosh"))
    if regression or width == 1:
        return "values", regression
    return "logits" if width else "probabilities", False
