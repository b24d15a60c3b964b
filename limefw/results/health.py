"""How far to trust an explanation: computed from what was drawn anyway, at no extra model call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limefw.game import Game
from limefw.statistics import effective_sample_size, gram, rounding, unvaried, unvarying, weighted_r2, without
from limefw.types import Codes, Fit, Floats, Instance, Neighbourhood, Segments


FOLDS = 5
WIDE = 300
"""Segments above which only one of the folds is left out: each takes a fit on nearly everything."""
SAMPLES_PER_SEGMENT = 10
"""Below this a linear surrogate is mostly noise."""

MANY_SEGMENTS = 250
"""Above this a segment is too small to matter by itself to most models, and a person cannot take the picture in."""

ENTANGLED = 1e-3
"""Least eigenvalue of the codes' correlations below which columns stand for one another; fair coins have about 1."""

FEW_CHANGES = 5
"""Draws that must hide a segment, or else show it, for its interval to say what it should."""

FEW_DECIDE = 8
"""Independent draws that must make up what a surrogate misses, for its intervals to hold as often as they say."""

PROMISED = 8
"""Samples a segment from which on intervals hold what they say; below it there are too few for more than that."""

NOTHING_MISSED = 1e-3
"""Of the range of the answers: what a surrogate misses by so little moves no rank that is seen."""

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

    def has(self, code: str) -> bool:
        """Say whether there is a caution with such a code, e.g. "interrupted"."""
        return any(caution.code == code for caution in self.cautions)


Refit = Callable[[Neighbourhood], list[Fit]]
Scores = list[float | None]


def cross_fitted(around: Neighbourhood, refit: Refit, rng: np.random.Generator) -> tuple[Scores, tuple[Caution, ...]]:
    """Return for each target the weighted R2 of rows predicted by a surrogate that did not see their group.

    What is fitted is not lost where a fold fails or is interrupted: a caution then says why there is no score.
    """
    none: Scores = [None] * around.targets.shape[1]
    numbers, group = np.unique(around.groups, return_inverse=True)
    if len(numbers) < 2 * FOLDS or len(around) * (FOLDS - 1) // FOLDS <= around.codes.shape[1] + 1:
        return none, ()
    fold = rng.permutation(len(numbers))[group] % FOLDS
    predicted = np.empty(around.targets.shape)
    folds = FOLDS if around.codes.shape[1] <= WIDE else 1
    try:
        for number in range(folds):
            predicted[fold == number] = _predicted(around, refit, fold == number, last=number == folds - 1)
    except KeyboardInterrupt:
        return none, (Caution("interrupted", "interrupted while cross-fitting: only that score is missing"),)
    except Exception as error:  # noqa: BLE001
        text = f"no score on samples left out: {type(error).__name__}: {error}"
        return none, (Caution("not_cross_fitted", text),)
    left_out = fold < folds
    pairs = zip(around.targets[left_out].T, predicted[left_out].T, strict=True)
    return [weighted_r2(targets, guesses, around.weights[left_out]) for targets, guesses in pairs], ()


def _predicted(around: Neighbourhood, refit: Refit, left_out: NDArray[np.bool_], *, last: bool) -> Floats:
    """Return what surrogates of all other rows say of those left out."""
    # the instance stays the first row, as selectors expect; left out it weighs nothing
    rows = np.flatnonzero(~left_out | (np.arange(len(around)) == 0))
    rest = around.take(rows)
    if left_out[0]:
        rest = replace(rest, weights=np.where(rows == 0, 0.0, rest.weights))
    others = around.take(np.flatnonzero(left_out))
    rest = without(around, rest, others, last=last)
    if rest.weights.sum() <= 0:
        return np.asarray(around.targets.mean(axis=0))
    return np.column_stack([fit.predict(others.codes) for fit in refit(rest)])


