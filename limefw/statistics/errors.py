"""The covariance of coefficients, robust to misfit, to groups of rows, and to the instance that no run draws."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from limefw.statistics.moments import BLOCK, Gram, weighted_means
from limefw.statistics.scores import INTERVAL, rounding
from limefw.types import Floats, Neighbourhood


FEW_CARRIERS = 4
"""Groups that must carry the spread of the others, for these to say to which side they are skewed."""

FEW_OF_FEW = 8
"""The same where there are fewer than two groups for each column: below that nothing is left to the others alone."""

MOST_OVERSTATED = 1.25
"""How many times too large HC3 may make a variance where all rows err alike: more is taken back."""


def sandwich(
    around: Neighbourhood,
    moments: Gram,
    beta: Floats,
    intercepts: Floats,
    alpha: float,
    basis: Floats | None = None,
) -> list[Floats | None]:
    """Return for each target the ``(k, k)`` covariance of ridge coefficients, robust to misfit and to groups of rows.

    HC3 for rows drawn alone, CR3 (jackknife) for rows drawn in groups: V = A^-1 (sum_g u_g u_g') A^-1 with
    u_g = X_g' W_g (I - H_gg)^-1 e_g and H_gg = X_g A^-1 X_g' W_g (Bell & McCaffrey 2002; MacKinnon & White 1985).
    Textbook formulas are off by up to fourfold for paired designs.

    Groups of negative numbers are in every run and add nothing. So is the group of the first row, the instance, but
    beside the law: b = A^-1 u_0 is what it pulls the coefficients by. The others' spread is that around the line
    without it, and a pull is added as far as an interval needs to hold what lies so far beside its middle (Armstrong &
    Kolesar 2020). Skewed estimates lie beside it as well, and the pull may undo that: what counts is the difference.
    Fewer than FEW_CARRIERS groups do not tell the skew. Where none departs from the line, the answers that matter were
    not drawn: then the first group counts as one of them, and where there are fewer than two groups for each column
    already where fewer than FEW_OF_FEW carry the spread.

    HC3 overstates where rows are few for the columns, by a factor that is known for rows that err alike; what exceeds
    MOST_OVERSTATED of it is taken back.

    Skew and pulls are those of single effects. Where these are not the coefficients, `basis` has orthonormal columns
    ``(d, k)``, and effects are basis @ coefficients.

    None where there are not more groups than columns, or none of them is drawn; zeros where the neighbourhood is
    exhaustive, as another draw would be the same.
    """
    width, count = beta.shape
    if around.exhaustive or "no errors" in (around.known or ()):
        return [np.zeros((width, width)) for _ in range(count)]
    numbers, group = np.unique(around.groups, return_inverse=True)
    if len(numbers) <= width + 1:
        return [None] * count
    bread = _inverse(moments.cross, alpha)
    others = group != group[0]
    first, drawn = np.flatnonzero(~others)[None], np.flatnonzero(others & (around.groups >= 0))
    if not len(drawn):
        return [None] * count
    pulls = _group_scores(around, first, bread, moments, beta, intercepts)[0] @ bread
    rest = [drawn[rows] for rows in _groups_of_equal_size(np.unique(group[drawn], return_inverse=True)[1])]
    base, level = beta - pulls.T, intercepts
    if np.isfinite(moments.total):
        weights = np.where(others, around.weights, 0.0)
        level = weighted_means(around.targets, weights) - weighted_means(around.codes, weights) @ base
    spread, leans, carriers = _spread(around, rest, bread, moments, base, level, basis)
    scarce = len(numbers) < 2 * (width + 1)
    silent = carriers < FEW_OF_FEW if scarce else carriers == 0
    whole = _spread(around, rest, bread, moments, beta, intercepts, basis)[0] if silent.any() else spread
    back = min(1.0, MOST_OVERSTATED / _overstated(around, rest, bread, moments))
    told = (carriers >= FEW_CARRIERS) & (not scarce)
    skewed = _skewed(int((numbers >= 0).sum()) - width - 1) * np.sqrt(back) * told
    found: list[Floats | None] = []
    for target, pull in enumerate(pulls):
        own = back * (whole if silent[target] else spread)[target]
        away = pull if silent[target] else _beside(pull, skewed[target] * leans[target], own, basis)
        found.append(own + np.outer(away, away))
    return found


def _skewed(freedom: int) -> float:
    """Return how far skew moves the ends of a 95 % interval, in units of a third moment by its variance.

    (2 z^2 + 1) / 6, to the side of the longer tail (Johnson 1978; Hall 1983), times what frees a third moment of bias
    (Fisher's G1).
    """
    n = max(3, freedom)
    return (2.0 * INTERVAL**2 + 1.0) / 6.0 * n**2 / ((n - 1) * (n - 2))


def _beside(pull: Floats, lean: Floats, covariance: Floats, basis: Floats | None) -> Floats:
    """Return (k,) what widens errors so that 95 % of intervals hold what lies a pull less a lean beside their middle.

    The interval to both sides of a normal variable of mean t and variance 1 that holds 0 so often is of half-width
    c(t), from 1.96 to t + 1.645; the share of t^2 that widens a variance as far is (c(t)^2 / 1.96^2 - 1) / t^2, from 1
    down to 1 / 1.96^2. This is it to 1.3 % of c. What all effects of a basis lean by together is lost where they add up
    to what is known.
    """
    if basis is not None:
        return _beside(basis @ pull, lean, basis @ covariance @ basis.T, None) @ basis
    errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    away, least = pull - lean, 1.0 / INTERVAL**2
    steep = np.divide(np.abs(away), errors, out=np.full(len(away), np.inf), where=errors > 0)
    return np.asarray(away * np.sqrt(least + (1.0 - least) / (1.0 + 0.427 * steep**1.29)))


def _spread(
    around: Neighbourhood,
    groups: list[NDArray[np.intp]],
    bread: Floats,
    moments: Gram,
    beta: Floats,
    intercepts: Floats,
    basis: Floats | None,
) -> tuple[Floats, Floats, Floats]:
    """Return the covariance ``(t, k, k)`` of coefficients by the scores of groups, its lean, and its carriers.

    The lean ``(t, d)`` of effects is their third moment by their variance, in their unit. Carriers are (t,) how many
    groups carry the covariance as if all alike did, 0 where none does.
    """
    width, count = beta.shape
    meat, total, squares = np.zeros((count, width, width)), np.zeros(count), np.zeros(count)
    cubes, own = np.zeros((2, count, width if basis is None else len(basis)))
    unit = np.abs(around.targets).max(axis=0)
    unit[unit == 0] = 1.0
    for rows in _in_blocks(groups):
        scores = _group_scores(around, rows, bread, moments, beta, intercepts)
        meat += np.einsum("gtk,gtl->tkl", scores, scores, optimize=True) if count > 1 else _outer(scores)
        # in units of the answers, whose fourth power may be beyond all numbers
        scores /= unit[:, None]
        moved = scores @ bread
        sizes = np.einsum("gtk,gtk->gt", moved, scores)
        apart = moved if basis is None else moved @ basis.T
        squared = apart * apart
        own += squared.sum(axis=0)
        squared *= apart  # a power of three would take longer than all the rest
        cubes += squared.sum(axis=0)
        total, squares = total + sizes.sum(axis=0), squares + (sizes**2).sum(axis=0)
    # answers that lie on the line to rounding carry nothing
    seen = total > rounding(np.ones(1)) ** 2 * float(around.weights.sum())
    carriers = np.divide(total**2, squares, out=np.zeros(count), where=seen)
    lean = unit[:, None] * np.divide(cubes, own, out=np.zeros_like(own), where=own > 0)
    return bread @ meat @ bread, lean, carriers


def _overstated(around: Neighbourhood, groups: list[NDArray[np.intp]], bread: Floats, moments: Gram) -> float:
    """Return by how much HC3 makes variances too large where all rows err alike, on average over the columns.

    Then the residuals of a group vary like I - H_gg, and M is about the sum of X_g' W_g (I - H_gg)^-1 W_g X_g, where it
    should be that of X_g' W_g^2 X_g (MacKinnon & White 1985). Their ratio by the trace of A^-1 M is the same in any
    basis of the columns. Groups that have half of a column for themselves are left out: where the line goes through a
    row, whatever it answers, HC3 has nothing of it to overstate.
    """
    told = true = 0.0
    for rows in _in_blocks(groups):
        x, w, left = _left_over(around, rows, bread, moments)
        # the least eigenvalue of I - H is at least 1 - trace(H)
        some = np.trace(left, axis1=1, axis2=2) - left.shape[1] + 1.0 >= 0.5
        own, left = (x * w[..., None])[some], left[some]
        freed = own / left if left.shape[1] == 1 else np.linalg.solve(left, own)
        both = own @ bread
        told, true = told + float(np.vdot(both, freed)), true + float(np.vdot(both, own))
    return told / true if true > 0 else 1.0


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


def _in_blocks(groups: list[NDArray[np.intp]]) -> Iterator[NDArray[np.intp]]:
    for rows in groups:
        yield from (rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK))


def _left_over(
    around: Neighbourhood, rows: NDArray[np.intp], bread: Floats, moments: Gram
) -> tuple[Floats, Floats, Floats]:
    """Return of ``(g, m)`` rows the centred codes, the weights and I - H_gg ``(g, m, m)``."""
    codes, w = around.codes[rows], around.weights[rows]
    x = codes - moments.code_means  # the centred design stands for the unpenalised intercept
    # one product of matrices, not one for each group
    half = (x.reshape(rows.size, len(bread)) @ bread).reshape(x.shape)
    if rows.shape[1] == 1:
        hat = (np.einsum("gmk,gmk->gm", half, x) + 1.0 / moments.total) * w
        return x, w, np.maximum(1.0 - hat, 1e-6)[..., None]
    hat = (half @ np.swapaxes(x, 1, 2) + 1.0 / moments.total) * w[:, None, :]
    return x, w, (1.0 + 1e-9) * np.eye(rows.shape[1]) - hat


def _group_scores(
    around: Neighbourhood,
    rows: NDArray[np.intp],
    bread: Floats,
    moments: Gram,
    beta: Floats,
    intercepts: Floats,
) -> Floats:
    """Return u_g for ``(g, m)`` rows, ``(g, t, k)``."""
    x, w, left = _left_over(around, rows, bread, moments)
    residual = around.targets[rows] - (x @ beta + (intercepts + moments.code_means @ beta))
    if rows.shape[1] == 1:  # each alone: no small matrices
        return np.asarray(x * (w[..., None] * residual / left).swapaxes(1, 2))
    adjusted = np.asarray(np.linalg.solve(left, residual), dtype=np.float64)
    return np.asarray(np.einsum("gmk,gmt->gtk", x * w[..., None], adjusted, optimize=True))
