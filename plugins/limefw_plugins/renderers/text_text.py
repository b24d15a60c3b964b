"""A text with its strongest words marked, for a terminal."""

import re
from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._marked import becomes, marked, text_of
from limefw_plugins.renderers._rule import rule_of
from limefw_plugins.renderers._terminal_lines import WIDTH, assumed, indented, legend, outlook, trust
from limefw_plugins.renderers._words import MINUS, columns, fitted, headline, printable, wording_of
from limefw_plugins.renderers.table_text import effects_table


LINES = 20
"""Of a text that are shown at the most: those with marks in them."""


def text_text(
    explanation: Explanation, /, *, top: Annotated[int, Ge(1)] = 8, longest: Annotated[int, Ge(1)] = 20_000
) -> Rendering:
    """The text with its strongest words marked, as text of at most 88 columns without colours.

    Args:
        top: how many words a label at the most.
        longest: characters of the text that are looked at.
    """
    text = text_of(explanation, "text_text")
    about = f"Explained: {fitted(printable(text.name), 50).rstrip()}, {len(text.string)} characters"
    lines = [f"{headline(explanation)}.", about, "", *outlook(explanation)]
    for label in explanation.labels:
        lines += ["", *_effects(explanation, label, top, longest)]
    lines += [*assumed(explanation), "", *trust(explanation)]
    return Rendering("\n".join(fitted(line, WIDTH).rstrip() for line in lines) + "\n", "text/plain", ".txt")


def _effects(explanation: Explanation, label: int, top: int, longest: int) -> list[str]:
    found, words = findings(explanation, label, top), wording_of(explanation)
    name = fitted(printable(explanation.names[label]), 50).rstrip()
    lines = [words.question(name), f"({words.explained}; [+{words.plus}+], [{MINUS}{words.minus}{MINUS}])"]
    lines += indented(rule_of(explanation, label))
    if not found:
        return [*lines, f"  {words.nothing}"]
    # what may be chance, or is nothing, is not marked
    sure = {item.segment: item.effect for item in found if not item.faint}
    pieces, left_out = marked(explanation, sure, longest)
    shown = "".join(_mark(piece.text, piece.effect) for piece in pieces).expandtabs(4)
    lines += [
        *(f"  │ {line}" for line in _excerpt(shown)),
        *([f"  │ … {left_out} more characters"] if left_out else []),
    ]
    lines += effects_table(found)
    weaker = len(explanation.top(None, label)) - len(found)
    lines += [f"  and {weaker} more with weaker effects"] if weaker else []
    lines += legend(found)
    said = becomes(explanation, label)
    return lines + [f"  {line}" for line in _wrapped(said, WIDTH - 4)] if said else lines


def _mark(text: str, effect: float) -> str:
    if not effect:
        return text
    return f"[+{text}+]" if effect > 0 else f"[{MINUS}{text}{MINUS}]"


MARK = re.compile(rf"\[[+{MINUS}]|[+{MINUS}]\]")


def _excerpt(text: str) -> Iterator[str]:
    """Yield the lines of a text; of a long one those with marks in them, and dots for what is between."""
    lines = [line for paragraph in text.splitlines() for line in _wrapped(paragraph, WIDTH - 4)]
    if len(lines) <= LINES:
        yield from lines
        return
    shown, last = [at for at, line in enumerate(lines) if MARK.search(line)][:LINES], -1
    for at in shown:
        if at > last + 1:
            yield "…"
        yield lines[at]
        last = at
    if last + 1 < len(lines):
        yield "…"


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield lines of at most so many columns, cut at blanks, or anywhere in what has none (Chinese, Japanese, Thai)."""
    line = ""
    for word in re.findall(r"\s*\S+", text):
        if columns(line + word) <= width:
            line += word
            continue
        if line:
            yield line
        line = word.lstrip() if line else word
        while columns(line) > width:
            head = fitted(line, width + 1).rstrip("… ") or line[:1]
            yield head
            line = line[len(head) :]
    if line:
        yield line
