"""The segment's own mean colour."""

from numpy.random import Generator

from limefw.modalities.compose import PixelComposer, mean_colors
from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.segmenters._part import Number
from limefw_plugins.segmenters.slic import slic


LEAST = 16
"""Pixels of a patch: the mean of fewer hides next to nothing."""


def mean_color(
    image: Image, segments: Segments, rng: Generator, /, *, truncate: bool = False, patches: Number | None = None
) -> PixelComposer:
    """Show a hidden segment in its mean colour, as lime does: texture goes, colour stays.

    Args:
        truncate: cut decimals off integer pixels, as lime 0.2.0.1 does, instead of rounding.
        patches: the mean colours of about so many superpixels (`slic`) instead of the segments' own: of segments that
            were merged from these a hidden one then looks as they would, and not like one large spot. Of a small
            picture there are fewer, each of 16 pixels or more; of others segments that are as many keep their own.
    """
    parts = segments
    if patches is not None:
        height, width = image.shape
        most = height * width // LEAST
        if segments.count < patches or most < patches:
            parts = slic(image, rng, n_segments=max(1, min(patches, most)))
    return PixelComposer.of(image, mean_colors(image, parts), segments, truncate=truncate)
