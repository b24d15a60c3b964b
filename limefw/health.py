"""How far to trust an explanation: computed from what was drawn anyway, at no extra model call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limefw.statistics import effective_sample_size, rounding, weighted_r2
from limefw.types import Fit, Floats, Neighbourhood


FOLDS = 5
SAMPLES_PER_SEGMENT = 10
"""Below this a linear surrogate is mostly noise."""

MANY_SEGMENTS = 250
"""Above this a segment is too small to matter by itself to most models, and a person cannot take the picture in."""

POOR_FIDELITY = 0.2
"""Cross-fitted R2 below which the surrogate hardly describes the model."""


@dataclass(frozen=True, slots=True)
class Caution:
    """A reason for doubt: a code for programs, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class LabelHealth:
    """How far to trust the explanation of one label.

    Args:
        fidelity: weighted R2 on the samples that the surrogate was fitted to.
        cross_fitted: weighted R2 of samples left out in turn (5 folds over groups), or None where there are too few.
        model_prediction: what the model says of the instance.
        local_prediction: what the surrogate says of it; intercept + sum of effects where linear.
        resolved: how many of the strongest effects are more than two standard errors from 0, or None.
    """

    fidelity: float
    cross_fitted: float | None
    model_prediction: float
    local_prediction: float
    resolved: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Health:
    """How far to trust an explanation.

    Args:
        samples: rows drawn.
        distinct: different rows among them: what the model was asked.
        segments: d.
        effective_samples: (sum w)^2 / sum w^2.
        stopped: why drawing ended, in words.
        labels: by label.
        cautions: reasons for doubt; empty is good.
    """

    samples: int
    distinct: int
    segments: int
    effective_samples: float
    stopped: str
    labels: Mapping[int, LabelHealth]
    cautions: tuple[Caution, ...] = ()

    @property
    def samples_per_segment(self) -> float:
        """Effective samples per segment."""
        return self.effective_samples / max(self.segments, 1)


Refit = Callable[[Neighbourhood], list[Fit]]


def cross_fitted(around: Neighbourhood, refit: Refit, rng: np.random.Generator) -> list[float | None]:
    """Return for each target the weighted R2 of rows predicted by a surrogate that did not see their group."""
    numbers, group = np.unique(around.groups, return_inverse=True)
    width = around.codes.shape[1]
    if len(numbers) < 2 * FOLDS or len(around) * (FOLDS - 1) // FOLDS <= width + 1:
        return [None] * around.targets.shape[1]
    fold = rng.permutation(len(numbers))[group] % FOLDS
    predicted = np.empty(around.targets.shape)
    for number in range(FOLDS):
        _predict_fold(around, refit, fold == number, predicted)
    return [
        weighted_r2(around.targets[:, target], predicted[:, target], around.weights)
        for target in range(around.targets.shape[1])
    ]


def _predict_fold(around: Neighbourhood, refit: Refit, left_out: NDArray[np.bool_], predicted: Floats) -> None:
    # the instance stays the first row, as selectors expect; left out it weighs nothing
    rows = np.flatnonzero(~left_out | (np.arange(len(around)) == 0))
    rest = around.take(rows)
    if left_out[0]:
        rest = replace(rest, weights=np.where(rows == 0, 0.0, rest.weights))
    if rest.weights.sum() <= 0:
        predicted[left_out] = around.targets.mean(axis=0)
        return
    held = around.codes[left_out]
    for target, fit in enumerate(refit(rest)):
        predicted[left_out, target] = fit.predict(held)


def examine(
    around: Neighbourhood,
    fits: Mapping[int, Fit],
    *,
    scores: list[float | None],
    distinct: int,
    stopped: str,
    extra: tuple[Caution, ...] = (),
    unit: float = 1.0,
) -> Health:
    """Gather what there is to know about trust.

    Args:
        around: what the surrogates were fitted to.
        fits: by label, in the order of the targets.
        scores: cross-fitted R2 by target.
        distinct: rows that the model was asked.
        stopped: why drawing ended.
        extra: cautions of the pipeline itself (an interruption).
        unit: what is large in the targets' own units: 1 for probabilities and log-odds, 0 where nobody can know.
    """
    labels = {
        label: LabelHealth(
            fit.score,
            scores[at],
            float(around.targets[0, at]),
            fit.local_prediction,
            _resolved(fit, around.targets[:, at]),
        )
        for at, (label, fit) in enumerate(fits.items())
    }
    effective = effective_sample_size(around.weights)
    width = around.codes.shape[1]
    cautions = [*extra, *_of_samples(around, effective, width)]
    for at, (label, fit) in enumerate(fits.items()):
        cautions += _of_label(label, fit, around.targets[:, at], scores[at], unit)
    return Health(len(around), distinct, width, effective, stopped, labels, tuple(cautions))


def _resolved(fit: Fit, targets: Floats) -> int | None:
    errors = fit.standard_errors
    return None if errors is None else int((np.abs(fit.effects) > np.maximum(2 * errors, rounding(targets))).sum())


def _of_samples(around: Neighbourhood, effective: float, width: int) -> list[Caution]:
    cautions = []
    rows = len(around)
    if effective < 0.1 * rows and not around.exhaustive:
        text = f"the kernel leaves {effective:.0f} effective samples of {rows}: widen it, or draw from nearer"
        cautions.append(Caution("narrow_kernel", text))
    if rows < SAMPLES_PER_SEGMENT * width and not around.exhaustive:
        text = f"{rows} samples for {width} segments: {SAMPLES_PER_SEGMENT * width} or more are advisable"
        cautions.append(Caution("too_few_samples", text))
    if width < 6:
        text = f"only {width} segments: the picture is coarse; ask for smaller segments"
        cautions.append(Caution("few_segments", text))
    if width > MANY_SEGMENTS:
        text = f"{width} segments: each is hardly seen by the model; {MANY_SEGMENTS} or fewer, larger ones say more"
        cautions.append(Caution("many_segments", text))
    return cautions


def _of_label(label: int, fit: Fit, targets: Floats, score: float | None, unit: float) -> list[Caution]:
    if np.ptp(targets) <= 1e-9 * max(unit, float(np.abs(targets).max())):
        text = f"label {label}: the model's answer never changed, so there is nothing to explain"
        return [Caution("constant_model", text)]
    if not np.any(np.abs(fit.effects) > rounding(targets)):
        text = f"label {label}: every effect is 0: the surrogate saw nothing (a penalty too strong, or too few samples)"
        return [Caution("all_zero", text)]
    if score is not None and score < POOR_FIDELITY:
        how = f"explains {score:.0%} of the model's variation" if score > 0 else "does worse than its mean answer"
        text = f"label {label}: on samples left out, the surrogate {how}"
        return [Caution("low_fidelity", text)]
    return []
