"""Quickshift's second half: each pixel looks for its parent, the nearest one of higher density.

They look in wider and wider rings: first all pixels of a block together, as planes shifted against each other; later
only the few that still search.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats
from limefw_plugins.segmenters._plane import Plane, beyond, squares


SPAN = 32_768
"""Pixels that search at a time: more than a block, as each step costs as much for the few that are left in the end."""

FEW, ALONE = 0.3, 1000
"""Once at most this share of a block's pixels, or so many, still search for a parent, only those are looked at."""

PAIRS = 16_384
"""Of pixels that are looked at together then: fewer steps at a time would cost the more for each."""

Steps = NDArray[np.intp]
"""``(4, s)`` squared lengths, shifts, rows and columns, by length and then in scikit-image's order."""


def parents(plane: Plane, density: Floats, max_dist: float) -> NDArray[np.intp]:
    """Return for each pixel the number of the nearest one of higher density, or its own."""
    limit, steps = beyond(max_dist), _steps(plane)
    nearest = np.full(len(density), -1.0)  # in the borders: nothing is nearer
    plane.inside(nearest)[...] = limit
    found = np.full(len(density), -len(density), dtype=np.int32)
    last = len(density) - plane.margin
    for start in range(plane.margin, last, SPAN):
        _search(plane, density, slice(start, min(start + SPAN, last)), steps, nearest, found)
    numbers = np.zeros(len(density), dtype=np.intp)
    plane.inside(numbers)[...] = np.arange(plane.height * plane.width).reshape(plane.height, plane.width)
    shift = plane.inside(np.where(nearest < limit, found, 0))
    found_there: NDArray[np.intp] = numbers[plane.inside(np.arange(len(density))) + shift].ravel()
    return found_there


def _steps(plane: Plane) -> Steps:
    """Return all steps within the window, the shortest first."""
    shifts, rows, columns = plane.window()
    steps = np.stack([rows * rows + columns * columns, shifts, rows, columns])
    # the first is none: its length is 0
    return steps[:, np.argsort(steps[0], kind="stable")[1:]]


def _search(
    plane: Plane, density: Floats, block: slice, steps: Steps, nearest: Floats, found: NDArray[np.int32]
) -> None:
    """Find the parents of a block: all of its pixels look a ring further at a time, later those that still search."""
    size = block.stop - block.start
    buffers = np.empty((2, size + plane.margin))
    rings = np.flatnonzero(np.diff(steps[0], prepend=-1)).tolist()
    for start, stop in pairwise([*rings, steps.shape[1]]):
        searching = nearest[block] >= steps[0, start]
        if np.count_nonzero(searching) <= max(FEW * size, ALONE):
            _look_further(plane, density, block.start + np.flatnonzero(searching), nearest, found, steps[:, start:])
            return
        ring = steps[:, start:stop]
        for step in ring[:, ring[1] > 0].T.tolist():
            _look(plane, density, block, step, nearest, found, buffers)


def _look(
    plane: Plane,
    density: Floats,
    block: slice,
    step: list[int],
    nearest: Floats,
    found: NDArray[np.int32],
    buffers: Floats,
) -> None:
    """Let all pixels of a block look one step there and one back: both are as far for the two pixels of a pair."""
    _, shift, y, x = step
    first = block.start - shift
    distance, other = buffers[:, : block.stop - first]
    squares(plane.colors[:, first : block.stop], plane.colors[:, first + shift : block.stop + shift], distance, other)
    np.add(distance, y * y, out=distance)
    np.add(distance, x * x, out=distance)
    before, ways, own = nearest[block], found[block], density[block]
    for way, away in ((-shift, distance[:-shift]), (shift, distance[shift:])):
        _note(away, density[block.start + way : block.stop + way] > own, way, before, ways, other[shift:])


def _note(
    away: Floats, higher: NDArray[np.bool_], way: int, nearest: Floats, found: NDArray[np.int32], far: Floats
) -> None:
    """Note how far away each pixel's neighbour is, and which way, where it is higher and nearer than any before."""
    _only(away, higher, far)
    closer, equal = far < nearest, far == nearest
    if equal.any():  # of equally near ones scikit-image takes the first that it meets
        closer |= equal & (way < found)
    np.minimum(nearest, far, out=nearest)
    found += closer * (way - found)


def _only(away: Floats, higher: NDArray[np.bool_], out: Floats) -> None:
    """Put distances to higher pixels into `out`, and to others infinity."""
    # arithmetic instead of masks, where the processor would guess wrong at every other pixel: by 0 it is infinite
    with np.errstate(divide="ignore"):
        np.divide(away, higher, out=out)


def _look_further(
    plane: Plane, density: Floats, who: NDArray[np.intp], nearest: Floats, found: NDArray[np.int32], steps: Steps
) -> None:
    """Let a few pixels look some steps further at a time; those that can find nothing nearer any more drop out."""
    at = 0
    while at < steps.shape[1]:
        who = who[nearest[who] >= steps[0, at]]
        if not len(who):
            return
        some = steps[:, at : at + max(1, PAIRS // len(who))]
        at += some.shape[1]
        # of equally near ones scikit-image takes the first that it meets
        _, shifts, rows, columns = some[:, np.argsort(some[1]), None]
        away = plane.distances(who, shifts, rows, columns)
        _only(away, density.take(who + shifts) > density.take(who), away)
        best, before = away.min(axis=0), nearest.take(who)
        able = np.flatnonzero(best <= before)
        best, way, pixel = best[able], shifts[away[:, able].argmin(axis=0), 0], who[able]
        nearer = (best < before[able]) | (way < found[pixel])
        nearest[pixel[nearer]], found[pixel[nearer]] = best[nearer], way[nearer]
