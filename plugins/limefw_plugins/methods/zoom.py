"""From coarse to fine."""

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw.statistics.stopping import Budget
from limefw.types import Floats, Labels, Segments
from limefw_plugins.methods._play import Chance, Stages, drawn, weighed
from limefw_plugins.segmenters._part import Part
from limefw_plugins.segmenters._regions import connected, means_of, merged_down, touching
from limefw_plugins.segmenters.watershed import watershed


GRAIN = 12
"""Small basins that a part is put together from, about."""


def zoom(
    game: Any,
    stages: Stages,
    budget: Budget,
    rng: Generator,
    /,
    *,
    rounds: Annotated[int, Ge(1), Le(20)] = 2,
    split: Annotated[int, Ge(1)] = 3,
    parts: Annotated[int, Ge(2), Le(50)] = 4,
    smallest: Annotated[float, Gt(0), Lt(1)] = 0.002,
) -> None:
    """Explain a few large segments, split the strongest into parts, explain again, on one budget (after DSEG-LIME).

    The idea is that of Knab, Marton & Bartelt (2024) and of ShapBPT (Rashid et al. 2026): large segments have large
    effects, which few samples find, and only where something was found are more segments worth their samples. Each
    round has as much of the budget as it has segments among those of all rounds; what was asked about coarser ones is
    not used again, as hidden parts show something else then. It promises no stability: where effects are close it is
    left to chance which segments are split, and two seeds then have different ones.

    Args:
        rounds: how often is split.
        split: how many segments each time, those of the largest effect on any label that can be split.
        parts: of each; fewer where it has fewer pixels.
        smallest: a part of the picture of which no smaller segment is split.

    Raises:
        InputError: where the segments overlap, or the budget is too small for all rounds.
    """
    if game.segments.basis is not None:
        raise InputError("method 'zoom' splits segments that do not overlap, and these do: use another segmenter")
    left, count, chance = budget.rows, game.segments.count, Chance.of(game, rng)
    need = sum(count + at * split * (parts - 1) + 2 for at in range(rounds + 1))
    if left < need:
        raise InputError(
            f"method 'zoom' needs {need} samples for {rounds} rounds from {count} segments, and may draw {left}: raise "
            "samples, or lower rounds, split or parts"
        )
    for ahead in range(rounds, -1, -1):
        count = game.segments.count
        share = count / sum(count + at * split * (parts - 1) for at in range(ahead + 1))
        rows = max(int(left * share) // 2 * 2, 2) if ahead else left
        for block in drawn(game, stages, rows, chance):
            game(block)
        left -= game.asked
        finer = _finer(game, stages, rng, split, parts, smallest) if ahead else None
        if finer is None:
            return
        game = game.refined(finer)


def _finer(game: Any, stages: Stages, rng: Generator, split: int, parts: int, smallest: float) -> Segments | None:
    """Return segments of which the strongest are split; None where none can be."""
    around, segments = weighed(game, stages), game.segments
    effects = np.abs([fit.effects for fit in stages["surrogate"](around, rng)])
    # of several labels each in units of its own strongest effect
    strength = (effects / np.maximum(effects.max(axis=1, keepdims=True), 1e-300)).max(axis=0)
    sizes, labels = segments.sizes(), np.array(segments.labels)
    large = np.flatnonzero(sizes >= max(smallest * labels.size, 2))
    chosen = large[np.argsort(-strength[large], kind="stable")][:split]
    colors = Part(game.instance.unit(), game.instance.shape, slice(None), slice(None)).lab()
    for segment in chosen.tolist():
        inside = labels == segment
        labels[inside] = labels.max() + 1 + _parted(game.instance, colors, inside, parts, rng)
    return _renumbered(segments, labels) if len(chosen) else None


def _parted(image: Image, colors: Floats, inside: NDArray[np.bool_], parts: int, rng: Generator) -> Labels:
    """Return which part each pixel inside belongs to: regions of like colour, side by side and of like size."""
    lines, columns = (slice(int(at.min()), int(at.max()) + 1) for at in np.nonzero(inside))
    window, count = inside[lines, columns], int(inside.sum())
    grains = min(max(2, GRAIN * parts * window.size // count), window.size, 1000)
    crop = Image(image.pixels[lines, columns], image.value_range)
    cells = watershed(crop, rng, markers=grains).labels
    pieces = connected(np.where(window, cells, -1))
    # a part's own side counts as much as a fair difference of colours does
    places = np.moveaxis(np.indices(window.shape), 0, 2) / (0.5 * np.sqrt(count / parts))
    sizes, means = means_of(pieces, np.concatenate([colors[lines, columns] / 20.0, places], axis=2))
    kept, place = np.unique(pieces[window], return_inverse=True)
    pairs = touching(np.where(window, pieces, -1))
    pairs = np.searchsorted(kept, pairs[pairs[:, 0] >= 0])
    if np.ptp(connected(window.astype(np.intp))[window]):
        pairs = np.argwhere(np.triu(np.ones((len(kept), len(kept)), dtype=np.bool_), 1))  # it lies in several pieces
    (owner,) = merged_down(sizes[kept], means[kept], pairs, (parts,))
    return np.asarray(owner[place])


def _renumbered(segments: Segments, labels: Labels) -> Segments:
    """Return segments numbered 0, 1, 2, ... that know which of the coarser ones they are a part of, and its name."""
    made = Segments.from_labels(labels, keep=-1)
    parents = np.zeros(made.count, dtype=np.intp)
    inside = made.labels >= 0
    parents[made.labels[inside]] = segments.labels[inside]
    whole = np.bincount(parents) == 1
    names = [
        own if segments.names[at] == f"superpixel {at}" else f"{segments.names[at]}{'' if whole[at] else f', {own}'}"
        for own, at in zip(made.names, parents.tolist(), strict=True)
    ]
    return replace(made, names=tuple(names), parents=parents)
