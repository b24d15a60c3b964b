"""What methods share: the recipe's own sampler, kernel and surrogate, played by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from limefw.contracts import check_draws, check_weights
from limefw.stage import Stage
from limefw.types import Draws, Neighbourhood, all_luck


Stages = Mapping[str, Stage]


@dataclass(frozen=True, slots=True)
class Chance:
    """Random numbers by what they are for, as without a method: another filler leaves the draws alone.

    Args:
        samplers: for the codes.
        fillers: for what hidden segments show.
    """

    samplers: Generator
    fillers: Generator

    @classmethod
    def of(cls, game: Any, rng: Generator) -> "Chance":
        """Return those of the game's run; where it has none, of a method's own."""
        if game.stream is None:
            return cls(*rng.spawn(2))
        return cls(game.stream("samplers"), game.stream("filler draws"))


def blocks(game: Any, stages: Stages, rows: int, rng: Generator) -> Iterator[Draws]:
    """Yield at most so many rows as the recipe's sampler draws them, the instance first."""
    sampler, left = stages["sampler"], rows
    for block in sampler(game.instance, game.segments, rows, rng):
        draws = check_draws(block, game.segments, sampler, first=left == rows).take(slice(0, left))
        left -= len(draws)
        if len(draws):
            yield draws
        if not left:
            return


def drawn(game: Any, stages: Stages, rows: int, chance: Chance) -> Iterator[Draws]:
    """Yield the same rows, ready to be asked about."""
    found = blocks(game, stages, rows, chance.samplers)
    if getattr(game.composer, "random", False):
        found = all_luck(found)
    return (numbered(draws, game.composer, chance.fillers) for draws in found)


def numbered(draws: Draws, composer: Any, rng: Generator) -> Draws:
    """Give each row the number by which a filler makes its choice, where it has one; rows of one group share theirs."""
    if not getattr(composer, "random", False):
        return draws
    numbers = rng.integers(0, getattr(composer, "alternatives", 2**64), size=len(draws), dtype=np.uint64)
    if draws.groups is not None:
        _, first, group = np.unique(draws.groups, return_index=True, return_inverse=True)
        numbers = numbers[first][group]
    return replace(draws, values={**draws.values, "draw": numbers}, exhaustive=False)


def weighed(game: Any, stages: Stages) -> Neighbourhood:
    """Return everything asked so far, weighed by the recipe's kernel."""
    draws, targets = game.drawn()
    closeness = check_weights(stages["kernel"](draws, game.composer), len(draws), stages["kernel"])
    weights, chance = closeness * draws.importance, getattr(game.composer, "random", False)
    return Neighbourhood(draws.codes, targets, weights, draws.groups, draws.exhaustive, filled_by_chance=chance)
