"""A recipe: one settled stage per kind, from TOML, JSON or a plain mapping, and back to a filled-in mapping.

A recipe names plug-ins, never import paths: reading one runs nothing. All of its faults are reported at once, each
with its file and key. ``use`` is the only reserved key of a stage; the rest are that plug-in's parameters.
"""

import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from limefw.discovery import Registry
from limefw.errors import PluginConflictError, RecipeError, UnknownPluginError, did_you_mean
from limefw.stage import Plugin, Stage, json_schema, plain, problems_of, settled


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

PLAIN = ("samples", "seed", "labels")
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
    """

    stages: Mapping[str, Stage]
    renderers: tuple[Stage, ...]
    samples: int
    seed: int
    labels: tuple[Label, ...]

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
    origin, mapping = _read(source, registry)
    faults: list[str] = []
    merged = _inherit(mapping, origin, registry, faults, seen=())
    functions: dict[str, Callable[..., Any]] = {}
    for key, value in (overrides or {}).items():
        if callable(value) and key in STAGES:
            functions[key] = value
        else:
            merged = _merge(merged, {key: (value, "")})
    recipe = _settle(merged, functions, registry, faults)
    if faults:
        unknown = all(fault.startswith(("no ", "<recipe>: no ")) for fault in faults)
        raise (UnknownPluginError if unknown else RecipeError)(faults)
    assert recipe is not None
    return recipe


def _overridden(recipe: Recipe, overrides: Mapping[str, Any], registry: Registry) -> Recipe:
    if not overrides:
        return recipe
    kept = {key: stage.plugin.call for key, stage in recipe.stages.items() if stage.inline and key not in overrides}
    plain_form = {key: value for key, value in recipe.described().items() if key not in kept}
    for key in (key for key, stage in recipe.stages.items() if stage.inline and key in overrides):
        plain_form.pop(key, None)
    return build(plain_form, registry=registry, overrides={**kept, **overrides})


def _read(source: Any, registry: Registry) -> tuple[str, Mapping[str, Any]]:
    """Return where a recipe is from (for messages; empty for one given in code) and what it says."""
    if isinstance(source, Mapping):
        return "", source
    text = os.fspath(source)
    named = registry.recipes()
    if isinstance(source, str) and text in named:
        return f"recipe {text!r}", _parse(named[text])
    path = Path(text)
    if path.suffix not in (".toml", ".json", ".yaml", ".yml") or not path.is_file():
        known = ", ".join(named)
        hint = did_you_mean(text, named)
        raise RecipeError([f"no recipe named {text!r} and no recipe file of that name.{hint} Installed: {known}."])
    return str(path), _parse(path)


def _parse(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        loaded = _load(path.suffix, text)
    except RecipeError:
        raise
    except (OSError, ValueError) as error:
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


# In a merge each value travels with where it was written, so that a message can say so.
Sourced = dict[str, tuple[Any, str]]


def _inherit(
    mapping: Mapping[str, Any], origin: str, registry: Registry, faults: list[str], seen: tuple[str, ...]
) -> Sourced:
    own: Sourced = {str(key): (value, origin) for key, value in mapping.items() if key != "extends"}
    parent = mapping.get("extends", None if seen or origin == f"recipe {DEFAULT!r}" else DEFAULT)
    if parent is None:
        return own
    if not isinstance(parent, str):
        faults.append(f"{_where(origin, 'extends')}must be the name of a recipe, got {parent!r}")
        return own
    if parent in seen:
        faults.append(f"{_where(origin, 'extends')}goes round in a circle: {' -> '.join((*seen, parent))}")
        return own
    try:
        where = Path(origin).parent / parent if origin and not origin.startswith("recipe ") else None
        place, inherited = _read(where if where is not None and where.is_file() else parent, registry)
    except RecipeError as error:
        faults += [_where(origin, "extends") + problem for problem in error.problems]
        return own
    return _merge(_inherit(inherited, place, registry, faults, (*seen, parent)), own)


def _merge(base: Sourced, over: Sourced) -> Sourced:
    """Put `over` on top; parameters of a stage are merged while it stays the same plug-in."""
    merged = dict(base)
    for key, (value, origin) in over.items():
        if key in STAGES and key in merged:
            old, given = _stage_mapping(merged[key][0]), _stage_mapping(value)
            if (
                isinstance(old, Mapping)
                and isinstance(given, Mapping)
                and given.get("use", old.get("use")) == old.get("use")
            ):
                merged[key] = ({**old, **given}, origin)
                continue
        merged[key] = (value, origin)
    return merged


def _stage_mapping(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


def _where(origin: str, key: str) -> str:
    return f"{origin} [{key}]: " if origin else f"[{key}]: "


def _settle(
    merged: Sourced, functions: Mapping[str, Callable[..., Any]], registry: Registry, faults: list[str]
) -> Recipe | None:
    for key, (_, origin) in merged.items():
        if key not in KEYS:
            faults.append(
                f"{_where(origin, key)}is not a setting.{did_you_mean(key, KEYS)} There are: {', '.join(KEYS)}"
            )
    stages: dict[str, Stage] = {}
    for key, kind in STAGES.items():
        if key in functions:
            stages[key] = _inline(kind, functions[key])
            continue
        value, origin = merged.get(key, ({"use": "auto"}, ""))
        stage = _stage(kind, key, value, origin, registry, faults)
        if stage is not None:
            stages[key] = stage
    items, origin = merged.get("renderers", ([], ""))
    if not isinstance(items, list | tuple):
        faults.append(f"{_where(origin, 'renderers')}must be a list, got {items!r}")
        items = []
    drawn = [_stage("renderers", f"renderers {n}", item, origin, registry, faults) for n, item in enumerate(items)]
    samples, seed, labels = (_plain(key, merged, faults) for key in PLAIN)
    if faults:
        return None
    return Recipe(stages, tuple(stage for stage in drawn if stage is not None), samples, seed, labels)


def _inline(kind: str, call: Callable[..., Any]) -> Stage:
    name = getattr(call, "__name__", type(call).__name__)
    return Stage(kind, Plugin(name, call, summary="given in code"), {}, inline=True)


def _stage(kind: str, key: str, value: Any, origin: str, registry: Registry, faults: list[str]) -> Stage | None:
    where = _where(origin, key)
    mapping = _stage_mapping(value)
    if not isinstance(mapping, Mapping) or not isinstance(mapping.get("use"), str):
        faults.append(f'{where}must be a name or a table with `use = "..."`, got {value!r}')
        return None
    name, params = mapping["use"], {k: v for k, v in mapping.items() if k != "use"}
    if name == "auto" and key in AUTO:
        if params:
            faults.append(f'{where}`use = "auto"` takes no parameters; name the plug-in to set {", ".join(params)}')
        return None
    try:
        plugin = registry.get(kind, name)
    except UnknownPluginError as error:
        tail = f" ({origin} [{key}] use)" if origin else f" ([{key}] use)"
        faults += [problem + tail for problem in error.problems]
        return None
    except PluginConflictError as error:
        faults.append(where + str(error))
        return None
    found = problems_of(plugin, params)
    faults += [f"{where}{kind.removesuffix('s')} {name!r}: {sentence}" for _, sentence in found]
    return None if found else Stage(kind, plugin, settled(plugin, params))


def _plain(key: str, merged: Sourced, faults: list[str]) -> Any:
    fallback = {"samples": 1000, "seed": 0, "labels": ("top:1",)}[key]
    value, origin = merged.get(key, (fallback, ""))
    if key == "labels":
        items = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        good = bool(items) and all(isinstance(item, int | str) and not isinstance(item, bool) for item in items)
        if not good:
            faults.append(f'{_where(origin, key)}must be class indices, class names or "top:3", got {value!r}')
        return items
    least = 2 if key == "samples" else 0
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        faults.append(f"{_where(origin, key)}must be a whole number of at least {least}, got {value!r}")
        return fallback
    return value


def parse_override(text: str) -> dict[str, Any]:
    """Turn ``segmenter.n_segments=80`` (a TOML value, or bare words) into ``{"segmenter": {"n_segments": 80}}``.

    Raises:
        RecipeError: where there is no ``=`` or the key is not ``setting`` or ``setting.parameter``.
    """
    key, sign, raw = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not sign or len(parts) > 2 or not all(parts):
        raise RecipeError([f"--set {text!r} is not of the form setting=value or setting.parameter=value"])
    try:
        value = tomllib.loads(f"value = {raw.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw.strip()
    return {parts[0]: value} if len(parts) == 1 else {parts[0]: {parts[1]: value}}


def combine(overrides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put several overrides together; two parameters of one stage meet in one table."""
    merged: Sourced = {}
    for override in overrides:
        for key, value in override.items():
            old = merged.get(key, ({}, ""))[0]
            both = isinstance(old, Mapping) and isinstance(value, Mapping)
            merged[key] = ({**old, **value} if both else value, "")
    return {key: value for key, (value, _) in merged.items()}


