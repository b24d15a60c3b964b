"""What renderers of a table's row share."""

import numpy as np

from limefw.errors import LimefwError
from limefw.modalities.table import Row
from limefw.results.explanation import Explanation
from limefw_plugins.renderers._words import printable


def row_of(explanation: Explanation, renderer: str) -> Row:
    """Return the row that was explained.

    Raises:
        LimefwError: where it is none.
    """
    if not isinstance(explanation.instance, Row):
        raise LimefwError(f"renderer {renderer!r} draws rows of tables, and this is {explanation.instance.modality}")
    return explanation.instance


def values_of(explanation: Explanation, segment: int) -> str:
    """Return the row's own values of what a segment covers: "34"."""
    row = row_of(explanation, "table")
    texts = [row.texts[at] for at in np.flatnonzero(explanation.segments.labels == segment)]
    return printable(", ".join(texts))


def parts_of(explanation: Explanation, segment: int) -> tuple[str, str, str]:
    """Return what is said of a segment, before its column's name, that name, and behind it.

    A name in a script that runs from right to left would otherwise turn the sign beside it.
    """
    row, said = row_of(explanation, "table"), printable(explanation.segments.names[segment])
    names = [printable(row.names[at]) for at in np.flatnonzero(explanation.segments.labels == segment)]
    if len(names) != 1 or not names[0] or names[0] not in said:
        return "", said, ""
    before, name, after = said.partition(names[0])
    return before, name, after


def kept(explanation: Explanation, most: int = 100) -> list[str]:
    """Return the columns that were never varied, with their values: "region = north"."""
    row = row_of(explanation, "table")
    left = np.flatnonzero(explanation.segments.labels < 0).tolist()
    told = [printable(f"{row.names[at]} = {row.texts[at]}") for at in left[:most]]
    return [*told, f"and {len(left) - most} more"] if len(left) > most else told
