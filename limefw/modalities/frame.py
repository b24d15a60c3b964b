"""The model's frame: how a photograph gets into it, and how labels get back to the photograph."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw.types import Contract, Floats, Instance, Segments, as_dtype, numbered


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """How a photograph lies in the model's frame, and the way back.

    Args:
        photo: (height, width) of the photograph.
        size: (height, width) of the frame.
        box: (top, left, height, width) in the photograph's pixels of what the frame shows; it may reach outside.
        channels: that the model takes, or None.
    """

    photo: tuple[int, int]
    size: tuple[int, int]
    box: tuple[float, float, float, float]
    channels: int | None = None

    @classmethod
    def fit(cls, image: Image, contract: Contract) -> Self:
        """Return the frame that a contract's size and resize policy give an image."""
        height, width = image.shape
        size = contract.size or (height, width)
        whole = (0.0, 0.0, float(height), float(width))
        if contract.resize == "stretch" or contract.size is None:
            return cls((height, width), size, whole, contract.channels)
        ratios = (height / size[0], width / size[1])
        scale = min(ratios) if contract.resize == "crop" else max(ratios)
        tall, wide = size[0] * scale, size[1] * scale
        return cls((height, width), size, ((height - tall) / 2, (width - wide) / 2, tall, wide), contract.channels)

    def enter(self, image: Image) -> Image:
        """Return the image in the frame.

        Raises:
            InputError: where its number of channels is not the model's.
        """
        pixels = self._match_channels(image)
        if self.size != self.photo or self.box != (0.0, 0.0, *map(float, self.photo)):
            pixels = self._resized(pixels)
        return Image(pixels, image.value_range, image.name, self.photo, self.box)

    def _match_channels(self, image: Image) -> NDArray[Any]:
        pixels, have = image.pixels, image.channels
        if self.channels is None or have == self.channels:
            return pixels
        if have == 1:
            return np.repeat(pixels, self.channels, axis=2)
        if have == 3 and self.channels == 1:
            return as_dtype(pixels @ np.array([[0.299], [0.587], [0.114]]), pixels.dtype, truncate=False)
        raise InputError(
            f"the image has {have} channels and the model takes {self.channels}. "
            f"Give an image of {self.channels} channels."
        )

    def _resized(self, pixels: NDArray[Any]) -> NDArray[Any]:
        top, left, tall, wide = self.box
        height, width = self.photo
        above, before = _whole(-top), _whole(-left)
        below, after = _whole(top + tall - height), _whole(left + wide - width)
        if above or before or below or after:
            mean = as_dtype(pixels.reshape(-1, pixels.shape[2]).mean(axis=0), pixels.dtype, truncate=False)
            padded = np.full((above + height + below, before + width + after, len(mean)), mean)
            padded[above : above + height, before : before + width] = pixels
            pixels = padded
        edges = (left + before, top + above, left + before + wide, top + above + tall)
        limits = (pixels.shape[1], pixels.shape[0]) * 2
        first, second, third, fourth = np.clip(edges, 0.0, limits).tolist()
        return resize(pixels, self.size, (first, second, third, fourth))

    def trimmed(self, segments: Segments) -> Segments:
        """Take the padding out of all segments."""
        return without_padding(segments, self.outside())

    def shares(self, sizes: Floats) -> Floats:
        """Return which part of the photograph each segment covers: a pixel of the frame covers several of its."""
        pixel = np.prod(self.box[2:]) / np.prod(self.size)
        return np.asarray(sizes * pixel / np.prod(self.photo))

    def shows(self, instance: Instance) -> bool:
        """Say whether it can be a frame of this photograph at all."""
        return self.photo == instance.shape and bool(np.isfinite(self.box).all()) and min(self.box[2:]) > 0

    def to_photo(self, shown: NDArray[Any], outside: float = -1) -> NDArray[Any]:
        """Return what the frame shows (labels) at the photograph's own size; `outside` where it does not reach."""
        rows, row_inside = self._source(0)
        columns, column_inside = self._source(1)
        found: NDArray[Any] = np.array(shown[np.ix_(rows, columns)])
        found[~np.logical_and.outer(row_inside, column_inside)] = outside
        return found

    def _source(self, axis: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        start, extent, length = self.box[axis], self.box[axis + 2], self.size[axis]
        centre = np.arange(self.photo[axis]) + 0.5
        position = np.floor((centre - start) / extent * length).astype(np.intp)
        return np.clip(position, 0, length - 1), (centre >= start) & (centre < start + extent)

    def outside(self) -> NDArray[np.bool_]:
        """Return ``size``-shaped True where the frame shows no pixel of the photograph (the padding)."""
        sides = []
        for axis in (0, 1):
            start, extent, length = self.box[axis], self.box[axis + 2], self.size[axis]
            centre = start + (np.arange(length) + 0.5) / length * extent
            sides.append((centre >= 0) & (centre < self.photo[axis]))
        return ~np.logical_and.outer(*sides)


def _whole(overhang: float) -> int:
    """Return how many whole pixels of border cover what a box reaches beyond the photograph (rounding errors aside)."""
    return max(0, int(np.ceil(overhang - 1e-6)))


def resize(
    pixels: NDArray[Any], size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> NDArray[Any]:
    """Resize ``(h, w, c)`` to `size` with Pillow's antialiased bicubic filter; any c, any real dtype.

    All but 8-bit RGB goes through float32, so wider integers and doubles keep seven digits.

    Args:
        pixels: the image.
        size: (height, width).
        box: (left, top, right, bottom) to take instead of everything.
    """
    from PIL import Image as Pillow

    def resized(array: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(Pillow.fromarray(array).resize(size[::-1], Pillow.Resampling.BICUBIC, box=box))

    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return resized(pixels)
    planes = np.moveaxis(pixels, -1, 0)
    found = np.stack([resized(np.ascontiguousarray(plane, dtype=np.float32)) for plane in planes], axis=2)
    # bicubic overshoots at edges: integers end at their type's limits, floats at the image's own
    if pixels.dtype.kind == "f":
        found = np.clip(found, pixels.min(axis=(0, 1)), pixels.max(axis=(0, 1)))
    return as_dtype(found, pixels.dtype, truncate=False)


def without_padding(segments: Segments, outside: NDArray[np.bool_]) -> Segments:
    """Take the frame's padding out of all segments: it is always kept; default names follow their new numbers."""
    if not outside.any():
        return segments
    if segments.basis is not None:
        return replace(segments, basis=np.where(outside, np.float32(0), segments.basis))
    values, labels = numbered(np.where(outside, -1, segments.labels))
    kept = values[1:]  # all but the -1 of the padding
    parents = None if segments.parents is None else segments.parents[kept]
    names = tuple(
        f"superpixel {now}" if segments.names[before] == f"superpixel {before}" else segments.names[before]
        for now, before in enumerate(kept)
    )
    return Segments(labels - 1, names, parents, notes=segments.notes)
