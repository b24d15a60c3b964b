"""Surrogates: simple models of the model's answers nearby."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.surrogates.lasso import lasso
from limefw_plugins.surrogates.linear import linear
from limefw_plugins.surrogates.ridge import ridge
from limefw_plugins.surrogates.tree import tree


@hookimpl
def limefw_surrogates() -> Iterator[Plugin]:
    """Yield the surrogates."""
    yield Plugin("lasso", lasso, requires=("sklearn",))
    yield Plugin("linear", linear)
    yield Plugin("ridge", ridge)
    yield Plugin("tree", tree, requires=("sklearn",))
