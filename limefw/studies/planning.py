"""What an explanation will cost, before it is paid for."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from limefw.discovery import Registry
from limefw.game import Game
from limefw.inputs.loading import imported, names_function
from limefw.pipeline import Explainer, Run, Scene
from limefw.recipe import Label
from limefw.results.health import Caution, of_number, of_samples
from limefw.samples import Auto
from limefw.statistics.stopping import GROUPS_PER_SEGMENT, looks


TRIAL_SECONDS = 1.0
"""After so long no further call is timed."""

TRIAL_CALLS = 3
"""Calls that are timed at the most, after one that is not: the first is often slower."""


@dataclass(frozen=True, slots=True)
class Range:
    """From the least to the most; equal where it is known."""

    least: float
    most: float

    def __str__(self) -> str:
        least, most = (
            f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
            for value in (self.least, self.most)
        )
        return least if least == most else f"{least} to {most}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an explanation will cost.

    Args:
        name: of the instance.
        segments: that it was cut into.
        labels: how many are explained.
        rows: drawn by the sampler, the instance among them. A method draws by a loop of its own, of which only the most
            is known: rows, calls (one row at a time) and seconds are then from the instance alone to that.
        asked: different inputs that the model is shown, what-if questions included.
        chunk: inputs a call.
        calls: of the model.
        seconds: of cutting, composing and the model; fits come on top, below 200 segments a fraction of a second, and
            of automatic stopping a few looks (nine by default, at the most) of as much for each label.
        seconds_a_row: of composing and the model.
        timed_rows: that the model was shown to find out.
        memory: bytes of limefw's own arrays, beside what the model needs.
        exhaustive: all combinations there are will be drawn.
        cautions: what a report will say of so many rows and segments; nothing of a method's rows, nor of automatic
            stopping.
    """

    name: str
    segments: int
    labels: int
    rows: Range
    asked: Range
    chunk: int
    calls: Range
    seconds: Range
    seconds_a_row: float
    timed_rows: int
    memory: int
    exhaustive: bool
    cautions: tuple[Caution, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """Return every figure, for JSON."""
        return asdict(self)


def plan(
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
    registry: Registry | None = None,
) -> Plan:
    """Say what ``limefw.explain`` with the same arguments would cost, at the price of a few model calls.

    What a cache holds would cost less, and is counted in full.

    Args:
        instance: this and all that follows as for ``limefw.explain``.
        model: a callable, a model file, a limefw.Model; None: the embedded classifier.
        recipe: a name, a file, a mapping or a Recipe.
        labels: class indices, class names or "top:3".
        samples: a number, "auto", or a mapping; of these two the cost is a range.
        seed: of every random stream.
        what_if: how many of the strongest segments the model is asked without.
        reader: this and the stages below: a name, a mapping or a function.
        segmenter: the interpretable parts.
        sampler: which of them are hidden together.
        filler: what hidden parts show.
        target: what of the model's answer is explained.
        kernel: how much each draw counts.
        selector: which parts the surrogate may use.
        surrogate: the simple model.
        method: a loop of its own; then `samples` is what it may draw at the most.
        chunk: rows per model call.
        registry: where the plug-ins are.

    Raises:
        RecipeError: the recipe's faults, all at once.
        InputError: the instance cannot be explained.
        ModelError: what the model returned cannot be used.
    """
    if isinstance(target, str) and names_function(target):
        target = imported(target, "target")
    settings = {
        "labels": labels, "samples": samples, "seed": seed, "what_if": what_if, "reader": reader,
        "segmenter": segmenter, "sampler": sampler, "filler": filler, "target": target, "kernel": kernel,
        "selector": selector, "surrogate": surrogate, "method": method,
    }  # fmt: skip
    said = {key: value for key, value in settings.items() if value is not None}
    return planned(Explainer(model, recipe=recipe, overrides=said, chunk=chunk, registry=registry), instance)


def planned(explainer: Explainer, source: Any) -> Plan:
    """Say what an explainer would take for an instance."""
    started = time.perf_counter()
    source, run = explainer.run_for(source, {})
    scene, game = run.begin(source)
    cutting = time.perf_counter() - started
    a_row = _seconds_a_row(run, game, scene)
    timed = game.rows
    drawn = _drawn(run, game, scene)
    extra = _what_if_rows(run, game, scene)
    least = _least(run, drawn, scene)
    calls = drawn.calls if least == drawn.distinct else 1 + -(-(least - 1) // game.chunk_rows)
    asked = Range(least, drawn.distinct + extra)
    return Plan(
        name=scene.photo.name,
        segments=scene.segments.count,
        labels=len(game.columns),
        rows=Range(min(least, drawn.rows) if least < drawn.distinct else drawn.rows, drawn.rows),
        asked=asked,
        chunk=game.chunk_rows,
        calls=Range(calls, drawn.calls + -(-extra // game.chunk_rows)),
        seconds=Range(round(cutting + asked.least * a_row, 3), round(cutting + asked.most * a_row, 3)),
        seconds_a_row=a_row,
        timed_rows=timed,
        memory=_memory(game, scene, drawn),
        exhaustive=drawn.exhaustive,
        cautions=_cautions(run, drawn, scene),
    )


def _cautions(run: Run, drawn: "_Drawn", scene: Scene) -> tuple[Caution, ...]:
    """Return what can be said of the numbers of rows and segments before anything is paid for."""
    width = scene.segments.count
    found = of_number(width) if scene.frame is not None else []
    if "method" in run.recipe.stages:
        return tuple(found)
    settled = isinstance(run.recipe.samples, Auto)
    few = of_samples(drawn.rows, width, drawn.rows, drawn.groups, exhaustive=drawn.exhaustive, settled=settled)
    return (*few, *found)


def _least(run: Run, drawn: "_Drawn", scene: Scene) -> int:
    """Return how many different rows are drawn at the least."""
    if "method" in run.recipe.stages:
        return 1
    if isinstance(run.recipe.samples, Auto) and not drawn.exhaustive:
        # rows in pairs are half as many groups
        needed = GROUPS_PER_SEGMENT * scene.segments.count * drawn.rows / max(1, drawn.groups)
        return min(drawn.distinct, next(at for at in looks(run.most) if at >= needed or at == run.most))
    return drawn.distinct


@dataclass(slots=True)
class _Drawn:
    """What a sampler draws: rows, in groups, how many are different, model calls, bytes of a row's code and values."""

    rows: int = 0
    groups: int = 0
    distinct: int = 0
    calls: int = 0
    row_bytes: int = 0
    exhaustive: bool = False


def _seconds_a_row(run: Run, game: Game, scene: Scene) -> float:
    """Ask for the instance, which is checked by itself, and time a few chunks more."""
    seconds, rows, calls = 0.0, 0, 0
    for block in run.blocks(game, scene):
        if not game.asked:
            run.check_told(block)
        for start in range(0, len(block), game.chunk_rows):
            first, before, began = not game.asked, game.rows, time.perf_counter()
            game(block.take(slice(start, 1 if first else start + game.chunk_rows)))
            if game.rows > before and not first:
                calls, rows, seconds = calls + 1, rows + game.rows - before, seconds + time.perf_counter() - began
            if calls == TRIAL_CALLS or seconds > TRIAL_SECONDS:
                return seconds / rows
    return seconds / max(1, rows)


def _drawn(run: Run, game: Game, scene: Scene) -> _Drawn:
    """Draw everything, and ask for nothing."""
    found, seen, laws = _Drawn(), set[bytes](), []
    for block in run.blocks(game, scene):
        left = run.most - found.rows
        if left <= 0:
            laws.append(False)
            break
        part = block.take(slice(0, left))
        keys = game.keys(part)
        fresh = set(keys) - seen
        # the instance is asked for by itself
        found.calls += -(-(len(fresh) - (not seen)) // game.chunk_rows) + (not seen)
        seen |= fresh
        found.rows += len(part)
        found.groups += len(part if part.groups is None else np.unique(part.groups))
        found.row_bytes = part.codes[:1].nbytes + sum(values[:1].nbytes for values in part.values.values())
        laws.append(part.exhaustive)
    found.distinct, found.exhaustive = len(seen), bool(laws) and all(laws)
    if "method" not in run.recipe.stages:
        return found
    # it may refine what is drawn from, or ask for a few rows at a time
    return _Drawn(run.most, run.most, run.most, run.most, found.row_bytes)


def _what_if_rows(run: Run, game: Game, scene: Scene) -> int:
    """Return how many rows more the model is shown at the most, after the fits: two for each label."""
    if not run.recipe.what_if or game.history[0][0].codes.dtype == np.float64:
        return 0
    rows, hidden = 2 * len(game.columns), getattr(game.composer, "hidden", None)
    return rows if hidden is None else len(hidden(np.ones((rows, scene.segments.count), dtype=np.bool_)))


def _memory(game: Game, scene: Scene, drawn: _Drawn) -> int:
    """Return the bytes of what grows: draws, answers, two chunks of inputs, moments and covariances."""
    ready = game.composer.prepared(game.model.contract) if hasattr(game.composer, "prepared") else game.composer
    chunk = 2 * min(game.chunk_rows, drawn.distinct) * int(getattr(ready, "row_bytes", 0))
    width, labels = scene.segments.count, len(game.columns)
    rows = drawn.rows * (2 * drawn.row_bytes + 8 * (2 * labels + 4))
    return chunk + rows + 8 * width**2 * (labels + 3)
