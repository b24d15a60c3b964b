"""A recipe: one settled stage per kind, from TOML, JSON or a plain mapping, and back to a filled-in mapping.

A recipe names plug-ins, never import paths: reading one runs nothing. All of its faults are reported at once, each
with its file and key. ``use`` is the only reserved key of a stage; the rest are that plug-in's parameters.
"""

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from limefw.discovery import Registry
from limefw.errors import PluginError, RecipeError, UnknownPluginError, did_you_mean
from limefw.samples import Auto, Samples, read_samples
from limefw.stage import Plugin, Stage, plain, signature


ONE_EACH = ("reader", "model", "segmenter", "sampler", "filler", "target", "kernel", "selector", "surrogate", "method")
STAGES = {key: f"{key}s" for key in ONE_EACH}
"""A recipe's key for each kind of which it holds one stage."""

AUTO = frozenset({"reader", "model", "method"})
"""Stages that may be left to limefw: chosen by what they are given, or (method) its own flow."""

SETTINGS: Mapping[str, Any] = {"samples": 1000, "seed": 0, "labels": ["top:1"], "what_if": 3}
"""A recipe's key for each setting that is no stage, and what it is where nobody says it."""

LEAST = {"seed": 0, "what_if": 0}
KEYS = ("extends", *SETTINGS, *STAGES, "renderers")
LONGEST = 200
"""Characters of a wrong value that a message repeats."""

DEFAULT = "lime"
"""What every recipe stands on that does not say on which."""

Label = int | str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to do: everything an explanation depends on but the instance and the model object.

    Args:
        stages: recipe key -> stage; a key of AUTO may be absent.
        renderers: what to make of the result.
        samples: rows to draw at the most, the instance counts; or when to stop.
        seed: of every random stream.
        labels: class indices, class names or "top:k".
        what_if: the model is asked again without this many of the strongest supporting segments, and with them alone;
            0: it is not.
    """

    stages: Mapping[str, Stage]
    renderers: tuple[Stage, ...]
    samples: Samples
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
        stages = {key: self.stages[key].to_mapping() if key in self.stages else {"use": "auto"} for key in STAGES}
        settings = {key: plain(getattr(self, key)) for key in SETTINGS}
        if isinstance(self.samples, Auto):
            settings["samples"] = self.samples.to_mapping()
        return {**settings, **stages, "renderers": [stage.to_mapping() for stage in self.renderers]}


def build(source: Any = DEFAULT, *, registry: Registry, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Make a recipe of a name, a file, a mapping or a recipe, with `overrides` on top.

    Raises:
        RecipeError: all faults at once.
    """
    faults: list[str] = []
    if not isinstance(source, Recipe):
        layers = _layers(*_read(source, registry), registry, faults)
    elif overrides:
        functions = {key: stage.plugin.call for key, stage in source.stages.items() if stage.inline}
        layers = [("", {**source.described(), **functions})]
    else:
        return source
    layers = [("", SETTINGS), *layers, ("", {str(key): value for key, value in (overrides or {}).items()})]
    recipe = _Draft(layers, registry, faults).recipe()
    if faults:
        unknown = all(fault.startswith("no ") for fault in faults)
        raise (UnknownPluginError if unknown else RecipeError)(faults)
    return recipe


def default_for(modality: str | None, registry: Registry) -> str:
    """Return the recipe for instances of a modality where none is given: the one of its name, else DEFAULT."""
    return modality if modality is not None and modality in registry.recipes() else DEFAULT


def default_in(overrides: Mapping[str, Any] | None, registry: Registry) -> tuple[str, Recipe]:
    """Return the first of all modalities' default recipes that takes `overrides`, and its name.

    Which one it will be is not known before there is an instance, and faults shall be told before.

    Raises:
        RecipeError: the faults with DEFAULT, where none does.
    """
    modalities = {found.plugin.modality for found in registry.all("readers")}
    names = [DEFAULT, *sorted({default_for(modality, registry) for modality in modalities} - {DEFAULT})]
    first: RecipeError | None = None
    for name in names:
        try:
            return name, build(name, registry=registry, overrides=overrides)
        except RecipeError as error:
            first = first or error
    assert first is not None
    raise first


SUFFIXES = (".toml", ".json", ".yaml", ".yml")
Origin = str | Path
"""Where something is from, for messages: a file, "recipe 'name'", or empty for what was said in code."""

Layer = tuple[Origin, Mapping[str, Any]]
"""What one recipe says by itself, and where."""


