"""Judging explanations: what `limefw.evaluate` does."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw import contracts
from limefw.caching.opening import Caching, using
from limefw.discovery import Registry
from limefw.discovery import registry as default_registry
from limefw.errors import InputError, LimefwError, RecipeError, UnknownPluginError
from limefw.evaluation.masks import read_mask
from limefw.evaluation.replay import Replay
from limefw.evaluation.result import Evaluation, Figures, Verdict
from limefw.game import Cache, Listener
from limefw.inputs.loading import read
from limefw.pipeline import Explainer, derived, recipe_for, said, stream
from limefw.recipe import Label, Recipe, build
from limefw.results.explanation import Explanation, noun_of
from limefw.stage import Plugin, Stage
from limefw.types import Instance, Model


DEFAULT = ("fidelity", "deletion", "insertion", "effort")
"""The metrics that are taken where none is named."""


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """One instance that is judged.

    Args:
        instance: it.
        explanation: of it, or None: it is still to be explained.
        recipe: by which.
        stages: the metrics, by what they are called.
        mask: where the thing meant lies, or None.
        seed: of the metrics.
        refused: metrics that cannot judge this one, and why.
    """

    instance: Instance
    explanation: Explanation | None
    recipe: Recipe
    stages: Mapping[str, Stage]
    mask: NDArray[np.bool_] | None
    seed: int
    refused: Mapping[str, str]


def evaluate(
    instances: Any,
    model: Any = None,
    /,
    *,
    metrics: Any = DEFAULT,
    recipe: Any = None,
    overrides: Mapping[str, Any] | None = None,
    masks: Any = None,
    labels: Label | Sequence[Label] | None = None,
    samples: int | str | Mapping[str, Any] | None = None,
    seed: int | None = None,
    chunk: int | None = None,
    cache: Caching = None,
    on_progress: Listener | None = None,
    registry: Registry | None = None,
) -> Evaluation:
    """Explain, and say by metrics how good that explanation is; or judge explanations that are there already.

    The metrics of an instance share one game: a row that two of them ask is asked once. What they ask is counted
    beside the explanation's own effort. They judge the first label. One that fails is reported, and the others go on.

    Args:
        instances: whatever `limefw.explain` takes, an explanation, or a list of such things.
        model: as `limefw.explain` has it; of a finished explanation the one that was explained.
        metrics: names, mappings ``{"use": name, parameter: value}``, or functions of a metric's call shape.
        recipe: as `limefw.explain` has it; of a finished explanation by default the one that it was made by.
        overrides: settings on top of it, stages too: ``{"segmenter": "slic"}``.
        masks: where the thing meant lies, for metrics that want to know: an array in the instance's shape or a picture
            file; for several instances a list with a mask or None for each.
        labels: as `limefw.explain` has them; the first is judged.
        samples: rows drawn for each explanation at the most, or "auto", as `limefw.explain` has it.
        seed: of explanations and metrics; each of several instances has its own, made of this and its place.
        chunk: rows per model call.
        cache: as `limefw.explain` has it; for what metrics ask too.
        on_progress: told after every chunk and every stage.
        registry: where the plug-ins are; the process's own by default.

    Returns:
        The figures. Ctrl-C gives back those that there are by then.

    Raises:
        UnknownPluginError: there is no such metric, or no such stage.
        RecipeError: faults of the recipe or of a metric's parameters.
        InputError: a metric lacks its mask or is for another modality; a mask does not fit; an explanation is of
            another model. All of this but the last is said before the model is asked anything.
        LimefwError: what `limefw.explain` raises, where there is one instance alone.
    """
    known = registry or default_registry()
    sources = list(instances) if isinstance(instances, list | tuple) else [instances]
    given = _masks(masks, len(sources))
    masked = any(mask is not None for mask in given)
    if not sources:
        raise InputError("there is nothing to judge: give at least one instance or explanation")
    asked = _asked(metrics)
    settings = {**(overrides or {}), **said({"labels": labels, "samples": samples, "seed": seed})}
    _check_known(asked, known)
    cases = [
        _case(source, mask, asked, recipe, settings, known, number if len(sources) > 1 else None, masked=masked)
        for number, (source, mask) in enumerate(zip(sources, given, strict=True))
    ]
    loaded = Explainer(model, recipe=cases[0].recipe, registry=known).model
    with using(cache) as kept:
        verdicts, interrupted = _verdicts(cases, loaded, chunk, kept, on_progress, known)
    known_figures = {name: stage.plugin.figures for case in cases for name, stage in case.stages.items()}
    if masked and not any("mask" in stage.plugin.needs for case in cases for stage in case.stages.values()):
        able = " and ".join(found.plugin.name for found in known.all("metrics") if "mask" in found.plugin.needs)
        note = f"masks were given, and none of these metrics needs one: {', '.join(asked)} ({able} do)"
        verdicts = [replace(verdict, notes=(*verdict.notes, note)) for verdict in verdicts]
    return Evaluation(_named(verdicts), _settings(cases), interrupted, known_figures)


def _verdicts(
    cases: Sequence[_Case],
    model: Model,
    chunk: int | None,
    cache: Cache | None,
    listen: Listener | None,
    registry: Registry,
) -> tuple[list[Verdict], bool]:
    """Return what is said of each, and whether it was interrupted."""
    verdicts, interrupted = list[Verdict](), False
    for case in cases:
        if not case.stages:
            verdicts.append(Verdict(case.instance.name, {}, case.refused))
            continue
        try:
            explanation, own = _explained(case, model, chunk, cache, listen, registry)
            replay = Replay(explanation, own, model, registry, case.mask, case.seed, chunk, listen, cache=cache)
            if case.explanation is not None:
                # once, before any figure: metrics that ask nothing would not notice that it is another model
                replay.open()
        except KeyboardInterrupt:
            if not verdicts:
                raise
            interrupted = True
            break
        except Exception as error:
            if len(cases) == 1:
                raise
            verdicts.append(Verdict(case.instance.name, {}, {"explanation": _told(error)}))
            continue
        verdict, interrupted = _judged(replay, case.stages)
        verdicts.append(replace(verdict, failures={**verdict.failures, **case.refused}))
        if interrupted:
            break
    return verdicts, interrupted


def _explained(
    case: _Case, model: Model, chunk: int | None, cache: Cache | None, listen: Listener | None, registry: Registry
) -> tuple[Explanation, Recipe]:
    """Return the explanation that is judged, and the recipe by which it was made.

    Raises:
        KeyboardInterrupt: also where `explain` would have given back what was drawn until then.
    """
    if case.explanation is not None:
        return case.explanation, case.recipe
    explainer = Explainer(model, recipe=case.recipe, chunk=chunk, cache=cache, on_progress=listen, registry=registry)
    made = explainer(case.instance)
    if made.health.has("interrupted"):
        raise KeyboardInterrupt
    return made, case.recipe


def _masks(masks: Any, count: int) -> list[Any]:
    """Return a mask or None for each instance."""
    if masks is None:
        return [None] * count
    if count == 1 and not isinstance(masks, list | tuple):
        return [masks]
    if not isinstance(masks, list | tuple) or len(masks) != count:
        have = len(masks) if isinstance(masks, list | tuple) else 1
        raise InputError(f"there are {count} instances and {have} masks: give a list with a mask or None for each")
    return list(masks)


def _asked(metrics: Any) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Return plug-ins' names or functions and parameters by what each metric is called; a second one is numbered."""
    items = [metrics] if isinstance(metrics, str | Mapping) or callable(metrics) else list(metrics)
    if not items:
        raise RecipeError(["metrics: name at least one"])
    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    for item in items:
        params = dict(item) if isinstance(item, Mapping) else {"use": item}
        use = params.pop("use", None)
        if not isinstance(use, str) and not callable(use):
            raise RecipeError([f'a metric is a name, a function, or a mapping that has "use", got {item!r}'])
        name = use if isinstance(use, str) else getattr(use, "__name__", type(use).__name__)
        found[_free(name, found)] = (use, params)
    return found


