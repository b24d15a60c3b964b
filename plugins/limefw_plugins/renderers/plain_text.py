"""The explanation as text for a terminal."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._asked import asked_of
from limefw_plugins.renderers._findings import findings, interval_called
from limefw_plugins.renderers._photo import channels_shown
from limefw_plugins.renderers._rule import rule_of
from limefw_plugins.renderers._terminal_lines import (
    WIDTH,
    assumed,
    bar,
    indented,
    legend,
    marked,
    outlook,
    shortened,
    trust,
)
from limefw_plugins.renderers._words import MINUS, fitted, headline, printable, wording_of


NAMES = 32
"""Columns of a part's name, and of where it is."""


def plain_text(explanation: Explanation, /, *, top: Annotated[int, Ge(1)] = 5) -> Rendering:
    """What speaks for and against each label, as text of at most 88 columns without colours.

    Args:
        top: how many segments a label at the most.
    """
    lines = [f"{headline(explanation)}.", *_about(explanation), "", *outlook(explanation)]
    for label in explanation.labels:
        lines += ["", *_table(explanation, label, top)]
    lines += [*assumed(explanation), "", *trust(explanation)]
    text = "\n".join(fitted(line, WIDTH).rstrip() for line in lines)
    return Rendering(f"{text}\n", "text/plain", ".txt")


def _about(explanation: Explanation) -> list[str]:
    instance = explanation.instance
    shape = " x ".join(str(length) for length in reversed(instance.shape))
    about = f"Explained: {fitted(printable(instance.name), 50).rstrip()} ({instance.modality}, {shape})"
    return [about, *([sentence] if (sentence := channels_shown(instance)) else [])]


def _table(explanation: Explanation, label: int, top: int) -> list[str]:
    found = findings(explanation, label, top)
    words, name = wording_of(explanation), fitted(printable(explanation.names[label]), 50).rstrip()
    lines = [words.question(name), f"({words.explained}; + {words.plus}, {MINUS} {words.minus})"]
    lines += indented(rule_of(explanation, label))
    if not found:
        return [*lines, f"  {words.nothing}"]
    wide = max(8, *(len(item.effect_text) for item in found)), max(18, *(len(item.interval_text) for item in found))
    half = min(7, (WIDTH - 46 - sum(wide)) // 2)
    # without places, as of a series, their column is the names'
    placed = any(item.place for item in found)
    rows = [(f"{words.part:<18} where" if placed else words.part, "share", "effect", interval_called(found), "")]
    rows += [
        (
            f"{fitted(item.title, 18)} {item.place}" if placed else shortened(item.title, NAMES),
            item.share_text, item.effect_text, item.interval_text, bar(item, abs(found[0].effect), half),
        )
        for item in found
    ]  # fmt: skip
    asked = asked_of(explanation, label)
    said = [] if asked is None else indented(f"{asked.sentence} {asked.verdict}")
    ties = [False, *(item.tied for item in found)]
    lines += [marked(_row(row, *wide), tied=tied) for row, tied in zip(rows, ties, strict=True)]
    return lines + legend(found) + said


def _row(texts: Sequence[str], effect_wide: int, interval_wide: int) -> str:
    name, share, effect, interval, bar = texts
    return f"  {fitted(name, NAMES)}{share:>7} {effect:>{effect_wide}}  {interval:<{interval_wide}} {bar}"
