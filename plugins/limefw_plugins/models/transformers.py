"""Hugging Face's image classifiers."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import ModelError, ModelSourceError
from limefw.types import Contract, Model
from limefw_plugins.models._contract import (
    Head,
    Layout,
    Means,
    Order,
    Preprocessing,
    Range,
    Size,
    Spreads,
    Wishes,
    class_names,
)
from limefw_plugins.models._image_processor import contract_of
from limefw_plugins.models._pretrained import head_of, known_as, names_of, parts_of


def is_transformers(source: Any) -> bool:
    """Say whether this is a folder that Hugging Face's save_pretrained wrote, or a pipeline or model of theirs."""
    return bool(known_as(source))


def transformers(
    source: Any,
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
    resize: Literal["auto", "stretch", "crop", "pad"] = "auto",
    classes: str | None = None,
    device: str = "auto",
    chunk: Annotated[int, Ge(1)] | None = None,
    trust: bool = False,
) -> Model:
    """An image classifier of Hugging Face with its image processor: a local folder, a pipeline or a model.

    Args:
        head: what its outputs mean; "auto" is what its config says.
        preprocessing: a named one; "auto" is what its image processor does.
        size: (height, width) of its input; None: what its image processor makes.
        layout: of its input.
        order: of three channels.
        value_range: what black and white are to the model before `mean` and `std`; None: the pixels as they are.
        mean: subtracted, one for each channel in the model's own order, or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the model's size; "auto" is what comes nearest to its image processor.
        classes: a file of class names, or "imagenet"; by default the config's own.
        device: "auto" is the first of cuda, mps and cpu; a pipeline or model stays where it is.
        chunk: rows a call; by default 8 on a CPU, else 64.
        trust: allow weights that are pickles, and folders with Python code of their own.
    """
    network, processor, fingerprint = parts_of(source, trust=trust)
    name = type(network).__name__
    if "pixel_values" not in inspect.signature(network.forward).parameters:
        raise ModelSourceError(f"{name} takes no pixel values: it is no model of images")
    known, notes = _known(network.config, processor, name)
    wishes = Wishes(
        head, preprocessing, size, layout, order, value_range, mean, std, known.resize if resize == "auto" else resize
    )
    place = _device(network, device, own=fingerprint is None)
    contract = replace(wishes.applied(known), chunk=chunk or (8 if place.type == "cpu" else 64))
    named = class_names(classes) or names_of(network.config)
    return Model(_caller(network, place), name, named, contract, fingerprint, notes)


def _known(config: Any, processor: Any, name: str) -> tuple[Contract, tuple[str, ...]]:
    """Return the contract of a model with this processor, or with none."""
    channels = getattr(config, "num_channels", None) or 3
    size = getattr(config, "image_size", None)
    sides = (size, size) if isinstance(size, int) else tuple(size) if isinstance(size, list | tuple) else None
    if processor is not None:
        contract, notes = contract_of(processor, channels)
        return replace(contract, size=contract.size or sides, head=head_of(config)), notes
    note = f"{name} came without its image processor: it was assumed to take values from 0 to 1, with no mean and std"
    contract = Contract(size=sides, channels=channels, layout="NCHW", value_range=(0.0, 1.0), head=head_of(config))
    return contract, (note,)


def _device(network: Any, device: str, *, own: bool) -> Any:
    """Return where the model lives; one that was loaded here is brought to the device wanted."""
    import torch

    if own and device == "auto":
        return network.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        network.to(torch.device(device))
    except Exception as error:
        raise ModelSourceError(f"device {device!r} cannot be used: {str(error).partition(chr(10))[0]}") from error
    return network.device


def _caller(network: Any, device: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
    import torch

    dtype = network.dtype

    def predict(batch: NDArray[Any]) -> NDArray[Any]:
        # a module's own mode, one by one: some may be frozen inside one that is being trained
        training = [part for part in network.modules() if part.training]
        for part in training:
            part.training = False
        try:
            with torch.inference_mode():
                given = torch.from_numpy(batch).to(device, dtype)
                logits = getattr(network(pixel_values=given), "logits", None)
        finally:
            for part in training:
                part.training = True
        if logits is None:
            raise ModelError(f"{type(network).__name__} returns no logits: it is no classifier")
        found: NDArray[Any] = logits.float().cpu().numpy()
        return found

    return predict
