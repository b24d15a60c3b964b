"""A series with its weights along time."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from limefw.modalities.series import Series
from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import key, title, trust
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._letters import FAINT, INK, Words, drawable, leading, points, wrapped
from limefw_plugins.renderers._paint import PALETTES, Palette, PaletteName
from limefw_plugins.renderers._runs import Run, Strip, series_of, strips, thinned
from limefw_plugins.renderers._scales import exponent_of, label_axis
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import printable, signed, wording_of
from limefw_plugins.renderers.bars import what_intervals


SIZE, MARGIN, LEFT, WIDE = 16, 24, 96, 900
"""Pixels: letters, margins, what numbers at the left take, and the width of a course."""

COURSE, ALONE, WEIGHTS, GAP = 120, 240, 150, 14
"""Pixels: the height of a course of several, of a lone one, and of the weights, and between them."""

POINTS = 3000
"""Of a course at the most."""

NUMBER = 56
"""Pixels that a number takes."""


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
    said = [Words(trust(explanation, number)), Words(what_intervals(found, words), FAINT)]
    said += [Words(f"{left_out} channels with weaker effects are not drawn.", FAINT)] if left_out else []
    course = ALONE if sum(len(strip.channels) for strip in drawn) == 1 else COURSE
    high = sum(len(strip.channels) * (course + GAP) + WEIGHTS + 3 * GAP for strip in drawn)
    with drawing():
        head = MARGIN + len(wrapped(name.words, inner, 1.2 * SIZE)) * leading(1.2 * SIZE) + leading(SIZE) + 8
        tail = len(wrapped(said, inner, 0.9 * SIZE)) * leading(0.9 * SIZE)
        sheet = Sheet(inner + 2 * MARGIN, round(head + high + 40 + tail + MARGIN))
        line = sheet.flow(MARGIN, MARGIN, inner, name.words, 1.2 * SIZE)
        sheet.flow(MARGIN, line, inner, key(words, colors, found).words, SIZE)
        _draw(sheet, head, series, drawn, (colors, words, course, {item.segment: item.decimals for item in found}))
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
    limits = _limits(every)
    ends = every[0].left, every[-1].right
    for strip in drawn:
        for at in strip.channels:
            axes = sheet.axes(MARGIN + LEFT, top, WIDE, course)
            _course(axes, series, at, strip.runs, colors, strongest)
            axes.set_xlim(*ends)
            top += course + GAP
        axes = sheet.axes(MARGIN + LEFT, top, WIDE, WEIGHTS)
        _weights(axes, strip.runs, colors, limits, decimals)
        axes.set_xlim(*ends)
        label_axis(axes, "y", words.unit, exponent_of(max(map(abs, limits))), points(0.75 * SIZE), sign=True)
        axes.yaxis.label.set_color(FAINT)
        top += WEIGHTS + 3 * GAP
    what = "step" if series.times is None else f"time ({printable(series.unit)})" if series.unit else "time"
    axes.set_xlabel(drawable(what), fontsize=points(0.9 * SIZE), color=FAINT, parse_math=False)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#aab1ba")
    axes.tick_params(labelsize=points(0.75 * SIZE), colors=FAINT)
    axes.locator_params(axis="y", nbins=4)


def _course(axes: Any, series: Series, at: int, runs: Sequence[Run], colors: Palette, strongest: float) -> None:
    """Draw a channel on the tints of its segments."""
    for run in runs:
        if run.effect:
            axes.axvspan(run.left, run.right, color=colors.fill(run.effect), lw=0,
                         alpha=0.5 * abs(run.effect) / strongest)  # fmt: skip
    moments, values = thinned(series.moments(), series.values[:, at].astype(np.float64), POINTS)
    axes.plot(moments, values, color=INK, linewidth=points(1.8), solid_joinstyle="round")
    _plain(axes)
    axes.tick_params(axis="x", labelbottom=False)
    name = printable(series.channels[at])
    axes.set_ylabel(drawable(name if len(name) <= 18 else f"{name[:17]}…"), fontsize=points(0.8 * SIZE), color=FAINT,
                    parse_math=False)  # fmt: skip


def _weights(
    axes: Any, runs: Sequence[Run], colors: Palette, limits: tuple[float, float], decimals: dict[int, int]
) -> None:
    """Draw a bar for each stretch as wide as it lasts, with its interval, and numbers at the strongest."""
    shown, length = [run for run in runs if run.segment >= 0], runs[-1].right - runs[0].left
    middle = [(run.left + run.right) / 2 for run in shown]
    effects = [run.effect for run in shown]
    axes.bar(
        middle, effects, [0.96 * (run.right - run.left) for run in shown],
        color=[colors.fill(effect) for effect in effects], hatch=["" if effect > 0 else "////" for effect in effects],
        edgecolor="white", linewidth=0,
    )  # fmt: skip
    margins = [run.margin or 0.0 for run in shown]
    if any(margins):
        axes.errorbar(middle, effects, yerr=margins, fmt="none", ecolor=INK, elinewidth=points(1.4))
    axes.axhline(0, color=INK, linewidth=points(1))
    written: list[float] = []
    for run, at in sorted(zip(shown, middle, strict=True), key=lambda pair: -abs(pair[0].effect)):
        # a weaker one beside a stronger one would be written over it
        if run.segment in decimals and all(abs(at - other) > NUMBER / WIDE * length for other in written):
            written.append(at)
            side = 1 if run.effect > 0 else -1
            axes.annotate(
                signed(run.effect, decimals[run.segment]), (at, run.effect + side * (run.margin or 0.0)),
                (0, side * 4), textcoords="offset points", ha="center", va="bottom" if side > 0 else "top",
                fontsize=points(0.75 * SIZE), fontweight="bold", color=colors.ink(run.effect), annotation_clip=False,
            )  # fmt: skip
    axes.set_ylim(*limits)
    _plain(axes)


def _limits(every: Sequence[Run]) -> tuple[float, float]:
    """Return the ends of the axis of all weights, with room for numbers beyond them."""
    low = min([0.0, *(run.effect - (run.margin or 0.0) for run in every)])
    high = max([0.0, *(run.effect + (run.margin or 0.0) for run in every)])
    pad = 0.22 * ((high - low) or 1.0)
    return low - pad * (low < 0), high + pad * (high > 0 or low == 0)