def _read(source: Any, registry: Registry) -> Layer:
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
        return f"recipe {text!r}", parse(named)
    if not os.path.isfile(text):  # noqa: PTH113 - Path.is_file raises for a name that is too long
        names = registry.recipes()
        known = ", ".join(names)
        hint = did_you_mean(text, names)
        told = f"no recipe named {text!r} and no recipe file of that name.{hint} Installed: {known or 'none'}."
        raise RecipeError([told + registry.told_denied()])
    path = Path(text)
    if path.suffix not in SUFFIXES:
        raise RecipeError([f"{text} is no recipe file: its name must end in {', '.join(SUFFIXES)}"])
    return path, parse(path)


def parse(path: Path) -> Mapping[str, Any]:
    """Return what a file of settings says, by its suffix; raises RecipeError where it cannot be read."""
    load = _loader(path.suffix)
    try:
        loaded = load(path.read_text(encoding="utf-8-sig"))
    except Exception as error:  # each format has errors of its own
        raise RecipeError([f"{path} cannot be read as {path.suffix[1:].upper()}: {error}"]) from error
    if not isinstance(loaded, Mapping):
        raise RecipeError([f"{path} holds {type(loaded).__name__}, expected a table of settings"])
    return loaded


def _loader(suffix: str) -> Callable[[str], Any]:
    if suffix == ".toml":
        return tomllib.loads
    if suffix == ".json":
        return json.loads
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ModuleNotFoundError as error:
        raise RecipeError(["a YAML recipe needs PyYAML, which is not installed. Run: pip install pyyaml"]) from error
    return yaml.safe_load  # type: ignore[no-any-return, unused-ignore]


def _layers(origin: Origin, mapping: Mapping[str, Any], registry: Registry, faults: list[str]) -> list[Layer]:
    """Return what a recipe says, and before it what each says that it stands on."""
    layers: list[Layer] = []
    while True:
        layers.insert(0, (origin, {str(key): value for key, value in mapping.items() if key != "extends"}))
        default = None if origin == f"recipe {DEFAULT!r}" or DEFAULT not in registry.recipes() else DEFAULT
        parent = mapping.get("extends", default)
        if parent is None:
            return layers
        try:
            origin, mapping = _parent(parent, layers, registry)
        except RecipeError as error:
            faults += [f"{_place(origin, 'extends')}: {problem}" for problem in error.problems]
            if default is None or parent == DEFAULT:
                return layers
            # standing on lime, only this recipe's own faults follow
            origin, mapping = _read(DEFAULT, registry)


def _parent(parent: Any, layers: Sequence[Layer], registry: Registry) -> Layer:
    """Return the recipe that the first of `layers` extends."""
    if not isinstance(parent, str):
        raise RecipeError([f"must be the name of a recipe, got {parent!r}"])
    child = layers[0][0]
    beside = child.parent / parent if isinstance(child, Path) else ""
    origin, mapping = _read(beside if os.path.isfile(beside) else parent, registry)  # noqa: PTH113
    way = [each for each, _ in reversed(layers)]
    if os.path.realpath(origin) in map(os.path.realpath, way):
        names = [str(each) or "this recipe" for each in way]
        raise RecipeError([f"goes round in a circle: {' -> '.join([*names, parent])}"])
    return origin, mapping


