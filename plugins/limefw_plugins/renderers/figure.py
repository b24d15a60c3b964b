"""One figure of everything: photograph, overlay, heat map, bars, and how well the surrogate follows the model."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._asked import asked_of
from limefw_plugins.renderers._bar_chart import ROW, SIZE, bar_chart
from limefw_plugins.renderers._captioned import key, title, trust
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._letters import FAINT, INK, Words, leading, points, wrapped
from limefw_plugins.renderers._marks import badges
from limefw_plugins.renderers._marks import below as beneath
from limefw_plugins.renderers._paint import PALETTES, PaletteName, heated, tinted
from limefw_plugins.renderers._picture import View, view_of
from limefw_plugins.renderers._scales import exponent_of, label_axis
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import wording_of
from limefw_plugins.renderers.bars import what_intervals
from limefw_plugins.renderers.heatmap import color_bar, relative_effects, signed_findings, signs, what_signs


MARGIN, PANEL, CHART = 24, 460, 860
"""Pixels: the width of margins, the longer side of each picture, and the width of the bars with their names."""

POINTS = 2000
"""Samples drawn at the most: more are a blot."""


def figure(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1), Le(30)] = 8,
    palette: PaletteName = "green-red",
) -> Rendering:
    """One figure of everything: photograph, overlay, heat map, bars with intervals, surrogate against model.

    Args:
        label: a number or name; none: the first explained.
        top: how many segments the overlay and the bars show at the most.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
    """
    number, colors, words = explanation.label(label), PALETTES[palette], wording_of(explanation)
    found, view, name = (
        findings(explanation, number, top),
        _view(explanation),
        title(explanation, number),
    )
    limit, values = relative_effects(explanation, number, view)
    asked = asked_of(explanation, number)
    said = [Words(trust(explanation, number)), Words(what_intervals(explanation, number, found), FAINT)]
    said += [Words(what_signs(found, words), FAINT)] if signed_findings(found) else []
    said += [] if asked is None else [Words(f"{asked.sentence} {asked.verdict}", FAINT)]
    tall, wide = view.size
    inner = 3 * PANEL + 2 * MARGIN
    # where nothing has an effect there is neither a bar nor a line to be near
    body = max(len(found) * ROW + 60, 400) if found else 0
    with drawing():
        head = MARGIN + len(wrapped(name.words, inner, 1.4 * SIZE)) * leading(1.4 * SIZE) + leading(SIZE) + 10
        # pictures that are far wider than high stand one below the other
        step = round(tall + beneath(view, 0.9 * SIZE) + MARGIN) if view.wide else 0
        below = head + tall + 2 * step + 90
        tail = len(wrapped(said, inner, 0.95 * SIZE)) * leading(0.95 * SIZE)
        sheet = Sheet(inner + 2 * MARGIN, round(below + body + tail + 2 * MARGIN))
        line = sheet.flow(MARGIN, MARGIN, inner, name.words, 1.4 * SIZE)
        sheet.flow(MARGIN, line, inner, key(words, colors, found).words, SIZE)
        pictures = (view.pixels, tinted(view, found, 0.45, colors, boundaries=True), heated(view, values, colors))
        lefts = [
            round(MARGIN + (inner - wide) / 2 if step else MARGIN + at * (PANEL + MARGIN) + (PANEL - wide) / 2)
            for at in range(3)
        ]
        tops = [round(head + at * step) for at in range(3)]
        axes = [sheet.picture(*each) for each in zip(pictures, lefts, tops, strict=True)]
        badges(axes[1], view, found, 0.9 * SIZE, colors)
        signs(axes[2], view, found, SIZE)
        color_bar(sheet, (MARGIN + 2 * (PANEL + MARGIN), head + tall + 2 * step, PANEL), limit, colors, words)
        if found:
            bar_chart(sheet, found, (MARGIN, below, CHART), colors, words.explained)
            _scatter(sheet.axes(inner - 400, below + 40, 400, 330), explanation, number, words.noun)
        sheet.flow(MARGIN, below + body + MARGIN, inner, said, 0.95 * SIZE)
        return sheet.rendering()


def _view(explanation: Explanation) -> View:
    view = view_of(explanation, longest=PANEL)
    return view_of(explanation, longest=3 * PANEL + 2 * MARGIN) if view.wide else view


def _scatter(axes: Any, explanation: Explanation, label: int, noun: str) -> None:
    """Draw what the surrogate says of each sample over what the model said; the instance is the large dot."""
    around = explanation.neighbourhood
    rows = np.unique(np.linspace(0, len(around) - 1, min(POINTS, len(around))).astype(int))
    model = around.targets[rows, explanation.labels.index(label)]
    guess = explanation.fit(label).predict(around.codes[rows])
    ends = [min(model.min(), guess.min()), max(model.max(), guess.max())]
    axes.plot(ends, ends, color=FAINT, linewidth=points(1), linestyle="--")
    axes.plot(model, guess, ".", color="#4a6fa5", alpha=0.35, markersize=points(7), markeredgewidth=0)
    axes.plot(model[0], guess[0], "o", color=INK, markersize=points(9), markeredgecolor="white")
    axes.tick_params(labelsize=points(0.8 * SIZE), colors=FAINT)
    axes.locator_params(nbins=5)
    exponent = exponent_of(max(map(abs, ends)))
    label_axis(axes, "x", f"the model's {noun}", exponent, points(0.9 * SIZE))
    label_axis(axes, "y", "the stand-in's answer", exponent, points(0.9 * SIZE))
    axes.xaxis.label.set_color(FAINT)
    axes.yaxis.label.set_color(FAINT)
    axes.spines[["top", "right"]].set_visible(False)
    dots = f"Each dot is a sample, the large one the whole {explanation.instance.modality};"
    axes.set_title(f"{dots}\non the line the stand-in is right", fontsize=points(0.85 * SIZE), color=FAINT)
