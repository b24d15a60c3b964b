"""Selectors: which columns the surrogate may use."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.selectors.all_columns import all_columns
from limefw_plugins.selectors.forward import forward
from limefw_plugins.selectors.highest_weights import highest_weights
from limefw_plugins.selectors.lasso_path import lasso_path
from limefw_plugins.selectors.lime_auto import lime_auto
from limefw_plugins.selectors.sign_entropy import sign_entropy


@hookimpl
def limefw_selectors() -> Iterator[Plugin]:
    """Yield the selectors."""
    yield Plugin("all", all_columns)
    yield Plugin("forward", forward)
    yield Plugin("highest_weights", highest_weights)
    yield Plugin("lasso_path", lasso_path, requires=("sklearn",))
    yield Plugin("lime_auto", lime_auto)
    yield Plugin("sign_entropy", sign_entropy, requires=("scipy",), needs=("errors",))
