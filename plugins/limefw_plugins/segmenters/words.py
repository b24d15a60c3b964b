"""Words."""

import re

from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.text import Span, Text, segments_of
from limefw.types import Segments
from limefw_plugins.segmenters._words import words_in


def words(
    text: Text,
    _rng: Generator,
    /,
    *,
    bag: bool = True,
    ignore_case: bool = False,
    separators: str | None = None,
    tokens: str | None = None,
) -> Segments:
    r"""The words of a text in any script; blanks and punctuation between them are always kept.

    Letters, marks and figures make words ("don't" and "3.14" are one each), an emoji is a word by itself, and Chinese,
    Japanese and Thai, which put no blanks between words, are cut by BudouX.

    Args:
        bag: equal words are one segment, shown and hidden together, as in a bag of words; else each place is one.
        ignore_case: in a bag "Good" and "good" are equal.
        separators: a regular expression of what is between words, instead of the above; lime's is `\W+`.
        tokens: a regular expression of words, instead; `\w+|[^\w\s]` takes punctuation for words too.
    """
    return segments_of(text, word_spans(text.string, separators, tokens), bag=bag, ignore_case=ignore_case)


def word_spans(string: str, separators: str | None = None, tokens: str | None = None) -> list[Span]:
    """Return where the words of a text are, by one of two regular expressions or by what is a word in any language."""
    if separators is not None and tokens is not None:
        raise InputError("words are what `tokens` says or what is between `separators`: give one of them, not both")
    if tokens is not None:
        return [match.span() for match in pattern("tokens", tokens).finditer(string)]
    if separators is None:
        return list(words_in(string))
    return spans_between(pattern("separators", separators), string)


def spans_between(separator: re.Pattern[str], string: str) -> list[Span]:
    """Return what of a text is between the matches of a regular expression that are not empty."""
    spans, at = [], 0
    for match in separator.finditer(string):
        if match.end() > match.start():
            spans.append((at, match.start()))
            at = match.end()
    return [*spans, (at, len(string))]


def pattern(name: str, expression: str) -> re.Pattern[str]:
    """Return a compiled regular expression."""
    try:
        return re.compile(expression)
    except re.error as error:
        raise InputError(f"{name}: {expression!r} is no regular expression: {error}") from error
