"""What the page says of each label."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from unicodedata import bidirectional

import numpy as np

from limefw.results.explanation import Explanation
from limefw_plugins.renderers._areas import hidden_at
from limefw_plugins.renderers._asked import Asked, asked_of
from limefw_plugins.renderers._data_uri import mask_uri
from limefw_plugins.renderers._drawing import Drawing
from limefw_plugins.renderers._findings import Finding, findings, intervals_called, ties_of
from limefw_plugins.renderers._rule import with_rule
from limefw_plugins.renderers._words import Wording, decimals_for, fidelity, kept_whole, number, printable, wording_of


FAINTEST = 0.02
"""Effects below this share of the strongest are no colour that an eye could see."""


MASK = 320
"""Pixels on the longer side of a picture of how much is hidden: soft segments have no detail that needs more."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a table, with the ends of its bar and whisker in per cent of the width."""

    finding: Finding
    zero: float
    left: float
    width: float
    whisker: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A segment in a picture: where its number stands, which colour it has, and the way to where it belongs."""

    segment: int
    x: float
    y: float
    positive: bool
    way: tuple[float, float] | None
    faint: bool


@dataclass(frozen=True, slots=True)
class Tint:
    """A shape in a picture, by the end of its id, with its colour and how strong that is, 0..1.

    It is `faint` where the effect may be chance: then it has a pale line and no colour.
    """

    shape: str
    positive: bool
    strength: float
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says of one label."""

    label: int
    title: str
    answer: str
    summary: str
    fidelity: str
    rows: Sequence[Bar]
    limit: str
    marks: Sequence[Mark]
    pale: bool
    tints: Sequence[Tint]
    heat: Sequence[Tint]
    marked: str
    asked: Asked | None
    gone: str
    rest: str
    known: str
    ties: str


def section(explanation: Explanation, label: int, drawing: Drawing, top: int) -> Section:
    """Gather what there is to say of one label."""
    found, every = findings(explanation, label, top), explanation.top(None, label)
    effects = {effect.segment: effect.effect for effect in every}
    limit = max((abs(effect) for effect in effects.values()), default=0.0)
    words, asked = wording_of(explanation), asked_of(explanation, label)
    gone, rest = _hidden(explanation, asked)
    faint = frozenset(item.segment for item in found if item.faint)
    return Section(
        label=label,
        title=words.question(kept_whole(printable(explanation.names[label]))),
        answer=words.answer(explanation.prediction(label)),
        summary=with_rule(explanation, label, summary_of(found, words)),
        fidelity=fidelity(explanation, label),
        rows=bars_of(found),
        limit=number(limit, decimals_for([limit])),
        marks=_marks(drawing, found),
        pale=any(item.faint for item in found),
        tints=_tints(drawing, {item.segment: item.effect for item in found}, limit, winner=True, faint=faint),
        heat=_tints(drawing, effects, limit, winner=False),
        marked="; ".join(f"{item.title}, {item.place}, {words.verb(item.effect)}" for item in found) or "none",
        asked=asked,
        gone=gone,
        rest=rest,
        known=intervals_called(found),
        ties=ties_of(found),
    )


def _marks(drawing: Drawing, found: Sequence[Finding]) -> list[Mark]:
    shown = {item.segment: item for item in found if not np.isnan(drawing.points[item.segment, 0])}
    return [
        Mark(
            at,
            round(float(drawing.points[at, 0]), 1),
            round(float(drawing.points[at, 1]), 1),
            item.positive,
            None if drawing.anchors is None else tuple((drawing.anchors[at] - drawing.points[at]).round(1).tolist()),
            item.faint,
        )
        for at, item in shown.items()
    ]


def _tints(
    drawing: Drawing,
    effects: dict[int, float],
    limit: float,
    *,
    winner: bool,
    faint: AbstractSet[int] = frozenset(),
) -> list[Tint]:
    """Return the colour of each segment, or where they overlap of each cell: its first one's, or the mean of all."""
    if not drawing.cells:
        colors = {f"s{at}": (effects.get(at, 0.0), at in faint) for at, path in enumerate(drawing.outlines) if path}
    else:
        colors = {}
        for cell, members in enumerate(drawing.members):
            known = [effects.get(at, 0.0) for at in members]
            shown = [(effects[at], at in faint) for at in members if at in effects]
            colors[f"c{cell}"] = (shown or [(0.0, False)])[0] if winner else (float(np.mean(known)), False)
    return [
        Tint(shape, effect > 0, 0.0 if pale else round(abs(effect) / limit, 3), pale)
        for shape, (effect, pale) in colors.items()
        if abs(effect) > (0.0 if winner else FAINTEST * limit)
    ]


def _hidden(explanation: Explanation, asked: Asked | None) -> tuple[str, str]:
    """Return pictures of how much of each pixel was hidden where segments are soft or overlap; else nothing.

    First without the segments asked about, then with these alone.
    """
    if asked is None or explanation.segments.basis is None:
        return "", ""
    shape = explanation.instance.shape
    size = [max(1, round(side * min(1.0, MASK / max(shape)))) for side in shape]
    gone, rest = hidden_at(explanation, asked.answers.segments, size)
    return mask_uri(gone), mask_uri(rest)


def summary_of(found: Sequence[Finding], words: Wording) -> str:
    """Name the strongest on either side in a sentence each."""
    if not found:
        return words.nothing
    parts = []
    for positive, side in ((True, words.plus), (False, words.minus)):
        strongest = next((item for item in found if item.positive is positive and not item.none), None)
        if strongest is not None:
            where = f", {strongest.place}" if strongest.place else ""
            what = f"{_apart(strongest.title)}{where} ({strongest.effect_text}{strongest.doubt})"
            parts.append(f"{side.capitalize()} it most: {what}.")
    return " ".join(parts) or words.nothing


def _apart(name: str) -> str:
    """Return a name that keeps its direction to itself: Arabic would turn the number beside it."""
    turns = any(bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if turns else name


def bars_of(found: Sequence[Finding]) -> list[Bar]:
    """Return the bars of some effects on one scale."""
    low = min((item.effect - (item.margin or 0.0) for item in found), default=0.0)
    high = max((item.effect + (item.margin or 0.0) for item in found), default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)

    def at(value: float) -> float:
        return round(2.0 + 96.0 * (value - low) / ((high - low) or 1.0), 3)

    return [
        Bar(
            item, at(0.0), min(at(0.0), at(item.effect)), round(abs(at(item.effect) - at(0.0)), 3),
            (at(item.effect - item.margin), at(item.effect + item.margin)) if item.margin else None,
        )
        for item in found
    ]  # fmt: skip
