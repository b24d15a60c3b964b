"""Whether the strongest segment lies on the thing meant."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation
from limefw_plugins.metrics._curves import ranked
from limefw_plugins.metrics._maps import place_of


def pointing(
    explanation: Explanation,
    game: Replay,
    _rng: Generator,
    /,
    *,
    tolerance: Annotated[float, Ge(0), Le(10_000)] = 15.0,
    per_area: bool = False,
) -> Mapping[str, float]:
    """The pointing game (Zhang et al. 2016): 1 where the strongest segment's middle lies on the mask, else 0.

    All pixels of a segment tie, so it points with the pixel of its own that is nearest to its centroid. distance: from
    there to the mask, in pixels of the instance. centre: whether the middle of the picture would have hit: where it
    does, a hit tells nothing. Where nothing speaks for the label there is no hit.
    Pitfalls: large things are hit by chance; a mask of the object is not what the model must go by; one point of the
    whole map counts. Average over many images.

    Args:
        tolerance: in pixels; so near to the mask is a hit, too (15 in RISE's protocol).
        per_area: the strongest by effect per pixel.
    """
    from scipy.ndimage import distance_transform_edt

    assert game.mask is not None
    away = distance_transform_edt(~game.mask)
    middle = tuple(side // 2 for side in away.shape)
    strongest = int(ranked(explanation, per_area=per_area)[0])
    found = {"hit": 0.0, "centre": float(away[middle] <= tolerance)}
    inside = np.argwhere(place_of(explanation, strongest))
    if explanation.effects()[strongest] <= 0 or not len(inside):
        return found
    nearest = inside[((inside - inside.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    distance = float(away[tuple(nearest)])
    return {**found, "hit": float(distance <= tolerance), "distance": distance}
