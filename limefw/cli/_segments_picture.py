"""The picture of ``limefw segments``: a line around each segment, and its number inside."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limefw.types import Labels, Rendering, Segments


SHORTEST = 1000
"""Pixels that the longer side of a small photograph is magnified to, or near it."""

THIN = 160
"""Pixels that the shorter side of a thin photograph is magnified to, by 4 at the most, for numbers to have room."""

LETTERS, SMALLEST = 50, 9
"""What part of the picture's longer side a number is high, and pixels below which one is left out."""

YELLOW = (255, 217, 0)


class Number(NamedTuple):
    """A segment's number: the middle of its place, and how high its figures are, in pixels."""

    segment: int
    x: float
    y: float
    size: float


def drawn(photo: Any, frame: Any, found: Segments) -> tuple[Rendering, int]:
    """Return the photograph with its segments, and how many had no room for their numbers."""
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    scale = max(1, round(SHORTEST / max(photo.shape)), min(4, THIN // min(photo.shape)))
    labels = frame.to_photo(found.labels)
    maps = [labels] if found.basis is None else [frame.to_photo(area, outside=0) for area in found.areas()]
    unit = photo.unit()
    shown = unit[..., :3] if photo.channels >= 3 else np.repeat(unit[..., :1], 3, axis=2)
    pixels = _larger(np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8), scale)
    line = np.any([_borders(_larger(each, scale)) for each in maps], axis=0)
    for _ in range(round(min(max(line.shape), 8 * min(line.shape)) / SHORTEST) - 1):
        line = _grown(line)
    # dark beside the light line: on snow and on coal one of them is seen
    pixels[_grown(line) & ~line] //= 3
    pixels[line] = YELLOW
    picture = Pillow.fromarray(pixels)
    draw, many = ImageDraw.Draw(picture), 0
    for number in _numbers(labels, maps, found.count, scale, max(line.shape) / LETTERS):
        many += 1
        draw.text(
            (number.x, number.y), str(number.segment), fill="white", stroke_fill="black", anchor="mm",
            stroke_width=max(1, round(number.size / 9)), font=ImageFont.load_default(number.size),
        )  # fmt: skip
    return _png(picture), found.count - many


def _png(picture: Any) -> Rendering:
    import io

    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return Rendering(stream.getvalue(), "image/png", ".png")


def _larger(array: NDArray[Any], scale: int) -> NDArray[Any]:
    return array.repeat(scale, axis=0).repeat(scale, axis=1)


def _borders(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the pixels on both sides of where labels change."""
    found = np.zeros(labels.shape, dtype=np.bool_)
    for marked, values in ((found, labels), (found.T, labels.T)):
        differs = values[1:] != values[:-1]
        marked[1:] |= differs
        marked[:-1] |= differs
    return found


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = mask.copy()
    found[1:] |= mask[:-1]
    found[:-1] |= mask[1:]
    found[:, 1:] |= mask[:, :-1]
    found[:, :-1] |= mask[:, 1:]
    return found


def _numbers(labels: Labels, maps: list[NDArray[Any]], count: int, scale: int, most: float) -> Iterator[Number]:
    """Yield each number as high as it has room, `most` pixels at the most; none of which nothing could be read."""
    from scipy.ndimage import find_objects

    taken: NDArray[np.bool_] = np.zeros(labels.shape, dtype=np.bool_)
    for segment, box in enumerate(find_objects(labels + 1, max_label=count)):
        if box is None and len(maps) <= segment:
            continue
        # one that others cover everywhere: where they have no number
        own = labels[box] == segment if box is not None else (maps[segment] > 0) & ~taken
        if not own.any():
            continue
        across = 0.31 * len(str(segment))
        top, left, room = _roomiest(own, (0.5, across + 0.12), most / scale)
        if box is not None:
            top, left = top + box[0].start, left + box[1].start
        size = min(most, room * scale)
        if size < SMALLEST:
            continue
        tall, wide = (int(np.ceil(half * size / scale)) for half in (0.5, across))
        taken[max(0, top - tall) : top + tall + 1, max(0, left - wide) : left + wide + 1] = True
        yield Number(segment, (left + 0.5) * scale, (top + 0.5) * scale, size)


def _roomiest(own: NDArray[np.bool_], half: tuple[float, float], wanted: float) -> tuple[int, int, float]:
    """Return row, column and room of the pixel nearest to a segment's centroid that has the room wanted, or the most.

    Room is how high figures may be that are `half` times that high and wide on each side of their middle. A centroid
    may lie outside of its segment.
    """
    from scipy.ndimage import distance_transform_edt

    rows, columns = np.nonzero(own)
    steps = 1 / half[0], 1 / half[1]
    room = distance_transform_edt(np.pad(own, 1), sampling=steps)[rows + 1, columns + 1] - 0.5 * min(steps)
    away = (rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2
    best = int(np.lexsort((away, -np.minimum(room, wanted)))[0])
    return int(rows[best]), int(columns[best]), float(room[best])
