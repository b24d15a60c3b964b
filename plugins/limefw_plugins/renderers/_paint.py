"""Colours on photographs: tinted segments, crisp borders, effects as a map. NumPy alone, so that pixels are exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats, Labels
from limefw_plugins.renderers._areas import areas_at, winners
from limefw_plugins.renderers._findings import Finding
from limefw_plugins.renderers._picture import View
from limefw_plugins.renderers._places import eroded, grown


Pixels = NDArray[np.float32]
PaletteName = Literal["green-red", "blue-orange"]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of what speaks for and against a label.

    Args:
        names: of both, for the key of a picture.
        plus: what speaks for it.
        minus: what speaks against it.
        plus_ink: darker, for letters on white.
        minus_ink: darker, for letters on white.
    """

    names: tuple[str, str]
    plus: str
    minus: str
    plus_ink: str
    minus_ink: str

    def fill(self, effect: float) -> str:
        """Return the colour of an effect's sign."""
        return self.plus if effect > 0 else self.minus

    def ink(self, effect: float) -> str:
        """Return the colour of letters on an effect."""
        return self.plus_ink if effect > 0 else self.minus_ink


PALETTES: Mapping[str, Palette] = {
    "green-red": Palette(("green", "red"), "#1a9850", "#d73027", "#0f6b35", "#b3201a"),
    "blue-orange": Palette(("blue", "orange"), "#2166ac", "#e66101", "#174a80", "#a04000"),
}
"""The second is safe for the colour-blind."""

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_WHITE = 247.0

PALE = 0.45
"""How much of its colour a line has around a segment whose effect may be chance."""


def rgb(color: str) -> Pixels:
    """Return "#rrggbb" as three numbers 0..255."""
    return np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32)


def tinted(
    view: View, found: Sequence[Finding], alpha: float, colors: Palette, *, boundaries: bool
) -> NDArray[np.uint8]:
    """Return the photograph with some segments tinted by sign and strength, and all else greyed and dimmed.

    A tint is as strong as its effect, as on the page; one that may be chance has none, and a pale line.
    """
    if not found:
        return view.pixels
    photo = view.pixels.astype(np.float32)
    # the strongest last: where lines meet, its own is whole
    areas = {} if view.explanation.segments.basis is None else areas_at(view.explanation, _segments(found), view.size)
    labels = winners(view.labels, areas) if areas else view.labels
    inks = _inks(labels, found)
    inside = inks != 0
    chosen, signed = photo[inside], inks[inside, None]
    share = alpha * _strengths(labels[inside], found)[:, None]
    painted = _dimmed(photo)
    painted[inside] = chosen * (1.0 - share) + np.where(signed > 0, rgb(colors.plus), rgb(colors.minus)) * share
    if boundaries:
        if areas:
            for item in reversed(found):
                inside = areas[item.segment]
                _draw_borders(painted, np.where(inside, 0, -1), np.where(inside, _ink(item), 0.0), colors)
        else:
            _draw_borders(painted, labels, inks, colors)
    return _rounded(painted)


def _dimmed(photo: Pixels) -> Pixels:
    """Return 0.6 (0.35 photo + 0.65 grey) + 20, in the photograph's own memory: new memory costs more than the sums."""
    grey = greyed(photo)
    grey *= 0.65
    photo *= 0.35
    photo += grey
    photo *= 0.6
    photo += 20.0
    return photo


def _rounded(painted: Pixels) -> NDArray[np.uint8]:
    return np.rint(painted, out=painted).astype(np.uint8)


def _segments(found: Sequence[Finding]) -> list[int]:
    return [item.segment for item in found]


def _inks(labels: Labels, found: Sequence[Finding]) -> Pixels:
    """Return the sign of each pixel's effect, weaker where it may be chance; 0 in no chosen segment."""
    return _of_each(labels, {item.segment: _ink(item) for item in found})


def _ink(item: Finding) -> float:
    return (1.0 if item.positive else -1.0) * (PALE if item.faint else 1.0)


def _strengths(labels: Labels, found: Sequence[Finding]) -> Pixels:
    """Return the size of each pixel's effect beside the strongest, 0..1; 0 where it may be chance."""
    limit = max(abs(item.effect) for item in found)
    return _of_each(labels, {item.segment: 0.0 if item.faint else abs(item.effect) / limit for item in found})


def _of_each(labels: Labels, values: Mapping[int, float]) -> Pixels:
    # the last entry is what label -1 finds
    table = np.zeros(max(int(labels.max(initial=0)), *values) + 2, dtype=np.float32)
    table[list(values)] = list(values.values())
    return np.asarray(table[labels])


def _draw_borders(painted: Pixels, labels: Labels, inks: NDArray[Any], colors: Palette) -> None:
    # in half the memory: a map is gone through many times
    chosen = core = np.where(inks != 0, labels, -1).astype(np.int32)
    for _ in range(2 + max(labels.shape) // 600):
        core = eroded(core)
    line = (chosen >= 0) & (core < 0)
    halo = (chosen < 0) & grown(chosen >= 0)
    signed = inks[line, None]
    color, ink = np.where(signed > 0, rgb(colors.plus), rgb(colors.minus)), np.abs(signed)
    painted[line] = painted[line] * (1.0 - ink) + color * ink
    painted[halo] = 255.0


def heated(view: View, values: Floats, colors: Palette) -> NDArray[np.uint8]:
    """Return the greyed photograph in the colours of effects -1..1 at each pixel."""
    # lifted, so that a dark part of the photograph still shows its colour
    light = 0.55 + 0.45 * greyed(view.pixels.astype(np.float32)) / 255.0
    painted = diverging(values, colors)
    painted *= light
    return _rounded(painted)


def diverging(values: Floats, colors: Palette) -> Pixels:
    """Return the colours ``(..., 3)`` 0..255 of values -1..1; 0 is near white."""
    ends = np.stack([rgb(colors.minus), rgb(colors.plus)]) - _WHITE
    found = ends.take(values > 0, axis=0)
    found *= np.abs(values).astype(np.float32)[..., None]
    found += _WHITE
    return found


def greyed(photo: NDArray[Any]) -> Pixels:
    """Return the lightness ``(h, w, 1)``, 0..255, of pixels 0..255."""
    return np.asarray((photo.astype(np.float32, copy=False) @ _LUMA)[..., None])
