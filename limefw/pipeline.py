"""The pipeline: instance -> segments -> draws -> targets -> neighbourhood -> fits -> explanation."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from zlib import crc32

import numpy as np

from limefw import contracts
from limefw.caching.keys import game_key
from limefw.caching.opening import Caching, opened, using
from limefw.discovery import Registry
from limefw.discovery import registry as default_registry
from limefw.errors import ContractError, InputError, ModelError, RecipeError
from limefw.game import Cache, Game, Listener
from limefw.inputs.loading import doubts, imported, modality_of, names_function, read
from limefw.inputs.loading import model as load_model
from limefw.recipe import DEFAULT, Label, Recipe, build, default_for, default_in
from limefw.results.explanation import Explanation
from limefw.results.health import Caution, cross_fitted, examine, of_notes, of_play
from limefw.results.provenance import made_by
from limefw.results.what_if import WhatIf, ask_what_if
from limefw.samples import Auto, samples_at_most
from limefw.stage import Stage
from limefw.statistics import linear_fits
from limefw.statistics.stopping import Budget, Watch, check_groups, check_reach, offers_intervals, up_to
from limefw.types import Composer, Draws, Event, Fit, Instance, Model, Neighbourhood, Segments, View, all_luck


def stream(seed: int, kind: str) -> np.random.Generator:
    """Return the random stream of one kind of stage: another segmenter leaves the sampler's draws alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(crc32(kind.encode()),)))


def derived(seed: int, number: int) -> int:
    """Return a seed of its own for each number: of several instances each has its own luck."""
    return int(np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1)[0])


class Explainer:
    """A model and a recipe, ready for many instances: ``explainer(instance)``."""

    def __init__(
        self,
        model: Any = None,
        *,
        recipe: Any = None,
        overrides: Mapping[str, Any] | None = None,
        chunk: int | None = None,
        cache: Caching = None,
        on_progress: Listener | None = None,
        registry: Registry | None = None,
    ) -> None:
        """Load the model and settle the recipe; every fault of the recipe is raised here.

        Args:
            model: what ``limefw.model`` takes; None: the recipe's model, or the embedded one.
            recipe: a name, a file, a mapping or a Recipe; None: the one that is called like the instance's modality
                ("image", which is "quick"; "text", "table", "series"), else "lime".
            overrides: settings on top of it; a stage may be a function of its kind's call shape.
            chunk: rows per model call.
            cache: as `limefw.explain` has it; one that this opens is closed when the explainer goes.
            on_progress: told after every chunk and every stage.
            registry: where the plug-ins are; the process's own by default.
        """
        self.registry = registry or default_registry()
        self._defaults: dict[str, Recipe] = {}
        self._overrides = overrides
        if recipe is None:
            name, self.recipe = default_in(overrides, self.registry)
            self._defaults[name] = self.recipe
        else:
            self.recipe = build(recipe, registry=self.registry, overrides=overrides)
        for stage in self.recipe.stages.values():
            stage.check_installed()
        adapter = self.recipe.stages.get("model")
        self.model = load_model(model, use=adapter.to_mapping() if adapter else "auto", registry=self.registry)
        self.chunk, self.cache, self.on_progress = chunk, opened(cache), on_progress

    def run_for(self, instance: Any, overrides: Mapping[str, Any]) -> tuple[Any, "Run"]:
        """Return the instance, read where that was needed, and a run by the recipe for it with `overrides` on top."""
        instance, recipe = self._recipe_for(instance)
        recipe = build(recipe, registry=self.registry, overrides=overrides)
        return instance, Run(recipe, self.model, self.registry, self.chunk, self.cache, self.on_progress)

    def __call__(
        self,
        instance: Any,
        *,
        labels: Label | Sequence[Label] | None = None,
        samples: int | str | Mapping[str, Any] | None = None,
        seed: int | None = None,
        what_if: int | None = None,
    ) -> Explanation:
        """Explain one instance; the keywords stand in for the recipe's own for this once."""
        overrides = said({"labels": labels, "samples": samples, "seed": seed, "what_if": what_if})
        instance, run = self.run_for(instance, overrides)
        return run.explain(instance)

    def _recipe_for(self, source: Any) -> tuple[Any, Recipe]:
        """Return the instance, read only where nothing else tells its modality, and the recipe for it."""
        if not self._defaults:
            return source, self.recipe
        reader = self.recipe.stages.get("reader")
        modality = modality_of(source, reader, self.registry)
        if modality is None:
            source = read(source, reader, self.registry)
            modality = source.modality
        name = default_for(modality, self.registry)
        if name not in self._defaults:
            self._defaults[name] = build(name, registry=self.registry, overrides=self._overrides)
        return source, self._defaults[name]


