"""The outline of every segment as a compact SVG path.

Borders run along the edges between pixels. A staircase becomes its diagonal, as each step is drawn through its middle;
where three segments meet, and at true corners, the corner stays. Both neighbours draw the same line.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from limefw.modalities.frame import Frame
from limefw.results.explanation import Explanation
from limefw.types import Labels
from limefw_plugins.renderers._picture import labels_at


FINEST, COARSEST = 360, 150
"""Pixels on the longer side of the map that outlines are traced on."""

CORNER = 4
"""A corner with at least so many pixels on both sides is one, and no step of a staircase."""

_STEP = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
"""x and y of going east, south, west and north."""


def traced_labels(explanation: Explanation, finest: int = FINEST) -> Labels:
    """Return the label map of the whole photograph in about the model's own resolution, which costs no detail."""
    shape = explanation.segments.labels.shape
    frame = explanation.frame
    size = [float(length) for length in shape]
    if isinstance(frame, Frame):
        size = [
            photo / extent * length for photo, extent, length in zip(frame.photo, frame.box[2:], shape, strict=True)
        ]
    scale = min(1.0, finest / max(size)) if max(size) >= COARSEST else -(-COARSEST // max(size))
    return labels_at(explanation, [max(1, round(length * scale)) for length in size])


def outlines(labels: Labels, count: int) -> list[str]:
    """Return a path for each of `count` segments, in half pixels of the map; empty where a segment is nowhere."""
    owner = _owners(labels)
    following = _following(owner).tolist()
    meeting = _meeting(labels).ravel().tolist()
    paths: list[list[str]] = [[] for _ in range(count)]
    seen = np.zeros(owner.size, dtype=bool)
    owners = owner.ravel().tolist()
    width = labels.shape[1] + 1
    for first in np.flatnonzero(owner.ravel() >= 0).tolist():
        if seen[first]:
            continue
        loop = [first]
        while (edge := following[loop[-1]]) != first:
            loop.append(edge)
        seen[loop] = True
        paths[owners[first]].append(_path(_corners(loop, meeting, width)))
    return ["".join(parts) for parts in paths]


def _owners(labels: Labels) -> NDArray[np.intp]:
    """Return for each vertex and direction the segment to the right of the edge that starts there, or -1."""
    around = np.pad(labels, 1, constant_values=-1)
    inner = around[1:-1, 1:-1]
    neighbours = (around[:-2, 1:-1], around[1:-1, 2:], around[2:, 1:-1], around[1:-1, :-2])
    owner = np.full((labels.shape[0] + 1, labels.shape[1] + 1, 4), -1, dtype=np.intp)
    starts = ((0, 0), (0, 1), (1, 1), (1, 0))
    for direction, (neighbour, (down, across)) in enumerate(zip(neighbours, starts, strict=True)):
        part = owner[down : down + labels.shape[0], across : across + labels.shape[1], direction]
        part[...] = np.where(neighbour != inner, inner, -1)
    return owner


def _following(owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the number of the edge of the same segment that goes on where each edge ends, turning right first."""
    height, width = owner.shape[:2]
    flat, number = owner.ravel(), np.arange(owner.size)
    direction = number % 4
    end = number // 4 + _STEP[direction, 0] + _STEP[direction, 1] * width
    end = np.clip(end, 0, height * width - 1)
    found = np.full(owner.size, -1)
    for turn in (3, 0, 1):
        onward = end * 4 + (direction + turn) % 4
        found = np.where(flat[onward] == flat, onward, found)
    return found


def _meeting(labels: Labels) -> NDArray[np.bool_]:
    """Say for each vertex whether three or more segments meet there."""
    around = np.pad(labels, 1, constant_values=-1)
    corners = np.stack([around[:-1, :-1], around[:-1, 1:], around[1:, :-1], around[1:, 1:]])
    corners.sort(axis=0)
    return np.asarray((np.diff(corners, axis=0) != 0).sum(axis=0) >= 2)


def _corners(loop: Sequence[int], meeting: Sequence[bool], width: int) -> Iterator[tuple[int, int]]:
    """Yield the points of a closed outline, in half pixels."""
    turns = [at for at, (edge, before) in enumerate(zip(loop, (loop[-1], *loop), strict=False)) if (edge - before) % 4]
    runs = [(start, end - start) for start, end in pairwise([*turns, turns[0] + len(loop)])]
    sharp = [
        meeting[loop[start] // 4] or min(length, runs[at - 1][1]) >= CORNER for at, (start, length) in enumerate(runs)
    ]
    for at, (start, length) in enumerate(runs):
        y, x = divmod(loop[start] // 4, width)
        across, down = _STEP[loop[start] % 4].tolist()
        if sharp[at]:
            yield 2 * x, 2 * y
        else:
            yield 2 * x + across, 2 * y + down
        if length > 1 and not sharp[(at + 1) % len(runs)]:
            yield 2 * x + (2 * length - 1) * across, 2 * y + (2 * length - 1) * down


def _path(points: Iterator[tuple[int, int]]) -> str:
    """Write a closed outline with relative steps; steps in one direction become one."""
    (x, y), *rest = points
    steps: list[tuple[int, int]] = []
    at = (x, y)
    for point in rest:
        step = point[0] - at[0], point[1] - at[1]
        at = point
        if (
            steps
            and steps[-1][0] * step[1] == steps[-1][1] * step[0]
            and steps[-1][0] * step[0] + steps[-1][1] * step[1] > 0
        ):
            step = steps[-1][0] + step[0], steps.pop()[1] + step[1]
        steps.append(step)
    numbers = [number for step in steps for number in step]
    return f"M{x} {y}l{' '.join(map(str, numbers)).replace(' -', '-')}z"
