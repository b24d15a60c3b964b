"""When enough samples have been drawn: a number of them, or until the strongest segments are stable."""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from limefw.errors import InputError
from limefw.samples import FIRST_LOOK, Auto
from limefw.stage import Stage
from limefw.statistics.scores import INTERVAL, rounding, unvarying
from limefw.types import Draws, Fit, Floats, Neighbourhood


TRUTHS, RUNS = 1000, 30
"""What the effects may really be, and imagined runs for each."""

CELLS = 300_000
"""Numbers of imagined runs that are held at once."""

MISSED = 2
"""Truths for which a likeness may be smaller than the least that is foretold. Effects seen lie farther apart than true
ones, and nine looks find lucky ones: where two segments nearly tie, half of the truths stopped three of four runs
early, 15 % of them one in four, 5 % one in twenty, and two of a thousand one in eight hundred."""

GROUPS_PER_SEGMENT = 2
"""Groups of rows for each segment, below which a robust covariance says little (it is twice too wide)."""

TELLING = 32
"""Groups in a sampler's first block, from which on it is told how large they are."""

CARRIERS = 20
"""Rows that must carry the variation of the answers: from fewer, as of a saturated model, nothing can be foretold."""

FEW_CARRY = (
    "a few samples carry nearly all of the variation: more samples may do (a larger max), or another target "
    "(log_odds for probability, or the other way round), or larger segments"
)

TIE = 0.005
"""Of the strongest effect: where every interval is narrower to each side, ranks that still change are ties."""

FARTHEST = 64
"""Times as many samples: beyond, a forecast says no more than that."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many rows may be drawn, the instance among them.

    Args:
        rows: at the most.
    """

    rows: int

    def left(self, drawn: int) -> int:
        """Return how many more rows may be drawn."""
        return max(0, self.rows - drawn)

    def reason(self, drawn: int, *, exhaustive: bool) -> str:
        """Say in words why drawing ended."""
        if exhaustive:
            return f"all {drawn} combinations were drawn"
        if drawn >= self.rows:
            return f"the budget of {self.rows} samples was reached"
        return f"the sampler ended after {drawn} of {self.rows} samples"


def looks(most: int) -> Iterator[int]:
    """Yield the numbers of samples at which an answer is looked at: 128, 192, 256, 384, ... up to the most."""
    at = FIRST_LOOK
    while at < most:
        yield at
        at = at * 3 // 2 if at & (at - 1) == 0 else at * 4 // 3
    yield most


def up_to(draws: Draws, rows: int) -> int:
    """Return the first place, from `rows` on, at which a block can be cut without parting a group."""
    if rows >= len(draws) or draws.exhaustive:
        return len(draws)
    if draws.groups is None:
        return rows
    _, number = np.unique(draws.groups, return_inverse=True)
    last = np.zeros(number.max() + 1, dtype=np.intp)
    np.maximum.at(last, number, np.arange(len(draws)))
    whole = np.maximum.accumulate(last[number]) == np.arange(len(draws))
    return int(np.flatnonzero(whole[rows - 1 :])[0]) + rows


