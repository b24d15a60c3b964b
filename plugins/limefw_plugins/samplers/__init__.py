"""Samplers: which segments to hide together."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.samplers.around_instance import around_instance
from limefw_plugins.samplers.bernoulli import bernoulli
from limefw_plugins.samplers.bootstrap import bootstrap
from limefw_plugins.samplers.contiguous import contiguous
from limefw_plugins.samplers.exhaustive import exhaustive
from limefw_plugins.samplers.fixed_hidden import fixed_hidden
from limefw_plugins.samplers.gaussian_copula import gaussian_copula
from limefw_plugins.samplers.hadamard import hadamard
from limefw_plugins.samplers.latin_hypercube import latin_hypercube
from limefw_plugins.samplers.leverage import leverage
from limefw_plugins.samplers.lime_tabular import lime_tabular
from limefw_plugins.samplers.lime_text import lime_text
from limefw_plugins.samplers.marginals import marginals
from limefw_plugins.samplers.paired import paired
from limefw_plugins.samplers.rise_masks import rise_masks
from limefw_plugins.samplers.scrambled_sobol import scrambled_sobol
from limefw_plugins.samplers.shapley_sizes import shapley_sizes
from limefw_plugins.samplers.size_stratified import size_stratified
from limefw_plugins.samplers.sobol import sobol
from limefw_plugins.samplers.uniform_hidden import uniform_hidden
from limefw_plugins.samplers.weighted_law import weighted_law


@hookimpl
def limefw_samplers() -> Iterator[Plugin]:
    """Yield the samplers."""
    yield Plugin("around_instance", around_instance, modality="table")
    yield Plugin("bernoulli", bernoulli)
    yield Plugin("bootstrap", bootstrap, modality="table")
    yield Plugin("contiguous", contiguous, requires=("scipy",))
    yield Plugin("exhaustive", exhaustive)
    yield Plugin("fixed_hidden", fixed_hidden)
    yield Plugin("gaussian_copula", gaussian_copula, modality="table", requires=("scipy",))
    yield Plugin("latin_hypercube", latin_hypercube, modality="table", requires=("scipy",))
    yield Plugin("lime_tabular", lime_tabular, modality="table", requires=("scipy",))
    yield Plugin("lime_text", lime_text)
    yield Plugin("marginals", marginals, modality="table")
    yield Plugin("paired", paired)
    yield Plugin("sobol", sobol, modality="table", requires=("scipy",))
    yield Plugin("uniform_hidden", uniform_hidden)
    yield Plugin("hadamard", hadamard)
    yield Plugin("leverage", leverage)
    yield Plugin("rise_masks", rise_masks, modality="image", requires=("scipy",))
    yield Plugin("scrambled_sobol", scrambled_sobol, requires=("scipy",))
    yield Plugin("shapley_sizes", shapley_sizes)
    yield Plugin("size_stratified", size_stratified)
    yield Plugin("weighted_law", weighted_law)
