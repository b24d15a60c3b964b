"""How far the effects of hidden segments miss what hiding them does."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.random import Generator

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation


def infidelity(
    explanation: Explanation,
    game: Replay,
    rng: Generator,
    /,
    *,
    rows: Annotated[int, Ge(2), Le(100_000)] = 200,
    hidden: Annotated[float, Gt(0), Lt(1)] = 0.5,
    scaling: bool = False,
) -> Mapping[str, float]:
    """Mean squared gap between the summed effects of hidden segments and what the answer loses (Yeh et al. 2019).

    E[(sum of effects over I - (f(x) - f(x without I)))^2], each segment in I by a coin; 0 is best. Captum's
    `infidelity` with such perturbations.
    Pitfalls: for segments it is LIME's own loss without intercept under this law, so it favours what was fitted under
    it; it is in the target's units squared, so compare within one image and target alone.

    Args:
        rows: how many sets I are drawn.
        hidden: the probability with which a segment is in I.
        scaling: multiply the effects by the factor that fits best first, so that only their ratios count (Captum's
            `normalize`).
    """
    codes = rng.random((rows, explanation.segments.count)) >= hidden
    codes[0] = True
    answers = game.shown(codes)[:, 0]
    # the first row was the instance, which is no draw of this law
    lost, summed = answers[0] - answers[1:], (~codes[1:]) @ explanation.effects()
    factor = 1.0
    if scaling and (summed**2).sum() > 0:
        factor = float((summed * lost).sum() / (summed**2).sum())
    return {"infidelity": float(np.mean((factor * summed - lost) ** 2))}
