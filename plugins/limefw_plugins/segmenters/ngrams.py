"""Several words that stand together."""

import re
from typing import Annotated

from annotated_types import Ge
from numpy.random import Generator

from limefw.modalities.text import Text, segments_of
from limefw.types import Segments
from limefw_plugins.segmenters.words import word_spans


ENDED = re.compile(r"[.!?\u2026\u061f\u06d4\u0964\u0965\u3002\uff01\uff1f]|(?:\r\n|\n|\r(?!\n))[^\S\r\n]*[\r\n]")
"""An end mark of any script, or an empty line; the end of a line alone is no end, as texts are wrapped."""


def ngrams(
    text: Text,
    _rng: Generator,
    /,
    *,
    n: Annotated[int, Ge(1)] = 2,
    within_sentences: bool = True,
    bag: bool = False,
    separators: str | None = None,
    tokens: str | None = None,
) -> Segments:
    r"""Every n words that stand together, one behind the other, with what is between them ("not good" as one).

    They do not overlap: a word is in one of them.

    Args:
        n: how many words; the last of a text or sentence has what is left.
        within_sentences: none reaches across an end mark or an empty line.
        bag: equal ones are one segment, shown and hidden together; else each place is one.
        separators: a regular expression of what is between words, as that of `words`.
        tokens: a regular expression of words, as that of `words`.
    """
    groups: list[tuple[int, int]] = []
    size = 0
    for start, end in word_spans(text.string, separators, tokens):
        if start == end:
            continue
        apart = within_sentences and groups and _ended(text.string[groups[-1][1] : start])
        if groups and size < n and not apart:
            groups[-1] = (groups[-1][0], end)
            size += 1
        else:
            groups.append((start, end))
            size = 1
    return segments_of(text, groups, f"group of {n} words", bag=bag)


def _ended(gap: str) -> bool:
    """Say whether a sentence ends in what stands between two words."""
    return ENDED.search(gap) is not None
