"""Only the strongest segments, the rest of the photograph put out of sight."""

from collections.abc import Set as AbstractSet
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._areas import areas_at
from limefw_plugins.renderers._captioned import (
    NARROWEST,
    Paragraph,
    bare,
    captioned,
    letter_size,
    listed_effects,
    title,
    trust,
)
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._letters import FAINT, Words
from limefw_plugins.renderers._marks import badges, below
from limefw_plugins.renderers._paint import PALETTES, Palette, PaletteName, greyed, rgb
from limefw_plugins.renderers._picture import View, view_of
from limefw_plugins.renderers._places import grown
from limefw_plugins.renderers._sheet import drawing
from limefw_plugins.renderers._words import wording_of


Rest = Literal["grey", "black", "white", "blurred"]


def top_only(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1)] = 5,
    positive_only: bool = True,
    rest: Rest = "grey",
    palette: PaletteName = "green-red",
    caption: bool = True,
    scale: Annotated[int, Ge(0), Le(16)] = 0,
    longest: Annotated[int, Ge(0)] = 1000,
) -> Rendering:
    """Only the strongest superpixels as they are, the rest greyed or blurred outside of a line, or blank.

    Args:
        label: a number or name; none: the first explained.
        top: how many segments at the most.
        positive_only: those that speak for the label alone.
        rest: what becomes of everything else; "black" is what lime's hide_rest does.
        palette: of the line, and of the effects listed below the picture.
        caption: title, effects and trust below the picture; without, the file is as large as the photograph.
        scale: pixels a side that each of the photograph's becomes; 0: 1, more where it is small.
        longest: pixels that the longer side has at the most, a larger photograph is reduced; 0: its own size.
    """
    number, words = explanation.label(label), wording_of(explanation)
    found = findings(explanation, number, top, positive_only=positive_only)
    view = view_of(explanation, scale, longest or None)
    chosen = [item.segment for item in found]
    if explanation.segments.basis is None:
        shown = np.isin(view.labels, chosen)
    else:
        shown = np.any(
            [np.zeros(view.size, dtype=np.bool_), *areas_at(explanation, chosen, view.size).values()], axis=0
        )
    pixels = np.where(shown[..., None], view.pixels, _put_away(view.pixels, rest))
    if rest in ("grey", "blurred"):
        _outline(pixels, view, shown, PALETTES[palette], {item.segment for item in found if item.positive})
    others = positive_only and any(effect.effect < 0 for effect in explanation.top(top, number))
    left = f"What {words.minus} is left out. " if others else ""
    paragraphs = [
        title(explanation, number),
        listed_effects(found, words, PALETTES[palette]),
        Paragraph([Words(f"{left}{trust(explanation, number)}", FAINT)]),
    ]
    with drawing():
        if not caption:
            return bare(pixels)[0].rendering()
        size = letter_size(max(view.size[1], NARROWEST))
        sheet, axes, _ = captioned(pixels, paragraphs, below(view, size) / size if found else 0)
        badges(axes, view, found, size, PALETTES[palette])
        return sheet.rendering()


def _outline(
    pixels: NDArray[np.uint8], view: View, shown: NDArray[np.bool_], colors: Palette, positive: AbstractSet[int]
) -> None:
    """Draw a line around what is shown, all outside of it: what is grey itself would look like a hole."""
    areas = areas_at(view.explanation, sorted(positive), view.size).values()
    plus = np.any([np.zeros(view.size, dtype=np.bool_), *areas], axis=0)
    wide = 2 + max(view.size) // 600
    line, halo = (_grown(shown, steps) & ~shown for steps in (wide, wide + 1))
    pixels[halo] = 255
    pixels[line] = np.where(_grown(plus, wide)[line, None], rgb(colors.plus), rgb(colors.minus))


def _grown(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    for _ in range(steps):
        mask = grown(mask)
    return mask


def _put_away(pixels: NDArray[np.uint8], rest: Rest) -> NDArray[np.uint8]:
    if rest in ("black", "white"):
        return np.full_like(pixels, 0 if rest == "black" else 255)
    if rest == "grey":
        faint = np.rint(0.25 * greyed(pixels) + 0.75 * 214.0)
        return np.asarray(faint.astype(np.uint8))
    from PIL import Image as Pillow
    from PIL import ImageFilter

    radius = max(4, max(pixels.shape) // 30)
    return np.asarray(Pillow.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))
