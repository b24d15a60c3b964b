"""A surrogate that is a tree, as a picture."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import Paragraph, title, trust
from limefw_plugins.renderers._letters import FAINT, Words, leading, wrapped
from limefw_plugins.renderers._picture import View, view_of
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._spotlight import middle, spotlit
from limefw_plugins.renderers._tree_drawing import OTHER, OWN, ROW, SIZE, Drawing, number_badge
from limefw_plugins.renderers._tree_nodes import Node, tree_of
from limefw_plugins.renderers._words import Wording, wording_of


MARGIN, PICTURE = 22, 340
"""Pixels: of margins, and the longer side of the photograph."""


def tree(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    depth: Annotated[int, Ge(1), Le(6)] = 4,
) -> Rendering:
    """The questions of a tree surrogate, each with the superpixel that it asks about, and the instance's way through.

    Args:
        label: a number or name; none: the first explained.
        depth: questions one after the other that are drawn at the most.
    """
    number, words = explanation.label(label), wording_of(explanation)
    root = tree_of(explanation, number, depth)
    notes = [*_legend(root, words), Words(trust(explanation, number), FAINT)]
    with drawing():
        view = view_of(explanation, longest=PICTURE)
        grown = Drawing(root, words, explanation.prediction(number), explanation.neighbourhood.codes.dtype.kind == "b")
        left = 2 * MARGIN + PICTURE
        sheet, head = _sheet(view, title(explanation, number), notes, left + grown.width, len(root.leaves))
        _draw_photograph(sheet, view, root, head)
        free = sheet.height - head - MARGIN - len(root.leaves) * ROW
        grown.draw(sheet, view_of(explanation, longest=1000), left, head + max(0.0, free / 2))
        return sheet.rendering()


def _sheet(view: View, name: Paragraph, notes: Sequence[Words], right: float, rows: int) -> tuple[Sheet, float]:
    """Return a sheet with the title above and the notes below the photograph, and where the photograph starts."""
    width = round(right) + MARGIN
    large, small = SIZE * name.scale, 0.9 * SIZE
    head = round(1.5 * MARGIN + len(wrapped(name.words, width - 2 * MARGIN, large)) * leading(large))
    below = view.size[0] + MARGIN / 2
    beneath = below + len(wrapped(notes, PICTURE, small)) * leading(small)
    sheet = Sheet(width, round(head + max(rows * ROW, beneath) + MARGIN))
    sheet.flow(MARGIN, MARGIN, width - 2 * MARGIN, name.words, large)
    sheet.flow(MARGIN, head + below, PICTURE, notes, small)
    return sheet, head


def _legend(root: Node, words: Wording) -> list[Words]:
    if not root.children:
        return [Words(f"The tree asks nothing: it found no segment that changes the {words.noun}.")]
    return [
        Words("Each small picture asks: is this part shown? Below it the mean"),
        Words(f"{words.noun} and the number of draws that come by."),
        Words("Blue: the way of the photograph itself, where everything shows.", OWN, bold=True),
    ]


def _draw_photograph(sheet: Sheet, view: View, root: Node, top: float) -> None:
    asked = [node for node in root.each() if node.children]
    colors = {node.segment: OTHER for node in asked} | {node.segment: OWN for node in asked if node.own}
    pixels = spotlit(view.pixels, view.labels, colors, 0.3) if colors else view.pixels
    axes = sheet.picture(pixels, MARGIN + (PICTURE - view.size[1]) // 2, top)
    for segment, color in colors.items():
        if (point := middle(view.labels, segment)) is not None:
            number_badge(axes, point, segment, color)
