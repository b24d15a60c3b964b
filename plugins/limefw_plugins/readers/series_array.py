"""Time series that are in memory already."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.modalities.series import Series


Layout = Literal["auto", "t", "tc", "ct"]


def is_series(source: Any) -> bool:
    """Say whether this is an array, tensor or table of one or two axes; a table's row, named by columns, is none."""
    axes = getattr(source, "ndim", 0)
    named = axes == 1 and hasattr(source, "index") and _index(source).dtype.kind not in "uifmM"
    return hasattr(source, "__array__") and axes in (1, 2) and not named


def series_array(source: Any, /, *, layout: Layout = "auto", channels: list[str] | None = None) -> Series:
    """An array or tensor of one time series: (t,), (t, channels) or, as the layout "ct" says, (channels, t).

    The model is asked about batches of the same: (n, t), (n, t, channels) or (n, channels, t). A pandas Series or
    DataFrame has its channels' names and its times (of dates the seconds since the first) with it.

    Args:
        source: the values, of any real dtype.
        layout: what the axes are; "auto" takes (t,) or (t, channels).
        channels: a name for each.
    """
    names = channels if channels is not None else [str(name) for name in getattr(source, "columns", ())]
    times, unit = _times(source)
    return Series.of(source, "" if layout == "auto" else layout, channels=tuple(names), times=times, unit=unit)


def _times(source: Any) -> tuple[NDArray[Any] | None, str]:
    """Return the index of a table as times, and their unit; none where it only counts from 0."""
    if not hasattr(source, "index") or not hasattr(source, "iloc"):
        return None, ""
    index = _index(source)
    if index.dtype.kind in "mM":
        return (index - index[0]) / np.timedelta64(1, "s"), "s"
    return (None, "") if np.array_equal(index, np.arange(len(index))) else (index, "")


def _index(source: Any) -> NDArray[Any]:
    """Return the index of a table; moments of any time zone in UTC, periods by their starts: NumPy has neither."""
    index = source.index
    if getattr(index, "tz", None) is not None:
        index = index.tz_convert(None)
    elif hasattr(index, "to_timestamp"):
        index = index.to_timestamp()
    return np.asarray(index)
