"""A small picture and a model of it, cheap enough to be asked thousands of times."""

from collections.abc import Callable
from typing import Any

import numpy as np


class Counted:
    """A model that counts the rows it is asked."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer, self.rows = answer, 0

    def __call__(self, inputs: Any) -> Any:
        self.rows += len(inputs)
        return self.answer(inputs)


def three_classes(pixels: Any) -> Any:
    """Answer by three places of a picture, as probabilities."""
    light = pixels.astype(np.float64) / 255
    scores = np.stack([light[:, :12, :12].mean((1, 2, 3)), light[:, 12:, 12:].mean((1, 2, 3)), light.mean((1, 2, 3))])
    raw = np.exp(4 * scores.T)
    return raw / raw.sum(axis=1, keepdims=True)


GRID = {"extends": "lime", "segmenter": {"use": "grid", "rows": 4, "columns": 4}, "samples": 120}
"""Sixteen squares: more combinations than samples."""
