"""A binary partition tree."""

from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.segmenters._part import Channels, Number, Part, Region
from limefw_plugins.segmenters._regions import connected, means_of, merged_down, touching
from limefw_plugins.segmenters.watershed import watershed


def partition_tree(
    image: Image,
    rng: Generator,
    /,
    *,
    n_segments: Number = 25,
    coarse: Number | None = None,
    regions: Annotated[int, Ge(2), Le(1000)] = 250,
    channels: Channels | None = None,
    region: Region | None = None,
) -> Segments:
    """Neighbouring regions merged two by two, the most alike first, and cut at a number (Salembier & Garrido 2000).

    It starts from the basins of the gradient. Two regions are merged that touch and whose merging adds least to the
    squared error of their mean colours: large flat areas become one segment, and small ones that stand out stay. What
    fewer segments would be are unions of these.

    Args:
        n_segments: how many; fewer where there are fewer regions.
        coarse: a second cut, into fewer: of which of them each segment is a part stands in ``Segments.parents``.
        regions: about how many basins it starts from.
        channels: to look at, counted from 0, or None for all; three are red, green and blue, one is grey.
        region: (top, left, bottom, right) as shares of the photograph; all else is always kept.

    Raises:
        InputError: where the second cut has as many segments or more.
    """
    if coarse is not None and coarse >= n_segments:
        raise InputError(f"coarse is less than n_segments = {n_segments}, got {coarse}: it is the cut into larger ones")
    part = Part.of(image, channels, region)
    most = min(max(regions, n_segments), part.pixels[..., 0].size)
    found = watershed(image, rng, markers=most, channels=channels, region=region)
    labels = connected(found.labels[part.lines, part.columns])
    sizes, means = means_of(labels, part.lab())
    fine, *large = merged_down(sizes, means, touching(labels), (n_segments, *([coarse] if coarse else [])))
    segments = part.segments(fine[labels])
    if not large:
        return segments
    parents = np.zeros(segments.count, dtype=np.intp)
    parents[fine] = large[0]
    return replace(segments, parents=parents)
