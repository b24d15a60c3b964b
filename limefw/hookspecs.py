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


@hookspec
def limefw_readers() -> Iterable[Plugin]:
    """Readers: ``call(source, /, **params) -> Instance``.

    `source` is a path, an array or any other object that the record's ``accepts`` says yes to. Raise
    ``limefw.InputError`` for what cannot be read.

        from limefw import Image, InputError, Plugin, hookimpl

        def numpy_file(source, /) -> Image:
            '''Pixels 0..255, (h, w, c), in a .npy file.'''
            import numpy as np
            try:
                return Image(np.load(source, allow_pickle=False), (0, 255), name=source.stem)
            except (OSError, ValueError) as error:
                raise InputError(f"{source} holds no array: {error}") from error

        def is_numpy_file(source):
            return str(source).endswith(".npy")

        @hookimpl
        def limefw_readers():
            yield Plugin("numpy_file", numpy_file, modality="image", accepts=is_numpy_file)
    """


@hookspec
def limefw_segmenters() -> Iterable[Plugin]:
    """Segmenters: ``call(instance, rng, /, **params) -> Segments``.

    The instance is in the model's own frame. Return ``Segments.from_labels(label_map)``, which numbers any labels
    0..d-1; of a text ``limefw.modalities.text.segments_of(text, spans)``. Draw random numbers from `rng` alone.

        from typing import Annotated
        from annotated_types import Ge
        from limefw import Plugin, Segments, hookimpl

        def stripes(image, rng, /, *, count: Annotated[int, Ge(2)] = 8) -> Segments:
            '''Upright stripes of one width.'''
            import numpy as np
            _, column = np.indices(image.shape)
            return Segments.from_labels(column * count // image.shape[1])

        @hookimpl
        def limefw_segmenters():
            yield Plugin("stripes", stripes, modality="image")
    """


@hookspec
def limefw_samplers() -> Iterable[Plugin]:
    """Samplers: ``call(instance, segments, budget, rng, /, **params) -> Iterator[Draws]``.

    A generator of blocks of a few hundred rows, at most `budget` (int) rows in all, the instance's own (all True)
    first. A paired design gives it the all-hidden row as its partner and says which rows belong together in
    ``Draws.groups``. A sampler that enumerates its whole law says so with ``exhaustive=True``. With automatic
    stopping `budget` is the maximum, and drawing ends after any group: what was drawn by then must be a fair sample.

        from limefw import Draws, Plugin, hookimpl

        def coins(instance, segments, budget, rng, /):
            '''A fair coin for each segment.'''
            for start in range(0, budget, 256):
                codes = rng.random((min(256, budget - start), segments.count)) < 0.5
                if start == 0:
                    codes[0] = True
                yield Draws(codes)

        @hookimpl
        def limefw_samplers():
            yield Plugin("coins", coins)
    """


@hookspec
def limefw_fillers() -> Iterable[Plugin]:
    """Fillers: ``call(instance, segments, rng, /, **params) -> Composer``.

    What hidden segments show. For images return ``PixelComposer.of(image, background, segments)``, which takes one
    background ``(h, w, c)``, or several, of which each draw shows one; composing itself must make no random choice.
    For texts it is ``TextComposer.of(text, segments, fill)``: what hidden words show, or a function from one to that.
    Any object with ``compose(draws)`` will do; ``limefw.types.Composer`` says what else it may offer.

        from limefw import PixelComposer, Plugin, hookimpl

        def grey(image, segments, rng, /) -> PixelComposer:
            '''Half way between black and white.'''
            import numpy as np
            background = np.full(image.pixels.shape, sum(image.value_range) / 2)
            return PixelComposer.of(image, background, segments)

        @hookimpl
        def limefw_fillers():
            yield Plugin("grey", grey, modality="image")
    """


@hookspec
def limefw_models() -> Iterable[Plugin]:
    """Model adapters: ``call(source, /, **params) -> Model``.

    `source` is what the record's ``accepts`` says yes to. An adapter that can only load by running code takes a
    keyword-only ``trust: bool`` (never set by a recipe) and raises ``limefw.UntrustedError`` without it.

        from limefw import Contract, Model, Plugin, hookimpl

        def color_weights(source, /) -> Model:
            '''Logits from the mean colour, by weights (3, k) in a .npy file.'''
            import numpy as np
            weights = np.load(source, allow_pickle=False)

            def predict(batch):
                return batch.mean(axis=(1, 2)) @ weights

            contract = Contract(channels=3, value_range=(0.0, 1.0), head="logits")
            return Model(predict, name=source.stem, contract=contract)

        def is_numpy_file(source):
            return str(source).endswith(".npy")

        @hookimpl
        def limefw_models():
            yield Plugin("color_weights", color_weights, accepts=is_numpy_file)
    """


