"""How much of what an explanation shows lies on the thing meant."""

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation
from limefw.statistics import overlap_of, topmost
from limefw_plugins.metrics._maps import as_map


def overlap(
    explanation: Explanation, game: Replay, _rng: Generator, /, *, per_area: bool = False
) -> Mapping[str, float]:
    """Overlap with a mask: IoU of the top, relevance mass and rank accuracy (Arras et al. 2022, CLEVR-XAI): 1 is best.

    iou: of the mask and as many of the strongest places as it has (places of one segment tie, so they belong to the top
    in equal parts). mass: the part of all positive effect, summed over places, that lies on the mask. rank: the part of
    those strongest places that lies on it. best_iou: the most that any choice of these segments could reach. chance:
    the mask's part of the instance, which an even map has as mass and rank.
    Pitfalls: a mask of the object is not what the model must go by; coarse segments cap everything, so read iou beside
    best_iou; mass and rank of large things are high by chance.

    Args:
        per_area: share each segment's effect out among its places, so that mass counts effects and not effects x area.
    """
    assert game.mask is not None
    mask, shown = game.mask, as_map(explanation, per_area=per_area, photo=True)
    size = float(mask.sum())
    top = topmost(shown, size)
    positive = np.clip(np.nan_to_num(shown), 0.0, None)
    total = float(positive.sum())
    return {
        "iou": overlap_of(top, mask.astype(np.float64)),
        "mass": float(positive[mask].sum()) / total if total else 0.0,
        "rank": float(top[mask].sum()) / size,
        "best_iou": best_iou(explanation.label_map, mask),
        "chance": size / mask.size,
    }


def best_iou(labels: NDArray[np.intp], mask: NDArray[np.bool_]) -> float:
    """Return the largest IoU of a mask with any union of segments.

    A segment with `a` places on the mask and `b` beside it belongs to the best union where a / b is above some number,
    as IoU = sum a / (mask + sum b); so that is the start of the list sorted by a / b.
    """
    inside = labels >= 0
    count = int(labels.max(initial=-1)) + 1
    on = np.bincount(labels[inside & mask], minlength=count)
    beside = np.bincount(labels[inside & ~mask], minlength=count)
    order = np.argsort(-on / np.maximum(on + beside, 1), kind="stable")
    reached = np.cumsum(on[order]) / (mask.sum() + np.cumsum(beside[order]))
    return float(reached.max(initial=0.0))
