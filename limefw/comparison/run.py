"""Explaining the same instances in several ways: what `limefw.compare` does."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from limefw.caching.opening import Caching, using
from limefw.comparison.result import Cell, Comparison, Side
from limefw.comparison.sharing import Rows, Shared, SharedRun, Spent
from limefw.comparison.variants import Variant, variants_of
from limefw.discovery import Registry
from limefw.discovery import registry as default_registry
from limefw.errors import InputError, LimefwError, RecipeError
from limefw.evaluation.run import check_metrics, evaluate
from limefw.game import Cache, Listener
from limefw.inputs.loading import modality_of, read
from limefw.inputs.loading import model as load_model
from limefw.modalities.table import Table
from limefw.pipeline import derived, said
from limefw.recipe import Label, Recipe, default_for
from limefw.results.explanation import Explanation
from limefw.types import Event, Instance, Model


SAME = {
    "reader": "read the inputs yourself, and compare those",
    "model": "give several by name, models={...} or --against",
}
"""Stages that cannot be varied, and what to do instead."""

LETTERS = 40
"""Of a text, by which it is called."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What is to be done.

    Args:
        variants: each with its recipe.
        instances: read, or why they could not be.
        seeds: numbers of the seeds, added to each recipe's own.
        metrics: taken of each explanation.
        over: settings on top of every variant.
        chunk: rows per model call.
        listen: told of progress.
        registry: where the plug-ins are.
    """

    variants: tuple[Variant, ...]
    instances: tuple[Instance | Exception, ...]
    seeds: tuple[int, ...]
    metrics: tuple[Any, ...]
    over: Mapping[str, Any]
    chunk: int | None
    listen: Listener | None
    registry: Registry


def compare(
    instances: Any,
    model: Any = None,
    /,
    *,
    variants: Any = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
    models: Mapping[str, Any] | None = None,
    recipe: Any = None,
    overrides: Mapping[str, Any] | None = None,
    labels: Label | Sequence[Label] | None = None,
    budget: int | None = None,
    seeds: int | Sequence[int] = 1,
    metrics: Any = (),
    top: int = 5,
    chunk: int | None = None,
    cache: Caching = None,
    on_progress: Listener | None = None,
    registry: Registry | None = None,
) -> Comparison:
    """Explain the same instances in several ways, and say how far the answers agree.

    Every stage that variants share is run once, and every row is predicted once, whichever of them asks for it:
    surrogates, kernels, selectors and labels of one design cost the model calls of a single explanation. The effects
    are those of single explanations, to the last bit. The model is not asked what-if.

    Args:
        instances: whatever `limefw.explain` takes, an explanation of such a thing, or a list of them, of one modality;
            of a Table all rows.
        model: as there.
        variants: a list of recipes; a mapping from names to recipes, or to settings that may say ``extends``; a file
            with ``[variants.NAME]`` tables. None: what `vary` makes of `recipe`.
        vary: settings and the values that each takes, in all combinations, on top of each variant:
            ``{"segmenter": ["slic", "quickshift"], "surrogate.alpha": [0.01, 1.0]}``.
        models: several models by name, in place of one.
        recipe: of variants that name none; None: the one for what is explained.
        overrides: settings on top of all variants.
        labels: of all variants, as `limefw.explain` has them; the first is compared.
        budget: rows that each variant may draw, the same for all; None: what each recipe says.
        seeds: how often each is repeated, with seeds one apart, or what is added to each recipe's seed. Of several
            instances each has a seed of its own, as `explain_many` gives them. With three or more it can be told which
            differences are more than chance.
        metrics: as `limefw.evaluate` has them; most of them ask the model more. None are taken by default: R2 on
            samples left out costs nothing.
        top: how many of the strongest segments agreement is told by, 1 to 10.
        chunk: rows per model call.
        cache: as `limefw.explain` has it: keeps predictions between runs. Within one they are kept anyhow.
        on_progress: told after every chunk, every stage and, as stage "comparison", every explanation.
        registry: where the plug-ins are; the process's own by default.

    Returns:
        The comparison. What fails is in it with the reason, and the others go on; Ctrl-C gives back what there is.

    Raises:
        RecipeError: the variants' faults, all at once, before the model is asked anything.
        InputError: there is nothing to compare, seeds, top or instances make no sense, or nothing could be explained.
    """
    known = registry or default_registry()
    instances = _sources(instances)
    over = said({"labels": labels, "samples": _number(budget, "budget", 2)})
    found = variants_of(variants, vary, recipe, dict(overrides or {}))
    asked = (metrics,) if isinstance(metrics, str | Mapping) or callable(metrics) else tuple(metrics)
    plan = _Plan(
        found, _read(instances, found, over, known), _seeds(seeds), asked, {**over, "what_if": 0}, chunk, on_progress,
        known,
    )  # fmt: skip
    top = _number(top, "top", 1, 10) or 5
    recipes = _recipes(plan)
    if asked:
        check_metrics(asked, next(one for one in plan.instances if not isinstance(one, Exception)), known)
    loaded = _models(model, models, recipes, known)
    sides = [Side(_side_name(one.name, name, found, loaded), one.name, name, recipes[at].described())
             for name in loaded for at, one in enumerate(found)]  # fmt: skip
    spent, started = Spent(), time.perf_counter()
    cells, interrupted = list[Cell](), False
    try:
        with using(cache) as kept:
            for cell in _cells(plan, recipes, {name: spent.counted(one) for name, one in loaded.items()}, kept):
                cells.append(cell)
                _tell(plan, len(cells), len(sides), time.perf_counter() - started)
    except KeyboardInterrupt as error:
        cells += getattr(error, "finished", [])
        if not cells:
            raise
        interrupted = True
    _raise_where_all_failed(cells)
    totals = {"rows": float(spent.rows), "calls": float(spent.calls), "seconds": spent.seconds,
              "seconds_in_all": time.perf_counter() - started}  # fmt: skip
    names = _unique(_names(instances, plan.instances))
    return Comparison(tuple(sides), names, len(plan.seeds), tuple(cells), top, totals, interrupted)


def _cells(plan: _Plan, recipes: Sequence[Recipe], models: Mapping[str, Model], cache: Cache | None) -> Iterator[Cell]:
    """Explain: an instance by one model after the other, all variants with one seed before the next."""
    for at, instance in enumerate(plan.instances):
        for number, model in enumerate(models.values()):
            shared = Shared()
            # what no fingerprint tells from another model stays in memory
            rows = Rows(None if model.fingerprint is None else cache, f"model {number}")
            for run, extra in enumerate(plan.seeds):
                for which, recipe in enumerate(recipes):
                    side = number * len(plan.variants) + which
                    if isinstance(instance, Exception):
                        yield Cell(side, at, extra, run, failure=_reason(instance))
                        continue
                    yield _cell(plan, recipe, Cell(side, at, extra, run), instance, model, rows, shared)
                shared.played.clear()


def _cell(
    plan: _Plan, recipe: Recipe, cell: Cell, instance: Instance, model: Model, rows: Rows, shared: Shared
) -> Cell:
    """Explain one instance in one way, and judge it; what fails has the reason."""
    try:
        base = recipe.seed + cell.seed
        seed = base if len(plan.instances) == 1 else derived(base, cell.instance)
        recipe = replace(recipe, seed=seed)
        cell = replace(cell, seed=seed)
        run = SharedRun(recipe, model, plan.registry, plan.chunk, rows, plan.listen, shared=shared)
        made = run.explain(instance)
    except Exception as error:  # noqa: BLE001 - told with the result, and the others go on
        return replace(cell, failure=_reason(error))
    if made.health.has("interrupted"):
        raise KeyboardInterrupt
    return _judged(plan, replace(cell, explanation=made), made, model, recipe, rows)


def _judged(plan: _Plan, cell: Cell, made: Explanation, model: Model, recipe: Recipe, rows: Rows) -> Cell:
    """Return a cell with its metrics' figures."""
    if not plan.metrics:
        return cell
    try:
        found = evaluate(
            made, model, metrics=plan.metrics, recipe=recipe, cache=rows, chunk=plan.chunk, on_progress=plan.listen,
            registry=plan.registry,
        )  # fmt: skip
    except KeyboardInterrupt as error:
        vars(error)["finished"] = [cell]
        raise
    except Exception as error:  # noqa: BLE001 - the explanation is there all the same
        return replace(cell, failures={"metrics": _reason(error)})
    if found.interrupted:
        stopped = KeyboardInterrupt()
        vars(stopped)["finished"] = [cell]
        raise stopped
    verdict = found[0]
    figures = {f"{metric}.{name}": value for metric in verdict for name, value in verdict[metric].items()}
    asked = {key: sum(one.get(key, 0.0) for one in verdict.spent.values()) for key in ("rows", "calls", "seconds")}
    return replace(cell, figures=figures, failures=dict(verdict.failures), asked=asked)


