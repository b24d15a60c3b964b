"""Superpixels of another segmenter, merged to a number."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.modalities.image import Image
from limefw.types import Floats, Labels, Segments
from limefw_plugins.segmenters._part import Channels, Number, Part, Region
from limefw_plugins.segmenters._regions import connected, means_of, touching
from limefw_plugins.segmenters.felzenszwalb import felzenszwalb
from limefw_plugins.segmenters.grid import grid
from limefw_plugins.segmenters.quickshift import quickshift
from limefw_plugins.segmenters.slic import slic
from limefw_plugins.segmenters.watershed import watershed


Base = Literal["felzenszwalb", "grid", "quickshift", "slic", "watershed"]
BASES: Mapping[str, Any] = {
    "felzenszwalb": felzenszwalb, "grid": grid, "quickshift": quickshift, "slic": slic, "watershed": watershed,
}  # fmt: skip
NUMBERS = {"slic": "n_segments", "watershed": "markers"}
"""What a segmenter calls about how many there shall be; the others look for the number."""

SIDE = 224.0
"""Positions are measured in so many parts of the picture's side, so that a picture is cut alike at any size."""


def merged(
    image: Image,
    rng: Generator,
    /,
    *,
    n_segments: Number = 25,
    base: Base = "slic",
    base_segments: Number | None = None,
    color_scale: Annotated[float, Gt(0)] = 20.0,
    position_scale: Annotated[float, Gt(0)] = 50.0,
    channels: Channels | None = None,
    region: Region | None = None,
) -> Segments:
    """Superpixels of another segmenter, merged to a wanted number: by Ward over colour and position (scikit-learn).

    Only what touches is merged, and what hangs together at first does so at the end. Fewer and larger
    segments need fewer samples to tell their effects, and show less detail.

    Args:
        n_segments: how many; fewer where the base has no more.
        base: the segmenter whose superpixels are merged.
        base_segments: about how many of these; none: twice as many as are wanted.
        color_scale: how far apart in CIELAB counts as 1.
        position_scale: how far apart in the picture counts as 1, where its side (the root of its area) is 224.
        channels: to look at, counted from 0, or None for all; three are red, green and blue, one is grey.
        region: (top, left, bottom, right) as shares of the photograph; all else is always kept.
    """
    part = Part.of(image, channels, region)
    number = {NUMBERS.get(base, "target_segments"): min(base_segments or 2 * n_segments, part.pixels[..., 0].size)}
    seen = {} if base == "grid" else {"channels": channels}
    found = BASES[base](image, rng, region=region, **number, **seen)
    labels = connected(found.labels[part.lines, part.columns])
    _, means = means_of(labels, _points(part, color_scale, position_scale))
    segments = part.segments(_merged(means, touching(labels), n_segments)[labels])
    if segments.count >= n_segments:
        return segments
    note = f"{n_segments} segments were asked for, and {base} found {segments.count}"
    return Segments(segments.labels, segments.names, notes=(f"{note}: ask for more base_segments",))


def _points(part: Part, color_scale: float, position_scale: float) -> Floats:
    """Return colour and position of each pixel ``(h, w, c + 2)``, in the units in which they are compared."""
    height, width, _ = part.pixels.shape
    unit = position_scale * np.sqrt(height * width) / SIDE
    places = np.moveaxis(np.indices((height, width)), 0, 2) / unit
    return np.concatenate([part.lab() / color_scale, places], axis=2)


def _merged(means: Floats, pairs: NDArray[np.intp], count: int) -> Labels:
    """Return which of `count` clusters each region is in; those that touch are joined, the most alike first."""
    if len(means) <= count:
        return np.arange(len(means))
    from scipy.sparse import coo_array
    from sklearn.cluster import AgglomerativeClustering

    one, other = np.concatenate([pairs, pairs[:, ::-1]]).T
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(len(means), len(means)))
    made = AgglomerativeClustering(n_clusters=count, linkage="ward", connectivity=graph.tocsr()).fit(means)
    return np.asarray(made.labels_, dtype=np.intp)
