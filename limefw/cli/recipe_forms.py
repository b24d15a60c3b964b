"""The forms in which people and editors meet recipes: KEY=VALUE on a command line, TOML text, a JSON schema."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from limefw.discovery import Registry
from limefw.errors import PluginError, RecipeError
from limefw.recipe import AUTO, LEAST, SETTINGS, STAGES, Recipe
from limefw.samples import FIRST_LOOK, Auto
from limefw.stage import NOTHING, Stage, json_schema, says_none


def parse_override(text: str) -> dict[str, Any]:
    """Turn ``segmenter.n_segments=80`` (a TOML value, or bare words) into ``{"segmenter": {"n_segments": 80}}``.

    Raises:
        RecipeError: where there is no ``=`` or the key is not ``setting`` or ``setting.parameter``.
    """
    key, sign, raw = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not sign or len(parts) > 2 or not all(parts):
        raise RecipeError([f"--set {text!r} is not of the form setting=value or setting.parameter=value"])
    value: Any = raw.strip()
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        parsed = {}
    if len(parsed) == 1:
        value = parsed["value"]
    return {parts[0]: value} if len(parts) == 1 else {parts[0]: {parts[1]: value}}


def schema(registry: Registry) -> dict[str, Any]:
    """Return the JSON schema of a recipe with the plug-ins that are installed, for editors and forms."""
    properties: dict[str, Any] = {
        "extends": {"type": "string", "description": "the recipe that this one changes"},
        "samples": {
            "anyOf": [{"type": "integer", "minimum": 2}, {"const": "auto"}, _AUTO],
            "default": SETTINGS["samples"],
        },
        "labels": {"anyOf": [_LABEL, {"type": "array", "items": _LABEL, "minItems": 1}]},
        **{key: {"type": "integer", "minimum": least, "default": SETTINGS[key]} for key, least in LEAST.items()},
    }
    definitions: dict[str, Any] = {}
    for key, kind in STAGES.items():
        properties[key] = _stage_schema(kind, registry, definitions, auto=key in AUTO)
    drawn = _stage_schema("renderers", registry, definitions, auto=False)
    properties["renderers"] = {"type": "array", "items": drawn}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "limefw recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": definitions,
    }


_LABEL = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}


_AUTO = {
    "type": "object",
    "properties": {
        "max": {"type": "integer", "minimum": FIRST_LOOK, "default": Auto().max},
        "stop": {"type": "string", "pattern": "^top[1-9][0-9]{0,3}$", "default": Auto().stop},
        "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": Auto().confidence},
    },
    "additionalProperties": False,
}


def _stage_schema(kind: str, registry: Registry, definitions: dict[str, Any], *, auto: bool) -> dict[str, Any]:
    options: list[dict[str, Any]] = [_table({"use": {"const": "auto"}}, required=["use"])] if auto else []
    names = ["auto"] if auto else []
    for name in registry.names(kind):
        try:
            plugin = registry.get(kind, name)
            params = json_schema(plugin, f"#/$defs/{kind}.{name}.{{model}}")
        except PluginError:
            continue  # two providers, or no schema to be made of it: a recipe cannot name it
        names.append(name)
        for model, definition in params.pop("$defs", {}).items():
            definitions[f"{kind}.{name}.{model}"] = definition
        own = params["properties"]
        for schema in own.values():
            if says_none(schema):
                schema["anyOf"].append({"const": NOTHING})
        # what is required may come from the recipe that this one extends, `use` too
        options.append(_table({"use": {"const": name, "description": plugin.summary}, **own}))
    return {"anyOf": [{"enum": names}, *options]} if names else {"not": {}}


def _table(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def toml(recipe: Recipe) -> str:
    """Write the filled-in form as TOML that reads back to the same recipe.

    Raises:
        RecipeError: where a stage is a function given in Python, or a value is one that TOML has no word for.
    """
    lines = []
    for key, value in recipe.to_mapping().items():
        if key == "renderers" and recipe.renderers:
            lines += [f"{key} = [", *(f"  {_toml_stage(stage)}," for stage in recipe.renderers), "]"]
        else:
            stage = recipe.stages.get(key)
            lines.append(f"{key} = {_toml_value(value) if stage is None else _toml_stage(stage)}")
    return "\n".join(lines) + "\n"


def _toml_stage(stage: Stage) -> str:
    properties = json_schema(stage.plugin)["properties"]
    said = stage.to_mapping()
    for name, value in stage.to_mapping().items():
        if value is None and says_none(properties[name]):
            said[name] = NOTHING
        elif value is None and properties[name].get("default", ...) is None:
            del said[name]
    return _toml_value(said)


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_toml_key(str(key))} = {_toml_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, bool | int | float):
        return repr(value).lower()
    if not isinstance(value, str):
        raise RecipeError([f"{value!r} has no form in TOML: write the recipe as JSON"])
    # TOML knows JSON's escapes, but no surrogate pairs, and wants DEL escaped
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_value(key)
