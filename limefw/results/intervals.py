"""How wide the intervals of effects are, and which ranks they leave open: one answer for every rendering.

They cover the luck of the draw alone: not how the instance was cut, what hidden parts show, or what is missed.
"""

from collections.abc import Sequence

import numpy as np

from limefw.statistics import rounding
from limefw.types import Fit, Floats, Neighbourhood


CONFIDENCE = 0.95
"""Of an interval."""


def reach(fit: Fit, around: Neighbourhood) -> float:
    """Return how many standard errors lie on each side of an effect in its interval: 1.96, more where groups are few.

    The quantile of Student's t with G - k - 1 degrees of freedom, for G groups of rows and k columns with an effect.
    """
    from scipy.special import stdtrit

    columns = len(fit.effects) if fit.columns is None else len(fit.columns)
    return float(stdtrit(max(1, len(np.unique(around.groups)) - columns - 1), (1 + CONFIDENCE) / 2))


def margins(fit: Fit, around: Neighbourhood) -> Floats | None:
    """Return (d,) half the width of each effect's interval, or None where the surrogate gave no covariance."""
    errors = fit.standard_errors
    return None if errors is None else np.asarray(reach(fit, around) * errors)


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
