"""Methods: loops of their own in place of one draw and one fit."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.methods.anchors import anchors
from limefw_plugins.methods.rise import rise
from limefw_plugins.methods.zoom import zoom


@hookimpl
def limefw_methods() -> Iterator[Plugin]:
    """Yield the methods."""
    yield Plugin("anchors", anchors)
    yield Plugin("rise", rise)
    yield Plugin("zoom", zoom, modality="image", requires=("skimage", "scipy"))
