"""By how much a class is ahead."""

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt, Lt
from numpy.typing import NDArray

from limefw.errors import LabelError, ModelError, did_you_mean
from limefw.inputs.labels import find
from limefw.types import Floats, Head


LISTED = 10
"""More classes than these are counted, not named."""


def margin(
    outputs: NDArray[Any],
    head: Head,
    /,
    *,
    against: int | str | None = None,
    scale: Literal["probability", "log"] = "probability",
    clip: Annotated[float, Gt(0), Lt(0.5)] = 1e-12,
) -> tuple[Floats, tuple[str, ...]]:
    """p(class) - the largest p of the others: above 0 where the class wins, so effects say what decides.

    Of a classifier without probabilities it is the difference of its scores.

    Args:
        against: the index or name of one class to compare with instead of the strongest other: "why this and not
            that". Of that class itself the margin is 0.
        scale: "log" takes log p - log p, which with softmax is the difference of the logits: additive where
            probabilities saturate.
        clip: for "log", probabilities below this count as this.
    """
    if head.kind == "values":
        raise ModelError("target 'margin' needs a classifier, and this model is a regressor: use target 'probability'")
    if head.kind == "scores" and scale == "log":
        raise ModelError(
            "target 'margin' on scale 'log' needs probabilities, and this model gives scores: leave it out"
        )
    values = head.columns(outputs)
    names = head.names(values.shape[1])
    values = np.log(np.maximum(values, clip)) if scale == "log" else values
    if against is not None:
        return values - values[:, [_column(against, names)]], names
    strongest = values.argmax(axis=1)[:, None] == np.arange(values.shape[1])
    second = np.where(strongest, -np.inf, values).max(axis=1, keepdims=True)
    return values - np.where(strongest, second, values.max(axis=1, keepdims=True)), names


def _column(label: int | str, names: tuple[str, ...]) -> int:
    """Return the class that a label means, upper or lower case, as for what is explained."""
    found = find(label, dict(enumerate(names)), "target 'margin': ")
    if found is None:
        hint = did_you_mean(str(label), [name.lower() for name in names])
        there = ", ".join(names) if len(names) <= LISTED else f"{len(names)}, numbered from 0"
        raise LabelError(f"target 'margin': there is no class {label!r} to compare with.{hint} There are: {there}.")
    return found
