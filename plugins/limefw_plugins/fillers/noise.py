"""Random pixels."""

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator

from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.types import Floats, Segments, as_dtype


def noise(
    image: Image,
    segments: Segments,
    rng: Generator,
    /,
    *,
    law: Literal["normal", "uniform", "pixels"] = "normal",
    fields: Annotated[int, Ge(1), Le(64)] = 8,
    field_seed: Annotated[int, Ge(0)] | None = 0,
) -> PixelComposer:
    """Show a hidden segment as noise, each draw in one of several fields of it: no pattern is there in all of them.

    With more than one field the effects are averages over these fields, standard errors count what they change, and no
    combination is enumerated without error. Every seed of the recipe has the same ones, as no error knows of others.

    Args:
        law: "normal" has each channel's mean and standard deviation, cut off at black and white; "uniform" is anything
            from black to white; "pixels" are the photograph's own, shuffled.
        fields: how many are made; each is as large as the picture.
        field_seed: what they are drawn from; None: from the recipe's seed, whose others no interval covers.
    """
    if field_seed is not None:
        rng = np.random.default_rng(field_seed)
    made = [as_dtype(_field(image, rng, law), image.pixels.dtype, truncate=False) for _ in range(fields)]
    return PixelComposer.of(image, np.stack(made), segments)


def _field(image: Image, rng: Generator, law: str) -> Floats:
    low, high = image.value_range
    if law == "uniform":
        return rng.uniform(low, high, image.pixels.shape)
    colors = np.clip(image.pixels.reshape(-1, image.channels).astype(np.float64), low, high)
    if law == "pixels":
        return rng.permutation(colors).reshape(image.pixels.shape)
    drawn = rng.normal(colors.mean(axis=0), colors.std(axis=0), image.pixels.shape)
    return np.clip(drawn, low, high)
