"""How far two explanations of one instance agree, cut alike or not, by one model or two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from limefw.results.explanation import Explanation
from limefw.statistics import correlation, overlap_of, topmost
from limefw.types import Floats


DEPTH = 10
"""Numbers of strongest segments by which sets are compared: 1 to this."""

MEASURES = {
    "jaccard": "the strongest segments: those in both / those in either (by the area they cover where cuts differ)",
    "spearman": "rank correlation of the effects (of the maps where cuts differ)",
    "overlap": "the strongest fifth of the map: what is in both / what is in either",
    "sign_flips": "the part of the instance whose effect has the other sign (lower is better)",
}
"""What is measured of each pair; jaccard for each number of strongest segments."""

HIGHER_IS_WORSE = ("sign_flips",)
SHARE = 0.2
FINE = 128
"""Places along an axis at the most when maps are compared: a photograph has more than they need."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How alike two explanations are.

    Args:
        jaccard: (DEPTH,) of the 1, 2, ... strongest segments.
        spearman: of effects or maps; NaN where one is constant.
        overlap: of the maps' strongest fifth.
        sign_flips: the part of places with opposite signs.
        alike: whether they have the same segments.
        equal: whether they have the same effects too, to the last bit.
    """

    jaccard: Floats
    spearman: float
    overlap: float
    sign_flips: float
    alike: bool
    equal: bool

    def figures(self) -> Floats:
        """Return (DEPTH + 3,) all of it in one row, in the order of `names`."""
        return np.array([*self.jaccard, self.spearman, self.overlap, self.sign_flips])


def names() -> tuple[str, ...]:
    """Return what the figures of a likeness are called: "jaccard@1", ..., "spearman", "overlap", "sign_flips"."""
    return (*(f"jaccard@{k}" for k in range(1, DEPTH + 1)), "spearman", "overlap", "sign_flips")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is compared of an explanation for one label.

    Args:
        effects: (d,).
        places: (m,) the segment at each place of a grid over the instance; -1: none.
        order: (d,) segments, the strongest first; ties by number.
        cut: tells segmentations apart.
        label: the class, by name.
        weight: (m,) the effect at each place, NaN where there is no segment.
        top: (m,) how far each place is in the map's strongest fifth.
        ranks: (m,) of the places' effects.
    """

    effects: Floats
    places: NDArray[np.intp]
    order: NDArray[np.intp]
    cut: int
    label: str = ""
    weight: Floats = field(init=False)
    top: Floats = field(init=False)
    ranks: Floats = field(init=False)

    def __post_init__(self) -> None:
        from scipy.stats import rankdata

        weight = np.append(self.effects, np.nan)[self.places]
        seen = np.nan_to_num(weight)
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "top", topmost(seen, SHARE * len(seen)))
        object.__setattr__(self, "ranks", rankdata(seen))

    @property
    def strongest(self) -> list[int]:
        """The segments with an effect, the strongest first."""
        return [int(at) for at in self.order[:DEPTH] if self.effects[at]]


