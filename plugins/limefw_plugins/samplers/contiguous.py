"""Neighbours hidden together."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.types import Draws, Instance, Labels, Segments
from limefw_plugins.samplers._law import BLOCK


def contiguous(
    _instance: Instance,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    join: Annotated[float, Ge(0), Lt(1)] = 0.2,
    keep: Annotated[float, Gt(0), Lt(1)] = 0.5,
) -> Iterator[Draws]:
    """Keep or hide connected groups of adjacent segments as wholes (Haggstrom 2001's law; cf. Shi, Zhang & Fan 2020).

    The law: in each draw every two segments that share an edge are joined with probability `join`, independently; each
    group of segments that are connected by joins is kept with probability `keep`, independently. So each segment is
    kept with probability `keep`, as by `bernoulli`, and the codes of two segments have the covariance
    keep (1 - keep) P(they are connected). Effects answer for the context that neighbours are hidden too.

    Args:
        join: 0 is `bernoulli`; superpixels have about six neighbours each, of which .2 makes groups of a few, and above
            .35 one group reaches across the picture in many draws.
        keep: the probability.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = adjacent(segments.labels).T
    count, drawn = segments.count, 0
    while drawn < budget:
        # a whole block even where fewer rows are left: more samples then begin with the same ones
        row, edge = np.nonzero(rng.random((BLOCK, len(first))) < join)
        # one graph for all rows: a segment of a row is a node
        ends = (row * count + first[edge], row * count + second[edge])
        graph = coo_array((np.ones(len(row), dtype=np.bool_), ends), shape=(BLOCK * count, BLOCK * count))
        groups, group = connected_components(graph, directed=False)
        codes = (rng.random(groups) < keep)[group].reshape(BLOCK, count)
        if drawn == 0:
            codes[0] = True
        yield Draws(codes[: budget - drawn])
        drawn += BLOCK


def adjacent(labels: Labels) -> NDArray[np.intp]:
    """Return ``(e, 2)`` pairs of segments, the smaller first, that meet along an edge; of any number of axes.

    Along one axis those too between which only something lies that is in no segment, as blanks between words.
    """
    labels = labels[labels >= 0] if labels.ndim == 1 else labels
    pairs = [np.empty((0, 2), dtype=np.intp)]
    for axis in range(labels.ndim):
        along = np.moveaxis(labels, axis, 0)
        here, there = along[:-1].ravel(), along[1:].ravel()
        meet = (here != there) & (here >= 0) & (there >= 0)
        pairs.append(np.sort(np.stack([here[meet], there[meet]], axis=1), axis=1))
    return np.unique(np.concatenate(pairs), axis=0)
