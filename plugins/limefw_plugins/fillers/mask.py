"""A mask token in place of a hidden word."""

from numpy.random import Generator

from limefw.modalities.text import Text, TextComposer
from limefw.types import Segments


def mask(text: Text, segments: Segments, _rng: Generator, /, *, token: str = "[MASK]") -> TextComposer:  # noqa: S107
    """Show one token in place of each hidden word, so that the places of all others stay.

    Args:
        token: "[MASK]" for BERT and its kin, "<mask>" for RoBERTa; lime's is "UNKWORDZ". A model that was not trained
            with it takes it for a word.
    """
    return TextComposer.of(text, segments, token)