def _read(
    instances: Any, variants: Sequence[Variant], over: Mapping[str, Any], registry: Registry
) -> tuple[Instance | Exception, ...]:
    """Read what is explained; where one of several cannot be read, the error stands in its place."""
    sources = _sources(instances)
    if not sources:
        raise InputError("there is nothing to compare explanations of: give at least one instance")
    found: list[Instance | Exception] = []
    for source in sources:
        try:
            found.append(_instance(source, variants[0], over, registry))
        except Exception as error:
            if len(sources) == 1:
                raise
            found.append(error)
    readable = [one for one in found if not isinstance(one, Exception)]
    if not readable:
        raise next(one for one in found if isinstance(one, Exception))
    kinds = sorted({one.modality for one in readable})
    if len(kinds) > 1:
        raise InputError(f"these are {' and '.join(kinds)}: compare instances of one modality at a time")
    return tuple(found)


def _sources(instances: Any) -> list[Any]:
    """Return what is explained: a list's items, a table's rows; of an explanation what was explained."""
    if isinstance(instances, Table):
        given: list[Any] = [instances.row(at) for at in range(len(instances))]
    else:
        given = list(instances) if isinstance(instances, list | tuple | Iterator) else [instances]
    return [one.instance if isinstance(one, Explanation) else one for one in given]


