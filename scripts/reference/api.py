"""Page of the public names of Python."""

import inspect
from importlib import import_module
from typing import Any

import limefw
from limefw.errors import LimefwError

from reference.docstrings import NOTE, markdown, signature


GROUPS = {
    "Explain": ("explain", "Explainer", "model", "sample", "build", "Recipe"),
    "Read the result": ("Explanation", "load"),
    "Say what is there": ("plugin", "registry", "Registry", "Plugin", "hookimpl"),
    "Values": (),
}
"""Headings and what stands below them first; whatever else is public and no error comes under the last."""

MODULES = ("limefw.testing", "limefw.statistics")
"""For authors of plug-ins."""

BESIDE = {
    "Explanation": (
        "limefw.results.explanation.Effect", "limefw.results.health.Health", "limefw.results.health.LabelHealth",
        "limefw.results.health.Caution",
    ),
    "Segments": ("limefw.types.Instance", "limefw.types.Composer", "limefw.types.Event"),
}  # fmt: skip
"""What a value is made of, described where it is."""


def page() -> str:
    """Return the page."""
    named = {name for names in GROUPS.values() for name in names}
    rest = [name for name in limefw.__all__ if name not in named and not _is_left_out(name)]
    parts = [
        NOTE,
        "# Python\n\nEverything is `import limefw` and then one of these. Errors have [a page](errors.md).\n",
    ]
    for group, names in GROUPS.items():
        parts.append(f"\n## {group}\n")
        for name in (*names, *(rest if not names else ())):
            parts.append(_entry(getattr(limefw, name), f"limefw.{name}"))
            parts += [_entry(_at(path), path) for path in BESIDE.get(name, ())]
    for name in MODULES:
        module = import_module(name)
        parts.append(f"\n## `{name}`\n\n{inspect.getdoc(module)}\n")
        parts += [_entry(value, f"{name}.{key}") for key, value in _public(module).items()]
    return "".join(parts)


def _is_left_out(name: str) -> bool:
    value = getattr(limefw, name)
    return name.startswith("_") or (inspect.isclass(value) and issubclass(value, LimefwError))


def _at(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def _public(module: Any) -> dict[str, Any]:
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    values = {name: getattr(module, name) for name in names}
    return {
        name: value
        for name, value in values.items()
        if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__.startswith(module.__name__)
    }


def _entry(value: Any, path: str) -> str:
    name = path.removeprefix("limefw.")
    short = name.rpartition(".")[2]
    value = inspect.unwrap(value)  # a cached function is the function
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return f"\n### `{short}`\n\n{_marker(value)}\n"
    text = f"\n### `{short}`\n\n```text\n{signature(value, path)}\n```\n\n{markdown(value)}\n"
    if not inspect.isclass(value):
        return text
    made = getattr(vars(value).get("__init__"), "__doc__", None)
    text += f"\n{markdown(value.__init__)}\n" if made and "dataclass" not in made else ""
    calls = [key for key in vars(value) if not key.startswith("_") or key == "__call__"]
    return text + "".join(_member(value, key) for key in calls)


def _marker(value: Any) -> str:
    return f'The mark of a hook: `@limefw.hookimpl` (pluggy\'s `{type(value).__name__}`, of the project "limefw").'


def _member(owner: type, name: str) -> str:
    """Describe a method or property that has a docstring."""
    value = vars(owner)[name]
    if isinstance(value, property):
        return f"\n#### `.{name}`\n\n{markdown(value.fget)}\n"
    function = getattr(value, "__func__", value)
    if not inspect.isfunction(function) or not function.__doc__:
        return ""
    return f"\n#### `.{name}()`\n\n```text\n{signature(function, f'.{name}')}\n```\n\n{markdown(function)}\n"
