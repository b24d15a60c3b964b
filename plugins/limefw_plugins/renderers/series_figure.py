"""A series with its weights along time."""

from collections.abc import Sequence
from typing import Annotated, Any

from annotated_types import Ge, Le

from limefw.modalities.series import Series
from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import key, title, trust
from limefw_plugins.renderers._courses import SIZE, WIDE, draw_course, draw_weights, limits_of
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._letters import FAINT, Words, drawable, leading, points, wrapped
from limefw_plugins.renderers._paint import PALETTES, PaletteName
from limefw_plugins.renderers._runs import Strip, series_of, strips
from limefw_plugins.renderers._scales import exponent_of, label_axis
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import printable, wording_of
from limefw_plugins.renderers.bars import what_intervals


MARGIN, LEFT = 24, 96
"""Pixels: margins, and what numbers at the left take."""

COURSE, ALONE, WEIGHTS, GAP = 120, 240, 150, 14
"""Pixels: the height of a course of several, of a lone one, and of the weights, and between them."""


def series_figure(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(0)] = 5,
    channels: Annotated[int, Ge(1), Le(40)] = 6,
    palette: PaletteName = "green-red",
) -> Rendering:
    """The series with each segment tinted by its effect, and below it the weights along time with 95% intervals.

    Args:
        label: a number or name; none: the first explained.
        top: how many weights have their number written at them.
        channels: how many are drawn at the most: those with the strongest effects.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
    """
    series, number = series_of(explanation, "series_figure"), explanation.label(label)
    colors, words, name = PALETTES[palette], wording_of(explanation), title(explanation, number)
    drawn, left_out = chosen(strips(explanation, number), channels)
    found = findings(explanation, number, top)
    inner = LEFT + WIDE
    said = [Words(trust(explanation, number)), Words(what_intervals(explanation, number, found, listed=False), FAINT)]
    said += [Words(f"{left_out} channels with weaker effects are not drawn.", FAINT)] if left_out else []
    course = ALONE if sum(len(strip.channels) for strip in drawn) == 1 else COURSE
    high = sum(len(strip.channels) * (course + GAP) + WEIGHTS + 3 * GAP for strip in drawn)
    with drawing():
        head = MARGIN + len(wrapped(name.words, inner, 1.2 * SIZE)) * leading(1.2 * SIZE) + leading(SIZE) + 8
        tail = len(wrapped(said, inner, 0.9 * SIZE)) * leading(0.9 * SIZE)
        sheet = Sheet(inner + 2 * MARGIN, round(head + high + 40 + tail + MARGIN))
        line = sheet.flow(MARGIN, MARGIN, inner, name.words, 1.2 * SIZE)
        sheet.flow(MARGIN, line, inner, key(words, colors, found).words, SIZE)
        decimals = {item.segment: item.decimals for item in found if not item.faint}
        _draw(sheet, head, series, drawn, (colors, words, course, decimals))
        sheet.flow(MARGIN, head + high + 40, inner, said, 0.9 * SIZE)
        return sheet.rendering()


def chosen(every: Sequence[Strip], most: int) -> tuple[list[Strip], int]:
    """Return strips with the `most` channels of the strongest effects, in their order, and how many are left out."""
    strength = {at: max((abs(run.effect) for run in strip.runs), default=0.0)
                for strip in every for at in strip.channels}  # fmt: skip
    kept = set(sorted(strength, key=lambda at: (-strength[at], at))[:most])
    cut = [Strip([at for at in strip.channels if at in kept], strip.runs) for strip in every]
    return [strip for strip in cut if strip.channels], len(strength) - len(kept)


def _draw(sheet: Sheet, top: float, series: Series, drawn: Sequence[Strip], style: Any) -> None:
    colors, words, course, decimals = style
    every = [run for strip in drawn for run in strip.runs]
    strongest = max((abs(run.effect) for run in every), default=0.0) or 1.0
    limits = limits_of(every)
    ends = every[0].left, every[-1].right
    for strip in drawn:
        for at in strip.channels:
            axes = sheet.axes(MARGIN + LEFT, top, WIDE, course)
            draw_course(axes, series, at, strip.runs, colors, strongest)
            axes.set_xlim(*ends)
            top += course + GAP
        axes = sheet.axes(MARGIN + LEFT, top, WIDE, WEIGHTS)
        draw_weights(axes, strip.runs, colors, limits, decimals)
        axes.set_xlim(*ends)
        label_axis(axes, "y", words.unit, exponent_of(max(map(abs, limits))), points(0.75 * SIZE), sign=True)
        axes.yaxis.label.set_color(FAINT)
        top += WEIGHTS + 3 * GAP
    what = "step" if series.times is None else f"time ({printable(series.unit)})" if series.unit else "time"
    axes.set_xlabel(drawable(what), fontsize=points(0.9 * SIZE), color=FAINT, parse_math=False)
