"""A comparison as one static picture."""

from typing import Annotated

from annotated_types import Ge, Le

from limefw.comparison.result import Comparison
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import GAP as GAP_WORDS
from limefw_plugins.renderers._captioned import unbroken
from limefw_plugins.renderers._comparison_charts import CELL, matrix_chart, mean_rows, means_chart
from limefw_plugins.renderers._comparison_panels import GAP, MARGIN, SIZE, draw_instance, one_line, planned
from limefw_plugins.renderers._comparisons import comparison_of, headline, words_of
from limefw_plugins.renderers._letters import FAINT, Words, leading, wrapped
from limefw_plugins.renderers._paint import PALETTES, PaletteName
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import printable


NAMES, TITLED = 240, 200
"""Pixels: the names of sides beside the charts, and what the matrix's title needs."""


def comparison_figure(
    comparison: Comparison,
    /,
    *,
    instances: Annotated[int, Ge(1), Le(50)] = 6,
    top: Annotated[int, Ge(1), Le(20)] = 5,
    palette: PaletteName = "green-red",
) -> Rendering:
    """The sides of each instance beside each other, their agreement, and their fidelity and stability with intervals.

    Args:
        instances: how many at the most, the first ones.
        top: how many of the strongest segments are tinted, or drawn as bars.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
    """
    given, colors = comparison_of(comparison, "comparison_figure"), PALETTES[palette]
    words = words_of(given)
    shown = range(min(instances, len(given.instances)))
    with drawing():
        plan = planned(given, top)
        key = [
            Words(unbroken(f"● {colors.names[0]} = {words.plus}") + GAP_WORDS, colors.plus_ink),
            Words(unbroken(f"■ {colors.names[1]} = {words.minus}") + GAP_WORDS, colors.minus_ink),
            Words(f"of the {top} strongest {words.part}s", FAINT),
        ]
        if len(shown) < len(given.instances):
            key[-1] = Words(f"{key[-1].text}; the first {len(shown)} of {len(given.instances)} are shown", FAINT)
        inner = max(plan.inner, 760)
        title = [Words(headline(given), bold=True)]
        head = MARGIN + len(wrapped(title, inner, 1.5 * SIZE)) * leading(1.5 * SIZE) + 2 * leading(SIZE) + GAP
        block = leading(SIZE) + plan.rows * (plan.high + GAP) + GAP
        charts = leading(SIZE) * 3 + len(given.sides) * CELL + MARGIN
        said = [Words(given.summary()[-1], FAINT)]
        sheet = Sheet(inner + 2 * MARGIN, round(head + len(shown) * block + charts + 3 * leading(SIZE) + MARGIN))
        line = sheet.flow(MARGIN, MARGIN, inner, title, 1.5 * SIZE)
        sheet.flow(MARGIN, line, inner, key, SIZE)
        for at in shown:
            draw_instance(sheet, given, at, head + at * block, plan, top, colors)
        line = head + len(shown) * block
        _charts(sheet, given, line, inner)
        sheet.flow(MARGIN, line + charts, inner, said, 0.9 * SIZE)
        return sheet.rendering(repeated=True)


def _charts(sheet: Sheet, given: Comparison, line: float, inner: float) -> None:
    """Draw the agreement of all sides, and each one's fidelity and stability."""
    many = len(given.sides)
    for side in range(many):
        name = [Words(f"{side + 1} {printable(given.sides[side].name)}")]
        down = line + 2 * leading(SIZE) + side * CELL + (CELL - SIZE) / 2
        one_line(sheet, MARGIN, down, NAMES - 8, name, 0.9 * SIZE)
    across = min(CELL * 1.5, (inner - NAMES - 2 * 170) / many)
    matrix_chart(sheet, given, MARGIN + NAMES, line, across)
    left = MARGIN + NAMES + max(many * across, TITLED) + 30
    wide = min(260.0, (inner - (left - MARGIN) - 30) / 2)
    for title, means in mean_rows(given):
        means_chart(sheet, title, means, (left, line, wide))
        left += wide + 30
