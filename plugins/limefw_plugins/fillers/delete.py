"""Nothing in place of a hidden word."""

from numpy.random import Generator

from limefw.modalities.text import Text, TextComposer
from limefw.types import Segments


def delete(text: Text, segments: Segments, _rng: Generator, /) -> TextComposer:
    """Leave hidden words out; the blanks around them stay, as in lime."""
    return TextComposer.of(text, segments)
