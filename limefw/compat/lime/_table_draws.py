"""Drawn rows of lime's tables, and what the model is asked about them."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from limefw.types import Draws, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Drawn rows, and a composer of what the model reads.

    Args:
        codes: ``(n, k)`` as the surrogate sees them.
        rows: ``(n, k)`` as the model does.
        columns: (k,) where these are in a sparse row, or None.
        width: of the model's rows.
        on: codes are True where a value is the row's own.
    """

    codes: NDArray[Any]
    rows: Floats
    columns: NDArray[np.intp] | None
    width: int
    on: bool = False

    def keys(self, draws: Draws) -> list[bytes]:
        """Return a short key for each row: of long ones no copies are kept."""
        return [blake2b(self.rows[at], digest_size=16).digest() for at in draws.values["row"]]

    def compose(self, draws: Draws) -> Floats:
        """Return the rows."""
        return np.asarray(self.rows[draws.values["row"]])

    def sparse(self, rows: Floats) -> Any:
        """Return rows as a sparse matrix with all columns."""
        from scipy.sparse import csr_matrix

        assert self.columns is not None
        ends = np.arange(len(rows) + 1) * len(self.columns)
        return csr_matrix((rows.ravel(), np.tile(self.columns, len(rows)), ends), shape=(len(rows), self.width))


def checked(predict_fn: Callable[[Any], Any], around: Around, mode: str, rows: Floats) -> Any:
    """Ask the model and look at the shape of what it returned.

    Raises:
        NotImplementedError: a classifier without probabilities.
        ValueError: outputs of another shape.
    """
    outputs = predict_fn(rows if around.columns is None else around.sparse(rows))
    dimensions = len(np.shape(outputs))
    if mode == "classification" and dimensions == 1:
        raise NotImplementedError(
            "LIME does not currently support classifier models without probability scores: give predict_proba"
        )
    if dimensions > 2:
        raise ValueError(f"Your model outputs arrays with {dimensions} dimensions, and should return (rows, outputs)")
    return outputs


def normal(chance: RandomState, rows: int, columns: int, *, lhs: bool) -> Floats:
    """Draw from the standard normal, independently or by a Latin hypercube (McKay et al. 1979)."""
    if not lhs:
        return chance.normal(0, 1, rows * columns).reshape(rows, columns)
    from scipy.special import ndtri

    cells = np.argsort(chance.random_sample((rows, columns)), axis=0)
    return np.asarray(ndtri((cells + 1.0 - chance.random_sample((rows, columns))) / (rows + 1e-9)))


def changed(codes: NDArray[np.bool_]) -> Floats:
    """Return the Euclidean distances of rows of 0 and 1 from the first, which is all 1."""
    return np.asarray(np.sqrt(codes.shape[1] - codes.sum(axis=1, dtype=np.float64)))
