"""lime's default."""

from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.types import Neighbourhood
from limefw_plugins.selectors.forward import forward
from limefw_plugins.selectors.highest_weights import highest_weights


MOST_FORWARD = 6


def lime_auto(
    around: Neighbourhood, rng: Generator, /, *, num_features: Annotated[int, Ge(1)] = 10
) -> list[NDArray[np.intp]]:
    """`forward` for up to 6 columns, `highest_weights` for more (lime's "auto", with its picks).

    The two need not agree: 6 columns may hold some that 7 do not. Name one of them where that matters.

    Args:
        num_features: how many.
    """
    select = forward if num_features <= MOST_FORWARD else highest_weights
    return select(around, rng, num_features=num_features)
