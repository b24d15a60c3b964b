"""A row and what each of its values does, for a terminal."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._asked import asked_of
from limefw_plugins.renderers._findings import Finding, findings, interval_called
from limefw_plugins.renderers._row import kept, row_of
from limefw_plugins.renderers._rule import rule_of
from limefw_plugins.renderers._terminal_lines import WIDTH, assumed, bar, indented, legend, marked, outlook, trust
from limefw_plugins.renderers._words import MINUS, columns, fitted, headline, printable, wording_of


LEAST, MOST = 18, 38
"""Columns that the names may take."""


def table_text(explanation: Explanation, /, *, top: Annotated[int, Ge(1)] = 10) -> Rendering:
    """What each value of a row does, as text of at most 88 columns without colours.

    Args:
        top: how many columns of the table a label at the most.
    """
    row = row_of(explanation, "table_text")
    about = f"Explained: {fitted(printable(row.name), 50).rstrip()}, {len(row.names)} columns"
    lines = [f"{headline(explanation)}.", about, "", *outlook(explanation)]
    for label in explanation.labels:
        lines += ["", *_effects(explanation, label, top)]
    if never := kept(explanation, 20):
        lines += ["", *indented(f"Kept as they are: {'; '.join(never)}.")]
    lines += [*assumed(explanation), "", *trust(explanation)]
    text = "\n".join(fitted(line, WIDTH).rstrip() for line in lines)
    return Rendering(f"{text}\n", "text/plain", ".txt")


def _effects(explanation: Explanation, label: int, top: int) -> list[str]:
    found, words = findings(explanation, label, top), wording_of(explanation)
    name = fitted(printable(explanation.names[label]), 50).rstrip()
    lines = [words.question(name), f"({words.explained}; + {words.plus}, {MINUS} {words.minus})"]
    lines += indented(rule_of(explanation, label))
    if not found:
        return [*lines, f"  {words.nothing}"]
    lines += effects_table(found)
    weaker = len(explanation.top(None, label)) - len(found)
    lines += [f"  and {weaker} more with weaker effects"] if weaker else []
    lines += legend(found)
    asked = asked_of(explanation, label)
    return lines if asked is None else lines + indented(f"{asked.sentence} {asked.verdict}")


def effects_table(found: Sequence[Finding]) -> list[str]:
    """Return effects as lines, with a head."""
    name = min(MOST, max(LEAST, *(columns(item.name) for item in found)))
    effect = max(8, *(len(item.effect_text) for item in found))
    interval = max(12, *(len(item.interval_text) for item in found))
    half = max(3, min(9, (WIDTH - 8 - name - effect - interval) // 2))
    rows = [("", "effect", interval_called(found), "")]
    rows += [(item.name, item.effect_text, item.interval_text, bar(item, abs(found[0].effect), half)) for item in found]
    lines = [
        f"  {fitted(title, name)}  {text:>{effect}}  {ends:<{interval}} {drawn}" for title, text, ends, drawn in rows
    ]
    return [marked(line, tied=tied) for line, tied in zip(lines, [False, *(item.tied for item in found)], strict=True)]
