"""Fillers: what a hidden segment shows."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.fillers.constant import constant
from limefw_plugins.fillers.mean_color import mean_color


@hookimpl
def limefw_fillers() -> Iterator[Plugin]:
    """Yield the fillers."""
    yield Plugin("constant", constant, modality="image")
    yield Plugin("mean_color", mean_color, modality="image")
