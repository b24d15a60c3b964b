"""Any number of hidden segments, each as likely."""

from collections.abc import Iterator
from math import comb

import numpy as np
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK, enumerated, fits


def uniform_hidden(
    _instance: Instance,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    enumerate_small: bool = True,
) -> Iterator[Draws]:
    """Hide s of the d segments, s uniform in 1..d and every s of them alike (lime's law for texts).

    Unlike independent coins it shows texts of which nearly all is left and such of which next to nothing is.

    Args:
        enumerate_small: where all combinations fit the budget take each once, weighted by its probability: the same
            law without sampling error. The instance itself, which the law never draws, counts as one draw.
    """
    count = segments.count
    if enumerate_small and fits(count, budget):
        draws = enumerated(count, 0.5)
        hidden = count - draws.codes.sum(axis=1)
        # of 2^d draws; the instance is one
        share = [1.0, *((2**count - 1) / (count * comb(count, number)) for number in range(1, count + 1))]
        yield Draws(draws.codes, importance=np.array(share)[hidden], groups=draws.groups, exhaustive=True)
        return
    drawn = 0
    while drawn < budget:
        rows = min(BLOCK, budget - drawn)
        number = rng.integers(1, count + 1, size=rows)
        # numbers of 32 bits are sorted twice as fast; two of a row that are equal are one case in millions
        order = rng.integers(2**32, size=(rows, count), dtype=np.uint32)
        codes = order > np.sort(order, axis=1)[np.arange(rows), number - 1, None]
        if drawn == 0:
            codes[0] = True
        yield Draws(codes)
        drawn += rows
