"""The segment's own mean colour."""

from numpy.random import Generator

from limefw.modalities.compose import PixelComposer, mean_colors
from limefw.modalities.image import Image
from limefw.types import Segments


def mean_color(image: Image, segments: Segments, _rng: Generator, /, *, truncate: bool = False) -> PixelComposer:
    """Show a hidden segment in its mean colour, as lime does: texture goes, colour stays.

    Args:
        truncate: cut decimals off integer pixels, as lime 0.2.0.1 does, instead of rounding.
    """
    return PixelComposer.of(image, mean_colors(image, segments), segments, truncate=truncate)
