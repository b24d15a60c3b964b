"""A target for limefw: the numbers that are explained, from the model's raw outputs."""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from annotated_types import Gt, Le

from limefw import Head, Plugin, hookimpl


def my_plugin(
    outputs: Any, head: Head, /, *, floor: Annotated[float, Gt(0), Le(0.5)] = 1e-12
) -> tuple[Any, tuple[str, ...]]:
    """Minus the logarithm of each class's answer: how surprising it is.

    Args:
        floor: an answer below this counts as this.
    """
    values = head.columns(outputs)  # activated, (n, k)
    return -np.log(np.maximum(values, floor)), head.names(values.shape[1])


@hookimpl
def limefw_targets() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
