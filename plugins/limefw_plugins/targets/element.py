"""A part of an output with many axes."""

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, MinLen
from numpy.typing import NDArray

from limefw.errors import ModelError
from limefw.types import Floats, Head


def element(
    outputs: NDArray[Any],
    head: Head,
    /,
    *,
    index: Annotated[int, Ge(0)] | Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)] = (0,),
) -> tuple[Floats, tuple[str, ...]]:
    """The element of each output at `index`: a box's score, a pixel's class, one of several numbers.

    Args:
        index: one number for each axis after the batch gives that number as the model returned it. One fewer gives the
            last axis as classes, activated as the model's head says: of outputs (n, boxes, classes), [3] are box 3's
            classes and [3, 0] is its class 0. A number by itself is a list of one.
    """
    index = (index,) if isinstance(index, int) else index
    shape = outputs.shape[1:] or (1,)
    if len(index) not in (len(shape), len(shape) - 1) or any(
        at >= size for at, size in zip(index, shape, strict=False)
    ):
        several = f"or {len(shape) - 1} numbers" if len(shape) > 1 else "number"
        raise ModelError(
            f"target 'element': index {list(index)} is none of an output of shape {tuple(shape)}: give {len(shape)} "
            f"{several}, each below its axis' length"
        )
    place: tuple[Any, ...] = (slice(None), *index)
    part = outputs.reshape(len(outputs), *shape)[place]
    if part.ndim == 2:
        values = head.columns(part)
        return values, head.names(values.shape[1])
    # a copy: the model may use its array again
    return np.array(part[:, None], dtype=np.float64), (f"element {list(index)}",)