def _instance(source: Any, variant: Variant, over: Mapping[str, Any], registry: Registry) -> Instance:
    """Read one, as the first variant's recipe has it; its faults are told with those of the others."""
    try:
        recipe = variant.settled(default_for(modality_of(source, None, registry), registry), registry, over)
    except RecipeError:
        return read(source, None, registry)
    return read(source, recipe.stages.get("reader"), registry, recipe.stages["segmenter"].plugin.modality)


def _recipes(plan: _Plan) -> list[Recipe]:
    """Return every variant's recipe for what is explained.

    Raises:
        RecipeError: the faults of all of them, each with the variant's name.
    """
    modality = next(one.modality for one in plan.instances if not isinstance(one, Exception))
    recipes, faults = list[Recipe](), list[str]()
    for variant in plan.variants:
        try:
            recipe = variant.settled(default_for(modality, plan.registry), plan.registry, plan.over)
            for stage in recipe.stages.values():
                stage.check_installed()
            recipes.append(recipe)
        except RecipeError as error:
            faults += [f"variant {variant.name!r}: {problem}" for problem in error.problems]
    for key, instead in SAME.items():
        if len({str(recipe.stages[key].to_mapping()) if key in recipe.stages else "" for recipe in recipes}) > 1:
            faults.append(f"the {key} is one for all variants: {instead}")
    faults += _overlapping(plan, recipes)
    if faults:
        raise RecipeError(faults)
    return recipes


