"""The pipeline: instance -> segments -> draws -> targets -> neighbourhood -> fits -> explanation."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from zlib import crc32

import numpy as np

from limefw import contracts
from limefw.compose import PixelComposer
from limefw.discovery import Registry
from limefw.discovery import registry as default_registry
from limefw.errors import ContractError, InputError, RecipeError
from limefw.explanation import Explanation, WhatIf
from limefw.frame import Frame, without_padding
from limefw.game import Cache, Game, Listener, instance_view
from limefw.health import Caution, cross_fitted, examine
from limefw.loading import model as load_model
from limefw.loading import read
from limefw.recipe import DEFAULT, Label, Recipe, build
from limefw.stopping import Budget
from limefw.types import (
    Composer,
    Contract,
    Draws,
    Event,
    Fit,
    Image,
    Instance,
    Model,
    Neighbourhood,
    Segments,
    digest,
)


def stream(seed: int, kind: str) -> np.random.Generator:
    """Return the random stream of one kind of stage: another segmenter leaves the sampler's draws alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(crc32(kind.encode()),)))


class Explainer:
    """A model and a recipe, ready for many instances: ``explainer(instance)``."""

    def __init__(
        self,
        model: Any = None,
        *,
        recipe: Any = DEFAULT,
        overrides: Mapping[str, Any] | None = None,
        chunk: int | None = None,
        cache: Cache | None = None,
        on_progress: Listener | None = None,
        registry: Registry | None = None,
    ) -> None:
        """Load the model and settle the recipe; every fault of the recipe is raised here.

        Args:
            model: what ``limefw.model`` takes; None: the recipe's model, or the embedded one.
            recipe: a name, a file, a mapping or a Recipe.
            overrides: settings on top of it; a stage may be a function of its kind's call shape.
            chunk: rows per model call.
            cache: keeps raw output rows of models that have a fingerprint.
            on_progress: told after every chunk and every stage.
            registry: where the plug-ins are; the process's own by default.
        """
        self.registry = registry or default_registry()
        self.recipe = build(recipe, registry=self.registry, overrides=overrides)
        adapter = self.recipe.stages.get("model")
        self.model = load_model(model, use=adapter.to_mapping() if adapter else "auto", registry=self.registry)
        self.chunk, self.cache, self.on_progress = chunk, cache, on_progress

    def __call__(
        self,
        instance: Any,
        *,
        labels: Label | Sequence[Label] | None = None,
        samples: int | None = None,
        seed: int | None = None,
        what_if: int | None = None,
    ) -> Explanation:
        """Explain one instance; the keywords stand in for the recipe's own for this once."""
        given = {"labels": labels, "samples": samples, "seed": seed, "what_if": what_if}
        overrides = {key: value for key, value in given.items() if value is not None}
        recipe = build(self.recipe, registry=self.registry, overrides=overrides)
        run = Run(recipe, self.model, self.registry, self.chunk, self.cache, self.on_progress)
        return run.explain(instance)


