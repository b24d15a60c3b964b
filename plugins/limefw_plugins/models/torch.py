"""PyTorch: modules, TorchScript, torch.export programs, and weights with the function that makes their network."""

import os
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Contract, Model
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
from limefw_plugins.models._torch_calls import Precision
from limefw_plugins.models._torch_contract import of_module, of_program
from limefw_plugins.models._torch_files import SUFFIXES, WEIGHTS
from limefw_plugins.models._torch_network import Network, network
from limefw_plugins.models._torch_outputs import Output
from limefw_plugins.models._torch_place import Chunk, settled


CLASSES = {"torch.nn.modules.module.Module", "torch.export.exported_program.ExportedProgram"}


def is_torch(source: Any) -> bool:
    """Say whether this is a module or a program of PyTorch, a file of it, or a function and a file of weights."""
    if isinstance(source, os.PathLike):
        return Path(source).suffix.lower() in SUFFIXES
    if isinstance(source, tuple):
        paired = len(source) == 2 and callable(source[0]) and isinstance(source[1], str | os.PathLike)
        return paired and Path(source[1]).suffix.lower() in WEIGHTS
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(source).__mro__}
    # Hugging Face's own adapter knows more of those: their classes, and their image processors
    return "transformers.modeling_utils.PreTrainedModel" not in names and bool(names & CLASSES)


def torch(
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
    resize: Resize = "stretch",
    classes: str | None = None,
    device: str = "auto",
    chunk: Chunk = None,
    precision: Precision = "full",
    channels_last: bool = False,
    output: Output = None,
    trust: bool = False,
) -> Model:
    """A PyTorch network: a module, a TorchScript or torch.export file, or weights and the function that makes it.

    Args:
        head: what its outputs mean; "auto": as its last layer says, else logits, of a single output values.
        preprocessing: by name: "imagenet" is what torchvision's networks want; "auto" is 0..1.
        size: (height, width) of its input; None: a program's own, else the image's.
        layout: of its input; "auto" is NCHW.
        order: of three channels.
        value_range: what black and white are before `mean` and `std`; None: the pixels as they are.
        mean: subtracted, one for each channel or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the size.
        classes: a file of class names, or "imagenet".
        device: "auto" takes the first of cuda, mps and cpu; the caller's own module stays where it is.
        chunk: rows a call; by default 4 to 32 on a CPU, where large batches are slow, else 64.
        precision: what layers may be computed in that need no more (autocast).
        channels_last: keep channels last in memory, which suits convolutions on some devices.
        output: which is meant where it returns several; by default "logits", "out" or the only one.
        trust: allow files that run code: pickled modules, TorchScript, torch.export.
    """
    found = network(source, trust=trust)
    wishes = Wishes(head, preprocessing, size, layout, order, value_range, mean, std, resize)
    known, fixed = of_program(found.program) if found.program is not None else (of_module(found.module), None)
    _check_fits(wishes, known, found)
    contract = wishes.applied(known)
    notes = _assumed(wishes, contract, found)
    return settled(
        found, contract, class_names(classes), notes, fixed=fixed, device=device, chunk=chunk, precision=precision,
        channels_last=channels_last, output=output,
    )  # fmt: skip


def _check_fits(wishes: Wishes, known: Contract, found: Network) -> None:
    """See that a program, which knows its input, gets that."""
    if known.size is None:
        return
    shape = f"(any, {known.channels or 'any'}, {known.size[0]}, {known.size[1]})"
    if wishes.size is not None and tuple(wishes.size) != known.size:
        wish = " x ".join(map(str, wishes.size))
        raise ModelSourceError(f"{found.name} takes {shape}: images of {wish} pixels do not fit. Leave size out")
    if wishes.layout == "NHWC" and known.channels is not None:
        raise ModelSourceError(f"{found.name} takes {shape}, which is NCHW, not NHWC")


def _assumed(wishes: Wishes, contract: Contract, found: Network) -> tuple[str, ...]:
    """Say what nobody said."""
    notes = []
    if wishes.head == "auto" and contract.head in ("logits", "values"):
        meant = "logits" if contract.head == "logits" else "plain numbers (of a regressor), as there is one a row"
        notes.append(f"the outputs of {found.name} were assumed to be {meant}: say head if not")
    if wishes.preprocessing == "auto" and wishes.value_range == "auto":
        plain = "" if wishes.mean is not None else ", with no mean and std (preprocessing='imagenet' has torchvision's)"
        notes.append(f"{found.name} was assumed to take values from 0 to 1{plain}")
    if contract.size is None:
        notes.append(f"{found.name} was assumed to take images of any size, so it is shown them at their own")
    return tuple(notes)
