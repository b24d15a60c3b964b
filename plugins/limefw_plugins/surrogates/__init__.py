"""Surrogates: simple models of the model's answers nearby."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.surrogates.bayesian_ridge import bayesian_ridge
from limefw_plugins.surrogates.elastic_net import elastic_net
from limefw_plugins.surrogates.huber import huber
from limefw_plugins.surrogates.lasso import lasso
from limefw_plugins.surrogates.linear import linear
from limefw_plugins.surrogates.logistic import logistic
from limefw_plugins.surrogates.multi_output_tree import multi_output_tree
from limefw_plugins.surrogates.ridge import ridge
from limefw_plugins.surrogates.shapley import shapley
from limefw_plugins.surrogates.tree import tree


@hookimpl
def limefw_surrogates() -> Iterator[Plugin]:
    """Yield the surrogates."""
    yield Plugin("elastic_net", elastic_net, requires=("sklearn",))
    yield Plugin("huber", huber, requires=("sklearn",))
    yield Plugin("lasso", lasso, requires=("sklearn",))
    yield Plugin("linear", linear)
    yield Plugin("logistic", logistic)
    yield Plugin("ridge", ridge)
    yield Plugin("tree", tree, requires=("sklearn",))
    yield Plugin("shapley", shapley, needs=("columns",))
    yield Plugin("bayesian_ridge", bayesian_ridge)
    yield Plugin("multi_output_tree", multi_output_tree, requires=("sklearn",))
