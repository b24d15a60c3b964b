"""Every segment's effect as a colour over the photograph."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Floats, Rendering
from limefw_plugins.renderers._captioned import NARROWEST, Paragraph, bare, captioned, letter_size, title, trust
from limefw_plugins.renderers._findings import Finding, findings, intervals_of
from limefw_plugins.renderers._letters import FAINT, FONT, INK, Words, points
from limefw_plugins.renderers._marks import SMALLEST, points_of
from limefw_plugins.renderers._paint import PALETTES, Palette, PaletteName, diverging, heated
from limefw_plugins.renderers._picture import View, effects_at, view_of
from limefw_plugins.renderers._scales import exponent_of, in_unit, unit_of
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import MINUS, Wording, wording_of


SIGNED, SIGNS = 0.2, 8
"""Share of the strongest effect from which on a segment has its sign written on it, and how many have at the most."""


def heatmap(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    palette: PaletteName = "green-red",
    caption: bool = True,
    scale: Annotated[int, Ge(0), Le(16)] = 0,
    longest: Annotated[int, Ge(0)] = 1000,
    per_area: bool = False,
) -> Rendering:
    """Every segment's effect as a colour over the greyed photograph, with a colour bar symmetric about 0.

    Args:
        label: a number or name; none: the first explained.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
        caption: title, colour bar and trust below the picture; without, the file is as large as the photograph.
        scale: pixels a side that each of the photograph's becomes; 0: 1, more where it is small.
        longest: pixels that the longer side has at the most, a larger photograph is reduced; 0: its own size.
        per_area: colour the effect of each hundredth of the picture, not of each segment: a large segment has more
            effect by its size alone, and a small one that matters would be pale beside it.
    """
    number, colors = explanation.label(label), PALETTES[palette]
    view = view_of(explanation, scale, longest or None)
    limit, values = relative_effects(explanation, number, view, per_area=per_area)
    pixels = heated(view, values, colors)
    found, words = _strongest(explanation, number, per_area=per_area), wording_of(explanation)
    gloss = f"{words.noun[0].upper()}{words.noun[1:]}: {words.gloss}." if words.gloss else ""
    said = " ".join(filter(None, (what_signs(found, words), gloss, intervals_of(found), trust(explanation, number))))
    paragraphs = [title(explanation, number), Paragraph([Words(said, FAINT)])]
    with drawing():
        sheet, axes, top = captioned(pixels, paragraphs, reserved=4.6) if caption else bare(pixels)
        signs(axes, view, found, letter_size(max(view.size[1], NARROWEST if caption else 0)))
        if caption:
            unit = f"{words.unit} per 1% of area" if per_area else words.unit
            color_bar(sheet, (0, top, sheet.width), limit, colors, words, unit)
        return sheet.rendering()


def relative_effects(
    explanation: Explanation, label: int, view: View, *, per_area: bool = False
) -> tuple[float, Floats]:
    """Return the largest absolute effect, and each pixel's effect relative to it, -1..1."""
    limit = float(np.abs(explanation.effects(label, per_area=per_area)).max())
    return limit, effects_at(explanation, label, view.labels, per_area=per_area) / (limit or 1.0)


def _strongest(explanation: Explanation, label: int, *, per_area: bool) -> list[Finding]:
    """Return those that get a sign, in the order of what the colours show."""
    if not per_area:
        return findings(explanation, label, SIGNS)
    every = findings(explanation, label, explanation.segments.count)
    most = max((abs(item.effect) / item.share for item in every), default=0.0)
    margins = [None if item.margin is None else item.margin / item.share for item in every]
    scaled = [replace(item, effect=item.effect / item.share, strongest=most, margin=margin)
              for item, margin in zip(every, margins, strict=True)]  # fmt: skip
    return sorted(scaled, key=lambda item: -abs(item.effect))[:SIGNS]


def signed_findings(found: Sequence[Finding]) -> list[Finding]:
    """Return those that are strong enough for a sign."""
    least = SIGNED * max((abs(item.effect) for item in found), default=0.0)
    return [item for item in found[:SIGNS] if not item.faint and abs(item.effect) >= least]


def what_signs(found: Sequence[Finding], words: Wording) -> str:
    """Say what the signs on a heat map mean, or nothing where it has none."""
    return f"The strongest are marked: + {words.plus}, {MINUS} {words.minus}." if signed_findings(found) else ""


def signs(axes: Any, view: View, found: Sequence[Finding], size: float) -> None:
    """Write + or - on segments with a strong effect, for those who do not see the colours."""
    from matplotlib.patheffects import withStroke

    found = signed_findings(found)
    size = min(size, 0.45 * min(view.size))
    if size < SMALLEST / 2:
        return
    taken: list[Floats] = []
    for item, point in zip(found, points_of(view, found), strict=True):
        room = np.full(2, 0.9 * size)
        place = np.clip(point, room, np.array(view.size[::-1]) - room)
        # the stronger goes first; what is too small for a sign of its own has none
        if np.isnan(place[0]) or any((np.abs(place - other) < 1.5 * room).all() for other in taken):
            continue
        taken.append(place)
        x, y = place.tolist()
        axes.text(
            x, y, "+" if item.positive else MINUS, fontsize=points(1.5 * size), fontfamily=FONT,
            fontweight="bold", color=INK, ha="center", va="center", clip_on=True,
            path_effects=[withStroke(linewidth=points(0.3 * size), foreground="white")],
        )  # fmt: skip


def color_bar(
    sheet: Sheet, place: tuple[float, float, float], limit: float, colors: Palette, words: Wording, unit: str = ""
) -> None:
    """Draw what the colours mean at (left, top, width); the unit is that of effects where none is given."""
    left, top, wide = place
    size = letter_size(wide)
    axes = sheet.axes(left + 4 * size, top + size, wide - 8 * size, 0.9 * size)
    ramp = diverging(np.linspace(-1.0, 1.0, 512)[None], colors)
    axes.imshow(ramp.astype(np.uint8), extent=(-1, 1, 0, 1), aspect="auto")
    exponent = exponent_of(limit)
    ticks = (-1.0, -0.5, 0.0, 0.5, 1.0) if limit else (0.0,)
    texts = [in_unit(tick * limit, exponent, limit) if tick else "0" for tick in ticks]
    axes.set_xticks(ticks, texts, fontsize=points(0.9 * size))
    axes.set_yticks([])
    axes.tick_params(length=points(0.3 * size), width=points(0.08 * size), pad=points(0.2 * size))
    scaled = f"{unit_of(unit or words.unit, exponent)}: {MINUS} {words.minus}, + {words.plus}"
    text = scaled if limit else f"{words.unit}: every effect is 0"
    axes.set_xlabel(text, fontsize=points(0.95 * size), labelpad=points(0.3 * size))
