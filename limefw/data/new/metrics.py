"""A metric for limefw: a figure that says how good an explanation is."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from limefw import Draws, Plugin, hookimpl


def my_plugin(
    explanation: Any, game: Any, rng: np.random.Generator, /, *, top: Annotated[int, Ge(1)] = 1
) -> Mapping[str, float]:
    """What the answer for the first label loses when its strongest segments are hidden.

    Args:
        top: how many are hidden.
    """
    codes = np.ones((2, explanation.segments.count), dtype=bool)
    codes[1, [effect.segment for effect in explanation.top(top)]] = False
    whole, without = game(Draws(codes))[:, 0]
    return {"loss": float(whole - without)}


@hookimpl
def limefw_metrics() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
