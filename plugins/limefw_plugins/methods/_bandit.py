"""Which of several coins falls best, with few throws: KL-LUCB (Kaufmann & Kalyanakrishnan 2013)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log


STEPS = 50
"""Halvings of an interval of 1: to the last bit."""


@dataclass(slots=True, eq=False)
class Rule:
    """Segments that are shown, and how often the model then said the same.

    Args:
        columns: the segments, in the order in which they were found.
        coverage: how often all of them are shown by chance.
        tried: draws in which they were.
        held: those of them in which the model said the same as of the instance.
    """

    columns: tuple[int, ...]
    coverage: float
    tried: int = 0
    held: int = 0

    @property
    def precision(self) -> float:
        """Of the draws tried, how many held."""
        return self.held / self.tried if self.tried else 0.0

    def bounds(self, level: float) -> tuple[float, float]:
        """Return the least and the greatest p with tried x KL(precision, p) <= level (Garivier & Cappé 2011)."""
        if not self.tried:
            return 0.0, 1.0
        most = level / self.tried
        return _end(self.precision, most, 0.0), _end(self.precision, most, 1.0)

    def certain(self, threshold: float, slack: float, delta: float) -> bool:
        """Say whether it is precise enough, and sure to be so but for some slack."""
        return self.precision >= threshold and self.bounds(-log(delta))[0] > threshold - slack


def divergence(p: float, q: float) -> float:
    """Return the Kullback-Leibler divergence of two coins."""
    p, q = (min(max(share, 1e-16), 1.0 - 1e-16) for share in (p, q))
    return p * log(p / q) + (1.0 - p) * log((1.0 - p) / (1.0 - q))


def _end(mean: float, most: float, side: float) -> float:
    """Return the share nearest to 0 or 1 that is at most so far from the mean."""
    if divergence(mean, side) <= most:
        return side
    near, far = mean, side
    for _ in range(STEPS):
        middle = (near + far) / 2
        near, far = (middle, far) if divergence(mean, middle) <= most else (near, middle)
    return near


def exploration(rules: int, rounds: int, delta: float) -> float:
    """Return the level at which all bounds of so many rules, looked at so often, hold but with probability delta."""
    level = log(405.5 * rules * rounds**1.1 / delta)
    return level + log(level)


def best_of(
    rules: Sequence[Rule], count: int, attempt: Callable[[Rule], bool], *, delta: float, epsilon: float
) -> list[Rule]:
    """Return the `count` rules of highest precision, right to within epsilon but with probability delta.

    Each round tries the weakest of those that lead and the strongest of the others, until they are told apart.

    Args:
        rules: to choose among; of equally precise ones those of larger coverage.
        count: how many.
        attempt: tries one some more times; False: there are no more draws, and what leads is taken.
        delta: how probably the choice may be wrong.
        epsilon: a difference of precision that does not matter.
    """
    rounds, going = 1, all(rule.tried or attempt(rule) for rule in rules)
    while True:
        ranked = sorted(rules, key=lambda rule: (-rule.precision, -rule.coverage))
        lead, others = ranked[:count], ranked[count:]
        if not others or not going:
            return lead
        level = exploration(len(rules), rounds, delta)
        weakest = min(lead, key=lambda rule: rule.bounds(level)[0])
        rival = max(others, key=lambda rule: rule.bounds(level)[1])
        if rival.bounds(level)[1] - weakest.bounds(level)[0] < epsilon:
            return lead
        going = attempt(rival) and attempt(weakest)
        rounds += 1
