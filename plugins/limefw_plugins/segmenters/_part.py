"""What the image segmenters share: the channels and the region that they look at, and the way back."""

import sys
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Le, MinLen
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw.types import Floats, Segments, numbered


Channels = Annotated[list[Annotated[int, Ge(0)]], MinLen(1)]
"""Which channels to look at, counted from 0."""

Share = Annotated[float, Ge(0), Le(1)]
Region = tuple[Share, Share, Share, Share]
"""(top, left, bottom, right) as shares of the photograph; all outside is in no segment and always kept."""

WHOLE: Region = (0.0, 0.0, 1.0, 1.0)
"""All of the photograph, without the padding around it where the model's frame has some."""

LARGEST = 10_000
"""More segments than this are refused after the cut."""

Number = Annotated[int, Ge(2), Le(LARGEST)]
"""Of segments, before a cut that would take hours."""

Sigma = Annotated[float, Ge(0), Le(100)]
"""The width of a Gaussian in pixels."""

CUTS = 10
"""How often a picture is cut at the most to find a number of segments."""

CLOSE = 0.05
"""A number of segments so near to the wish, relative to it, is near enough."""

FAR = 0.25
"""One further off than that is told of."""


Cut = Callable[[float], NDArray[np.integer]]
"""From a scale, or a number of segments, to labels."""

SizedCut = Callable[[float, int], NDArray[np.integer]]
"""From a scale and the smallest region's size to labels."""


