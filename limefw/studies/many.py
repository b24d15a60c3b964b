"""Many instances, explained by one model and one recipe."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.caching.opening import Caching, using
from limefw.discovery import Registry
from limefw.errors import InputError, RecipeError
from limefw.game import Listener
from limefw.modalities.table import Table
from limefw.pipeline import Explainer, derived, said
from limefw.recipe import Label
from limefw.results.explanation import Explanation
from limefw.types import Instance


def explain_many(
    instances: Iterable[Any] | Table,
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
    most: int | None = None,
    chunk: int | None = None,
    cache: Caching = None,
    on_error: Callable[[int, Exception], Any] | None = None,
    on_progress: Listener | None = None,
    registry: Registry | None = None,
) -> list[Explanation]:
    """Explain many instances by one model and one recipe.

    Each has a seed of its own, made of `seed` and its place: drawn alike, all would have the same luck, and their mean
    would keep it. What each comes to does not depend on the others.

    Args:
        instances: whatever `limefw.explain` takes, in a list or the like; or a Table, of which each row is one.
        model: as there; loaded once.
        recipe: a name, a file, a mapping or a Recipe; None: the one for what is explained.
        labels: as `limefw.explain` has them.
        samples: rows drawn for each at the most, or "auto": as many as each needs.
        seed: of all seeds, and of the choice that `most` makes; None: the recipe's own.
        what_if: as `limefw.explain` has it, and so are the stages below.
        reader: what turns each into an instance.
        segmenter: its interpretable parts.
        sampler: which of them are hidden together.
        filler: what hidden parts show.
        target: what of the model's answer is explained.
        kernel: how much each draw counts.
        selector: which parts the surrogate may use.
        surrogate: the simple model whose effects are the explanation.
        method: a loop of its own instead of sampler, kernel, selector and surrogate.
        most: of more instances than these as many are chosen at random, by the seed; None: all are explained.
        chunk: rows per model call.
        cache: as `limefw.explain` has it.
        on_error: told the place and the error of each instance that cannot be explained, which is then left out:
            ``failed = {}`` and ``on_error=failed.__setitem__``. None: the first such error is raised.
        on_progress: told after every chunk and every stage of each.
        registry: where the plug-ins are; the process's own by default.

    Returns:
        One explanation each, in their order. Ctrl-C ends the one in the making early, and no more are begun.

    Raises:
        InputError: what is given is no collection of instances.
        LimefwError: what `limefw.explain` raises, of the first instance that cannot be explained; its
            ``explanations`` are those made before.
    """
    overrides = said({
        "labels": labels, "samples": samples, "seed": seed, "what_if": what_if, "reader": reader,
        "segmenter": segmenter, "sampler": sampler, "filler": filler, "target": target, "kernel": kernel,
        "selector": selector, "surrogate": surrogate, "method": method,
    })  # fmt: skip
    if on_error is not None and not callable(on_error):
        raise InputError(f"on_error is a function of a place and an error, as failed.__setitem__, got {on_error!r}")
    count, instance = _collected(instances)
    with using(cache) as kept:
        explainer = Explainer(
            model, recipe=recipe, overrides=overrides, chunk=chunk, cache=kept, on_progress=on_progress,
            registry=registry,
        )  # fmt: skip
        rows = _chosen(count, most, explainer.recipe.seed).tolist()
        return _explained(explainer, rows, count, instance, on_error)


def _explained(
    explainer: Explainer,
    rows: Sequence[int],
    count: int,
    instance: Callable[[int], Any],
    on_error: Callable[[int, Exception], Any] | None,
) -> list[Explanation]:
    """Explain the instances at some places, each with a seed of its own."""
    seed = explainer.recipe.seed
    found: list[Explanation] = []
    for at in rows:
        try:
            found.append(explainer(instance(at), seed=derived(seed, at)))
        except KeyboardInterrupt:
            if not found:
                raise
            break
        except Exception as error:  # noqa: BLE001 - the caller's model may raise anything, of any instance
            try:
                if on_error is None or isinstance(error, RecipeError):
                    raise
                on_error(at, error)
            except Exception as raised:
                _keep(raised, at, count, found)
                raise
            continue
        if found[-1].health.has("interrupted"):
            break
    return found


def _chosen(count: int, most: int | None, seed: int) -> NDArray[np.intp]:
    """Return the places of the instances that are explained."""
    if most is not None and (isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1):
        raise InputError(f"most is how many instances are explained, at least 1, got {most!r}")
    if most is None or count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def _keep(error: Exception, at: int, count: int, before: list[Explanation]) -> None:
    """Hang the explanations made before on an error, and let it tell which instance it is of."""
    vars(error)["explanations"] = list(before)
    note = (
        f"instance {at} of 0 to {count - 1}; the {len(before)} explained before it are kept (error.explanations). With "
        "on_error such instances are left out"
    )
    if note not in getattr(error, "__notes__", ()):  # a model may raise one exception again and again
        error.add_note(note)


def _collected(instances: Any) -> tuple[int, Callable[[int], Any]]:
    """Return how many instances are given, and what makes the one at a place.

    Raises:
        InputError: what is given is one instance, or iterates over something else than instances.
    """
    if isinstance(instances, Table):
        if not len(instances):
            raise InputError("this table has no rows to explain: give a list of rows, [table.row({...}), ...]")
        return len(instances), instances.row
    kind = type(instances).__name__
    if isinstance(instances, Mapping) or (hasattr(instances, "columns") and hasattr(instances, "to_dict")):
        raise InputError(
            f"a {kind} iterates over its names, which are no instances. Rows of a table: "
            "explain_many(limefw.Table(frame), model). Texts: frame['column'].to_list(). Series, one a row: "
            "frame.to_numpy()"
        )
    placed = hasattr(instances, "__len__") and hasattr(instances, "__getitem__")  # as a data set of PyTorch has them
    alone = isinstance(instances, str | bytes | Instance) or getattr(instances, "shape", None) == ()
    if alone or not (placed or hasattr(instances, "__iter__")):
        raise InputError(f"a value of type {kind} is one instance, if any: give a list of them, or call limefw.explain")
    given = instances if placed else list(instances)
    return len(given), given.__getitem__
