"""What surrogates share: a weighted Gram matrix read in blocks, ridge, robust covariance, weighted R2.

Codes stay bool: no function of this module makes an ``(n, d)`` float copy. Blocks are of one fixed size, so that no
result depends on how the model was called.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.types import Codes, Fit, Floats, Neighbourhood


BLOCK = 2048
CELLS = 300_000

WIDE = 300
"""From so many columns on, SciPy's routines save more than importing them costs."""

INTERVAL = 1.96
"""Standard errors on each side of a 95% interval where rows are many."""


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


def solve_ridge(moments: Gram, alpha: float) -> tuple[Floats, Floats]:
    """Return coefficients ``(k, t)`` and intercepts (t,) of min sum w (y - b - x beta)^2 + alpha |beta|^2.

    The intercept is not penalised and the weights are not normalised, as in scikit-learn's Ridge. With alpha 0 and a
    singular Gram matrix: the shortest of all solutions.
    """
    # in place for a while, as a copy of a large one is what an explanation would need most memory for
    diagonal = moments.cross.reshape(-1)[:: len(moments.cross) + 1]
    kept = diagonal.copy()
    diagonal += alpha
    try:
        if alpha > 0:
            beta: Floats = _solve(moments.cross, moments.with_targets)
        else:
            beta = np.asarray(np.linalg.lstsq(moments.cross, moments.with_targets, rcond=None)[0], dtype=np.float64)
    finally:
        diagonal[...] = kept
    return beta, moments.target_means - moments.code_means @ beta


def _solve(cross: Floats, targets: Floats) -> Floats:
    """Solve a symmetric system: a wide one that is positive definite as well in half the steps, by Cholesky."""
    if len(cross) >= WIDE:
        from scipy.linalg.lapack import dposv

        _, found, failed = dposv(cross.T, targets)
        if not failed:
            return np.asarray(found, dtype=np.float64)
    return np.asarray(np.linalg.solve(cross, targets), dtype=np.float64)


def rounding(targets: Floats) -> float:
    """Return the size below which a difference of targets, or an effect on them, is rounding."""
    return 1e-12 * float(np.abs(targets).max(initial=0.0))


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


def linear_fits(around: Neighbourhood, alpha: float) -> list[Fit]:
    """Fit every target by ridge from one Gram matrix, with robust standard errors.

    Args:
        around: the selected columns, all targets.
        alpha: the penalty, in the units of the summed weights.
    """
    moments = gram(around)
    beta, intercepts = solve_ridge(moments, alpha)
    spread = sandwich(around, moments, beta, intercepts, alpha)
    fits = []
    for target, intercept in enumerate(intercepts):
        effects = beta[:, target]
        predicted = Fit(effects, float(intercept), 0.0, 0.0).predict(around.codes)
        score = weighted_r2(around.targets[:, target], predicted, around.weights)
        local = float(intercept + around.codes[0].astype(np.float64) @ effects)
        fits.append(Fit(effects, float(intercept), score, local, covariance=spread[target]))
    return fits


def sandwich(
    around: Neighbourhood, moments: Gram, beta: Floats, intercepts: Floats, alpha: float
) -> list[Floats | None]:
    """Return for each target the ``(k, k)`` covariance of ridge coefficients, robust to misfit and to groups of rows.

    HC3 for rows drawn alone, CR3 (jackknife) for rows drawn in groups: V = A^-1 (sum_g u_g u_g') A^-1 with
    u_g = X_g' W_g (I - H_gg)^-1 e_g and H_gg = X_g A^-1 X_g' W_g (Bell & McCaffrey 2002; MacKinnon & White 1985).
    Textbook formulas overstate the spread of paired designs about twofold. None where there are not more groups than
    columns; zeros where the neighbourhood is exhaustive, as another draw would be the same.
    """
    width, count = beta.shape
    if around.exhaustive or "no errors" in (around.known or ()):
        return [np.zeros((width, width)) for _ in range(count)]
    numbers, group = np.unique(around.groups, return_inverse=True)
    if len(numbers) <= width + 1:
        return [None] * count
    bread = _inverse(moments.cross, alpha)
    meat = np.zeros((count, width, width))
    for rows in _groups_of_equal_size(group):
        for start in range(0, len(rows), BLOCK):
            scores = _group_scores(around, rows[start : start + BLOCK], bread, moments, beta, intercepts)
            meat += np.einsum("gtk,gtl->tkl", scores, scores, optimize=True) if count > 1 else _outer(scores)
    return [bread @ part @ bread for part in meat]


def _inverse(cross: Floats, alpha: float) -> Floats:
    """Return (cross + alpha I)^-1, the pseudo-inverse where the penalty is too small to make that well conditioned."""
    penalised = cross + alpha * np.eye(len(cross))
    well = alpha > 1e-8 * np.trace(cross)
    return np.asarray(np.linalg.inv(penalised) if well else np.linalg.pinv(penalised, hermitian=True), dtype=np.float64)


def _outer(scores: Floats) -> Floats:
    flat = scores[:, 0]
    return np.asarray((flat.T @ flat)[None])


def _groups_of_equal_size(group: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Yield ``(g, m)`` row numbers: all g groups that have m rows."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    for size in np.unique(sizes):
        first = starts[sizes == size]
        yield order[first[:, None] + np.arange(size)]


def _group_scores(
    around: Neighbourhood,
    rows: NDArray[np.intp],
    bread: Floats,
    moments: Gram,
    beta: Floats,
    intercepts: Floats,
) -> Floats:
    """Return u_g for ``(g, m)`` rows, ``(g, t, k)``: the centred design stands for the unpenalised intercept."""
    if rows.shape[1] == 1:
        return _alone(around, rows[:, 0], bread, moments, beta, intercepts)
    codes = around.codes[rows]
    x = codes - moments.code_means
    w = around.weights[rows]
    residual = around.targets[rows] - (codes @ beta + intercepts)
    # one product of matrices, not one for each group
    half = (x.reshape(-1, x.shape[-1]) @ bread).reshape(x.shape)
    hat = (half @ np.swapaxes(x, 1, 2) + 1.0 / moments.total) * w[:, None, :]
    rest = np.eye(rows.shape[1]) - hat
    adjusted = np.asarray(np.linalg.solve(rest + 1e-9 * np.eye(rows.shape[1]), residual), dtype=np.float64)
    return np.asarray(np.einsum("gmk,gmt->gtk", x * w[..., None], adjusted, optimize=True))


def _alone(
    around: Neighbourhood,
    rows: NDArray[np.intp],
    bread: Floats,
    moments: Gram,
    beta: Floats,
    intercepts: Floats,
) -> Floats:
    """Return the same for rows that are each alone: one product of matrices, and no small ones."""
    x = around.codes[rows] - moments.code_means
    w = around.weights[rows]
    residual = around.targets[rows] - (x @ beta + (intercepts + moments.code_means @ beta))
    hat = (np.einsum("gk,gk->g", x @ bread, x) + 1.0 / moments.total) * w
    adjusted = residual / np.maximum(1.0 - hat, 1e-6)[:, None]
    return np.asarray(x[:, None, :] * (w[:, None] * adjusted)[:, :, None])


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
