"""Metrics: figures that say how good an explanation is."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.metrics.deletion import deletion
from limefw_plugins.metrics.effort import effort
from limefw_plugins.metrics.fidelity import fidelity
from limefw_plugins.metrics.infidelity import infidelity
from limefw_plugins.metrics.insertion import insertion
from limefw_plugins.metrics.max_sensitivity import max_sensitivity, series_max_sensitivity
from limefw_plugins.metrics.mu_fidelity import mu_fidelity
from limefw_plugins.metrics.overlap import overlap
from limefw_plugins.metrics.pointing import pointing
from limefw_plugins.metrics.road import road
from limefw_plugins.metrics.stability import stability


@hookimpl
def limefw_metrics() -> Iterator[Plugin]:
    """Yield the metrics."""
    yield Plugin("deletion", deletion)
    yield Plugin("effort", effort)
    yield Plugin("fidelity", fidelity)
    yield Plugin("infidelity", infidelity)
    yield Plugin("insertion", insertion)
    yield Plugin("max_sensitivity", max_sensitivity, modality="image")
    yield Plugin("mu_fidelity", mu_fidelity)
    yield Plugin("overlap", overlap, needs=("mask",))
    yield Plugin("pointing", pointing, modality="image", needs=("mask",))
    yield Plugin("road", road, modality="image")
    yield Plugin("series_max_sensitivity", series_max_sensitivity, modality="series")
    yield Plugin("stability", stability)
