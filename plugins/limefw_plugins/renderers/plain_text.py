"""The explanation as text for a terminal."""

import textwrap
from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._asked import asked_of
from limefw_plugins.renderers._findings import Finding, findings
from limefw_plugins.renderers._photo import channels_shown
from limefw_plugins.renderers._rule import rule_of
from limefw_plugins.renderers._trust import INTERVALS, Account, accounts, beyond, doubts, sampling
from limefw_plugins.renderers._words import MINUS, fitted, headline, printable, wording_of


WIDTH = 88
"""Columns of a terminal."""


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


def outlook(explanation: Explanation) -> list[str]:
    """Return lines of the model's strongest answers."""
    words = wording_of(explanation)
    what = "What the model says" if words.plus == "raises" else "The model's strongest answers"
    lines = [f"{what} ({words.noun})"]
    strongest = dict(list(explanation.outlook.items())[:5])
    for (name, value), text in zip(strongest.items(), words.values(list(strongest.values())), strict=True):
        bar = "█" * round(30 * min(1.0, max(0.0, value))) if words.noun == "probability" else ""
        lines.append(f"  {fitted(printable(name), 36)} {text:>10}  {bar}")
    return lines


def _table(explanation: Explanation, label: int, top: int) -> list[str]:
    found = findings(explanation, label, top)
    words, name = wording_of(explanation), fitted(printable(explanation.names[label]), 50).rstrip()
    lines = [words.question(name), f"({words.unit}; + {words.plus}, {MINUS} {words.minus})"]
    lines += indented(rule_of(explanation, label))
    if not found:
        return [*lines, f"  {words.nothing}"]
    wide = max(8, *(len(item.effect_text) for item in found)), max(18, *(len(item.interval_text) for item in found))
    half = min(7, (WIDTH - 46 - sum(wide)) // 2)
    rows = [(words.part, "where", "share", "effect", "95% interval", "")]
    rows += [
        (
            item.title, item.place, item.share_text, item.effect_text, item.interval_text,
            bar(item, abs(found[0].effect), half),
        )
        for item in found
    ]  # fmt: skip
    asked = asked_of(explanation, label)
    said = [] if asked is None else indented(f"{asked.sentence} {asked.verdict}")
    return lines + [_row(row, *wide) for row in rows] + said


def _row(texts: Sequence[str], effect_wide: int, interval_wide: int) -> str:
    name, place, share, effect, interval, bar = texts
    return f"  {fitted(name, 18)} {place:<13}{share:>7} {effect:>{effect_wide}}  {interval:<{interval_wide}} {bar}"


def bar(item: Finding, strongest: float, half: int) -> str:
    """Return an effect as a bar to one side of a line."""
    # what rounds to nothing beside the largest has no bar
    least = 1 if abs(item.effect) >= 0.5 * 10.0**-item.decimals else 0
    filled = max(least, round(half * abs(item.effect) / strongest)) * "█"
    return f"{'':{half}}│{filled}" if item.positive else f"{filled:>{half}}│"


def assumed(explanation: Explanation) -> list[str]:
    """Say what was assumed about a model that is a bare function."""
    notes = explanation.provenance.get("model", {}).get("notes", ())
    lines = [line for note in notes for line in indented(f"{printable(str(note)).rstrip('.')}.")]
    return ["", "Assumed:", *lines] if lines else []


def trust(explanation: Explanation) -> list[str]:
    """Return lines on how far to trust the explanation."""
    lines = ["How far to trust this"]
    for account in accounts(explanation):
        lines += indented(_sentences(account))
    if sentence := beyond(explanation):
        lines += indented(sentence)
    lines += indented(sampling(explanation)) + indented(INTERVALS)
    for sentence in doubts(explanation):
        lines += indented(f"! {sentence}")
    return lines


def _sentences(account: Account) -> str:
    follows = f"{account.sentence[0].lower()}{account.sentence[1:]}"
    total = f"{account.intercept} + effects {account.effects} = " if account.effects else ""
    return (
        f"{account.name}: {follows} For the whole instance it says {total}{account.local}; the model {account.model}."
    )


def indented(text: str) -> list[str]:
    """Return text as lines of a terminal."""
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