class Places:
    """Which segment lies where, found once for each segmentation; what is the same object has one number."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, NDArray[np.intp], int]] = {}
        self._numbers: dict[tuple[str, bytes], int] = {}

    def of(self, explanation: Explanation) -> tuple[NDArray[np.intp], int]:
        """Return (m,) segments on a grid over the instance, and the segmentation's number."""
        segments = explanation.segments
        if id(segments) not in self._known:
            labels = segments.labels if segments.basis is None else segments.basis.argmax(axis=0)
            whole = labels if explanation.frame is None else explanation.frame.to_photo(labels)
            thin = tuple(slice(None, None, -(-length // FINE)) for length in whole.shape)
            places = np.ascontiguousarray(whole[thin]).ravel().astype(np.intp)
            # equal segments of two frames, one cropped and one stretched, lie elsewhere
            key = segments.fingerprint(), blake2b(places.tobytes(), digest_size=16).digest()
            # the segments are kept, so that no other object can have their id
            self._known[id(segments)] = segments, places, self._numbers.setdefault(key, len(self._numbers))
        _, places, number = self._known[id(segments)]
        return places, number

    def seen(self, explanation: Explanation, label: int) -> Seen:
        """Return what is compared of an explanation."""
        places, number = self.of(explanation)
        effects = explanation.effects(label)
        return Seen(effects, places, np.argsort(-np.abs(effects), kind="stable"), number, explanation.names[label])


def likeness(one: Seen, other: Seen) -> Likeness:
    """Compare two explanations of one instance.

    Where both have the same segments, sets of segments and effects are compared; else the places that the strongest
    segments cover, and the maps. Maps are always of the effects as they are, not per area.
    """
    alike = one.cut == other.cut and len(one.effects) == len(other.effects)
    flips = float((one.weight * other.weight < 0).mean())
    if alike:
        spearman = correlation(one.effects, other.effects, rank=True) if len(one.effects) > 1 else float("nan")
        equal = one.label == other.label and bool(np.array_equal(one.effects, other.effects))
        return Likeness(_of_sets(one, other), spearman, overlap_of(one.top, other.top), flips, alike=True, equal=equal)
    spearman = correlation(one.ranks, other.ranks, rank=False) if len(one.ranks) > 1 else float("nan")
    return Likeness(_of_areas(one, other), spearman, overlap_of(one.top, other.top), flips, alike=False, equal=False)


def _of_sets(one: Seen, other: Seen) -> Floats:
    first, second = one.strongest, other.strongest
    found = [_jaccard(set(first[:k]), set(second[:k])) for k in range(1, DEPTH + 1)]
    return np.array(found)


def _jaccard(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other) if one | other else float("nan")


def _of_areas(one: Seen, other: Seen) -> Floats:
    """Return the Jaccard index of the areas that the 1, 2, ... strongest segments cover."""
    # in one table: how many places each pair of ranks has in common, the rank of all weaker ones last
    table = np.zeros((DEPTH + 1, DEPTH + 1))
    np.add.at(table, (_ranks(one), _ranks(other)), 1.0)
    both = table.cumsum(axis=0).cumsum(axis=1)
    total = both[-1, -1]
    found = []
    for k in range(DEPTH):
        union = both[k, -1] + both[-1, k] - both[k, k]
        found.append(both[k, k] / union if union and total else float("nan"))
    return np.array(found)


def _ranks(seen: Seen) -> NDArray[np.intp]:
    """Return (m,) the rank of each place's segment, DEPTH where it is weaker or there is none."""
    rank = np.full(len(seen.effects) + 1, DEPTH, dtype=np.intp)
    rank[seen.strongest] = np.arange(len(seen.strongest))
    return rank[seen.places]


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Figures of each pair of sides.

    Args:
        sides: their names.
        figures: (s, s, i, r, r, f) of one side's explanation of instance i with its r-th seed and of the other's with
            its r-th; NaN where there is none.
        cut: (s, s) whether the two cut every instance alike.
        equal: (s, s) whether all their effects are the same at equal seeds.
    """

    sides: tuple[str, ...]
    figures: Floats
    cut: NDArray[np.bool_]
    equal: NDArray[np.bool_]

    def pairs(self, measure: str) -> Floats:
        """Return (s, s, i, r, r) of one measure, a name such as "jaccard@5"."""
        figures: Floats = self.figures[..., names().index(measure)]
        return figures

    def of(self, measure: str) -> Floats:
        """Return (s, s, i) the mean over equal seeds; on the diagonal a side's own agreement between seeds."""
        pairs = self.pairs(measure)
        found = means(np.diagonal(pairs, axis1=-2, axis2=-1))
        own = np.arange(len(self.sides))
        found[own, own] = between_seeds(pairs[own, own])
        return found

    def matrix(self, measure: str) -> Floats:
        """Return (s, s) the mean over instances; on the diagonal the agreement between seeds, NaN of one seed."""
        return means(self.of(measure))


def between_seeds(pairs: Floats) -> Floats:
    """Return the mean over two different seeds, the last two axes, of one agreement for each pair of them."""
    apart = ~np.eye(pairs.shape[-1], dtype=np.bool_)
    return means(pairs[..., apart])


def means(values: Floats) -> Floats:
    """Return the mean over the last axis of what is finite; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    return np.asarray(np.where(count, np.where(known, values, 0.0).sum(axis=-1) / np.maximum(count, 1), np.nan))


def agreement(sides: Sequence[str], seen: Mapping[tuple[int, int, int], Seen], instances: int, seeds: int) -> Agreement:
    """Compare all pairs of sides.

    Args:
        sides: their names.
        seen: by side, instance and seed's number; what failed is not there.
        instances: how many.
        seeds: how many.
    """
    many = len(sides)
    figures = np.full((many, many, instances, seeds, seeds, len(names())), np.nan)
    cut, equal = (np.ones((many, many), dtype=np.bool_) for _ in range(2))
    every = [(one, two, at, r, s) for one in range(many) for two in range(one, many) for at in range(instances)
             for r in range(seeds) for s in range(seeds)]  # fmt: skip
    for one, two, at, r, s in every:
        first, second = seen.get((one, at, r)), seen.get((two, at, s))
        if one == two and r >= s:
            continue
        if first is None or second is None:
            equal[one, two] = equal[two, one] = equal[one, two] and r != s
            continue
        found = likeness(first, second)
        figures[one, two, at, r, s] = figures[two, one, at, s, r] = found.figures()
        for flags, flag in ((cut, found.alike), (equal, found.equal or r != s)):
            flags[one, two] = flags[two, one] = flags[one, two] and flag
    return Agreement(tuple(sides), figures, cut, equal)
