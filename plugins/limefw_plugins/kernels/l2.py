"""The Euclidean distance between codes."""

from typing import Annotated

import numpy as np
from annotated_types import Gt

from limefw.statistics import blocks
from limefw.types import Composer, Draws, Floats


def l2(draws: Draws, _composer: Composer, /, *, width: Annotated[float, Gt(0)] = 0.75, relative: bool = True) -> Floats:
    """exp(-D^2 / (2 width^2)) with D the Euclidean distance between the code and the instance's (lime's for tables).

    With s of d segments kept D^2 = d - s, so the weights are a product over the segments: fair coins weighted so and
    coins that keep with probability 1 / (1 + exp(-1 / (2 width^2))) have the same coefficients (Tan, Tian & Li 2023);
    where `relative`, width sqrt(d) stands for the width there.

    Args:
        width: the larger, the flatter.
        relative: in units of sqrt(d), the distance at which everything is hidden, as lime's .75 sqrt(d) for tables is.
            Off: lime's distance_metric="l2" for images; from 20 segments on nearly all weight is then on few draws.
    """
    codes = draws.codes
    squares = np.empty(len(codes))
    for part in blocks(*codes.shape):
        if codes.dtype == np.bool_:
            squares[part] = (codes[part] != codes[0]).sum(axis=1, dtype=np.uint32)
            continue
        hidden = np.subtract(codes[0], codes[part], dtype=np.float64)
        squares[part] = np.einsum("ij,ij->i", hidden, hidden)
    return np.asarray(np.exp(-squares / width / width / (2 * codes.shape[1] if relative else 2)))
