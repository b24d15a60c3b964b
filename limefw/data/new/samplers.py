"""A sampler for limefw: it decides which segments each composite shows."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import numpy as np
from annotated_types import Gt, Lt

from limefw import Draws, Plugin, Segments, hookimpl


def my_plugin(
    instance: Any,
    segments: Segments,
    budget: int,
    rng: np.random.Generator,
    /,
    *,
    keep: Annotated[float, Gt(0), Lt(1)] = 0.5,
) -> Iterator[Draws]:
    """Show each segment with one probability, independently; the first row is the instance.

    Args:
        keep: the probability.
    """
    block = 256
    for start in range(0, budget, block):
        codes = rng.random((min(block, budget - start), segments.count)) < keep
        if start == 0:
            codes[0] = True
        yield Draws(codes)


@hookimpl
def limefw_samplers() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
