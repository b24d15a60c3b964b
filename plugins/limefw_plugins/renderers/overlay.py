"""The photograph with its strongest segments tinted."""

from typing import Annotated

from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._captioned import (
    NARROWEST,
    Paragraph,
    bare,
    captioned,
    key,
    letter_size,
    listed_effects,
    title,
    trust,
)
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._letters import FAINT, Words
from limefw_plugins.renderers._marks import badges, below
from limefw_plugins.renderers._paint import PALETTES, PaletteName, tinted
from limefw_plugins.renderers._picture import view_of
from limefw_plugins.renderers._sheet import drawing
from limefw_plugins.renderers._words import wording_of


def overlay(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1)] = 5,
    positive_only: bool = False,
    boundaries: bool = True,
    alpha: Annotated[float, Ge(0), Le(1)] = 0.45,
    palette: PaletteName = "green-red",
    caption: bool = True,
    scale: Annotated[int, Ge(0), Le(16)] = 0,
    longest: Annotated[int, Ge(0)] = 1000,
) -> Rendering:
    """The photograph with the strongest superpixels in green (speak for the label) and red (against it).

    Args:
        label: a number or name; none: the first explained.
        top: how many segments at the most.
        positive_only: those that speak for the label alone.
        boundaries: a line around each of them.
        alpha: how strong the tint is.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
        caption: title, key and effects below the picture; without, the file is as large as the photograph.
        scale: pixels a side that each of the photograph's becomes; 0: 1, more where it is small.
        longest: pixels that the longer side has at the most, a larger photograph is reduced; 0: its own size.
    """
    number, words, colors = explanation.label(label), wording_of(explanation), PALETTES[palette]
    found = findings(explanation, number, top, positive_only=positive_only)
    view = view_of(explanation, scale, longest or None)
    pixels = tinted(view, found, alpha, colors, boundaries=boundaries)
    paragraphs = [
        title(explanation, number),
        key(words, colors, found),
        listed_effects(found, words, colors),
        Paragraph([Words(trust(explanation, number), FAINT)]),
    ]
    with drawing():
        size = letter_size(max(view.size[1], NARROWEST if caption else 0))
        space = below(view, size) / size if found else 0
        sheet, axes, _ = captioned(pixels, paragraphs, space) if caption else bare(pixels)
        badges(axes, view, found, size, colors, inside=not caption)
        return sheet.rendering()
