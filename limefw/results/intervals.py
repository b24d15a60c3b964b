"""How wide the intervals of effects are, and which ranks they leave open: one answer for every rendering.

They cover the luck of the draw alone: not how the instance was cut, what hidden parts show, or what is missed.
"""

from collections.abc import Sequence
from math import atan, cos, pi, sin, sqrt
from statistics import NormalDist

import numpy as np

from limefw.statistics import rounding, unvaried
from limefw.types import Fit, Floats, Neighbourhood


CONFIDENCE = 0.95
"""Of an interval."""

FEW = 30
"""Degrees of freedom below which an expansion is not exact enough, and a sum is short."""


def reach(fit: Fit, around: Neighbourhood) -> float:
    """Return how many standard errors lie on each side of an effect in its interval: 1.96, more where groups are few.

    The quantile of Student's t with G - k - 1 degrees of freedom, for G groups of rows and k columns with an effect; of
    these only as large a share as groups are that not every run has (those of negative numbers are in each).
    What is no least squares says how many it has as ``detail["freedom"]``; None: the normal law, as of a posterior.
    """
    if "freedom" in fit.detail:
        freedom = fit.detail["freedom"]
        return NormalDist().inv_cdf((1 + CONFIDENCE) / 2) if freedom is None else _student(max(1, int(freedom)))
    columns = len(fit.effects) if fit.columns is None else len(fit.columns)
    numbers = np.unique(around.groups)
    drawn = int((numbers >= 0).sum())
    return _student(max(1, (len(numbers) - columns - 1) * drawn // len(numbers)))


def _student(freedom: int) -> float:
    """Return the quantile of Student's t that leaves out half of 1 - CONFIDENCE."""
    if freedom < FEW:
        low, high = 0.0, 20.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _within(middle, freedom) < CONFIDENCE else (low, middle)
        return low
    # the expansion for many degrees of freedom (Abramowitz & Stegun 26.7.5), to 1e-8
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / freedom + second / freedom**2 + third / freedom**3 + fourth / freedom**4


def _within(value: float, freedom: int) -> float:
    """Return the probability that Student's t lies within +-value (Abramowitz & Stegun 26.7.3, 26.7.4).

    Written out, as an explanation by grid and ridge should not have to load SciPy.
    """
    angle = atan(value / sqrt(freedom))
    odd = freedom % 2
    term, total = cos(angle) if odd else 1.0, 0.0
    for at in range(1 + odd, freedom, 2):
        total += term
        term *= cos(angle) ** 2 * at / (at + 1)
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total


def margins(fit: Fit, around: Neighbourhood) -> Floats | None:
    """Return (d,) half the width of each effect's interval, or None where the surrogate gave no covariance.

    NaN for segments that were never hidden: no draw says anything of them.
    """
    errors = fit.standard_errors
    return None if errors is None else np.where(unvaried(around.codes), np.nan, reach(fit, around) * errors)


def unresolved(fit: Fit, around: Neighbourhood, target: int, order: Sequence[int]) -> list[bool]:
    """Say for each segment but the first of an order by strength whether its rank against the one before is open.

    It is where the interval of the difference of both strengths, |b_i| - |b_j|, holds 0. With the signs s its variance
    is V_ii + V_jj - 2 s_i s_j V_ij: two intervals may overlap though the difference is clear.

    Args:
        fit: of a label.
        around: what it was fitted to.
        target: the label's column there.
        order: segments.
    """
    covariance = fit.covariance
    if covariance is None or len(order) < 2:
        return [False] * max(0, len(order) - 1)
    one, other = np.asarray(order[:-1]), np.asarray(order[1:])
    signs, variances = np.sign(fit.effects), np.diag(covariance)
    joint = signs[one] * signs[other] * covariance[one, other]
    spread = np.sqrt(np.clip(variances[one] + variances[other] - 2 * joint, 0.0, None))
    apart = np.abs(np.abs(fit.effects[one]) - np.abs(fit.effects[other]))
    least = rounding(around.targets[:, target])
    return [bool(each) for each in apart <= np.maximum(reach(fit, around) * spread, least)]
