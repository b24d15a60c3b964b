"""What each value of a row does, as bars."""

from dataclasses import replace
from typing import Annotated

from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._bar_chart import LETTER, ROW, SIZE, bar_chart
from limefw_plugins.renderers._captioned import key, title, trust
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._letters import FAINT, Words, drawable, leading, readable, wrapped
from limefw_plugins.renderers._paint import PALETTES, PaletteName
from limefw_plugins.renderers._row import row_of
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import printable, wording_of
from limefw_plugins.renderers.bars import what_intervals


MARGIN, CHART = 24, 900
"""Pixels: margins, and the width of the bars with their names."""


def table_figure(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1), Le(100)] = 10,
    palette: PaletteName = "green-red",
) -> Rendering:
    """The effects of a row's values as bars with 95% intervals, the strongest first.

    Args:
        label: a number or name; none: the first explained.
        top: how many at the most.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
    """
    return bars_figure(explanation, row_of(explanation, "table_figure").name, explanation.label(label), top, palette)


def bars_figure(
    explanation: Explanation, called: str, number: int, top: int, palette: PaletteName, said_first: str = ""
) -> Rendering:
    """Return effects as bars that need no picture beside them.

    Args:
        explanation: of anything.
        called: the instance.
        number: of the label.
        top: how many at the most.
        palette: of the bars.
        said_first: below them, before anything else.
    """
    colors = PALETTES[palette]
    found, words = findings(explanation, number, top), wording_of(explanation)
    drawn = [item if readable(item.name) else replace(item, name=f"{words.part} {item.segment}") for item in found]
    name, weaker = title(explanation, number), len(explanation.top(None, number)) - len(found)
    name_and_trust = f"{printable(called)}. {trust(explanation, number)}" if called else trust(explanation, number)
    said = [Words(drawable(said_first))] if said_first else []
    said += [Words(name_and_trust), Words(what_intervals(explanation, number, found), FAINT)]
    lost = any(item.name != other.name for item, other in zip(drawn, found, strict=True))
    said += [Words("Names in scripts that cannot be drawn here are numbers; the page shows them.", FAINT)] * lost
    found = drawn
    said += [Words(f"{weaker} more {words.part}s have weaker effects.", FAINT)] if weaker else []
    names = round(min(400.0, max(140.0, 24 + LETTER * max((len(item.name) for item in found), default=0))))
    with drawing():
        head = MARGIN + len(wrapped(name.words, CHART, 1.2 * SIZE)) * leading(1.2 * SIZE) + leading(SIZE) + 8
        high = (len(found) * ROW + 56) * bool(found)
        tail = len(wrapped(said, CHART, 0.9 * SIZE)) * leading(0.9 * SIZE)
        sheet = Sheet(CHART + 2 * MARGIN, round(head + high + tail + 2 * MARGIN))
        line = sheet.flow(MARGIN, MARGIN, CHART, name.words, 1.2 * SIZE)
        sheet.flow(MARGIN, line, CHART, key(words, colors, found).words, SIZE)
        if found:
            bar_chart(sheet, found, (MARGIN, head, CHART), colors, words.explained, names)
        sheet.flow(MARGIN, head + high + MARGIN, CHART, said, 0.9 * SIZE)
        return sheet.rendering()
