"""Segments' numbers, printed where they lie; beside a picture that is too thin for them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from limefw.types import Floats
from limefw_plugins.renderers._areas import areas_at, points_in, winners
from limefw_plugins.renderers._findings import Finding
from limefw_plugins.renderers._letters import FAINT, FONT, points
from limefw_plugins.renderers._paint import Palette
from limefw_plugins.renderers._picture import View
from limefw_plugins.renderers._places import inner_points


BESIDE = 3.2
"""Height of letters: the space that numbers beside a picture take."""

SMALLEST = 7
"""Pixels: smaller letters are left out."""


def is_thin(view: View, size: float) -> bool:
    """Say whether a picture has no room for numbers `size` pixels high."""
    return min(view.size) < 3 * size


def below(view: View, size: float) -> float:
    """Return the pixels below a picture that numbers `size` pixels high need: none where they are inside or beside."""
    return BESIDE * size if is_thin(view, size) and view.wide else 0.0


def badges(
    axes: Any, view: View, found: Sequence[Finding], size: float, colors: Palette, *, inside: bool = False
) -> None:
    """Print each segment's number where it lies: round for those that speak for the label, square for the others.

    Args:
        axes: in the picture's pixels.
        view: the picture.
        found: the segments.
        size: pixels, of the letters.
        colors: of both signs.
        inside: a thin picture has no margin, so that numbers are as small as it is thin.
    """
    # not NaN: a segment too small for this picture is nowhere
    shown = [(item, np.array(point)) for item, point in zip(found, points_of(view, found), strict=True)
             if point[0] == point[0]]  # fmt: skip
    if is_thin(view, size) and not inside:
        _beside(axes, view, shown, size, colors)
        return
    size = min(size, min(view.size) / 2)
    if size < SMALLEST:
        return
    size = max(SMALLEST, min(size, _fitting(view, len(shown))))
    boxes = np.array([_half(item) for item, _ in shown]).reshape(-1, 2) * size
    wanted = np.array([point for _, point in shown]).reshape(-1, 2)
    places = spread(wanted, boxes, np.array(view.size[::-1], dtype=np.float64))
    for point, place, box in zip(wanted, places, boxes, strict=True):
        if (np.abs(point - place) > box).any():
            line = np.stack([point, place]).T
            axes.plot(*line, color="white", linewidth=points(3), zorder=2.1)
            axes.plot(*line, color=FAINT, linewidth=points(1.4), zorder=2.2)
    for (item, _), (x, y) in zip(shown, places.tolist(), strict=True):
        badge(axes, (x, y), item, size, axes.transData, colors)
    axes.set_xlim(-0.5, view.size[1] - 0.5)
    axes.set_ylim(view.size[0] - 0.5, -0.5)


def _half(item: Finding) -> tuple[float, float]:
    """Return half the width and height of a number's badge, in heights of its letters; a round one has but one."""
    across = 0.35 + 0.35 * len(str(item.segment))
    return across, across if item.positive else 0.72


def _fitting(view: View, count: int) -> float:
    """Return the height of letters with which so many numbers take no more than a third of a picture."""
    return float(np.sqrt(view.size[0] * view.size[1] / max(count, 1) / 3.0 / (2.5 * 1.6)))


def spread(wanted: Floats, boxes: Floats, whole: Floats) -> Floats:
    """Return where numbers stand: as near to where they are wanted as the others, the first first, leave room.

    Args:
        wanted: ``(n, 2)`` x and y.
        boxes: ``(n, 2)`` half the width and height of each.
        whole: width and height of the picture, which none leaves.
    """
    turns = 2 * np.pi * np.arange(24) / 24
    places = np.empty_like(wanted)
    for at, (point, box) in enumerate(zip(wanted, boxes, strict=True)):
        low, high = box, np.maximum(whole - box, box)
        near = np.clip(point, low, high)
        rings = np.arange(1, int(2 * whole.max() / boxes[:, 1].min()) + 1) * 0.5 * box[1]
        around = rings[:, None, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        tried = np.concatenate([near[None], np.clip(near + around.reshape(-1, 2), low, high)])
        apart_by = np.abs(tried[:, None] - places[None, :at]) - (box + boxes[:at])
        free = (apart_by >= 0).any(axis=2).all(axis=1)
        places[at] = tried[int(np.argmax(free))]
    return places


def _beside(axes: Any, view: View, shown: list[tuple[Finding, Floats]], size: float, colors: Palette) -> None:
    """Print numbers below a wide picture or to the right of a high one, each with a line to its segment."""
    along, across = (0, 1) if view.wide else (1, 0)
    thickness, length = view.size[::-1][across], view.size[::-1][along]
    shown = sorted(shown, key=lambda pair: float(pair[1][along]))
    places = apart(np.array([point[along] for _, point in shown]), 2.3 * size, length)
    for (item, point), place in zip(shown, places, strict=True):
        ends = np.array([[point[along], 0.7 * thickness], [place, thickness + 0.6 * BESIDE * size]])
        axes.plot(*(ends if along == 0 else ends[:, ::-1]).T, color=FAINT, linewidth=points(1.2), clip_on=False)
        spot = ends[1] if along == 0 else ends[1][::-1]
        badge(axes, (float(spot[0]), float(spot[1])), item, 0.9 * size, axes.transData, colors)
    axes.set_xlim(-0.5, view.size[1] - 0.5)
    axes.set_ylim(view.size[0] - 0.5, -0.5)


def apart(places: Floats, gap: float, length: float) -> Floats:
    """Return sorted places moved as little as it takes to be `gap` apart, or as far as there is room, on 0..length."""
    count = len(places)
    gap = min(gap, length / max(count, 1))
    steps = gap * np.arange(count)
    # what has to stay in order becomes what has to rise: running means of neighbours that are too near
    blocks: list[list[float]] = []
    for place in places - steps:
        blocks.append([float(place)])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    moved = [float(np.mean(block)) for block in blocks for _ in block]
    return np.asarray(np.clip(moved, gap / 2, max(gap / 2, length - gap * (count - 0.5))) + steps)


def points_of(view: View, found: Sequence[Finding]) -> list[tuple[float, float]]:
    """Return a point well inside each segment, in the picture's pixels; NaN for one that the picture does not show."""
    step = max(1, max(view.size) // 500) if min(view.size) > 200 else 1
    chosen = [item.segment for item in found]
    count = max(chosen, default=-1) + 1
    labels = np.where(np.isin(view.labels, chosen), view.labels, -1)[::step, ::step]
    if view.explanation.segments.basis is None:
        found_points = inner_points(labels, count) * step
    else:
        areas = {at: area[::step, ::step] for at, area in areas_at(view.explanation, chosen, view.size).items()}
        found_points = points_in(winners(labels, areas), areas, count) * step
    return [(float(found_points[at][0]), float(found_points[at][1])) for at in chosen]


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
