"""Checks of the function itself, before it is called."""

import inspect
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from limefw.stage import Plugin, function_of, json_schema, problems_of, signature, signature_of
from limefw.testing._subject import Complaints, Skip, Subject


def _arguments(plugin: Plugin) -> list[inspect.Parameter]:
    return list(signature(plugin.call).parameters.values())


def _summary(s: Subject) -> Complaints:
    if not s.plugin.summary.strip():
        yield "it has no summary: write a docstring whose first line says what it does"


def _signature(s: Subject) -> Complaints:
    wanted = s.spec.data.split()
    items = _arguments(s.plugin)
    loose = [str(item) for item in items if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD)]
    if loose:
        yield f"it takes {', '.join(loose)}: name each parameter, so that a recipe's can be checked"
    data = [item.name for item in items if item.kind is item.POSITIONAL_ONLY]
    either = [item.name for item in items if item.kind is item.POSITIONAL_OR_KEYWORD]
    if either or len(data) != len(wanted):
        yield (
            f"its data arguments are ({', '.join([*data, *either])}): write ({', '.join(wanted)}, /, *, ...), with the "
            "parameters after the star"
        )


def _annotations(s: Subject) -> Complaints:
    for item in _arguments(s.plugin):
        if item.kind is item.KEYWORD_ONLY and item.annotation is item.empty:
            yield f"parameter {item.name!r} has no type: write e.g. `{item.name}: Annotated[int, Ge(1)] = 3`"


def _defaults(s: Subject) -> Complaints:
    for item in signature_of(s.plugin):
        if item.default is item.empty:
            if item.name not in s.given:
                yield f"parameter {item.name!r} has no default: give it one, so that the bare name works in a recipe"
            continue
        for name, sentence in problems_of(s.plugin, {item.name: item.default}):
            if name in (item.name, ""):
                yield f"the default of {sentence}: widen the annotation or change the default"


def _bad_parameters(s: Subject) -> Complaints:
    def accepted(name: str, value: Any) -> bool:
        return all(found != name for found, _ in problems_of(s.plugin, {name: value}))

    if accepted("no_such_parameter", 1):
        yield "it accepts a parameter called 'no_such_parameter': name its parameters"
    properties = json_schema(s.plugin)["properties"]
    for item in signature_of(s.plugin):
        if all(accepted(item.name, value) for value in ({"not": ["a", "value"]}, "not a value", [["not"], "a value"])):
            yield f"parameter {item.name!r} takes anything: annotate it with what it takes"
        options = properties[item.name].get("anyOf", [properties[item.name]])
        if _unbounded(options):
            yield f"parameter {item.name!r} has no range: say which numbers make sense, e.g. Annotated[int, Ge(1)]"
        beyond = {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1, "exclusiveMaximum": 0}
        for key, step in beyond.items():
            if len(options) == 1 and key in options[0] and accepted(item.name, options[0][key] + step):
                yield f"parameter {item.name!r} accepts {options[0][key] + step}, beyond its {key}"


def _unbounded(options: list[Mapping[str, Any]]) -> bool:
    """Say whether a parameter is a number, or None, and any number will do."""
    options = [option for option in options if option.get("type") != "null"]
    limits = {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "enum", "const"}
    return all(option.get("type") in ("integer", "number") and not limits & set(option) for option in options)


def _picklable(s: Subject) -> Complaints:
    if function_of(s.plugin.call).__module__ == "__main__":
        raise Skip("it lives in __main__")
    for what in (s.plugin, s.stage):
        try:
            pickle.loads(pickle.dumps(what))  # noqa: S301 - made one line above
        except Exception as error:  # noqa: BLE001 - whatever an odd object raises
            yield f"its {type(what).__name__} cannot go to another process ({error}): use functions of a module"
            return


def _accepts(s: Subject) -> Complaints:
    """Ask it about all sorts of things, as ``use = "auto"`` does."""
    if s.plugin.accepts is None:
        raise Skip("")
    for thing in (None, 3, "a text", Path("no.such.file"), np.zeros((4, 5)), object(), print):
        try:
            bool(s.plugin.accepts(thing))
        except Exception as error:  # noqa: BLE001 - told, with its type
            yield f"accepts raises {type(error).__name__} at {type(thing).__name__}: it is asked about anything"


CHECKS = (_summary, _signature, _annotations, _defaults, _bad_parameters, _accepts, _picklable)
"""In the order in which they run."""
