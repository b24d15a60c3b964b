"""Samplers: which segments to hide together."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.samplers.bernoulli import bernoulli
from limefw_plugins.samplers.paired import paired


@hookimpl
def limefw_samplers() -> Iterator[Plugin]:
    """Yield the samplers."""
    yield Plugin("bernoulli", bernoulli)
    yield Plugin("paired", paired)
