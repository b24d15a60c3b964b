"""When enough samples have been drawn: a number of them, or until the strongest segments are stable."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from limefw.errors import InputError
from limefw.samples import FIRST_LOOK, Auto
from limefw.stage import Stage
from limefw.statistics.scores import INTERVAL, rounding
from limefw.types import Draws, Fit, Floats, Neighbourhood


TRUTHS, RUNS = 1000, 30
"""What the effects may really be, and imagined runs for each."""

CELLS = 300_000
"""Numbers of imagined runs that are held at once."""

CHANCE = 0.002
"""Share of the truths for which a likeness may be smaller than the least that is foretold. Effects seen lie farther
apart than true ones, and nine looks find lucky ones: where two segments nearly tie, half of the truths stopped three of
four runs early, 15 % of them one in four, 5 % one in twenty, and these one in four hundred."""

GROUPS_PER_SEGMENT = 2
"""Groups of rows for each segment, below which a robust covariance says little (it is twice too wide)."""

CARRIERS = 20
"""Rows that must carry the variation of the answers: from fewer, as of a saturated model, nothing can be foretold."""

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
        return cls(fit.effects, errors, min(top, width - 1), rounding(targets))

    def likeness(self, scale: float = 1.0) -> tuple[float, float]:
        """Return the mean Jaccard index of the strongest segments of two runs, as is likely and at the least.

        Neither is a bound: effects that were seen lie farther apart than true ones, so where many nearly tie the first
        is too high.

        Args:
            scale: times as many samples: errors are smaller by its root, and the effects those that were seen.
        """
        truths, runs = np.split(self.errors / math.sqrt(scale), [TRUTHS])
        step = max(1, CELLS // runs.size)
        parts = [self._alike(self.effects + truths[at : at + step, None] + runs) for at in range(0, TRUTHS, step)]
        likely, least = np.quantile(np.concatenate(parts), [0.5, CHANCE]).tolist()
        return likely, least

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
        likeness: the predicted mean Jaccard index of two such runs, the lowest of all labels; None where not known.
        least: that is so for nearly all that the effects may really be.
        hindrance: why it cannot be relied on; else empty.
        tied: ranks that still change are ties.
        constant: no label's answer ever changed.
        nothing: no label has an effect.
    """

    samples: int
    likeness: float | None = None
    least: float | None = None
    hindrance: str = ""
    tied: bool = False
    constant: bool = False
    nothing: bool = False


Fitting = Callable[[], tuple[Neighbourhood, Sequence[Fit]]]
"""What fits the surrogate to all that was drawn so far, on all columns."""


@dataclass(slots=True, eq=False)
class Watch:
    """Decides, while samples are drawn, whether there are enough of them.

    A look costs one fit and no model call. It sees only what was drawn, and its random numbers are its own: where it
    stops depends on the seed alone.

    Args:
        auto: what was asked for.
        fitted: fits the surrogate to what there is.
        rng: gives the generator of imagined runs, the same at each look.
        looked: every look so far.
    """

    auto: Auto
    fitted: Fitting
    rng: Callable[[], np.random.Generator]
    looked: list[Look] = field(default_factory=list)
    _imagined: list[Imagined] = field(default_factory=list)
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
        return not look.hindrance and (self._stable(look) or look.tied or look.constant)

    def _stable(self, look: Look) -> bool:
        return look.least is not None and look.least >= self.auto.confidence

    def _look(self, drawn: int) -> Look:
        around, fits = self.fitted()
        groups, width = len(np.unique(around.groups)), around.codes.shape[1]
        self._others = width - 1
        self._imagined.clear()
        if (around.targets == around.targets[0]).all():
            return Look(drawn, constant=True)
        if groups < GROUPS_PER_SEGMENT * width:
            return Look(drawn, hindrance=_too_few_groups(groups, width, drawn))
        if any(fit.covariance is None for fit in fits):
            return Look(drawn, hindrance="the surrogate gave no covariance; surrogates linear and ridge do")
        few = min(carriers(around, at) for at in range(len(fits))) < CARRIERS
        text = (
            "a few samples carry nearly all of the variation: more samples may do (a larger max), or another target "
            "(log_odds for probability, or the other way round), or larger segments"
        )
        for fit, targets in zip(fits, around.targets.T, strict=True):
            self._imagined.append(Imagined.of(fit, targets, self.auto.top, self.rng()))
        likely, least = np.min([runs.likeness() for runs in self._imagined], axis=0).tolist()
        nothing = all(
            (np.abs(fit.effects) <= rounding(targets)).all()
            for fit, targets in zip(fits, around.targets.T, strict=True)
        )
        return Look(drawn, likely, least, text * few, tied=all(map(_narrow, fits)), nothing=nothing)

    def forecast(self, wanted: float) -> int | None:
        """Return about how many samples would reach a likeness: a spread falls with the root of their number.

        None: more than FARTHEST times as many, as where segments tie.
        """

        def reached(scale: float) -> bool:
            return all(runs.likeness(scale)[1] >= wanted for runs in self._imagined)

        if not reached(FARTHEST):
            return None
        low, high = 1.0, float(FARTHEST)
        while high / low > 1.05:
            middle = math.sqrt(low * high)
            low, high = (low, middle) if reached(middle) else (middle, high)
        return _rounded(self.looked[-1].samples * high)

    def ended(self, reason: str) -> tuple[str, str]:
        """Return why drawing ended, and what is to be said where the answer is not stable; else nothing.

        Args:
            reason: why it ended, where that was not decided here.
        """
        look, what = self.looked[-1], f"the top {min(self.auto.top, self._others)}"
        if look.constant:
            return "the model's answer never changed", ""
        if look.hindrance:
            return reason, f"whether {what} are stable cannot be told: {look.hindrance}"
        alike = (
            f"two runs of {look.samples} samples are forecast to agree to about {look.likeness:.2f}, and at the least "
            f"to {look.least:.2f} (mean Jaccard index; too high where many nearly tie), where at least "
            f"{self.auto.confidence:g} was asked for"
        )
        if look.nothing:
            return "no segment has an effect that the surrogate sees, and another run would see none", ""
        if self._stable(look):
            tighter = 1.0 - (1.0 - self.auto.confidence) / 2
            return f"{what} are stable: {alike}; {tighter:g} {self._cost(tighter)}", ""
        if look.tied:
            known = f"every effect is known to within {TIE:.1%} of the strongest"
            return f"segments tie at the end of {what}, and {known}", f"segments tie at the end of {what}: {alike}"
        cost = self._cost(self.auto.confidence)
        return reason, f"{what} are not stable yet: {alike}; that {cost}. Fewer segments cost less"

    def _cost(self, wanted: float) -> str:
        samples = self.forecast(wanted)
        drawn = self.looked[-1].samples
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


def _narrow(fit: Fit) -> bool:
    errors = fit.standard_errors
    return errors is not None and bool((INTERVAL * errors <= TIE * np.abs(fit.effects).max(initial=0.0)).all())


def carriers(around: Neighbourhood, target: int) -> float:
    """Return how many rows, equally far from the mean, would carry the variation of a target's answers."""
    values, weights = around.targets[:, target], around.weights
    far = weights * (values - np.average(values, weights=weights)) ** 2
    return float(far.sum() ** 2 / ((far @ far) or 1.0))


def _short(likeness: float | None) -> float | None:
    return None if likeness is None else round(likeness, 4)


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
            f"their order, and max is {auto.max}: set max to {2 * needed} or more, ask for larger segments, or give a "
            "number of samples"
        )
