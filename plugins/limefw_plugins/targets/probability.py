"""The probability of a class."""

from typing import Any

from numpy.typing import NDArray

from limefw.types import Floats, Head


def probability(outputs: NDArray[Any], head: Head, /) -> tuple[Floats, tuple[str, ...]]:
    """The probability of each class (of a regressor the value it returns, of a classifier without them its score)."""
    values = head.columns(outputs)
    return values, head.names(values.shape[1])
