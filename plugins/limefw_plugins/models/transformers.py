"""Hugging Face's image classifiers."""

import inspect
from dataclasses import replace
from typing import Any, Literal

from limefw.errors import ModelSourceError
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
from limefw_plugins.models._torch_calls import Precision
from limefw_plugins.models._torch_network import Network
from limefw_plugins.models._torch_place import Chunk, settled


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
    chunk: Chunk = None,
    precision: Precision = "full",
    channels_last: bool = False,
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
        chunk: rows a call; by default 4 to 32 on a CPU, else 64.
        precision: what layers may be computed in that need no more (autocast).
        channels_last: keep channels last in memory.
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
    found = Network(network, name, fingerprint, owned=fingerprint is not None, entry="pixel_values")
    return settled(
        found, wishes.applied(known), class_names(classes) or names_of(network.config), notes, device=device,
        chunk=chunk, precision=precision, channels_last=channels_last, output="logits",
    )  # fmt: skip


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
