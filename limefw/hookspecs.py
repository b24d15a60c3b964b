"""One hook per kind of plug-in. Each takes nothing and yields named records, so a hook never has to change.

What matters is the call: the data arguments of a kind come positionally, in the order below; the keyword-only
arguments are the plug-in's parameters. A whole plug-in module:

    from limefw import Image, Plugin, Segments, hookimpl

    def halves(image: Image, rng, /, *, vertical: bool = True) -> Segments:
        '''Two halves of the picture.'''
        import numpy as np
        h, w = image.shape
        row, column = np.indices((h, w))
        return Segments.from_labels(column * 2 // w if vertical else row * 2 // h)

    @hookimpl
    def limefw_segmenters():
        yield Plugin("halves", halves, modality="image")

and in its pyproject.toml:

    [project.entry-points.limefw]
    halves = "my_module"
"""

from collections.abc import Iterable
from typing import Any

import pluggy

from limefw.stage import Plugin


hookspec = pluggy.HookspecMarker("limefw")
hookimpl = pluggy.HookimplMarker("limefw")

KINDS = (
    "readers",
    "segmenters",
    "samplers",
    "fillers",
    "models",
    "targets",
    "kernels",
    "selectors",
    "surrogates",
    "methods",
    "renderers",
    "metrics",
)
"""The kinds of plug-in, in the order in which an explanation meets them."""


@hookspec
def limefw_readers() -> Iterable[Plugin]:
    """Readers: ``call(source, /, **params) -> Instance``.

    `source` is a path, an array or any other object that the record's ``accepts`` says yes to. Raise
    ``limefw.InputError`` for what cannot be read.

        def portable_pixmap(source, /) -> Image:
            '''A netpbm file.'''
            return Image(read_ppm(source), (0, 255), name=source.stem)

        def is_ppm(source):
            return str(source).endswith(".ppm")

        Plugin("ppm", portable_pixmap, modality="image", accepts=is_ppm)
    """


@hookspec
def limefw_segmenters() -> Iterable[Plugin]:
    """Segmenters: ``call(instance, rng, /, **params) -> Segments``.

    The instance is in the model's own frame. Return ``Segments.from_labels(label_map)``, which numbers any labels
    0..d-1. Draw random numbers from `rng` alone.
    """


@hookspec
def limefw_samplers() -> Iterable[Plugin]:
    """Samplers: ``call(instance, segments, budget, rng, /, **params) -> Iterator[Draws]``.

    A generator of blocks of a few hundred rows, at most `budget` (int) rows in all, the instance's own (all True)
    first. A paired design gives it the all-hidden row as its partner and says which rows belong together in
    ``Draws.groups``. A sampler that enumerates its whole law says so with ``exhaustive=True``.

        def coins(instance, segments, budget, rng, /):
            '''A fair coin per segment.'''
            codes = rng.random((budget, segments.count)) < 0.5
            codes[0] = True
            yield Draws(codes)
    """


@hookspec
def limefw_fillers() -> Iterable[Plugin]:
    """Fillers: ``call(instance, segments, rng, /, **params) -> Composer``.

    What hidden segments show. For images return ``PixelComposer(image, backgrounds, segments)``; composing itself
    must make no random choice.
    """


@hookspec
def limefw_models() -> Iterable[Plugin]:
    """Model adapters: ``call(source, /, **params) -> Model``.

    `source` is what the record's ``accepts`` says yes to. An adapter that can only load by running code takes a
    keyword-only ``trust: bool`` (never set by a recipe) and raises ``limefw.UntrustedError`` without it.
    """


@hookspec
def limefw_targets() -> Iterable[Plugin]:
    """Targets: ``call(outputs, head, /, **params) -> ((n, t) float, t names)``.

    What is explained, from a chunk of the model's raw outputs; ``head.columns(outputs)`` activates them.
    """


@hookspec
def limefw_kernels() -> Iterable[Plugin]:
    """Kernels: ``call(draws, composer, /, **params) -> (n,) finite weights >= 0``. Row 0 is the instance."""


@hookspec
def limefw_selectors() -> Iterable[Plugin]:
    """Selectors: ``call(neighbourhood, rng, /, **params) -> t arrays of columns, in pick order``."""


@hookspec
def limefw_surrogates() -> Iterable[Plugin]:
    """Surrogates: ``call(neighbourhood, rng, /, **params) -> t Fits``.

    The neighbourhood holds the selected columns alone, and all targets that share them: fit them from one Gram
    matrix, or by one multi-output model. ``limefw.statistics`` has what surrogates share.
    """


@hookspec
def limefw_methods() -> Iterable[Plugin]:
    """Methods with a loop of their own: ``call(game, stages, budget, rng, /, **params) -> t Fits``.

    ``game(draws) -> (n, t)`` is the only way to spend model calls; ``game.instance`` and ``game.segments`` are what it
    plays on; `stages` maps a recipe's key ("sampler") to its settled stage.
    """


@hookspec
def limefw_renderers() -> Iterable[Plugin]:
    """Renderers: ``call(explanation, /, **params) -> Rendering``. A renderer writes no file."""


@hookspec
def limefw_metrics() -> Iterable[Plugin]:
    """Metrics: ``call(explanation, game, rng, /, **params) -> Mapping[str, float]``."""


@hookspec
def limefw_recipes() -> Iterable[tuple[str, Any]]:
    """Named recipes: yields (name, path of a TOML file)."""


@hookspec
def limefw_stage_done(event: Any) -> None:
    """Hear of every stage that ended (``limefw.types.Event``); what is raised here is logged, never fatal."""


@hookspec
def limefw_explained(explanation: Any) -> None:
    """Hear of every finished explanation; what is raised here is logged, never fatal."""
