"""What the adapters for Keras share: the backend, what a model says of its input and output, and how it is called."""

import importlib
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import MissingDependencyError, ModelSourceError
from limefw.stage import is_installed
from limefw.types import Contract
from limefw_plugins.models._contract import PREPROCESSING, Wishes
from limefw_plugins.models._keras_applications import MODES, module_of


BACKENDS = ("tensorflow", "torch", "jax")
"""Tried in this order where nobody has said which."""

PIXELS_A_CALL = 400_000
"""On PyTorch's CPU: 8 rows of 224 x 224. The buffers of more are given back and fetched anew for every layer."""


def keras_itself() -> Any:
    """Import Keras on the backend that was chosen (KERAS_BACKEND, keras.json), else on one that is installed.

    Raises:
        MissingDependencyError: where there is none.
    """
    with unmoved():
        return _imported()


def _imported() -> Any:
    if "keras" in sys.modules or os.environ.get("KERAS_BACKEND"):
        return importlib.import_module("keras")
    chosen = next((name for name in (_configured(), *BACKENDS) if name and is_installed(name)), None)
    if chosen is None:
        raise MissingDependencyError(
            "Keras needs a backend, and none is installed. Run: pip install tensorflow-cpu (or torch)"
        )
    os.environ["KERAS_BACKEND"] = chosen
    try:
        return importlib.import_module("keras")
    finally:
        del os.environ["KERAS_BACKEND"]


