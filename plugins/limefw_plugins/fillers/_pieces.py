"""What fillers share that look at one segment at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.segmenters._maps import owners


MOST = 160
"""Pixels along a window's longer side that are filled one by one; of a larger one every few are one."""


def piecewise(
    image: Image, segments: Segments, margin: int
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield for each segment a window with `margin` pixels around it, where it is in it, and what to fill there.

    The last two differ where segments overlap: a pixel is filled once, for the segment that has the largest share of
    it (of equal ones the smallest), and a segment is wherever its share is at least half of that.
    """
    from scipy.ndimage import find_objects

    owner, basis, half = segments.labels, segments.basis, np.empty(0)
    if basis is None:
        boxes = find_objects(owner + 1)  # of all in one pass: looking for each in all of the picture took longest
    else:
        owner, half = owners(basis), basis.max(axis=0) / 2
        boxes = [next(iter(find_objects(_within(share, half).astype(np.uint8))), None) for share in basis]
    for number, box in enumerate(boxes):
        if box is not None:
            down, across = (
                slice(max(0, side.start - margin), min(length, side.stop + margin))
                for side, length in zip(box, image.shape, strict=True)
            )
            owned = owner[down, across] == number
            inside = owned if basis is None else _within(basis[number, down, across], half[down, across])
            yield (down, across), inside, owned


def _within(share: NDArray[Any], half: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((share > 0) & (share >= half))


def painted(
    paint: Callable[[NDArray[Any], NDArray[np.bool_]], NDArray[Any]], pixels: NDArray[Any], inside: NDArray[np.bool_]
) -> NDArray[Any]:
    """Return a window ``(h, w, c)`` with what is `inside` painted by ``paint(pixels, inside)``, in bounded time.

    A large window is shrunk first: each of its coarse pixels is the mean of those that are not `inside`, so nothing of
    these gets in. What is painted is smooth, and enlarging it loses little.
    """
    from scipy.ndimage import map_coordinates

    if inside.all():  # nothing is left to paint from
        return np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape)
    step = -(-max(inside.shape) // MOST)
    if step == 1:
        return paint(pixels, inside)
    rows, columns = (np.arange(0, length, step) for length in inside.shape)

    def summed(array: NDArray[Any]) -> NDArray[Any]:
        return np.add.reduceat(np.add.reduceat(array, rows, axis=0), columns, axis=1)

    known = ~inside[..., None]
    count = summed(known.astype(np.int64))
    small = (summed(pixels * known) / np.maximum(count, 1)).astype(pixels.dtype)
    hidden = count[..., 0] == 0
    small = paint(small, hidden) if hidden.any() else small
    at = (np.indices(inside.shape) + 0.5) / step - 0.5
    planes = [map_coordinates(plane, at, order=1, mode="nearest") for plane in np.moveaxis(small, -1, 0)]
    return np.stack(planes, axis=2)
