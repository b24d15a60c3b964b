"""What pictures of one photograph share: numbered marks, and the lines of text below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.explanation import Explanation
from limefw_plugins.renderers._findings import Finding
from limefw_plugins.renderers._letters import FONT, Words, leading, points, wrapped
from limefw_plugins.renderers._paint import AGAINST_INK, FOR_INK
from limefw_plugins.renderers._picture import View, inner_point
from limefw_plugins.renderers._sheet import Sheet
from limefw_plugins.renderers._trust import caution_sentence
from limefw_plugins.renderers._words import Wording, fidelity, printable, wording_of


NARROWEST = 400
"""Pixels that the text below a narrow photograph gets."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some words below a picture, `scale` times the common size."""

    words: Sequence[Words]
    scale: float = 1.0


GAP = "\N{EM SPACE}"
"""Between two words of different colour."""


def unbroken(text: str) -> str:
    """Return text whose spaces do not end a line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def letter_size(width: float) -> float:
    """Return the height of text in pixels that suits a picture."""
    return round(7 + width / 70)


def captioned(
    pixels: NDArray[np.uint8], paragraphs: Sequence[Paragraph], reserved: float = 0
) -> tuple[Sheet, Any, float]:
    """Put text below a picture.

    Args:
        pixels: the picture, shown one to one.
        paragraphs: below it, and below the reserved space.
        reserved: pixels kept free between picture and text, in units of the letter size.

    Returns:
        the sheet, axes in the picture's pixels, and where the reserved space starts.
    """
    height, width = pixels.shape[:2]
    whole = max(width, NARROWEST)
    size = letter_size(whole)
    margin = round(0.8 * size)
    inner = whole - 2 * margin
    free = round(reserved * size)
    lines = sum(len(wrapped(part.words, inner, size * part.scale)) * leading(size * part.scale) for part in paragraphs)
    sheet = Sheet(whole, height + free + round(lines) + 2 * margin)
    axes = sheet.picture(pixels, (whole - width) // 2, 0)
    top: float = height + free + margin
    for part in paragraphs:
        top = sheet.flow(margin, top, inner, part.words, size * part.scale)
    return sheet, axes, height


def title(explanation: Explanation, label: int) -> Paragraph:
    """Return the class's name with the model's answer for it."""
    words, value = wording_of(explanation), explanation.prediction(label)
    name = words.subject(printable(explanation.names[label]))
    answer = words.answer(value) if words.plus == "speaks for" else words.value(value)
    return Paragraph([Words(name, bold=True), Words(answer)], 1.2)


def key(words: Wording) -> Paragraph:
    """Return what the colours and shapes stand for."""
    return Paragraph([
        Words(unbroken(f"● green = {words.plus}") + GAP, FOR_INK),
        Words(unbroken(f"■ red = {words.minus}"), AGAINST_INK),
    ])  # fmt: skip


def trust(explanation: Explanation, label: int) -> str:
    """Return the sentence on fidelity, or the caution that makes it pointless."""
    for caution in explanation.health.cautions:
        if caution.code in ("constant_model", "all_zero") and caution.message.startswith(f"label {label}:"):
            return caution_sentence(explanation, caution)
    return fidelity(explanation.health.labels[label])


def badges(axes: Any, view: View, found: Sequence[Finding], size: float) -> None:
    """Print each segment's rank where it lies: round for those that speak for the label, square for the others."""
    for item in found:
        point = inner_point(view.labels == item.segment)
        if point is not None:
            badge(axes, point, item, size, axes.transData)


def badge(axes: Any, point: tuple[float, float], item: Finding, size: float, transform: Any) -> None:
    """Print one segment's rank, `size` pixels high, at a point of a coordinate system."""
    style = "circle,pad=0.25" if item.positive else "square,pad=0.3"
    axes.text(
        *point, str(item.rank), color="white", fontsize=points(size), fontfamily=FONT, fontweight="bold",
        ha="center", va="center_baseline", transform=transform,
        bbox={
            "boxstyle": style, "facecolor": FOR_INK if item.positive else AGAINST_INK,
            "edgecolor": "white", "linewidth": points(1.2),
        },
    )  # fmt: skip
