"""What may be shown beside the segments of a rule: the sampler's law, with some segments always shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.table_bins import Bins
from limefw.types import Draws, Floats
from limefw_plugins.methods._play import Chance, Stages, blocks, numbered


COVERED = 10_000
"""Draws by which is counted how often a rule applies; the model is asked nothing."""


@dataclass(slots=True, eq=False)
class Law:
    """Rows of the recipe's sampler, without end, and what the model said of those that were asked about.

    Args:
        game: that is played.
        stages: of the recipe.
        rows: that may be asked about.
        rng: of what neither the sampler nor the filler draws.
    """

    game: Any
    stages: Stages
    rows: int
    rng: Generator
    asked: int = 0
    seen: list[tuple[frozenset[int], NDArray[np.bool_], Floats]] = field(default_factory=list)
    own: Floats = field(default_factory=lambda: np.empty(0))
    _chance: Chance = field(init=False)
    _waiting: Draws | None = None
    _covered: tuple[NDArray[np.bool_], Floats] | None = None

    def __post_init__(self) -> None:
        self._chance = Chance.of(self.game, self.rng)

    def begin(self) -> None:
        """Ask about the instance itself."""
        first = self._drawn(self.rows)
        self.own = self.game(numbered(first.take(slice(0, 1)), self.game.composer, self._chance.fillers))[0]
        self.asked, self._waiting = 1, self._of_the_law(first)

    def ask(self, columns: Sequence[int], count: int) -> Floats:
        """Return what the model says of so many draws in which some columns always show."""
        while self._waiting is None or len(self._waiting) < count:
            fresh = self._of_the_law(self._drawn(max(self.rows, 2)))
            self._waiting = fresh if self._waiting is None else Draws.join([self._waiting, fresh])
        part, self._waiting = self._waiting.take(slice(0, count)), self._waiting.take(slice(count, None))
        codes = np.array(part.codes)
        codes[:, list(columns)] = True
        targets: Floats = self.game(numbered(Draws(codes, part.values), self.game.composer, self._chance.fillers))
        self.asked += count
        self.seen.append((frozenset(columns), codes, targets))
        return targets

    def known(self, columns: Sequence[int]) -> Floats:
        """Return what was said of draws in which some columns happened to show: they count as drawn with them shown."""
        wanted, found = frozenset(columns), [self.own[None][:0]]
        for forced, codes, targets in self.seen:
            if forced <= wanted:
                found.append(targets[codes[:, list(columns)].all(axis=1)])
        return np.concatenate(found)

    def coverage(self, columns: Sequence[int]) -> float:
        """Return how often some columns all show: of a table in which share of its rows, else by the sampler's law."""
        if self._covered is None:
            self._covered = self._all_codes()
        codes, shares = self._covered
        return min(1.0, float(shares @ codes[:, list(columns)].all(axis=1)))

    def _all_codes(self) -> tuple[NDArray[np.bool_], Floats]:
        segments, table = self.game.segments, getattr(self.game.instance, "background", None)
        if isinstance(segments, Bins) and getattr(table, "encoded", None) is not None:
            codes = segments.codes(self.game.instance, table.encoded)  # type: ignore[union-attr]
            return codes, np.full(len(codes), 1.0 / len(codes))
        draws = self._drawn(COVERED, self.rng.spawn(1)[0])
        if not draws.exhaustive:
            draws = _without_instance(draws)
        return draws.codes, draws.importance / draws.importance.sum()

    def _drawn(self, rows: int, rng: Generator | None = None) -> Draws:
        """Return rows of the sampler, the instance first."""
        draws = Draws.join(list(blocks(self.game, self.stages, rows, rng or self._chance.samplers)))
        if draws.codes.dtype != np.bool_ or "row" in draws.values:
            raise InputError(
                f"method 'anchors' needs draws that show or hide each segment, and sampler "
                f"{self.stages['sampler'].name!r} draws otherwise: use 'bernoulli', for tables 'marginals'"
            )
        return draws

    def _of_the_law(self, draws: Draws) -> Draws:
        """Return rows that are draws from the law, each alike: of a whole law, or weighed rows, some by chance."""
        if draws.exhaustive or np.ptp(draws.importance):
            shares = draws.importance / draws.importance.sum()
            draws = draws.take(self.rng.choice(len(draws), size=len(draws), p=shares))
        else:
            draws = _without_instance(draws)
        return Draws(draws.codes, draws.values)


def _without_instance(draws: Draws) -> Draws:
    """Return the rows that have nothing to do with the first, with which every sampler begins."""
    assert draws.groups is not None
    rest = np.flatnonzero(draws.groups != draws.groups[0])
    return draws.take(rest) if len(rest) else replace(draws, groups=None)
