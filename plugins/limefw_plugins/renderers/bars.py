"""The strongest effects as bars with their intervals, beside a photograph that says where they are."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._bar_chart import NAMES, ROW, SIZE, bar_chart
from limefw_plugins.renderers._captioned import key, title, trust
from limefw_plugins.renderers._findings import Finding, findings, ties_of
from limefw_plugins.renderers._letters import FAINT, Words, leading, wrapped
from limefw_plugins.renderers._marks import badges, below, is_thin
from limefw_plugins.renderers._paint import PALETTES, PaletteName, tinted
from limefw_plugins.renderers._picture import view_of
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import wording_of


MARGIN, PICTURE, CHART = 20, 448, 610
"""Pixels: the width of margins, the longer side of the photograph, and the width of the bars with their names."""


def bars(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1), Le(100)] = 10,
    palette: PaletteName = "green-red",
) -> Rendering:
    """The strongest effects as bars with 95% intervals, beside a photograph with their numbers.

    Args:
        label: a number or name; none: the first explained.
        top: how many at the most.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
    """
    number, colors = explanation.label(label), PALETTES[palette]
    found = findings(explanation, number, top)
    view, name, words = view_of(explanation, longest=PICTURE), title(explanation, number), wording_of(explanation)
    # the photograph's place follows from the bars: where there are none it stands alone, above them where it is wide
    above = view.wide and bool(found)
    view = view_of(explanation, longest=NAMES + CHART) if above else view
    chart = (max(view.size[1], CHART) if above else CHART) if found else 0
    inner = max(chart + (2 * MARGIN * bool(chart) + view.size[1]) * (not above), NAMES + PICTURE)
    said = [Words(what_intervals(explanation, number, found), FAINT), Words(trust(explanation, number), FAINT)]
    with drawing():
        lines = len(wrapped(name.words, inner, name.scale * SIZE)) * leading(name.scale * SIZE)
        head = MARGIN + lines + leading(SIZE) + 8
        high = (len(found) * ROW + 56) * bool(found)
        picture = view.size[0] + below(view, 0.85 * SIZE) * bool(found) + MARGIN * above
        body = picture + high if above else max(view.size[0], high)
        tail = len(wrapped(said, inner, 0.9 * SIZE)) * leading(0.9 * SIZE)
        sheet = Sheet(inner + 2 * MARGIN, round(head + body + tail + 2 * MARGIN))
        line = sheet.flow(MARGIN, MARGIN, inner, name.words, name.scale * SIZE)
        sheet.flow(MARGIN, line, inner, key(words, colors, found).words, SIZE)
        beside = 3 * SIZE if is_thin(view, 0.85 * SIZE) and not view.wide else 0
        left = sheet.width - MARGIN - view.size[1] - beside if found and not above else MARGIN
        axes = sheet.picture(tinted(view, found, 0.3, colors, boundaries=True), left, head)
        badges(axes, view, found, 0.85 * SIZE, colors)
        if found:
            bar_chart(sheet, found, (MARGIN, head + picture * above, chart), colors, words.explained)
        sheet.flow(MARGIN, head + body + MARGIN, inner, said, 0.9 * SIZE)
        return sheet.rendering()


def what_intervals(explanation: Explanation, number: int, found: Sequence[Finding], *, listed: bool = True) -> str:
    """Say what whiskers stand for, or why there are none; where effects are `listed` what a mark between them means."""
    fit, ties = explanation.fit(number), ties_of(found) if listed else ""
    if any(item.margin for item in found):
        if fit.is_posterior:
            return f"Whiskers: 95% of the posterior, if the stand-in is right; not what another draw does{ties}."
        return f"Whiskers: 95% intervals, for the luck of the draw alone{ties}."
    if any(item.margin == 0 for item in found):
        return "Every combination was drawn: nothing was left to chance."
    if found and (explanation.neighbourhood.groups < 0).all():
        return "Intervals are not known: the rows of this sampler are no independent draws."
    return (
        "Intervals are not known: too few samples, or a surrogate that has none."
        if found
        else wording_of(explanation).nothing
    )
