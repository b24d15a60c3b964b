"""The strongest effects as bars with their intervals, beside a photograph that says where they are."""

from collections.abc import Sequence
from typing import Annotated, Any

from annotated_types import Ge, Le

from limefw.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import badge, badges, key, title, trust
from limefw_plugins.renderers._findings import Finding, findings
from limefw_plugins.renderers._letters import FAINT, FONT, INK, Words, drawable, leading, points, wrapped
from limefw_plugins.renderers._paint import AGAINST, AGAINST_INK, FOR, FOR_INK, tinted
from limefw_plugins.renderers._picture import View, view_of
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import decimals_for, signed, wording_of


WIDTH, SIZE, MARGIN = 1100, 16, 20
PICTURE = 430
"""Pixels: the width of the sheet, of letters, of margins, and the longer side of the photograph."""

ROW, NAMES = 38, 270
"""Pixels: the height of a bar's row, and the width of the names."""


def bars(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1), Le(100)] = 10,
) -> Rendering:
    """The strongest effects as bars with 95% intervals, beside a photograph with their numbers.

    Args:
        label: a number or name; none: the first explained.
        top: how many at the most.
    """
    number = explanation.label(label)
    found = findings(explanation, number, top)
    view = view_of(explanation, longest=PICTURE)
    below = [Words(_what_intervals(found), FAINT), Words(trust(explanation, number), FAINT)]
    name, words = title(explanation, number), wording_of(explanation)
    with drawing():
        lines = len(wrapped(name.words, WIDTH - 2 * MARGIN, name.scale * SIZE))
        head = MARGIN + lines * leading(name.scale * SIZE) + leading(SIZE)
        body = max(view.size[0], len(found) * ROW + 56, 120)
        sheet = Sheet(WIDTH, round(head + body + leading(SIZE) + 2 * MARGIN))
        next_line = sheet.flow(MARGIN, MARGIN, WIDTH - 2 * MARGIN, name.words, name.scale * SIZE)
        sheet.flow(MARGIN, next_line, WIDTH - 2 * MARGIN, key(words).words, SIZE)
        _draw_picture(sheet, view, found, head)
        _draw_bars(sheet, found, head, view.size[1], words.unit)
        sheet.flow(MARGIN, head + body + MARGIN, WIDTH - 2 * MARGIN, below, 0.9 * SIZE)
        return sheet.rendering()


def _what_intervals(found: Sequence[Finding]) -> str:
    if any(item.margin for item in found):
        return "Whiskers: 95% intervals, for the luck of the draw alone."
    if any(item.margin == 0 for item in found):
        return "Every combination was drawn: nothing was left to chance."
    return "Intervals are not known for this surrogate." if found else "No segment has an effect."


def _draw_picture(sheet: Sheet, view: View, found: Sequence[Finding], top: float) -> None:
    pixels = tinted(view, found, 0.3, boundaries=True)
    axes = sheet.picture(pixels, WIDTH - MARGIN - view.size[1], top + 8)
    badges(axes, view, found, 0.85 * SIZE)


def _draw_bars(sheet: Sheet, found: Sequence[Finding], top: float, beside: int, unit: str) -> None:
    if not found:
        return
    wide = WIDTH - 4 * MARGIN - NAMES - beside
    axes = sheet.axes(MARGIN + NAMES, top + 8, wide, len(found) * ROW)
    reach = _draw_each(axes, found, room=75 / wide)
    for item in found:
        _label(axes, item, reach)
        badge(axes, (-14 / wide, item.rank), item, 0.8 * SIZE, axes.get_yaxis_transform())
    axes.axvline(0, color=INK, linewidth=points(1))
    axes.set_ylim(len(found) + 0.5, 0.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_yticks([item.rank for item in found], [_name(item) for item in found], fontsize=points(0.85 * SIZE))
    axes.tick_params(axis="y", length=0, pad=points(34))
    axes.tick_params(axis="x", labelsize=points(0.8 * SIZE), colors=FAINT)
    axes.xaxis.set_major_formatter(_ticks(reach))
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x", color="#dfe3e8", linewidth=points(1))
    axes.set_axisbelow(True)
    axes.set_xlabel(unit, fontsize=points(0.9 * SIZE), color=FAINT)


def _draw_each(axes: Any, found: Sequence[Finding], room: float) -> float:
    """Draw bars and whiskers, with room for a number behind each; return how far they reach from 0."""
    ranks, effects = [item.rank for item in found], [item.effect for item in found]
    colors = [FOR if item.positive else AGAINST for item in found]
    hatches = ["" if item.positive else "////" for item in found]
    margins = [item.margin or 0.0 for item in found]
    axes.barh(ranks, effects, height=0.62, color=colors, hatch=hatches, edgecolor="white", linewidth=0)
    if any(margins):
        axes.errorbar(
            effects, ranks, xerr=margins, fmt="none", ecolor=INK, elinewidth=points(1.6), capsize=points(5),
            capthick=points(1.6),
        )  # fmt: skip
    low = min(0.0, *(item.effect - margin for item, margin in zip(found, margins, strict=True)))
    high = max(0.0, *(item.effect + margin for item, margin in zip(found, margins, strict=True)))
    sides = (low < 0) + (high > 0)
    pad = room * (high - low) / (1.0 - sides * room)
    axes.set_xlim(low - pad * (low < 0), high + pad * (high > 0))
    return max(-low, high)


def _label(axes: Any, item: Finding, reach: float) -> None:
    side = 1 if item.positive else -1
    axes.text(
        item.effect + side * ((item.margin or 0.0) + 0.03 * reach), item.rank, item.effect_text,
        ha="left" if item.positive else "right", va="center", fontsize=points(0.85 * SIZE), fontfamily=FONT,
        fontweight="bold", color=FOR_INK if item.positive else AGAINST_INK,
    )  # fmt: skip


def _name(item: Finding) -> str:
    name = item.name if len(item.name) <= 16 else f"{item.name[:15]}…"
    # a dollar sign would start mathematics
    return drawable(f"{name}, {item.place}" if item.place else name).replace("$", r"\$")


def _ticks(reach: float) -> Any:
    from matplotlib.ticker import FuncFormatter

    places = max(0, decimals_for([reach]) - 1)
    return FuncFormatter(lambda value, _: signed(value, places))
