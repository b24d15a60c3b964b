"""Equal windows in time."""

from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.random import Generator

from limefw.modalities.series import Series, windows_named
from limefw.types import Segments


def windows(
    series: Series,
    _rng: Generator,
    /,
    *,
    count: Annotated[int, Ge(1)] = 20,
    length: Annotated[int, Ge(1)] | None = None,
    per_channel: bool = False,
) -> Segments:
    """Windows of equal length, one after the other (Metzenthin 2019, LIME for time series).

    Args:
        count: how many; as many as there are steps where these are fewer. Lengths differ by one step at the most.
        length: of each in steps instead; the last one may be shorter.
        per_channel: cut each channel by itself, so that one may be hidden where another is kept; with a count of 1 the
            channels themselves are the segments.
    """
    steps, channels = series.shape
    if length is None:
        parts = min(count, steps)
        edges = np.arange(parts + 1) * steps // parts
    else:
        edges = np.append(np.arange(0, steps, length), steps)
    return windows_named(series, [edges.tolist()] * (channels if per_channel else 1), shared=not per_channel)
