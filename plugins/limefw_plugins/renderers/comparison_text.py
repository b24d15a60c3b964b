"""A comparison in sentences and a table, for a terminal."""

import textwrap

from limefw.comparison.result import Comparison
from limefw.letters import visible
from limefw.types import Rendering
from limefw_plugins.renderers._comparisons import comparison_of, headline
from limefw_plugins.renderers._words import printable


WIDTH = 88
"""Columns of a terminal; the table takes as many as it has sides for."""


def comparison_text(comparison: Comparison, /) -> Rendering:
    """What agrees and what does not, within noise or beyond, a line for each side, and what it cost."""
    given = comparison_of(comparison, "comparison_text")
    said = given.summary()
    table = given.table().removesuffix("\n".join(said)).rstrip("\n")
    lines = [f"{headline(given)}.", "", *(visible(line) for line in table.split("\n")), ""]
    for sentence in said:
        lines += textwrap.wrap(printable(sentence), WIDTH, subsequent_indent="  ")
    return Rendering("\n".join(line.rstrip() for line in lines) + "\n", "text/plain", ".txt")
