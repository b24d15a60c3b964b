"""Lines of text measured in pixels, in the font that comes with matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from unicodedata import bidirectional


DPI = 128
"""A power of two: pixels / DPI * DPI is then exact, and no picture loses a pixel to rounding."""

FONT = "DejaVu Sans"
"""Comes with matplotlib."""

INK, FAINT = "#1b1f24", "#59616b"


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text in one colour; a space may become the end of a line, a no-break space may not."""

    text: str
    color: str = INK
    bold: bool = False


def points(pixels: float) -> float:
    """Return a font size in points."""
    return pixels * 72.0 / DPI


def leading(size: float) -> float:
    """Return the distance between two lines of text."""
    return round(1.45 * size)


def wrapped(words: Sequence[Words], width: float, size: float) -> list[list[tuple[float, Words]]]:
    """Break text into lines; each is a list of (pixels from the left, piece)."""
    lines: list[list[tuple[float, Words]]] = [[]]
    at, gap = 0.0, measured(" ", size)
    for piece in words:
        for word in piece.text.split(" "):
            part = Words(_cut(word, width, size, bold=piece.bold), piece.color, piece.bold)
            wide = measured(part.text, size, bold=part.bold)
            if at and at + wide > width:
                lines.append([])
                at = 0.0
            lines[-1].append((at, part))
            at += wide + gap
    return lines


def _cut(word: str, width: float, size: float, *, bold: bool) -> str:
    if measured(word, size, bold=bold) <= width:
        return word
    while word and measured(word + "…", size, bold=bold) > width:
        word = word[:-1]
    return word + "…"


@lru_cache(maxsize=4096)
def measured(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of text in pixels."""
    from matplotlib.font_manager import FontProperties

    properties = FontProperties(family=FONT, size=points(size), weight="bold" if bold else "normal")
    width, _, _ = _ruler().get_text_width_height_descent(drawable(text), properties, ismath=False)
    return float(width)


@lru_cache(maxsize=1)
def _ruler() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    ruler: Any = RendererAgg
    return ruler(1, 1, DPI)


def drawable(text: str) -> str:
    """Return text with a box for each letter that the font lacks, about which matplotlib would warn."""
    return "".join(letter if ord(letter) in _letters() else "\N{WHITE SQUARE}" for letter in text)


def readable(text: str) -> bool:
    """Say whether text can be drawn as it is read: the font has its letters, and they run from left to right."""
    return drawable(text) == text and not any(bidirectional(letter) in ("R", "AL") for letter in text)


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family=FONT))).get_charmap())
