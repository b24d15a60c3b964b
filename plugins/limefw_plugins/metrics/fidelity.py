"""How well the simple model repeats the complicated one."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation
from limefw.statistics import weighted_r2
from limefw.types import Codes, Floats


def fidelity(
    explanation: Explanation, game: Replay, rng: Generator, /, *, rows: Annotated[int, Ge(2), Le(100_000)] = 200
) -> Mapping[str, float]:
    """R2 of the surrogate, in-sample, cross-fitted and on fresh rows under named laws (Ribeiro et al. 2016): 1 is best.

    in_sample: weighted R2 on the rows it was fitted to (what lime calls its score). cross_fitted: of rows left out in 5
    folds. Held out, on `rows` fresh rows each: `weighted` is the recipe's own law (its sampler, weighed by its kernel),
    `coins` keeps each segment by a fair coin, `near` hides at most a tenth of the segments (s >= .9 d; how many is
    uniform from 1 on, and at least one). Where hidden parts may show many things (a table's bins) the last two are of
    the mean over several, so that this chance does not count against the surrogate.
    Pitfalls: in-sample R2 grows with segments per row; which method wins hangs on the law, so compare under the same
    ones; a network on photographs rarely gives more than .7; below 0 it is worse than the mean answer under that law,
    as `near` often is, where answers hardly differ; a constant answer has R2 0 or 1. Where columns are values in units
    of their spread there is only `weighted`.

    Args:
        rows: drawn under each law.
    """
    found = {"in_sample": explanation.fit().score}
    crossed = explanation.health.labels[explanation.labels[0]].cross_fitted
    if crossed is not None:
        found["cross_fitted"] = crossed
    draws, targets, weights = game.fresh(rows, rng)
    if weights.any():
        found["weighted"] = weighted_r2(targets[:, 0], explanation.fit().predict(draws.codes), weights)
    if explanation.neighbourhood.codes.dtype != np.float64:
        width = explanation.segments.count
        for name, codes in (("coins", rng.random((rows, width)) < 0.5), ("near", _nearly_all(rows, width, rng))):
            found[name] = _r2(explanation, game.shown(codes)[:, 0], codes)
    return found


def _r2(explanation: Explanation, answers: Floats, codes: Codes) -> float:
    return weighted_r2(answers, explanation.fit().predict(codes), np.ones(len(codes)))


def _nearly_all(rows: int, width: int, rng: Generator) -> Codes:
    """Return rows that hide 1 to d / 10 segments: each number as often, and which ones by chance."""
    count = rng.integers(1, max(1, width // 10) + 1, size=rows)
    place = np.argsort(np.argsort(rng.random((rows, width)), axis=1), axis=1)
    return place >= count[:, None]
