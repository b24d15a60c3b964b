"""timm's networks by name, and its modules."""

import os
from typing import Any

from limefw.errors import ModelSourceError, did_you_mean
from limefw.types import Contract, Model
from limefw_plugins.models._contract import (
    Head,
    Means,
    Preprocessing,
    Range,
    Resize,
    Size,
    Spreads,
    Wishes,
    class_names,
)
from limefw_plugins.models._files import digest_of
from limefw_plugins.models._torch_by_name import count_of, fetched, meant
from limefw_plugins.models._torch_calls import Precision
from limefw_plugins.models._torch_files import weights_of
from limefw_plugins.models._torch_network import Network, built, filled
from limefw_plugins.models._torch_outputs import Output
from limefw_plugins.models._torch_place import Chunk, settled


def is_timm(source: Any) -> bool:
    """Say whether this is a module of timm's, which knows its own preprocessing."""
    ours = any(kind.__module__.startswith("timm.") for kind in type(source).__mro__)
    return ours and hasattr(source, "pretrained_cfg")


def timm(
    source: Any,
    /,
    *,
    name: str | None = None,
    head: Head = "auto",
    preprocessing: Preprocessing = "auto",
    size: Size = None,
    value_range: Range = "auto",
    mean: Means = None,
    std: Spreads = None,
    resize: Resize = "crop",
    classes: str | None = None,
    device: str = "auto",
    chunk: Chunk = None,
    precision: Precision = "full",
    channels_last: bool = False,
    output: Output = None,
    trust: bool = False,
) -> Model:
    """A network of timm by its name (with timm's weights or a file of them), or one of its modules.

    Args:
        name: of the network, where `source` is a file of weights or nothing.
        head: what its outputs mean; "auto" is logits.
        preprocessing: by name; "auto" is what timm says of the network.
        size: (height, width) of its input.
        value_range: what black and white are before `mean` and `std`.
        mean: subtracted, one for each channel or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the size; timm crops (and cuts a margin off, which this does not).
        classes: a file of class names; by default ImageNet's where it was trained on its 1000 classes.
        device: "auto" takes the first of cuda, mps and cpu; the caller's own module stays where it is.
        chunk: rows a call; by default 4 to 32 on a CPU, else 64.
        precision: what layers may be computed in that need no more (autocast).
        channels_last: keep channels last in memory.
        output: which is meant where it returns several; by default "logits", "out" or the only one.
        trust: allow a file that holds more than tensors.
    """
    found = (
        Network(source, type(source).__name__, owned=False) if is_timm(source) else _loaded(source, name, trust=trust)
    )
    wishes = Wishes(head, preprocessing, size, "auto", "auto", value_range, mean, std, resize)
    return settled(
        found, wishes.applied(_contract(found.module)), class_names(classes) or _names(found.module), (), device=device,
        chunk=chunk, precision=precision, channels_last=channels_last, output=output,
    )  # fmt: skip


def _loaded(source: str | os.PathLike[str] | None, name: str | None, *, trust: bool) -> Network:
    from timm import create_model, is_model, list_models

    which, path = meant(source, name, "timm")
    if ":" not in which and not is_model(which):
        raise ModelSourceError(f"timm has no network {which!r}.{did_you_mean(which, list_models())}")
    if path is None:
        module = fetched("timm", create_model, which, pretrained=True)
        return Network(module, which)
    tensors = weights_of(path, trust=trust)
    module = filled(built(create_model, which, num_classes=count_of(tensors)), tensors, path)
    return Network(module, which, f"{which}:{digest_of(path)}")


def _contract(module: Any) -> Contract:
    from timm.data import resolve_model_data_config

    config = resolve_model_data_config(module)
    channels, height, width = config["input_size"]
    return Contract(
        size=(height, width), channels=channels, layout="NCHW", value_range=(0.0, 1.0), mean=tuple(config["mean"]),
        std=tuple(config["std"]), dtype="float32", head="logits",
    )  # fmt: skip


def _names(module: Any) -> tuple[str, ...] | None:
    """Return the class names that a module brings, or ImageNet's where those are its classes."""
    from timm.data import infer_imagenet_subset

    if names := module.pretrained_cfg.get("label_names"):
        return tuple(str(each) for each in names)
    of_imagenet = module.num_classes == 1000 and infer_imagenet_subset(module) == "imagenet-1k"
    return class_names("imagenet") if of_imagenet else None
