"""The photograph with every segment as a vector outline: for posters, slides and drawing programs."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._drawing import drawing_of
from limefw_plugins.renderers._findings import TIED, Finding, findings
from limefw_plugins.renderers._paint import PALE, PALETTES, PaletteName
from limefw_plugins.renderers._words import printable, wording_of
from limefw_plugins.renderers.page import templates


FINEST = 1200
"""Pixels of the map on which outlines are traced; a model's frame is seldom larger."""

LARGEST = 65_535
"""Pixels a side that a JPEG can have."""


def vector(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1)] = 5,
    palette: PaletteName = "green-red",
    longest: Annotated[int, Ge(0)] = 2000,
) -> Rendering:
    """SVG at the photograph's own size: the photo embedded, each superpixel a path with its effect, the strong tinted.

    Args:
        label: a number or name; none: the first explained.
        top: how many segments are tinted; the others are there, without a colour.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
        longest: pixels of the embedded photograph's longer side at the most; 0: its own size.
    """
    number, colors, words = explanation.label(label), PALETTES[palette], wording_of(explanation)
    side = max(explanation.instance.shape)
    drawn = drawing_of(explanation, longest or LARGEST, unit=side, finest=FINEST)
    every = {item.segment: item for item in findings(explanation, number, explanation.segments.count)}
    chosen = [item.segment for item in findings(explanation, number, top)]
    strongest = abs(every[chosen[0]].effect) if chosen else 1.0
    parts = [
        {
            "segment": segment,
            "name": printable(explanation.segments.names[segment]),
            "path": path,
            "effect": every[segment].effect if segment in every else 0.0,
            "text": _known(every[segment], list(every.values())) if segment in every else "no effect",
            "color": colors.fill(every[segment].effect) if segment in chosen else "none",
            "opacity": _opacity(every[segment], strongest) if segment in chosen else 0,
            "line": 0.25 if segment not in chosen else PALE if every[segment].faint else 1,
            "point": np.round(drawn.points[segment], 1).tolist() if segment in chosen else None,
            "ink": colors.ink(every[segment].effect) if segment in chosen else "none",
            "corner": 0.5 if segment in chosen and every[segment].positive else 0.1,
        }
        for segment, path in enumerate(drawn.outlines)
        if path
    ]
    text = templates().get_template("outlines.svg.j2").render(
        drawing=drawn, parts=parts, chosen=chosen, unit=side / 1000,
        size=min(side / 1000, min(drawn.width, drawn.height) / 44),
        title=words.question(printable(explanation.names[number])),
        about=f"{printable(explanation.instance.name)}: {words.answer(explanation.prediction(number))}",
    )  # fmt: skip
    return Rendering(text, "image/svg+xml", ".svg")


def _known(item: Finding, every: Sequence[Finding]) -> str:
    """Return an effect with its interval, and before which other one it may stand by chance."""
    ahead = f" ({TIED} rank not resolved against {every[item.rank - 2].name})" if item.tied else ""
    return f"{item.known_text}{ahead}"


def _opacity(item: Finding, strongest: float) -> float:
    """Return how strong a tint is: as strong as the effect, and none where it may be chance."""
    return 0.0 if item.faint else round(0.45 * abs(item.effect) / strongest, 3)
