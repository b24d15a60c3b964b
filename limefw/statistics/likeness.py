"""How alike two rankings, or two maps, are."""

import numpy as np

from limefw.types import Floats


def topmost(values: Floats, count: float) -> Floats:
    """Return how far each place is among the `count` with the largest values, 0..1; those that tie share what is left.

    Places of one segment tie: which of them come first would be chance. NaN is never among them.
    """
    known = np.sort(values[np.isfinite(values)])[::-1]
    if not len(known) or count <= 0:
        return np.zeros(values.shape)
    least = known[min(int(np.ceil(count)), len(known)) - 1]
    above, tied = values > least, values == least
    part = min(1.0, (count - above.sum()) / tied.sum())
    return np.asarray(above + part * tied, dtype=np.float64)


def overlap_of(first: Floats, second: Floats) -> float:
    """Return the intersection over the union of two sets to which places belong in part."""
    union = float(np.maximum(first, second).sum())
    return float(np.minimum(first, second).sum()) / union if union else 1.0


def correlation(first: Floats, second: Floats, *, rank: bool) -> float:
    """Return Pearson's or Spearman's correlation; NaN where either is constant, to rounding."""
    if rank:
        from scipy.stats import rankdata

        first, second = rankdata(first), rankdata(second)
    x, y = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    least = 1e-12 * len(x) * float(np.abs(first).max() * np.abs(second).max())
    return float(x @ y) / scale if scale > least else float("nan")
