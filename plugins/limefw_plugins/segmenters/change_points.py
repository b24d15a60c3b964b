"""Segments that end where the series changes."""

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.modalities.series import Series, windows_named
from limefw.types import Floats, Segments


FINEST = 600
"""Places at which a segment may start: of a longer series every few steps are one. A cost of each pair is held."""


def change_points(
    series: Series,
    _rng: Generator,
    /,
    *,
    count: Annotated[int, Ge(1)] = 20,
    shape: Literal["level", "line"] = "line",
    shortest: Annotated[int, Ge(1)] = 3,
    per_channel: bool = False,
) -> Segments:
    """The segments within which the series is nearest to a level or a line: the exact optimum (Bellman 1961).

    It has the least sum of squares of all ways to cut a series into so many segments, found by dynamic programming;
    of more than 600 steps every few are one, so that borders are off by as many. Channels count alike, whatever their
    units.

    Args:
        count: how many segments; fewer where `shortest` leaves no room for them.
        shape: what a segment is like: "level" (its mean) or "line" (its straight line).
        shortest: steps of a segment at the least.
        per_channel: cut each channel by itself, so that one may be hidden where another is kept.
    """
    values = series.values.astype(np.float64)
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    parts = np.split(values, values.shape[1], axis=1) if per_channel else [values]
    edges = [_edges(part, count, shape, shortest) for part in parts]
    return windows_named(series, edges, shared=not per_channel)


def _edges(values: Floats, count: int, shape: str, shortest: int) -> list[int]:
    """Return where the segments of ``(t, channels)`` start, and at the end the number of steps."""
    steps = len(values)
    stride = max(-(-steps // FINEST), 1)
    places = np.append(np.arange(0, steps, stride), steps)
    cost = costs(values, places, shape)
    cost[places[None, :] - places[:, None] < max(shortest, 1)] = np.inf
    best, origins = cost[0], list[NDArray[np.intp]]()
    for _ in range(min(count, steps) - 1):
        total = best[:, None] + cost
        origin = total.argmin(axis=0)
        best = total[origin, np.arange(len(places))]
        if not np.isfinite(best[-1]):
            break
        origins.append(origin)
    at, edges = len(places) - 1, [steps]
    for origin in reversed(origins):
        at = int(origin[at])
        edges.append(int(places[at]))
    return [0, *reversed(edges)]


def costs(values: Floats, places: NDArray[np.intp], shape: str) -> Floats:
    """Return ``(p, p)``: the sum of squares about the level, or the line, of what lies between any two places."""
    time = np.arange(len(values), dtype=np.float64)[:, None]

    def sums(array: Floats) -> Floats:
        total = np.concatenate([np.zeros((1, array.shape[1])), np.cumsum(array, axis=0)])[places]
        return np.asarray(total[None, :] - total[:, None])

    many = np.maximum(places[None, :] - places[:, None], 1)[..., None]
    own, first = sums(values**2), sums(values)
    squares = own - first**2 / many
    if shape == "line":
        # of time about its own mean, from the number of steps alone: sums of squares of large numbers lose all digits
        spread = many * (many.astype(np.float64) ** 2 - 1) / 12
        middle = (places[None, :] + places[:, None] - 1)[..., None] / 2
        squares -= (sums(time * values) - middle * first) ** 2 / np.where(spread > 0, spread, np.inf)
    return np.asarray(np.maximum(squares, 0.0).sum(axis=2))