def recipe_for(source: Any, overrides: Mapping[str, Any] | None = None, registry: Registry | None = None) -> Recipe:
    """Return the recipe by which `source` is explained where none is given, with `overrides` on top."""
    known = registry or default_registry()
    _, settled = default_in(overrides, known)
    name = default_for(modality_of(source, settled.stages.get("reader"), known), known)
    return build(name, registry=known, overrides=overrides)


def explain(
    instance: Any,
    model: Any = None,
    /,
    *,
    recipe: Any = None,
    labels: Label | Sequence[Label] | None = None,
    samples: int | str | Mapping[str, Any] | None = None,
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
    cache: Caching = None,
    on_progress: Listener | None = None,
    registry: Registry | None = None,
) -> Explanation:
    """Explain one prediction.

    Args:
        instance: an array (h, w, c) or (h, w), a PIL image, a ``pathlib.Path`` of an image file, a limefw.Image.
        model: a callable from a batch to (n, k) outputs, a limefw.Model, a model file; None: the embedded classifier.
        recipe: a name, a file, a mapping or a Recipe; everything below stands in for what it says. None: the one for
            that is called like the instance's modality ("image", which is "quick"; "text", "table", "series").
        labels: class indices, class names or "top:3"; any number of them costs one pass.
        samples: rows drawn at the most; the instance counts. Or "auto", or ``{"max": 2000, "stop": "top5",
            "confidence": 0.9}``: as many as it takes until the five strongest segments are stable.
        seed: equal seeds give equal explanations, to the last bit.
        what_if: ask the model again without this many of the strongest supporting segments, and with them alone.
        reader: this and the stages below: a plug-in's name, a mapping ``{"use": name, parameter: value}``, or a
            function of that kind's call shape (see ``limefw.hookspecs``). What turns `instance` into an image.
        segmenter: its interpretable parts.
        sampler: which of them are hidden together.
        filler: what hidden parts show.
        target: what of the model's answer is explained; also a function's name, "package.module:function".
        kernel: how much each draw counts.
        selector: which parts the surrogate may use.
        surrogate: the simple model whose effects are the explanation.
        method: a loop of its own instead of sampler, kernel, selector and surrogate.
        chunk: rows per model call.
        cache: keeps what the model said, so that it is never asked the same twice: True, the user's own cache on disk
            (`limefw.PredictionCache`); a folder, one there; a dict or another mapping, that. Only of models that have a
            fingerprint: those from a file, and those given a name, ``limefw.model(predict, model_id="v1")``.
        on_progress: told after every chunk and every stage (``limefw.types.Event``).
        registry: where the plug-ins are; the process's own by default.

    Returns:
        The explanation. Ctrl-C ends drawing early and explains what was drawn, with the caution "interrupted".

    Raises:
        RecipeError: the recipe's faults, all at once.
        InputError: the instance cannot be explained.
        ModelError: what the model returned cannot be used. This and whatever else is raised once the model has been
            asked carries ``partial``: an explanation of the rows computed before, or None.
        LabelError: there is no such label.
    """
    overrides = said({
        "labels": labels, "samples": samples, "seed": seed, "what_if": what_if, "reader": reader,
        "segmenter": segmenter, "sampler": sampler, "filler": filler, "target": target, "kernel": kernel,
        "selector": selector, "surrogate": surrogate, "method": method,
    })  # fmt: skip
    with using(cache) as kept:
        explainer = Explainer(
            model, recipe=recipe, overrides=overrides, chunk=chunk, cache=kept, on_progress=on_progress,
            registry=registry,
        )  # fmt: skip
        return explainer(instance)


