"""Weighted second moments of a neighbourhood, read in blocks.

Codes stay bool: no function of this module makes an ``(n, d)`` float copy. Blocks are of one fixed size, so that no
result depends on how the model was called.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats, Neighbourhood


BLOCK = 2048
CELLS = 300_000

WIDE = 300
"""From so many columns on, SciPy's routines save more than importing them costs."""


def blocks(rows: int, width: int = 1) -> Iterator[slice]:
    """Cut ``range(rows)`` into slices of at most BLOCK rows, of fewer where a row is so wide that memory would grow."""
    size = min(BLOCK, max(256, CELLS // max(width, 1)))
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


def weighted_means(array: NDArray[Any], weights: Floats) -> Floats:
    """Return the weighted mean of each column of ``(n, ...)``."""
    total = sum(weights[part] @ array[part].astype(np.float64) for part in blocks(len(array), array[:1].size))
    return np.asarray(total / weights.sum(), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Gram:
    """The weighted, centred second moments of a neighbourhood: all that a least-squares fit needs.

    Args:
        cross: ``(k, k)`` sum of w (x - mean)(x - mean)'.
        with_targets: ``(k, t)`` sum of w (x - mean)(y - mean).
        code_means: (k,) weighted.
        target_means: (t,) weighted.
        total: the sum of the weights.
    """

    cross: Floats
    with_targets: Floats
    code_means: Floats
    target_means: Floats
    total: float


def gram(around: Neighbourhood) -> Gram:
    """Compute the Gram matrix in two passes (means, then centred moments), as far as it is not known already."""
    codes, targets, weights = around.codes, around.targets, around.weights
    width, count = codes.shape[1], targets.shape[1]
    known = _known(around)
    code_means, cross = (weighted_means(codes, weights), np.zeros((width, width))) if known is None else known
    target_means, joint = weighted_means(targets, weights), np.zeros((width, count))
    for part in blocks(len(codes), width):
        x = codes[part] - code_means
        weighted = weights[part, None]
        joint += x.T @ (weighted * (targets[part] - target_means))
        if known is None:
            x *= np.sqrt(weighted)
            _add_products(cross, x)
    if known is None:
        _mirror(cross)
    if around.known is not None:
        around.known["moments"] = code_means, cross
    return Gram(cross, joint, code_means, target_means, float(weights.sum()))


def without(around: Neighbourhood, rest: Neighbourhood, part: Neighbourhood, *, last: bool) -> Neighbourhood:
    """Return `rest` knowing that with `part`, of less weight, it makes up all of `around`: its moments follow.

    Args:
        around: all rows.
        rest: those that are wanted.
        part: the others.
        last: what is known of all rows is not needed after this.

    Returns:
        `rest`, of whose fits nobody wants standard errors: they are not computed, and 0.
    """
    light = part.weights.any() and part.weights.sum() <= rest.weights.sum()
    known = {"all but": (around, part, last)} if light and around.known is not None else {}
    return rest.knowing({**known, "no errors": True})


def _known(around: Neighbourhood) -> tuple[Floats, Floats] | None:
    """Return the means and centred moments of the codes, where they were computed or follow from what was."""
    known = around.known or {}
    if "moments" not in known and "all but" in known:
        whole, part, last = known.pop("all but")
        if "moments" in whole.known:
            means, cross = whole.known.pop("moments") if last else whole.known["moments"]
            known["moments"] = _less(means, cross if last else cross.copy(), whole.weights.sum(), part)
    found: tuple[Floats, Floats] | None = known.get("moments")
    return found


def _less(means: Floats, cross: Floats, total: float, part: Neighbourhood) -> tuple[Floats, Floats]:
    """Return means and moments of all rows but those of a part, in the memory of the moments of all."""
    for rows in blocks(len(part), len(means)):
        x = part.codes[rows] - means
        x *= np.sqrt(part.weights[rows, None])
        _add_products(cross, x, -1.0)
    _mirror(cross)
    less = float(part.weights.sum())
    gap = (weighted_means(part.codes, part.weights) - means) * less / (total - less)
    for columns in blocks(len(gap), len(gap)):
        cross[columns] -= np.multiply.outer((total - less) * gap[columns], gap)
    return means - gap, cross


def _add_products(cross: Floats, x: Floats, sign: float = 1.0) -> None:
    """Add x'x to the upper half of `cross`, in its own memory where it is large."""
    if len(cross) < WIDE:
        cross += sign * (x.T @ x)
        return
    from scipy.linalg.blas import dsyrk

    # for BLAS, to which rows are columns, our upper half is the lower
    dsyrk(sign, x.T, beta=1.0, c=cross.T, lower=1, overwrite_c=1)


def _mirror(cross: Floats) -> None:
    """Copy the upper half to the lower, panel by panel."""
    for columns in blocks(len(cross), len(cross)):
        rest = slice(columns.stop, None)
        cross[rest, columns] = cross[columns, rest].T
        panel = cross[columns, columns]
        panel[...] = np.triu(panel) + np.triu(panel, 1).T
