"""Anchors."""

from math import log
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.random import Generator

from limefw.errors import InputError
from limefw.statistics import weighted_r2
from limefw.statistics.stopping import Budget
from limefw.types import Codes, Fit, Floats
from limefw_plugins.methods._bandit import Rule
from limefw_plugins.methods._law import Law
from limefw_plugins.methods._play import Stages
from limefw_plugins.methods._search import Search


LEAST = {"probability": 0.5, "log_odds": 0.0, "unbounded": 0.0, "margin": 0.0}
"""Above this a target says that the model decides for a class."""


DEPENDENT = frozenset({
    "contiguous", "fixed_hidden", "gaussian_copula", "hadamard", "leverage", "lime_text", "paired", "rise_masks",
    "scrambled_sobol", "shapley_sizes", "size_stratified", "sobol", "uniform_hidden",
})  # fmt: skip
"""Samplers whose rows, or the segments of a row, hang together: showing some of them would leave another law."""


def anchors(
    game: Any,
    stages: Stages,
    budget: Budget,
    rng: Generator,
    /,
    *,
    threshold: Annotated[float, Gt(0), Lt(1)] = 0.95,
    delta: Annotated[float, Gt(0), Lt(1)] = 0.1,
    epsilon: Annotated[float, Gt(0), Le(1)] = 0.15,
    slack: Annotated[float, Ge(0), Lt(1)] = 0.05,
    batch: Annotated[int, Ge(1)] = 100,
    beam: Annotated[int, Ge(1)] = 1,
    longest: Annotated[int, Ge(1)] | None = None,
    least: Annotated[float, Ge(-1e9), Le(1e9)] | None = None,
) -> list[Fit]:
    """A rule: as long as these segments show, the model says the same, whatever is hidden (Ribeiro et al. 2018).

    It grows by the segment that makes it most precise (KL-LUCB), until it holds in `threshold` of all draws; then parts
    that it holds without are taken out, which the paper does not do. The rule, its precision with its bounds, and how
    often it applies (its coverage) are in ``fit.detail``. What is hidden is drawn by the recipe's sampler, which must
    hide segments independently: `bernoulli`, or of tables `marginals`. Of the samples left no length takes more than a
    quarter for choosing; the paper knows no end.
    The bounds are of the last rule by itself: like the paper's they do not count that it was chosen among others.

    Args:
        threshold: the precision that a rule must have.
        delta: how probably its bound, or the choice among rules, may be wrong.
        epsilon: a difference of precision that does not matter when the best is chosen.
        slack: the bound may be so far below the threshold.
        batch: draws that a rule is tried with at a time.
        beam: rules that are kept at each length: more find rules that apply more often, and take more draws.
        longest: segments that a rule has at the most; none: any number.
        least: the model decides for a label where its target is above this; none: 0.5 of a probability, 0 of log-odds
            and margins. Of more than two classes one may win with less than 0.5: take the target "margin".

    Raises:
        InputError: where the sampler does not draw segments independently, or nobody can tell from the target what the
            model decides.
    """
    _check_sampler(stages["sampler"].name)
    line, law, rules = _line(game, stages, least), Law(game, stages, budget.rows, rng), list[Rule]()
    law.begin()
    for at in range(len(game.columns)):
        rows = (budget.rows - law.asked) // (len(game.columns) - at)
        search = Search(law, at, line, rows, batch, threshold, delta, slack, beam)
        rules.append(search.best(longest or game.segments.count, epsilon))
    draws, targets = game.drawn()
    said = {"threshold": threshold, "confidence": 1.0 - delta, "least": line}
    return [
        _fit(rule, draws.codes, target, {**said, "settled": rule.certain(threshold, slack, delta)}, delta)
        for rule, target in zip(rules, targets.T, strict=True)
    ]


def _check_sampler(name: str) -> None:
    if name in DEPENDENT:
        raise InputError(
            f"method 'anchors' needs a sampler that hides each segment independently, and {name!r} does not: use "
            "'bernoulli', for tables 'marginals'"
        )


def _line(game: Any, stages: Stages, least: float | None) -> float:
    """Return the target above which the model decides for a label."""
    target, head = stages["target"].name, game.model.head.kind
    if least is not None:
        return least
    if target not in LEAST or (target in ("probability", "unbounded") and head in ("scores", "values")):
        raise InputError(
            f"method 'anchors' cannot tell from target {target!r} what the model decides: say above which value it "
            "does, as method.least, or take target 'margin' of a classifier"
        )
    return LEAST[target]


def _fit(rule: Rule, codes: Codes, target: Floats, said: dict[str, Any], delta: float) -> Fit:
    """Return a surrogate that knows two answers: where the rule applies, and elsewhere."""
    width, columns = codes.shape[1], np.array(rule.columns, dtype=np.intp)
    applies = codes[:, columns].all(axis=1)
    value = float(target[applies].mean())
    otherwise = value if applies.all() else float(target[~applies].mean())
    low, high = rule.bounds(-log(delta))
    if not said["settled"]:
        held = f"the best that was found held in {rule.precision:.0%} of {rule.tried} draws"
        said["caution"] = (
            f"no rule was sure to hold in {said['threshold']:.0%} of draws: {held}. Draw more, or ask for a lower "
            "threshold"
        )
    detail = {
        "form": "rule", "columns": columns, "value": value, "otherwise": otherwise, "precision": rule.precision,
        "low": low, "high": high, "coverage": rule.coverage, "tried": rule.tried, **said,
    }  # fmt: skip
    effects = np.zeros(width)
    effects[columns] = value - otherwise
    nothing = otherwise if len(columns) else value
    score = weighted_r2(target, np.where(applies, value, otherwise), np.ones(len(target)))
    return Fit(effects, nothing, score, value, columns=columns, detail=detail)
