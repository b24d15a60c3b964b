"""Kernels: how much a draw counts."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.kernels.cosine_exponential import cosine_exponential
from limefw_plugins.kernels.flat import flat
from limefw_plugins.kernels.hamming import hamming
from limefw_plugins.kernels.l2 import l2
from limefw_plugins.kernels.pixel_cosine import pixel_cosine
from limefw_plugins.kernels.shapley import shapley
from limefw_plugins.kernels.symmetric import symmetric


@hookimpl
def limefw_kernels() -> Iterator[Plugin]:
    """Yield the kernels."""
    yield Plugin("cosine_exponential", cosine_exponential)
    yield Plugin("flat", flat)
    yield Plugin("hamming", hamming)
    yield Plugin("l2", l2)
    yield Plugin("pixel_cosine", pixel_cosine, modality="image")
    yield Plugin("symmetric", symmetric)
    yield Plugin("shapley", shapley, requires=("scipy",))
