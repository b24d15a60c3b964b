"""Regions and their neighbours: what merges of superpixels share."""

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats, Labels, numbered


Pairs = NDArray[np.intp]
"""``(e, 2)`` regions that touch, the smaller number first."""


def connected(labels: NDArray[np.integer]) -> Labels:
    """Return regions 0, 1, 2, ... that each hang together by the sides of pixels; a label in two pieces is two."""
    from skimage.measure import label

    return np.asarray(label(numbered(labels)[1], background=-1, connectivity=1), dtype=np.intp) - 1


def touching(labels: Labels) -> Pairs:
    """Return the pairs of regions that share the side of a pixel; of a whole picture they join all of them."""
    sides = [
        np.stack([one.ravel(), other.ravel()], axis=1)
        for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1]))
    ]
    pairs = np.sort(np.concatenate(sides), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def means_of(labels: Labels, points: Floats) -> tuple[Floats, Floats]:
    """Return the number of pixels of each region (r,), and the mean ``(r, c)`` of points ``(h, w, c)``."""
    flat, count = labels.ravel(), int(labels.max()) + 1
    sizes = np.bincount(flat, minlength=count).astype(np.float64)
    sums = [np.bincount(flat, channel.ravel(), minlength=count) for channel in np.moveaxis(points, 2, 0)]
    return sizes, np.stack(sums, axis=1) / sizes[:, None]


def merged_down(sizes: Floats, means: Floats, pairs: Pairs, counts: tuple[int, ...]) -> list[Labels]:
    """Merge touching regions two by two, always those that raise the squared error least, and cut at some numbers.

    The error that a merge adds is ``a b / (a + b) |mean - mean|^2`` for sizes a and b (Ward 1963). Merging goes on from
    cut to cut, so that each region of a larger number lies in one of a smaller number.

    Args:
        sizes: (r,) pixels of each region.
        means: ``(r, c)`` of what is compared.
        pairs: of regions that touch; they join all of them.
        counts: how many regions to cut at, the largest number first.

    Returns:
        (r,) for each number: which of so many a region belongs to; where there are no more, each is its own.
    """
    sizes, means, owner = sizes.copy(), means.copy(), np.arange(len(sizes))
    costs = np.full((len(sizes), len(sizes)), np.inf)
    one, other = pairs.T
    apart = ((means[one] - means[other]) ** 2).sum(axis=1)
    costs[one, other] = costs[other, one] = apart * sizes[one] * sizes[other] / (sizes[one] + sizes[other])
    left, cuts = len(sizes), []
    for count in counts:
        while left > count:
            keep, gone = sorted(np.unravel_index(int(costs.argmin()), costs.shape))
            total = sizes[keep] + sizes[gone]
            means[keep] = (sizes[keep] * means[keep] + sizes[gone] * means[gone]) / total
            sizes[keep], owner[owner == gone] = total, keep
            near = np.isfinite(costs[keep]) | np.isfinite(costs[gone])
            near[[keep, gone]] = False
            costs[gone], costs[:, gone] = np.inf, np.inf
            apart = ((means[near] - means[keep]) ** 2).sum(axis=1)
            costs[keep, keep] = np.inf
            costs[keep, near] = costs[near, keep] = apart * sizes[near] * total / (sizes[near] + total)
            left -= 1
        cuts.append(numbered(owner)[1])
    return cuts
