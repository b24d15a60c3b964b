"""What samplers of independent coins share."""

import numpy as np
from numpy.typing import NDArray

from limefw.types import Draws


BLOCK = 256
"""Rows drawn at a time. A constant: with it in the recipe, results would depend on it."""


def fits(segments: int, budget: int) -> bool:
    """Say whether all 2^segments combinations fit the budget."""
    return segments < 40 and 2**segments <= budget


def enumerated(segments: int, keep: float) -> Draws:
    """Return all combinations, the full one first, weighted by their probability under independent coins."""
    numbers = np.arange(2**segments)[::-1]
    codes = (numbers[:, None] >> np.arange(segments) & 1).astype(np.bool_)
    kept = codes.sum(axis=1)
    importance = (2 * keep) ** kept * (2 * (1 - keep)) ** (segments - kept)
    return Draws(codes, importance=importance, groups=_pairs(len(codes)), exhaustive=True)


def _pairs(rows: int) -> NDArray[np.intp]:
    """Number each combination with its complement: row i and row rows-1-i."""
    row = np.arange(rows)
    return np.minimum(row, rows - 1 - row)
