"""What all renderings of a comparison say alike."""

import math
from dataclasses import replace
from typing import Any

from limefw.comparison.result import Comparison
from limefw.errors import InputError
from limefw_plugins.renderers._words import Wording, number, printable, wording_of


NOTHING = "\N{EN DASH}"
"""Stands for a figure that is not known."""

MANY = {"image": "images", "text": "texts", "table": "rows", "series": "series"}
"""Several instances of a modality."""

FINDINGS = {
    "equal": "the same",
    "within noise": "within noise",
    "differs": "different",
    "not known": "not known",
}
"""What is found of two sides, in words."""

FINDINGS_MEAN = {
    "equal": "They say the same, to the last digit.",
    "within noise": "Another seed would change either of them as much.",
    "differs": "They agree less than each does with itself, by more than chance.",
    "not known": "There are too few seeds and instances to tell.",
}


def comparison_of(given: Comparison, what: str) -> Comparison:
    """Return a comparison.

    Raises:
        InputError: where it is something else.
    """
    if not isinstance(given, Comparison):
        raise InputError(f"renderer {what!r} draws what limefw.compare(...) makes, not one explanation")
    return given


def modality_of(given: Comparison) -> str:
    """Return what is explained: "image", ..."""
    return next((cell.explanation.instance.modality for cell in given if cell.explanation), "")


def words_of(given: Comparison) -> Wording:
    """Return the words for what its explanations explain; parts are of one name only where all sides call them so."""
    every = [wording_of(cell.explanation) for cell in given if cell.explanation and cell.instance == _first(given)]
    parts = {words.part for words in every}
    return replace(every[0], part=parts.pop() if len(parts) == 1 else "part") if every else Wording("answer")


def units_of(given: Comparison) -> list[str] | None:
    """Return what each side's effects are changes of; None: of the same."""
    by = {cell.side: wording_of(cell.explanation).noun for cell in given if cell.explanation}
    return [by.get(side, "") for side in range(len(given.sides))] if len(set(by.values())) > 1 else None


def _first(given: Comparison) -> int:
    return next(cell.instance for cell in given if cell.explanation)


def headline(given: Comparison) -> str:
    """Say what is compared."""
    many = len(given.sides)
    models = len({side.model for side in given.sides})
    variants = len({side.variant for side in given.sides})
    ways = _count(models, "model") if variants == 1 and models > 1 else _count(many, "way")
    if len(given.instances) == 1:
        what = printable(given.instances[0])
    else:
        what = f"{len(given.instances)} {MANY.get(modality_of(given), 'instances')}"
    return f"{ways} on {what}" if ways.endswith(("model", "models")) else f"{ways} to explain {what}"


def _count(many: int, what: str) -> str:
    return f"{many} {what}{'s' * (many != 1)}"


def facts(mapping: dict[str, Any], modality: str) -> list[tuple[str, str]]:
    """Return the figures to begin with, each with what it is."""
    spent, alone = mapping["spent"], mapping["alone"]
    many = len(mapping["instances"])
    what = MANY.get(modality, "instances") if many != 1 else {"table": "row"}.get(modality, modality)
    told = "rows predicted" if mapping["interrupted"] else f"rows predicted; {alone['rows']:,.0f} one by one"
    failed = sum(bool(cell["failure"]) for cell in mapping["cells"])
    found = [
        (str(len(mapping["sides"])), "sides compared"),
        (str(many), what),
        (str(mapping["seeds"]), "seeds each" if mapping["seeds"] != 1 else "seed each"),
        (f"{spent['rows'] - spent.get('metric_rows', 0.0):,.0f}", told),
        (f"{spent['seconds_in_all']:,.1f} s", "of explaining"),
    ]
    return [*found, (str(failed), "failed")] if failed else found


def short(value: float | None, decimals: int = 2) -> str:
    """Return a figure of a table; a dash where it is not known."""
    return NOTHING if value is None or not math.isfinite(value) else number(value, decimals)


def made_on(given: Comparison) -> str:
    """Return the day on which the last explanation was made."""
    days = (str(cell.explanation.provenance.get("created", "")) for cell in given if cell.explanation)
    return max(days, default="")[:10]