def examine(
    around: Neighbourhood,
    fits: Mapping[int, Fit],
    *,
    scores: Scores,
    distinct: int,
    stopped: str,
    extra: tuple[Caution, ...] = (),
    unit: float = 1.0,
    pictured: bool = True,
    settled: bool = False,
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
        pictured: the segments are parts of a picture, which can be too coarse or too fine for people.
        settled: that there are samples enough was found out from the answers, which is more than a rule of thumb says.
    """
    rows, width = around.codes.shape
    effective = effective_sample_size(around.weights)
    labels, cautions = {}, list(extra)
    # a rule needs no sample for each segment, and may have no condition
    if not all(map(_is_rule, fits.values())):
        # sums of draws need no more of them than segments, and tell none from the others
        sums = all(map(_is_sum, fits.values()))
        groups = None if sums else len(np.unique(around.groups))
        cautions += of_samples(rows, width, effective, groups, exhaustive=around.exhaustive, settled=settled)
        cautions += [] if sums else _of_design(around)
        cautions += [*_never_hidden(around), *_hardly_hidden(around)]
    cautions += of_number(width) if pictured else []
    for (label, fit), targets, score in zip(fits.items(), around.targets.T, scores, strict=True):
        resolved = _resolved(fit, targets)
        labels[label] = LabelHealth(fit.score, score, float(targets[0]), fit.local_prediction, resolved)
        cautions += _of_label(label, fit, around.codes, targets, score, unit)
        cautions += _few_decide(label, fit, around, targets)
        if fit.detail.get("converged") is False:
            text = f"label {label}: the surrogate stopped before it was done: give it more max_iterations"
            cautions.append(Caution("not_converged", text))
        if "caution" in fit.detail:
            cautions.append(Caution("surrogate", f"label {label}: {fit.detail['caution']}"))
    return Health(rows, distinct, width, effective, stopped, labels, tuple(cautions))


def _is_rule(fit: Fit) -> bool:
    return fit.detail.get("form") == "rule"


def _is_sum(fit: Fit) -> bool:
    """Say whether each effect is a sum of its own: no least squares, with degrees of freedom that it counts itself."""
    return isinstance(fit.detail.get("freedom"), int)


def _resolved(fit: Fit, targets: Floats) -> int | None:
    errors = fit.standard_errors
    return None if errors is None else int((np.abs(fit.effects) > np.maximum(2 * errors, rounding(targets))).sum())


def of_samples(
    rows: int, width: int, effective: float, groups: int | None, *, exhaustive: bool, settled: bool
) -> list[Caution]:
    """Return the cautions that a number of rows gives, in so many groups that are drawn by themselves.

    Args:
        rows: drawn.
        width: segments.
        effective: as how many rows of equal weight they count.
        groups: of rows; None where nothing is fitted, which needs no more of them than segments.
        exhaustive: all combinations are among them.
        settled: that they are enough is known otherwise.
    """
    advised, found = SAMPLES_PER_SEGMENT * width, {}
    if effective < 0.1 * rows and not exhaustive:
        text = f"the kernel leaves {effective:.0f} effective samples of {rows}: widen it, or draw from nearer"
        found["narrow_kernel"] = text
    if rows < advised and not exhaustive and not settled:
        text = f"{rows} samples for {width} segments: {advised} or more are advisable"
        if groups is not None and groups < width + 2:
            # rows in pairs are half as many draws
            least = (width + 2) * -(-rows // groups)
            apart = (
                f"cannot tell {width} segments apart, and nothing"
                if rows < width + 2
                else f"for {width} segments: nothing"
            )
            text = (
                f"{rows} samples {apart} is known of their errors: draw at least {least} ({advised} are advisable), or "
                "ask for fewer, larger segments"
            )
        found["too_few_samples"] = text
    return [Caution(code, text) for code, text in found.items()]


def _of_design(around: Neighbourhood) -> list[Caution]:
    """Return a caution where some segments were hidden only together: the penalty alone then decides who gets what."""
    rows, width = around.codes.shape
    if width > WIDE or rows < SAMPLES_PER_SEGMENT * width:
        return []
    cross = gram(around).cross
    spread = np.sqrt(np.diag(cross))
    varied = spread > 0
    likeness = (cross / np.outer(spread, spread).clip(np.finfo(float).tiny))[np.ix_(varied, varied)]
    if not varied.any() or np.linalg.eigvalsh(likeness)[0] > ENTANGLED:
        return []
    text = "some segments were nearly always hidden together, so that nobody can tell their effects apart: draw them "
    return [Caution("entangled", text + "more freely (sampler bernoulli does)")]


def _first_of(segments: Sequence[int]) -> str:
    """Return the numbers of a few segments, and dots where there are more."""
    return ", ".join(map(str, segments[:5])) + (", ..." if len(segments) > 5 else "")


def _never_hidden(around: Neighbourhood) -> list[Caution]:
    """Return a caution where some segments were never hidden: no draw says anything of them."""
    never = np.flatnonzero(unvaried(around.codes)).tolist()
    if not never:
        return []
    text = f"{len(never)} of {around.codes.shape[1]} segments were never hidden or changed ({_first_of(never)})"
    return [Caution("never_hidden", f"{text}: their effects say nothing. Draw more, or from a wider law")]


def _hardly_hidden(around: Neighbourhood) -> list[Caution]:
    """Return a caution where a few rows of many decide what some segments do: their intervals may be too narrow."""
    rows, width = around.codes.shape
    if around.exhaustive or rows < SAMPLES_PER_SEGMENT * width:
        return []
    changed = np.count_nonzero(around.codes != around.codes[0], axis=0)
    fewer = np.minimum(changed, rows - changed) if around.codes.dtype == bool else changed
    hardly = np.flatnonzero((fewer > 0) & (fewer < FEW_CHANGES)).tolist()
    if not hardly:
        return []
    which = f"{len(hardly)} of {width} segments ({_first_of(hardly)})"
    text = f"fewer than {FEW_CHANGES} of {rows} draws decide the effects of {which}"
    more = "what is said of them, intervals too, hangs on these. Draw more, or from a wider law"
    return [Caution("hardly_hidden", f"{text}: {more}")]


def _few_decide(label: int, fit: Fit, around: Neighbourhood, targets: Floats) -> list[Caution]:
    """Return a caution where a few draws make up what the surrogate misses: intervals are as sure as these are many."""
    rows, width = around.codes.shape
    if around.exhaustive or fit.standard_errors is None or _is_rule(fit) or rows < PROMISED * width:
        return []
    # every run has the instance, and the groups of negative numbers
    drawn = (around.groups != around.groups[0]) & (around.groups >= 0) & (around.weights > 0)
    missed = (targets - fit.predict(around.codes))[drawn]
    if not len(missed) or np.abs(missed).max() <= max(NOTHING_MISSED * np.ptp(targets), float(rounding(targets))):
        return []
    # squares of weights may be below all numbers, and those of answers above
    missed = missed / np.abs(missed).max() * (around.weights[drawn] / around.weights[drawn].max())
    if not missed.any():
        return []
    missed /= np.abs(missed).max()
    # rows of a group are one draw
    groups = np.unique(around.groups[drawn], return_inverse=True)[1]
    count = effective_sample_size(np.bincount(groups, missed**2).astype(np.float64))
    if count >= FEW_DECIDE:
        return []
    text = f"label {label}: about {count:.0f} of {groups.max() + 1} draws make up most of what the surrogate misses"
    return [Caution("few_decide", f"{text}, and intervals rest on these: they may be too narrow. Draw more")]


def of_notes(instance: Instance, segments: Segments, doubts: Sequence[str] = ()) -> tuple[Caution, ...]:
    """Return what a reader had to assume, and what a segmenter has to say, as cautions; `doubts` go with the first."""
    read = [Caution("assumed", note) for note in (*getattr(instance, "notes", ()), *doubts)]
    return (*read, *(Caution("segments", note) for note in segments.notes))


def of_play(game: Game) -> tuple[Caution, ...]:
    """Return the cautions that playing has given, such as of chunks that did not fit in memory."""
    found: tuple[Caution, ...] = ()
    if game.model.head.kind == "logits" and game.like_probabilities:
        text = (
            "the outputs were taken for logits, but each row of them is within 0..1 and sums to 1, as probabilities "
            f"do: softmax was then applied twice. Say so: {game.model.head.said('probabilities')}"
        )
        found += (Caution("softmax_twice", text),)
    if getattr(game.composer, "hides_nothing", False):
        text = "hidden segments look as they did before, so no model could tell: use another filler, such as constant"
        found += (Caution("filler_hides_nothing", text),)
    if game.too_many is not None:
        # once, however often they were halved
        text = (
            f"memory ran out at {game.too_many} rows a call; from there on at most {game.chunk_rows} were asked at "
            f"once. With chunk={game.chunk_rows} no row is asked twice"
        )
        found += (Caution("out_of_memory", text),)
    return found


def of_number(width: int) -> list[Caution]:
    """Return the cautions that a number of segments gives, before anything is drawn."""
    if width < 6:
        return [Caution("few_segments", f"only {width} segments: the picture is coarse; smaller segments say more")]
    if width > MANY_SEGMENTS:
        text = f"{width} segments: each is hardly seen by the model; {MANY_SEGMENTS} or fewer, larger ones say more"
        return [Caution("many_segments", text)]
    return []


def _of_label(label: int, fit: Fit, codes: Codes, targets: Floats, score: float | None, unit: float) -> list[Caution]:
    if unvarying(targets, unit):
        code = "constant_model"
        text = (
            "the model's answer never changed, so there is nothing to explain; if it should have, its input may be "
            "preprocessed otherwise than in its training: see value_range, mean, std, order and layout in its contract"
        )
    elif not _is_rule(fit) and not np.any(np.abs(fit.effects) > rounding(targets)):
        code = "all_zero"
        text = (
            "every effect is 0: the surrogate saw nothing (a penalty too strong, too few samples, or parts that act "
            "only together, as recipes limetree and anchor can show)"
        )
        if np.ptp(fit.predict(codes)) > rounding(targets):
            # as of a tree of OR: each part can stand in for the other
            code, text = "only_together", "no segment has an effect by itself, and some have one together: see the tree"
    elif score is not None and score < POOR_FIDELITY:
        how = f"explains {score:.0%} of the model's variation" if score > 0 else "does worse than its mean answer"
        code, text = "low_fidelity", f"on samples left out, the surrogate {how}"
    else:
        return []
    return [Caution(code, f"label {label}: {text}")]