def _free(name: str, taken: Any) -> str:
    """Return `name`, with a number where it is taken."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def check_metrics(metrics: Any, instance: Instance, registry: Registry) -> None:
    """See that there are such metrics, and that they can judge such an instance without a mask.

    Raises:
        UnknownPluginError: there is no such metric.
        RecipeError: its parameters are wrong.
        InputError: it is for another modality, or needs a mask.
    """
    asked = _asked(metrics)
    _check_known(asked, registry)
    for use, params in asked.values():
        if "mask" in _stage(use, params, instance, registry).plugin.needs:
            raise InputError(_no_mask(use, instance))


def _check_known(asked: Mapping[str, tuple[Any, Any]], registry: Registry) -> None:
    """Refuse metrics that no modality has, all at once."""
    own = {name.partition("_")[2] for name in registry.names("metrics")}
    faults: list[str] = []
    for use, _ in asked.values():
        if isinstance(use, str) and use not in own:
            try:
                registry.lookup("metrics", use)
            except UnknownPluginError as error:
                faults += error.problems
    if faults:
        raise UnknownPluginError(faults)


def _case(
    source: Any,
    mask: Any,
    asked: Mapping[str, tuple[Any, Mapping[str, Any]]],
    recipe: Any,
    settings: Mapping[str, Any],
    registry: Registry,
    number: int | None,
    *,
    masked: bool,
) -> _Case:
    """Read and check everything about one instance that costs no model call.

    Where others are `masked`, one without a mask is judged by what needs none.
    """
    if isinstance(source, Explanation):
        explanation, instance = source, source.instance
        settled = _recipe_of(source, recipe, settings, registry)
    else:
        explanation = None
        if recipe is None:
            settled = recipe_for(source, settings, registry)
        else:
            settled = build(recipe, registry=registry, overrides=settings)
        if number is not None:
            settled = replace(settled, seed=derived(settled.seed, number))
        meant = settled.stages["segmenter"].plugin.modality
        instance = read(source, settled.stages.get("reader"), registry, meant)
    found = None if mask is None else read_mask(mask, instance)
    stages, refused = dict[str, Stage](), dict[str, str]()
    for name, (use, params) in asked.items():
        stage = _stage(use, params, instance, registry)
        if found is not None or "mask" not in stage.plugin.needs:
            stages[name] = stage
        elif masked:
            refused[name] = f"metric {use!r} needs a mask of {instance.name!r}, and it has none"
        else:
            raise InputError(_no_mask(use, instance))
    seed = int(settings.get("seed", settled.seed)) if explanation is not None else settled.seed
    return _Case(instance, explanation, settled, stages, found, seed, refused)


def _recipe_of(explanation: Explanation, recipe: Any, settings: Mapping[str, Any], registry: Registry) -> Recipe:
    """Return the recipe that is given, else the one that an explanation was made by."""
    wrong = sorted({"labels", "samples"} & set(settings))
    if wrong:
        raise InputError(f"an explanation that is there already has its {' and '.join(wrong)}: leave that out")
    made: dict[str, Any] = dict(explanation.provenance.get("recipe", {}))
    settings = {key: value for key, value in settings.items() if key != "seed"}
    if recipe is None:
        inline = [key for key, item in made.items() if isinstance(item, Mapping) and item.get("use") == "inline"]
        lacking = [key for key in inline if key not in settings]
        if lacking or not made:
            what = (
                f"with a function given in code as {' and '.join(lacking)}" if made else "by a recipe that is not known"
            )
            raise InputError(f"{explanation.instance.name!r} was explained {what}: give that recipe, recipe=...")
        recipe = {key: value for key, value in made.items() if key not in ("reader", "renderers")}
    # what a random filler shows hangs on the seed
    return replace(build(recipe, registry=registry, overrides=settings), seed=int(made.get("seed", 0)))


def _no_mask(use: str, instance: Instance) -> str:
    return (
        f"metric {use!r} needs a mask of {instance.name!r}, which says where the thing meant lies: give masks=..., on "
        "the command line --mask FILE"
    )


def _stage(use: Any, params: Mapping[str, Any], instance: Instance, registry: Registry) -> Stage:
    """Return a settled metric that can judge this instance.

    Raises:
        InputError: it cannot.
    """
    if callable(use):
        name = getattr(use, "__name__", type(use).__name__)
        return Stage.of("metrics", Plugin(name, use, summary="given in code"), params)
    with suppress(UnknownPluginError):
        stage = Stage.of("metrics", registry.suited("metrics", use, instance.modality), params)
        stage.check_installed()
        if stage.plugin.modality not in (None, instance.modality):
            raise InputError(_for_others(use, instance, registry))
        return stage
    raise InputError(_for_others(use, instance, registry))


def _for_others(use: str, instance: Instance, registry: Registry) -> str:
    """Say which modalities a metric is for."""
    plugins = [found.plugin for found in registry.all("metrics")]
    meant = [one.modality for one in plugins if use in (one.name, one.name.removeprefix(f"{one.modality}_"))]
    return f"metric {use!r} is for {' and '.join(map(str, meant))}, and this is {instance.modality}"


def _judged(replay: Replay, stages: Mapping[str, Stage]) -> tuple[Verdict, bool]:
    """Run the metrics on one explanation, and say whether they were interrupted."""
    explanation = replay.explanation
    figures: dict[str, Figures] = {}
    failures: dict[str, str] = {}
    spent: dict[str, Figures] = {}
    interrupted = False
    for name, stage in stages.items():
        before, started = replay.spent, time.perf_counter()
        try:
            made = stage(explanation, replay, stream(replay.seed, f"metrics {name}"))
            figures[name] = contracts.check_metrics(made, stage)
        except KeyboardInterrupt:
            interrupted = True
        except Exception as error:  # noqa: BLE001 - reported, and the others go on
            failures[name] = _told(error)
        after = replay.spent
        spent[name] = {
            "rows": after["rows"] - before["rows"],
            "calls": after["calls"] - before["calls"],
            "seconds": time.perf_counter() - started,
        }
        if interrupted:
            break
    notes: tuple[str, ...] = (
        () if replay.filled_alike else ("hidden segments show something else now than when it was explained",)
    )
    if explanation.health.has("not_stable"):
        notes += ("its strongest segments are not known to be stable: another run may name others",)
    label = explanation.names[explanation.labels[0]]
    target = noun_of(explanation.provenance)
    return Verdict(explanation.instance.name, figures, failures, spent, explanation, label, notes, target), interrupted


def _told(error: BaseException) -> str:
    return str(error) if isinstance(error, LimefwError) else f"{type(error).__name__}: {error}"


def _named(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Number those whose name another one has."""
    taken: dict[str, Verdict] = {}
    for verdict in verdicts:
        name = _free(verdict.name, taken)
        taken[name] = replace(verdict, name=name)
    return tuple(taken.values())


def _settings(cases: Sequence[_Case]) -> dict[str, Mapping[str, Any]]:
    return {name: stage.to_mapping() for case in cases for name, stage in case.stages.items()}
