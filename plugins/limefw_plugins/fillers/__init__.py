"""Fillers: what a hidden segment shows."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.fillers.background_rows import background_rows
from limefw_plugins.fillers.blur import blur
from limefw_plugins.fillers.constant import constant
from limefw_plugins.fillers.images import images
from limefw_plugins.fillers.inpaint import inpaint
from limefw_plugins.fillers.mean_color import mean_color
from limefw_plugins.fillers.neighbors import neighbors
from limefw_plugins.fillers.noise import noise
from limefw_plugins.fillers.other_values import other_values


@hookimpl
def limefw_fillers() -> Iterator[Plugin]:
    """Yield the fillers."""
    yield Plugin("background_rows", background_rows, modality="table")
    yield Plugin("blur", blur, modality="image", requires=("cv2",))
    yield Plugin("constant", constant, modality="image")
    yield Plugin("images", images, modality="image", requires=("PIL",))
    yield Plugin("inpaint", inpaint, modality="image", requires=("cv2",))
    yield Plugin("mean_color", mean_color, modality="image")
    yield Plugin("neighbors", neighbors, modality="image", requires=("scipy",))
    yield Plugin("noise", noise, modality="image")
    yield Plugin("other_values", other_values, modality="table")
