"""How far a small change of the instance moves its explanation."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.random import Generator

from limefw.errors import InputError
from limefw.evaluation.replay import Replay
from limefw.modalities.image import Image
from limefw.modalities.series import Series
from limefw.results.explanation import Explanation
from limefw.types import Instance, as_dtype


OWN_SEGMENTS = (
    "max_sensitivity compares effects of the same segments, and each explanation has its own here, as with method "
    "'zoom': take 'stability', which then compares maps"
)


def max_sensitivity(
    explanation: Explanation,
    game: Replay,
    rng: Generator,
    /,
    *,
    radius: Annotated[float, Gt(0), Le(1)] = 0.02,
    draws: Annotated[int, Ge(1), Le(10_000)] = 10,
) -> Mapping[str, float]:
    """Largest relative change of the effects under small noise: max |phi(x') - phi(x)| / |phi(x)| (Yeh et al. 2019).

    Euclidean norms of the segments' effects; each pixel moves evenly within `radius` of the value range and stays in
    it. Segments and seed stay as they are. Captum's `sensitivity_max` with such noise. floor: the same of the unchanged
    instance under other seeds (radius 0): what sampling moves by itself.
    Pitfalls: with the seed held, equal draws hide most of the sampling, so below the floor nothing can be told; it
    grows with `draws`; segments cut anew would change, too. Costs 2 x draws explanations.

    Args:
        radius: of the noise, as a part of the value range.
        draws: of the noise, and other seeds for the floor.
    """
    image = explanation.instance
    if not isinstance(image, Image):
        raise InputError(f"max_sensitivity is for images and series, and this is {image.modality}")
    low, high = image.value_range

    def moved() -> Instance:
        noise = rng.uniform(-radius, radius, image.pixels.shape) * (high - low)
        pixels = np.clip(image.pixels + noise, low, high)
        return replace(image, pixels=as_dtype(pixels, image.pixels.dtype, truncate=False))

    return _largest(explanation, game, moved, draws)


def series_max_sensitivity(
    explanation: Explanation,
    game: Replay,
    rng: Generator,
    /,
    *,
    radius: Annotated[float, Gt(0), Le(1)] = 0.02,
    draws: Annotated[int, Ge(1), Le(10_000)] = 10,
) -> Mapping[str, float]:
    """The same of a time series: each value moves evenly within `radius` standard deviations of its channel.

    Args:
        radius: of the noise, in standard deviations of the channel.
        draws: of the noise, and other seeds for the floor.
    """
    series = explanation.instance
    if not isinstance(series, Series):
        raise InputError(f"max_sensitivity is for images and series, and this is {series.modality}")
    spread = series.values.std(axis=0)

    def moved() -> Instance:
        values = series.values + rng.uniform(-radius, radius, series.shape) * spread
        return replace(series, values=as_dtype(values, series.values.dtype, truncate=False))

    return _largest(explanation, game, moved, draws)


def _largest(explanation: Explanation, game: Replay, moved: Callable[[], Instance], draws: int) -> Mapping[str, float]:
    if game.splits:
        raise InputError(OWN_SEGMENTS)
    effects = explanation.effects()
    norm = float(np.linalg.norm(effects)) or 1.0  # as Captum has it where nothing has an effect

    def change(other: Explanation) -> float:
        if other.segments.fingerprint() != explanation.segments.fingerprint():
            raise InputError(OWN_SEGMENTS)
        return float(np.linalg.norm(other.effects() - effects)) / norm

    noisy = max(change(game.again(0, moved())) for _ in range(draws))
    floor = max(change(game.again(number)) for number in range(1, draws + 1))
    return {"max_sensitivity": noisy, "floor": floor}
