"""The photograph and its segments as vector graphics: each once, for every picture that shows them."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from limefw.results.explanation import Explanation
from limefw.types import Floats, Labels
from limefw_plugins.renderers._areas import areas_at, cells_of, layers, points_in, winners
from limefw_plugins.renderers._data_uri import FEW, data_uri
from limefw_plugins.renderers._marks import apart
from limefw_plugins.renderers._outlines import FINEST, outlines, traced_labels
from limefw_plugins.renderers._photo import photo_of
from limefw_plugins.renderers._picture import WIDE
from limefw_plugins.renderers._places import inner_points


WIDTH = 1000
"""What the longer side of a photograph measures in the units of a drawing."""

EDGE = 26
"""How far from the edge a point is at the least, so that a number there is not cut off."""

THIN = 6
"""What a side measures at the least: a photograph of 3000 x 1 pixels would be a hairline."""

BESIDE = 80
"""The margin beside a photograph that is too thin for numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What a page or an SVG file shows.

    Args:
        name: unlike that of any other drawing in the same document; the start of every id.
        width: in units of the drawing.
        height: in units of the drawing.
        photo: the photograph as a data: address.
        pixelated: whether its pixels are meant to be seen.
        scale: from the outlines' half pixels to units, as an SVG transform.
        outlines: a path for each segment.
        kept: a path around what is in no segment.
        cells: where segments overlap, a path for each cell that they cut the picture into; else none.
        members: the segments in each cell, in the order in which they show.
        right: width with the margin for numbers, where a high photograph is too thin for them.
        bottom: height with that of a wide one.
        anchors: ``(d, 2)`` where numbers in a margin belong to, or None where there is none.
        points: ``(d, 2)`` x and y of a point well inside each, in units; NaN where a segment is nowhere.
    """

    name: str
    width: float
    height: float
    photo: str
    pixelated: bool
    scale: str
    outlines: list[str]
    kept: str
    cells: list[str]
    members: list[list[int]]
    right: float
    bottom: float
    anchors: Floats | None
    points: Floats

    @property
    def wide(self) -> bool:
        """Whether the photograph is far wider than high."""
        return self.width > WIDE * self.height

    @property
    def high(self) -> bool:
        """Whether it is far higher than wide."""
        return self.height > WIDE * self.width


def drawing_of(
    explanation: Explanation, longest: int, *, unit: float = WIDTH, finest: int = FINEST, beside: bool = False
) -> Drawing:
    """Encode the photograph once, `longest` pixels at the most, and trace every segment once.

    Args:
        explanation: of an image.
        longest: pixels of the photograph's longer side.
        unit: what that side measures in the drawing.
        finest: pixels of the map on which segments are traced.
        beside: whether a photograph too thin for numbers gets a margin for them.
    """
    pixels = photo_of(explanation, longest)
    labels = traced_labels(explanation, finest)
    height, width = (
        max(unit * side / max(explanation.instance.shape), THIN * unit / WIDTH) for side in explanation.instance.shape
    )
    across, down = width / labels.shape[1], height / labels.shape[0]
    photo, kept = data_uri(pixels), outlines(np.where(labels < 0, 0, -1), 1)[0]
    paths, cells, members, points = _traced(explanation, labels)
    points = (points + 0.5) * np.array([across, down])
    edge = EDGE * unit / WIDTH
    right, bottom, anchors = width, height, None
    if beside and min(width, height) < 2 * edge:
        anchors, points = points, _beside(points, width, height)
        right, bottom = (width, height + BESIDE) if width > height else (width + BESIDE, height)
    else:
        points = np.clip(
            points,
            np.minimum(edge, [width / 2, height / 2]),
            [max(width - edge, width / 2), max(height - edge, height / 2)],
        )
    name = f"limefw-{sha256((photo + ''.join(paths)).encode()).hexdigest()[:8]}"
    scale = f"scale({across / 2:.6g} {down / 2:.6g})"
    return Drawing(
        name,
        round(width, 2),
        round(height, 2),
        photo,
        max(pixels.shape) < FEW,
        scale,
        paths,
        kept,
        cells,
        members,
        round(right, 2),
        round(bottom, 2),
        anchors,
        points,
    )


def _beside(points: Floats, width: float, height: float) -> Floats:
    """Return points in the margin, as near as may be to those in the photograph without lying on each other."""
    along = int(width < height)
    places = np.full(points.shape, min(width, height) + 0.6 * BESIDE)
    known = np.flatnonzero(~np.isnan(points[:, 0]))
    order = known[np.argsort(points[known, along], kind="stable")]
    places[:, along] = np.nan
    places[order, along] = apart(points[order, along], 46.0, max(width, height))
    places[np.isnan(points[:, 0])] = np.nan
    return places


def _traced(explanation: Explanation, labels: Labels) -> tuple[list[str], list[str], list[list[int]], Floats]:
    """Return the outline of every segment, of every cell with its members, and a point in every segment."""
    count = explanation.segments.count
    if explanation.segments.basis is None:
        return outlines(labels, count), [], [], inner_points(labels, count)
    areas = areas_at(explanation, range(count), labels.shape)
    paths = [""] * count
    for layer in layers(areas, labels.shape):
        paths = [path or more for path, more in zip(paths, outlines(layer, count), strict=True)]
    cells, members = cells_of(labels, areas)
    shown = winners(labels, areas)
    return paths, outlines(cells, len(members)), members, points_in(shown, areas, count)
