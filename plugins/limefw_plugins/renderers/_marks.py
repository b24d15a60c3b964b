"""Segments' numbers, printed where they lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from limefw_plugins.renderers._areas import areas_at, points_in, winners
from limefw_plugins.renderers._findings import Finding
from limefw_plugins.renderers._letters import FONT, points
from limefw_plugins.renderers._paint import Palette
from limefw_plugins.renderers._picture import View
from limefw_plugins.renderers._places import inner_points


def badges(axes: Any, view: View, found: Sequence[Finding], size: float, colors: Palette) -> None:
    """Print each segment's number where it lies: round for those that speak for the label, square for the others."""
    for item, (x, y) in zip(found, points_of(view, found), strict=True):
        if x == x:  # noqa: PLR0124 - not NaN: a segment too small for this picture is nowhere
            badge(axes, (x, y), item, size, axes.transData, colors)


def points_of(view: View, found: Sequence[Finding]) -> list[tuple[float, float]]:
    """Return a point well inside each segment, in the picture's pixels; NaN for one that the picture does not show."""
    step = max(1, max(view.size) // 500)
    chosen = [item.segment for item in found]
    count = max(chosen, default=-1) + 1
    labels = np.where(np.isin(view.labels, chosen), view.labels, -1)[::step, ::step]
    if view.explanation.segments.basis is None:
        points = inner_points(labels, count) * step
    else:
        areas = {at: area[::step, ::step] for at, area in areas_at(view.explanation, chosen, view.size).items()}
        points = points_in(winners(labels, areas), areas, count) * step
    return [(float(points[item.segment][0]), float(points[item.segment][1])) for item in found]


def badge(axes: Any, point: tuple[float, float], item: Finding, size: float, transform: Any, colors: Palette) -> None:
    """Print one segment's number, `size` pixels high, at a point of a coordinate system."""
    style = "circle,pad=0.25" if item.positive else "square,pad=0.3"
    axes.text(
        *point, str(item.segment), color="white", fontsize=points(size), fontfamily=FONT, fontweight="bold",
        ha="center", va="center_baseline", transform=transform,
        bbox={
            "boxstyle": style, "facecolor": colors.ink(item.effect),
            "edgecolor": "white", "linewidth": points(1.2),
        },
    )  # fmt: skip
