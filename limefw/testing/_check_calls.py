"""Checks of what any plug-in does with its data and with chance. The first fills in what the others read."""

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from limefw.errors import ContractError, LimefwError
from limefw.stage import json_schema
from limefw.testing._subject import Complaints, Data, Skip, Subject, told
from limefw.testing._watch import bits, global_state, open_pyplot_figures, other_global_state, settings, writable


def _contract(s: Subject) -> Complaints:
    s.cases = s.spec.examples(s)
    if not s.cases:
        raise Skip("no source was given")
    refused, broken = [], False
    for name, data in s.cases.items():
        figures, before, ours = open_pyplot_figures(), bits(data), settings()
        try:
            s.values[name] = value = s.call(data)
            s.spec.contract(value, data, s.stage)
        except s.spec.refusals as error:
            s.values.pop(name, None)
            refused.append(str(error))
        except Exception as error:  # noqa: BLE001 - told, with its type
            broken = True
            yield f"given {name}: {told(error)}"
        s.changed += [name] * (before != bits(data))
        s.opened += [name] * (figures != open_pyplot_figures())
        _note_altered(s, name, ours, BY_IMPORTS)
    if not s.values and not broken:
        yield f"it refused every example, the last with: {refused[-1]}"


def _global_random_state(s: Subject) -> Complaints:
    s.made()
    for name in s.moved:
        yield f"given {name}: it moved a global random state (random, numpy.random or torch). Use its own rng"


BY_IMPORTS = frozenset({"os.environ", "the warning filters"})
"""What libraries set when they are first imported: looked at in the second call alone."""


def _note_altered(s: Subject, name: str, before: Mapping[str, str], spared: Collection[str] = ()) -> None:
    after = settings()
    changed = [what for what in after if before.get(what, after[what]) != after[what] and what not in spared]
    if changed:
        s.altered.setdefault(name, changed)


def _global_settings(s: Subject) -> Complaints:
    s.made()
    for name, what in s.altered.items():
        yield f"given {name}: it changed {', '.join(what)} for the whole process. Put it back, or use a context manager"


def _inputs_untouched(s: Subject) -> Complaints:
    """Call everything once more, on arrays that can be written to and with the global random states elsewhere."""
    if not s.cases:
        raise Skip("no source was given")
    for name, data in s.cases.items():
        ours = writable(data)
        before = bits(ours)
        with other_global_state():
            # here, as the first call may have imported libraries that move and set things themselves
            state, known = global_state(), settings()
            with suppress(Exception):  # the contract check tells of it
                s.again[name] = bits(s.outcome(ours))
            s.moved += [name] * (state != global_state())
            _note_altered(s, name, known)
        if name in s.changed or bits(ours) != before:
            yield f"given {name}: it changed what it was given. Copy an array before writing to it"


def _deterministic(s: Subject) -> Complaints:
    for name, data, value in s.made():
        first = bits(s.spec.outcome(value, data))
        if first != s.again.get(name, first):
            with other_global_state():  # as it was in the second call: a generator of its own goes on regardless
                repeated = s.again[name] == bits(s.outcome(data))
            hidden = repeated and (name in s.moved or first == bits(s.outcome(data)))
            why = "the result depends on a global random state" if hidden else "two calls with one seed differ"
            s.unsteady.append(name)
            yield f"given {name}: {why}. Draw from the rng it is given, and keep no state"


def _every_choice(s: Subject) -> Complaints:
    """Call it with each value of each enumerated parameter once."""
    _, data, _ = next(iter(s.made()))
    for name, schema in json_schema(s.plugin)["properties"].items():
        options = schema.get("anyOf", [schema])
        choices = [item for option in options for item in option.get("enum", [])]
        choices += [True, False] * any(option.get("type") == "boolean" for option in options)
        yield from _tried(s, data, name, choices)


def _ends_of_ranges(s: Subject) -> Complaints:
    """Call it with the least and the greatest value that each parameter says it takes."""
    _, data, _ = next(iter(s.made()))
    for name, schema in json_schema(s.plugin)["properties"].items():
        ends = [end for option in schema.get("anyOf", [schema]) for end in _ends(option)]
        yield from _tried(s, data, name, ends)


MOST = 1000
"""A greater number than this is no end that is worth its time."""


def _ends(schema: Mapping[str, Any]) -> Iterator[float]:
    if schema.get("type") not in ("integer", "number"):
        return
    whole = schema["type"] == "integer"
    for key, step in (("minimum", 0), ("maximum", 0), ("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
        if key in schema and abs(schema[key]) <= MOST and (whole or not step):
            yield int(schema[key] + step) if whole else float(schema[key])


def _tried(s: Subject, data: Data, name: str, values: Iterable[Any]) -> Complaints:
    for value in (item for item in values if item != s.stage.params.get(name)):
        stage = replace(s.stage, params={**s.stage.params, name: value})
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an end may well be a poor choice
                made = s.call(data, stage=stage)
            if s.stage.kind != "models":  # another layout or runtime may not fit the source
                s.spec.contract(made, data, stage)
        except Exception as error:  # noqa: BLE001 - told, with its type
            if isinstance(error, ContractError) or not isinstance(error, LimefwError):
                yield f"with {name}={value!r}: {told(error)}"


CHECKS = (
    _contract, _inputs_untouched, _deterministic, _global_random_state, _global_settings, _every_choice,
    _ends_of_ranges,
)  # fmt: skip
"""In the order in which they run."""
