"""Many explanations in a table, for a terminal."""

import textwrap
from typing import Annotated

from annotated_types import Ge

from limefw.studies.overview import Overview
from limefw.types import Rendering
from limefw_plugins.renderers._overviews import headline, overview_of, sides, trust
from limefw_plugins.renderers._words import MINUS, decimals_for, fitted, number, printable


WIDTH = 88
"""Columns of a terminal."""

BAR = 20


def overview_text(overview: Overview, /, *, top: Annotated[int, Ge(1)] = 15) -> Rendering:
    """Each feature's mean absolute effect, split by sign, as text of at most 88 columns.

    Args:
        top: how many features at the most.
    """
    given = overview_of(overview, "overview_text")
    plus, minus = sides(given)
    lines = [
        f"{headline(given)}.",
        f"(mean absolute change of {given.noun}; + part that {plus}, {MINUS} part that {minus})",
        f"  {'':30}{'strength':>10}{'+':>10}{MINUS:>10}  in",
    ]
    shown = given.top(top)
    places = decimals_for(share.strength for share in shown)
    reach = max((share.strength for share in shown), default=0.0) or 1.0
    for share in shown:
        figures = [number(value, places) for value in (share.strength, share.raises, share.lowers)]
        filled = round(BAR * share.raises / reach) * "█" + round(BAR * share.lowers / reach) * "░"
        present = f"{share.present}/{given.count}"
        name = fitted(printable(share.feature), 28)
        lines.append(
            f"  {name}  " + "".join(f"{text:>10}" for text in figures) + f"  {present:<9}{filled}"[: WIDTH - 62]
        )
    if len(given.shares) > len(shown):
        lines.append(f"  {len(given.shares) - len(shown)} more count less.")
    lines += ["", *textwrap.wrap(trust(given), WIDTH)]
    return Rendering("\n".join(line.rstrip() for line in lines) + "\n", "text/plain", ".txt")
