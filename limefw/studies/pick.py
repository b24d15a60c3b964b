"""A few explanations that show most of what a model goes by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from limefw.errors import InputError
from limefw.recipe import Label
from limefw.results.explanation import Explanation
from limefw.studies.weights import By, Key, Weights
from limefw.types import Floats, freeze


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