def explain(
    instance: Any,
    model: Any = None,
    /,
    *,
    recipe: Any = DEFAULT,
    labels: Label | Sequence[Label] | None = None,
    samples: int | None = None,
    seed: int | None = None,
    what_if: int | None = None,
    reader: Any = None,
    segmenter: Any = None,
    sampler: Any = None,
    filler: Any = None,
    target: Any = None,
    kernel: Any = None,
    selector: Any = None,
    surrogate: Any = None,
    method: Any = None,
    chunk: int | None = None,
    cache: Cache | None = None,
    on_progress: Listener | None = None,
    registry: Registry | None = None,
) -> Explanation:
    """Explain one prediction.

    Args:
        instance: an array (h, w, c) or (h, w), a PIL image, a ``pathlib.Path`` of an image file, a limefw.Image.
        model: a callable from a batch to (n, k) outputs, a limefw.Model, a model file; None: the embedded classifier.
        recipe: a name, a file, a mapping or a Recipe; everything below stands in for what it says.
        labels: class indices, class names or "top:3"; any number of them costs one pass.
        samples: rows drawn at the most; the instance counts.
        seed: equal seeds give equal explanations, to the last bit.
        what_if: ask the model again without this many of the strongest supporting segments, and with them alone.
        reader: this and the stages below: a plug-in's name, a mapping ``{"use": name, parameter: value}``, or a
            function of that kind's call shape (see ``limefw.hookspecs``). What turns `instance` into an image.
        segmenter: its interpretable parts.
        sampler: which of them are hidden together.
        filler: what hidden parts show.
        target: what of the model's answer is explained.
        kernel: how much each draw counts.
        selector: which parts the surrogate may use.
        surrogate: the simple model whose effects are the explanation.
        method: a loop of its own instead of sampler, kernel, selector and surrogate.
        chunk: rows per model call.
        cache: keeps raw output rows of models that have a fingerprint.
        on_progress: told after every chunk and every stage (``limefw.types.Event``).
        registry: where the plug-ins are; the process's own by default.

    Returns:
        The explanation. Ctrl-C ends drawing early and explains what was drawn, with the caution "interrupted".

    Raises:
        RecipeError: the recipe's faults, all at once.
        InputError: the instance cannot be explained.
        ModelError: what the model returned cannot be used. This and whatever the model itself raises carry
            ``partial``: an explanation of the rows computed before, or None.
        LabelError: there is no such label.
    """
    stages = {
        "reader": reader, "segmenter": segmenter, "sampler": sampler, "filler": filler, "target": target,
        "kernel": kernel, "selector": selector, "surrogate": surrogate, "method": method,
    }  # fmt: skip
    overrides = {key: value for key, value in stages.items() if value is not None}
    explainer = Explainer(
        model,
        recipe=recipe,
        overrides=overrides,
        chunk=chunk,
        cache=cache,
        on_progress=on_progress,
        registry=registry,
    )
    return explainer(instance, labels=labels, samples=samples, seed=seed, what_if=what_if)


