"""Segmenters: from an instance to its interpretable parts."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.segmenters.bins import bins
from limefw_plugins.segmenters.change_points import change_points
from limefw_plugins.segmenters.characters import characters
from limefw_plugins.segmenters.felzenszwalb import felzenszwalb
from limefw_plugins.segmenters.graph import graph
from limefw_plugins.segmenters.grid import grid
from limefw_plugins.segmenters.labels import given, labels
from limefw_plugins.segmenters.lines import lines
from limefw_plugins.segmenters.merged import merged
from limefw_plugins.segmenters.ngrams import ngrams
from limefw_plugins.segmenters.partition_tree import partition_tree
from limefw_plugins.segmenters.quickshift import quickshift
from limefw_plugins.segmenters.sentences import sentences
from limefw_plugins.segmenters.slic import slic
from limefw_plugins.segmenters.tokens import tokens
from limefw_plugins.segmenters.watershed import watershed
from limefw_plugins.segmenters.windows import windows
from limefw_plugins.segmenters.words import words


__all__ = ["given", "limefw_segmenters"]


@hookimpl
def limefw_segmenters() -> Iterator[Plugin]:
    """Yield the segmenters."""
    yield Plugin("bins", bins, modality="table")
    yield Plugin("change_points", change_points, modality="series")
    yield Plugin("characters", characters, modality="text", requires=("wcwidth",))
    yield Plugin("felzenszwalb", felzenszwalb, modality="image", requires=("skimage",))
    yield Plugin("graph", graph, modality="image", requires=("cv2.ximgproc",))
    yield Plugin("grid", grid, modality="image")
    yield Plugin("labels", labels, modality="image")
    yield Plugin("lines", lines, modality="text")
    yield Plugin("merged", merged, modality="image", requires=("skimage", "sklearn", "scipy"))
    yield Plugin("ngrams", ngrams, modality="text", requires=("budoux",))
    yield Plugin("partition_tree", partition_tree, modality="image", requires=("skimage", "scipy"))
    yield Plugin("quickshift", quickshift, modality="image", requires=("skimage",))
    yield Plugin("sentences", sentences, modality="text")
    yield Plugin("slic", slic, modality="image", requires=("skimage",))
    yield Plugin("tokens", tokens, modality="text", requires=("tokenizers",))
    yield Plugin("watershed", watershed, modality="image", requires=("skimage", "scipy"))
    yield Plugin("windows", windows, modality="series")
    yield Plugin("words", words, modality="text", requires=("budoux",))
