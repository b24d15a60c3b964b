"""Many explanations: those that show most of what a model goes by, and all of them in one picture."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw import contracts
from limefw.discovery import Registry, registry
from limefw.errors import InputError, LimefwError, MissingDependencyError, RecipeError
from limefw.game import Cache, Listener
from limefw.modalities.image import Image
from limefw.modalities.table import Table
from limefw.modalities.text import Text, identities, unique
from limefw.pipeline import Explainer
from limefw.recipe import Label
from limefw.results.explanation import Explanation
from limefw.stage import Stage
from limefw.types import Floats, Instance, Rendering, freeze


By = Literal["features", "names"]
Key = Callable[[Explanation, int], str]


def explain_many(
    instances: Iterable[Any] | Table,
    model: Any = None,
    /,
    *,
    recipe: Any = None,
    overrides: Mapping[str, Any] | None = None,
    labels: Label | Sequence[Label] | None = None,
    samples: int | str | Mapping[str, Any] | None = None,
    seed: int = 0,
    most: int | None = None,
    chunk: int | None = None,
    cache: Cache | None = None,
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
        overrides: settings on top of it, stages too: ``{"segmenter": "slic"}``.
        labels: as `limefw.explain` has them.
        samples: rows drawn for each at the most, or "auto": as many as each needs.
        seed: of all seeds, and of the choice that `most` makes.
        most: of more instances than these as many are chosen at random, by the seed.
        chunk: rows per model call.
        cache: keeps raw output rows of models that have a fingerprint.
        on_progress: told after every chunk and every stage of each.
        registry: where the plug-ins are; the process's own by default.

    Raises:
        InputError: what is given is no collection of instances.
        LimefwError: what `limefw.explain` raises, of the first instance that cannot be explained.
    """
    count, instance = _collected(instances)
    rows = np.arange(count)
    if most is not None and len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    explainer = Explainer(
        model, recipe=recipe, overrides=overrides, chunk=chunk, cache=cache, on_progress=on_progress, registry=registry
    )
    return [explainer(instance(at), labels=labels, samples=samples, seed=_seed(seed, at)) for at in rows.tolist()]


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
    if isinstance(instances, str | bytes | Instance) or not hasattr(instances, "__iter__"):
        raise InputError(f"a value of type {kind} is one instance, if any: give a list of them, or call limefw.explain")
    given = instances if isinstance(instances, Sequence | np.ndarray) else list(instances)
    return len(given), given.__getitem__


