"""What is a word, in any language: by the classes of its letters, and by BudouX where no blanks part the words."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, pairwise

from limefw.modalities.text import Span


_UNSPACED = (
    ("CJK UNIFIED", "H"), ("CJK COMPATIBILITY IDEOGRAPH", "H"), ("IDEOGRAPHIC", "H"), ("HIRAGANA", "K"),
    ("KATAKANA", "K"), ("THAI ", "T"),
)  # fmt: skip
"""How the names of letters begin whose languages put no blanks between words, and their class."""

_OF_THEIR_OWN = {
    **dict.fromkeys("'\u2019\u00b7", "A"), **dict.fromkeys(".,", "D"), **dict.fromkeys("\u200c\u200d", "Z"), "_": "L",
}  # fmt: skip

WORD = re.compile(
    # runs of letters and figures; an apostrophe between letters belongs to the word, a point or comma to the number
    r"[LN](?:[LNMZ]|(?<=[LM])A(?=L)|(?<=N)[DA](?=N))*"
    # signs such as emoji, each by itself with what modifies it; flags are pairs
    r"|RR|[EX](?:[MX]|ZE)*|[HKTM]+"
)


@cache
def _kind(letter: str) -> str:
    """Return the class of a letter: one of those above, or S for what separates words."""
    if letter in _OF_THEIR_OWN:
        return _OF_THEIR_OWN[letter]
    category, name = unicodedata.category(letter), unicodedata.name(letter, "")
    if category[0] in "LNM":
        unspaced = next((kind for start, kind in _UNSPACED if name.startswith(start)), None)
        return unspaced or ("N" if category == "Nd" else "M" if category[0] == "M" else "L")
    if name.startswith("REGIONAL INDICATOR"):
        return "R"
    if name.startswith("EMOJI MODIFIER"):
        return "X"
    return "E" if category == "So" else "S"


def words_in(string: str) -> Iterator[Span]:
    """Yield where the words of a text are."""
    classes = string.translate({ord(letter): _kind(letter) for letter in set(string)})
    japanese = "K" in classes
    for match in WORD.finditer(classes):
        start, end = match.span()
        if classes[start] in "HKT":
            yield from _unspaced(string[start:end], start, _language(string[start:end], japanese=japanese))
        elif classes[start] != "M":
            yield start, end


def _language(run: str, *, japanese: bool) -> str:
    """Return whose words a run of letters is made of: Chinese letters are Japanese in a text that has kana too."""
    if "\u0e00" <= run[0] <= "\u0e7f":
        return "th"
    if japanese:
        return "ja"
    return "zh-hant" if not _fits(run, "gb2312") and _fits(run, "big5") else "zh-hans"


def _fits(run: str, encoding: str) -> bool:
    """Say whether the letters are all in an old encoding: of simplified letters alone, or of traditional ones."""
    try:
        run.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _unspaced(run: str, start: int, language: str) -> Iterator[Span]:
    ends = accumulate(map(len, _parser(language).parse(run)), initial=start)
    yield from pairwise(ends)


@cache
def _parser(language: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - of a library that is loaded here
    import budoux

    makers = {
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
        "zh-hant": budoux.load_default_traditional_chinese_parser,
    }
    return makers[language]()