def offers_intervals(surrogate: Stage) -> bool:
    """Say whether a surrogate gives a covariance, by asking it for one of a small made-up neighbourhood."""
    rng = np.random.default_rng(0)
    codes = rng.random((32, 3)) < 0.5
    codes[0] = True
    targets = codes @ [[0.5], [0.2], [0.1]] + 0.01 * rng.random((32, 1))
    try:
        fits = surrogate(Neighbourhood(codes, targets, np.ones(32), np.arange(32)), rng)
        return all(fit.covariance is not None for fit in fits)
    except Exception:  # noqa: BLE001 - what it cannot do with made-up rows it may with real ones; a look will tell
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Imagined:
    """Other runs of as many samples: around each of several truths, all drawn with the covariance of a fit.

    Args:
        effects: of the fit.
        errors: ``(TRUTHS + RUNS, d)``: how far truths are from the fit, and runs from their truth.
        top: how many of the strongest are looked at.
        least: effects that are no larger are rounding.
    """

    effects: Floats
    errors: Floats
    top: int
    least: float

    @classmethod
    def of(cls, fit: Fit, targets: Floats, top: int, rng: np.random.Generator) -> "Imagined":
        """Imagine other runs of a fit that has a covariance."""
        assert fit.covariance is not None
        values, vectors = np.linalg.eigh(fit.covariance)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        width = len(fit.effects)
        errors = rng.standard_normal((TRUTHS + RUNS, width)) @ root.T
        # of all segments any run has the same ones
        return cls(fit.effects, errors, min(top, max(1, width - 1)), rounding(targets))

    def likeness(self, scale: float = 1.0) -> tuple[float, float]:
        """Return the mean Jaccard index of the strongest segments of two runs: for the median truth, and the least.

        The least is that of all but MISSED truths. Neither is a bound: effects that were seen lie farther apart than
        true ones, so where many nearly tie the first is too high.

        Args:
            scale: times as many samples: errors are smaller by its root, and the effects those that were seen.
        """
        found = np.sort(np.concatenate(list(self._likenesses(scale))))
        return float(np.median(found)), float(found[MISSED])

    def reaches(self, wanted: float, scale: float) -> bool:
        """Say whether the least likeness is as high with so many times as many samples."""
        below = 0
        for part in self._likenesses(scale):
            below += int(np.count_nonzero(part < wanted))
            if below > MISSED:
                return False
        return True

    def _likenesses(self, scale: float) -> Iterator[Floats]:
        truths, runs = np.split(self.errors / math.sqrt(scale), [TRUTHS])
        step = max(1, CELLS // runs.size)
        for at in range(0, TRUTHS, step):
            yield self._alike(self.effects + truths[at : at + step, None] + runs)

    def _alike(self, runs: Floats) -> Floats:
        """Return the mean Jaccard index of the runs around each truth, ``(truths, runs, d)``."""
        effects = np.abs(runs)
        # what is nothing comes in one order in all runs
        np.copyto(effects, -np.arange(effects.shape[2]), where=effects <= self.least)
        picked = np.argpartition(effects, -self.top, axis=2)[..., -self.top :]
        chosen = np.zeros(effects.shape)
        np.put_along_axis(chosen, picked, 1.0, axis=2)
        first, second = np.triu_indices(RUNS, 1)
        common = (chosen @ np.swapaxes(chosen, 1, 2))[:, first, second]
        return np.asarray(np.mean(common / (2 * self.top - common), axis=1))


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of the strongest segments after some samples.

    Args:
        samples: drawn by then.
        likeness: the likely mean Jaccard index of two such runs, of the label whose `least` is the lowest; None where
            not known.
        least: the same for all but MISSED of the TRUTHS.
        label: which of those explained that is, counted from 0.
        posterior: its intervals, and so these forecasts, are a posterior's.
        unsure: labels whose `least` is lower than was asked for.
        hindrance: why it cannot be relied on; else empty.
        tie: times as many samples at which every effect is known to TIE; None where not known.
        constant: no label's answer ever changed.
        nothing: no label has an effect.
    """

    samples: int
    likeness: float | None = None
    least: float | None = None
    label: int = 0
    posterior: bool = False
    unsure: tuple[int, ...] = ()
    hindrance: str = ""
    tie: float | None = None
    constant: bool = False
    nothing: bool = False

    @property
    def tied(self) -> bool:
        """Whether ranks that still change are ties."""
        return self.tie is not None and self.tie <= 1


Fitting = Callable[[], tuple[Neighbourhood, Sequence[Fit]]]
"""What fits the surrogate to all that was drawn so far, on all columns."""


@dataclass(slots=True, eq=False)
class Watch:
    """Decides, while samples are drawn, whether there are enough of them.

    A look costs one fit, what is imagined around it, and no model call. It sees only what was drawn, and its random
    numbers are its own: where it stops depends on the seed alone.

    Args:
        auto: what was asked for.
        fitted: fits the surrogate to what there is.
        rng: gives the generator of imagined runs, the same at each look.
        unit: of the answers: what is small beside it is rounding.
        looked: every look so far.
    """

    auto: Auto
    fitted: Fitting
    rng: Callable[[], np.random.Generator]
    unit: float = 0.0
    looked: list[Look] = field(default_factory=list)
    _imagined: dict[int, Imagined] = field(default_factory=dict)  # of each label that varies
    _others: int = sys.maxsize  # segments but one: of all of them any run has the same

    @property
    def next_look(self) -> int:
        """At how many samples the next look is."""
        before = self.looked[-1].samples if self.looked else 0
        return next((at for at in looks(self.auto.max) if at > before), self.auto.max)

    def due(self, drawn: int) -> bool:
        """Say whether it is time to look."""
        return drawn >= self.next_look

    def enough(self, drawn: int) -> bool:
        """Look, and say whether to stop."""
        if self.looked and self.looked[-1].samples == drawn:
            return self._settled(self.looked[-1])
        self.looked.append(self._look(drawn))
        return self._settled(self.looked[-1])

    def _settled(self, look: Look) -> bool:
        return not look.hindrance and (self._stable(look) or look.constant)

    def _stable(self, look: Look) -> bool:
        return look.least is not None and look.least >= self.auto.confidence

    def _look(self, drawn: int) -> Look:
        around, fits = self.fitted()
        groups, width = len(np.unique(around.groups)), around.codes.shape[1]
        self._others = width - 1
        self._imagined.clear()
        varied = np.flatnonzero(~unvarying(around.targets, self.unit)).tolist()
        if not varied:
            return Look(drawn, constant=True)
        if groups < GROUPS_PER_SEGMENT * width:
            return Look(drawn, hindrance=_too_few_groups(groups, width, drawn))
        if any(fits[at].covariance is None for at in varied):
            return Look(drawn, hindrance="the surrogate gave no covariance; surrogates linear and ridge do")
        self._imagined |= {at: Imagined.of(fits[at], around.targets[:, at], self.auto.top, self.rng()) for at in varied}
        few = min(carriers(around, at) for at in varied) < CARRIERS
        return self._foretold(drawn, {at: fits[at] for at in varied}, FEW_CARRY * few)

    def _foretold(self, drawn: int, fits: Mapping[int, Fit], hindrance: str) -> Look:
        forecasts = {at: runs.likeness() for at, runs in self._imagined.items()}
        worst = min(forecasts, key=lambda at: forecasts[at][1])
        return Look(
            drawn, *forecasts[worst], label=worst, hindrance=hindrance, posterior=fits[worst].is_posterior,
            unsure=tuple(at for at, (_, least) in forecasts.items() if least < self.auto.confidence),
            tie=max(map(_until_tie, fits.values())),
            nothing=all((np.abs(fits[at].effects) <= runs.least).all() for at, runs in self._imagined.items()),
        )  # fmt: skip

    def forecast(self, wanted: float) -> int | None:
        """Return about how many samples would reach a likeness: a spread falls with the root of their number.

        None: more than FARTHEST times as many, as where segments tie.
        """

        def reached(scale: float) -> bool:
            return all(runs.reaches(wanted, scale) for runs in self._imagined.values())

        if not reached(FARTHEST):
            return None
        low, high = 1.0, float(FARTHEST)
        while high / low > 1.05:
            middle = math.sqrt(low * high)
            low, high = (low, middle) if reached(middle) else (middle, high)
        return _rounded(self.looked[-1].samples * high)

    @property
    def settled(self) -> bool:
        """Whether the last look found enough."""
        return bool(self.looked) and self._settled(self.looked[-1])

    def ended(self, reason: str, labels: Sequence[int]) -> tuple[str, list[str]]:
        """Return why drawing ended, and what is to be said where the answer is not stable, of each such label.

        Args:
            reason: why it ended, where that was not decided here.
            labels: those explained.
        """
        look, what = self.looked[-1], self._what()
        if look.constant:
            return "the model's answer never changed", []
        if look.hindrance:
            return reason, [f"whether {what} stable cannot be told: {look.hindrance}"]
        if look.nothing:
            return "no segment has an effect that the surrogate sees, and another run would see none", []
        if self._stable(look):
            tighter = 1.0 - (1.0 - self.auto.confidence) / 2
            return f"{what} stable: {self._alike(look)}; {tighter:g} {self._cost(tighter)}", []
        if look.tied:
            end = f"segments nearly tie at the end of {what.rpartition(' ')[0]}"
            known = f"every effect is known to within {TIE:.1%} of the strongest"
            text = f"{end}, and {known}: another run may name another of them, which is as strong{self._advice()}"
            return reason, self._of_labels(labels, text, end)
        advice = self._advice() or ". Fewer segments cost less"
        text = f"{what} not stable yet: {self._alike(look)}; that {self._cost(self.auto.confidence)}{advice}"
        return reason, self._of_labels(labels, text, f"{what} not stable yet either")

    def _of_labels(self, labels: Sequence[int], text: str, of_others: str) -> list[str]:
        """Put the names of labels before what is said of the least sure one, and of the others that are not sure."""
        look = self.looked[-1]
        if len(labels) == 1:
            return [text]
        others = [f"label {labels[at]}: {of_others}" for at in look.unsure if at != look.label]
        return [f"label {labels[look.label]}: {text}", *others]

    def _what(self) -> str:
        top = min(self.auto.top, self._others)
        return _called(top, f" of {self._others + 1}" * (self.auto.top > self._others))

    def _alike(self, look: Look) -> str:
        assert look.least is not None
        digits = max(2, len(f"{self.auto.confidence:g}".partition(".")[2]))
        least = math.floor(look.least * 10**digits) / 10**digits
        law = ", by the posterior" if look.posterior else ""
        return (
            f"two runs of {look.samples} samples {'hardly' if self._stable(look) else 'may'} agree to "
            f"{'less than' if self._stable(look) else 'as little as'} {least:.{digits}f} (mean Jaccard index{law}; "
            f"{look.likeness:.2f} is likely), where {self.auto.confidence:g} was asked for"
        )

    def _advice(self) -> str:
        """Say how many of the strongest are stable, where fewer are than were asked for."""
        for top in range(min(self.auto.top, self._others) - 1, 0, -1):
            if all(replace(runs, top=top).reaches(self.auto.confidence, 1.0) for runs in self._imagined.values()):
                return f'. {_called(top).capitalize()} stable: stop = "top{top}" asks for no more'
        return ""

    def _cost(self, wanted: float) -> str:
        """Say what it would take to be sure of a likeness, or that segments tie, whichever is less."""
        drawn, samples, tie = self.looked[-1].samples, self.forecast(wanted), self.looked[-1].tie
        if tie is not None and 1 < tie < (math.inf if samples is None else samples / drawn):
            return f"would take about {_rounded(tie * drawn):,} samples, by when ties are known as such"
        if samples is None:
            return f"would take more than {FARTHEST * drawn:,} samples"
        return "needs hardly more samples" if samples <= 1.1 * drawn else f"would take about {samples:,} samples"

    def to_mapping(self) -> dict[str, Any]:
        """Return every look, for the provenance."""
        return {
            **self.auto.to_mapping(),
            "looks": [
                {"samples": look.samples, "likeness": _short(look.likeness), "least": _short(look.least)}
                for look in self.looked
            ],
        }


def _too_few_groups(groups: int, width: int, drawn: int) -> str:
    needed = GROUPS_PER_SEGMENT * width
    rows = math.ceil(needed * drawn / groups)
    return (
        f"intervals of {width} segments need {needed} independent samples (a pair is one), and these are {groups}: "
        f"set max to {rows:,} or more, or ask for larger segments"
    )


def _called(top: int, of: str = "") -> str:
    return f"the top {top}{of} are" if top > 1 else "the strongest segment is"


def _until_tie(fit: Fit) -> float:
    """Return times as many samples at which every effect would be known to TIE."""
    errors, most = fit.standard_errors, np.abs(fit.effects).max(initial=0.0)
    assert errors is not None
    widest = INTERVAL * float(errors.max(initial=0.0))
    if not most:
        return math.inf if widest else 0.0
    return float(widest / (TIE * most)) ** 2


def carriers(around: Neighbourhood, target: int) -> float:
    """Return how many rows, equally far from the mean, would carry the variation of a target's answers."""
    values, weights = around.targets[:, target], around.weights
    far = weights * (values - np.average(values, weights=weights)) ** 2
    return float(far.sum() ** 2 / ((far @ far) or 1.0))


def _short(likeness: float | None) -> float | None:
    return None if likeness is None else math.floor(likeness * 1e4) / 1e4


def _rounded(samples: float) -> int:
    """Return a number of samples with two figures."""
    unit = 10 ** max(0, math.floor(math.log10(samples)) - 1)
    return int(math.ceil(samples / unit) * unit)


def check_reach(auto: Auto, segments: int) -> None:
    """See that so many segments can be told apart with the maximum of samples.

    Raises:
        InputError: where they cannot.
    """
    needed = GROUPS_PER_SEGMENT * segments
    if auto.max < needed:
        raise InputError(
            f"{segments} segments need at least {needed} samples (twice that in pairs) before anything can be said of "
            f"their order, and max is {auto.max}: set a larger max, ask for larger segments, or give a number of "
            "samples"
        )


def check_groups(auto: Auto, first: Draws) -> None:
    """See that the maximum of samples has enough groups, by those that a sampler drew first.

    Raises:
        InputError: where it has not.
    """
    apart = first.groups[first.groups >= 0] if first.groups is not None else np.zeros(0)
    groups, width = len(np.unique(apart)), first.codes.shape[1]
    if groups < TELLING:
        return  # too few to tell how large others are
    rows = math.ceil(GROUPS_PER_SEGMENT * width * len(apart) / groups)
    if auto.max < rows:
        raise InputError(
            f"{width} segments need {rows} samples by this sampler before anything can be said of their order "
            f"({GROUPS_PER_SEGMENT * width} that are independent), and max is {auto.max}: set max to {rows} or "
            "more, ask for larger segments, or give a number of samples"
        )