@dataclass(slots=True, eq=False)
class Run:
    """One explanation in the making."""

    recipe: Recipe
    model: Model
    registry: Registry
    chunk: int | None = None
    cache: Cache | None = None
    on_progress: Listener | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def explain(self, source: Any) -> Explanation:
        """Run every stage in order."""
        with self.timed("readers"):
            photo = read(source, self.recipe.stages.get("reader"), self.registry)
        self._check_modality(photo)
        frame, instance = enter(photo, self.model.contract)
        segments = self.segment(instance, frame)
        with self.timed("fillers"):
            filler = self.recipe.stages["filler"]
            composer = contracts.check_composer(filler(instance, segments, self.stream("fillers")), filler)
        game = self._game(instance, segments, composer)
        try:
            fits, stopped, cautions = self._play(game, instance, segments, composer)
        except Exception as error:
            self._keep(error, game, photo, frame, segments, composer)
            raise
        explanation = self._assemble(game, photo, frame, segments, composer, fits, stopped, cautions)
        self.registry.tell("limefw_explained", explanation=explanation)
        return explanation

    def segment(self, instance: Instance, frame: Frame | None) -> Segments:
        """Cut the framed instance into segments; the frame's padding is in none."""
        stage = self.recipe.stages["segmenter"]
        with self.timed("segmenters"):
            found = stage(instance, self.stream("segmenters"))
            segments = contracts.check_segments(found, instance, stage)
            if frame is not None:
                segments = contracts.check_segments(without_padding(segments, frame.outside()), instance, stage)
        return segments

    def stream(self, kind: str) -> np.random.Generator:
        """Return this run's random stream of a kind."""
        return stream(self.recipe.seed, kind)

    @contextmanager
    def timed(self, kind: str, game: Game | None = None) -> Iterator[None]:
        """Count the seconds of a stage, also of one that fails, and tell whoever listens when it ended."""
        started = time.perf_counter()
        try:
            yield
        finally:
            took = self.seconds[kind] = self.seconds.get(kind, 0.0) + time.perf_counter() - started
        rows = 1 if game is None else game.distinct
        event = Event(kind, rows, rows, took, finished=True)
        if self.on_progress is not None:
            self.on_progress(event)
        self.registry.tell("limefw_stage_done", event=event)

    def _check_modality(self, instance: Instance) -> None:
        stages = [*self.recipe.stages.values()]
        faults = [
            f"{stage.kind[:-1]} {stage.name!r} is for {stage.plugin.modality}, and this is {instance.modality}"
            for stage in stages
            if stage.plugin.modality not in (None, instance.modality)
        ]
        if faults:
            raise RecipeError(faults)

    def _game(self, instance: Instance, segments: Segments, composer: Composer) -> Game:
        key, cache = b"", self.cache
        if self.model.fingerprint is None or not isinstance(composer, PixelComposer):
            cache = None
        elif cache is not None:
            # by what the composer holds, not by the filler's name: a filler may be changed under its name
            key = digest(self.model.fingerprint, repr(self.model.contract), composer.fingerprint()).encode()
        return Game(
            self.model, composer, self.recipe.stages["target"], self.recipe.labels, self.recipe.samples,
            chunk=self.chunk, listen=self.on_progress, cache=cache, cache_key=key, instance=instance, segments=segments,
        )  # fmt: skip

    def _play(
        self, game: Game, instance: Instance, segments: Segments, composer: Composer
    ) -> tuple[list[Fit] | None, str, tuple[Caution, ...]]:
        """Spend the model calls; return fits where a method made its own, why it ended, and cautions."""
        method = self.recipe.stages.get("method")
        with self.timed("models", game):
            if method is None:
                return None, *self._draw(game, instance, segments, composer)
            fits = method(game, self.recipe.stages, Budget(self.recipe.samples), self.stream("methods"))
        if not game.history:
            raise ContractError(f"{method} never asked the model: it must call game(draws)")
        return contracts.check_fits(fits, len(game.columns), segments.count, method), f"{method} ended", ()

    def _draw(
        self, game: Game, instance: Instance, segments: Segments, composer: Composer
    ) -> tuple[str, tuple[Caution, ...]]:
        budget, drawn, exhaustive = Budget(self.recipe.samples), 0, False
        try:
            for block in self._blocks(instance, segments, composer):
                part = block.take(slice(0, budget.left(drawn)))
                game(part)
                drawn, exhaustive = drawn + len(part), part.exhaustive
                if not budget.left(drawn):
                    break
        except KeyboardInterrupt:
            drawn = sum(len(draws) for draws, _ in game.history)
            if drawn < 2:
                raise
            text = f"interrupted after {drawn} of {budget.rows} samples"
            return text, (Caution("interrupted", text),)
        if not drawn:
            raise InputError(f"{self.recipe.stages['sampler']} drew nothing")
        return budget.reason(drawn, exhaustive=exhaustive), ()

    def _blocks(self, instance: Instance, segments: Segments, composer: Composer) -> Iterator[Draws]:
        sampler = self.recipe.stages["sampler"]
        # a filler with a choice to make gets one number a row, from its own stream, so that composing stays pure
        chance = self.stream("filler draws") if getattr(composer, "random", False) else None
        blocks, first = iter(sampler(instance, segments, self.recipe.samples, self.stream("samplers"))), True
        while True:
            with sampler.noted():
                block = next(blocks, None)
            if block is None:
                return
            draws = contracts.check_draws(block, segments, sampler, first=first)
            first = first and not len(draws)
            if chance is not None:
                numbers = chance.integers(0, 2**64, size=len(draws), dtype=np.uint64)
                draws = replace(draws, values={**draws.values, "draw": numbers})
            if len(draws):
                yield draws

    def _assemble(
        self, game: Game, photo: Instance, frame: Frame | None, segments: Segments, composer: Composer,
        fits: list[Fit] | None, stopped: str, cautions: tuple[Caution, ...],
    ) -> Explanation:  # fmt: skip
        distinct = game.distinct
        with self.timed("kernels"):
            around = self._neighbourhood(game, composer)
        with self.timed("surrogates"):
            found = fits if fits is not None else self.fit(around)
        by_label, asked = dict(zip(game.columns, found, strict=True)), dict[int, WhatIf]()
        if self.recipe.what_if and not cautions:
            with self.timed("what_if"):
                asked, cautions = self._ask_what_if(game, by_label, around)
        with self.timed("health"):
            scores: list[float | None] = [None] * len(game.columns)
            if fits is None:
                scores = cross_fitted(around, self.fit_fold, self.stream("health"))
            cautions += _of_filler(composer)
            health = examine(around, by_label, scores=scores, distinct=distinct, stopped=stopped, extra=cautions)
        names = {label: game.names[label] for label in game.columns}
        outlook = instance_view(game.prediction, game.names, 10)
        return Explanation(
            photo, segments, frame, around, by_label, names, outlook, health, self._provenance(photo, game), asked
        )

    def _ask_what_if(
        self, game: Game, fits: Mapping[int, Fit], around: Neighbourhood
    ) -> tuple[dict[int, WhatIf], tuple[Caution, ...]]:
        """Ask the model without each label's strongest supporting segments, and with these alone."""
        # what is smaller than the rounding of the targets is no support
        least = 1e-12 * np.abs(around.targets).max(axis=0)
        strongest = {
            label: _supporting(fit, self.recipe.what_if, float(least[at]))
            for at, (label, fit) in enumerate(fits.items())
        }
        strongest = {label: segments for label, segments in strongest.items() if segments}
        if not strongest:
            return {}, ()
        # it is no part of the samples that a listener was told to expect
        game.listen = None
        draws = _what_if_draws(game.history[0][0], list(strongest.values()))
        try:
            answers = game(draws)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - an explanation is not lost for its last rows
            text = f"{type(error).__name__} when the model was asked without the strongest segments: {error}"
            return {}, (Caution("what_if_failed", text),)
        found = {}
        for at, (label, segments) in enumerate(strongest.items()):
            pair, column = slice(2 * at, 2 * at + 2), game.columns.index(label)
            without, only = answers[pair, column].tolist()
            guesses = fits[label].predict(draws.codes[pair]).tolist()
            found[label] = WhatIf(segments, float(game.history[0][1][0, column]), without, only, *guesses)
        return found, ()

    def _neighbourhood(self, game: Game, composer: Composer) -> Neighbourhood:
        draws, targets = game.drawn()
        kernel = self.recipe.stages["kernel"]
        closeness = contracts.check_weights(kernel(draws, composer), len(draws), kernel)
        assert draws.importance is not None
        assert draws.groups is not None
        weights = contracts.check_weights(closeness * draws.importance, len(draws), "kernel x importance")
        return Neighbourhood(draws.codes, targets, weights, draws.groups, draws.exhaustive)

    def fit(self, around: Neighbourhood) -> list[Fit]:
        """Select columns and fit surrogates: one call for all targets that share their columns."""
        count, width = around.targets.shape[1], around.codes.shape[1]
        selector, surrogate = self.recipe.stages["selector"], self.recipe.stages["surrogate"]
        picks = contracts.check_columns(selector(around, self.stream("selectors")), count, width, selector)
        sharing: dict[tuple[int, ...], list[int]] = {}
        for target, pick in enumerate(picks):
            sharing.setdefault(tuple(sorted(pick.tolist())), []).append(target)
        fits: dict[int, Fit] = {}
        for shared, targets in sharing.items():
            columns = np.array(shared)
            whole = np.array_equal(columns, np.arange(width))
            part = around.take(columns=slice(None) if whole else columns, targets=targets)
            made = surrogate(part, self.stream("surrogates"))
            made = contracts.check_fits(made, len(targets), len(columns), surrogate)
            for target, fit in zip(targets, made, strict=True):
                fits[target] = replace(fit.widened(columns, width), columns=picks[target])
        return [fits[target] for target in range(count)]

    def fit_fold(self, around: Neighbourhood) -> list[Fit]:
        """Fit a fold: it needs no standard errors, and an exhaustive neighbourhood has none to compute."""
        return self.fit(replace(around, exhaustive=True))

    def _keep(
        self,
        error: Exception,
        game: Game,
        photo: Instance,
        frame: Frame | None,
        segments: Segments,
        composer: Composer,
    ) -> None:
        """Hang what was computed before `error` on it, as ``error.partial``."""
        done = sum(len(draws) for draws, _ in game.history)
        partial: Explanation | None = None
        if done >= 2:
            text = f"{type(error).__name__} after {done} of {self.recipe.samples} samples"
            try:
                partial = self._assemble(game, photo, frame, segments, composer, None, text, (Caution("failed", text),))
            except Exception as second:  # noqa: BLE001 - the first error is the one to tell of
                error.add_note(f"what was computed could not be explained either: {second}")
            else:
                error.add_note(f"{text}; an explanation of these is kept as this exception's `partial`")
        error.partial = partial  # type: ignore[attr-defined]

    def _provenance(self, photo: Instance, game: Game) -> dict[str, Any]:
        return {
            "recipe": self.recipe.described(),
            "model": {
                "name": self.model.name,
                "fingerprint": self.model.fingerprint,
                "task": self.model.task,
                "notes": list(self.model.notes),
                "contract": asdict(self.model.contract),
            },
            "input": {"name": photo.name, "sha256": photo.fingerprint()},
            "rows": {
                "predicted": game.rows,
                "cached": game.cached,
                "calls": game.calls,
                "chunk": game.chunk_rows,
            },
            "seconds": {
                **{kind: round(took, 6) for kind, took in self.seconds.items()},
                "model_only": round(game.seconds, 6),
            },
            "versions": _versions(self.recipe.stages.values(), self.registry),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def cut(
    source: Any, model: Model, recipe: Recipe, registry: Registry | None = None
) -> tuple[Instance, Segments, Frame | None]:
    """Cut an instance into segments as `explain` would, without asking the model anything.

    Returns:
        the instance as it was given, its segments in the model's frame, and that frame.
    """
    run = Run(recipe, model, registry or default_registry())
    photo = read(source, recipe.stages.get("reader"), run.registry)
    frame, instance = enter(photo, model.contract)
    return photo, run.segment(instance, frame), frame


def enter(photo: Instance, contract: Contract) -> tuple[Frame | None, Instance]:
    """Put an image into the model's frame; other instances have none."""
    if not isinstance(photo, Image):
        return None, photo
    frame = Frame.fit(photo, contract)
    return frame, frame.enter(photo)


def _supporting(fit: Fit, count: int, least: float) -> tuple[int, ...]:
    """Return the `count` segments that speak for a label most, the strongest first."""
    order = np.argsort(-fit.effects, kind="stable")[:count]
    return tuple(int(at) for at in order if fit.effects[at] > least)


def _what_if_draws(like: Draws, strongest: Sequence[Sequence[int]]) -> Draws:
    """Return two rows for each list of segments: all others alone, and these alone; in all else like the instance's."""
    codes = np.zeros((2 * len(strongest), like.codes.shape[1]), dtype=like.codes.dtype)
    codes[::2] = 1
    for at, segments in enumerate(strongest):
        codes[2 * at, list(segments)] = 0
        codes[2 * at + 1, list(segments)] = 1
    return Draws(codes, {name: np.repeat(values[:1], len(codes), axis=0) for name, values in like.values.items()})


_LIBRARIES = {
    "numpy": "numpy", "skimage": "scikit-image", "sklearn": "scikit-learn", "onnxruntime": "onnxruntime",
    "cv2": "opencv-python-headless", "PIL": "pillow", "torch": "torch", "keras": "keras",
}  # fmt: skip


def _of_filler(composer: Composer) -> tuple[Caution, ...]:
    """Tell where hiding shows: a one-pixel segment is its own mean colour, a flat picture is flat anyhow."""
    if not isinstance(composer, PixelComposer) or (composer.backgrounds != composer.pixels).any():
        return ()
    text = "hidden segments look as they did before, so no model could tell: use another filler, such as constant"
    return (Caution("filler_hides_nothing", text),)


@cache
def _version(name: str) -> str | None:
    """Return a distribution's version; reading metadata takes milliseconds, so once for each."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _versions(stages: Any, registry: Registry) -> dict[str, str]:
    """Return versions of Python, limefw, the plug-ins' distributions and the libraries that are loaded."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    loaded = [name for module, name in _LIBRARIES.items() if module in sys.modules]
    found |= {name: number for name in ("limefw", *loaded) if (number := _version(name))}
    for stage in stages:
        if not stage.inline:
            provider = registry.lookup(stage.kind, stage.name).provider
            if provider.version:
                found[provider.distribution] = provider.version
    return found
