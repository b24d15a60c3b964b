"""Metrics: figures that say how good an explanation is."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Figure, Plugin
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


INF = float("inf")
EFFORT = tuple(
    Figure(name, 0.0, INF, "lower") for name in ("rows", "distinct", "predicted", "calls", "seconds", "model_seconds")
)
R2 = tuple(Figure(name, -INF, 1.0, "higher") for name in ("in_sample", "cross_fitted", "weighted", "coins", "near"))
SENSITIVITY = (Figure("max_sensitivity", 0.0, INF, "lower"), Figure("floor", 0.0, INF))
OVERLAP = (
    *(Figure(name, 0.0, 1.0, "higher") for name in ("iou", "mass", "rank")),
    Figure("best_iou", 0.0, 1.0), Figure("chance", 0.0, 1.0),
)  # fmt: skip
POINTING = (Figure("hit", 0.0, 1.0, "higher"), Figure("centre", 0.0, 1.0), Figure("distance", 0.0, INF, "lower"))
ROAD = (Figure("morf", better="lower"), Figure("lerf", better="higher"), Figure("gap", better="higher"))
STABILITY = (
    *(Figure(name, 0.0, 1.0, "higher") for name in ("jaccard", "map_overlap")),
    *(Figure(name, -1.0, 1.0, "higher") for name in ("spearman", "map_spearman")),
    *(Figure(name, 0.0, 100.0, "higher") for name in ("vsi", "csi")),
    Figure("sign_flips", 0.0, 1.0, "lower"), Figure("spread", 0.0, INF, "lower"),
)  # fmt: skip


@hookimpl
def limefw_metrics() -> Iterator[Plugin]:
    """Yield the metrics."""
    yield Plugin("deletion", deletion, figures=(Figure("auc", better="lower"),))
    yield Plugin("effort", effort, figures=EFFORT)
    yield Plugin("fidelity", fidelity, figures=R2)
    yield Plugin("infidelity", infidelity, figures=(Figure("infidelity", 0.0, INF, "lower"),))
    yield Plugin("insertion", insertion, figures=(Figure("auc", better="higher"),))
    yield Plugin("max_sensitivity", max_sensitivity, modality="image", figures=SENSITIVITY)
    yield Plugin("mu_fidelity", mu_fidelity, figures=(Figure("correlation", -1.0, 1.0, "higher"),))
    yield Plugin("overlap", overlap, needs=("mask",), figures=OVERLAP)
    yield Plugin("pointing", pointing, modality="image", needs=("mask",), figures=POINTING)
    yield Plugin("road", road, modality="image", figures=ROAD)
    yield Plugin("series_max_sensitivity", series_max_sensitivity, modality="series", figures=SENSITIVITY)
    yield Plugin("stability", stability, figures=STABILITY)