def schema(registry: Registry) -> dict[str, Any]:
    """Return the JSON schema of a recipe with the plug-ins that are installed, for editors and forms."""
    properties: dict[str, Any] = {
        "extends": {"type": "string", "description": "the recipe that this one changes"},
        "samples": {"type": "integer", "minimum": 2, "default": 1000},
        "seed": {"type": "integer", "minimum": 0, "default": 0},
        "labels": {"anyOf": [_LABEL, {"type": "array", "items": _LABEL, "minItems": 1}]},
    }
    for key, kind in STAGES.items():
        properties[key] = _stage_schema(kind, registry, auto=key in AUTO)
    properties["renderers"] = {"type": "array", "items": _stage_schema("renderers", registry, auto=False)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "limefw recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


_LABEL = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}


def _stage_schema(kind: str, registry: Registry, *, auto: bool) -> dict[str, Any]:
    names = [*(["auto"] if auto else []), *registry.names(kind)]
    options: list[dict[str, Any]] = [{"enum": names}] if names else [{"const": "auto"}]
    for name in registry.names(kind):
        plugin = registry.get(kind, name)
        params = json_schema(plugin)
        params["properties"] = {
            "use": {"const": name, "description": plugin.summary},
            **params.get("properties", {}),
        }
        params["additionalProperties"] = False
        params.pop("required", None)  # what is required may come from the recipe that this one extends
        options.append(params)
    return {"anyOf": options}


def with_seed(recipe: Recipe, seed: int) -> Recipe:
    """Return the recipe with another seed."""
    return replace(recipe, seed=seed)


def toml(recipe: Recipe) -> str:
    """Write the filled-in form as TOML that reads back to the same recipe."""
    lines = []
    for key, value in recipe.to_mapping().items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            lines += [f"{key} = [", *(f"  {_toml_value(item)}," for item in value), "]"]
        else:
            lines.append(f"{key} = {_toml_value(value)}")
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{key} = {_toml_value(item)}" for key, item in value.items() if item is not None) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(plain(value))
