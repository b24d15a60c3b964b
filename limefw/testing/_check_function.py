"""Checks of the function itself, before it is called."""

import inspect
import json
import pickle
import subprocess
import sys
from typing import Any

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
    properties = json_schema(s.plugin).get("properties", {})
    for item in signature_of(s.plugin):
        if all(accepted(item.name, value) for value in ({"not": ["a", "value"]}, "not a value", [["not"], "a value"])):
            yield f"parameter {item.name!r} takes anything: annotate it with what it takes"
        options = properties[item.name].get("anyOf", [properties[item.name]])
        beyond = {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1, "exclusiveMaximum": 0}
        for key, step in beyond.items():
            if len(options) == 1 and key in options[0] and accepted(item.name, options[0][key] + step):
                yield f"parameter {item.name!r} accepts {options[0][key] + step}, beyond its {key}"


def _picklable(s: Subject) -> Complaints:
    if function_of(s.plugin.call).__module__ == "__main__":
        raise Skip("it lives in __main__")
    for what in (s.plugin, s.stage):
        try:
            pickle.loads(pickle.dumps(what))  # noqa: S301 - made one line above
        except Exception as error:  # noqa: BLE001 - whatever an odd object raises
            yield f"its {type(what).__name__} cannot go to another process ({error}): use functions of a module"
            return


_PROBE = """
import importlib, json, sys
path, module, names = json.loads(sys.argv[1])
sys.path[:] = path
importlib.import_module(module)
print(json.dumps([name for name in names if name in sys.modules]))
"""


def _light_import(s: Subject) -> Complaints:
    module = function_of(s.plugin.call).__module__
    if not s.plugin.requires or module == "__main__":
        raise Skip("it lives in __main__" if s.plugin.requires else "")
    asked = json.dumps([sys.path, module, s.plugin.requires])
    command = [sys.executable, "-c", _PROBE, asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own text
    if done.returncode:
        yield f"a fresh process cannot import {module}: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
    elif loaded := json.loads(done.stdout.splitlines()[-1]):
        yield f"importing {module} loads {', '.join(loaded)}: import it inside the function that needs it"


CHECKS = (_summary, _signature, _annotations, _defaults, _bad_parameters, _picklable, _light_import)
"""In the order in which they run."""
