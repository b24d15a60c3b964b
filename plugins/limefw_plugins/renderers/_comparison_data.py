"""What the script of a comparison's page reads."""

import json
import math
from typing import Any

import numpy as np

from limefw.comparison.agreement import names as measures
from limefw.comparison.result import Cell, Comparison
from limefw.results.explanation import Explanation
from limefw_plugins.renderers._comparison_maps import Cuts, packed, seen_of, whole_numbers
from limefw_plugins.renderers._comparisons import units_of, words_of
from limefw_plugins.renderers._words import MOST_DECIMALS, printable, wording_of


DIGITS, FEWER = 4, 3
"""Of the strongest effect; and where it is not what is shown at first."""

ROOM = 165_000
"""Letters that maps and effects may take together: the more effects there are, the coarser are the maps."""


def comparison_data(comparison: Comparison) -> str:
    """Return strict JSON that no HTML parser can leave: it has no "<", ">" or "&"."""
    labels: dict[str, int] = {}
    cuts, words = Cuts(), words_of(comparison)
    instances = [_instance(comparison, at) for at in range(len(comparison.instances))]
    sizes = [(one["seen"].get("h", 1), one["seen"].get("w", 1)) for one in instances]
    cells = [_cell(comparison, cell, cuts, labels, sizes[cell.instance]) for cell in comparison]
    # repetitive, and much of it: deflated
    effects = packed(_strict({"cells": cells, "agreement": _agreement(comparison)}).encode())
    found = {
        "top": comparison.top,
        "part": words.part, "plus": words.plus, "minus": words.minus, "noun": words.said,
        "units": units_of(comparison),
        "mostDecimals": MOST_DECIMALS,
        "sides": [printable(side.name) for side in comparison.sides],
        "instances": instances,
        "labels": [printable(name) for name in labels],
        "measures": list(measures()),
        "cuts": cuts.told(ROOM - len(effects)),
        "sorts": _sorts(comparison),
        "packed": effects,
    }  # fmt: skip
    text = _strict(found)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _strict(found: Any) -> str:
    return json.dumps(found, allow_nan=False, separators=(",", ":"))


def _instance(comparison: Comparison, at: int) -> dict[str, Any]:
    made = [cell.explanation for cell in comparison if cell.instance == at and cell.explanation is not None]
    seen = seen_of(made[0]) if made else {"kind": "nothing"}
    return {"name": printable(comparison.instances[at]), "label": printable(comparison.label_name(at)), "seen": seen}


def _cell(
    comparison: Comparison, cell: Cell, cuts: Cuts, labels: dict[str, int], size: tuple[int, int]
) -> dict[str, Any]:
    """Return where a cell belongs, and what it says of each label, the one compared first."""
    found: dict[str, Any] = {"s": cell.side, "i": cell.instance, "r": cell.run}
    if cell.explanation is None:
        return found | {"failure": printable(cell.failure)}
    made, compared = cell.explanation, comparison.label_of(cell)
    order = [compared, *(label for label in made.labels if label != compared)]
    told = {
        labels.setdefault(made.names[label], len(labels)): _of_label(
            made, label, DIGITS if label == compared and cell.run == 0 else FEWER
        )
        for label in order
    }
    # of other seeds what is compared is enough
    kept = told if cell.run == 0 else dict(list(told.items())[:1])
    failures = [printable(f"{name}: {why}") for name, why in cell.failures.items()]
    first = labels[made.names[compared]]
    return found | {"cut": cuts.number(cell.instance, made, size), "first": first, "of": kept, "failures": failures}


def _of_label(made: Explanation, label: int, digits: int) -> list[Any]:
    """Return prediction, fidelity, decimals, effects and margins, these two in whole numbers of the last decimal."""
    effects, margins = made.effects(label), made.margins(label)
    limit = float(np.abs(effects).max(initial=0.0))
    decimals = digits - 1 - math.floor(math.log10(limit)) if 0 < limit < math.inf else 0
    fidelity = made.health.labels[label].cross_fitted
    return [
        _figure(wording_of(made).answered(made.prediction(label))),
        None if fidelity is None else _figure(fidelity), decimals,
        whole_numbers(effects.tolist(), decimals),
        None if margins is None else whole_numbers(margins.tolist(), decimals),
    ]  # fmt: skip


def _figure(value: float) -> float | None:
    """Return seven digits, so that it rounds as elsewhere."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def _agreement(comparison: Comparison) -> dict[str, Any]:
    """Return for each measure the upper triangle of its matrix, of all instances and, in hundredths, of each."""
    upper = np.triu_indices(len(comparison.sides))
    found = {}
    for name in measures():
        every = [_figure(value) for value in comparison.matrix(name)[upper].tolist()]
        own = np.moveaxis(comparison.agreement.of(name), -1, 0)
        found[name] = {"all": every, "each": [[_hundredths(value) for value in one[upper].tolist()] for one in own]}
    return found


def _hundredths(value: float) -> int | None:
    """Return what the page shows of a figure, rounded as elsewhere."""
    return round(100 * float(f"{value:.2f}")) if math.isfinite(value) else None


def _sorts(comparison: Comparison) -> dict[str, list[float | None]]:
    """Return each figure of an instance, as a mean over its explanations."""
    by: dict[str, list[list[float]]] = {}
    for cell in comparison:
        if cell.explanation is not None:
            score = cell.explanation.health.labels[comparison.label_of(cell)].cross_fitted
            own = {"fidelity": math.nan if score is None else score, **cell.figures}
            for key, value in own.items():
                by.setdefault(key, [[] for _ in comparison.instances])[cell.instance].append(value)
    return {key: [_mean(values) for values in lists] for key, lists in by.items()}


def _mean(values: list[float]) -> float | None:
    known = [value for value in values if math.isfinite(value)]
    return _figure(sum(known) / len(known)) if known else None
