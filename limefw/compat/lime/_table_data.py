"""What lime's tables may be: arrays and frames of numbers, sparse matrices."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError


def is_sparse(data: Any) -> bool:
    """Say whether this is one of scipy's sparse matrices."""
    return hasattr(data, "tocsr")


def numbers(data: Any, what: str) -> NDArray[Any]:
    """Return an array of numbers.

    Raises:
        InputError: where there are texts among them.
    """
    array = data.to_numpy() if hasattr(data, "to_numpy") else np.asarray(data)
    if array.dtype.kind in "biuf":
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{what} must be numbers, as lime's always are: {error}. Number the categories and name them in "
            "categorical_names, or use limefw.Table, which takes them as they are"
        ) from error


def refuse_missing(rows: NDArray[Any], names: Sequence[str]) -> None:
    """Refuse rows in which something is not finite.

    Raises:
        InputError: which columns it is in.
    """
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        columns = np.flatnonzero(~np.isfinite(rows).all(axis=0))
        bad = ", ".join(repr(str(names[at])) for at in columns[:5] if at < len(names))
        raise InputError(
            f"there are NaN or infinite values in {bad}: fill them in, or use limefw.Table, which knows them"
        )
