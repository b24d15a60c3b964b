"""Charts of a comparison's picture: a matrix, and means with their intervals."""

import math
from collections.abc import Sequence

from limefw.comparison.result import Comparison
from limefw.evaluation.result import Mean
from limefw_plugins.renderers._comparisons import short
from limefw_plugins.renderers._letters import FAINT, FONT, INK, Words, leading, points
from limefw_plugins.renderers._sheet import Sheet


CELL, SIZE = 30, 15
"""Pixels: the height of a row, and of letters."""

HEAT = "#2166ac"


def matrix_chart(sheet: Sheet, given: Comparison, left: float, top: float, across: float) -> None:
    """Draw what the strongest segments of any two sides have in common; on the diagonal, between seeds."""
    many, values = len(given.sides), given.matrix("jaccard")
    said = f"In common: {given.top} strongest"
    sheet.flow(left, top, max(many * across, 200), [Words(said, bold=True)], 0.85 * SIZE)
    start = top + 2 * leading(SIZE)
    axes = sheet.axes(left, start, many * across, many * CELL)
    axes.set_xlim(0, many)
    axes.set_ylim(many, 0)
    for one in range(many):
        axes.text(one + 0.5, -0.12, str(one + 1), ha="center", va="bottom", color=FAINT, **_letters())
        for two in range(many):
            value = float(values[one, two])
            strength = 0.75 * min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
            axes.fill([two, two + 1, two + 1, two], [one, one, one + 1, one + 1], color=(HEAT, strength), linewidth=0)
            axes.text(two + 0.5, one + 0.5, short(value), ha="center", va="center",
                      color="white" if strength > 0.5 else INK, **_letters())  # fmt: skip
    axes.set_axis_off()


def mean_rows(given: Comparison) -> list[tuple[str, list[Mean]]]:
    """Return what is drawn of each side."""
    sides = range(len(given.sides))
    return [
        ("Fidelity (R²)", [given.fidelity(side) for side in sides]),
        ("Stability between seeds", [given.stability(side) for side in sides]),
    ]


def means_chart(sheet: Sheet, title: str, means: Sequence[Mean], place: tuple[float, float, float]) -> None:
    """Draw a mean with its interval for each side, from 0 to 1 or a bit below."""
    left, top, wide = place
    sheet.flow(left, top, wide, [Words(title, bold=True)], 0.85 * SIZE)
    axes = sheet.axes(left, top + 2 * leading(SIZE), wide, len(means) * CELL)
    known = [value for mean in means for value in (mean.mean, mean.low) if math.isfinite(value)]
    axes.set_xlim(max(-1.0, min([0.0, *known])) - 0.03, 1.03)
    axes.set_ylim(len(means), 0)
    for at, mean in enumerate(means):
        if math.isfinite(mean.low):
            axes.plot([mean.low, mean.high], [at + 0.5] * 2, color=HEAT, alpha=0.45, linewidth=points(6), clip_on=True)
        if math.isfinite(mean.mean):
            axes.plot([mean.mean], [at + 0.5], "o", color=HEAT, markersize=points(9), clip_on=True)
        else:
            axes.text(0.0, at + 0.5, "not known", va="center", color=FAINT, **_letters())
    axes.axvline(0, color=FAINT, linewidth=points(1))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="x", labelsize=points(0.75 * SIZE), colors=FAINT)
    axes.grid(axis="x", color="#dfe3e8", linewidth=points(1))
    axes.set_axisbelow(True)


def _letters() -> dict[str, object]:
    return {"fontsize": points(0.8 * SIZE), "fontfamily": FONT}
