"""Which label is meant: by number, by name in upper or lower case, or by rank ("top:3"); and a file of their names."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limefw.errors import LabelError, ModelSourceError, did_you_mean
from limefw.types import Floats


def find(label: int | str, names: Mapping[int, str], where: str = "") -> int | None:
    """Return the number of a label given by number or name, or None where there is no such label.

    Args:
        label: a name written exactly goes before one in other capitals.
        names: by number.
        where: how a message begins.

    Raises:
        LabelError: where several have that name.
    """
    if not isinstance(label, str):
        return int(label) if hasattr(label, "__index__") and label in names else None
    found = [number for number, name in names.items() if name == label]
    found = found or [number for number, name in names.items() if name.lower() == label.lower()]
    if len(found) > 1:
        raise LabelError(f"{where}{len(found)} classes are named {label!r}: choose by index, one of {found}")
    return found[0] if found else None


def resolve_labels(
    labels: Sequence[int | str], prediction: Floats, names: Sequence[str], ranks: NDArray[np.intp]
) -> tuple[int, ...]:
    """Return the columns that labels mean, in the order given, without repeats.

    Args:
        labels: indices, names (upper or lower case), "top:k".
        prediction: (t,) of the instance.
        names: of the t targets.
        ranks: their columns, the strongest first.

    Raises:
        LabelError: with a suggestion and what there is.
    """
    known = dict(enumerate(names))
    return tuple(dict.fromkeys(column for label in labels for column in _columns(label, prediction, known, ranks)))


def _columns(label: int | str, prediction: Floats, names: Mapping[int, str], ranks: NDArray[np.intp]) -> list[int]:
    found = find(label, names)
    if found is not None:
        return [found]
    what = f"{label}: it has {len(names)}, numbered from 0." if len(names) > 1 else f"{label}: its only one is 0."
    if isinstance(label, str):
        if re.fullmatch(r"top:0*[1-9][0-9]*", label):
            return [int(at) for at in ranks[: int(label.removeprefix("top:"))]]
        if label.startswith("top:"):
            raise LabelError(f'{label!r} is not a label: write "top:3" for the three strongest classes')
        if re.fullmatch(r"-?[0-9]+", label):
            return _columns(int(label), prediction, names, ranks)
        what = f"named {label!r}.{did_you_mean(label, names.values())}"
    strongest = np.argsort(-prediction, kind="stable")[:5]
    there = ", ".join(f"{at} {names[at]} ({prediction[at]:.3g})" for at in strongest)
    raise LabelError(f"the model has no class {what} Its strongest here: {there}.")


def names_in(path: Path) -> tuple[str, ...]:
    """Return the class names in a file: one a line, or JSON (a list, or a mapping from index to name).

    Raises:
        ModelSourceError: where there is no such file, or it holds no names.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip()]
        found = json.loads(text) if path.suffix.lower() == ".json" else lines
        if isinstance(found, dict):
            found = [found[str(index)] for index in range(len(found))]
        names = tuple(str(name).strip() for name in found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelSourceError(
            f"class names cannot be read from {path}: {error}. Give a text file with one name a line, or JSON (a list, "
            'or {"0": name, ...})'
        ) from error
    if not names:
        raise ModelSourceError(f"{path} holds no class names")
    return names
