"""Bayesian ridge regression."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from annotated_types import Gt, Le
from numpy.random import Generator

from limefw.errors import InputError
from limefw.statistics import Gram, gram, sandwich, weighted_r2
from limefw.types import Fit, Floats, Neighbourhood
from limefw_plugins.surrogates._fits import constant_fit, is_constant


Precision = Annotated[float, Gt(0)]
VAGUE = 1e-6
"""Shape and rate of the gamma laws that both precisions have before anything is seen, in units of the spread."""


def bayesian_ridge(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    prior: float | list[float] = 0.0,
    prior_precision: Precision | None = None,
    noise_precision: Precision | None = None,
    errors: Literal["posterior", "robust"] = "posterior",
    max_iterations: Annotated[int, Gt(0), Le(100_000)] = 1000,
) -> list[Fit]:
    """Ridge regression towards what was known before (BayLIME: Zhao, Huang, Huang, Robu & Flynn 2021; MacKay 1992).

    Effects ~ N(prior, 1 / lambda), answers ~ N(line, 1 / (alpha w)), the weights w being 1 on average; effects are the
    posterior mean (lambda I + alpha S)^-1 (lambda prior + alpha S_xy). Three modes by what is given: neither precision
    (both by maximal evidence, as in scikit-learn's BayesianRidge), lambda alone (partial prior), both (full prior). The
    more is given, the less the effects vary from seed to seed, which says nothing about whether they are right.

    Args:
        prior: of all effects, or one for each segment (selector `all`): another explanation of the same picture.
        prior_precision: lambda, in units of 1 / answer^2; none: by the evidence.
        noise_precision: alpha, likewise.
        errors: "posterior": what is not known of the effects if the line is true, no spread between seeds, for which
            automatic stopping takes it; none where the noise is sought in less than two more rows than segments.
            "robust": HC3, or CR3 where rows come in groups, of the draws alone, with both precisions held fixed.
        max_iterations: of maximising the evidence.
    """
    mean, around = _prior(prior, around.codes.shape[1]), _levelled(around)
    moments, given = gram(around), (prior_precision, noise_precision)
    scales, axes = np.linalg.eigh(moments.cross)
    scales, fits = np.maximum(scales, 0.0), []
    for number, target in enumerate(around.targets.T):
        spread = float(np.sqrt(np.cov(target, aweights=around.weights, ddof=0)))
        if is_constant(target, spread) and None in given:
            fits.append(constant_fit(around, target))
            continue
        before = Fit(mean, float(moments.target_means[number] - moments.code_means @ mean), 0.0, 0.0)
        left = float(around.weights @ (target - before.predict(around.codes)) ** 2)
        pull = axes.T @ (moments.with_targets[:, number] - moments.cross @ mean)
        sums = (scales, pull, left, moments.total)
        precisions = _precisions(sums, given, spread, max_iterations)
        # from as few rows as this what is noise and what is effect cannot be told, and all may be taken for noise
        known = noise_precision is not None or bool(np.count_nonzero(around.weights) > len(mean) + 1)
        along = (scales, axes, pull)
        fits.append(_fit(around.take(targets=[number]), moments, mean, along, precisions, errors, known=known))
    return fits


def _levelled(around: Neighbourhood) -> Neighbourhood:
    """Return it with weights that are 1 on average over the rows that have any.

    They count as repeated rows: of a kernel that is small everywhere hardly one row would be left, and a factor on all
    of them, which says nothing, would change the effects.
    """
    rows = np.count_nonzero(around.weights)
    return replace(around, weights=around.weights * (rows / around.weights.sum()))


def _prior(prior: float | list[float], width: int) -> Floats:
    if isinstance(prior, list) and len(prior) != width:
        raise InputError(
            f"surrogate 'bayesian_ridge' has a prior for {len(prior)} segments, and {width} are fitted: give one for "
            "each, or a single number, and use selector 'all'"
        )
    return np.broadcast_to(np.asarray(prior, dtype=np.float64), (width,))


def _precisions(
    sums: tuple[Floats, Floats, float, float], given: tuple[float | None, float | None], spread: float, most: int
) -> tuple[float, float]:
    """Return the precisions of the prior and of the noise: as given, else those that make the answers likeliest.

    Args:
        sums: second moments along their axes, what pulls the effects from their prior, squared residuals of the prior,
            sum of the weights.
        given: both precisions, None where sought.
        spread: of the answers.
        most: iterations of MacKay's fixed point.
    """
    scales, pull, left, total = sums
    vague = VAGUE * spread**2
    prior, noise = given[0] or 1.0 / spread**2, given[1] or 1.0 / spread**2
    moved = np.zeros(len(pull))
    for _ in range(most):
        last, moved = moved, noise * pull / (prior + noise * scales)
        determined = float((noise * scales / (prior + noise * scales)).sum())
        residual = max(0.0, left - 2.0 * float(moved @ pull) + float(moved @ (scales * moved)))
        if given[0] is None:
            prior = (determined + 2.0 * VAGUE) / (float(moved @ moved) + 2.0 * vague)
        if given[1] is None:
            # weights count as repeated rows; where they add up to less than the effects take, noise cannot be told
            noise = (max(0.0, total - determined) + 2.0 * VAGUE) / (residual + 2.0 * vague)
        if np.abs(moved - last).max(initial=0.0) <= 1e-10 * spread or None not in given:
            break
    return prior, noise


def _fit(
    around: Neighbourhood,
    moments: Gram,
    mean: Floats,
    along: tuple[Floats, Floats, Floats],
    precisions: tuple[float, float],
    errors: str,
    *,
    known: bool,
) -> Fit:
    """Return the fit to the one target of `around`."""
    (scales, axes, pull), (prior, noise) = along, precisions
    effects = mean + axes @ (noise * pull / (prior + noise * scales))
    answers = around.targets[:, 0]
    intercept = float(np.average(answers, weights=around.weights) - moments.code_means @ effects)
    covariance: Floats | None = (axes / (prior + noise * scales)) @ axes.T if known else None
    detail: dict[str, float | None] = {"prior_precision": prior, "noise_precision": noise}
    detail |= {"freedom": None} if errors == "posterior" else {}  # None: a normal law, whatever was drawn
    if errors == "robust":
        covariance = sandwich(around, moments, effects[:, None], np.array([intercept]), prior / noise)[0]
    predicted = Fit(effects, intercept, 0.0, 0.0).predict(around.codes)
    score = weighted_r2(answers, predicted, around.weights)
    return Fit(effects, intercept, score, float(predicted[0]), covariance=covariance, detail=detail)
