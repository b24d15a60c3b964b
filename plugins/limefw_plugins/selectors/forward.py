"""Greedy forward selection."""

from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.statistics import Gram, gram
from limefw.types import Floats, Neighbourhood


def forward(
    around: Neighbourhood, _rng: Generator, /, *, num_features: Annotated[int, Ge(1)] = 6
) -> list[NDArray[np.intp]]:
    """Add the column that raises the weighted R2 most, again and again (lime's "forward_selection", with its picks).

    Works on the Gram matrix alone (orthogonalising what is left after each pick), so its cost does not grow with the
    samples: lime fits d ridges on all rows in each round.

    Args:
        num_features: how many.
    """
    moments = gram(around)
    return [_greedy(moments, target, num_features) for target in range(around.targets.shape[1])]


def _greedy(moments: Gram, target: int, count: int) -> NDArray[np.intp]:
    width = len(moments.cross)
    spread = np.diag(moments.cross).copy()
    least = 1e-12 * np.maximum(spread, 1e-300)
    left = moments.with_targets[:, target].copy()
    directions: list[Floats] = []
    picks: list[int] = []
    for _ in range(min(count, width)):
        # what a column adds to the explained sum of squares; one that depends on those picked adds nothing
        gain = np.where(spread > least, left**2 / np.maximum(spread, 1e-300), 0.0)
        gain[picks] = -1.0
        # the first of those that differ by rounding alone, as the columns of an exhaustive draw may
        pick = int(np.argmax(gain >= (1 - 1e-9) * gain.max()))
        picks.append(pick)
        if spread[pick] <= least[pick]:
            continue
        column = moments.cross[:, pick] - sum((u * u[pick] for u in directions), np.zeros(width))
        direction = column / np.sqrt(spread[pick])
        left = left - direction * (left[pick] / np.sqrt(spread[pick]))
        spread = spread - direction**2
        directions.append(direction)
    return np.array(picks)
