"""The log-odds of a class."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt, Lt
from numpy.typing import NDArray

from limefw.errors import ModelError
from limefw.types import Floats, Head


def log_odds(
    outputs: NDArray[Any], head: Head, /, *, clip: Annotated[float, Gt(0), Lt(0.5)] = 1e-6
) -> tuple[Floats, tuple[str, ...]]:
    """log(p / (1 - p)) of each class: additive where probabilities saturate, the better scale above .95 or below .1.

    Args:
        clip: probabilities are kept this far from 0 and 1.
    """
    values = head.columns(outputs)
    if head.kind in ("scores", "values"):
        what = "is a regressor: use target" if head.kind == "values" else "gives scores instead: use target 'margin' or"
        raise ModelError(
            f"target 'log_odds' needs a classifier with probabilities, and this model {what} 'probability'"
        )
    inside = np.clip(values, clip, 1 - clip)
    return np.log(inside) - np.log1p(-inside), head.names(values.shape[1])
