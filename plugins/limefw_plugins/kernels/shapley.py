"""Shapley's kernel."""

import numpy as np

from limefw.errors import InputError
from limefw.statistics import blocks
from limefw.types import Composer, Draws, Floats


MOST = 1000
"""Segments above which the weights leave the range of double precision."""


def shapley(draws: Draws, _composer: Composer, /) -> Floats:
    """1 / (C(d, s) s (d - s)) for s of d segments shown, 1 on average over all codes (Lundberg & Lee 2017).

    With surrogate `shapley` the effects are Shapley values. The infinite weights of showing all and nothing are
    constraints there; here both weigh 0. Under fair coins nearly all of the weight is on codes that are never drawn:
    take sampler `shapley_sizes` or `leverage`. Refuses soft codes, which are no sets of segments.
    """
    from scipy.special import gammaln

    codes, count = draws.codes, draws.codes.shape[1]
    if codes.dtype != np.bool_ and not np.isin(codes, (0, 1)).all():
        raise InputError("kernel 'shapley' needs segments that are wholly shown or hidden: take another sampler")
    if count > MOST:
        raise InputError(f"kernel 'shapley' takes up to {MOST} segments, and here are {count}: ask for larger ones")
    shown = np.concatenate([codes[part].sum(axis=1, dtype=np.float64) for part in blocks(*codes.shape)])
    within = (shown > 0) & (shown < count)
    if not within.any():
        raise InputError("kernel 'shapley' needs draws that show some segments and hide others: raise samples")
    s, sizes = shown[within], np.arange(1, count)
    choices = gammaln(count + 1) - gammaln(s + 1) - gammaln(count - s + 1)
    weights = np.zeros(len(codes))
    weights[within] = np.exp(count * np.log(2) - choices) / (s * (count - s))
    # what the sizes weigh together under fair coins
    return np.asarray(weights / (1.0 / (sizes * (count - sizes))).sum())