CACHED = 32_768
"""Pixels whose colours are converted at a time: of a large picture all at once take more time, and far more memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The part of an image that is to be cut.

    Args:
        pixels: ``(h, w, c)`` of the chosen channels in the region, black at 0 and white at 1.
        shape: of the whole image.
        lines: that the region covers.
        columns: that it covers.
    """

    pixels: Floats
    shape: tuple[int, int]
    lines: slice
    columns: slice

    @classmethod
    def of(cls, image: Image, channels: list[int] | None, region: Region | None) -> Self:
        """Take some channels of a region; None takes all channels, and all of the photograph but no padding.

        Raises:
            InputError: where there is no such channel, or no pixel in the region.
        """
        pixels = image.unit()
        if channels is not None:
            if max(channels) >= image.channels:
                last = image.channels - 1
                raise InputError(f"there is no channel {max(channels)}: the image has channels 0 to {last}")
            pixels = pixels[..., channels]
        lines, columns = (slice(0, size) for size in image.shape)
        if region is not None or image.box is not None:
            top, left, bottom, right = region or WHOLE
            lines, columns = (
                _within(place, low, high)
                for place, low, high in zip(image.places(), (top, left), (bottom, right), strict=True)
            )
        if lines.start >= lines.stop or columns.start >= columns.stop:
            if region is None:
                raise InputError(
                    f"the photograph's {image.photo} pixels are so narrow that none of it is left in the model's "
                    f"{image.shape}: resize='stretch' or 'crop' in the model's contract shows some"
                )
            raise InputError(
                f"region {region} holds no pixel of what the model sees. It is (top, left, bottom, right) as shares of "
                "the photograph, such as (0.25, 0.25, 0.75, 0.75) for the middle"
            )
        return cls(np.ascontiguousarray(pixels[lines, columns]), image.shape, lines, columns)

    def colors(self) -> tuple[Floats, bool]:
        """Return the pixels and whether they are red, green and blue: three channels are, one is grey, laid out alike.

        Any other number of channels comes as it is.
        """
        if self.pixels.shape[2] == 1:
            return np.repeat(self.pixels, 3, axis=2), True
        return self.pixels, self.pixels.shape[2] == 3

    def balanced(self) -> Floats:
        """Return the pixels so that white is as far from black as in three channels, however many there are."""
        return self.pixels * float(np.sqrt(3 / self.pixels.shape[2]))

    def lab(self) -> Floats:
        """Return colours in which distances are as people see them: CIELAB, where white is 100 from black.

        Channels that are not colours are scaled alike: together, white is 100 from black.
        """
        from skimage.color import rgb2lab

        pixels, are_colors = self.colors()
        if not are_colors:
            return pixels * float(100.0 / np.sqrt(pixels.shape[2]))
        found, lines = np.empty(pixels.shape), max(1, CACHED // pixels.shape[1])
        for at in range(0, len(pixels), lines):
            found[at : at + lines] = rgb2lab(pixels[at : at + lines])
        return found

    def segments(self, labels: NDArray[np.integer], wish: int | None = None) -> Segments:
        """Return segments of the whole image from any labels of the part, and say where a wished number is far off."""
        values, whole = numbered(labels)
        if whole.shape != self.shape:
            inside, whole = whole, np.full(self.shape, -1, dtype=np.intp)
            whole[self.lines, self.columns] = inside
        count, notes = len(values), tuple[str, ...]()
        if wish is not None and abs(count - wish) > FAR * wish:
            notes = (f"{wish} segments were wished for, and {count} came nearest: another segmenter may come nearer",)
        return Segments(whole, tuple(f"superpixel {index}" for index in range(count)), notes=notes)

    def by_scale(self, cut: SizedCut, scale: float, min_size: int, least: int, wish: int | None) -> Segments:
        """Return what a cut gives, or where a number is wished for, at the scale that comes nearest.

        Args:
            cut: into regions.
            scale: larger = larger regions.
            min_size: pixels of the smallest; where many are wished for, at most a quarter of their mean size.
            least: where fewer come out, scale and smallest size are halved, down to 1.
            wish: the number wished for.
        """
        lines, columns, _ = self.pixels.shape
        if wish is not None:
            smallest = min(min_size, max(1, lines * columns // (4 * wish)))
            return self.segments(nearest_cut(lambda scale: cut(scale, smallest), wish, scale, 1.0, 1e6), wish)
        while True:
            labels = cut(scale, min_size)
            if len(numbered(labels)[0]) >= least or (scale <= 1 and min_size <= 1):
                return self.segments(labels)
            scale, min_size = scale / 2 if scale > 1 else scale, max(1, min_size // 2)

    def by_number(self, cut: Cut, number: float, wish: int | None) -> Segments:
        """Return what a cut into about so many gives, or where a number is wished for, the one that comes nearest."""
        if wish is None:
            return self.segments(cut(number))
        return self.segments(nearest_cut(lambda scale: cut(wish / scale), wish, 1.0, 0.125, 4.0), wish)


def _within(places: Floats, low: float, high: float) -> slice:
    return slice(bisect_left(places, low), bisect_left(places, high))


def refuse_flat(colors: Floats, segmenter: str) -> None:
    """Refuse one colour: there is nothing to cut along.

    Raises:
        InputError: it says which segmenter needs no colour.
    """
    if (colors[0] == colors[0, 0]).all() and (colors == colors[0, 0]).all():
        height, width = colors.shape[:2]
        raise InputError(
            f"all {height} x {width} pixels have the same colour: {segmenter} finds nothing to cut along. "
            "Use a segmenter that needs no colour: -s segmenter=grid, segmenter='grid' in Python."
        )


def nearest_cut(cut: Cut, wish: int, scale: float, least: float, most: float) -> NDArray[np.integer]:
    """Return the labels whose number of segments is nearest to a wish: at most 10 cuts, done when within 5 %.

    Numbers that would be refused are taken only where there are no others.

    Args:
        cut: returns labels at a scale; a larger scale means fewer segments, by and large.
        wish: number of segments.
        scale: to start from.
        least: the smallest scale to try.
        most: the largest scale to try.
    """
    best, error, least_known = None, sys.maxsize, False
    for _ in range(CUTS):
        labels = cut(scale)
        count = len(numbered(labels)[0])
        off = abs(count - wish) if count <= LARGEST else sys.maxsize
        if best is None or off < error:
            best, error = labels, off
        if error <= CLOSE * wish:
            break
        # a wider and wider step until the wish lies between two scales, then halves of what lies between
        if count > wish:
            least, least_known, scale = scale, True, min(4 * scale, float(np.sqrt(scale * most)))
        else:
            # the smallest scale itself may give far more than any above: quickshift's window shrinks by a pixel there
            most, scale = scale, float(np.sqrt(scale * least)) if least_known else max(scale / 4, least)
        if most <= 1.0001 * least:
            break
    assert best is not None
    return best
