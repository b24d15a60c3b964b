"""Many explanations as one chart of bars."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from limefw.studies.overview import Overview, Share
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import GAP, unbroken
from limefw_plugins.renderers._letters import FAINT, INK, Words, drawable, leading, points, wrapped
from limefw_plugins.renderers._overviews import headline, overview_of, sides, trust
from limefw_plugins.renderers._paint import PALETTES, Palette, PaletteName
from limefw_plugins.renderers._scales import exponent_of, label_axis
from limefw_plugins.renderers._sheet import Sheet, drawing
from limefw_plugins.renderers._words import decimals_for, number, printable


SIZE, MARGIN, NAMES, WIDE, ROW = 16, 24, 250, 640, 30
"""Pixels: letters, margins, names, bars with their numbers, and the height of a row."""

ALONG = 260
"""Pixels: the height of bars along time."""


def overview_figure(
    overview: Overview, /, *, top: Annotated[int, Ge(1), Le(100)] = 15, palette: PaletteName = "green-red"
) -> Rendering:
    """The strongest features of many explanations: mean absolute effects, split into what speaks for and against.

    Windows of series stand in the order of time.

    Args:
        top: how many features at the most; of windows in time all are drawn.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
    """
    given, colors = overview_of(overview, "overview_figure"), PALETTES[palette]
    plus, minus = sides(given)
    inner = NAMES + WIDE
    key = [
        Words(unbroken(f"● {colors.names[0]} = part that {plus}") + GAP, colors.plus_ink),
        Words(unbroken(f"■ {colors.names[1]} = part that {minus}") + GAP, colors.minus_ink),
        Words("together the mean absolute effect", FAINT),
    ]
    shares = [given.shares[at] for at in given.order] or list(given.top(top))
    high = ALONG if given.order else max(len(shares) * ROW, ROW)
    said = [Words(trust(given), FAINT)]
    if not given.order and len(given.shares) > len(shares):
        said.insert(0, Words(f"{len(given.shares) - len(shares)} more features count less.", FAINT))
    with drawing():
        lines = len(wrapped([Words(headline(given), bold=True)], inner, 1.2 * SIZE)) * leading(1.2 * SIZE)
        head = MARGIN + lines + len(wrapped(key, inner, SIZE)) * leading(SIZE) + 10
        tail = len(wrapped(said, inner, 0.9 * SIZE)) * leading(0.9 * SIZE)
        sheet = Sheet(inner + 2 * MARGIN, round(head + high + 90 + tail + MARGIN))
        line = sheet.flow(MARGIN, MARGIN, inner, [Words(headline(given), bold=True)], 1.2 * SIZE)
        sheet.flow(MARGIN, line, inner, key, SIZE)
        if given.order:
            _along(sheet.axes(MARGIN + 90, head, inner - 90, high), shares, colors, given.noun)
        elif shares:
            _ranked(sheet.axes(MARGIN + NAMES, head, WIDE, high), shares, colors, given)
        sheet.flow(MARGIN, head + high + 80, inner, said, 0.9 * SIZE)
        return sheet.rendering()


def _ranked(axes: Any, shares: Sequence[Share], colors: Palette, given: Overview) -> None:
    """Draw a bar for each feature, the strongest at the top."""
    rows, raises = np.arange(len(shares)), np.array([share.raises for share in shares])
    lowers = np.array([share.lowers for share in shares])
    reach = float((raises + lowers).max()) or 1.0
    axes.barh(rows, raises, 0.66, color=colors.plus)
    axes.barh(rows, lowers, 0.66, left=raises, color=colors.minus, hatch="////", edgecolor="white", linewidth=0)
    places = decimals_for([reach])
    for row, share in zip(rows, shares, strict=True):
        text = f"{number(share.strength, places)}  in {share.present} of {given.count}"
        axes.annotate(text, (share.strength, row), (6, 0), textcoords="offset points", va="center", color=FAINT,
                      fontsize=points(0.75 * SIZE), annotation_clip=False)  # fmt: skip
    axes.set_xlim(0, 1.32 * reach)
    axes.set_ylim(len(shares) - 0.5, -0.5)
    axes.set_yticks(rows, [_name(share.feature) for share in shares], fontsize=points(0.85 * SIZE))
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=points(0.8 * SIZE), colors=FAINT)
    axes.spines[["top", "right"]].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    unit = f"mean absolute change of {given.noun}"
    label_axis(axes, "x", unit, exponent_of(reach), points(0.9 * SIZE))
    axes.xaxis.label.set_color(FAINT)


def _along(axes: Any, shares: Sequence[Share], colors: Palette, noun: str) -> None:
    """Draw a bar up and one down for each window, in the order of time."""
    places = np.arange(len(shares))
    raises, lowers = [share.raises for share in shares], [-share.lowers for share in shares]
    axes.bar(places, raises, 0.94, color=colors.plus)
    axes.bar(places, lowers, 0.94, color=colors.minus, hatch="////", edgecolor="white", linewidth=0)
    axes.axhline(0, color=INK, linewidth=points(1))
    axes.set_xlim(-0.5, len(shares) - 0.5)
    shown = np.unique(np.linspace(0, len(shares) - 1, min(6, len(shares))).astype(int))
    axes.set_xticks(shown, [_name(shares[at].feature) for at in shown], fontsize=points(0.75 * SIZE))
    axes.tick_params(labelsize=points(0.75 * SIZE), colors=FAINT)
    for text, side in zip(axes.get_xticklabels()[:: max(1, len(shown) - 1)], ("left", "right"), strict=False):
        text.set_horizontalalignment(side)
    axes.spines[["top", "right"]].set_visible(False)
    reach = max([*raises, *(-value for value in lowers)], default=1.0)
    label_axis(axes, "y", f"mean change of {noun}", exponent_of(reach), points(0.8 * SIZE), sign=True)
    axes.yaxis.label.set_color(FAINT)


def _name(text: str) -> str:
    name = printable(text)
    # a dollar sign would start mathematics
    return drawable(name if len(name) <= 30 else f"{name[:29]}…").replace("$", r"\$")
