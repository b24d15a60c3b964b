"""What lime draws for texts, draw for draw."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator, RandomState

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import BLOCK
from limefw_plugins.samplers._lime_random import lime_state


def lime_text(_instance: Instance, segments: Segments, budget: int, rng: Generator | RandomState, /) -> Iterator[Draws]:
    """The draws of lime 0.2.0.1 for texts: with the seed of the run as its random_state, the very same ones.

    As `uniform_hidden`, which draws from the same law in a fraction of the time. A RandomState given for the rng is
    drawn from where it stands, as lime would.
    """
    random, count = lime_state(rng), segments.count
    hidden = random.randint(1, count + 1, budget - 1)
    for start in range(0, budget, BLOCK):
        rows = np.arange(start, min(start + BLOCK, budget))
        codes = np.ones((len(rows), count), dtype=np.bool_)
        for code, row in zip(codes, rows.tolist(), strict=True):
            if row:
                # what its choice(range(d), size, replace=False) takes
                code[random.permutation(count)[: hidden[row - 1]]] = False
        yield Draws(codes)
