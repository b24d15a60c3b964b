"""Words of other texts in place of hidden ones."""

from pathlib import Path

from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.text import Text, TextComposer
from limefw.types import Segments
from limefw_plugins.segmenters._words import words_in


def corpus(
    text: Text, segments: Segments, _rng: Generator, /, *, file: str | None = None, texts: list[str] | None = None
) -> TextComposer:
    """Show a word of a background corpus in place of each hidden one, drawn anew each time, as often as it is in there.

    What is hidden then looks like text, which a mask does not. Draws that hide the same words show different ones.

    Args:
        file: a text file (UTF-8).
        texts: texts; without both it is the explained text itself.
    """
    if file is not None and texts is not None:
        raise InputError("filler 'corpus' takes its words from `file` or from `texts`: give one of them")
    strings = [_content(file)] if file is not None else [text.string] if texts is None else texts
    words = [string[start:end] for string in strings for start, end in words_in(string)]
    if not words:
        raise InputError(f"filler 'corpus' found no words in {file or 'the texts'}")
    return TextComposer.of(text, segments, choices=words)


def _content(file: str) -> str:
    try:
        return Path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"filler 'corpus' cannot read {file}: {error}") from error
