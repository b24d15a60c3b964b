"""What if: the model itself, asked without the strongest segments and with them alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from limefw.game import Game
from limefw.results.health import Caution
from limefw.statistics import rounding
from limefw.types import Draws, Fit, Floats, Neighbourhood


ASKED = 50
"""Fillings, at the most, that the model is asked about for each answer."""

NOTHING = 0.005
"""Of the strongest effect: what is less is no support, as what a surrogate's penalty leaves is none."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the model itself says without the strongest supporting segments, and with these alone.

    Args:
        segments: those taken away or left alone, the strongest first.
        prediction: the model's answer for the whole instance.
        without: its answer with them hidden.
        only: its answer with everything else hidden.
        guess_without: what the surrogate says with them hidden.
        guess_only: what the surrogate says with everything else hidden.
        fillings: where hidden parts may show many things: over how many the model's answers are means.
    """

    segments: tuple[int, ...]
    prediction: float
    without: float
    only: float
    guess_without: float
    guess_only: float
    fillings: int = 1


def ask_what_if(
    game: Game, around: Neighbourhood, fits: Mapping[int, Fit], count: int
) -> tuple[dict[int, WhatIf], tuple[Caution, ...]]:
    """Ask the model without each label's `count` strongest supporting segments, and with these alone."""
    supporting = {
        label: _supporting(fit, count, max(rounding(around.targets[:, at]), NOTHING * float(np.abs(fit.effects).max())))
        for at, (label, fit) in enumerate(fits.items())
    }
    supporting = {label: segments for label, segments in supporting.items() if segments}
    # standardised values are neither shown nor hidden
    if not supporting or around.codes.dtype == np.float64:
        return {}, ()
    # it is no part of the samples that a listener was told to expect
    game.listen = None
    draws, drawn = _draws(game.history[0][0], list(supporting.values())), len(game.history)
    try:
        answers, fillings = _answers(game, draws)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - an explanation is not lost for its last rows
        text = f"{type(error).__name__} when the model was asked without the strongest segments: {error}"
        return {}, (Caution("interrupted" if isinstance(error, KeyboardInterrupt) else "what_if_failed", text),)
    finally:
        # these rows are no part of the neighbourhood
        del game.history[drawn:]
    found = {}
    for at, (label, segments) in enumerate(supporting.items()):
        pair, column = slice(2 * at, 2 * at + 2), game.columns.index(label)
        without, only = answers[pair, column].tolist()
        guess_without, guess_only = fits[label].predict(draws.codes[pair]).tolist()
        found[label] = WhatIf(
            segments, float(around.targets[0, column]), without, only, guess_without, guess_only, fillings
        )
    return found, ()


def _answers(game: Game, draws: Draws) -> tuple[Floats, int]:
    """Return the model's answer to each row; where hidden parts may show many things, the mean over so many."""
    hidden = getattr(game.composer, "hidden", None)
    several: Draws = _fillings(game, draws) if hidden is None else hidden(draws.codes)
    answers = game(several).reshape(len(draws), -1, len(game.columns))
    return np.asarray(answers.mean(axis=1)), answers.shape[1]


def _fillings(game: Game, draws: Draws) -> Draws:
    """Return each row several times, filled otherwise each time, where a filler has a choice to make."""
    if not getattr(game.composer, "random", False):
        return draws
    count = int(min(ASKED, getattr(game.composer, "alternatives", ASKED)))
    values = {name: np.repeat(array, count, axis=0) for name, array in draws.values.items()}
    values["draw"] = np.tile(np.arange(count, dtype=np.uint64), len(draws))
    return Draws(np.repeat(draws.codes, count, axis=0), values, np.repeat(np.arange(len(draws)), count))


def _supporting(fit: Fit, count: int, least: float) -> tuple[int, ...]:
    """Return the `count` segments that speak for a label most, the strongest first."""
    order = np.argsort(-fit.effects, kind="stable")[:count]
    return tuple(int(at) for at in order if fit.effects[at] > least)


def _draws(like: Draws, strongest: Sequence[Sequence[int]]) -> Draws:
    """Return two rows for each list of segments: all others alone, and these alone; in all else like the instance's."""
    codes = np.zeros((2 * len(strongest), like.codes.shape[1]), dtype=like.codes.dtype)
    codes[::2] = 1
    for at, segments in enumerate(strongest):
        codes[2 * at, list(segments)] = 0
        codes[2 * at + 1, list(segments)] = 1
    return Draws(codes, {name: np.repeat(values[:1], len(codes), axis=0) for name, values in like.values.items()})
