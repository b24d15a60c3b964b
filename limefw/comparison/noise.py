"""Which differences between two sides are more than the luck of the draw."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from limefw.comparison.agreement import HIGHER_IS_WORSE, Agreement, between_seeds
from limefw.evaluation.result import Mean
from limefw.types import Floats


FEW = 3
"""Seeds of a single instance, or instances, from which on an interval means something."""

WIDE = 0.3
"""Lost agreement that would matter: where an interval holds that much, it has not been shown to be chance."""

Finding = Literal["equal", "within noise", "differs", "not known"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of the difference between two sides.

    Args:
        finding: "equal": they say the same to the last digit; "within noise": another seed changes either of them as
            much; "differs": they agree less than each with itself, and that is no chance; "not known": there are too
            few seeds and instances to tell.
        agreement: of both, over the instances at equal seeds.
        lost: how much lower it is between other seeds than the less steady side's own, with its 95 % interval; 0: no
            more than chance.
    """

    finding: Finding
    agreement: Mean
    lost: Mean


def verdict(pairs: Agreement, one: int, two: int, measure: str) -> Verdict:
    """Say whether two sides differ by more than their seeds do.

    Between different seeds both are compared with each other and each with itself: draws at equal seeds are shared, and
    agree for that alone. The less steady of both is the yardstick. The interval is that of a mean over the instances;
    of one instance alone it is the jackknife's over its seeds, and says nothing of other instances.
    """
    found = within(Mean.of(pairs.of(measure)[one, two].tolist()), -1.0 if measure == "spearman" else 0.0)
    lost = _lost_over(pairs.pairs(measure), one, two, worse=measure in HIGHER_IS_WORSE)
    most = 2.0 if measure == "spearman" else 1.0
    lost = within(lost, -most, most)
    if found.count and pairs.equal[one, two]:
        return Verdict("equal", found, lost)
    instances = found.count if pairs.figures.shape[2] > 1 else 1
    if not enough(instances, pairs.figures.shape[3]) or not math.isfinite(lost.low):
        return Verdict("not known", found, lost)
    if lost.low == lost.high and _steadiness(pairs.pairs(measure), one, two) < 1.0 and measure not in HIGHER_IS_WORSE:
        return Verdict("not known", found, lost)  # a few seeds that happen to agree in a figure of few values
    if lost.low > 0:
        return Verdict("differs", found, lost)
    # an interval so wide holds everything
    return Verdict("within noise" if lost.high <= WIDE else "not known", found, lost)


def enough(instances: int, seeds: int) -> bool:
    """Say whether anything can be told of chance: of three seeds, or three instances with two."""
    return seeds >= FEW or (seeds > 1 and instances >= FEW)


def _steadiness(pairs: Floats, one: int, two: int) -> float:
    """Return the less steady side's agreement with itself; 1 where no seed changes anything."""
    return float(np.nanmin([between_seeds(pairs[side, side]) for side in (one, two)]))


def within(one: Mean, least: float = -math.inf, most: float = 1.0) -> Mean:
    """Return a mean whose interval ends at what the figure can be."""
    return replace(one, low=max(one.low, least), high=min(one.high, most)) if math.isfinite(one.low) else one


def _lost_over(pairs: Floats, one: int, two: int, *, worse: bool) -> Mean:
    """Return how much is lost, on average over instances, or of a single one over its seeds."""
    lost = _lost(pairs, one, two, worse=worse)
    seeds = pairs.shape[-1]
    if len(lost) > 1 or seeds < 3:
        return Mean.of(lost.tolist())
    kept = [np.delete(np.arange(seeds), seed) for seed in range(seeds)]
    without = np.array([_lost(pairs[..., rest, :][..., rest], one, two, worse=worse)[0] for rest in kept])
    pseudo = Mean.of((seeds * lost[0] - (seeds - 1) * without).tolist())
    half = pseudo.high - pseudo.mean
    return Mean(float(lost[0]), float(lost[0]) - half, float(lost[0]) + half, 1)


def _lost(pairs: Floats, one: int, two: int, *, worse: bool) -> Floats:
    """Return (i,) how much less two sides agree between seeds than the less steady one with itself."""
    both = between_seeds(pairs[one, two])
    own = np.stack([between_seeds(pairs[side, side]) for side in (one, two)])
    return np.asarray(both - own.max(axis=0) if worse else own.min(axis=0) - both)
