"""Where segments lie that are soft or overlap: a number for each pixel, as in a label map, cannot tell."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from limefw.results.explanation import Explanation
from limefw.types import Floats, Labels, numbered
from limefw_plugins.renderers._picture import labels_at, mapped
from limefw_plugins.renderers._places import inner_points


MOST_CELLS = 1000
"""Where soft segments cut a picture into more cells than this, each pixel is drawn as one segment's alone."""


def areas_at(explanation: Explanation, chosen: Sequence[int], size: Sequence[int]) -> dict[int, NDArray[np.bool_]]:
    """Return where some segments lie in the whole photograph, ``size`` pixels large."""
    if explanation.segments.basis is None:
        labels = labels_at(explanation, size)
        return {segment: labels == segment for segment in chosen}
    areas = explanation.segments.areas(chosen)
    return {
        segment: mapped(explanation, area.astype(np.int8), size) > 0
        for segment, area in zip(chosen, areas, strict=True)
    }


def share_at(explanation: Explanation, chosen: Sequence[int], size: Sequence[int]) -> Floats:
    """Return how much of each pixel belongs to some segments, 0..1."""
    if explanation.segments.basis is None:
        return np.asarray(np.isin(labels_at(explanation, size), chosen), dtype=np.float64)
    share = explanation.segments.basis[list(chosen)].sum(axis=0, dtype=np.float64)
    return np.asarray(mapped(explanation, share, size)).clip(0.0, 1.0)


def hidden_at(explanation: Explanation, gone: Sequence[int], size: Sequence[int]) -> tuple[Floats, Floats]:
    """Return how much of each pixel is hidden without some segments, and with these alone, 0..1."""
    taken = share_at(explanation, gone, size)
    # what is in no segment is always kept
    return taken, np.maximum(share_at(explanation, range(explanation.segments.count), size) - taken, 0.0)


def winners(labels: Labels, areas: Mapping[int, NDArray[np.bool_]]) -> Labels:
    """Return which of some segments each pixel shows, or -1: the one in the label map, else the smallest there."""
    found = np.full(labels.shape, -1, dtype=np.intp)
    for segment in sorted(areas, key=lambda segment: (-int(areas[segment].sum()), -segment)):
        found[areas[segment]] = segment
    for segment, area in areas.items():
        found[area & (labels == segment)] = segment
    return found


def points_in(labels: Labels, areas: Mapping[int, NDArray[np.bool_]], count: int) -> Floats:
    """Return ``(count, 2)`` x and y of a point for each segment's number, apart from others; NaN: nowhere.

    It lies where the segment shows; one that is all covered by others has it anywhere inside.
    """
    points = inner_points(labels, count)
    for segment, area in areas.items():
        if np.isnan(points[segment, 0]) and area.any():
            points[segment] = _apart(area, points[~np.isnan(points[:, 0])])
    return points


def _apart(area: NDArray[np.bool_], others: Floats) -> Floats:
    """Return a point well inside an area that keeps away from others."""
    from scipy.ndimage import distance_transform_edt

    room = distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]
    rows, columns = np.nonzero(area)
    score = room[rows, columns]
    for x, y in others:
        score = np.minimum(score, np.hypot(columns - x, rows - y) / 2)
    best = int(np.argmax(score))
    return np.array([columns[best], rows[best]], dtype=np.float64)


def layers(areas: Mapping[int, NDArray[np.bool_]], shape: tuple[int, int]) -> list[Labels]:
    """Return label maps, as few as it takes, that hold every area whole."""
    found: list[Labels] = []
    for segment, area in areas.items():
        free = next((layer for layer in found if not (layer[area] >= 0).any()), None)
        if free is None:
            free = np.full(shape, -1, dtype=np.intp)
            found.append(free)
        free[area] = segment
    return found


def cells_of(labels: Labels, areas: Mapping[int, NDArray[np.bool_]]) -> tuple[Labels, list[list[int]]]:
    """Cut a picture where any area ends.

    Returns:
        the number of the cell at each pixel, or -1, and the segments of each cell in the order in which they show.
    """
    sizes = {segment: int(area.sum()) for segment, area in areas.items()}
    number = labels + 1
    for area in areas.values():
        number = numbered(2 * number + area)[1]
    if int(number.max(initial=0)) >= MOST_CELLS:
        return labels, [[segment] for segment in areas]
    _, first = np.unique(number, return_index=True)
    members = [
        sorted(
            (segment for segment, area in areas.items() if area.flat[at]),
            key=lambda segment: (segment != labels.flat[at], sizes[segment], segment),
        )
        for at in first.tolist()
    ]
    kept = np.array([bool(each) for each in members])
    renumber = np.where(kept, np.cumsum(kept) - 1, -1)
    return renumber[numbered(number)[1]], [each for each in members if each]
