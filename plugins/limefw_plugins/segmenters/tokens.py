"""The tokens of a model's own tokenizer."""

from pathlib import Path

from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.text import Text, segments_of, token_spans
from limefw.types import Segments


def tokens(text: Text, _rng: Generator, /, *, file: str, bag: bool = False, whole_words: bool = False) -> Segments:
    """The tokens that a model reads, by the file of its tokenizer (Hugging Face's tokenizers).

    A tokenizer that is in memory goes by ``segmenter=limefw.by_tokens(tokenizer)``.

    Args:
        file: "tokenizer.json", or the folder that holds it.
        bag: equal tokens are one segment, shown and hidden together; else each place is one.
        whole_words: the pieces of one word ("play", "##ing") are one segment.
    """
    from tokenizers import Tokenizer

    path = Path(file) / "tokenizer.json" if Path(file).is_dir() else Path(file)
    if not path.is_file():
        raise InputError(f"there is no tokenizer file {path}: give the tokenizer.json that came with the model")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # it raises a bare Exception
        raise InputError(f"{path} is no tokenizer of Hugging Face's tokenizers: {error}") from error
    if not whole_words:
        return segments_of(text, token_spans(tokenizer, text.string), "token", bag=bag)
    return segments_of(text, token_spans(lambda string: _words(tokenizer.encode(string)), text.string), bag=bag)


def _words(encoded) -> list[tuple[int, int]]:  # type: ignore[no-untyped-def]  # noqa: ANN001 - of a library
    """Return from where to where the pieces of each word reach."""
    spans: dict[int, tuple[int, int]] = {}
    for word, (start, end) in zip(encoded.word_ids, encoded.offsets, strict=True):
        if word is not None:
            spans[word] = (spans.get(word, (start, end))[0], end)
    return list(spans.values())
