"""How well an answer fits, how many rows it rests on, how far rows are from the instance."""

import numpy as np
from numpy.typing import NDArray

from limefw.statistics.moments import blocks
from limefw.types import Codes, Floats


INTERVAL = 1.96
"""Standard errors on each side of a 95% interval where rows are many."""


def rounding(targets: Floats) -> float:
    """Return the size below which a difference of targets, or an effect on them, is rounding."""
    return 1e-12 * float(np.abs(targets).max(initial=0.0))


def unvarying(targets: Floats, unit: float = 0.0) -> NDArray[np.bool_]:
    """Return of which targets, the columns, nothing but rounding differs.

    Args:
        targets: ``(n, t)``, or ``(n,)`` of one.
        unit: what is small beside it is nothing; 0: only beside the largest answer.
    """
    most = np.maximum(unit, np.abs(targets).max(axis=0))
    return np.asarray(np.ptp(targets, axis=0) <= 1e-9 * most)


def unvaried(codes: Codes) -> NDArray[np.bool_]:
    """Return (d,) which columns are the same in all rows."""
    return np.asarray((codes == codes[0]).all(axis=0))


def weighted_r2(targets: Floats, predicted: Floats, weights: Floats) -> float:
    """Return 1 - sum w (y - g)^2 / sum w (y - mean)^2; 1 for a perfect and 0 for any other fit of a constant."""
    mean = np.average(targets, weights=weights)
    left = float(weights @ (targets - predicted) ** 2)
    total = float(weights @ (targets - mean) ** 2)
    # below this what differs is rounding: the targets are constant
    least = rounding(targets) ** 2 * float(weights.sum())
    if total <= least:
        return 1.0 if left <= least else 0.0
    return 1.0 - left / total


def effective_sample_size(weights: Floats) -> float:
    """Return (sum w)^2 / sum w^2 (Kish 1965): how many equally weighted rows these are worth."""
    return float(weights.sum() ** 2 / (weights @ weights))


def cosine_to_instance(codes: Codes) -> Floats:
    """Return 1 - cos(row, ones) for each row; 1 for an all-hidden row, as scikit-learn has it."""
    width = codes.shape[1]
    result = np.empty(len(codes))
    for part in blocks(*codes.shape):
        block = codes[part]
        kept = block.sum(axis=1, dtype=np.float64)
        norm = (
            np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64) * width)
            if block.dtype != np.bool_
            else np.sqrt(kept * width)
        )
        result[part] = 1.0 - np.divide(kept, norm, out=np.zeros(len(kept)), where=norm > 0)
    return result


FAR = 30.0
"""Standard deviations from which on nothing is left of the normal distribution in double precision."""


def cut_off_normal(uniform: Floats, places: NDArray[np.intp], below: Floats, above: Floats) -> Floats:
    """Return what scipy's truncated normal makes of uniform numbers, to 1e-13, in a tenth of its time.

    Args:
        uniform: (n,).
        places: (n,) the bin of each.
        below: of each bin, in standard deviations from its mean.
        above: likewise.
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import truncnorm

    if (np.minimum(np.abs(below), np.abs(above)) > FAR)[places].any():
        return np.asarray(truncnorm.ppf(uniform, below[places], above[places]))
    # each from the end where it is small, so that few digits are lost; the ends once for each bin
    left, mass = ndtr(below), np.where(below > 0, ndtr(-below) - ndtr(-above), ndtr(above) - ndtr(below))
    share = left[places] + uniform * mass[places]
    rest = ndtr(-above)[places] + (1.0 - uniform) * mass[places]
    return np.asarray(np.where(share < 0.5, ndtri(share), -ndtri(rest)))
