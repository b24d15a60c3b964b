"""A series with its weights along time as the shapes of an SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from limefw.modalities.series import Series
from limefw.results.explanation import Explanation
from limefw_plugins.renderers._paint import PALE
from limefw_plugins.renderers._runs import Run, Strip, thinned
from limefw_plugins.renderers._words import MINUS, decimals_for, number, printable, signed


WIDE, ALONE, COURSE, WEIGHTS, GAP = 900, 200, 96, 120, 16
"""Units of the picture: its width, the height of a lone course, of one of several, and of the weights, and between."""

LONGEST = 12
"""Letters of a time below the chart."""

POINTS = 700
"""Of a course at the most."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: where it is, its sign, and how strong its colour is, 0..1."""

    x: float
    y: float
    width: float
    height: float
    positive: bool
    strength: float


@dataclass(frozen=True, slots=True)
class Course:
    """One channel.

    Args:
        at: its number.
        top: where it starts.
        height: of it.
        name: of the channel.
        low: its least value.
        high: its greatest.
        tints: of its segments.
    """

    at: int
    top: float
    height: float
    name: str
    low: str
    high: str
    tints: Sequence[Box]


@dataclass(frozen=True, slots=True)
class Scale:
    """The weights of some channels.

    Args:
        top: where they start.
        zero: where 0 is.
        bars: a weight each.
        whiskers: (x, y, y) of each interval.
        ends: (y, text) of numbers at the left.
    """

    top: float
    zero: float
    bars: Sequence[Box]
    whiskers: Sequence[tuple[float, float, float]]
    ends: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Chart:
    """All of it, and when it starts and ends."""

    height: float
    courses: Sequence[Course]
    scales: Sequence[Scale]
    ticks: Sequence[tuple[float, str]]


def paths(series: Series, channels: Sequence[int], height: float) -> dict[int, str]:
    """Return the line of each channel, from (0, 0) to (WIDE, height)."""
    return {at: _path(series, at, height) for at in channels}


def _path(series: Series, at: int, height: float) -> str:
    moments, values = thinned(series.moments(), series.values[:, at].astype(np.float64), POINTS)
    low, high, left, right = values.min(), values.max(), *_ends(series)
    across = (moments - left) / (right - left) * WIDE
    down = (1 - (values - low) / ((high - low) or 1.0)) * (height - 12) + 6
    points = [f"{x:.1f} {y:.1f}" for x, y in zip(across.tolist(), down.tolist(), strict=True)]
    return f"M{'L'.join(points)}"


def _ends(series: Series) -> tuple[float, float]:
    moments = series.moments()
    first = (moments[1] - moments[0]) / 2 if len(moments) > 1 else 0.5
    last = (moments[-1] - moments[-2]) / 2 if len(moments) > 1 else 0.5
    return float(moments[0] - first), float(moments[-1] + last)


def chart_of(explanation: Explanation, drawn: Sequence[Strip]) -> Chart:
    """Lay the chart of one label out."""
    series = explanation.instance
    assert isinstance(series, Series)
    every = [run for strip in drawn for run in strip.runs]
    left, right = _ends(series)
    strongest = max((abs(run.effect) for run in every), default=0.0) or 1.0
    low = min([0.0, *(run.effect - (run.margin or 0.0) for run in every)])
    high = max([0.0, *(run.effect + (run.margin or 0.0) for run in every)])
    high = high if high > low else 1.0
    height, top = course_height(drawn), 0.0
    courses, scales = [], []
    for strip in drawn:
        spans = [_span(run, left, right) for run in strip.runs]
        for at in strip.channels:
            tints = [
                Box(x, top, wide, height, run.effect > 0, round(0.5 * abs(run.effect) / strongest, 3))
                for run, (x, wide) in zip(strip.runs, spans, strict=True)
                if abs(run.effect) > 0.01 * strongest and not run.faint
            ]
            low_text, high_text = _range_texts(series, at)
            courses.append(Course(at, top, height, printable(series.channels[at]), low_text, high_text, tints))
            top += height + GAP
        scales.append(_scale(strip.runs, spans, top, (low, high), strongest))
        top += WEIGHTS + 2 * GAP
    return Chart(top, courses, scales, _ticks(series, left, right))


def _range_texts(series: Series, at: int) -> tuple[str, str]:
    """Return the least and the greatest value of a channel, with the digits that tell them apart."""
    values = series.values[:, at].astype(np.float64)
    low, high, places = float(values.min()), float(values.max()), decimals_for([float(np.abs(values).max())])
    if low == high or number(low, places) == number(high, places):
        fine = max(places, 1 - math.floor(math.log10((high - low) or 1.0)))
        texts = number(low, fine), number(high, fine)
        # where that takes too many digits, how much more it is than the least
        return texts if low == high or texts[0] != texts[1] else (number(low, places), f"+{number(high - low)}")
    return number(low, places), number(high, places)


def course_height(drawn: Sequence[Strip]) -> float:
    """Return the height of each course."""
    return ALONE if sum(len(strip.channels) for strip in drawn) == 1 else COURSE


def _span(run: Run, left: float, right: float) -> tuple[float, float]:
    first, last = ((edge - left) / (right - left) * WIDE for edge in (run.left, run.right))
    return round(first, 1), round(last - first, 1)


def _scale(
    runs: Sequence[Run], spans: Sequence[tuple[float, float]], top: float, limits: tuple[float, float], strongest: float
) -> Scale:
    low, high = limits

    def at(value: float) -> float:
        return round(top + (high - value) / (high - low) * WEIGHTS, 1)

    bars, whiskers = [], []
    for run, (x, wide) in zip(runs, spans, strict=True):
        if run.segment < 0:
            continue
        ends = sorted((at(run.effect), at(0.0)))
        bars.append(Box(round(x + 0.02 * wide, 1), ends[0], round(0.96 * wide, 1), round(ends[1] - ends[0], 1),
                        run.effect > 0, PALE if run.faint else 1.0))  # fmt: skip
        if run.margin:
            whiskers.append((round(x + wide / 2, 1), at(run.effect - run.margin), at(run.effect + run.margin)))
    places = decimals_for([strongest])
    most, least = (max([0.0, *(side * run.effect for run in runs)]) for side in (1, -1))
    said = [(at(0.0), "0")] + [(at(value), signed(value, places)) for value in (most, -least) if value]
    # numbers that would lie on each other
    ends_at = [said[0], *(one for one in said[1:] if abs(one[0] - said[0][0]) > 14)]
    return Scale(top, at(0.0), bars, whiskers, ends_at)


def _ticks(series: Series, left: float, right: float) -> list[tuple[float, str]]:
    """Return where some round times are, and what they are called."""
    rough = (right - left) / 8
    exponent = math.floor(math.log10(rough))
    factor = next(factor for factor in (1, 2, 5, 10) if factor * 10.0**exponent >= rough)
    step, places = factor * 10.0**exponent, max(0, -exponent - (factor == 10))
    if series.times is None:
        step, places = max(1.0, step), 0
    first, last = math.ceil(left / step), math.floor(right / step)
    unit = f" {printable(series.unit)}" if series.unit else ""
    said = [f"{at * step:.{places}f}".replace("-", MINUS) + unit for at in range(first, last + 1)]
    if max(map(len, said), default=0) > LONGEST:
        # where they are long, the first, and how much later each of the others is
        said[1:] = [f"+{at * step:.6g}{unit}".replace("-", MINUS) for at in range(1, len(said))]
    return [(round((at * step - left) / (right - left) * WIDE, 1), text) for at, text in enumerate(said, start=first)]
