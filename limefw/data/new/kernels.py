"""A kernel for limefw: how much each draw counts in the fit."""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from annotated_types import Gt

from limefw import Draws, Plugin, hookimpl


def my_plugin(draws: Draws, composer: Any, /, *, width: Annotated[float, Gt(0)] = 0.5) -> Any:
    """exp(-h / width) for a draw that hides a share h of the segments.

    Args:
        width: the smaller, the closer to the instance are the draws that count.
    """
    hidden = 1.0 - draws.codes.mean(axis=1)
    return np.exp(-hidden / width)


@hookimpl
def limefw_kernels() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
