"""The photograph with its strongest segments tinted."""

from typing import Annotated

from annotated_types import Ge, Le

from limefw.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import (
    GAP,
    Paragraph,
    badges,
    captioned,
    key,
    letter_size,
    title,
    trust,
    unbroken,
)
from limefw_plugins.renderers._findings import Finding, findings
from limefw_plugins.renderers._letters import FAINT, Words
from limefw_plugins.renderers._paint import AGAINST_INK, FOR_INK, tinted
from limefw_plugins.renderers._picture import view_of
from limefw_plugins.renderers._sheet import drawing
from limefw_plugins.renderers._words import wording_of


def overlay(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1)] = 5,
    positive_only: bool = False,
    boundaries: bool = True,
    alpha: Annotated[float, Ge(0), Le(1)] = 0.45,
    scale: Annotated[int, Ge(0), Le(16)] = 0,
    longest: Annotated[int, Ge(0)] = 2000,
) -> Rendering:
    """The photograph with the strongest segments in green (speak for the label) and red (against it).

    Args:
        label: a number or name; none: the first explained.
        top: how many segments at the most.
        positive_only: those that speak for the label alone.
        boundaries: a line around each of them.
        alpha: how strong the tint is.
        scale: pixels a side that each of the photograph's becomes; 0: 1, more where it is small.
        longest: pixels that the longer side has at the most, a larger photograph is reduced; 0: its own size.
    """
    number, words = explanation.label(label), wording_of(explanation)
    found = findings(explanation, number, top, positive_only=positive_only)
    view = view_of(explanation, scale, longest or None)
    pixels = tinted(view, found, alpha, boundaries=boundaries)
    paragraphs = [
        title(explanation, number),
        key(words),
        _effects(found, words.unit),
        Paragraph([Words(trust(explanation, number), FAINT)]),
    ]
    with drawing():
        sheet, axes, _ = captioned(pixels, paragraphs)
        badges(axes, view, found, letter_size(view.size[1]))
        return sheet.rendering()


def _effects(found: list[Finding], unit: str) -> Paragraph:
    if not found:
        return Paragraph([Words("No segment has an effect.")])
    listed = [
        Words(unbroken(f"{item.rank}: {item.effect_text}") + GAP, FOR_INK if item.positive else AGAINST_INK)
        for item in found
    ]
    return Paragraph([Words(f"{unit.capitalize()}:"), *listed])
