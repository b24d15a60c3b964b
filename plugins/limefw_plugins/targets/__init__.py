"""Targets: what of the model's answer is explained."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.targets.element import element
from limefw_plugins.targets.log_odds import log_odds
from limefw_plugins.targets.margin import margin
from limefw_plugins.targets.probability import probability
from limefw_plugins.targets.unbounded import unbounded


@hookimpl
def limefw_targets() -> Iterator[Plugin]:
    """Yield the targets."""
    yield Plugin("element", element)
    yield Plugin("log_odds", log_odds)
    yield Plugin("margin", margin)
    yield Plugin("probability", probability)
    yield Plugin("unbounded", unbounded)