def _configured() -> str | None:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((home / "keras.json").read_text(encoding="utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def unmoved() -> Iterator[None]:
    """Put the global random states back: Keras seeds every new layer from Python's."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch:
            torch.set_rng_state(states[2])


@contextmanager
def on_its_own_backend(keras: Any) -> Iterator[None]:
    """Keep Keras from importing TensorFlow (seconds) beside another backend, as it does to read .h5 files."""
    if keras.backend.backend() == "tensorflow" or "tensorflow" in sys.modules:
        yield
        return
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["tensorflow"]
        # Keras has noted that it is not installed: it may look again
        importlib.import_module("keras.src.utils.module_utils").tensorflow._available = None  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model says of itself.

    Args:
        contract: of its input and output, with what had to be assumed.
        notes: what that was.
        shape: of its input with the batch first, as far as it is fixed, or None where it does not say.
        classes: how many outputs, where it says.
        application: the module of keras.applications that it is from.
    """

    contract: Contract
    notes: tuple[str, ...] = ()
    shape: tuple[int | None, ...] | None = None
    classes: int | None = None
    application: str | None = None


def read(keras: Any, model: Any, wishes: Wishes, output: int, loss: Any = None) -> Reading:
    """Return what a model says of itself, and what is wished.

    Raises:
        ModelSourceError: where it takes several inputs, no image, or another size than is wished.
    """
    shape, dtype = _input(keras, model)
    name = getattr(model, "name", "model")
    tensors = keras.tree.flatten(getattr(model, "outputs", None) or [])
    if tensors and output >= len(tensors):
        raise ModelSourceError(f"{name} has {len(tensors)} outputs: output is one of 0 to {len(tensors) - 1}")
    known = _frame(model, shape, wishes, name)
    notes = []
    if len(tensors) > 1:
        notes.append(f"of its {len(tensors)} outputs number {output} was taken")
    application = module_of(name)
    values = _values(model, application, dtype, known.channels)
    if values is None:
        values = PREPROCESSING["0..1"]
        if wishes.preprocessing == "auto" and wishes.value_range == "auto":
            notes.append(
                f"{name} was assumed to take pixels in 0..1: where that is wrong, give its preprocessing, as '0..255', "
                "'-1..1' or 'keras:vgg16'"
            )
    elif values is PREPROCESSING.get(MODES.get(application or "", "")) and wishes.preprocessing == "auto":
        notes.append(f"it is called {name!r}: its pixels are preprocessed as keras.applications.{application} does")
    head, sure = _head(tensors[output] if tensors else None, loss or getattr(model, "loss", None))
    if not sure and wishes.head == "auto":
        meant = "plain numbers (of a regressor)" if head == "values" else head
        notes.append(f"the outputs of {name} were assumed to be {meant}: where that is wrong, give its head")
    classes = tensors[output].shape[-1] if tensors and len(tensors[output].shape) == 2 else None
    known = replace(known, dtype=dtype, head=head, **values)
    return Reading(wishes.applied(known), tuple(notes), shape, classes, application)


def _input(keras: Any, model: Any) -> tuple[tuple[int | None, ...] | None, str]:
    """Return the shape of the one input with the batch first, and its dtype."""
    if hasattr(model, "call_endpoint_fn"):  # a SavedModel
        positional, named = model.call_endpoint_fn.structured_input_signature
        specs = [*positional, *named.values()]
    else:
        specs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    if specs:
        names = ", ".join(str(spec.name) for spec in specs)
        if len(specs) > 1:
            raise ModelSourceError(_several(model, f"{len(specs)} inputs ({names})"))
        return tuple(specs[0].shape), keras.backend.standardize_dtype(specs[0].dtype)
    built = (model.get_build_config() if model.built else None) or {}
    shapes: list[Any] = list((built.get("shapes_dict") or {"": built.get("input_shape")}).values())
    if (
        len(shapes) > 1
        or isinstance(shapes[0], dict)
        or any(isinstance(part, list | tuple) for part in shapes[0] or ())
    ):
        raise ModelSourceError(_several(model, "several inputs"))
    return (None, *shapes[0][1:]) if shapes[0] else None, "float32"


def _several(model: Any, what: str) -> str:
    return (
        f"{model.name} takes {what}; an image model takes one. Give a function that brings in the others: "
        "limefw.model(lambda batch: model.predict([batch, ...], verbose=0))"
    )


def _frame(model: Any, shape: tuple[int | None, ...] | None, wishes: Wishes, name: str) -> Contract:
    """Return layout, size and channels."""
    if shape is None:
        return Contract(layout="NCHW" if wishes.layout == "NCHW" else "NHWC")
    if len(shape) == 3:  # pictures without an axis for channels
        shape = (*shape, 1)
    if len(shape) != 4:
        raise ModelSourceError(
            f"{name} takes an input of shape {shape}; an image model takes (batch, height, width, channels). Give a "
            "function that brings pixels into its form: limefw.model(lambda batch: ...)"
        )
    first = _channels_first(model, shape) if wishes.layout == "auto" else wishes.layout == "NCHW"
    channels, height, width = shape[1:] if first else (shape[3], shape[1], shape[2])
    size = (height, width) if height and width else None
    if size and wishes.size and size != tuple(wishes.size):
        raise ModelSourceError(f"{name} takes pictures of {size[0]} x {size[1]}, not of {wishes.size}")
    return Contract(size=size, channels=channels, layout="NCHW" if first else "NHWC")


def _channels_first(model: Any, shape: tuple[int | None, ...]) -> bool:
    for layer in _leaves(model):
        if (said := getattr(layer, "data_format", None)) in ("channels_first", "channels_last"):
            return bool(said == "channels_first")
    return shape[1] in (1, 3, 4) and shape[3] not in (1, 3, 4)


def _leaves(model: Any) -> Iterator[Any]:
    """Yield the layers and operations of a model in order, those of models inside it too."""
    parts: Any = getattr(model, "operations", None) or getattr(model, "layers", ())
    for part in parts:
        if getattr(part, "layers", ()):
            yield from _leaves(part)
        else:
            yield part


_PASSED = ("InputLayer", "Identity", "Dropout", "Resizing", "CenterCrop")


def _values(model: Any, application: str | None, dtype: str, channels: int | None) -> Any:
    """Return what pixels the model takes, where it says so: by its dtype, a first layer that rescales, or its name."""
    if dtype == "uint8":
        return PREPROCESSING["0..255"]
    kinds = ((type(leaf).__name__, leaf) for leaf in _leaves(model))
    first: Any
    kind, first = next(
        ((kind, leaf) for kind, leaf in kinds if kind not in _PASSED and not kind.startswith("Random")), ("", None)
    )
    reach = None
    if kind == "Rescaling":
        reach = 1.0 / float(np.max(np.abs(first.scale)))
    elif kind == "Normalization" and first.input_mean is not None:
        reach = float(np.max(np.abs(first.input_mean)))
    elif kind in ("Divide", "TrueDivide"):
        given = first._inbound_nodes[0].arguments.args  # noqa: SLF001
        reach = max((part for part in given if isinstance(part, int | float)), default=None)
    if reach is not None:
        return PREPROCESSING["0..255" if reach > 2.0 else "0..1"]
    # those that take 0..255 rescale by themselves: one that does not was built otherwise
    named = MODES.get(application or "", "0..255")
    return PREPROCESSING[named] if named != "0..255" and channels == 3 else None


_THROUGH = ("Flatten", "Reshape", "Dropout", "Identity", "Cast")
Outputs = Literal["probabilities", "logits", "sigmoid", "sigmoid_logits", "values"]


def _head(tensor: Any, loss: Any) -> tuple[Outputs, bool]:
    """Return what a symbolic output means, and whether that is sure: from the activation that made it, or the loss."""
    if tensor is None:  # it could have been trained on logits or on probabilities
        return ("values", True) if _from_loss(loss, None) == ("values", True) else ("probabilities", False)
    width = tensor.shape[-1]
    while (made := getattr(tensor, "_keras_history", None)) is not None:
        made_by, kind = made.operation, type(made.operation).__name__
        if getattr(made_by, "layers", ()) and len(made_by.outputs) == 1:
            tensor = made_by.outputs[0]  # a model inside it
            continue
        word = getattr(getattr(made_by, "activation", None), "__name__", kind.lower())
        if word in ("softmax", "sigmoid"):
            return "sigmoid" if word == "sigmoid" else "probabilities", True
        if kind not in _THROUGH and not (kind == "Activation" and word == "linear"):
            break
        tensor = made_by._inbound_nodes[made.node_index].input_tensors[0]  # noqa: SLF001
    return _from_loss(loss, width)


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


def chunk_of(keras: Any, size: tuple[int, int] | None) -> int | None:
    """Return how many rows a call suit the backend, or None for limefw's own choice."""
    if keras.backend.backend() != "torch" or importlib.import_module("torch").cuda.is_available():
        return None
    return 8 if size is None else int(np.clip(PIXELS_A_CALL // (size[0] * size[1]), 1, 256))


def runner(keras: Any, model: Any, reading: Reading, output: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return what calls the model: on TensorFlow a graph for any number of rows, traced once, else itself."""
    shape, structure = reading.shape, getattr(model, "input", None) if getattr(model, "inputs", None) else None

    def answer(batch: Any) -> Any:
        if shape is not None and len(shape) == 3:
            batch = batch[..., 0]
        given = batch if structure is None else keras.tree.map_structure(lambda _: batch, structure)
        found = keras.tree.flatten(model(given, training=False))[output]
        half = keras.backend.standardize_dtype(found.dtype) in ("float16", "bfloat16")
        return keras.ops.cast(found, "float32") if half else found

    call = _graph(answer, reading) if keras.backend.backend() == "tensorflow" else _eager(keras, answer)
    return call if shape is None or shape[0] is None else _in_batches(call, shape[0])


def _graph(answer: Callable[[Any], Any], reading: Reading) -> Callable[[NDArray[Any]], NDArray[Any]]:
    import tensorflow as tf

    if reading.shape is None:  # a model that is built by its first batch
        traced = tf.function(answer, reduce_retracing=True)
    else:
        shape = (*reading.shape, 1) if len(reading.shape) == 3 else reading.shape
        traced = tf.function(answer).get_concrete_function(tf.TensorSpec(shape, reading.contract.dtype))
    dtype = reading.contract.dtype
    return lambda batch: np.asarray(traced(tf.convert_to_tensor(batch, dtype)).numpy())


def _eager(keras: Any, answer: Callable[[Any], Any]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    if keras.backend.backend() != "torch":
        return lambda batch: np.array(keras.ops.convert_to_numpy(answer(keras.ops.convert_to_tensor(batch))))
    import torch

    def predict(batch: NDArray[Any]) -> NDArray[Any]:
        # not inference_mode: what a model builds or keeps in there could never be trained again
        with torch.no_grad():
            return np.asarray(answer(keras.ops.convert_to_tensor(batch)).cpu().numpy())

    return predict


def _in_batches(call: Callable[[NDArray[Any]], NDArray[Any]], rows: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Call a model that was built for one number of rows with as many, the last ones filled up."""

    def predict(batch: NDArray[Any]) -> NDArray[Any]:
        short = -len(batch) % rows
        whole = np.concatenate([batch, np.repeat(batch[-1:], short, axis=0)]) if short else batch
        parts = [call(whole[at : at + rows]) for at in range(0, len(whole), rows)]
        return np.concatenate(parts)[: len(batch)]

    return predict
