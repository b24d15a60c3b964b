"""What a comparison came to, in figures for machines, a table and sentences."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np

from limefw.comparison.agreement import DEPTH, MEASURES
from limefw.comparison.noise import Verdict, enough
from limefw.comparison.result import Cell, Comparison
from limefw.evaluation.result import Mean
from limefw.results.provenance import version_of


SCHEMA = 1
"""Of the mapping."""

FEW_REASONS = 5
"""Reasons for failures that are told."""

TIED = 0.005
"""A difference that two decimals do not show."""

PAIRS = 4
"""Pairs that a sentence names; of more the number and the least alike are told."""

MANY = 6
"""Names in a sentence at the most."""


def to_mapping(comparison: Comparison) -> dict[str, Any]:
    """Return everything but the explanations as JSON has it; what is not finite is None."""
    modality = next((cell.explanation.instance.modality for cell in comparison if cell.explanation), "")
    shown = ("jaccard", "spearman", "overlap", "sign_flips")
    return {
        "schema": SCHEMA,
        "limefw": version_of("limefw"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "modality": modality,
        "top": comparison.top,
        "seeds": comparison.seeds,
        "instances": [{"name": name, "label": comparison.label_name(at)}
                      for at, name in enumerate(comparison.instances)],
        "sides": [_side(comparison, at) for at in range(len(comparison.sides))],
        "cells": [_cell(comparison, cell) for cell in comparison],
        "measures": dict(MEASURES),
        "agreement": {
            "jaccard_at": {str(k): _plain(comparison.matrix(f"jaccard@{k}")) for k in range(1, DEPTH + 1)},
            **{name: _plain(comparison.matrix(name)) for name in shown},
            "by_instance": {name: _plain(np.moveaxis(comparison.agreement.of(comparison.measure(name)), -1, 0))
                            for name in ("jaccard", "spearman", "overlap")},
        },
        "verdicts": [_verdict(comparison, one, two) for one, two in pairs(comparison)],
        "differences": differences(comparison),
        "spent": {**{key: float(value) for key, value in comparison.spent.items()}, "metric_rows": asked(comparison)},
        "alone": _costs(alone(comparison)),
        "summary": summary(comparison),
        "interrupted": comparison.interrupted,
    }  # fmt: skip


def pairs(comparison: Comparison) -> list[tuple[int, int]]:
    """Return every two sides."""
    return list(combinations(range(len(comparison.sides)), 2))


def asked(comparison: Comparison) -> float:
    """Return how many rows the metrics asked that no explanation had asked."""
    return sum(cell.asked.get("rows", 0.0) for cell in comparison)


def alone(comparison: Comparison) -> dict[str, float]:
    """Return the rows, calls and seconds that all explanations would have taken one by one."""
    costs = [comparison.cost(cell) for cell in comparison if cell.explanation is not None]
    return {key: float(sum(cost[key] for cost in costs)) for key in ("rows", "calls", "seconds")}


def differences(comparison: Comparison) -> dict[str, list[Any]]:
    """Return what the sides' recipes differ in: by setting, each side's value."""
    flat = [dict(_flat(side.recipe)) for side in comparison.sides]
    keys = dict.fromkeys(key for one in flat for key in one)
    found = {key: [one.get(key) for one in flat] for key in keys}
    return {key: values for key, values in found.items() if any(value != values[0] for value in values)}


def _flat(recipe: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in recipe.items():
        if key == "renderers":
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _side(comparison: Comparison, at: int) -> dict[str, Any]:
    side = comparison.sides[at]
    return {
        "name": side.name, "variant": side.variant, "model": side.model, "recipe": dict(side.recipe),
        "fidelity": _mean(comparison.fidelity(at)), "stability": _mean(comparison.stability(at)),
        "figures": {key: _mean(one) for key, one in comparison.figures(at).items()},
        "alone": _costs(comparison.alone(at)), "failed": len(comparison.failed(at)),
    }  # fmt: skip


def _cell(comparison: Comparison, cell: Cell) -> dict[str, Any]:
    made = cell.explanation
    found: dict[str, Any] = {
        "side": cell.side, "instance": cell.instance, "run": cell.run, "seed": cell.seed, "failure": cell.failure,
        "failures": dict(cell.failures), "figures": {key: _finite(value) for key, value in cell.figures.items()},
    }  # fmt: skip
    if made is not None:
        label = comparison.label_of(cell)
        strongest = [{"segment": one.segment, "name": one.name, "effect": one.effect, "margin": one.margin}
                     for one in made.top(DEPTH, label)]  # fmt: skip
        found |= {
            "label": made.names[label], "prediction": made.prediction(label), "segments": made.segments.count,
            "fidelity": made.health.labels[label].cross_fitted, "samples": made.health.samples,
            "cautions": [caution.code for caution in made.health.cautions], "strongest": strongest,
            "alone": _costs(comparison.cost(cell)),
        }  # fmt: skip
    return found


def _costs(costs: Mapping[str, float]) -> dict[str, float | None]:
    return {key: _finite(value) for key, value in costs.items()}


def _verdict(comparison: Comparison, one: int, two: int) -> dict[str, Any]:
    found = comparison.verdict(one, two)
    return {"sides": [one, two], "finding": found.finding, "agreement": _mean(found.agreement),
            "lost": _mean(found.lost), "cut_alike": bool(comparison.agreement.cut[one, two])}  # fmt: skip


def _mean(one: Mean) -> dict[str, float | None]:
    return {"mean": _finite(one.mean), "low": _finite(one.low), "high": _finite(one.high), "count": one.count}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _plain(values: Any) -> Any:
    return [_plain(one) for one in values] if np.ndim(values) else _finite(float(values))


def summary(comparison: Comparison) -> list[str]:
    """Return in sentences what agrees and what does not, how sure that is, what stands out and what it cost."""
    told = [*_of_pairs(comparison), *_of_classes(comparison), *_of_sides(comparison), *_of_ends(comparison),
            *_of_failures(comparison)]  # fmt: skip
    told.append(_of_cost(comparison))
    if comparison.interrupted:
        told.append("It was interrupted: this is what there was by then.")
    return told


def _of_pairs(comparison: Comparison) -> list[str]:
    """Tell which pairs say the same, which differ by chance alone and which differ."""
    by: dict[str, list[tuple[float, str]]] = {}
    for one, two in pairs(comparison):
        found = comparison.verdict(one, two)
        if not found.agreement.count:
            continue  # one of them failed, which is told below
        names = f"{comparison.sides[one].name} and {comparison.sides[two].name}"
        by.setdefault(found.finding, []).append((found.agreement.mean, f"{names} ({_agree(found)})"))
    if not by:
        return []
    what = f"the {comparison.top} strongest segments" if comparison.top > 1 else "the strongest segment"
    leads = {
        "equal": f"The same to the last digit in {what}",
        "within noise": f"No further apart in {what} than another seed would put them",
        "differs": f"Different in {what} by more than chance",
        "not known": f"Whether it is more than chance that parts them in {what} is not known",
    }
    many = sum(map(len, by.values()))
    return [_told(lead, [text for _, text in sorted(by[finding], key=_weakest_first)], many)
            for finding, lead in _with_reason(leads, comparison).items() if finding in by]  # fmt: skip


def _with_reason(leads: Mapping[str, str], comparison: Comparison) -> dict[str, str]:
    reason = _needed(comparison)
    return {**leads, "not known": f"{leads['not known']}{f' ({reason})' if reason else ''}"}


def _told(lead: str, pairs_told: list[str], many: int) -> str:
    """Return a sentence about a few pairs, or about how many of all there are, with the least alike."""
    if len(pairs_told) <= PAIRS:
        return f"{lead}: {'; '.join(pairs_told)}."
    return f"{lead}: {len(pairs_told)} of {many} pairs, the least alike {'; '.join(pairs_told[:2])}."


def _of_classes(comparison: Comparison) -> list[str]:
    """Tell where not all are compared for one class."""
    other: dict[tuple[str, str, str], set[int]] = {}
    for cell in comparison:
        if cell.explanation is not None:
            own, first = cell.explanation.names[comparison.label_of(cell)], comparison.label_name(cell.instance)
            if own != first:
                other.setdefault((comparison.sides[cell.side].name, own, first), set()).add(cell.instance)
    return [f"{side} is compared for {own!r} where others are for {first!r}, which it did not explain "
            f"({len(at)} input{'s' * (len(at) > 1)}): ask for one class, labels=[...]."
            for (side, own, first), at in list(other.items())[:FEW_REASONS]]  # fmt: skip


def _weakest_first(entry: tuple[float, str]) -> tuple[float, str]:
    return (entry[0] if math.isfinite(entry[0]) else -1.0, entry[1])


def _agree(found: Verdict) -> str:
    if not math.isfinite(found.agreement.mean):
        return "nothing in common to compare"
    around = f", {_short(found.agreement.low)} to {_short(found.agreement.high)}" * math.isfinite(found.agreement.low)
    return f"{_short(found.agreement.mean)} in common{around}"


def _needed(comparison: Comparison) -> str:
    if not enough(len(comparison.instances), comparison.seeds):
        return "repeat with 3 seeds or more"
    failed = any(cell.failure for cell in comparison)
    return "too few explanations succeeded" if failed else "more seeds or more inputs would tell"


def _of_sides(comparison: Comparison) -> list[str]:
    """Tell whose surrogate fits best and who is steadiest, and whether that is sure."""
    found = []
    for what, figure in (("follow the model best (R² on samples left out)", comparison.fidelity),
                         ("are steadiest between seeds", comparison.stability)):  # fmt: skip
        known = [(side.name, figure(side.name)) for side in comparison.sides]
        ranked = sorted([(name, mean) for name, mean in known if math.isfinite(mean.mean)], key=lambda e: -e[1].mean)
        first = [name for name, mean in ranked if ranked[0][1].mean - mean.mean < TIED]
        if len(first) == len(ranked):
            continue  # all alike, or nobody
        best, (after, next_), (last, least) = ranked[0][1], ranked[len(first)], ranked[-1]
        if best.mean <= 0 and figure == comparison.fidelity:
            found.append(f"None follows the model: R² on samples left out is {_short(best.mean)} or less.")
            continue
        told = what if len(first) > 1 else what.replace("follow", "follows").replace("are", "is", 1)
        doubt = "" if best.low > next_.high else f", though not surely more than {after}"
        found.append(f"{_listed(first, ', ')} {told}: {_short(best.mean)}{doubt}; {last} least: {_short(least.mean)}.")
    return found


def _of_ends(comparison: Comparison) -> list[str]:
    """Tell whose samples = "auto" ended before the strongest segments were stable, and how often."""
    counts = {side.name: [cell.explanation.health.has("not_stable") for cell in comparison.of_side(side.name)
                          if cell.explanation is not None] for side in comparison.sides}  # fmt: skip
    told = [f"{name} ({sum(found)} of {_times(len(found))})" for name, found in counts.items() if any(found)]
    return [f"Not known to be stable, so that another run may name others: {_listed(told, ', ')}."] * bool(told)


def _of_failures(comparison: Comparison) -> list[str]:
    """Tell what failed and why, each reason once."""
    reasons: dict[str, list[str]] = {}
    for cell in comparison:
        who = comparison.sides[cell.side].name
        if cell.failure:
            reasons.setdefault(cell.failure, []).append(who)
        for metric, why in cell.failures.items():
            reasons.setdefault(f"metric {metric}: {why}", []).append(who)
    told = [
        f"{_times(len(who))} failed ({_listed(list(dict.fromkeys(who)), ', ')}): {why}" for why, who in reasons.items()
    ]
    more = [f"There are {len(told) - FEW_REASONS} more reasons for failures."] if len(told) > FEW_REASONS else []
    return told[:FEW_REASONS] + more


def _times(count: int) -> str:
    return "1 explanation" if count == 1 else f"{count} explanations"


def _of_cost(comparison: Comparison) -> str:
    """Tell what was asked, and what single explanations would have cost."""
    by_itself, spent = alone(comparison), comparison.spent
    of_metrics = asked(comparison)
    metrics = f", and {of_metrics:,.0f} for metrics" if of_metrics else ""
    each = "" if comparison.interrupted else f" (one by one: {by_itself['rows']:,.0f})"
    rows = f"{spent['rows'] - of_metrics:,.0f} rows for explanations{each}{metrics}"
    return f"The model predicted {rows}. Explaining took {spent['seconds_in_all']:.1f} s."


def _listed(items: list[str], between: str = "; ") -> str:
    more = [f"and {len(items) - MANY} more"] if len(items) > MANY else []
    return between.join([*items[:MANY], *more])


def _short(value: float, digits: int = 2) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}" if math.isfinite(value) else "-"  # + 0.0: no "-0.00"


def table(comparison: Comparison) -> str:
    """Return a table for people: a line for each side, then the sentences."""
    sides, matrix = comparison.sides, comparison.matrix("jaccard")
    lines = [["", "fidelity", "stability", *(str(at + 1) for at in range(len(sides))), "rows", "seconds"]]
    for at, side in enumerate(sides):
        cost = comparison.alone(at)
        agree = ["" if at == other else _short(matrix[at, other]) for other in range(len(sides))]
        own = (_short(comparison.fidelity(at).mean), _short(comparison.stability(at).mean))
        costs = (_short(cost.get("rows", math.nan), 0), _short(cost.get("seconds", math.nan)))
        lines.append([f"{at + 1} {side.name}", *own, *agree, *costs])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]).rstrip() for first, *rest in lines
    ]
    what = f"Columns 1 to {len(sides)}: what the {comparison.top} strongest segments have in common (Jaccard)."
    return "\n".join([*aligned, what, "", *comparison.summary()])
