"""Rows near the instance."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from annotated_types import Gt, Le
from numpy.random import Generator

from limefw.modalities.table import Row
from limefw.types import Draws, Segments
from limefw_plugins.samplers._law import BLOCK
from limefw_plugins.samplers._rows import at_quantiles, bins_of, drawn


def around_instance(
    row: Row,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    spread: Annotated[float, Gt(0)] = 1.0,
    change: Annotated[float, Gt(0), Le(1)] = 1.0,
) -> Iterator[Draws]:
    """Draw numbers from normal laws around the row's own, and categories as the background has them.

    lime's sample_around_instance, which has spread and change 1. Whole numbers stay whole and bounds are kept.

    Args:
        spread: in units of each column's standard deviation.
        change: how often a category is drawn anew; else it stays.
    """
    bins, table = bins_of(segments), row.background
    numbers = np.array([not feature.texts for feature in table.features]) & ~np.isnan(row.values)
    done = 0
    while done < budget:
        size = min(BLOCK, budget - done)
        rows = at_quantiles(row, rng.random((BLOCK, len(row.values))))
        near = row.values + spread * table.scales * rng.standard_normal(rows.shape)
        stays = ~numbers & (rng.random(rows.shape) >= change)
        rows = np.where(numbers, near, np.where(stays, row.values, rows))
        yield drawn(row, bins, rows[:size], first=done == 0)
        done += size
