"""What the adapters of network files share: from a file's header to a contract, and from rows to its own batches."""

import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError, did_you_mean
from limefw.types import Contract
from limefw_plugins.models._batches import sizes_for
from limefw_plugins.models._contract import Wishes
from limefw_plugins.models._files import OTHERS
from limefw_plugins.models._headers import Header, Port, Shape


DTYPES = ("float32", "float64", "float16", "uint8")


def only_input(inputs: Sequence[Port], path: Path) -> Port:
    """Return the input.

    Raises:
        ModelSourceError: where there is not exactly one.
    """
    if len(inputs) != 1:
        raise ModelSourceError(f"{path} takes {len(inputs)} inputs; an image model takes one. {OTHERS}")
    return inputs[0]


def chosen_output(outputs: Sequence[Port], wish: str | int | None, path: Path) -> tuple[Port, list[str]]:
    """Return the output that is read, and a sentence where another could have been meant.

    Raises:
        ModelSourceError: where there is none of that name or number.
    """
    names = [one.name for one in outputs]
    if wish is not None:
        at = wish if isinstance(wish, int) else names.index(wish) if wish in names else len(names)
        if not 0 <= at < len(names):
            hint = did_you_mean(str(wish), names)
            raise ModelSourceError(f"{path} has no output {wish!r}.{hint} There are: {', '.join(names)}")
        return outputs[at], []
    real = [one for one in outputs if one.dtype.startswith(("float", "seq(map"))] or outputs
    note = f"of its outputs {', '.join(names)} {real[0].name!r} was taken: say output if another is meant"
    return real[0], [note] * (len(real) > 1)


def contract_of(
    entry: Port, header: Header, output: Port, wishes: Wishes, what: str, chunk: int | None = None
) -> tuple[Contract, list[str]]:
    """Return the contract, and what had to be assumed.

    Args:
        entry: the model's only input.
        header: of its file.
        output: that is read.
        wishes: of the user.
        what: the model is called.
        chunk: rows a call that suit whatever runs it.

    Raises:
        ModelSourceError: where it takes no images, or not such as the user says.
    """
    if entry.dtype not in DTYPES:
        raise ModelSourceError(f"{what} takes {entry.dtype}; an image model takes one of {', '.join(DTYPES)}")
    shape = entry.shape or (None,) * 4
    if len(shape) not in (2, 4):
        raise ModelSourceError(
            f"{what} takes an input of shape {_shown(shape)}; an image model takes four axes, or two (flattened)"
        )
    notes: list[str] = []
    known = _flat(shape, wishes, what) if len(shape) == 2 else _planes(shape, wishes, what, notes)
    bytes_in = entry.dtype == "uint8"
    head, assumed = _head(header, output)
    known |= {"dtype": entry.dtype, "head": head, "value_range": (0.0, 255.0) if bytes_in else (0.0, 1.0)}
    fixed = shape[0] or 1
    contract = wishes.applied(Contract(**known, chunk=-(-(chunk or 8) // fixed) * fixed if fixed > 1 else chunk))
    if wishes.head == "auto" and assumed:
        notes.append(assumed)
    if (wishes.preprocessing, wishes.value_range) == ("auto", "auto") and not bytes_in:
        notes.append(f"{what} was assumed to take pixels from 0 to 1: say preprocessing or value_range if not")
    if bytes_in and (contract.std != (1.0,) or any(contract.mean) or contract.value_range not in (None, (0.0, 255.0))):
        raise ModelSourceError(f"{what} reads bytes, so it takes pixels from 0 to 255, without mean and std")
    return contract, notes


def _shown(shape: Shape) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"


def _flat(shape: Shape, wishes: Wishes, what: str) -> dict[str, Any]:
    """Return what is known of a model of rows of numbers: images come flattened, pixel by pixel."""
    length = shape[1]
    if wishes.size is None or length is None:
        return {}
    height, width = wishes.size
    channels, rest = divmod(length, height * width)
    if rest or channels not in (1, 3, 4):
        raise ModelSourceError(
            f"{what} takes {length} numbers a row, which is no image of {height} x {width} pixels of 1, 3 or 4 "
            f"channels{sizes_for(length)}"
        )
    return {"size": wishes.size, "channels": channels}


def _planes(shape: Shape, wishes: Wishes, what: str, notes: list[str]) -> dict[str, Any]:
    """Return layout, size and channels of a model of images: the fewer of the second and the last axis are channels."""
    second, last = shape[1], shape[3]
    first = second in (1, 3, 4) or last not in (1, 3, 4)
    if second is not None and last is not None and second != last:
        first = second < last
    elif second is None and last is None and wishes.layout == "auto":
        notes.append(f"{what} was assumed to take channels first (NCHW): say layout='NHWC' if not")
    layout = "NCHW" if first else "NHWC"
    if wishes.layout not in ("auto", layout) and (second if first else last) is not None:
        raise ModelSourceError(f"{what} takes {_shown(shape)}, which is {layout}, not {wishes.layout}")
    if (wishes.layout if wishes.layout != "auto" else layout) == "NCHW":
        layout, channels, height, width = "NCHW", second, shape[2], last
    else:
        layout, channels, height, width = "NHWC", last, second, shape[2]
    size = None if height is None or width is None else (height, width)
    if wishes.size is not None and any(
        have not in (None, wish) for have, wish in zip((height, width), wishes.size, strict=True)
    ):
        wish = " x ".join(map(str, wishes.size))
        raise ModelSourceError(f"{what} takes {_shown(shape)}: images of {wish} pixels do not fit")
    return {"layout": layout, "channels": channels, "size": size}


def _head(header: Header, output: Port) -> tuple[str, str | None]:
    """Return what the output means, and the sentence about it where that is not certain."""
    if head := header.head(output.name):
        return head, None
    layer, columns = header.last_layer(output.name), output.shape[-1] if output.shape else None
    if layer in ("Gemm", "MatMul", "Add", "Conv", "GlobalAveragePool"):
        head = "values" if columns == 1 else "logits"
        return head, f"its outputs were assumed to be {head}, as its last layer is {layer}: say head if not"
    return "probabilities", "its outputs were assumed to be probabilities: say head if not"


def told_names(metadata: Any, columns: int | None) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Return the class names that a file's author wrote into it, where there are as many as outputs, and what to note.

    They stand as JSON, as a Python literal, one a line or with commas between.
    """
    text = metadata.get("names") or metadata.get("classes")
    if not text:
        return None, ()
    found: Any = text.strip().splitlines() if "\n" in text.strip() else text.split(",")
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(text)
            break
        except (ValueError, SyntaxError):
            continue
    if isinstance(found, dict):
        numbered = {str(number): name for number, name in found.items()}
        found = [numbered.get(str(number)) for number in range(len(numbered))]
    if not isinstance(found, list | tuple) or None in found:
        return None, ()
    if columns not in (None, len(found)):
        names = f"{len(found)} class name{'s' * (len(found) != 1)}"
        return None, (f"the file's metadata has {names} for {columns} outputs: they are left out",)
    return tuple(str(name).strip() for name in found), ()
