"""A given word in place of each hidden one."""

from numpy.random import Generator

from limefw.modalities.text import Text, TextComposer
from limefw.types import Segments


def replace(
    text: Text,
    segments: Segments,
    _rng: Generator,
    /,
    *,
    by: dict[str, str] = {},  # noqa: B006 - nobody writes to it
    otherwise: str = "\N{HORIZONTAL ELLIPSIS}",
    ignore_case: bool = True,
) -> TextComposer:
    """Show a word that you say in place of a hidden one, as an opposite or a synonym: "good" for "bad".

    Args:
        by: what is shown for which word.
        otherwise: what is shown for words that are not in `by`.
        ignore_case: "Bad" is replaced as "bad" is.
    """

    def known(word: str) -> str:
        return word.casefold() if ignore_case else word

    table = {known(word): shown for word, shown in by.items()}
    return TextComposer.of(text, segments, lambda piece: table.get(known(piece), otherwise))
