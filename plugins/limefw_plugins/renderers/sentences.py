"""The explanation in plain sentences, for reports and for people who cannot see the pictures."""

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._asked import asked_of, listed
from limefw_plugins.renderers._findings import Finding, findings
from limefw_plugins.renderers._rule import rule_of
from limefw_plugins.renderers._trust import GOOD, POOR, doubts, intervals, on_instance, whole_of
from limefw_plugins.renderers._words import Wording, fidelity, headline, method_of, printable, wording_of


WIDTH = 88
"""Columns of a terminal."""


def sentences(
    explanation: Explanation, /, *, label: int | str | None = None, top: Annotated[int, Ge(1)] = 3
) -> Rendering:
    """The explanation in sentences: what speaks for and against a label, what the model does without it, and trust.

    Args:
        label: a number or name; none: all that were explained.
        top: how many segments each sentence names at the most.
    """
    labels = explanation.labels if label is None else (explanation.label(label),)
    words = wording_of(explanation)
    told = [f"{headline(explanation)}.{f' Effects are in {words.noun}: {words.gloss}.' if words.gloss else ''}"]
    told += [_about(explanation, number, top) for number in labels]
    told += [f"Reason for doubt: {sentence}" for sentence in doubts(explanation)]
    told.append(intervals(explanation))
    return Rendering("\n\n".join(textwrap.fill(text, WIDTH) for text in told) + "\n", "text/plain", ".txt")


def _about(explanation: Explanation, label: int, top: int) -> str:
    words, every = wording_of(explanation), findings(explanation, label, explanation.segments.count)
    every = [item for item in every if not item.none]
    name = printable(explanation.names[label])
    said = [f"{words.subject(name)} ({words.answer(explanation.prediction(label))}): {_verdict(explanation, label)}"]
    said += [rule] if (rule := rule_of(explanation, label)) else []
    if not every:
        return " ".join([*said, words.nothing])
    for positive in (True, False):
        side = [item for item in every if item.positive is positive]
        said.append(_side(side[:top], len(side), words, positive=positive))
        said += _ties(side[:top], explanation.unresolved([item.segment for item in side[:top]], label))
    asked = asked_of(explanation, label)
    if asked is not None:
        said += [asked.sentence, asked.verdict]
    return " ".join([*said, fidelity(explanation, label), on_instance(explanation, label).sentence])


def _side(found: Sequence[Finding], many: int, words: Wording, *, positive: bool) -> str:
    verb = words.plus if positive else words.minus
    if not found:
        return f"Nothing {verb} it."
    parts = [f"{item.title} ({', '.join(filter(None, (item.place, item.known_text)))}{item.doubt})" for item in found]
    rest = f"; {many - len(found)} more do so less" if many > len(found) else ""
    first, _, behind = verb.partition(" ")
    verb = " ".join(filter(None, (first.removesuffix("s") if len(found) > 1 else first, behind)))
    text = f"{listed(parts)} {verb} it most{rest}."
    # what the user named keeps its spelling
    return text[:1].upper() + text[1:] if text.startswith(words.part) else text


def _ties(found: Sequence[Finding], ties: Sequence[bool]) -> list[str]:
    """Say which neighbours may as well come in the other order."""
    pairs = [f"{one.title} or {other.title}" for (one, other), tied in zip(pairwise(found), ties, strict=True) if tied]
    return [f"Which ranks higher is not resolved: {'; '.join(pairs)}."] if pairs else []


def _verdict(explanation: Explanation, label: int) -> str:
    """Say before anything else whether what follows may be believed."""
    score = explanation.health.labels[label].cross_fitted
    if score is None:
        return _untested(explanation)
    tested = asked_of(explanation, label)
    if score >= GOOD and (on_instance(explanation, label).missed or (tested is not None and not tested.foreseen)):
        return "the following ranks what matters to the model; do not add the numbers up."
    if score >= GOOD:
        what = whole_of(explanation) if explanation.frame is None else "picture"
        return f"the following describes well what the model does around this {what}."
    if score >= POOR:
        return "the following describes roughly what the model does; take the strongest effects as hints."
    return "take the following with caution, as it describes little of what the model does."


def _untested(explanation: Explanation) -> str:
    if method_of(explanation) is not None:
        return "the following was not tested on samples left out."
    if explanation.neighbourhood.exhaustive:
        return "all combinations were drawn, and they are too few to test the following on some that were left out."
    return "too few samples were drawn to tell whether the following can be believed."
