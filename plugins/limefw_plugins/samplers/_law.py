"""What samplers of independent coins share."""

import numpy as np

from limefw.types import Draws


BLOCK = 256
"""Rows drawn at a time. A constant: with it in the recipe, results would depend on it."""


def fits(segments: int, budget: int) -> bool:
    """Say whether all 2^segments combinations fit the budget."""
    return segments < 40 and 2**segments <= budget


def enumerated(segments: int, keep: float) -> Draws:
    """Return all combinations, weighted by their probability under independent coins.

    Each is followed by its complement, the full one comes first, and the rest in a fixed shuffled order: what an
    interruption leaves is then a sample too, not all combinations of the first few segments.
    """
    half = 2 ** (segments - 1)
    order = np.concatenate([[0], 1 + np.random.default_rng(0).permutation(half - 1)])
    hidden = (order[:, None] >> np.arange(segments) & 1).astype(np.bool_)
    codes = np.empty((2 * half, segments), dtype=np.bool_)
    codes[::2], codes[1::2] = ~hidden, hidden
    kept = codes.sum(axis=1)
    importance = (2 * keep) ** kept * (2 * (1 - keep)) ** (segments - kept)
    return Draws(codes, importance=importance, groups=np.repeat(np.arange(half), 2), exhaustive=True)
