"""Random values."""

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator

from limefw.modalities.series import Series, SeriesComposer
from limefw.types import Floats, Segments


def series_noise(
    series: Series,
    segments: Segments,
    rng: Generator,
    /,
    *,
    law: Literal["normal", "values"] = "normal",
    fields: Annotated[int, Ge(1), Le(256)] = 16,
    field_seed: Annotated[int, Ge(0)] | None = 0,
) -> SeriesComposer:
    """Show a hidden segment as noise, each draw in one of several courses of it: no pattern is there in all of them.

    With more than one course the effects are averages over these, standard errors count what they change, and no
    combination is enumerated without error. Every seed of the recipe has the same ones, as no error knows of others.

    Args:
        law: "normal" has each channel's mean and standard deviation; "values" are the channel's own, shuffled.
        fields: how many courses are made.
        field_seed: what they are drawn from; None: from the recipe's seed, whose others no interval covers.
    """
    if field_seed is not None:
        rng = np.random.default_rng(field_seed)
    return SeriesComposer.of(series, np.stack([_course(series, rng, law) for _ in range(fields)]), segments)


def _course(series: Series, rng: Generator, law: str) -> Floats:
    values = series.values.astype(np.float64)
    if law == "values":
        return rng.permuted(values, axis=0)
    return rng.normal(values.mean(axis=0), values.std(axis=0), values.shape)