@hookspec
def limefw_targets() -> Iterable[Plugin]:
    """Targets: ``call(outputs, head, /, **params) -> ((n, t) float, t names)``.

    What is explained, from a chunk of the model's raw outputs ``(n, ...)``; ``head.columns(outputs)`` activates them.
    A function given in Python may take the outputs alone and return numbers alone.

        from limefw import Plugin, hookimpl

        def surprise(outputs, head, /):
            '''Minus the logarithm of the probability of each class.'''
            import numpy as np
            values = head.columns(outputs)
            return -np.log(np.maximum(values, 1e-12)), head.names(values.shape[1])

        @hookimpl
        def limefw_targets():
            yield Plugin("surprise", surprise)
    """


@hookspec
def limefw_kernels() -> Iterable[Plugin]:
    """Kernels: ``call(draws, composer, /, **params) -> (n,) finite weights >= 0``.

    Row 0 is the instance. Zeros everywhere are refused.

        from typing import Annotated
        from annotated_types import Gt
        from limefw import Plugin, hookimpl

        def share_hidden(draws, composer, /, *, width: Annotated[float, Gt(0)] = 0.5):
            '''The less is hidden, the more a draw counts.'''
            import numpy as np
            return np.exp((draws.codes.mean(axis=1) - 1.0) / width)

        @hookimpl
        def limefw_kernels():
            yield Plugin("share_hidden", share_hidden)
    """


@hookspec
def limefw_selectors() -> Iterable[Plugin]:
    """Selectors: ``call(neighbourhood, rng, /, **params) -> t arrays of columns, in pick order``.

    One array of distinct columns for each target; what is not picked has no effect.

        from typing import Annotated
        from annotated_types import Ge
        from limefw import Plugin, hookimpl

        def covarying(around, rng, /, *, count: Annotated[int, Ge(1)] = 10):
            '''The columns that vary most with the target.'''
            import numpy as np
            strength = np.abs((around.codes - around.codes.mean(axis=0)).T @ around.targets)
            return [np.argsort(-column, kind="stable")[:count] for column in strength.T]

        @hookimpl
        def limefw_selectors():
            yield Plugin("covarying", covarying)
    """


@hookspec
def limefw_surrogates() -> Iterable[Plugin]:
    """Surrogates: ``call(neighbourhood, rng, /, **params) -> t Fits``.

    The neighbourhood holds the selected columns alone, and all targets that share them: fit them from one Gram
    matrix, or by one multi-output model. ``limefw.statistics`` has what surrogates share.

        from limefw import Fit, Plugin, hookimpl

        def least_squares(around, rng, /) -> list[Fit]:
            '''Weighted least squares.'''
            import numpy as np
            from limefw.statistics import weighted_r2
            design = np.column_stack([around.codes, np.ones(len(around))])
            root = np.sqrt(around.weights)[:, None]
            solved = np.linalg.lstsq(root * design, root * around.targets, rcond=None)[0]
            predicted = design @ solved
            return [
                Fit(
                    effects=solution[:-1],
                    intercept=float(solution[-1]),
                    score=weighted_r2(around.targets[:, at], predicted[:, at], around.weights),
                    local_prediction=float(predicted[0, at]),
                )
                for at, solution in enumerate(solved.T)
            ]

        @hookimpl
        def limefw_surrogates():
            yield Plugin("least_squares", least_squares)
    """


