"""Effects as bars with whiskers, on axes of a sheet."""

from collections.abc import Sequence
from typing import Any

from limefw_plugins.renderers._findings import TIED, Finding
from limefw_plugins.renderers._letters import FAINT, FONT, INK, drawable, points
from limefw_plugins.renderers._marks import badge
from limefw_plugins.renderers._paint import PALE, Palette
from limefw_plugins.renderers._scales import exponent_of, in_unit, label_axis
from limefw_plugins.renderers._sheet import Sheet


SIZE = 16
"""Pixels: the height of letters."""

ROW, NAMES, LETTER = 38, 270, 7.8
"""Pixels: the height of a bar's row, and the width of the names and of one of their letters."""


def bar_chart(
    sheet: Sheet,
    found: Sequence[Finding],
    place: tuple[float, float, float],
    colors: Palette,
    unit: str,
    names: int | None = None,
) -> None:
    """Draw some effects at (left, top, width) of a sheet, names included.

    Where no picture shows their numbers, `names` says how many pixels the names get instead.
    """
    left, top, whole = place
    beside = NAMES if names is None else names
    wide = whole - beside
    axes = sheet.axes(left + beside, top, wide, len(found) * ROW)
    largest = max(abs(item.effect) for item in found)
    exponent = exponent_of(max(abs(item.effect) + (item.margin or 0.0) for item in found))
    texts = [in_unit(item.effect, exponent, largest) if exponent else item.effect_text for item in found]
    room = 14 + 11 * max(map(len, texts))
    _draw_each(axes, found, colors, room=min(0.3, room / wide))
    low, high = axes.get_xlim()
    gap = 8 * (high - low) / wide
    for item, text in zip(found, texts, strict=True):
        _label(axes, item, text, gap, colors)
        if item.tied:
            at = (-20 if names is None else -8) / wide, item.rank - 0.5
            axes.text(
                *at, TIED, transform=axes.get_yaxis_transform(), ha="center", va="center", fontsize=points(SIZE),
                fontfamily=FONT, color=FAINT,
            )  # fmt: skip
        if names is None:
            badge(axes, (-20 / wide, item.rank), item, 0.8 * SIZE, axes.get_yaxis_transform(), colors)
    axes.axvline(0, color=INK, linewidth=points(1))
    axes.set_ylim(len(found) + 0.5, 0.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    most = 16 if names is None else round(names / LETTER)
    axes.set_yticks([item.rank for item in found], [_name(item, most) for item in found], fontsize=points(0.85 * SIZE))
    axes.tick_params(axis="y", length=0, pad=points(46 if names is None else 10))
    axes.tick_params(axis="x", labelsize=points(0.8 * SIZE), colors=FAINT)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x", color="#dfe3e8", linewidth=points(1))
    axes.set_axisbelow(True)
    label_axis(axes, "x", unit, exponent, points(0.9 * SIZE), sign=True)
    axes.xaxis.label.set_color(FAINT)


def _draw_each(axes: Any, found: Sequence[Finding], colors: Palette, room: float) -> None:
    """Draw bars and whiskers, with room for a number behind each."""
    ranks, effects = [item.rank for item in found], [item.effect for item in found]
    fills = [(colors.fill(item.effect), PALE if item.faint else 1.0) for item in found]
    hatches = ["" if item.positive else "////" for item in found]
    margins = [item.margin or 0.0 for item in found]
    axes.barh(ranks, effects, height=0.62, color=fills, hatch=hatches, edgecolor="white", linewidth=0)
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


def _label(axes: Any, item: Finding, text: str, gap: float, colors: Palette) -> None:
    side = 1 if item.positive else -1
    axes.text(
        item.effect + side * ((item.margin or 0.0) + gap), item.rank, text,
        ha="left" if item.positive else "right", va="center", fontsize=points(0.85 * SIZE), fontfamily=FONT,
        fontweight="bold", color=FAINT if item.faint else colors.ink(item.effect),
    )  # fmt: skip


def _name(item: Finding, most: int) -> str:
    name = item.name if len(item.name) <= most else f"{item.name[: most - 1]}…"
    # a dollar sign would start mathematics
    return drawable(f"{name}, {item.place}" if item.place else name).replace("$", r"\$")
