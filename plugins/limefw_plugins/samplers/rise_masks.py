"""RISE's soft masks."""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.random import Generator

from limefw.modalities.image import Image
from limefw.types import Draws, Floats, Segments
from limefw_plugins.samplers._law import BLOCK


def rise_masks(
    image: Image,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    grid: Annotated[int, Ge(2), Le(64)] = 7,
    keep: Annotated[float, Gt(0), Lt(1)] = 0.5,
    centroid: bool = False,
) -> Iterator[Draws]:
    """Coarse grids of coins, enlarged bilinearly and shifted at random (RISE: Petsiuk, Das & Saenko 2018).

    A segment's code is the mean of the mask over its pixels: it is shown by that share, blended with what would hide
    it. Neighbours are shown together, as their cells are, so effects are smooth. A ridge on these codes is RISE with
    an intercept, at the resolution of the segments. Codes are soft: for models that compose from whole segments alone,
    and for Shapley's kernel, take another sampler.

    Args:
        grid: cells along each side.
        keep: the probability that a cell is shown.
        centroid: the mask at each segment's middle pixel instead of its mean.
    """
    cells = -(-np.array(image.shape) // grid)
    shares = _at_centroids(segments) if centroid else _means(segments)
    drawn = 0
    while drawn < budget:
        # a whole block even where fewer rows are left: more samples then begin with the same ones
        coins = rng.random((BLOCK, grid, grid)) < keep
        shifts = rng.integers(0, cells, size=(BLOCK, 2))
        codes = np.ones((min(BLOCK, budget - drawn), segments.count), dtype=np.float32)
        for row in range(0 if drawn else 1, len(codes)):
            down, across = (
                _enlarged(grid, int(cell), int(shift), length)
                for cell, shift, length in zip(cells, shifts[row], image.shape, strict=True)
            )
            codes[row] = shares @ (down @ coins[row] @ across.T).ravel()
        yield Draws(codes)
        drawn += len(codes)


def _enlarged(grid: int, cell: int, shift: int, length: int) -> Floats:
    """Return ``(length, grid)``: how much a pixel shows of each cell, where `grid` cells fill the room of grid + 1."""
    place = (shift + np.arange(length) + 0.5) * grid / ((grid + 1) * cell) - 0.5
    # mirrored at the middle of the outermost cells, as scikit-image does it for RISE
    place = grid - 1.0 - np.abs(grid - 1.0 - np.abs(place))
    return np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(grid)))


def _means(segments: Segments) -> Any:
    """Return the sparse ``(d, pixels)`` matrix by which a mask becomes its mean over each segment."""
    from scipy.sparse import csr_array

    if segments.basis is not None:
        flat = segments.basis.reshape(segments.count, -1).astype(np.float64)
        return csr_array(flat / flat.sum(axis=1, keepdims=True))
    inside = np.flatnonzero(segments.labels >= 0)
    owner = segments.labels.ravel()[inside]
    sizes = np.bincount(owner, minlength=segments.count)
    return csr_array((1.0 / sizes[owner], (owner, inside)), shape=(segments.count, segments.labels.size))


def _at_centroids(segments: Segments) -> Any:
    """Return the same of a mask's value at each segment's centre of mass."""
    from scipy.sparse import csr_array

    means, shape = _means(segments), segments.labels.shape
    middle = [np.rint(means @ index.ravel()).astype(np.intp) for index in np.indices(shape)]
    pixel, rows = np.ravel_multi_index(middle, shape), np.arange(segments.count)
    return csr_array((np.ones(segments.count), (rows, pixel)), shape=means.shape)
