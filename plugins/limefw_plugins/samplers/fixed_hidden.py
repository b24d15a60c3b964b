"""As many hidden segments in every draw."""

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK


Number = Annotated[int, Ge(1)]
Share = Annotated[float, Gt(0), Lt(1)]


def fixed_hidden(
    _instance: Instance,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    hidden: Number | Share = 0.5,
    enumerate_small: bool = True,
) -> Iterator[Draws]:
    """Hide exactly k segments in each draw, every k of the d alike; the instance comes first.

    All draws are then equally far from the instance. They tell effects apart from each other; how large all of them
    are together is known from the instance alone.

    Args:
        hidden: how many (3), or what share of the segments (.5), rounded, at least 1 and at most d - 1.
        enumerate_small: where all C(d, k) choices and the instance fit the budget take each once.
    """
    count = segments.count
    number = min(max(1, round(hidden * count)), count - 1) if isinstance(hidden, float) else hidden
    if number >= count:
        raise InputError(f"sampler 'fixed_hidden' shall hide {number} of {count} segments: hide at most {count - 1}")
    if enumerate_small and comb(count, number) < budget:
        yield _enumerated(count, number)
        return
    drawn = 0
    while drawn < budget:
        rows = min(BLOCK, budget - drawn)
        hiding = np.argpartition(rng.random((rows, count)), number - 1, axis=1)[:, :number]
        codes = _codes(hiding, count)
        if drawn == 0:
            codes[0] = True
        yield Draws(codes)
        drawn += rows


def _enumerated(count: int, number: int) -> Draws:
    """Return the instance and every choice once, in a fixed shuffled order: what an interruption leaves is a sample."""
    choices = np.array(list(combinations(range(count), number)))
    codes = _codes(np.random.default_rng(0).permutation(choices), count)
    return Draws(np.concatenate([np.ones((1, count), dtype=np.bool_), codes]), exhaustive=True)


def _codes(hiding: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
    codes = np.ones((len(hiding), count), dtype=np.bool_)
    np.put_along_axis(codes, hiding, values=False, axis=1)
    return codes
