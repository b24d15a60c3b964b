"""The mean in place of what is hidden."""

from typing import Literal

import numpy as np
from numpy.random import Generator

from limefw.modalities.series import Series, SeriesComposer
from limefw.types import Floats, Segments


def series_mean(
    series: Series, segments: Segments, _rng: Generator, /, *, of: Literal["channel", "segment", "series"] = "channel"
) -> SeriesComposer:
    """Show a hidden segment as a mean: its level goes too, or stays where the mean is its own.

    Args:
        of: what is averaged: the whole "channel", the "segment" in each channel (only its shape goes), or the "series"
            with all its channels, which must then be of one unit.
    """
    values = series.values.astype(np.float64)
    if of == "segment":
        return SeriesComposer.of(series, _of_segments(values, segments), segments)
    level = values.mean(axis=0 if of == "channel" else None)
    return SeriesComposer.of(series, np.broadcast_to(level, series.shape), segments)


def _of_segments(values: Floats, segments: Segments) -> Floats:
    """Return each value's segment's mean in its channel; where segments overlap, that of its first one."""
    filled = values.copy()
    for own, column, labels in zip(values.T, filled.T, segments.labels.T, strict=True):
        inside = labels >= 0
        sizes = np.maximum(np.bincount(labels[inside], minlength=segments.count), 1)
        sums = np.bincount(labels[inside], weights=own[inside], minlength=segments.count)
        column[inside] = (sums / sizes)[labels[inside]]
    return filled
