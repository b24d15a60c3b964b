"""The share of segments that are hidden."""

from typing import Annotated

import numpy as np
from annotated_types import Gt

from limefw.statistics import blocks
from limefw.types import Composer, Draws, Floats


def hamming(draws: Draws, _composer: Composer, /, *, width: Annotated[float, Gt(0)] = 0.25) -> Floats:
    """exp(-D^2 / (2 width^2)) with D the Hamming distance to the instance: the share of segments hidden.

    Half of the segments hidden weigh .14 at width .25, where lime's cosine kernel has .50: this one is more local.

    Args:
        width: the larger, the flatter.
    """
    codes = draws.codes
    shares = np.empty(len(codes))
    for part in blocks(*codes.shape):
        shares[part] = np.abs(np.subtract(1.0, codes[part], dtype=np.float64)).mean(axis=1)
    return np.asarray(np.exp(-((shares / width) ** 2) / 2))
