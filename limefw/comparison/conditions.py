"""Conditions on agreement, for a pipeline that is to stop where one is true: ``jaccard@5 < 0.6``."""

import math
import operator
import re
from collections.abc import Callable
from itertools import combinations

from limefw.comparison.result import Comparison
from limefw.errors import InputError
from limefw.evaluation.result import Mean


_FORM = re.compile(r"\s*([A-Za-z_][\w@.]*)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")
_SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def parse(condition: str, comparison: Comparison | None = None) -> tuple[str, str, float]:
    """Return a condition's measure, sign and number.

    Raises:
        InputError: it is no condition, or measures nothing that there is.
    """
    found = _FORM.fullmatch(condition)
    if found is None:
        raise InputError(f"{condition!r} is no condition: write MEASURE < NUMBER, such as 'jaccard@5 < 0.6'")
    name, sign, number = found.groups()
    if comparison is not None and name not in _of_sides(comparison):
        comparison.measure(name)
    return name, sign, float(number)


def violations(comparison: Comparison, condition: str) -> list[str]:
    """Say what a condition is true of: each pair of sides by its mean agreement, each side by a figure of its own.

    What is not known (an agreement of what failed, a figure that is not finite) meets no condition that is to fail a
    run quietly: it is said as well.
    """
    name, sign, number = parse(condition, comparison)
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