def stage_mapping(value: Any) -> dict[str, Any] | None:
    """Return what is said of a stage as a table, ``{"use": ...}`` for a bare name or function; None for aught else."""
    if isinstance(value, str) or callable(value):
        return {"use": value}
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else None


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Put `over` on top; parameters of a stage are merged while it stays the same plug-in."""
    merged = dict(base)
    for key, value in over.items():
        old, new = stage_mapping(base.get(key)), stage_mapping(value)
        if key in STAGES and old is not None and new is not None:
            names = {str(said["use"]) for said in (old, new) if "use" in said}
            merged[key] = {**old, **new} if len(names) < 2 else value
        elif (
            key == "samples" and isinstance(base.get(key), Mapping) and (value == "auto" or isinstance(value, Mapping))
        ):
            merged[key] = {**base[key], **({} if value == "auto" else value)}
        else:
            merged[key] = value
    return merged


def _place(origin: Origin, key: str) -> str:
    return f"{origin} [{key}]".lstrip()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A recipe that is being settled.

    Args:
        layers: what it is made of, the topmost last.
        registry: where the plug-ins are.
        faults: found so far.
    """

    layers: Sequence[Layer]
    registry: Registry
    faults: list[str]

    def recipe(self) -> Recipe:
        """Return what the layers say together; good for something only if there are no faults."""
        said = reduce(merge, (layer for _, layer in self.layers))
        for key in said:
            if key not in KEYS:
                self.fault(key, f"is not a setting.{did_you_mean(key, KEYS)} There are: {', '.join(KEYS)}")
        stages: dict[str, Stage | None] = {}
        for key, kind in STAGES.items():
            if key in said:
                stages[key] = self.stage(kind, key, said[key])
            elif key not in AUTO:
                self.fault(key, "must be said, as this recipe extends none that does")
        items = said.get("renderers", [])
        if not isinstance(items, list | tuple):
            self.fault("renderers", f"must be a list, got {items!r}")
            items = []
        renderers = [self.stage("renderers", f"renderers {number}", item) for number, item in enumerate(items)]
        settings = {key: self.setting(key, said[key]) for key in SETTINGS}
        return Recipe(
            {key: stage for key, stage in stages.items() if stage is not None},
            tuple(stage for stage in renderers if stage is not None),
            **settings,
        )

    def fault(self, key: str, text: str) -> None:
        """Note what is wrong with a key, and where it was written."""
        self.faults.append(f"{self.place(key)}: {text}")

    def place(self, key: str, param: str = "") -> str:
        """Say where a key was written last, or one of a stage's parameters."""
        setting = key.partition(" ")[0]  # of "renderers 1"
        origins = [origin for origin, said in self.layers if setting in said]
        exact = [origin for origin, said in self.layers if param in (stage_mapping(said.get(setting)) or ())]
        return _place(["", *origins, *exact][-1], key)

    def stage(self, kind: str, key: str, value: Any) -> Stage | None:
        """Settle one stage; None where there is a fault, or where it is left to limefw."""
        params = stage_mapping(value) or {}
        use = params.pop("use", None)
        if callable(use) and key in STAGES:
            stage = _inline(kind, use)
            if params:
                text = "is a function given in code, which takes no parameters"
                self.fault(key, f'{stage.name} {text}; say `use = "..."`')
            return stage
        if not isinstance(use, str):
            names = f"one of {', '.join(self.registry.names(kind))}"
            got = repr(value) if len(repr(value)) <= LONGEST else f"a {type(value).__name__}"
            own = "; labels of your own: limefw_plugins.segmenters.given(array)" if kind == "segmenters" else ""
            self.fault(key, f'must be a name, or a table that has `use = "..."` ({names}), got {got}{own}')
            return None
        if use == "auto" and key in AUTO:
            if params:
                self.fault(key, f'`use = "auto"` takes no parameters; name the plug-in to set {", ".join(params)}')
            return None
        try:
            plugin = self.registry.get(kind, use)
            return Stage.of(kind, plugin, params, lambda name: self.place(key, name if name in params else "") + ": ")
        except UnknownPluginError as error:
            self.faults.extend(f"{problem} ({self.place(key, 'use')} use)" for problem in error.problems)
        except RecipeError as error:
            self.faults.extend(error.problems)
        except PluginError as error:
            self.fault(key, str(error))
        return None

    def setting(self, key: str, value: Any) -> Any:
        """Return the value of a setting that is no stage, as a recipe has it."""
        with suppress(RecursionError):  # of a list inside itself
            value = plain(value)
        if key == "labels":
            labels = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else (value,)
            if not labels or not all(map(_is_label, labels)):
                self.fault(key, f'must be class indices, class names or "top:3", got {value!r}')
            return labels
        if key == "samples":
            samples, faults = read_samples(value)
            for text in faults:
                self.fault(key, text)
            return samples
        if isinstance(value, bool) or not isinstance(value, int) or value < LEAST[key]:
            self.fault(key, f"must be a whole number of at least {LEAST[key]}, got {value!r}")
        return value


def _is_label(item: Any) -> bool:
    if isinstance(item, str):
        return not item.startswith("top:") or " " in item or re.fullmatch(r"top:0*[1-9][0-9]*", item) is not None
    return isinstance(item, int) and not isinstance(item, bool)


def _inline(kind: str, call: Callable[..., Any]) -> Stage:
    name = getattr(call, "__name__", type(call).__name__)
    if kind == "targets" and _takes_one(call):
        call = _of_outputs(call, name)
    return Stage(kind, Plugin(name, call, summary="given in code"), {}, inline=True)


def _takes_one(call: Callable[..., Any]) -> bool:
    """Say whether a target wants the raw outputs alone; a function written in C has no signature, and does."""
    try:
        items = signature(call).parameters.values()
    except ValueError:
        return True
    required = [item for item in items if item.default is item.empty]
    return sum(item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD) for item in required) == 1


def _of_outputs(call: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    """Make a target of a function from raw outputs to one number a row, or to several."""
    called = name if name.isidentifier() else "value"

    def target(outputs: Any, _head: Any, /) -> Any:
        import numpy as np

        values = np.asarray(call(outputs))
        if values.ndim == 1:
            return values[:, None], (called,)
        return values, tuple(f"{called} {at}" for at in range(values.shape[-1] if values.ndim else 1))

    target.__name__ = name
    return target
