"""Any Python function."""

from collections.abc import Callable
from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Contract, Model, Outputs


def any_callable(
    source: Callable[[Any], Any],
    /,
    *,
    head: Outputs = "probabilities",
) -> Model:
    """Any callable from a batch (n, h, w, c), in the image's own size, dtype and range, to outputs (n, k) or (n,).

    The batch is a buffer that is used again: a function that keeps its input must copy it.

    Args:
        head: what the outputs mean.
    """
    if not callable(source):
        raise ModelSourceError(f"a model is a callable from a batch to outputs, got {type(source).__name__}")
    name = getattr(source, "__name__", type(source).__name__)
    assumed = (
        f"{name} was assumed to take batches (n, h, w, c) in the image's own size, dtype and value range",
        f"its outputs were assumed to be {head.replace('_', ' ')}",
    )
    return Model(source, name=name, contract=Contract(head=head), notes=assumed)
