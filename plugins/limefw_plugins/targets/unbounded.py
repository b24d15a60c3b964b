"""The model's answer on a scale that does not end at 0 and 1."""

from typing import Annotated, Any

from annotated_types import Gt, Lt
from numpy.typing import NDArray

from limefw.types import Floats, Head
from limefw_plugins.targets.log_odds import log_odds


def unbounded(
    outputs: NDArray[Any], head: Head, /, *, clip: Annotated[float, Gt(0), Lt(0.5)] = 1e-6
) -> tuple[Floats, tuple[str, ...]]:
    """The log-odds of each class; of a model without probabilities its scores or values as they are.

    For recipes that shall serve any model: sums of effects follow what does not saturate. Where a regressor is to be
    refused take `log_odds`.

    Args:
        clip: probabilities are kept this far from 0 and 1.
    """
    if head.kind not in ("scores", "values"):
        return log_odds(outputs, head, clip=clip)
    values = head.columns(outputs)
    return values, head.names(values.shape[1])
