"""What is drawn along time: a channel on the tints of its segments, and the weights below it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from limefw.modalities.series import Series
from limefw_plugins.renderers._letters import FAINT, INK, drawable, points, readable
from limefw_plugins.renderers._paint import PALE, Palette
from limefw_plugins.renderers._runs import Run, thinned
from limefw_plugins.renderers._words import printable, signed


SIZE, WIDE = 16, 900
"""Pixels: letters, and the width of a course."""

POINTS = 3000
"""Of a course at the most."""

NUMBER = 56
"""Pixels that a number takes."""


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#aab1ba")
    axes.tick_params(labelsize=points(0.75 * SIZE), colors=FAINT)
    axes.locator_params(axis="y", nbins=4)


def draw_course(axes: Any, series: Series, at: int, runs: Sequence[Run], colors: Palette, strongest: float) -> None:
    """Draw a channel on the tints of its segments."""
    for run in runs:
        if not run.faint:
            axes.axvspan(run.left, run.right, color=colors.fill(run.effect), lw=0,
                         alpha=0.5 * abs(run.effect) / strongest)  # fmt: skip
    moments, values = thinned(series.moments(), series.values[:, at].astype(np.float64), POINTS)
    axes.plot(moments, values, color=INK, linewidth=points(1.8), solid_joinstyle="round")
    _plain(axes)
    axes.tick_params(axis="x", labelbottom=False)
    name = printable(series.channels[at])
    name = name if readable(name) else f"channel {at}"
    axes.set_ylabel(drawable(name if len(name) <= 18 else f"{name[:17]}…"), fontsize=points(0.8 * SIZE), color=FAINT,
                    parse_math=False)  # fmt: skip


def draw_weights(
    axes: Any, runs: Sequence[Run], colors: Palette, limits: tuple[float, float], decimals: dict[int, int]
) -> None:
    """Draw a bar for each stretch as wide as it lasts, with its interval, and numbers at the strongest."""
    shown, length = [run for run in runs if run.segment >= 0], runs[-1].right - runs[0].left
    middle = [(run.left + run.right) / 2 for run in shown]
    effects = [run.effect for run in shown]
    axes.bar(
        middle, effects, [0.96 * (run.right - run.left) for run in shown],
        color=[(colors.fill(run.effect), PALE if run.faint else 1.0) for run in shown],
        hatch=["" if effect > 0 else "////" for effect in effects],
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


def limits_of(every: Sequence[Run]) -> tuple[float, float]:
    """Return the ends of the axis of all weights, with room for numbers beyond them."""
    low = min([0.0, *(run.effect - (run.margin or 0.0) for run in every)])
    high = max([0.0, *(run.effect + (run.margin or 0.0) for run in every)])
    pad = 0.22 * ((high - low) or 1.0)
    return low - pad * (low < 0), high + pad * (high > 0 or low == 0)