def _overlapping(plan: _Plan, recipes: Sequence[Recipe]) -> list[str]:
    """Tell of variants that have some seeds in common and others not: what is common luck could not be told."""
    seeds = [{recipe.seed + extra for extra in plan.seeds} for recipe in recipes]
    named = list(zip([variant.name for variant in plan.variants], seeds, strict=False))
    pairs = [(one, two) for (one, first), (two, second) in combinations(named, 2) if first != second and first & second]
    return [
        f"variants {one!r} and {two!r} share some seeds and not others: set them further apart"
        for one, two in pairs[:1]
    ]


def _models(
    model: Any, models: Mapping[str, Any] | None, recipes: Sequence[Recipe], registry: Registry
) -> dict[str, Model]:
    """Return the loaded models by name."""
    if models is not None and model is not None:
        raise InputError("give one model, or several by name as models={...}, not both")
    if models is not None and (not isinstance(models, Mapping) or not models):
        raise InputError(f"models are given by name, models={{'old': ..., 'new': ...}}, got {models!r}")
    adapter = recipes[0].stages.get("model")
    use: Any = adapter.to_mapping() if adapter else "auto"
    if models is None:
        loaded = load_model(model, use=use, registry=registry)
        return {loaded.name: loaded}
    return {str(name): load_model(one, use=use, registry=registry) for name, one in models.items()}


def _side_name(variant: str, model: str, variants: Sequence[Variant], models: Mapping[str, Model]) -> str:
    if len(models) == 1:
        return variant
    return model if len(variants) == 1 else f"{variant}, {model}"


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, int | np.integer) and not isinstance(seeds, bool):
        return tuple(range(_number(seeds, "seeds", 1, 100) or 1))
    given: Any = seeds  # whatever it is called with
    try:
        found = () if isinstance(given, str) else tuple(int(seed) for seed in given)
    except (TypeError, ValueError):
        raise InputError(f"seeds are how many, or a list of whole numbers, got {seeds!r}") from None
    if not found or min(found) < 0 or len(set(found)) < len(found):
        raise InputError(f"seeds are different whole numbers of at least 0, got {seeds!r}")
    return found


def _number(value: Any, name: str, least: int, most: int | None = None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least or value > (most or value):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be a whole number {limits}, got {value!r}")
    return int(value)


def _tell(plan: _Plan, done: int, sides: int, seconds: float) -> None:
    if plan.listen is not None:
        total = sides * len(plan.instances) * len(plan.seeds)
        plan.listen(Event("comparison", done, total, seconds, finished=done == total))


def _raise_where_all_failed(cells: Sequence[Cell]) -> None:
    if any(cell.explanation is not None for cell in cells):
        return
    reasons = list(dict.fromkeys(cell.failure for cell in cells))
    more = f" ({len(reasons) - 1} other reasons beside)" if len(reasons) > 1 else ""
    raise InputError(f"nothing could be explained: {reasons[0]}{more}")


def _reason(error: BaseException) -> str:
    said = str(error) if isinstance(error, LimefwError) else f"{type(error).__name__}: {error}"
    return " ".join([said, *(f"({note})" for note in getattr(error, "__notes__", ()) if "error.partial" not in note)])


def _names(sources: Any, instances: Sequence[Instance | Exception]) -> list[str]:
    """Return what each is called: a text by its first words, what could not be read by its file or its place."""
    found = []
    for at, (source, one) in enumerate(zip(sources, instances, strict=True)):
        text = getattr(one, "string", None)
        if isinstance(one, Exception):
            found.append(Path(source).name if isinstance(source, os.PathLike) else f"instance {at + 1}")
        elif isinstance(source, str) and isinstance(text, str):
            first = " ".join(text.split())
            found.append(first if len(first) <= LETTERS else f"{first[: LETTERS - 1]}…")
        else:
            found.append(one.name)
    return found


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Number the names that others have too."""
    found: list[str] = []
    for name in names:
        free, number = name, 1
        while free in found:
            number += 1
            free = f"{name} ({number})"
        found.append(free)
    return tuple(found)