def said(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that were given; the function that a target names is looked up."""
    given = {key: value for key, value in settings.items() if value is not None}
    # said here and not in a recipe, it is the caller's own act
    if isinstance(target := given.get("target"), str) and names_function(target):
        given["target"] = imported(target, "target")
    return given


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is played on.

    Args:
        photo: the instance as it was given.
        frame: how a model sees it; None where it sees it as it is.
        instance: as the model sees it.
        segments: of that.
        notes: what may be wrong with how it was read.
    """

    photo: Instance
    frame: View | None
    instance: Instance
    segments: Segments
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How playing ended.

    Args:
        stopped: why, in words.
        fits: of a method that makes its own; None: they are still to be fitted.
        cautions: of what was cut short.
        doubts: cautions that come with it otherwise.
        watched: how it was found out when to stop; empty where nobody asked.
        settled: by what was found out there are enough samples.
    """

    stopped: str
    fits: list[Fit] | None = None
    cautions: tuple[Caution, ...] = ()
    doubts: tuple[Caution, ...] = ()
    watched: Mapping[str, Any] = field(default_factory=dict)
    settled: bool = False


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
        scene, game = self.begin(source)
        outcome = None
        try:
            outcome = self.play(game, scene)
            game, scene = _ended(game, scene)
            explanation = self._assemble(game, scene, outcome, self._neighbourhood(game, self.recipe.stages["kernel"]))
        except BaseException as error:
            self._keep(error, *_ended(game, scene), played=outcome is not None)
            raise
        self.registry.tell("limefw_explained", explanation=explanation)
        return explanation

    def begin(self, source: Any) -> tuple[Scene, Game]:
        """Do everything up to the first model call: read, cut, and prepare what hidden parts show."""
        self._check_stopping()
        self._check_columns()
        scene = self.scene(source)
        if isinstance(self.recipe.samples, Auto):
            check_reach(self.recipe.samples, scene.segments.count)
        return scene, self._game(scene)

    def scene(self, source: Any) -> Scene:
        """Read an instance, put it into the model's frame and cut it; the frame's padding is in no segment."""
        with self.timed("readers"):
            meant, reader = self.recipe.stages["segmenter"].plugin.modality, self.recipe.stages.get("reader")
            # who names a reader knows what it is
            notes = doubts(source, self.model) if reader is None else ()
            photo = read(source, reader, self.registry, meant)
        self._check_modality(photo)
        framed, stage = getattr(photo, "framed", None), self.recipe.stages["segmenter"]
        frame, instance = (None, photo) if framed is None else framed(self.model.contract)
        with self.timed("segmenters"):
            segments = contracts.check_segments(stage(instance, self.stream("segmenters")), instance.shape, stage)
            # copied: a segmenter of the user's own may go on using its arrays
            segments = replace(deepcopy(segments))
            if frame is not None:
                segments = contracts.check_segments(frame.trimmed(segments), instance.shape, stage)
        return Scene(photo, frame, instance, segments, notes)

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
        if self.model.modality not in (None, instance.modality):
            raise ModelError(
                f"model {self.model.name!r} is for {self.model.modality}, and this is {instance.modality}: give a "
                f"model that takes {instance.modality}, or a function from a batch of such inputs to outputs (n, k)"
            )
        if self.model.column_names and hasattr(instance, "suits"):
            instance.suits(self.model.column_names, self.model.name)
        others = [
            stage for stage in self.recipe.stages.values() if stage.plugin.modality not in (None, instance.modality)
        ]
        faults = [
            f"{stage.kind[:-1]} {stage.name!r} is for {stage.plugin.modality}, and this is {instance.modality}"
            for stage in others
        ]
        if len(faults) == 1 and others[0].kind != "methods":  # the rest of the recipe suits
            faults[0] += f": use one of {', '.join(self.registry.suiting(others[0].kind, instance.modality))}"
            raise RecipeError(faults)
        name = default_for(instance.modality, self.registry)
        if faults and (same := self._of_this_method(instance.modality)):
            faults[-1] += f". Method {self.recipe.stages['method'].name!r} for {instance.modality}: recipe {same!r}"
        elif faults and name != DEFAULT:
            faults[-1] += f'. A recipe for {instance.modality} stands on another: say `extends = "{name}"`'
            faults[-1] += self._what_suits(name)
        if faults:
            raise RecipeError(faults)

    def _what_suits(self, name: str) -> str:
        """Say which stages of this recipe, other than lime's, go with a recipe for another modality."""
        theirs, usual = build(name, registry=self.registry).stages, build(DEFAULT, registry=self.registry).stages
        own = {
            kind: stage.name
            for kind, stage in self.recipe.stages.items()
            if stage.plugin.modality is None and kind not in ("model", "reader", "renderers", "segmenter", "filler")
            and not stage.inline and kind in theirs and stage.name not in (theirs[kind].name, usual[kind].name)
        }  # fmt: skip
        if "surrogate" in own and "columns" in self.recipe.stages["surrogate"].plugin.needs:
            own["selector"] = "all"
        said = ", ".join(f"{kind}={stage!r}" for kind, stage in own.items())
        return f", or take recipe {name!r} with what of this one suits it: {said}" if own else ""

    def _of_this_method(self, modality: str) -> str | None:
        """Return a recipe for a modality with the method of this one; None: there is none."""
        method = self.recipe.stages.get("method")
        if method is None:
            return None
        for name in sorted(self.registry.recipes()):
            with suppress(RecipeError):
                stages = build(name, registry=self.registry).stages
                theirs = "method" in stages and stages["method"].name == method.name
                if theirs and stages["segmenter"].plugin.modality == modality:
                    return name
        return None

    def composer(self, scene: Scene) -> Composer:
        """Prepare what hidden parts show."""
        with self.timed("fillers"):
            filler = self.recipe.stages["filler"]
            composer = filler(scene.instance, scene.segments, self.stream("fillers"))
        return contracts.check_composer(composer, filler)

    def _game(self, scene: Scene) -> Game:
        composer, key = self.composer(scene), None
        if self.cache is not None:
            mark = getattr(self.cache, "mark", None)
            key = game_key(self.model, composer, scene.instance, scene.segments, mark=mark)
        return Game(
            self.model, composer, self.recipe.stages["target"], self.recipe.labels, self.most,
            chunk=self.chunk, listen=self.on_progress, cache=None if key is None else self.cache, cache_key=key or b"",
            instance=scene.instance, segments=scene.segments,
            again=lambda segments: self._game(replace(scene, segments=segments)), stream=self.stream,
        )  # fmt: skip

    def play(self, game: Game, scene: Scene) -> Outcome:
        """Spend the model calls."""
        method = self.recipe.stages.get("method")
        with self.timed("models", game):
            if method is None:
                return self._draw(game, scene)
            try:
                fits = method(game, self.recipe.stages, Budget(self.most), self.stream("methods"))
            except KeyboardInterrupt as error:
                how = f"; explained by the surrogate, not by method {method.name!r}"
                return self._interrupted(error, game.last, how)
        last, scene = _ended(game, scene)
        if not last.history:
            raise ContractError(f"{method} never asked the model: it must call game(draws)")
        if fits is not None:
            fits = contracts.check_fits(fits, len(last.columns), scene.segments.count, method)
        earlier = f"; {last.before} rows more were asked about coarser segments" if last.before else ""
        return Outcome(f"method {method.name} ended{earlier}", fits)

    @property
    def most(self) -> int:
        """How many rows may be drawn."""
        return samples_at_most(self.recipe.samples)

    def _check_stopping(self) -> None:
        """See that what is to decide when to stop will be there, before anything is spent."""
        surrogate, method = self.recipe.stages["surrogate"], self.recipe.stages.get("method")
        if not isinstance(self.recipe.samples, Auto):
            return
        if method is not None:
            text = f'{method} draws by a loop of its own, which samples = "auto" cannot stop: give a number of samples'
            raise RecipeError([text])
        if not offers_intervals(surrogate):
            every = (Stage.of("surrogates", found.plugin, {}) for found in self.registry.all("surrogates"))
            able = ", ".join(stage.name for stage in every if offers_intervals(stage))
            text = (
                f'{surrogate} gives no intervals, by which samples = "auto" tells when to stop. Surrogates that do: '
                f"{able}; or give a number of samples"
            )
            raise RecipeError([text])

    def _check_columns(self) -> None:
        """See that a surrogate that needs all columns gets them."""
        surrogate, selector = self.recipe.stages["surrogate"], self.recipe.stages["selector"]
        if "columns" in surrogate.plugin.needs and selector.name != "all":
            text = f"surrogate {surrogate.name!r} needs all segments, and selector {selector.name!r} may drop some"
            raise RecipeError([f"{text}: use selector 'all'"])

    @property
    def unit(self) -> float:
        """Of the answers, beside which a change may be rounding: 1 for probabilities, 0 where there is none."""
        return 0.0 if self.model.contract.head in ("scores", "values") else 1.0

    def _watch(self, game: Game) -> Watch | None:
        if not isinstance(self.recipe.samples, Auto):
            return None
        surrogate = self.recipe.stages["surrogate"]

        def fitted() -> tuple[Neighbourhood, list[Fit]]:
            # on all columns: which of them a selector would take is a part of what may change
            started, around = time.perf_counter(), _around(game, self.recipe.stages["kernel"])
            made = surrogate(around, self.stream("surrogates"))
            made = contracts.check_fits(made, around.targets.shape[1], around.codes.shape[1], surrogate)
            self.seconds["stopping"] = self.seconds.get("stopping", 0.0) + time.perf_counter() - started
            return around, made

        return Watch(self.recipe.samples, fitted, lambda: self.stream("stopping"), self.unit)

    def _ask(self, game: Game, block: Draws, watch: Watch | None) -> bool:
        """Ask for a block, up to each look; say whether there is enough."""
        while len(block):
            stop = len(block) if watch is None else up_to(block, watch.next_look - game.asked)
            game(block.take(slice(0, stop)))
            block = block.take(slice(stop, None))
            if watch is not None and watch.due(game.asked) and not game.exhaustive and watch.enough(game.asked):
                return True
        return False

    def _draw(self, game: Game, scene: Scene) -> Outcome:
        budget, watch = Budget(self.most), self._watch(game)
        try:
            for block in self.blocks(game, scene):
                if not budget.left(game.asked):
                    game.not_exhaustive()
                    break
                if not game.asked:
                    self.check_told(block)
                if self._ask(game, block.take(slice(0, budget.left(game.asked))), watch):
                    break
            if watch is not None and game.asked and not game.exhaustive:
                watch.enough(game.asked)
        except KeyboardInterrupt as error:
            return self._interrupted(error, game)
        if not game.asked:
            raise InputError(f"{self.recipe.stages['sampler']} drew nothing")
        reason = budget.reason(game.asked, exhaustive=game.exhaustive)
        if watch is None or game.exhaustive:
            return Outcome(reason)
        reason, texts = watch.ended(reason, game.columns)
        doubts = tuple(Caution("not_stable", text) for text in texts)
        return Outcome(reason, doubts=doubts, watched=watch.to_mapping(), settled=watch.settled)

    def check_told(self, first: Draws) -> None:
        """See that what goes by standard errors gets enough of the sampler's rows, before the model is asked."""
        if isinstance(self.recipe.samples, Auto) and not first.exhaustive:
            check_groups(self.recipe.samples, first)
        if first.groups is None or (first.groups >= 0).any():
            return
        selector, faults = self.recipe.stages["selector"], []
        if isinstance(self.recipe.samples, Auto):
            faults.append('samples = "auto" tells when to stop: take another sampler, or give a number of samples')
        if "errors" in selector.plugin.needs:
            faults.append(f"{selector} picks segments: take another sampler, such as 'paired', or the selector 'all'")
        if faults:
            sampler = self.recipe.stages["sampler"]
            why = f"rows of {sampler} are not independent and have no intervals, by which"
            raise RecipeError([f"{why} {fault}" for fault in faults])

    def _interrupted(self, error: KeyboardInterrupt, game: Game, how: str = "") -> Outcome:
        """Return how an interrupted game ended, of which what was drawn is explained.

        Raises:
            KeyboardInterrupt: that one, where there is nothing to explain.
        """
        if game.asked < 2:
            raise error
        game.not_exhaustive()
        text = f"interrupted after {game.before + game.asked} of {self.most} samples{how}"
        return Outcome(text, cautions=(Caution("interrupted", text),))

    def blocks(self, game: Game, scene: Scene) -> Iterator[Draws]:
        """Yield the sampler's blocks; a filler with a choice to make is given one number a row, from its own stream."""
        blocks = self._drawn(scene)
        if not getattr(game.composer, "random", False):
            yield from blocks
            return
        blocks, chance = all_luck(blocks), self.stream("filler draws")
        for times in count():
            law = []
            for block in blocks:
                yield _numbered(block, times, game.composer, chance)
                law += [block] if block.exhaustive else []
            if not law:
                return
            # all combinations once are not all there is to see: each again, filled otherwise, while the budget lasts
            blocks = iter(law)

    def _drawn(self, scene: Scene) -> Iterator[Draws]:
        """Yield what the sampler draws, checked, without empty blocks."""
        sampler = self.recipe.stages["sampler"]
        blocks = sampler(scene.instance, scene.segments, self.most, self.stream("samplers"))
        first = True
        with sampler.noted():
            for block in blocks:
                draws = contracts.check_draws(block, scene.segments, sampler, first=first)
                if len(draws):
                    first = False
                    yield draws

    def _assemble(self, game: Game, scene: Scene, outcome: Outcome, around: Neighbourhood) -> Explanation:
        """Fit, ask what-if, check, tell where it comes from."""
        distinct, cautions, asked = game.distinct, outcome.cautions, dict[int, WhatIf]()
        around = around.knowing({})
        with self.timed("surrogates"):
            by_label = dict(zip(game.columns, outcome.fits or self.fit(around), strict=True))
        if self.recipe.what_if and not cautions:
            with self.timed("what_if"):
                asked, cautions = ask_what_if(game, around, by_label, self.recipe.what_if)
        with self.timed("health"):
            scores: list[float | None] = [None] * len(by_label)
            if outcome.fits is None:
                scores, unfitted = cross_fitted(around, self.fit, self.stream("health"))
                cautions += unfitted
            cautions += outcome.doubts + of_notes(scene.photo, scene.segments, scene.notes) + of_play(game)
            health = examine(
                around, by_label, scores=scores, distinct=distinct, stopped=outcome.stopped, extra=cautions,
                unit=self.unit, pictured=scene.frame is not None, settled=outcome.settled,
            )  # fmt: skip
        names = {label: game.names[label] for label in game.columns}
        provenance = made_by(self.recipe, self.model, scene.photo, game, self.seconds, self.registry)
        provenance |= {"stopping": outcome.watched} if outcome.watched else {}
        return Explanation(
            scene.photo, scene.segments, scene.frame, around.knowing(None), by_label, names, game.outlook(10), health,
            provenance, asked,
        )  # fmt: skip

    def _neighbourhood(self, game: Game, kernel: Stage | None) -> Neighbourhood:
        """Return everything asked so far, weighed by a kernel or all alike."""
        with self.timed("kernels"):
            return _around(game, kernel)

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
            part = around.take(columns=slice(None) if len(columns) == width else columns, targets=targets)
            made = surrogate(part, self.stream("surrogates"))
            made = contracts.check_fits(made, len(targets), len(columns), surrogate)
            for target, fit in zip(targets, made, strict=True):
                fits[target] = replace(fit.widened(columns, width), columns=picks[target])
        return [fits[target] for target in range(count)]

    def _keep(self, error: Any, game: Game, scene: Scene, *, played: bool) -> None:
        """Hang what was paid for before `error` on it, as ``error.partial``; `played`: a later stage has failed."""
        error.partial = None
        # it may be what failed, and would fail again
        self.on_progress = None
        if game.asked < 2:
            return
        name, kernel = type(error).__name__, self.recipe.stages["kernel"]
        try:
            if played:
                text = f"{name} after all {game.asked} samples: fitted plainly instead, by ridge with no kernel"
                around = self._neighbourhood(game, kernel=None)
                fits = linear_fits(around, 1.0)
            else:
                text = f"{name} after {game.asked} of {self.most} samples"
                game.not_exhaustive()
                around, fits = self._neighbourhood(game, kernel), None
            error.partial = self._assemble(game, scene, Outcome(text, fits, (Caution("failed", text),)), around)
            error.add_note(f"{text}; an explanation of these was kept (in Python: error.partial)")
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell of
            error.add_note(f"what was computed could not be explained either: {second}")


def _around(game: Game, kernel: Stage | None) -> Neighbourhood:
    draws, targets = game.drawn()
    assert draws.importance is not None
    assert draws.groups is not None
    weights = draws.importance
    if kernel is not None:
        closeness = contracts.check_weights(kernel(draws, game.composer), len(draws), kernel)
        weights = contracts.check_weights(closeness * weights, len(draws), "kernel x importance")
    chance = getattr(game.composer, "random", False)
    return Neighbourhood(draws.codes, targets, weights, draws.groups, draws.exhaustive, filled_by_chance=chance)


def cut(
    source: Any, model: Model, recipe: Recipe, registry: Registry | None = None
) -> tuple[Instance, Segments, View | None]:
    """Cut an instance into segments as `explain` would, without asking the model anything.

    Returns:
        the instance as it was given, its segments in the model's frame, and that frame.
    """
    scene = Run(recipe, model, registry or default_registry()).scene(source)
    return scene.photo, scene.segments, scene.frame


def _ended(game: Game, scene: Scene) -> tuple[Game, Scene]:
    """Return the game that is left after refinements, and its scene."""
    last = game.last
    return last, scene if last is game or last.segments is None else replace(scene, segments=last.segments)


def _numbered(draws: Draws, times: int, composer: Composer, chance: np.random.Generator) -> Draws:
    """Give each row the number by which a filler makes its choice; nothing is exhaustive any more.

    Rows of one group share it: complements that show different backgrounds would not cancel. The same draws `times`
    before have groups of their own.
    """
    # the background itself where that is all it decides, so that equal rows are predicted once
    most = getattr(composer, "alternatives", 2**64)
    numbers = chance.integers(0, most, size=len(draws), dtype=np.uint64)
    groups = draws.groups
    if groups is not None:
        _, first, group = np.unique(groups, return_index=True, return_inverse=True)
        numbers = numbers[first][group]
        groups = groups + times * (int(groups.max()) + 1)
    return replace(draws, values={**draws.values, "draw": numbers}, groups=groups, exhaustive=False)
