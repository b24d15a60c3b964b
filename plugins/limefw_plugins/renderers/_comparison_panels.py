"""One instance in a comparison's picture: a picture, or bars, of each side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from limefw.comparison.result import Cell, Comparison
from limefw.modalities.image import Image
from limefw_plugins.renderers._comparisons import short
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._letters import FAINT, Words, leading, wrapped
from limefw_plugins.renderers._paint import Palette, tinted
from limefw_plugins.renderers._picture import view_of
from limefw_plugins.renderers._sheet import Sheet
from limefw_plugins.renderers._words import printable, wording_of


MARGIN, GAP, SIZE = 26, 14, 15
"""Pixels: around and between everything, and letters."""

ACROSS = 6
"""Sides beside each other; more have another line."""

BAR = 24
"""Pixels: the height of a segment's bar, where there are no pictures."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How many sides stand beside each other, in how many lines, and how large one is."""

    across: int
    wide: int
    rows: int
    high: int

    @property
    def inner(self) -> int:
        """The width of all of them."""
        return self.across * (self.wide + GAP) - GAP


def planned(given: Comparison, top: int) -> Layout:
    """Say how many columns and rows of sides there are, and how large one is."""
    across = min(len(given.sides), ACROSS)
    rows = -(-len(given.sides) // across)
    across = -(-len(given.sides) // rows)
    pictured = [cell.explanation.instance for cell in given if cell.explanation]
    if not isinstance(pictured[0], Image):
        wide = 420 if across < 3 else 330
        return Layout(across, wide, rows, round(3 * leading(0.85 * SIZE) + top * BAR))
    wide = 420 if across < 3 else 260 if across < 5 else 210
    tallest = max(_fitted(one, wide)[0] for one in pictured if isinstance(one, Image))
    return Layout(across, wide, rows, round(tallest + 2.4 * leading(0.85 * SIZE)))


def _fitted(image: Image, wide: int) -> tuple[int, int]:
    """Return the height and width in which an image is drawn: as wide as there is room, and never much higher."""
    height, width = image.shape
    scale = min(wide / width, 1.3 * wide / height)
    return max(6, round(height * scale)), max(6, round(width * scale))


def draw_instance(
    sheet: Sheet, given: Comparison, at: int, line: float, plan: Layout, top: int, colors: Palette
) -> None:
    """Draw what all sides say of one instance."""
    name = [Words(printable(given.instances[at]), bold=True)]
    if label := given.label_name(at).replace("value", ""):
        name.append(Words(f"for {printable(label)}", FAINT))
    sheet.flow(MARGIN, line, plan.inner, name, SIZE)
    line += leading(SIZE) + 4
    first = {cell.side: cell for cell in reversed(given.cells) if cell.instance == at}
    for side in range(len(given.sides)):
        left = MARGIN + side % plan.across * (plan.wide + GAP)
        down = line + side // plan.across * (plan.high + GAP)
        _side(sheet, given, first.get(side), side, (left, down), plan, top, colors)


def _side(
    sheet: Sheet, given: Comparison, cell: Cell | None, side: int, place: tuple[float, float], plan: Layout,
    top: int, colors: Palette,
) -> None:  # fmt: skip
    """Draw what one side says."""
    small, (left, line) = 0.85 * SIZE, place
    name = [Words(f"{side + 1} {printable(given.sides[side].name)}", bold=True)]
    one_line(sheet, left, line, plan.wide, name, small)
    line += leading(small)
    if cell is None or cell.explanation is None:
        why = [Words("failed:", colors.minus_ink, bold=True), Words(printable(cell.failure if cell else "not made"))]
        for at, row in enumerate(wrapped(why, plan.wide, small)[: int(plan.high // leading(small)) - 1]):
            for offset, piece in row:
                sheet.write(left + offset, line + at * leading(small), piece, small)
        return
    made, label = cell.explanation, given.label_of(cell)
    found = findings(made, label, top)
    if isinstance(made.instance, Image):
        tall, wide = _fitted(made.instance, plan.wide)
        view = view_of(made, longest=max(tall, wide))
        sheet.picture(tinted(view, found, 0.5, colors, boundaries=True), left, line, wide, tall)
        line += tall + 2
    else:
        _bars(sheet, left, line, plan.wide, found, colors)
        line += top * BAR + 2
    score = made.health.labels[label].cross_fitted
    one_line(sheet, left, line, plan.wide,
              [Words(f"{wording_of(made).told(made.prediction(label))}, R² {short(score)}", FAINT)], small)  # fmt: skip


def one_line(sheet: Sheet, left: float, line: float, wide: float, words: Sequence[Words], size: float) -> None:
    """Write as many words as one line holds."""
    rows = wrapped(words, wide, size)
    for offset, piece in rows[0]:
        sheet.write(left + offset, line, piece, size)


def _bars(sheet: Sheet, left: float, line: float, wide: float, found: Sequence[Any], colors: Palette) -> None:
    """Draw the strongest segments as bars with their names."""
    limit = max((abs(item.effect) for item in found), default=1.0) or 1.0
    for at, item in enumerate(found):
        down = line + at * BAR
        axes = sheet.axes(left + 0.62 * wide, down + 3, 0.38 * wide, BAR - 6)
        axes.set_xlim(-1, 1)
        axes.barh([0], [item.effect / limit], 1.0, color=colors.fill(item.effect), alpha=0.45 if item.faint else 1.0)
        axes.axvline(0, color=FAINT, linewidth=0.6)
        axes.set_axis_off()
        name = [Words(item.effect_text, colors.ink(item.effect)), Words(printable(item.name))]
        one_line(sheet, left, down + 3, 0.6 * wide, name, 0.8 * SIZE)
