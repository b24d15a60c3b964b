"""The nodes of a surrogate that is a tree, placed in rows and columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from limefw.errors import InputError
from limefw.results.explanation import Explanation


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a tree that grows to the right; a question's first child is that of what shows.

    Args:
        segment: that it asks about; -1 for a leaf.
        share: of the segment that must show for the first child.
        value: the mean answer there.
        samples: draws there, or None where not known.
        column: questions before it.
        row: leaves above it; half a row where it stands between two.
        own: whether the instance comes by.
        left_out: questions that follow and are not drawn.
        children: none or two.
    """

    segment: int
    share: float
    value: float
    samples: int | None
    column: int
    row: float
    own: bool
    left_out: int
    children: tuple["Node", ...] = ()

    def each(self) -> Iterator["Node"]:
        """Yield it and all below it, the instance's own way first."""
        yield self
        for child in self.children:
            yield from child.each()

    @property
    def leaves(self) -> list["Node"]:
        """The leaves below it, from top to bottom."""
        return [node for node in self.each() if not node.children]


def tree_of(explanation: Explanation, label: int, depth: int) -> Node:
    """Return the tree of a label, cut off after `depth` questions.

    Raises:
        InputError: where its surrogate is no tree.
    """
    detail = explanation.fit(label).detail
    if detail.get("form") != "tree":
        used = explanation.provenance.get("recipe", {}).get("surrogate", {}).get("use", "another one")
        raise InputError(
            f"renderer 'tree' draws a surrogate that is a tree, and this explanation's is {used!r}: explain with "
            "-s surrogate=tree (in Python: surrogate='tree'), or with --recipe tree"
        )
    names = ("feature", "threshold", "left", "right", "value", "samples")
    table = {name: np.asarray(detail[name]) for name in names if name in detail}
    return _grown(table, explanation.neighbourhood.codes[0], depth, _Place(0, 0, 0.0, own=True))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a subtree goes: its number in the table, and the first row that is free."""

    number: int
    column: int
    top: float
    own: bool


def _grown(table: dict[str, Any], codes: Any, depth: int, place: _Place) -> Node:
    at, samples = place.number, table.get("samples")
    segment, share = int(table["feature"][at]), float(table["threshold"][at])
    value, count = float(table["value"][at]), None if samples is None else int(samples[at])
    if segment < 0 or place.column == depth:
        left_out = _questions(table, at)
        return Node(-1, 0.0, value, count, place.column, place.top, place.own, left_out)
    children: list[Node] = []
    top = place.top
    for side, goes in (("right", codes[segment] > share), ("left", codes[segment] <= share)):
        below = _Place(int(table[side][at]), place.column + 1, top, own=place.own and bool(goes))
        children.append(_grown(table, codes, depth, below))
        top += len(children[-1].leaves)
    row = (children[0].row + children[1].row) / 2
    return Node(segment, share, value, count, place.column, row, place.own, 0, tuple(children))


def _questions(table: dict[str, Any], at: int) -> int:
    """Return how many questions a node and those below it ask."""
    if table["feature"][at] < 0:
        return 0
    return 1 + sum(_questions(table, int(table[side][at])) for side in ("left", "right"))
