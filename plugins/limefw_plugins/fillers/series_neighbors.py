"""Straight lines across what is hidden."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.series import Series, arranged, shown
from limefw.types import Draws, Floats, Segments, as_dtype, digest


def series_neighbors(series: Series, segments: Segments, _rng: Generator, /) -> "Lines":
    """Show what is hidden as the straight line between the kept values on both sides of it.

    Neighbours that are hidden together are crossed by one line, so nothing of them leaks. At an end the nearest kept
    value goes on; a channel of which nothing is kept shows its mean.
    """
    if segments.basis is not None:
        raise InputError("filler 'series_neighbors' takes segments that do not overlap: a value is kept or it is not")
    return Lines(series, segments.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Interpolates each row between the values that it keeps; it must keep them wholly or not at all.

    Args:
        series: what is shown.
        labels: ``(t, channels)``, -1 = always shown.
    """

    series: Series
    labels: NDArray[np.intp]

    @property
    def row_bytes(self) -> int:
        """The size of one composite."""
        return int(self.series.values.nbytes)

    def fingerprint(self) -> str:
        """Return a hash of everything that a composite depends on but its code."""
        return digest("lines", self.series.fingerprint(), self.labels)

    def compose(self, draws: Draws) -> NDArray[Any]:
        """Return a batch of composites in the series' layout."""
        values = self.series.values.astype(np.float64)
        share = shown(draws.codes, self.labels).astype(np.float64)
        lines = _lines(values, self.series.moments(), share > 0)
        mixed = np.where(share == 1, values, share * values + (1.0 - share) * lines)
        return arranged(as_dtype(mixed, self.series.values.dtype, truncate=False), self.series.layout)


def _lines(values: Floats, moments: Floats, kept: NDArray[np.bool_]) -> Floats:
    """Return ``(n, t, channels)`` lines between the values that each row keeps."""
    steps = np.arange(len(values))[:, None]
    before = np.maximum.accumulate(np.where(kept, steps, -1), axis=1)
    after = np.minimum.accumulate(np.where(kept, steps, len(values))[:, ::-1], axis=1)[:, ::-1]
    first = np.where(before < 0, after, before) % len(values)
    last = np.where(after == len(values), before, after)
    column = np.arange(values.shape[1])
    low, high = values[first, column], values[last, column]
    gap = moments[last] - moments[first]
    way = (moments[:, None] - moments[first]) / np.where(gap > 0, gap, 1.0)
    crossed = low + np.clip(way, 0.0, 1.0) * (high - low)
    return np.asarray(np.where(kept.any(axis=1, keepdims=True), crossed, values.mean(axis=0)))
