"""A recipe: one settled stage per kind, from TOML, JSON or a plain mapping, and back to a filled-in mapping.

A recipe names plug-ins, never import paths: reading one runs nothing. All of its faults are reported at once, each
with its file and key. ``use`` is the only reserved key of a stage; the rest are that plug-in's parameters.
"""

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limefw.discovery import Registry
from limefw.errors import PluginError, RecipeError, UnknownPluginError, did_you_mean
from limefw.stage import Plugin, Stage, plain, problems_of, settled


STAGES = {
    "reader": "readers",
    "model": "models",
    "segmenter": "segmenters",
    "sampler": "samplers",
    "filler": "fillers",
    "target": "targets",
    "kernel": "kernels",
    "selector": "selectors",
    "surrogate": "surrogates",
    "method": "methods",
}
"""A recipe's key for each kind of which it holds one stage."""

AUTO = frozenset({"reader", "model", "method"})
"""Stages that may be left to limefw: chosen by what they are given, or (method) its own flow."""

PLAIN = ("samples", "seed", "labels", "what_if")
KEYS = ("extends", *PLAIN, *STAGES, "renderers")
DEFAULT = "lime"

Label = int | str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to do: everything an explanation depends on but the instance and the model object.

    Args:
        stages: recipe key -> stage; a key of AUTO may be absent.
        renderers: what to make of the result.
        samples: rows to draw at the most; the instance counts.
        seed: of every random stream.
        labels: class indices, class names or "top:k".
        what_if: the model is asked again without this many of the strongest supporting segments, and with them alone;
            0: it is not.
    """

    stages: Mapping[str, Stage]
    renderers: tuple[Stage, ...]
    samples: int
    seed: int
    labels: tuple[Label, ...]
    what_if: int = 3

    def to_mapping(self) -> dict[str, Any]:
        """Return the filled-in form: every default written out; reading it gives the same recipe.

        Raises:
            RecipeError: where a stage is a function given in Python, which no file can name.
        """
        inline = [key for key, stage in self.stages.items() if stage.inline]
        if inline:
            raise RecipeError(
                [f"{key} is a function given in code: only registered plug-ins can be saved" for key in inline]
            )
        return self.described()

    def described(self) -> dict[str, Any]:
        """Return the filled-in form; a function given in code is shown as ``{"use": "inline", ...}``."""
        stages = {key: _described(self.stages.get(key)) for key in STAGES}
        return {
            "samples": self.samples,
            "seed": self.seed,
            "labels": list(self.labels),
            "what_if": self.what_if,
            **stages,
            "renderers": [stage.to_mapping() for stage in self.renderers],
        }


def _described(stage: Stage | None) -> dict[str, Any]:
    if stage is None:
        return {"use": "auto"}
    return {"use": "inline", "function": stage.name} if stage.inline else stage.to_mapping()


def build(source: Any = DEFAULT, *, registry: Registry, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Make a recipe of a name, a file, a mapping or a recipe, with `overrides` on top.

    Raises:
        RecipeError: all faults at once.
    """
    if isinstance(source, Recipe):
        return _overridden(source, overrides or {}, registry)
    faults: list[str] = []
    origin, mapping = _read(source, registry)
    merged = _inherit(mapping, origin, registry, faults, seen={})
    functions: dict[str, Callable[..., Any]] = {}
    for key, value in (overrides or {}).items():
        if callable(value) and key in STAGES:
            functions[key] = value
        else:
            merged = _merge(merged, {str(key): _Said(value, "")})
    recipe = _settle(merged, functions, registry, faults)
    if faults:
        unknown = all(fault.startswith("no ") for fault in faults)
        raise (UnknownPluginError if unknown else RecipeError)(faults)
    assert recipe is not None
    return recipe


def _overridden(recipe: Recipe, overrides: Mapping[str, Any], registry: Registry) -> Recipe:
    if not overrides:
        return recipe
    inline = {key: stage.plugin.call for key, stage in recipe.stages.items() if stage.inline}
    faults = [
        f'[{key}]: {recipe.stages[key].name} is a function given in code, which takes no parameters; say `use = "..."`'
        for key in inline
        if isinstance(value := overrides.get(key), Mapping) and "use" not in value
    ]
    if faults:
        raise RecipeError(faults)
    plain_form = {key: value for key, value in recipe.described().items() if key not in inline}
    return build(plain_form, registry=registry, overrides={**inline, **overrides})


SUFFIXES = (".toml", ".json", ".yaml", ".yml")


