"""Segmenters: from an instance to its interpretable parts."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.segmenters.felzenszwalb import felzenszwalb
from limefw_plugins.segmenters.grid import grid
from limefw_plugins.segmenters.quickshift import quickshift
from limefw_plugins.segmenters.slic import slic


@hookimpl
def limefw_segmenters() -> Iterator[Plugin]:
    """Yield the segmenters."""
    yield Plugin("felzenszwalb", felzenszwalb, modality="image", requires=("skimage",))
    yield Plugin("grid", grid, modality="image")
    yield Plugin("quickshift", quickshift, modality="image", requires=("skimage",))
    yield Plugin("slic", slic, modality="image", requires=("skimage",))
