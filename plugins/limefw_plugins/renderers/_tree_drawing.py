"""A tree that grows to the right: pictures for its questions, bars for its answers."""

from dataclasses import dataclass
from typing import Any

from limefw_plugins.renderers._letters import FAINT, FONT, INK, Words, measured, points
from limefw_plugins.renderers._picture import View
from limefw_plugins.renderers._sheet import Sheet
from limefw_plugins.renderers._spotlight import thumbnail
from limefw_plugins.renderers._tree_nodes import Node
from limefw_plugins.renderers._words import Wording


SIZE = 16
"""Pixels: the height of letters."""

THUMB, LEVEL, ROW, BAR = 84, 178, 64, 130
"""Pixels: the side of a question's picture, from question to question, the height of a leaf's row, the longest bar."""

OWN, OTHER = "#2166ac", "#7b848e"
"""The instance's own way through the tree, and all others."""


def number_badge(axes: Any, point: tuple[float, float], segment: int, color: str) -> None:
    """Print a segment's number, in its colour, at a point of the axes' data."""
    axes.text(
        *point, str(segment), color="white", fontsize=points(0.75 * SIZE), fontfamily=FONT, fontweight="bold",
        ha="center", va="center_baseline", clip_on=False,
        bbox={"boxstyle": "round,pad=0.25", "facecolor": color, "edgecolor": "white", "linewidth": points(1.2)},
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A tree and how to speak of it.

    Args:
        root: of the tree.
        words: for its values.
        prediction: the model's own answer for the instance.
        binary: whether a segment is either shown or hidden.
    """

    root: Node
    words: Wording
    prediction: float
    binary: bool

    @property
    def _answers(self) -> float:
        """Where bars start, in pixels from the left."""
        return LEVEL * max(node.column for node in self.root.each())

    @property
    def width(self) -> float:
        """Pixels that it takes."""
        texts = [measured(f"{self._count(leaf)} {self._note(leaf)}", 0.9 * SIZE) for leaf in self.root.leaves]
        numbers = [measured(self.words.value(leaf.value), SIZE, bold=True) for leaf in self.root.leaves]
        return max(self._answers + BAR + max(numbers) + 1.6 * SIZE, self._answers + max(texts)) + SIZE

    def draw(self, sheet: Sheet, view: View, left: float, top: float) -> None:
        """Draw it with its upper left corner at a point of the sheet."""
        axes = sheet.axes(left, top, sheet.width - left, ROW * len(self.root.leaves))
        axes.set_xlim(0, sheet.width - left)
        axes.set_ylim(ROW * len(self.root.leaves), 0)
        axes.set_axis_off()
        # what lies below goes first
        for node in sorted(self.root.each(), key=lambda node: node.own):
            self._draw_branches(axes, node)
        for node in self.root.each():
            if node.children:
                self._draw_question(sheet, axes, node, view, (left, top))
            else:
                self._draw_answer(axes, node)

    def _draw_branches(self, axes: Any, node: Node) -> None:
        for child, what in zip(node.children, self._sides(node), strict=bool(node.children)):
            color, wide = (OWN, 4.5) if child.own else (OTHER, 1.6)
            start, turn = node.column * LEVEL + THUMB, child.column * LEVEL - 56
            end = child.column * LEVEL if child.children else self._answers
            here, there = _middle(node), _middle(child)
            axes.plot(
                [start, turn - 22, turn, end], [here, here, there, there], color=color, linewidth=points(wide),
                solid_joinstyle="round", zorder=2 if child.own else 1,
            )  # fmt: skip
            self._write(axes, turn + 2, there - 0.65 * SIZE, Words(what, color, bold=child.own), 0.8 * SIZE)

    def _draw_question(self, sheet: Sheet, axes: Any, node: Node, view: View, origin: tuple[float, float]) -> None:
        color = OWN if node.own else OTHER
        pixels = thumbnail(view, node.segment, THUMB, color)
        tall, wide = pixels.shape[:2]
        left, top = node.column * LEVEL + (THUMB - wide) / 2, _middle(node) - tall / 2
        picture = sheet.picture(pixels, round(origin[0] + left), round(origin[1] + top))
        number_badge(picture, (0.0, 0.0), node.segment, color)
        text = f"{self.words.value(node.value)}"
        count = "" if node.samples is None else f"  of {node.samples:,}"
        at, y = node.column * LEVEL, _middle(node) + tall / 2 + SIZE
        self._write(axes, at, y, Words(text, INK, bold=True), 0.8 * SIZE)
        self._write(axes, at + measured(text, 0.8 * SIZE, bold=True), y, Words(count, FAINT), 0.8 * SIZE)

    def _draw_answer(self, axes: Any, node: Node) -> None:
        values = [leaf.value for leaf in self.root.leaves]
        low, high = min(0.0, *values), max(0.0, *values)
        scale = BAR / (high - low or 1.0)
        start, y = self._answers + 6, ROW * (node.row + 0.5)
        color = OWN if node.own else "#b7bec6"
        zero = start - low * scale
        axes.barh([y - 4], [node.value * scale], height=24, left=zero, color=color, linewidth=0)
        axes.plot([zero, zero], [y - 18, y + 10], color=INK, linewidth=points(1))
        end = zero + max(0.0, node.value * scale) + 0.5 * SIZE
        ink = OWN if node.own else INK
        self._write(axes, end, y - 4, Words(self.words.value(node.value), ink, bold=True), SIZE)
        note = Words(f"{self._count(node)} {self._note(node)}".strip(), FAINT)
        self._write(axes, start, y + 1.55 * SIZE, note, 0.8 * SIZE)

    def _sides(self, node: Node) -> tuple[str, str]:
        """Say what sends a draw to either child."""
        if self.binary:
            return "shown", "hidden"
        return f"> {node.share:.0%}", f"\N{LESS-THAN OR EQUAL TO} {node.share:.0%}"

    def _count(self, leaf: Node) -> str:
        return "" if leaf.samples is None else f"{leaf.samples:,} draw{'s' * (leaf.samples != 1)}"

    def _note(self, leaf: Node) -> str:
        """Say what there is to say of an answer besides its value."""
        notes = [f"the photograph (model: {self.words.value(self.prediction)})"] * leaf.own
        if leaf.left_out:
            notes.append(f"{leaf.left_out} more question{'s' * (leaf.left_out != 1)}")
        return "".join(f"\N{MIDDLE DOT} {note} " for note in notes).strip()

    @staticmethod
    def _write(axes: Any, x: float, y: float, words: Words, size: float) -> None:
        axes.text(
            x, y, words.text, color=words.color, fontsize=points(size), fontfamily=FONT,
            fontweight="bold" if words.bold else "normal", ha="left", va="center", parse_math=False,
        )  # fmt: skip


def _middle(node: Node) -> float:
    """Return how far below the top of the tree a node stands, in pixels."""
    return ROW * (node.row + 0.5) - 4
