"""Lines and paragraphs."""

import re

from numpy.random import Generator

from limefw.modalities.text import Text, segments_of
from limefw.types import Segments
from limefw_plugins.segmenters.sentences import trimmed
from limefw_plugins.segmenters.words import spans_between


ENDS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
BLANK_LINES = re.compile(r"(?:\r\n|\n|\r(?!\n))[^\S\r\n]*(?:\r\n|\n|\r(?!\n))\s*")


def lines(text: Text, _rng: Generator, /, *, paragraphs: bool = False, bag: bool = False) -> Segments:
    """The lines of a text that are not blank: of an e-mail, a log, a poem.

    Args:
        paragraphs: what stands between blank lines is one segment.
        bag: equal lines are one segment, shown and hidden together; else each place is one.
    """
    spans = (trimmed(text.string, *span) for span in spans_between(BLANK_LINES if paragraphs else ENDS, text.string))
    return segments_of(text, spans, "paragraph" if paragraphs else "line", bag=bag)
