"""Closeness of pixels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.compose import PixelComposer
from limefw.statistics import blocks
from limefw.types import Composer, Draws, Floats


def pixel_cosine(draws: Draws, composer: Composer, /) -> Floats:
    """The cosine between the pixels of a draw and those of the instance, black being 0 (the project "Lime_Images").

    Hiding a large or bright segment lowers it more than hiding a small or dark one; with a filler that changes little
    every draw weighs nearly 1. Computed from sums over segments, without composing a picture (and so before pixels
    are rounded, where codes or segments are soft). A cosine below 0 counts as 0.
    """
    if not isinstance(composer, PixelComposer):
        raise InputError(
            f"kernel 'pixel_cosine' compares pixels, and this filler's composer is a {type(composer).__name__}, not a "
            "limefw.PixelComposer: use filler 'constant' or 'mean_color', or kernel 'cosine_exponential'"
        )
    which = composer.chosen(draws)
    weights = np.empty(len(draws))
    for background in np.unique(which):
        rows = np.flatnonzero(which == background)
        sums = _sums(composer, int(background))
        for part in blocks(len(rows)):
            weights[rows[part]] = sums.cosine(draws.codes[rows[part]])
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums over segments, the first entry being what is in none: vectors, or matrices where segments overlap.

    Args:
        own: of squares of the image.
        mixed: of products of image and background.
        other: of squares of the background.
        norm: the length of the image as a vector.
    """

    own: Floats
    mixed: Floats
    other: Floats
    norm: float

    def cosine(self, codes: NDArray[Any]) -> Floats:
        """Return the cosine of each row of codes."""
        kept = np.column_stack([np.ones(len(codes)), codes])
        hidden = 1.0 - kept
        if self.own.ndim == 1:
            product = kept @ self.own + hidden @ self.mixed
            square = kept**2 @ self.own + 2.0 * (kept * hidden) @ self.mixed + hidden**2 @ self.other
        else:
            product = kept @ self.own.sum(axis=1) + hidden @ self.mixed.sum(axis=1)
            square = _form(kept, self.own, kept) + 2.0 * _form(kept, self.mixed, hidden)
            square += _form(hidden, self.other, hidden)
        length = np.sqrt(np.maximum(square, 0.0)) * self.norm
        cosine = np.divide(product, length, out=np.zeros(len(codes)), where=length > 0)
        return np.clip(cosine, 0.0, 1.0)


def _form(left: Floats, matrix: Floats, right: Floats) -> Floats:
    return np.asarray(((left @ matrix) * right).sum(axis=1))


def _sums(composer: PixelComposer, background: int) -> _Sums:
    black, channels = composer.value_range[0], 0 if composer.planar else -1
    shown, filled = (array.astype(np.float64) - black for array in (composer.pixels, composer.backgrounds[background]))
    planes = [(a * b).sum(axis=channels) for a, b in ((shown, shown), (shown, filled), (filled, filled))]
    norm = float(np.sqrt(planes[0].sum()))
    if norm == 0.0:
        raise InputError("kernel 'pixel_cosine' has nothing to compare with: the image is black all over")
    if composer.basis is None:
        index = composer.labels.ravel() + 1
        own, mixed, other = (np.bincount(index, weights=plane.ravel()).astype(np.float64) for plane in planes)
        return _Sums(own, mixed, other, norm)
    shares = composer.basis.reshape(len(composer.basis), -1).astype(np.float64)
    shares = np.concatenate([1.0 - shares.sum(axis=0, keepdims=True), shares])
    own, mixed, other = ((shares * plane.ravel()) @ shares.T for plane in planes)
    return _Sums(own, mixed, other, norm)
