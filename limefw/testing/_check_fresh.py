"""Checks of what shows only in a fresh process: see ``_fresh``."""

from limefw.stage import function_of
from limefw.testing._fresh import REFUSED, abroad
from limefw.testing._subject import Complaints, Skip, Subject
from limefw.testing._watch import bits


SECONDS = 1.0
"""Of computing that importing a module may take."""


def _light_import(s: Subject) -> Complaints:
    module = function_of(s.plugin.call).__module__
    found = abroad(s)
    if found.error:
        yield f"a fresh process cannot use {module}: {found.error}"
    if found.loaded:
        yield f"importing {module} loads {', '.join(found.loaded)}: import it inside the function that needs it"
    elif found.seconds > SECONDS:
        yield f"importing {module} takes {found.seconds:.1f} s of computing: leave that to the function"


def _requires(s: Subject) -> Complaints:
    found = abroad(s)
    if not found.bits:
        raise Skip("")
    if found.undeclared:
        names = ", ".join(found.undeclared)
        yield f"without {names} it fails: name it in Plugin(..., requires=...), so that users are told what to install"
    if found.unused:
        yield f"requires names {', '.join(found.unused)}, which nothing of it imports: take it out"


def _another_process(s: Subject) -> Complaints:
    found = abroad(s)
    for name, data, value in s.made():
        there = found.bits.get(name)
        if there in (None, bits(s.spec.outcome(value, data))) or {name} & {*s.unsteady, *s.changed}:
            continue
        what = "is refused" if there == REFUSED else "comes out differently"
        yield (
            f"given {name}: {what} in another process, with the examples in another order. Keep nothing from call to "
            "call, and let nothing depend on the order of a set"
        )


def _side_effects(s: Subject) -> Complaints:
    found = abroad(s)
    if found.written:
        more = f" and {len(found.written) - 3} more" if len(found.written) > 3 else ""
        when = f"importing {function_of(s.plugin.call).__module__}" if found.by_import else "it"
        yield (
            f"{when} writes files ({', '.join(found.written[:3])}{more}): return what was made; whoever called saves "
            "it. What it wrote just now was left there"
        )
    if found.printed:
        yield f"it prints ({found.printed[:60]!r}): results go back, news to limefw's own progress"


CHECKS = (_light_import, _another_process, _requires, _side_effects)
"""In the order in which they run."""
