"""A method for limefw: an explanation by a loop of its own instead of sampling and fitting."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from limefw import Draws, Fit, InputError, Plugin, hookimpl


def my_plugin(
    game: Any,
    stages: Mapping[str, Any],
    budget: Any,
    rng: np.random.Generator,
    /,
    *,
    blend: Annotated[float, Ge(0), Le(1)] = 0.0,
) -> list[Fit]:
    """What the answer loses without a segment, or gains by it alone.

    Args:
        blend: 0 = loses when it alone is hidden, 1 = gains when it alone is shown, between: a mixture.
    """
    count = game.segments.count
    if budget.rows < 2 * count + 2:
        raise InputError(f"{count} segments need {2 * count + 2} samples, got {budget.rows}: give -n {2 * count + 2}")
    alone = np.eye(count, dtype=bool)
    whole, nothing = np.ones((1, count), dtype=bool), np.zeros((1, count), dtype=bool)
    answers = game(Draws(np.concatenate([whole, nothing, ~alone, alone])))
    losses, gains = answers[0] - answers[2 : 2 + count], answers[2 + count :] - answers[1]
    effects = (1.0 - blend) * losses + blend * gains
    local = answers[0]
    return [
        Fit(effects[:, at], float(local[at] - effects[:, at].sum()), 1.0, float(local[at])) for at in range(len(local))
    ]


@hookimpl
def limefw_methods() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
