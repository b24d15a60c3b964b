"""torchvision's networks by name."""

import os
from collections.abc import Mapping
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


def torchvision(
    source: str | os.PathLike[str] | None,
    /,
    *,
    name: str | None = None,
    weights: str = "DEFAULT",
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
    """A network of torchvision by its name, with torchvision's weights or a file of them.

    Args:
        name: of the network, where `source` is a file of weights or nothing.
        weights: which of torchvision's, e.g. "IMAGENET1K_V1": they say size, mean, std and class names, of a file too.
        head: what its outputs mean; "auto" is logits.
        preprocessing: by name, where a file's is not that of `weights`.
        size: (height, width) of its input.
        value_range: what black and white are before `mean` and `std`.
        mean: subtracted, one for each channel or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the size; torchvision crops (and cuts a margin off, which this does not).
        classes: a file of class names, where a file's are not those of `weights`.
        device: "auto" takes the first of cuda, mps and cpu.
        chunk: rows a call; by default 4 to 32 on a CPU, else 64.
        precision: what layers may be computed in that need no more (autocast).
        channels_last: keep channels last in memory.
        output: which is meant where it returns several; by default "logits", "out" or the only one.
        trust: allow a file that holds more than tensors.
    """
    from torchvision.models import get_model

    which, path = meant(source, name, "torchvision")
    entry = _entry(which, weights)
    names = tuple(entry.meta.get("categories", ()))
    known = _contract(which, entry)
    if path is None:
        found = Network(fetched("torchvision", get_model, which, weights=entry, progress=False), which, entry.url)
    else:
        tensors = weights_of(path, trust=trust)
        count = count_of(tensors)
        names = names if len(names) == count else ()
        module = filled(built(get_model, which, num_classes=count, **_plain(which, entry, tensors)), tensors, path)
        found = Network(module, which, f"{which}:{digest_of(path)}")
    wishes = Wishes(head, preprocessing, size, "auto", "auto", value_range, mean, std, resize)
    return settled(
        found, wishes.applied(known), class_names(classes) or names or None, (), device=device,
        chunk=chunk, precision=precision, channels_last=channels_last, output=output,
    )  # fmt: skip


def _entry(name: str, weights: str) -> Any:
    """Return what torchvision knows of a network's weights."""
    from torchvision.models import get_model_weights, list_models

    try:
        known = get_model_weights(name)
    except ValueError as error:
        raise ModelSourceError(f"torchvision has no network {name!r}.{did_you_mean(name, list_models())}") from error
    if weights not in known.__members__:
        raise ModelSourceError(f"{name} has no weights {weights!r}. There are: {', '.join(known.__members__)}")
    return known[weights]


def _plain(name: str, entry: Any, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes a network that is empty, and has the parts that a file has weights for."""
    settings: dict[str, Any] = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        settings["init_weights"] = False  # else they warn that these will be drawn otherwise
    if type(entry.transforms()).__name__ == "SemanticSegmentation":
        settings["weights_backbone"] = None  # else it is downloaded
        if any(key.startswith("aux_classifier") for key in tensors):
            settings["aux_loss"] = True
    return settings


def _contract(name: str, entry: Any) -> Contract:
    """Read size, mean and std from the transform that comes with the weights."""
    transform = entry.transforms()
    size = getattr(transform, "crop_size", None) or getattr(transform, "resize_size", None) or []
    if not hasattr(transform, "mean") or len(size) not in (1, 2) or type(transform).__name__ == "VideoClassification":
        raise ModelSourceError(
            f"torchvision's {name} is for {type(transform).__name__}, not for single images of one size: give a "
            "function of a batch that makes an array of what it returns"
        )
    return Contract(
        size=(size[0], size[-1]), channels=3, layout="NCHW", value_range=(0.0, 1.0), mean=tuple(transform.mean),
        std=tuple(transform.std), dtype="float32", head="logits",
    )  # fmt: skip
