"""Sentences."""

import re
from collections.abc import Iterator

from numpy.random import Generator

from limefw.modalities.text import Span, Text, segments_of
from limefw.types import Segments


END = re.compile(
    # an end mark with closing quotes and brackets, and a blank behind it; those of other scripts need none
    r"[.!?\u2026\u061f\u06d4\u0964\u0965]+[\"'\u201d\u2019\u00bb)\]]*(?=\s|$)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d\uff09]*"
    r"|\n\s*\n"
)

ABBREVIATIONS = frozenset(
    re.split(
        " ",
        "mr mrs ms dr prof sr jr st vs etc e.g i.e cf al no vol fig eq approx inc ltd co dept est p pp u.s a.m p.m "
        "z.b d.h u.a bzw usw ca nr abb bd hrsg",
    )
)


def sentences(text: Text, _rng: Generator, /, *, bag: bool = False) -> Segments:
    """The sentences of a text, by their end marks; blanks between them are always kept.

    A point ends none behind a single capital letter or a known abbreviation, nor before a small letter.

    Args:
        bag: equal sentences are one segment, shown and hidden together; else each place is one.
    """
    return segments_of(text, sentences_in(text.string), "sentence", bag=bag)


def sentences_in(string: str) -> Iterator[Span]:
    """Yield where the sentences of a text are, without the blanks around them."""
    at = 0
    for match in END.finditer(string):
        if _ends(string, match):
            yield trimmed(string, at, match.end())
            at = match.end()
    yield trimmed(string, at, len(string))


def _ends(string: str, match: re.Match[str]) -> bool:
    if match[0] != ".":
        return True
    word = re.search(r"[\w.]*$", string[max(0, match.start() - 20) : match.start()])
    last = word[0] if word else ""
    if last.lower() in ABBREVIATIONS or (len(last) == 1 and last.isupper()):
        return False
    behind = string[match.end() : match.end() + 20].lstrip()
    return not behind[:1].islower()


def trimmed(string: str, start: int, end: int) -> Span:
    """Return a part of a text without the blanks at its ends."""
    part = string[start:end]
    inner = part.lstrip()
    start += len(part) - len(inner)
    return start, start + len(inner.rstrip())