@hookspec
def limefw_methods() -> Iterable[Plugin]:
    """Methods with a loop of their own: ``call(game, stages, budget, rng, /, **params) -> t Fits``.

    ``game(draws) -> (n, t)`` is the only way to spend model calls, and the first row ever asked is the instance itself.
    ``game.instance`` and ``game.segments`` are what it plays on; `stages` maps a recipe's key ("sampler") to its
    settled stage. ``game.refined(segments)`` goes on with other segments, of which the explanation is then made. A
    method that returns None has only asked: kernel, selector and surrogate fit what the last game was asked.

        from limefw import Draws, Fit, InputError, Plugin, hookimpl

        def one_at_a_time(game, stages, budget, rng, /) -> list[Fit]:
            '''What the answer loses when one segment alone is hidden.'''
            import numpy as np
            count = game.segments.count
            if budget.rows < count + 1:
                raise InputError(f"{count} segments need {count + 1} samples, got {budget.rows}")
            everything = np.ones((1, count), dtype=bool)
            answers = game(Draws(np.concatenate([everything, ~np.eye(count, dtype=bool)])))
            losses = answers[0] - answers[1:]
            return [
                Fit(effects, intercept=float(answer - effects.sum()), score=1.0, local_prediction=float(answer))
                for effects, answer in zip(losses.T, answers[0], strict=True)
            ]

        @hookimpl
        def limefw_methods():
            yield Plugin("one_at_a_time", one_at_a_time)
    """


@hookspec
def limefw_renderers() -> Iterable[Plugin]:
    r"""Renderers: ``call(explanation, /, **params) -> Rendering``.

    A renderer writes no file: it returns text or bytes, with a media type and a suffix.

        from typing import Annotated
        from annotated_types import Ge
        from limefw import Plugin, Rendering, hookimpl

        def table(explanation, /, *, top: Annotated[int, Ge(1)] = 10) -> Rendering:
            '''The strongest effects as tab-separated values.'''
            lines = ["class\tsegment\teffect"]
            for label in explanation.labels:
                name = explanation.names[label]
                lines += [f"{name}\t{item.segment}\t{item.effect!r}" for item in explanation.top(top, label)]
            return Rendering("\n".join(lines), "text/tab-separated-values", ".tsv")

        @hookimpl
        def limefw_renderers():
            yield Plugin("table", table)
    """


@hookspec
def limefw_metrics() -> Iterable[Plugin]:
    """Metrics: ``call(explanation, game, rng, /, **params) -> Mapping[str, float]``.

    ``game(draws)`` asks the model about more draws of the explanation and returns ``(n, t)`` targets of its labels;
    ``game.shown(codes)`` does so for rows of segments shown or hidden, whatever the modality. ``game.again(1)``, 2, ...
    explain once more by another seed, ``game.through(composer)`` answers where hidden segments show something else,
    ``game.fresh(rows, rng)`` draws by the recipe's own sampler, and ``game.mask`` says where the thing meant lies, or
    None: ``Plugin(..., needs=("mask",))`` refuses that before the model is asked. What a figure can be, and which way
    is better, is said by ``Plugin(..., figures=(Figure("iou", 0, 1, "higher"),))`` with limefw's Figure.

        from limefw import Draws, Plugin, hookimpl

        def deletion(explanation, game, rng, /):
            '''What the answer for the first label loses when its strongest segment is hidden.'''
            import numpy as np
            codes = np.ones((2, explanation.segments.count), dtype=bool)
            codes[1, [effect.segment for effect in explanation.top(1)]] = False
            whole, without = game(Draws(codes))[:, 0]
            return {"deletion": float(whole - without)}

        @hookimpl
        def limefw_metrics():
            yield Plugin("deletion", deletion)
    """


KINDS = tuple(name.removeprefix("limefw_") for name in list(globals()) if name.startswith("limefw_"))
"""The kinds of plug-in, those of the hooks above, in the order in which an explanation meets them."""


@hookspec
def limefw_recipes() -> Iterable[tuple[str, Any]]:
    """Named recipes: yields (name, path of a TOML file).

    A module with such a file beside it:

        from pathlib import Path
        from limefw import hookimpl

        @hookimpl
        def limefw_recipes():
            yield "mine", Path(__file__).parent / "mine.toml"
    """


@hookspec
def limefw_stage_done(event: Any) -> None:
    """Hear of every stage that ended (``limefw.types.Event``); what is raised here is logged, never fatal.

    It takes the arguments that it names.

        from limefw import hookimpl

        @hookimpl
        def limefw_stage_done(event):
            print(f"{event.stage} took {event.seconds:.2f} s")
    """


@hookspec
def limefw_explained(explanation: Any) -> None:
    """Hear of every finished explanation; what is raised here is logged, never fatal.

    It takes the arguments that it names.

        from limefw import hookimpl

        @hookimpl
        def limefw_explained(explanation):
            print(explanation)
    """
