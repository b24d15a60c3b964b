"""From rows to the batches that a network takes."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ModelError


def in_batches(run: Callable[[Any], Any], rows: NDArray[Any], fixed: int | None, values: int | None = None) -> Any:
    """Return what `run` says of all rows.

    Args:
        run: asks the network about a batch.
        rows: all of them; composing goes faster with many than a network on the CPU.
        fixed: the only batch size that the network takes; the last batch is filled up.
        values: a batch, as a limit; None: all rows at once.

    Raises:
        ModelError: where such a network does not answer row by row.
    """
    if fixed is None:
        most = len(rows) if values is None else max(values // max(rows[:1].size, 1), 1)
        if len(rows) <= most:
            return run(rows)
        return np.concatenate([run(rows[at : at + most]) for at in range(0, len(rows), most)])
    short = -len(rows) % fixed or (0 if len(rows) else fixed)
    whole = np.concatenate([rows, np.zeros((short, *rows.shape[1:]), rows.dtype)]) if short else rows
    parts = [np.array(run(whole[at : at + fixed])) for at in range(0, len(whole), fixed)]
    if parts[0].shape[:1] != (fixed,):
        raise ModelError(f"the model returned an array of shape {parts[0].shape} for a batch of {fixed}: no row each")
    return np.concatenate(parts)[: len(rows)]


def flattened(rows: NDArray[Any], length: int | None) -> NDArray[Any]:
    """Return each row as one row of numbers.

    Raises:
        ModelError: where it has not as many as the model takes.
    """
    flat = rows.reshape(len(rows), int(np.prod(rows.shape[1:])))
    if length not in (None, flat.shape[1]):
        raise ModelError(
            f"the model takes {length} numbers a row, and one of shape {rows.shape[1:]} has {flat.shape[1]}: "
            "say size=[height, width]"
        )
    return flat


def sizes_for(features: int) -> str:
    """Say which square images have that many values."""
    found = [
        f"size=[{side}, {side}] makes it {side} x {side} pixels of {channels} channel{'s' * (channels > 1)}"
        for channels in (1, 3)
        if (side := math.isqrt(features // channels)) ** 2 * channels == features
    ]
    return f": {found[0]}" if found else ": give size=[HEIGHT, WIDTH], what it was trained on"