def _seed(seed: int, at: int) -> int:
    return int(np.random.SeedSequence(seed, spawn_key=(at,)).generate_state(1)[0])


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The effects of many explanations on features that they share, where they are not 0.

    Args:
        features: what the columns are.
        rows: (k,) explanation of each effect.
        columns: (k,) feature of each effect.
        effects: (k,) a feature that an explanation has twice has their sum.
        count: of explanations.
    """

    features: tuple[str, ...]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    effects: Floats
    count: int

    def __post_init__(self) -> None:
        freeze(self, {"rows": np.intp, "columns": np.intp, "effects": np.float64})

    @classmethod
    def of(
        cls,
        explanations: Iterable[Explanation],
        *,
        label: Label | None = None,
        top: int | None = None,
        by: By | Key = "features",
    ) -> "Weights":
        """Gather them; an explanation may be forgotten as soon as the next one is asked for.

        Args:
            explanations: at least one, of one modality.
            label: a number or name that all were explained for; None: of each its own first.
            top: the strongest of each explanation alone.
            by: what makes two segments one feature: a table's "features", whatever their values, or the "names" that
                explanations have for segments ("age > 37"); parts of texts always go by their letters, windows by their
                names; or a function of an explanation and a segment's number.

        Raises:
            InputError: what they say cannot be compared.
        """
        known: dict[str, int] = {}
        rows, columns, effects, count, first = list[int](), list[int](), list[float](), 0, None
        for row, explanation in enumerate(explanations):
            first = first or explanation
            _check_comparable(first, explanation, by)
            keys = _keys(explanation, by)
            for effect in explanation.top(top, label):
                rows.append(row)
                columns.append(known.setdefault(keys(effect.segment), len(known)))
                effects.append(effect.effect)
            count = row + 1
        if not count:
            raise InputError("there are no explanations to compare: give at least one")
        # one entry for each explanation and feature
        cells, place = np.unique(np.array(rows, dtype=np.intp) * max(len(known), 1) + columns, return_inverse=True)
        summed = np.zeros(len(cells))
        np.add.at(summed, place, effects)
        own, feature = np.divmod(cells, max(len(known), 1))
        texts = not callable(by) and first is not None and first.instance.modality == "text"
        features = unique(list(known)) if texts else tuple(known)
        return cls(features, own.astype(np.intp), feature.astype(np.intp), summed, count)

    def sums(self, values: Floats) -> Floats:
        """Return the sum of something over the effects of each feature, (f,)."""
        return np.bincount(self.columns, weights=values, minlength=len(self.features)).astype(np.float64)

    @property
    def importance(self) -> Floats:
        """(f,) the square root of the sum of absolute effects (Ribeiro, Singh & Guestrin 2016, section 4)."""
        return np.sqrt(self.sums(np.abs(self.effects)))


def _check_comparable(first: Explanation, other: Explanation, by: By | Key) -> None:
    """Refuse explanations whose segments have nothing to do with each other."""
    if first.instance.modality != other.instance.modality:
        raise InputError(f"{first.instance.modality} and {other.instance.modality} have no features in common")
    modality = first.instance.modality
    if callable(by) or modality not in ("image", "series") or first is other:
        return
    if isinstance(first.instance, Image) and not first.segments.names[0].startswith("superpixel "):
        return  # names that the user gave mean the same thing everywhere
    if first.segments.fingerprint() == other.segments.fingerprint() and first.segments.names == other.segments.names:
        return
    if modality == "series":
        raise InputError(
            "the series were not cut alike, so their segments cannot be compared: take series of one length and cut "
            "them into equal windows (segmenter='windows')"
        )
    raise InputError(
        "a superpixel of one image is none of another, so these explanations have nothing to compare. Give the "
        "segments names that mean the same in every image (eyes, wheels): segmenter=given(masks, names); or cut "
        "aligned images into one grid"
    )


_NUMBERED = re.compile(r"(.*) \(\d+\)", re.DOTALL)


def _keys(explanation: Explanation, by: By | Key) -> Callable[[int], str]:
    """Return what calls a segment's feature."""
    if callable(by):
        return lambda segment: by(explanation, segment)
    if by not in ("features", "names"):
        raise InputError(f"by is 'features', 'names' or a function, got {by!r}")
    names = explanation.segments.names
    if isinstance(explanation.instance, Text):
        return identities(explanation.instance, explanation.segments).__getitem__
    if by == "features" and explanation.instance.modality == "table":
        columns, labels = getattr(explanation.instance, "names", ()), explanation.segments.labels
        return lambda segment: ", ".join(columns[at] for at in np.flatnonzero(labels == segment))
    every = set(names)

    def plain(segment: int) -> str:
        # the second of two segments called "good" is called "good (2)"
        found = _NUMBERED.fullmatch(names[segment])
        return found[1] if found and found[1] in every else names[segment]

    return plain


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Explanations that together show most of what a model goes by; iterating gives them, the first picked first.

    Args:
        explanations: as picked.
        indices: their places among those that were given.
        coverage: (k,) the part of all importance that the first, the first two, ... show, 0..1.
        weights: of all that were given.
    """

    explanations: tuple[Explanation, ...]
    indices: tuple[int, ...]
    coverage: Floats
    weights: Weights

    def __post_init__(self) -> None:
        freeze(self, {"coverage": np.float64})

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self.explanations)

    def __len__(self) -> int:
        return len(self.explanations)

    def __repr__(self) -> str:
        shown = f"{self.coverage[-1]:.0%}" if len(self) else "nothing"
        return f"<{len(self)} of {self.weights.count} explanations: {list(self.indices)}, which show {shown} of it>"


def pick(
    explanations: Sequence[Explanation],
    count: int = 5,
    *,
    label: Label | None = None,
    top: int | None = 10,
    by: By | Key = "features",
) -> Picked:
    """Pick a few explanations that show most of what a model goes by: SP-LIME (Ribeiro, Singh & Guestrin 2016).

    A feature counts by its importance, the square root of the sum of its absolute effects in all explanations, and is
    shown as soon as one picked explanation has it. The greedy choice, made here, shows at least 63 % of what the best
    one would. What is random has been drawn before, by the seeds of the explanations.

    Args:
        explanations: of one modality.
        count: how many are picked; of equally good ones the first given.
        label: a number or name that all were explained for; None: of each its own first.
        top: the strongest segments of each explanation count; None: all that have an effect.
        by: what makes two segments one feature: see `Weights.of`.

    Raises:
        InputError: there are none, or what they say cannot be compared.
    """
    if isinstance(count, bool) or not hasattr(count, "__index__") or count < 1:
        raise InputError(f"count is how many explanations to pick, at least 1, got {count!r}")
    given = list(explanations)
    weights = Weights.of(given, label=label, top=top, by=by)
    indices, coverage = cover(weights, min(int(count), len(given)))
    return Picked(tuple(given[at] for at in indices), tuple(indices), coverage, weights)


def cover(weights: Weights, count: int) -> tuple[list[int], Floats]:
    """Return the rows that a greedy choice takes, and the part of all importance that is covered after each.

    Of rows that add as much the first is taken; once none adds anything, those with the most important features.
    """
    importance = weights.importance
    own = np.bincount(weights.rows, weights=importance[weights.columns], minlength=weights.count)
    left, taken = importance.copy(), np.zeros(weights.count, dtype=np.bool_)
    indices, covered, least = list[int](), list[float](), 1e-12 * float(importance.sum())
    for _ in range(count):
        gains = np.bincount(weights.rows, weights=left[weights.columns], minlength=weights.count)
        gains = np.where(taken, -1.0, gains if (gains[~taken] > least).any() else own)
        # sums that differ by rounding alone are equal
        best = int(np.flatnonzero(gains >= gains.max() - least)[0])
        taken[best] = True
        left[weights.columns[weights.rows == best]] = 0.0
        indices.append(best)
        covered.append(1.0 - float(left.sum()) / (float(importance.sum()) or 1.0))
    return indices, np.array(covered)


@dataclass(frozen=True, slots=True)
class Share:
    """One feature's part in many explanations.

    Args:
        feature: what it is called.
        strength: its mean absolute effect over all explanations; those without it count as 0.
        raises: the part of the strength that came from effects above 0.
        lowers: the part that came from effects below 0; both together are the strength.
        present: how many explanations have it.
    """

    feature: str
    strength: float
    raises: float
    lowers: float
    present: int

    @property
    def mean(self) -> float:
        """The mean effect, in which signs cancel."""
        return self.raises - self.lowers


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What a model goes by in many instances, as far as their explanations tell.

    Args:
        shares: of each feature, the strongest first.
        count: of explanations.
        modality: of their instances.
        label: what they are for, by name; empty: each is for its own first label.
        noun: what the effects change: "probability", "predicted value".
        fidelity: (n,) R2 of each on samples left out, NaN where not known.
        order: places in `shares` in an order of their own, as windows have in time; empty where there is none.
    """

    shares: tuple[Share, ...]
    count: int
    modality: str
    label: str
    noun: str
    fidelity: Floats
    order: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, {"fidelity": np.float64})

    def top(self, k: int | None = 10) -> tuple[Share, ...]:
        """Return the k strongest features."""
        return self.shares[:k]

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row for each feature."""
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                "to_frame() needs pandas, which is not installed. Run: pip install pandas"
            ) from error
        return pd.DataFrame([
            {"feature": one.feature, "strength": one.strength, "raises": one.raises, "lowers": one.lowers,
             "mean": one.mean, "present": one.present}
            for one in self.shares
        ])  # fmt: skip

    def render(self, renderer: str | Mapping[str, Any] = "figure") -> Rendering:
        """Draw with a renderer of overviews: "figure" or "text", or ``{"use": name, parameter: value}``.

        Raises:
            LimefwError: it draws something else.
        """
        if not isinstance(renderer, str | Mapping):
            raise RecipeError([f'a renderer is a name, or a mapping that has "use", got {renderer!r}'])
        mapping = {"use": renderer} if isinstance(renderer, str) else dict(renderer)
        plugin = registry().suited("renderers", str(mapping.pop("use", "figure")), "overview")
        if plugin.modality != "overview":
            raise LimefwError(f"renderer {plugin.name!r} draws one explanation; of many: 'figure' and 'text'")
        stage = Stage.of("renderers", plugin, mapping)
        return contracts.check_rendering(stage(self), stage)

    def plot(self) -> Any:
        """Return a matplotlib Figure."""
        return self.render("figure").figure

    def __repr__(self) -> str:
        strongest = ", ".join(f"{one.feature} {one.strength:.3g}" for one in self.top(3))
        return f"<Overview of {self.count} explanations: {strongest}>"

    def _repr_png_(self) -> bytes | None:
        data = self.render("figure").data
        return data if isinstance(data, bytes) else None


def overview(
    explanations: Iterable[Explanation],
    *,
    label: Label | None = None,
    top: int | None = None,
    by: By | Key = "features",
) -> Overview:
    """Sum many explanations up: each feature's mean absolute effect, and how much of it is for and against.

    It tells of the instances explained, not of the model everywhere; where effects of one feature go both ways, the
    mean absolute effect keeps what a mean effect would lose.

    Args:
        explanations: of one modality; they may come from a generator, as nothing but their effects is kept.
        label: a number or name that all were explained for; None: of each its first, by default the class predicted.
        top: the strongest segments of each explanation count; None: all.
        by: what makes two segments one feature: see `Weights.of`.

    Raises:
        InputError: there are none, or what they say cannot be compared.
    """
    seen = _Seen(label)
    weights = Weights.of(map(seen.note, explanations), label=label, top=top, by=by)
    raises, lowers = (weights.sums(np.maximum(side * weights.effects, 0.0)) / weights.count for side in (1, -1))
    present = weights.sums(np.ones(len(weights.effects))).astype(int)
    ranks = np.argsort(-(raises + lowers), kind="stable").tolist()
    shares = tuple(
        Share(
            weights.features[at], float(raises[at] + lowers[at]), float(raises[at]), float(lowers[at]), int(present[at])
        )
        for at in ranks
    )
    order = _in_time(seen.names, [share.feature for share in shares]) if seen.modality == "series" else ()
    label_name = next(iter(seen.labels)) if len(seen.labels) == 1 else ""
    return Overview(shares, weights.count, seen.modality, label_name, seen.noun, np.array(seen.scores), order)


class _Seen:
    """What is noted of each explanation that goes by."""

    def __init__(self, label: Label | None) -> None:
        self.wanted, self.modality, self.noun = label, "", ""
        self.labels: set[str] = set()
        self.names: tuple[str, ...] = ()
        self.scores: list[float] = []

    def note(self, explanation: Explanation) -> Explanation:
        number = explanation.label(self.wanted)
        self.labels.add(explanation.names[number])
        self.modality, self.names = explanation.instance.modality, explanation.segments.names
        task = explanation.provenance.get("model", {}).get("task")
        target = explanation.provenance.get("recipe", {}).get("target", {}).get("use", "probability")
        self.noun = "predicted value" if task == "regression" else str(target).replace("_", " ")
        score = explanation.health.labels[number].cross_fitted
        self.scores.append(float("nan") if score is None else score)
        return explanation


def _in_time(names: Sequence[str], features: Sequence[str]) -> tuple[int, ...]:
    """Return the places of segments' names among features, in the order of the segments."""
    place = {feature: at for at, feature in enumerate(features)}
    return tuple(place[name] for name in names if name in place)
