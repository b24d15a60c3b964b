"""What a Keras model says of its input and output."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from limefw.errors import ModelSourceError, did_you_mean
from limefw.types import Contract
from limefw_plugins.models._contract import PREPROCESSING, Wishes
from limefw_plugins.models._files import OTHERS
from limefw_plugins.models._keras_applications import MODES, module_of
from limefw_plugins.models._keras_head import ends_in_shares, head_of


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model says of itself.

    Args:
        contract: of its input and output, with what had to be assumed.
        notes: what that was.
        shape: of its input with the batch first, as far as it is fixed, or None where it does not say.
        classes: how many outputs, where it says.
        application: the module of keras.applications that it is from.
        output: the number of the one that is read.
    """

    contract: Contract
    notes: tuple[str, ...] = ()
    shape: tuple[int | None, ...] | None = None
    classes: int | None = None
    application: str | None = None
    output: int = 0


def read(keras: Any, model: Any, wishes: Wishes, wish: str | int | None, loss: Any = None) -> Reading:
    """Return what a model says of itself, and what is wished.

    Raises:
        ModelSourceError: where it takes several inputs, no image, or another size than is wished.
    """
    shape, dtype = _input(keras, model)
    name = getattr(model, "name", "model")
    tensors = keras.tree.flatten(getattr(model, "outputs", None) or [])
    output, notes = _chosen(model, tensors, wish, name)
    known = _frame(model, shape, wishes, name)
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
    head, sure = head_of(tensors[output] if tensors else None, loss or getattr(model, "loss", None))
    if not sure and wishes.head == "auto":
        meant = "plain numbers (of a regressor)" if head == "values" else head
        notes.append(f"the outputs of {name} were assumed to be {meant}: where that is wrong, give its head")
    classes = tensors[output].shape[-1] if tensors and len(tensors[output].shape) == 2 else None
    known = replace(known, dtype=dtype, head=head, **values)
    return Reading(wishes.applied(known), tuple(notes), shape, classes, application, output)


def _chosen(model: Any, tensors: list[Any], wish: str | int | None, name: str) -> tuple[int, list[str]]:
    """Return the number of the output that is read, and a sentence where another could have been meant.

    Raises:
        ModelSourceError: where there is none of that name or number.
    """
    names = _names(model, tensors)
    count = len(tensors) or len(names)
    if isinstance(wish, str):
        if wish not in names:
            there = f" There are: {', '.join(names)}" if names else " Its outputs have no names: give a number, from 0"
            raise ModelSourceError(f"{name} has no output {wish!r}.{did_you_mean(wish, names)}{there}")
        return names.index(wish), []
    if count and (wish or 0) >= count:
        raise ModelSourceError(f"{name} has {count} outputs: output is one of 0 to {count - 1}")
    if wish is not None or count < 2:
        return wish or 0, []
    ends = [at for at, tensor in enumerate(tensors) if ends_in_shares(tensor)]
    taken, why = (ends[0], ", the only one that ends in a softmax or sigmoid") if len(ends) == 1 else (0, "")
    listed = ", ".join(f"{at} {called!r}" for at, called in enumerate(names)) or f"0 to {count - 1}"
    return taken, [f"of its outputs {listed} number {taken} was taken{why}: output says which"]


def _names(model: Any, tensors: list[Any]) -> list[str]:
    """Return the names of outputs in the order in which they are numbered, where they have any."""
    if hasattr(model, "call_endpoint_fn"):  # a SavedModel
        made = model.call_endpoint_fn.structured_outputs
        return sorted(map(str, made)) if isinstance(made, dict) else []
    made = getattr(model, "output", None)
    if isinstance(made, dict):
        keys = {id(tensor): str(key) for key, tensor in made.items()}
        return [keys[id(tensor)] for tensor in tensors if id(tensor) in keys]
    called = [str(name) for name in getattr(model, "output_names", None) or ()]
    return called if len(called) == len(tensors) else []


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
    return f"{model.name} takes {what}; an image model takes one. {OTHERS}"


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
    told = _told(model)
    first = _channels_first(told, shape) if wishes.layout == "auto" else wishes.layout == "NCHW"
    channels, height, width = shape[1:] if first else (shape[3], shape[1], shape[2])
    size = (height, width) if height and width else None
    other = shape[3] if first else shape[1]
    if wishes.layout not in ("auto", told) and channels not in PLANES and other in PLANES:
        raise ModelSourceError(f"{name} takes {shape}, which is {'NHWC' if first else 'NCHW'}, not {wishes.layout}")
    if size and wishes.size and size != tuple(wishes.size):
        raise ModelSourceError(f"{name} takes pictures of {size[0]} x {size[1]}, not of {wishes.size}")
    return Contract(size=size, channels=channels, layout="NCHW" if first else "NHWC")


PLANES = (1, 3, 4)
"""How many channels images have."""


def _told(model: Any) -> str | None:
    """Return the layout that the first layer with a data_format says; to one that only flattens it means nothing."""
    layouts = {"channels_first": "NCHW", "channels_last": "NHWC"}
    for layer in _leaves(model):
        said = layouts.get(str(getattr(layer, "data_format", None)))
        if said and not (type(layer).__name__ == "Flatten" and said == "NHWC"):
            return said
    return None


def _channels_first(told: str | None, shape: tuple[int | None, ...]) -> bool:
    return told == "NCHW" if told else shape[1] in PLANES and shape[3] not in PLANES


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
