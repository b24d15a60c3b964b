"""What pictures of one photograph share: numbered marks, and the lines of text below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.results.explanation import Explanation
from limefw_plugins.renderers._findings import PALE_MEANS, TIED, Finding, intervals_called, ties_of
from limefw_plugins.renderers._letters import FAINT, Words, leading, readable, wrapped
from limefw_plugins.renderers._paint import Palette
from limefw_plugins.renderers._rule import with_rule
from limefw_plugins.renderers._sheet import Sheet
from limefw_plugins.renderers._trust import caution_sentence, label_of
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


def bare(pixels: NDArray[np.uint8]) -> tuple[Sheet, Any, float]:
    """Return what `captioned` does for a picture with nothing below it."""
    sheet = Sheet(pixels.shape[1], pixels.shape[0])
    return sheet, sheet.picture(pixels, 0, 0), pixels.shape[0]


def title(explanation: Explanation, label: int) -> Paragraph:
    """Return the class's name with the model's answer for it."""
    words, value = wording_of(explanation), explanation.prediction(label)
    name = printable(explanation.names[label])
    lost = [] if readable(name) else [Words("(its name's script cannot be drawn here; the page shows it)", FAINT)]
    name = words.subject(f"label {label}" if lost else name)
    answer = words.answer(value) if words.plus == "speaks for" else words.value(value)
    return Paragraph([Words(name, bold=True), Words(answer), *lost], 1.2)


def key(words: Wording, colors: Palette, found: Sequence[Finding]) -> Paragraph:
    """Return what the colours and shapes stand for."""
    pale = [Words(unbroken(f"pale = {PALE_MEANS}"), FAINT)] if any(item.faint for item in found) else []
    return Paragraph([
        Words(unbroken(f"● {colors.names[0]} = {words.plus}") + GAP, colors.plus_ink),
        Words(unbroken(f"■ {colors.names[1]} = {words.minus}") + GAP * bool(pale), colors.minus_ink),
        *pale,
    ])  # fmt: skip


def trust(explanation: Explanation, label: int) -> str:
    """Return the rule where there is one and the sentence on fidelity, or the caution that makes it pointless."""
    for caution in explanation.health.cautions:
        if caution.code in ("constant_model", "all_zero", "only_together") and label_of(caution) == label:
            return caution_sentence(explanation, caution)
    said = with_rule(explanation, label, fidelity(explanation, label))
    return f"{said} {_unstable(explanation, label)}".rstrip()


def _unstable(explanation: Explanation, label: int) -> str:
    """Say that drawing ended before the strongest were stable, where it is not known to be another label's fault."""
    if not any(item.code == "not_stable" and label_of(item) in (None, label) for item in explanation.health.cautions):
        return ""
    top = explanation.provenance["stopping"]["stop"].removeprefix("top")
    return f"Which are the {top} strongest may change with another run."


def listed_effects(found: Sequence[Finding], words: Wording, colors: Palette) -> Paragraph:
    """Return each segment's number with its effect and interval, and a mark where the order of two may be chance."""
    if not found:
        return Paragraph([Words(words.nothing)])
    listed = [
        Words(
            unbroken(f"{f'{TIED} ' if item.tied else ''}{item.segment}: {item.known_text}") + GAP,
            FAINT if item.faint else colors.ink(item.effect),
        )
        for item in found
    ]
    gloss = f" ({words.gloss})" if words.gloss else ""
    known = f" with {intervals_called(found)}" if any(item.margin for item in found) else ""
    meant = Words(f"({ties_of(found).removeprefix('. ')})" if ties_of(found) else "", FAINT)
    return Paragraph([Words(f"{words.unit.capitalize()} by {words.part}{known}{gloss}:"), *listed, meant])
