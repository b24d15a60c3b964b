"""How much of an explanation another seed would change."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation
from limefw.statistics import INTERVAL, correlation, overlap_of, topmost
from limefw.types import Floats
from limefw_plugins.metrics._maps import as_map


def stability(
    _explanation: Explanation,
    game: Replay,
    _rng: Generator,
    /,
    *,
    runs: Annotated[int, Ge(2), Le(10_000)] = 10,
    top: Annotated[int, Ge(1), Le(10_000)] = 5,
    share: Annotated[float, Gt(0), Le(1)] = 0.2,
    per_area: bool = False,
    resegment: bool = False,
    errors: bool = False,
) -> Mapping[str, float]:
    """Agreement of explanations that differ by their seed alone, this one among them; means over all pairs.

    jaccard: of the `top` segments by absolute effect. spearman: of all effects. sign_flips: the part of segments whose
    sign differs (lower is better). spread: sqrt(mean variance of an effect) / standard deviation between mean effects
    (lower is better). vsi: 100 x shared segments among the top / top. csi: the percentage of pairs whose 95 % intervals
    of a segment's effect overlap (both Visani et al. 2020). map_spearman: of the maps' pixels. map_overlap: IoU of
    their strongest `share`, in which pixels of one segment have equal parts.
    Pitfalls: what is deterministic, or shrinks effects, is stable without being right: show fidelity beside it; wide
    intervals give a csi of 100; jaccard hangs on the gap behind the last of the top and on how many segments there are;
    with fewer than 20 runs all of it is rough. Costs runs - 1 explanations. Where the runs do not end with the same
    segments, as with method `zoom`, their maps alone are compared.

    Args:
        runs: how many explanations are compared.
        top: how many segments are the top.
        share: the part of the map that is its top.
        per_area: maps of effect per pixel.
        resegment: cut anew each time; only maps can be compared then.
        errors: add the standard error of each mean, by the jackknife over runs: `jaccard_se`, ...
    """
    made = [game.again(number, resegment=resegment and number > 0) for number in range(runs)]
    alike = not resegment and len({one.segments.fingerprint() for one in made}) == 1
    pairs = _of_effects(made, top) if alike else dict[str, Floats]()
    pairs |= _of_maps(made, share, per_area=per_area)
    found = {name: float(values[np.triu_indices(runs, 1)].mean()) for name, values in pairs.items()}
    if errors:
        found |= {f"{name}_se": _jackknife(values) for name, values in pairs.items()}
    if alike:
        effects = np.stack([one.effects() for one in made])
        between = float(effects.mean(axis=0).std())
        within = float(np.sqrt(effects.var(axis=0, ddof=1).mean()))
        found["spread"] = within / between if between > 0 else float("nan")
    return found


def _of_effects(made: Sequence[Explanation], top: int) -> dict[str, Floats]:
    """Return ``(runs, runs)`` figures of each pair, by name."""
    effects = np.stack([one.effects() for one in made])
    count = min(top, effects.shape[1])
    best = [set(np.argsort(-np.abs(row), kind="stable")[:count].tolist()) for row in effects]
    errors = [one.fit().standard_errors for one in made]
    names = ["jaccard", "spearman", "sign_flips", "vsi"] + ["csi"] * all(one is not None for one in errors)
    pairs = {name: np.zeros((len(made), len(made))) for name in names}
    for i, j in combinations(range(len(made)), 2):
        shared = len(best[i] & best[j])
        figures = {
            "jaccard": shared / len(best[i] | best[j]),
            "spearman": correlation(effects[i], effects[j], rank=True),
            "sign_flips": float((effects[i] * effects[j] < 0).mean()),
            "vsi": 100.0 * shared / count,
        }
        first, second = errors[i], errors[j]
        if "csi" in pairs and first is not None and second is not None:
            figures["csi"] = 100.0 * float((np.abs(effects[i] - effects[j]) <= INTERVAL * (first + second)).mean())
        for name, value in figures.items():
            pairs[name][i, j] = pairs[name][j, i] = value
    return pairs


def _of_maps(made: Sequence[Explanation], share: float, *, per_area: bool) -> dict[str, Floats]:
    from scipy.stats import rankdata

    maps = [np.nan_to_num(as_map(one, per_area=per_area)).ravel() for one in made]
    tops = [topmost(one, share * len(one)) for one in maps]
    ranks = [rankdata(one) for one in maps]  # each once: sorting is most of it
    pairs = {name: np.zeros((len(made), len(made))) for name in ("map_spearman", "map_overlap")}
    for i, j in combinations(range(len(made)), 2):
        pairs["map_spearman"][i, j] = pairs["map_spearman"][j, i] = correlation(ranks[i], ranks[j], rank=False)
        pairs["map_overlap"][i, j] = pairs["map_overlap"][j, i] = overlap_of(tops[i], tops[j])
    return pairs


def _jackknife(pairs: Floats) -> float:
    """Return the standard error of a mean over pairs, from leaving each run out; NaN of fewer than three runs."""
    runs = len(pairs)
    if runs < 3:
        return float("nan")
    left_out = (np.triu(pairs, 1).sum() - pairs.sum(axis=1)) / ((runs - 1) * (runs - 2) / 2)
    return float(np.sqrt((runs - 1) / runs * ((left_out - left_out.mean()) ** 2).sum()))