def _read(source: Any, registry: Registry) -> tuple[str, Mapping[str, Any]]:
    """Return where a recipe is from (for messages; empty for one given in code) and what it says."""
    if isinstance(source, Mapping):
        return "", source
    if not isinstance(source, str | os.PathLike):
        raise RecipeError([f"a recipe is a name, a file or a mapping, got {type(source).__name__}"])
    text = str(os.fspath(source))
    try:
        named = registry.recipe(text) if isinstance(source, str) else None
    except PluginError as error:
        raise RecipeError([str(error)]) from error
    if named is not None:
        return f"recipe {text!r}", _parse(named)
    path = Path(text)
    # os.path, as Path.is_file raises for a name that is too long
    if os.path.isfile(text) and path.suffix not in SUFFIXES:  # noqa: PTH113
        raise RecipeError([f"{text} is no recipe file: its name must end in {', '.join(SUFFIXES)}"])
    if not os.path.isfile(text):  # noqa: PTH113
        names = registry.recipes()
        known = ", ".join(names)
        hint = did_you_mean(text, names)
        raise RecipeError([f"no recipe named {text!r} and no recipe file of that name.{hint} Installed: {known}."])
    return str(path), _parse(path)


def _parse(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        loaded = _load(path.suffix, text)
    except RecipeError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise RecipeError([f"{path} cannot be read as {path.suffix[1:].upper()}: {error}"]) from error
    if not isinstance(loaded, Mapping):
        raise RecipeError([f"{path} holds {type(loaded).__name__}, expected a table of settings"])
    return loaded


def _load(suffix: str, text: str) -> Any:
    if suffix == ".toml":
        return tomllib.loads(text)
    if suffix == ".json":
        return json.loads(text)
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ModuleNotFoundError as error:
        raise RecipeError(["a YAML recipe needs PyYAML, which is not installed. Run: pip install pyyaml"]) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Said:
    """A value of a recipe and where it was written, so that a message can say so.

    Args:
        value: as it was written; a stage's parameters may have come together from several places.
        origin: the file, "recipe 'name'", or empty for what was said in code.
        places: for a stage, where each of its parameters was written.
    """

    value: Any
    origin: str
    places: Mapping[str, str] = field(default_factory=dict)


Said = dict[str, _Said]


def _inherit(
    mapping: Mapping[str, Any], origin: str, registry: Registry, faults: list[str], seen: Mapping[str, str]
) -> Said:
    """Put a recipe on top of the one it extends; `seen` holds each place on the way and the name that led there."""
    own = {str(key): _Said(value, origin) for key, value in mapping.items() if key != "extends"}
    default = None if origin == f"recipe {DEFAULT!r}" or DEFAULT not in registry.recipes() else DEFAULT
    parent = mapping.get("extends", default)
    if parent is None:
        return own
    here = {**seen, _place(origin): origin or "this recipe"}
    found = _parent(parent, origin, here, registry, faults)
    if found is None:
        # its fault is noted; standing on lime, only this recipe's own faults follow
        found = _read(DEFAULT, registry) if default and parent != DEFAULT else None
    return own if found is None else _merge(_inherit(found[1], found[0], registry, faults, here), own)


def _parent(
    parent: Any, origin: str, here: Mapping[str, str], registry: Registry, faults: list[str]
) -> tuple[str, Mapping[str, Any]] | None:
    """Return where the recipe that this one extends is from and what it says, or None where that is a fault."""
    key = _where(origin, "extends")
    if not isinstance(parent, str):
        faults.append(f"{key}must be the name of a recipe, got {parent!r}")
        return None
    beside = Path(origin).parent / parent if origin and not origin.startswith("recipe ") else None
    try:
        place, inherited = _read(beside if beside and os.path.isfile(beside) else parent, registry)  # noqa: PTH113
    except RecipeError as error:
        faults += [key + problem for problem in error.problems]
        return None
    if _place(place) in here:
        faults.append(f"{key}goes round in a circle: {' -> '.join((*here.values(), parent))}")
        return None
    return place, inherited


def _place(origin: str) -> str:
    return origin if not origin or origin.startswith("recipe ") else os.path.realpath(origin)


def _merge(base: Said, over: Said) -> Said:
    """Put `over` on top; parameters of a stage are merged while it stays the same plug-in."""
    merged = dict(base)
    for key, said in over.items():
        merged[key] = _merged_stage(merged[key], said) if key in STAGES and key in merged else said
    return merged


def _merged_stage(old: _Said, new: _Said) -> _Said:
    before, now = stage_mapping(old.value), stage_mapping(new.value)
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return new
    name = before.get("use")
    if "use" in now and not (isinstance(name, str) and isinstance(now["use"], str) and now["use"] == name):
        return new
    places = {str(param): old.places.get(str(param), old.origin) for param in before}
    return _Said({**before, **now}, new.origin, {**places, **{str(param): new.origin for param in now}})


def stage_mapping(value: Any) -> Any:
    """Return ``{"use": name}`` for a bare name, and all else as it is."""
    return {"use": value} if isinstance(value, str) else value


def _where(origin: str, key: str) -> str:
    return f"{origin} [{key}]: " if origin else f"[{key}]: "


def _settle(
    merged: Said, functions: Mapping[str, Callable[..., Any]], registry: Registry, faults: list[str]
) -> Recipe | None:
    for key, said in merged.items():
        if key not in KEYS:
            faults.append(
                f"{_where(said.origin, key)}is not a setting.{did_you_mean(key, KEYS)} There are: {', '.join(KEYS)}"
            )
    stages: dict[str, Stage] = {}
    for key, kind in STAGES.items():
        if key in functions:
            stages[key] = _inline(kind, functions[key])
        elif key in merged:
            stage = _stage(kind, key, merged[key], registry, faults)
            if stage is not None:
                stages[key] = stage
        elif key not in AUTO:
            faults.append(f"[{key}]: must be said, as this recipe extends none that does")
    items, origin = (merged["renderers"].value, merged["renderers"].origin) if "renderers" in merged else ([], "")
    if not isinstance(items, list | tuple):
        faults.append(f"{_where(origin, 'renderers')}must be a list, got {items!r}")
        items = []
    drawn = [
        _stage("renderers", f"renderers {number}", _Said(item, origin), registry, faults)
        for number, item in enumerate(items)
    ]
    samples, seed, labels, what_if = (_plain(key, merged, faults) for key in PLAIN)
    if faults:
        return None
    return Recipe(stages, tuple(stage for stage in drawn if stage is not None), samples, seed, labels, what_if)


def _inline(kind: str, call: Callable[..., Any]) -> Stage:
    name = getattr(call, "__name__", type(call).__name__)
    return Stage(kind, Plugin(name, call, summary="given in code"), {}, inline=True)


def _stage(kind: str, key: str, said: _Said, registry: Registry, faults: list[str]) -> Stage | None:
    where = _where(said.origin, key)
    mapping = stage_mapping(said.value)
    if not isinstance(mapping, Mapping) or not isinstance(mapping.get("use"), str):
        names = f"one of {', '.join(registry.names(kind))}"
        faults.append(f'{where}must be a name, or a table that has `use = "..."` ({names}), got {said.value!r}')
        return None
    name, params = mapping["use"], {str(k): v for k, v in mapping.items() if k != "use"}
    if name == "auto" and key in AUTO:
        if params:
            faults.append(f'{where}`use = "auto"` takes no parameters; name the plug-in to set {", ".join(params)}')
        return None
    try:
        plugin = registry.get(kind, name)
        found = problems_of(plugin, params)
    except UnknownPluginError as error:
        origin = said.places.get("use", said.origin)
        tail = f" ({origin} [{key}] use)" if origin else f" ([{key}] use)"
        faults += [problem + tail for problem in error.problems]
        return None
    except PluginError as error:
        faults.append(where + str(error))
        return None
    for param, sentence in found:
        place = _where(said.places.get(param, said.origin), key)
        faults.append(f"{place}{kind.removesuffix('s')} {name!r}: {sentence}")
    return None if found else Stage(kind, plugin, settled(plugin, params))


def _plain(key: str, merged: Said, faults: list[str]) -> Any:
    fallback = {"samples": 1000, "seed": 0, "labels": ("top:1",), "what_if": 3}[key]
    said = merged.get(key, _Said(fallback, ""))
    try:
        value = plain(said.value)
    except RecursionError:
        value = said.value
    if key == "labels":
        items = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else (value,)
        good = bool(items) and all(isinstance(item, int | str) and not isinstance(item, bool) for item in items)
        tops = [item for item in items if isinstance(item, str) and item.startswith("top:")] if good else []
        good = good and all(re.fullmatch(r"top:0*[1-9][0-9]*", item) or " " in item for item in tops)
        if not good:
            text = f'must be class indices, class names or "top:3", got {value!r}'
            faults.append(_where(said.origin, key) + text)
        return items
    least = 2 if key == "samples" else 0
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        faults.append(f"{_where(said.origin, key)}must be a whole number of at least {least}, got {value!r}")
        return fallback
    return value
