"""One value for everything hidden."""

import numpy as np
from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.series import Series, SeriesComposer
from limefw.types import Segments


def series_constant(
    series: Series, segments: Segments, _rng: Generator, /, *, value: float | list[float] = 0.0
) -> SeriesComposer:
    """Show a hidden segment as one value: zero, unless another is said.

    Args:
        value: in the series' own units; one number, or one for each channel.
    """
    levels = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if len(levels) not in (1, series.shape[1]):
        raise InputError(
            f"filler 'series_constant' got {len(levels)} values for {series.shape[1]} channels: give one, or one each"
        )
    return SeriesComposer.of(series, np.broadcast_to(levels, series.shape), segments)
