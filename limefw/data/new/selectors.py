"""A selector for limefw: which segments the surrogate may use."""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from limefw import Neighbourhood, Plugin, hookimpl


def my_plugin(around: Neighbourhood, rng: np.random.Generator, /, *, count: Annotated[int, Ge(1)] = 10) -> list[Any]:
    """The segments that vary most with each target, the strongest first.

    Args:
        count: how many at the most.
    """
    centred = around.codes - around.codes.mean(axis=0)
    columns = (centred.T @ around.targets[:, at] for at in range(around.targets.shape[1]))
    return [np.argsort(-np.abs(strength), kind="stable")[:count] for strength in columns]


@hookimpl
def limefw_selectors() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
