"""Without what may as well be for as against."""

from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.statistics import linear_fits, rounding
from limefw.types import Fit, Floats, Neighbourhood


def sign_entropy(
    around: Neighbourhood,
    _rng: Generator,
    /,
    *,
    entropy: Annotated[float, Ge(0), Le(1)] = 0.5,
    alpha: Annotated[float, Ge(0)] = 1.0,
    least: Annotated[int, Ge(1)] = 1,
) -> list[NDArray[np.intp]]:
    """Drop the columns whose sign another draw may turn round (SLICE's filter; Bora et al. 2024), told from one fit.

    SLICE repeats the explanation and counts signs. One fit with standard errors tells as much: the sign comes out wrong
    with probability P = Phi(-|b| / se), and a column is kept where -P log2 P - (1 - P) log2 (1 - P) is small enough.
    At .5 bits P is .11 and |b| 1.2 standard errors; at .17 bits .025 and 2. A column without an effect stays by luck in
    22 % and 5 % of draws.

    Args:
        entropy: in bits, the most that a column may have. 1 keeps all, 0 those alone that are certain.
        alpha: the penalty of that fit, a ridge on all columns.
        least: so many are kept at the least, those of lowest entropy.

    Raises:
        InputError: where there are too few samples for standard errors, or the sampler's rows have none.
    """
    # not the one whose moments are known: of some rows standard errors are wanted here as well
    if (around.groups < 0).all():  # where a method draws, nobody has looked at its rows before
        raise InputError(
            "the rows of this sampler are no independent draws, so that nothing is known of standard errors, by which "
            "selector 'sign_entropy' goes: take another sampler, such as 'paired', or the selector 'all'"
        )
    fits = linear_fits(replace(around), alpha)
    return [_steady(fit, target, entropy, least) for fit, target in zip(fits, around.targets.T, strict=True)]


def _steady(fit: Fit, target: Floats, entropy: float, least: int) -> NDArray[np.intp]:
    errors, strength = fit.standard_errors, np.abs(fit.effects)
    if errors is None:
        raise InputError(
            f"{len(target)} samples are too few for standard errors of {len(fit.effects)} segments, by which selector "
            "'sign_entropy' goes: draw more, or take the selector 'all'"
        )
    # what was left to no chance has an error of 0
    certain = np.where(strength > rounding(target), np.inf, 0.0)
    steadiness = np.divide(strength, errors, out=certain, where=errors > 0)
    order = np.lexsort((-strength, -steadiness))
    kept = int((sign_entropies(steadiness) <= entropy).sum())
    return np.asarray(order[: max(kept, least)])


def sign_entropies(steadiness: Floats) -> Floats:
    """Return the entropy in bits of the sign of what is so many standard errors from 0."""
    from scipy.special import entr, ndtr

    flipped = ndtr(-steadiness)
    return np.asarray((entr(flipped) + entr(1.0 - flipped)) / np.log(2.0))
