"""The tables of a comparison's page, as they stand without its script."""

from dataclasses import dataclass
from typing import Any

from limefw_plugins.renderers._comparisons import FINDINGS, FINDINGS_MEAN, NOTHING, short
from limefw_plugins.renderers._words import printable


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in a table, with what it is sorted by and, in per cent of the width, its point and interval."""

    text: str
    interval: str
    value: float | None
    point: float | None = None
    ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of all sides."""

    title: str
    note: str
    figures: list[Figure]
    drawn: bool


def columns_of(mapping: dict[str, Any]) -> list[Column]:
    """Return the columns of the table of sides."""
    sides = mapping["sides"]
    keys = dict.fromkeys(key for side in sides for key in side["figures"])
    nothing = {"mean": None, "low": None, "high": None, "count": 0}
    found = [
        _drawn("Fidelity", "R² on samples left out", [side["fidelity"] for side in sides]),
        _drawn("Stability", f"of the {mapping['top']} strongest between seeds", [side["stability"] for side in sides]),
        *(_drawn(printable(key), "", [side["figures"].get(key, nothing) for side in sides]) for key in keys),
    ]
    for key, decimals in (("rows", 0), ("calls", 0), ("seconds", 2)):
        values = [side["alone"].get(key) for side in sides]
        figures = [Figure(short(value, decimals), "", value) for value in values]
        found.append(Column(key.capitalize(), "one by itself", figures, drawn=False))
    failed = [Figure(str(side["failed"]), "", float(side["failed"])) for side in sides]
    return [*found, Column("Failed", "", failed, drawn=False)]


def _drawn(title: str, note: str, means: list[dict[str, Any]]) -> Column:
    """Return a column whose figures are drawn on one scale, from 0 to 1 at the least where they are that small."""
    known = [value for one in means for value in (one["mean"], one["low"], one["high"]) if value is not None]
    low, high = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    high = 1.0 if high <= 1 else high
    # a wide interval far below 0 would leave no room for the rest
    low = max(low, -high)

    def place(value: float) -> float:
        return float(round(100 * min(1.0, max(0.0, (value - low) / (high - low))), 2))

    figures = []
    for one in means:
        mean, ends = one["mean"], (one["low"], one["high"])
        known_ends = None not in ends
        interval = f"{short(ends[0])} to {short(ends[1])}" if known_ends else ""
        figures.append(
            Figure(short(mean), interval, mean, None if mean is None else place(mean),
                   (place(ends[0]), round(place(ends[1]) - place(ends[0]), 2)) if known_ends else None)
        )  # fmt: skip
    return Column(title, note, figures, drawn=True)


def verdicts_of(mapping: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each two sides: those that differ first, of each finding the least agreement first."""
    order = {"differs": 0, "not known": 1, "within noise": 2, "equal": 3}
    rows = []
    for one in mapping["verdicts"]:
        agreement, lost = one["agreement"], one["lost"]
        rows.append({
            "sides": [printable(mapping["sides"][at]["name"]) for at in one["sides"]], "pair": one["sides"],
            "finding": one["finding"], "word": FINDINGS[one["finding"]],
            "agreement": short(agreement["mean"]), "around": _interval(agreement),
            "lost": short(lost["mean"]), "lost_around": _interval(lost), "cut_alike": one["cut_alike"],
            "key": (order[one["finding"]], agreement["mean"] if agreement["mean"] is not None else -1.0),
        })  # fmt: skip
    return sorted(rows, key=lambda row: row["key"])


def meanings_of(mapping: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the findings that there are mean."""
    there = dict.fromkeys(one["finding"] for one in mapping["verdicts"])
    return [(FINDINGS[finding], meaning) for finding, meaning in FINDINGS_MEAN.items() if finding in there]


def _interval(mean: dict[str, Any]) -> str:
    return "" if mean["low"] is None else f"{short(mean['low'])} to {short(mean['high'])}"


def matrix_of(mapping: dict[str, Any]) -> list[list[float | None]]:
    """Return the agreement that is shown at first."""
    found: list[list[float | None]] = mapping["agreement"]["jaccard_at"][str(mapping["top"])]
    return found


def diff_of(mapping: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return what the recipes differ in: a row for each setting."""
    rows = mapping["differences"].items()
    return [(key, [NOTHING if value is None else printable(str(value)) for value in values]) for key, values in rows]


def failures_of(mapping: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return each reason for which a side failed, with where: (side, reason, instances)."""
    by: dict[tuple[str, str], dict[str, None]] = {}
    for cell in mapping["cells"]:
        side, name = mapping["sides"][cell["side"]]["name"], mapping["instances"][cell["instance"]]["name"]
        reasons = [cell["failure"]] if cell["failure"] else []
        reasons += [f"{metric}: {why}" for metric, why in cell["failures"].items()]
        for reason in reasons:
            by.setdefault((side, reason), {})[name] = None
    return [(printable(side), printable(why), list(map(printable, names))) for (side, why), names in by.items()]
