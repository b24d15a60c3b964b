"""Lines and paragraphs."""

import re

from numpy.random import Generator

from limefw.modalities.text import Text, segments_of
from limefw.types import Segments
from limefw_plugins.segmenters.sentences import trimmed
from limefw_plugins.segmenters.words import between


def lines(text: Text, _rng: Generator, /, *, paragraphs: bool = False, bag: bool = False) -> Segments:
    """The lines of a text that are not blank: of an e-mail, a log, a poem.

    Args:
        paragraphs: what stands between blank lines is one segment.
        bag: equal lines are one segment, shown and hidden together; else each place is one.
    """
    ends = re.compile(r"(?:\r?\n|\r)[^\S\r\n]*(?:\r?\n|\r)\s*" if paragraphs else r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
    spans = (trimmed(text.string, *span) for span in between(ends, text.string))
    return segments_of(text, spans, "paragraph" if paragraphs else "line", bag=bag)
