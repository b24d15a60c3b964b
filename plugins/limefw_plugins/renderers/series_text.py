"""A series and its weights along time, for a terminal."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Floats, Rendering
from limefw_plugins.renderers._runs import Strip, series_of, strips
from limefw_plugins.renderers._terminal_lines import WIDTH
from limefw_plugins.renderers._words import MINUS, fitted, number, printable, wording_of
from limefw_plugins.renderers.plain_text import plain_text
from limefw_plugins.renderers.series_figure import chosen


BLOCKS = " ▁▂▃▄▅▆▇█"
NAMES = 16
"""Columns that a channel's name takes."""


def series_text(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1)] = 5,
    channels: Annotated[int, Ge(1), Le(40)] = 6,
) -> Rendering:
    """The series as a row of blocks with what speaks for and against below it, then all that the renderer "text" says.

    Args:
        label: a number or name that is drawn along time; none: the first explained.
        top: how many segments a label at the most.
        channels: how many are drawn at the most: those with the strongest effects.
    """
    series, chosen_label = series_of(explanation, "series_text"), explanation.label(label)
    drawn, left_out = chosen(strips(explanation, chosen_label), channels)
    words, name = wording_of(explanation), printable(explanation.names[chosen_label])
    reach = max((abs(run.effect) for strip in drawn for run in strip.runs), default=0.0)
    lines = [f"{words.question(name)}, along time ({words.explained}, up to {number(reach)})"]
    wide = WIDTH - NAMES - 2
    for strip in drawn:
        lines += [_row(printable(series.channels[at]), _course(series.values[:, at], wide)) for at in strip.channels]
        effects = _along(strip, series.shape[0], wide)
        lines += [
            _row(f"+ {words.plus}", _bars(effects, reach)),
            _row(f"{MINUS} {words.minus}", _bars(-effects, reach)),
        ]
    lines += [f"{left_out} channels with weaker effects are not drawn."] if left_out else []
    text = "\n".join(line.rstrip() for line in lines)
    rest = plain_text(explanation, top=top).data
    assert isinstance(rest, str)
    return Rendering(f"{text}\n\n{rest}", "text/plain", ".txt")


def _row(name: str, blocks: str) -> str:
    return f"{fitted(name, NAMES)}│{blocks}"


def _columns(steps: int, wide: int) -> list[slice]:
    """Return the steps of each column of the terminal; a short series has a column for each step."""
    count = min(steps, wide)
    edges = np.arange(count + 1) * steps // count
    return [slice(first, end) for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]


def _course(values: Floats, wide: int) -> str:
    means = np.array([values[part].astype(np.float64).mean() for part in _columns(len(values), wide)])
    low, high = means.min(), means.max()
    return "".join(BLOCKS[1 + round(7 * float(mean - low) / float(high - low or 1.0))] for mean in means)


def _along(strip: Strip, steps: int, wide: int) -> Floats:
    """Return the strongest effect in each column."""
    effects = np.zeros(steps)
    for run in strip.runs:
        effects[run.first : run.end] = run.effect
    parts = [effects[part] for part in _columns(steps, wide)]
    return np.array([part[np.abs(part).argmax()] for part in parts])


def _bars(effects: Sequence[float] | Floats, reach: float) -> str:
    return "".join(BLOCKS[round(8 * max(0.0, float(effect)) / (reach or 1.0))] for effect in effects)
