"""Axes whose numbers a person can read: very small and very large ones share a power of ten, named with the unit."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from limefw_plugins.renderers._words import MINUS, MOST_DECIMALS, POWER, decimals_for, number, superscript


LARGE = 1e5
"""Numbers from here on share a power of ten."""


def exponent_of(reach: float) -> int:
    """Return the power of ten, a multiple of 3, that numbers up to `reach` share; 0 where they are read as they are."""
    if not math.isfinite(reach) or reach <= 0 or (reach < LARGE and decimals_for([reach]) <= MOST_DECIMALS):
        return 0
    return 3 * math.floor(math.log10(reach) / 3)


def unit_of(unit: str, exponent: int) -> str:
    """Return what an axis says below its numbers."""
    return f"{unit} ({POWER}{superscript(exponent)})" if exponent else unit


def tick_texts(ticks: Sequence[float], exponent: int, *, sign: bool = False) -> list[str]:
    """Return the numbers of evenly spaced ticks in a unit of 10^exponent, with the decimals that tell them apart."""
    scaled = [tick / 10.0**exponent for tick in ticks]
    step = min((abs(after - before) for before, after in pairwise(scaled)), default=1.0)
    places = next((places for places in range(12) if abs(step - round(step, places)) <= 1e-6 * step), 12)
    texts = ["0" if abs(value) < 1e-6 * step else f"{value:.{places}f}".replace("-", MINUS) for value in scaled]
    return [f"+{text}" if sign and text != "0" and text[0] != MINUS else text for text in texts]


def label_axis(axes: Any, which: str, unit: str, exponent: int, size: float, *, sign: bool = False) -> None:
    """Label the ticks of the x or y axis as they stand, in a unit of 10^exponent, and say the unit."""
    low, high = sorted(getattr(axes, f"get_{which}lim")())
    slack = 1e-9 * (high - low)
    axis = getattr(axes, f"{which}axis")
    ticks = [float(tick) for tick in axis.get_ticklocs() if low - slack <= tick <= high + slack]
    axis.set_ticks(ticks, tick_texts(ticks, exponent, sign=sign))
    axis.set_label_text(unit_of(unit, exponent), fontsize=size)
    # where the ticks stand now is where the picture ends
    getattr(axes, f"set_{which}lim")(low, high)


def in_unit(value: float, exponent: int, reach: float) -> str:
    """Return a signed number of an axis in its unit."""
    scaled = value / 10.0**exponent
    text = number(scaled, decimals_for([reach / 10.0**exponent]))
    return f"+{text}" if value > 0 else text
