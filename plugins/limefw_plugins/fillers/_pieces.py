"""What fillers share that look at one segment at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.types import Image, Labels, Segments


def piecewise(
    image: Image, segments: Segments, margin: int
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield for each segment a window with `margin` pixels around it, where it is in it, and what to fill there.

    The last two differ where segments overlap: a pixel is filled once, for the segment that has the largest share of
    it, and a segment is wherever its share is at least half of that.
    """
    from scipy.ndimage import find_objects

    owner = _owners(segments)
    for number in range(segments.count):
        inside = owner == number if segments.basis is None else _inside(segments.basis, number)
        (box,) = find_objects(inside.astype(np.uint8)) or [None]
        if box is not None:
            window = tuple(
                slice(max(0, side.start - margin), min(length, side.stop + margin))
                for side, length in zip(box, image.shape, strict=True)
            )
            yield (window[0], window[1]), inside[window], owner[window] == number


def _owners(segments: Segments) -> Labels:
    if segments.basis is None:
        return segments.labels
    largest = segments.basis.argmax(axis=0)
    return np.where(segments.basis.max(axis=0) > 0, largest, -1)


def _inside(basis: NDArray[Any], number: int) -> NDArray[np.bool_]:
    return np.asarray((basis[number] > 0) & (basis[number] >= basis.max(axis=0) / 2))
