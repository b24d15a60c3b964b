"""Characters."""

from itertools import accumulate, pairwise

from numpy.random import Generator

from limefw.modalities.text import Text, segments_of
from limefw.types import Segments


def characters(
    text: Text,
    _rng: Generator,
    /,
    *,
    bag: bool = False,
    ignore_case: bool = False,
    blanks: bool = False,
    code_points: bool = False,
) -> Segments:
    """What a reader takes for one character: a letter with its accents, an emoji with all that it is made of.

    Args:
        bag: equal characters are one segment, shown and hidden together; else each place is one.
        ignore_case: in a bag "A" and "a" are equal.
        blanks: blanks and ends of lines are characters too; else they are always kept.
        code_points: every code point by itself, as lime has it: an accent apart from its letter.
    """
    from wcwidth import iter_graphemes

    string = text.string
    parts = string if code_points else iter_graphemes(string)
    spans = pairwise(accumulate(map(len, parts), initial=0))
    kept = (span for span in spans if blanks or not string[slice(*span)].isspace())
    return segments_of(text, kept, "character", bag=bag, ignore_case=ignore_case)
