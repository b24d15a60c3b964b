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


def rgb(color: str) -> Pixels:
    """Return "#rrggbb" as three numbers 0..255."""
    return np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32)


def tinted(
    view: View, found: Sequence[Finding], alpha: float, colors: Palette, *, boundaries: bool
) -> NDArray[np.uint8]:
    """Return the photograph with some segments tinted by sign and strength, and all else greyed and dimmed."""
    if not found:
        return view.pixels
    photo = view.pixels.astype(np.float32)
    # the strongest last: where lines meet, its own is whole
    areas = {} if view.explanation.segments.basis is None else areas_at(view.explanation, _segments(found), view.size)
    labels = winners(view.labels, areas) if areas else view.labels
    strength = _painted(labels, found)
    inside = strength != 0
    chosen, signed = photo[inside], strength[inside, None]
    # the weakest of the chosen still shows its sign
    share = alpha * (0.5 + 0.5 * np.abs(signed))
    painted = _dimmed(photo)
    painted[inside] = chosen * (1.0 - share) + np.where(signed > 0, rgb(colors.plus), rgb(colors.minus)) * share
    if boundaries:
        if areas:
            for item in reversed(found):
                inside = areas[item.segment]
                _draw_borders(painted, np.where(inside, 0, -1), np.where(inside, item.effect, 0.0), colors)
        else:
            _draw_borders(painted, labels, strength, colors)
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


def _painted(labels: Labels, found: Sequence[Finding]) -> Pixels:
    """Return each pixel's effect relative to the strongest, -1..1; 0 in no chosen segment."""
    # the last entry is what label -1 finds
    table = np.zeros(max(int(labels.max()), *(item.segment for item in found)) + 2)
    for item in found:
        table[item.segment] = item.effect
    return np.asarray((table / np.abs(table).max()).astype(np.float32)[labels])


def _draw_borders(painted: Pixels, labels: Labels, strength: NDArray[Any], colors: Palette) -> None:
    # in half the memory: a map is gone through many times
    chosen = core = np.where(strength != 0, labels, -1).astype(np.int32)
    for _ in range(2 + max(labels.shape) // 600):
        core = eroded(core)
    line = (chosen >= 0) & (core < 0)
    halo = (chosen < 0) & grown(chosen >= 0)
    painted[line] = np.where((strength > 0)[line, None], rgb(colors.plus), rgb(colors.minus))
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
