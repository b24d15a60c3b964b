"""What the page says of each label."""

from collections.abc import Sequence
from dataclasses import dataclass

from limefw.explanation import Explanation
from limefw_plugins.renderers._captioned import badges, letter_size
from limefw_plugins.renderers._data_uri import data_uri
from limefw_plugins.renderers._findings import Finding, findings
from limefw_plugins.renderers._paint import heated, tinted
from limefw_plugins.renderers._picture import View
from limefw_plugins.renderers._sheet import Sheet
from limefw_plugins.renderers._words import Wording, fidelity, number, printable, wording_of
from limefw_plugins.renderers.heatmap import relative_effects, signs


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a table, with the ends of its bar and whisker in per cent of the width."""

    finding: Finding
    left: float
    width: float
    whisker: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says of one label."""

    title: str
    answer: str
    summary: str
    fidelity: str
    rows: Sequence[Bar]
    limit: str
    overlay: str
    overlay_alt: str
    heat: str
    heat_alt: str


def section(explanation: Explanation, label: int, view: View, top: int) -> Section:
    """Gather what there is to say of one label; draw inside ``drawing()``."""
    found = findings(explanation, label, top)
    limit, _ = relative_effects(explanation, label, view)
    words, name = wording_of(explanation), printable(explanation.names[label])
    marked = "; ".join(f"{item.rank}, {item.place}, {words.verb(item.effect)}" for item in found)
    return Section(
        title=words.question(name),
        answer=words.answer(explanation.prediction(label)),
        summary=_summary(found, words),
        fidelity=fidelity(explanation.health.labels[label]),
        rows=_bars(found),
        limit=number(limit),
        overlay=_overlay(view, found),
        overlay_alt=f"The photograph with its strongest segments marked: {marked or 'none'}.",
        heat=_heat(explanation, label, view),
        heat_alt=f"The photograph in grey, each segment coloured by its effect on the {words.noun}.",
    )


def _summary(found: Sequence[Finding], words: Wording) -> str:
    if not found:
        return "No segment has an effect."
    parts = []
    for positive, side in ((True, words.plus), (False, words.minus)):
        strongest = next((item for item in found if item.positive is positive), None)
        if strongest is not None:
            parts.append(
                f"{side.capitalize()} it most: segment {strongest.rank}, {strongest.place} ({strongest.effect_text})."
            )
    return " ".join(parts)


def _bars(found: Sequence[Finding]) -> list[Bar]:
    reach = max((abs(item.effect) + (item.margin or 0.0) for item in found), default=1.0)
    rows = []
    for item in found:
        at = 50.0 + 48.0 * item.effect / reach
        half = 48.0 * (item.margin or 0.0) / reach
        rows.append(
            Bar(
                item, round(min(50.0, at), 3), round(abs(at - 50.0), 3),
                (round(at - half, 3), round(at + half, 3)) if half else None,
            )
        )  # fmt: skip
    return rows


def _overlay(view: View, found: Sequence[Finding]) -> str:
    height, width = view.size
    sheet = Sheet(width, height)
    axes = sheet.picture(tinted(view, found, 0.45, boundaries=True), 0, 0)
    badges(axes, view, found, letter_size(width))
    return data_uri(sheet.pixels())


def _heat(explanation: Explanation, label: int, view: View) -> str:
    height, width = view.size
    sheet = Sheet(width, height)
    _, values = relative_effects(explanation, label, view)
    axes = sheet.picture(heated(view, values, "green-red"), 0, 0)
    signs(axes, view, findings(explanation, label, 8), letter_size(width))
    return data_uri(sheet.pixels())
