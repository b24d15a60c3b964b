"""What metrics share that hide and show whole segments, one after the other."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.evaluation.replay import Replay
from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw.types import Codes, Floats
from limefw_plugins.fillers.blur import gaussian


Baseline = Literal["filler", "grey", "blur"]


def ranked(explanation: Explanation, *, per_area: bool = False) -> NDArray[np.intp]:
    """Return the segments in decreasing order of their effects on the first label, equal ones by number."""
    return np.argsort(-strengths(explanation, per_area=per_area), kind="stable")


def strengths(explanation: Explanation, *, per_area: bool) -> Floats:
    """Return the (d,) effects on the first label, or what they are of each pixel."""
    effects = explanation.effects()
    return effects / np.maximum(explanation.segments.sizes(), 1.0) if per_area else effects


def hidden_up_to(order: NDArray[np.intp]) -> Codes:
    """Return codes ``(d + 1, d)``: nothing hidden, the first of an order, the first two, ... all."""
    place = np.argsort(order)
    return place[None, :] >= np.arange(len(order) + 1)[:, None]


def areas_up_to(explanation: Explanation, order: NDArray[np.intp]) -> Floats:
    """Return (d + 1,) the part of all segments' area that the first 0, 1, ... of an order have."""
    sizes = explanation.segments.sizes()[order]
    return np.concatenate([[0.0], np.cumsum(sizes) / sizes.sum()])


def asking(game: Replay, baseline: Baseline) -> Callable[[Codes], Floats]:
    """Return what answers where hidden segments show a baseline.

    Raises:
        InputError: no image has grey or a blur.
    """
    if baseline == "filler":
        return game.shown
    image = game.instance
    if not isinstance(image, Image):
        raise InputError(f"baseline {baseline!r} is for images, and this is {image.modality}: take 'filler'")
    low, high = image.value_range
    if baseline == "grey":
        background = np.full(image.pixels.shape, (low + high) / 2)
    else:
        # 5 of 224 pixels, as RISE has it
        background = gaussian(image.pixels.astype(np.float64), 5 / 224 * min(image.shape))
    return game.through(PixelComposer.of(image, np.clip(background, low, high), game.segments))


def area_under(values: Floats, at: Floats) -> float:
    """Return the area under a curve by the trapezoid rule."""
    return float(np.trapezoid(values, at))
