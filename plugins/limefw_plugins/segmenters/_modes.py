"""Quickshift's loop, with scikit-image's labels to the last one, in less of its time.

After the densities, each pixel looks for its parent, the nearest one of higher density, in wider and wider rings. First
all pixels of a block look together, as planes shifted against each other; later only the few that still search.
"""

import math
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats, Labels
from limefw_plugins.segmenters._densities import densities
from limefw_plugins.segmenters._plane import BLOCK, Plane, squares


SPAN = 2 * BLOCK
"""Pixels that search at a time: twice a block, for once few of them are left, each step costs as much as for many."""

FEW = 0.3
"""Once at most so many of a block's pixels still search for a parent, only those are looked at, by their indices."""

Step = tuple[int, int, int, int]
"""Squared length, shift, rows, columns."""

Ring = tuple[int, list[Step]]
"""All steps of one length, and its square."""


def modes(points: Floats, kernel_size: float, max_dist: float, noise: Floats) -> Labels:
    """Return ``(h, w)`` labels 0..d-1: each pixel belongs with the nearest one of higher density.

    Args:
        points: ``(h, w, c)`` colours, times the ratio.
        kernel_size: width of the density estimate.
        max_dist: longer links are cut.
        noise: ``(h, w)`` added to the densities, to break ties.
    """
    plane = Plane.of(points, kernel_size)
    parent = _parents(plane, densities(plane, noise), max_dist)
    while not np.array_equal(grandparent := parent[parent], parent):
        parent = grandparent
    number = np.cumsum(parent == np.arange(len(parent))) - 1
    return number[parent].reshape(plane.height, plane.width)


def _parents(plane: Plane, density: Floats, max_dist: float) -> NDArray[np.intp]:
    """Return for each pixel the number of the nearest one of higher density, or its own."""
    steps = sorted((y * y + x * x, shift, y, x) for shift, y, x in plane.window() if shift)
    rings = [(square, list(ring)) for square, ring in groupby(steps, key=lambda step: step[0])]
    limit = _beyond(max_dist)
    nearest = np.full(len(density), -1.0)  # in the borders: nothing is nearer
    plane.inside(nearest)[...] = limit
    found, buffers = np.full(len(density), -len(density)), np.empty((2, SPAN))
    for start in range(plane.margin, len(density) - plane.margin, SPAN):
        block = slice(start, min(start + SPAN, len(density) - plane.margin))
        for at, (square, ring) in enumerate(rings):
            searching = nearest[block] >= square
            if np.count_nonzero(searching) <= FEW * len(searching):
                _look_further(plane, density, start + np.flatnonzero(searching), nearest, found, rings[at:])
                break
            for step in ring:
                _look(plane, density, block, step, nearest, found, buffers)
    numbers = np.zeros(len(density), dtype=np.intp)
    plane.inside(numbers)[...] = np.arange(plane.height * plane.width).reshape(plane.height, plane.width)
    shift = plane.inside(np.where(nearest < limit, found, 0))
    parents: NDArray[np.intp] = numbers[plane.inside(np.arange(len(density))) + shift].ravel()
    return parents


def _beyond(max_dist: float) -> float:
    """Return the smallest number whose square root is more than `max_dist`."""
    square = max_dist * max_dist
    while math.sqrt(square) > max_dist:
        square = math.nextafter(square, 0.0)
    while math.sqrt(square) <= max_dist:
        square = math.nextafter(square, math.inf)
    return square


def _look(
    plane: Plane, density: Floats, block: slice, step: Step, nearest: Floats, found: NDArray[np.intp], buffers: Floats
) -> None:
    """Let all pixels of a block look one step away: note its distance and shift where it is higher and nearer."""
    _, shift, y, x = step
    there = slice(block.start + shift, block.stop + shift)
    distance, other = buffers[:, : block.stop - block.start]
    squares(plane.colors[:, block], plane.colors[:, there], distance, other)
    np.add(distance, y * y, out=distance)
    np.add(distance, x * x, out=distance)
    # arithmetic instead of masks, where the processor would guess wrong at every other pixel: by 0 it is infinite
    with np.errstate(divide="ignore"):
        np.divide(distance, density[there] > density[block], out=distance)
    before, way = nearest[block], found[block]
    closer, equal = distance < before, distance == before
    if equal.any():  # of equally near ones scikit-image takes the first that it meets
        closer |= equal & (shift < way)
    np.minimum(before, distance, out=before)
    way += closer * (shift - way)


def _look_further(
    plane: Plane,
    density: Floats,
    who: NDArray[np.intp],
    nearest: Floats,
    found: NDArray[np.intp],
    rings: list[Ring],
) -> None:
    """Let a few pixels look a ring at a time; those that can find nothing nearer any more drop out."""
    for square, ring in rings:
        who = who[nearest[who] >= square]
        if not len(who):
            return
        _, shifts, rows, columns = np.array(ring).T[:, :, None]
        distance = plane.distances(who, shifts, rows, columns)
        distance[density.take(who + shifts) <= density.take(who)] = np.inf
        first = distance.argmin(axis=0)
        best, way, before = distance[first, np.arange(len(who))], shifts[first, 0], nearest[who]
        nearer = (best < before) | ((best == before) & (way < found[who]))
        nearest[who[nearer]], found[who[nearer]] = best[nearer], way[nearer]
