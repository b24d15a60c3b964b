"""Whether sets of segments with larger effects cost the answer more."""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation
from limefw.statistics import correlation
from limefw.types import Codes, Floats


def mu_fidelity(
    explanation: Explanation,
    game: Replay,
    rng: Generator,
    /,
    *,
    rows: Annotated[int, Ge(3), Le(100_000)] = 200,
    share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    sizes: Literal["fixed", "random", "centred"] = "fixed",
    rank: bool = False,
) -> Mapping[str, float]:
    """Correlation of a random set's summed effects with what hiding it costs (Bhatt et al. 2020): 1 is best.

    Pitfalls: it is blind to the scale of the effects; where sets have many sizes, their size alone correlates both
    sides ("random"; "centred" takes each size's own mean away); NaN where either side never changes.

    Args:
        rows: how many sets are drawn.
        share: of the segments in a set, where sizes are fixed.
        sizes: of the sets: all alike (as in the paper), random from 1 to d - 1, or random and centred for each size.
        rank: Spearman's correlation instead of Pearson's.
    """
    width = explanation.segments.count
    fixed = min(max(1, round(share * width)), max(1, width - 1))
    count = np.full(rows, fixed) if sizes == "fixed" else rng.integers(1, max(2, width), size=rows)
    place = np.argsort(np.argsort(rng.random((rows, width)), axis=1), axis=1)
    codes: Codes = place >= count[:, None]
    answers = game.shown(np.concatenate([np.ones((1, width), dtype=np.bool_), codes]))[:, 0]
    lost, summed = answers[0] - answers[1:], (~codes) @ explanation.effects()
    if sizes == "centred":
        lost, summed = _centred(lost, count), _centred(summed, count)
    return {"correlation": correlation(summed, lost, rank=rank)}


def _centred(values: Floats, count: NDArray[np.intp]) -> Floats:
    """Return values without the mean of those with the same count."""
    _, group = np.unique(count, return_inverse=True)
    return np.asarray(values - (np.bincount(group, values) / np.bincount(group))[group])
