"""Text that comes from anywhere, as letters that can be seen: on pages, in pictures and in terminals."""

import unicodedata


_KEPT = frozenset("\n\t\u200c\u200d\u00ad")
"""Control characters that a text has for good reasons: joiners make one emoji of several."""


def visible(text: str) -> str:
    """Return a text with its control characters as signs that can be seen: they could hide or turn what is there."""
    return "".join(map(_sign, text.replace("\r\n", "\n"))) if not text.isalpha() else text


def _sign(letter: str) -> str:
    category = unicodedata.category(letter)
    if category[0] != "C" or letter in _KEPT or "\U000e0020" <= letter <= "\U000e007f" or category == "Co":
        return letter
    code = ord(letter)
    if code < 32:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 127 else f"\u2039U+{code:04X}\u203a"
