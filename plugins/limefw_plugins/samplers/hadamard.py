"""An orthogonal design and its complements."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import enumerated, fits
from limefw_plugins.samplers._orthogonal import matrix_of, order_for


def hadamard(
    _instance: Instance, segments: Segments, budget: int, rng: Generator, /, *, enumerate_small: bool = True
) -> Iterator[Draws]:
    """Draw Hadamard matrices row by row, each row followed by its complement (Plackett & Burman 1946; foldover).

    After the instance and the all-hidden row come blocks of 2n rows, n the smallest order above the number of segments,
    but 8 and 16, in which what three segments do together falls whole on a fourth. In a whole block every segment is
    shown in half of the rows and every two are independent, and it is of fair coins as its columns, their signs and the
    order of its rows are drawn anew. With a kernel that weighs complements alike (flat, symmetric) and no penalty a
    black box of degree <= 2 is recovered without error. Beside `paired` coefficients vary half as much at 2.5 draws a
    segment, and a tenth less at 10. Any even number of draws will do; an odd budget is rounded down.

    Args:
        enumerate_small: where all combinations fit the budget take each once.
    """
    count = segments.count
    if enumerate_small and fits(count, budget):
        yield enumerated(count, 0.5)
        return
    order = order_for(count + 1)
    shown, drawn, budget = matrix_of(order) > 0, 0, max(2, budget - budget % 2)
    while drawn < budget:
        # drawn whole, so that more samples begin with the same ones
        columns, signs, rows = rng.permutation(order)[:count], rng.random(count) < 0.5, rng.permutation(order)
        half = shown[rows[: (budget - drawn) // 2, None], columns] ^ signs
        if drawn == 0:
            half = np.concatenate([np.ones((1, count), dtype=np.bool_), half])[: budget // 2]
        pairs = len(half)
        codes = np.stack([half, ~half], axis=1).reshape(2 * pairs, count)
        yield Draws(codes, groups=np.repeat(np.arange(drawn // 2, drawn // 2 + pairs), 2))
        drawn += 2 * pairs
