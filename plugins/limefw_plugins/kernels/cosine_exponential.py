"""lime's kernel."""

from typing import Annotated

import numpy as np
from annotated_types import Gt

from limefw.statistics import cosine_to_instance
from limefw.types import Composer, Draws, Floats


def cosine_exponential(draws: Draws, _composer: Composer, /, *, width: Annotated[float, Gt(0)] = 0.25) -> Floats:
    """exp(-D^2 / (2 width^2)) with D = 1 - cos(code, all ones) (Ribeiro et al. 2016; lime's kernel for images).

    With k of d segments kept D = 1 - sqrt(k / d); D = 1 where all are hidden. At width .25 half of the segments
    weigh .50, so this is hardly local.

    Args:
        width: the larger, the flatter.
    """
    return np.exp(-((cosine_to_instance(draws.codes) / width) ** 2) / 2)
