"""Fillers: what a hidden segment shows."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.fillers.background_rows import background_rows
from limefw_plugins.fillers.blur import blur
from limefw_plugins.fillers.constant import constant
from limefw_plugins.fillers.corpus import corpus
from limefw_plugins.fillers.delete import delete
from limefw_plugins.fillers.images import images
from limefw_plugins.fillers.inpaint import inpaint
from limefw_plugins.fillers.mask import mask
from limefw_plugins.fillers.mean_color import mean_color
from limefw_plugins.fillers.neighbors import neighbors
from limefw_plugins.fillers.noise import noise
from limefw_plugins.fillers.other_values import other_values
from limefw_plugins.fillers.replace import replace
from limefw_plugins.fillers.series_background import like, series_background
from limefw_plugins.fillers.series_constant import series_constant
from limefw_plugins.fillers.series_mean import series_mean
from limefw_plugins.fillers.series_neighbors import series_neighbors
from limefw_plugins.fillers.series_noise import series_noise


__all__ = ["like", "limefw_fillers"]


@hookimpl
def limefw_fillers() -> Iterator[Plugin]:
    """Yield the fillers."""
    yield Plugin("background_rows", background_rows, modality="table")
    yield Plugin("blur", blur, modality="image", requires=("cv2",))
    yield Plugin("constant", constant, modality="image")
    yield Plugin("corpus", corpus, modality="text", requires=("budoux",))
    yield Plugin("delete", delete, modality="text")
    yield Plugin("images", images, modality="image", requires=("PIL",))
    yield Plugin("inpaint", inpaint, modality="image", requires=("cv2",))
    yield Plugin("mask", mask, modality="text")
    yield Plugin("mean_color", mean_color, modality="image")
    yield Plugin("neighbors", neighbors, modality="image", requires=("scipy",))
    yield Plugin("noise", noise, modality="image")
    yield Plugin("other_values", other_values, modality="table")
    yield Plugin("replace", replace, modality="text")
    yield Plugin("series_background", series_background, modality="series")
    yield Plugin("series_constant", series_constant, modality="series")
    yield Plugin("series_mean", series_mean, modality="series")
    yield Plugin("series_neighbors", series_neighbors, modality="series")
    yield Plugin("series_noise", series_noise, modality="series")
