"""Samplers: which segments to hide together."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.samplers.bernoulli import bernoulli
from limefw_plugins.samplers.contiguous import contiguous
from limefw_plugins.samplers.exhaustive import exhaustive
from limefw_plugins.samplers.fixed_hidden import fixed_hidden
from limefw_plugins.samplers.lime_text import lime_text
from limefw_plugins.samplers.paired import paired
from limefw_plugins.samplers.uniform_hidden import uniform_hidden


@hookimpl
def limefw_samplers() -> Iterator[Plugin]:
    """Yield the samplers."""
    yield Plugin("bernoulli", bernoulli)
    yield Plugin("contiguous", contiguous, requires=("scipy",))
    yield Plugin("exhaustive", exhaustive)
    yield Plugin("fixed_hidden", fixed_hidden)
    yield Plugin("lime_text", lime_text)
    yield Plugin("paired", paired)
    yield Plugin("uniform_hidden", uniform_hidden)
