"""What texts for a terminal share: lines, marks, bars, how far to trust."""

import textwrap
from collections.abc import Sequence

from limefw.results.explanation import Explanation
from limefw_plugins.renderers._findings import TIED, Finding, open_ranks
from limefw_plugins.renderers._trust import Account, accounts, beyond, doubts, intervals, sampling
from limefw_plugins.renderers._words import Wording, columns, fitted, printable, wording_of


WIDTH = 88
"""Columns of a terminal."""


def outlook(explanation: Explanation) -> list[str]:
    """Return lines of the model's strongest answers."""
    words = wording_of(explanation)
    what = "What the model says" if words.plus == "raises" else "The model's strongest answers"
    lines = [f"{what} ({words.said})"]
    strongest = dict(list(explanation.outlook.items())[:5])
    for (name, value), text in zip(strongest.items(), words.values(list(strongest.values())), strict=True):
        bar = "█" * round(30 * min(1.0, max(0.0, words.answered(value)))) if words.said == "probability" else ""
        lines.append(f"  {fitted(printable(name), 36)} {text:>10}  {bar}")
    return lines


def marked(line: str, *, tied: bool) -> str:
    """Return an indented line that says, where its rank may be chance, so."""
    return f"{TIED}{line[1:]}" if tied else line


def legend(found: Sequence[Finding]) -> list[str]:
    """Say what the mark at lines means, where one has it, and of the end of the list."""
    return [f"  {text}" for text in open_ranks(found)]


def shortened(name: str, width: int) -> str:
    """Return a name in so many columns; of a long one the middle goes, as series differ in their ends."""
    return name if columns(name) <= width else f"{fitted(name, width - 19).rstrip('… ')}…{name[-17:]}"


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
        lines += indented(_sentences(account, wording_of(explanation)))
    if sentence := beyond(explanation):
        lines += indented(sentence)
    lines += indented(sampling(explanation)) + indented(intervals(explanation))
    for sentence in doubts(explanation):
        lines += indented(f"! {sentence}")
    return lines


def _sentences(account: Account, words: Wording) -> str:
    follows = f"{account.sentence[0].lower()}{account.sentence[1:]}"
    total = f"{account.intercept} + effects {account.effects} = " if account.effects else ""
    scale = "" if words.said == words.noun else f", in {words.noun}"
    return (
        f"{account.name}: {follows} For the whole instance it says{scale} {total}{account.local}; the model "
        f"{account.model}."
    )


def indented(text: str) -> list[str]:
    """Return text as lines of a terminal."""
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
