"""Ridge from moments, with a covariance that is robust to misfit and to groups of rows."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from limefw.statistics.moments import BLOCK, WIDE, Gram, gram
from limefw.statistics.scores import weighted_r2
from limefw.types import Fit, Floats, Neighbourhood


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
