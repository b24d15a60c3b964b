"""Which of the things that a network of PyTorch returns is meant."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge

from limefw.errors import ModelError


Output = Annotated[int, Ge(0)] | str | None


def picked(made: Any, wanted: Output) -> Any:
    """Return the tensor that is meant among what a network returned: "logits" and "out" by themselves.

    Raises:
        ModelError: it is not clear which, or there is none.
    """
    import torch

    if isinstance(made, torch.Tensor) and wanted is None:
        return made
    parts = {name: part for name, part in _parts(made).items() if part is not None}
    known = ", ".join(f"{name}: {_described(part)}" for name, part in parts.items())
    what = f"the network returned {type(made).__name__}" + (f" with {known[:500]}" if known else "")
    if wanted is None:
        found = next((name for name in ("logits", "out") if name in parts), None)
        tensors = [name for name, part in parts.items() if isinstance(part, torch.Tensor)]
        chosen = found if found is not None else tensors[0] if len(tensors) == 1 == len(parts) else None
        if chosen is None and tensors:
            raise ModelError(f"{what}. Say which is meant: use={{'use': 'torch', 'output': {tensors[0]!r}}}")
    else:
        chosen = str(wanted)
        if chosen not in parts:
            raise ModelError(f"{what}, and not the output {chosen!r} that was asked for")
    if chosen is None or not isinstance(parts[chosen], torch.Tensor):
        raise ModelError(f"{what}, which is no tensor. Give a function of a batch that makes an array of it")
    return parts[chosen]


def _parts(made: Any) -> dict[str, Any]:
    import torch

    if isinstance(made, torch.Tensor):
        return {}
    if isinstance(made, Mapping):
        return {str(name): part for name, part in made.items()}
    if isinstance(made, tuple | list):
        names = getattr(made, "_fields", range(len(made)))
        return {str(name): part for name, part in zip(names, made, strict=True)}
    if dataclasses.is_dataclass(made):
        return {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}
    return {name: part for name, part in getattr(made, "__dict__", {}).items() if not name.startswith("_")}


def _described(part: Any) -> str:
    return f"tensor {tuple(part.shape)}" if hasattr(part, "shape") else type(part).__name__
