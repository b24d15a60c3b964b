"""A series as pictures show it: stretches of each channel with one effect, and channels that share them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.series import Series
from limefw.results.explanation import Explanation
from limefw.types import Floats, Labels


@dataclass(frozen=True, slots=True)
class Run:
    """Steps in a row that are hidden together.

    Args:
        segment: its number; -1 where always kept.
        first: step.
        end: the step after the last.
        left: when it starts on the axis of time, half way to the step before.
        right: when it ends.
        effect: of showing it.
        margin: half the width of the 95% interval; None where not known.
    """

    segment: int
    first: int
    end: int
    left: float
    right: float
    effect: float
    margin: float | None

    @property
    def faint(self) -> bool:
        """Whether the effect is 0, or may be chance: pictures leave it pale."""
        return abs(self.effect) <= (self.margin or 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Channels whose stretches and effects are the same.

    Args:
        channels: their numbers.
        runs: in the order of time.
    """

    channels: Sequence[int]
    runs: Sequence[Run]


def series_of(explanation: Explanation, what: str) -> Series:
    """Return the series that was explained.

    Raises:
        InputError: where it was something else.
    """
    if not isinstance(explanation.instance, Series):
        raise InputError(f"renderer {what!r} draws time series, and this is {explanation.instance.modality}")
    return explanation.instance


def strips(explanation: Explanation, label: int) -> list[Strip]:
    """Return the channels in their order, those with equal stretches together."""
    series = explanation.instance
    assert isinstance(series, Series)
    values, labels = explanation.values_of(label), explanation.segments.labels
    cells = labels if explanation.segments.basis is None else values
    groups: dict[bytes, list[int]] = {}
    for at in range(series.shape[1]):
        groups.setdefault(cells[:, at].tobytes(), []).append(at)
    margins = explanation.margins(label) if explanation.segments.basis is None else None
    borders = _borders(series.moments())
    return [Strip(own, _runs(cells[:, own[0]], labels[:, own[0]], values[:, own[0]], margins, borders))
            for own in groups.values()]  # fmt: skip


def _runs(cells: NDArray[Any], labels: Labels, values: Floats, margins: Floats | None, borders: Floats) -> list[Run]:
    edges = [0, *(np.flatnonzero(cells[1:] != cells[:-1]) + 1).tolist(), len(cells)]
    found = []
    for first, end in pairwise(edges):
        segment = int(labels[first])
        margin = None if margins is None or segment < 0 or np.isnan(margins[segment]) else float(margins[segment])
        left, right = float(borders[first]), float(borders[end])
        found.append(Run(segment, first, end, left, right, float(values[first]), margin))
    return found


def _borders(moments: Floats) -> Floats:
    """Return where each step starts and the last one ends: half way between neighbours."""
    if len(moments) == 1:
        return np.array([moments[0] - 0.5, moments[0] + 0.5])
    middle = (moments[1:] + moments[:-1]) / 2
    return np.concatenate([[2 * moments[0] - middle[0]], middle, [2 * moments[-1] - middle[-1]]])


def thinned(moments: Floats, values: Floats, most: int) -> tuple[Floats, Floats]:
    """Return a course of at most about `most` points that looks the same: the least and largest of every few steps."""
    step = -(-2 * len(values) // most)
    if step < 3:
        return moments, values
    edges = np.arange(0, len(values), step)
    picked = [np.sort([edge + part.argmin(), edge + part.argmax()])
              for edge, part in zip(edges, np.split(values, edges[1:]), strict=True)]  # fmt: skip
    rows = np.unique(np.concatenate([[0], *picked, [len(values) - 1]]))
    return moments[rows], values[rows]
