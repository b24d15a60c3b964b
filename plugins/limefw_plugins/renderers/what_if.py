"""What the model says when the strongest segments go, and when they alone stay: asked, and drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limefw.results.explanation import Explanation
from limefw.types import Floats, Rendering
from limefw_plugins.renderers._areas import hidden_at
from limefw_plugins.renderers._asked import Asked, asked_of
from limefw_plugins.renderers._captioned import Paragraph, captioned, title, trust
from limefw_plugins.renderers._letters import FAINT, Words, leading, wrapped
from limefw_plugins.renderers._paint import Pixels, rgb
from limefw_plugins.renderers._picture import View, view_of
from limefw_plugins.renderers._places import eroded, grown
from limefw_plugins.renderers._sheet import Sheet, drawing


SIZE, MARGIN, PANEL = 16, 20, 448
"""Pixels: letters, margins, the longer side of each of the three pictures."""

STRIPES = ("#9aa1a9", "#7d8793")
"""Bluish, as on the page: plain grey drowns in an X-ray."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One picture with its words: what is shown, what the model said, what the surrogate guessed."""

    pixels: NDArray[np.uint8]
    what: str
    answer: str
    guess: str


def what_if(explanation: Explanation, /, *, label: int | str | None = None) -> Rendering:
    """What the model itself said without the strongest superpixels, and with these alone, as pictures side by side.

    Args:
        label: a number or name; none: the first explained.
    """
    number = explanation.label(label)
    asked, view, name = asked_of(explanation, number), view_of(explanation, longest=PANEL), title(explanation, number)
    with drawing():
        if asked is None:
            why = "The model was not asked: nothing speaks for this label, or the recipe says what_if = 0."
            paragraphs = [name, Paragraph([Words(why)]), Paragraph([Words(trust(explanation, number), FAINT)])]
            return captioned(view.pixels, paragraphs)[0].rendering()
        return _draw(_panels(view, asked), name, _below(explanation, number, asked))


def _panels(view: View, asked: Asked) -> list[Panel]:
    explanation = view.explanation
    gone, rest = (share[..., None] for share in hidden_at(explanation, asked.answers.segments, view.size))
    row, column = np.indices(view.size)
    stripes = np.where(((row + column) // 6 % 2 == 0)[..., None], *map(rgb, STRIPES))
    # soft segments end nowhere, so that no line could say where
    line = _line(gone[..., 0] > 0, rest[..., 0] > 0) if explanation.segments.basis is None else None
    guessed = "the stand-in guessed "
    return [
        Panel(view.pixels, "the whole photograph", asked.whole, ""),
        Panel(_blended(view.pixels, stripes, gone, line), f"without {asked.parts}", asked.without,
              guessed + asked.guess_without),
        Panel(_blended(view.pixels, stripes, rest, line), "with these alone", asked.only,
              guessed + asked.guess_only),
    ]  # fmt: skip


def _line(gone: NDArray[np.bool_], rest: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the border between what is hidden in one picture and in the other, or in none."""
    return np.asarray((gone & ~eroded(gone)) | (grown(gone) & rest))


def _blended(
    first: NDArray[np.uint8], second: Pixels, share: Floats, line: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    """Return the first picture with so much of the second, as the model saw it where segments overlap."""
    blended = np.rint(first + share * (second - first)).astype(np.uint8)
    if line is not None:
        blended[line] = 255
    return blended


def _below(explanation: Explanation, label: int, asked: Asked) -> list[Words]:
    filled = f"Numbers are the model's own ({asked.noun}). In place of striped parts it saw: {asked.filler}."
    return [Words(asked.verdict), Words(filled, FAINT), Words(trust(explanation, label), FAINT)]


def _draw(panels: list[Panel], name: Paragraph, below: list[Words]) -> Rendering:
    tall, wide = panels[0].pixels.shape[:2]
    each = max(wide, 250)
    inner = 3 * each + 2 * MARGIN
    head = MARGIN + len(wrapped(name.words, inner, name.scale * SIZE)) * leading(name.scale * SIZE) + 0.5 * MARGIN
    lines = max(len(wrapped([Words(panel.what)], each, SIZE)) for panel in panels)
    foot = head + tall + 0.5 * MARGIN + lines * leading(SIZE) + leading(2.2 * SIZE) + leading(0.9 * SIZE) + MARGIN
    tail = len(wrapped(below, inner, 0.9 * SIZE)) * leading(0.9 * SIZE)
    sheet = Sheet(inner + 2 * MARGIN, round(foot + tail + MARGIN))
    sheet.flow(MARGIN, MARGIN, inner, name.words, name.scale * SIZE)
    for at, panel in enumerate(panels):
        left = MARGIN + at * (each + MARGIN)
        sheet.picture(panel.pixels, left, round(head))
        top = head + tall + 0.5 * MARGIN
        sheet.flow(left, top, each, [Words(panel.what)], SIZE)
        top += lines * leading(SIZE)
        top = sheet.flow(left, top, each, [Words(panel.answer, bold=True)], 2.2 * SIZE)
        sheet.flow(left, top, each, [Words(panel.guess, FAINT)], 0.9 * SIZE)
    sheet.flow(MARGIN, foot, inner, below, 0.9 * SIZE)
    return sheet.rendering(repeated=True)
