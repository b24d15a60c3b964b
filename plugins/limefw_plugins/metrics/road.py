"""What taking the strongest places away costs, where what is taken is imputed so that nobody sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.evaluation.replay import Replay
from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw.types import Codes, Draws, Floats, Segments, as_dtype
from limefw_plugins.fillers.neighbors import interpolated
from limefw_plugins.metrics._curves import areas_up_to, hidden_up_to, ranked


def road(
    explanation: Explanation,
    game: Replay,
    rng: Generator,
    /,
    *,
    steps: Annotated[int, Ge(1), Le(99)] = 9,
    noise: Annotated[float, Ge(0), Le(1)] = 0.01,
    per_area: bool = False,
) -> Mapping[str, float]:
    """Remove and debias (Rong et al. 2022): the mean answer with the most and with the least relevant places imputed.

    Noisy linear imputation: each removed pixel is the weighted mean of its eight neighbours (1/6 beside, 1/12 across
    corners), all solved at once, plus noise. Whole segments are removed, at each step those whose area comes nearest to
    1 / (steps + 1), 2 / (steps + 1), ... of the whole, some and never all. morf: most relevant first, lower is better.
    lerf: least relevant first, higher is better. gap: lerf - morf.
    Pitfalls: made to compare methods over many images, as accuracy; of one image it is the answer's course alone; only
    the order of the effects counts; it still favours smooth maps.

    Args:
        steps: how many shares are removed.
        noise: standard deviation of what is added, as a part of the value range; drawn once.
        per_area: order by effect per pixel.
    """
    image = game.instance
    if not isinstance(image, Image):
        raise InputError(f"metric 'road' is for images, and this is {image.modality}")
    order, low, high = ranked(explanation, per_area=per_area), *image.value_range
    field = noise * (high - low) * rng.standard_normal(image.pixels.shape)
    answer = game.through(Imputed(image, game.segments, field))
    codes = [_at_shares(explanation, way, steps) for way in (order, order[::-1])]
    answers = answer(np.concatenate(codes))[:, 0]
    most, least = float(answers[:steps].mean()), float(answers[steps:].mean())
    return {"morf": most, "lerf": least, "gap": least - most}


def _at_shares(explanation: Explanation, order: NDArray[np.intp], steps: int) -> Codes:
    """Return codes ``(steps, d)`` that hide, at each step, the start of an order that comes nearest to its share."""
    reached = areas_up_to(explanation, order)[1:-1]
    shares = np.arange(1, steps + 1) / (steps + 1)
    nearest = np.abs(reached[None, :] - shares[:, None]).argmin(axis=1)
    return np.asarray(hidden_up_to(order)[1 + nearest])


@dataclass(frozen=True, slots=True, eq=False)
class Imputed:
    """Shows hidden segments as what the pixels around all of them suggest: unlike a filler's, for each row anew.

    Args:
        image: as the model sees it.
        segments: of it.
        noise: ``(h, w, c)``, added where something is hidden.
    """

    image: Image
    segments: Segments
    noise: Floats

    def compose(self, draws: Draws) -> NDArray[Any]:
        """Return ``(n, h, w, c)`` images."""
        low, high = self.image.value_range
        pixels = self.image.pixels.astype(np.float64)
        made = np.empty((len(draws), *pixels.shape))
        for row, code in enumerate(draws.codes):
            hidden = np.asarray(self.segments.areas(np.flatnonzero(~code.astype(np.bool_)).tolist()).any(axis=0))
            made[row] = pixels
            if hidden.all():  # nothing is left to look at
                made[row] = pixels.mean(axis=(0, 1))
            elif hidden.any():
                filled = interpolated(pixels, hidden) + self.noise
                made[row][hidden] = np.clip(filled, low, high)[hidden]
        return as_dtype(made, self.image.pixels.dtype, truncate=False)
