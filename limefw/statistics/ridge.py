"""Ridge from moments."""

import numpy as np

from limefw.statistics.errors import sandwich
from limefw.statistics.moments import WIDE, Gram, gram
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
