"""Conditions on agreement, for a pipeline that is to stop where one is true: ``jaccard@5 < 0.6``."""

import math
import operator
import re
from collections.abc import Callable, Collection
from itertools import combinations

from limefw.comparison.agreement import DEPTH, names
from limefw.comparison.result import Comparison
from limefw.errors import InputError, did_you_mean
from limefw.evaluation.result import Mean


_FORM = re.compile(r"\s*([A-Za-z_][\w@.]*)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")
OWN = ("fidelity", "stability")
"""What each side has for itself."""

_SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def parse(condition: str, metrics: Collection[str]) -> tuple[str, str, float]:
    """Return a condition's measure, sign and number.

    Args:
        condition: as "jaccard@5 < 0.6".
        metrics: names of those that are taken, whose figures may stand in it: "deletion.auc".

    Raises:
        InputError: it is no condition, or measures nothing that there is.
    """
    found = _FORM.fullmatch(condition)
    if found is None:
        raise InputError(f"{condition!r} is no condition: write MEASURE < NUMBER, such as 'jaccard@5 < 0.6'")
    name, sign, number = found.groups()
    known = ("jaccard", *names(), *OWN)
    if name not in known and name.partition(".")[0] not in metrics:
        taken = f", and figures of the metrics {', '.join(sorted(metrics))}" if metrics else ""
        raise InputError(
            f"nothing is measured as {name!r}.{did_you_mean(name, known)} There are: jaccard@1 to jaccard@{DEPTH}, "
            f"{', '.join(known[DEPTH + 1 :])}{taken}"
        )
    return name, sign, float(number)


def violations(comparison: Comparison, condition: str) -> list[str]:
    """Say what a condition is true of: each pair of sides by its mean agreement, each side by a figure of its own.

    What is not known (an agreement of what failed, a figure that is not finite) meets no condition that is to fail a
    run quietly: it is said as well.
    """
    figures = {key for side in comparison.sides for key in comparison.figures(side.name)}
    name, sign, number = parse(condition, {key.partition(".")[0] for key in figures})
    if "." in name and name not in figures:
        raise InputError(
            f"no metric has a figure {name!r}.{did_you_mean(name, figures)} There are: {', '.join(sorted(figures))}"
        )
    true = _SIGNS[sign]
    found = []
    for who, value, around in _values(comparison, name):
        if math.isnan(value):
            found.append(f"{name} of {who} is not known")
        elif true(value, number):
            found.append(f"{name} of {who} is {value:.3g}{around}, {sign} {number:g}")
    return found


def _values(comparison: Comparison, name: str) -> list[tuple[str, float, str]]:
    """Return what is measured, of whom, and its interval in words."""
    if name in _of_sides(comparison):
        means = [(side.name, _of_sides(comparison)[name](side.name)) for side in comparison.sides]
    else:
        pairs = combinations([side.name for side in comparison.sides], 2)
        means = [(f"{one} and {two}", comparison.verdict(one, two, name).agreement) for one, two in pairs]
        if not means:
            raise InputError(f"{name} is measured between two: there is nothing but {comparison.sides[0].name}")
    return [(who, one.mean, f" ({one.low:.3g} to {one.high:.3g})" if math.isfinite(one.low) else "")
            for who, one in means]  # fmt: skip


def _of_sides(comparison: Comparison) -> dict[str, Callable[[str], Mean]]:
    """Return what is measured of one side alone, by name: fidelity, stability and each metric's figures."""
    figures = dict.fromkeys(key for side in comparison.sides for key in comparison.figures(side.name))

    def of(key: str) -> Callable[[str], Mean]:
        return lambda side: comparison.figures(side).get(key, Mean.of([]))

    return {"fidelity": comparison.fidelity, "stability": comparison.stability, **{key: of(key) for key in figures}}
