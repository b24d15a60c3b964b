"""Variants: what is compared, from a file, a mapping, a list of recipes, a grid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from limefw.discovery import Registry
from limefw.errors import InputError, RecipeError, did_you_mean
from limefw.recipe import KEYS, SETTINGS, SUFFIXES, Recipe, build, merge, parse, stage_mapping
from limefw.stage import plain


MOST = 200
"""Variants at the most: a grid of more is a slip of the hand."""

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to explain.

    Args:
        name: of it.
        recipe: a name, a file, a mapping or a Recipe; None: the one for what is explained.
        settings: on top of it.
    """

    name: str
    recipe: Any
    settings: Settings

    def settled(self, default: str, registry: Registry, over: Settings) -> Recipe:
        """Return its recipe, for instances whose own recipe is `default`, with `over` on top."""
        base = default if self.recipe is None else self.recipe
        return build(base, registry=registry, overrides=merge(self.settings, over))


def variants_of(
    given: Any, grid: Mapping[str, Sequence[Any]] | None, recipe: Any, settings: Settings
) -> tuple[Variant, ...]:
    """Return the variants that are meant, each with the grid's combinations on top of it.

    Args:
        given: a file with ``[variants.NAME]`` tables, a mapping from names to recipes or settings, a list of recipes;
            None: the grid alone is meant, on top of `recipe`.
        grid: what is varied: keys of a recipe, or ``stage.parameter``, and for each the values.
        recipe: of variants that name none; None: the one for what is explained.
        settings: on top of all of them.

    Raises:
        RecipeError: there are none, two have one name, or what is varied is no setting.
    """
    named = list(_named(given, recipe)) if given is not None else [Variant("", recipe, {})]
    combinations = list(_combinations(grid or {}))
    found = [
        Variant(" ".join(filter(None, (one.name, title))) or "default", one.recipe,
                _merged(settings, one.settings, varied))
        for one in named
        for title, varied in combinations
    ]  # fmt: skip
    if not found:
        raise RecipeError(["there are no variants to compare: name some, or vary a setting"])
    if len(found) > MOST:
        raise RecipeError([f"these are {len(found)} variants, and at most {MOST} are compared: vary less at once"])
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecipeError([f"two variants are called {name!r}: each needs a name of its own" for name in twice])
    return tuple(found)


def _merged(*layers: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for layer in layers:
        found = merge(found, layer)
    return found


def _named(given: Any, recipe: Any) -> Iterator[Variant]:
    if isinstance(given, str | PathLike) and Path(fspath(given)).suffix in SUFFIXES:
        path = Path(fspath(given))
        if not path.is_file():
            raise RecipeError([f"there is no file {path}, which should hold the variants"])
        yield from _of_file(parse(path), path, recipe)
    elif isinstance(given, Mapping):
        if not given:
            raise RecipeError(["there are no variants to compare: the mapping is empty"])
        for name, one in given.items():
            yield _variant(str(name), one, recipe)
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
        if not given:
            raise RecipeError(["there are no variants to compare: the list is empty"])
        for at, one in enumerate(given):
            yield Variant(_title(one, at), one, {})
    elif isinstance(given, str):
        yield Variant(given, given, {})
    else:
        raise InputError(
            f"variants are a list of recipes, a mapping from names to recipes or settings, or a file with "
            f"[variants.NAME] tables, got {type(given).__name__}"
        )


def _title(recipe: Any, at: int) -> str:
    if isinstance(recipe, str | PathLike):
        text = fspath(recipe)
        return Path(text).stem if Path(text).suffix in SUFFIXES else text
    return f"variant {at + 1}"


def _variant(name: str, said: Any, recipe: Any) -> Variant:
    """Return a variant of a mapping's entry: a recipe's name, file or Recipe, or settings that may extend one."""
    if not name.strip():
        raise RecipeError(["a variant has no name: give each one"])
    if isinstance(said, Mapping):
        own = dict(said)
        return Variant(name, own.pop("extends", recipe), own)
    if isinstance(said, str | PathLike | Recipe):
        return Variant(name, said, {})
    raise RecipeError([f"variant {name!r} is a recipe's name or file, or settings, got {type(said).__name__}"])


def _of_file(said: Settings, path: Path, recipe: Any) -> Iterator[Variant]:
    """Yield the variants of a file: what stands above the tables is common to all, and what they say is on top of it.

    A variant may extend a recipe, a file beside this one or another variant.
    """
    known = (*KEYS, "variants")
    faults = [
        f"{path} [{key}]: is not a setting.{did_you_mean(str(key), known)} There are: {', '.join(known)}"
        for key in said
        if key not in known
    ]
    tables = said.get("variants")
    if not isinstance(tables, Mapping) or not tables:
        faults.append(f"{path} has no variants: give each a table, [variants.NAME]")
        raise RecipeError(faults)
    faults += [f"{path} [variants.{name}]: must be a table of settings" for name, one in tables.items()
               if not isinstance(one, Mapping)]  # fmt: skip
    if faults:
        raise RecipeError(faults)
    common = {key: value for key, value in said.items() if key not in ("variants", "extends")}
    if any(not str(name).strip() for name in tables):
        raise RecipeError([f"{path}: a variant has no name: give each one"])
    for name in tables:
        base, own = _line(str(name), tables, path)
        base = said.get("extends", recipe) if base is None else base
        yield Variant(str(name), _beside(base, path), _merged(common, own))


def _line(name: str, tables: Mapping[str, Any], path: Path) -> tuple[Any, Settings]:
    """Return the recipe that a variant stands on in the end, or None, and all that it and those before it say."""
    layers: list[Settings] = []
    way = [name]
    while True:
        own = dict(tables[way[-1]])
        base = own.pop("extends", None)
        layers.insert(0, own)
        # a variant that extends its own name means the recipe
        if not isinstance(base, str) or base not in tables or base == way[-1]:
            return base, _merged(*layers)
        if base in way:
            raise RecipeError(
                [f"{path} [variants.{name}] extends: goes round in a circle: {' -> '.join([*way, base])}"]
            )
        way.append(base)


def _beside(recipe: Any, path: Path) -> Any:
    """Return a file's path where a recipe's name is a file beside the one that names it."""
    beside = path.parent / recipe if isinstance(recipe, str) and Path(recipe).suffix in SUFFIXES else None
    return beside if beside is not None and beside.is_file() else recipe


def _combinations(grid: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Settings]]:
    """Yield a title and settings for each combination of a grid; of an empty one a single one that says nothing."""
    if not isinstance(grid, Mapping):
        raise InputError(f"what is varied is a mapping from settings to their values, got {type(grid).__name__}")
    for key, values in grid.items():
        stage = str(key).partition(".")[0]
        if stage not in KEYS or stage == "extends":
            raise RecipeError([f"{key!r} cannot be varied.{did_you_mean(stage, KEYS)} There are: {', '.join(KEYS)}"])
        if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
            raise RecipeError([f"what is varied of {key!r} is a list of values, got {values!r}"])
        if not list(values):
            raise RecipeError([f"{key!r} has no values to vary: give at least one, or leave it out"])
    if prod(len(list(values)) for values in grid.values()) > MOST:
        raise RecipeError([f"these are more than {MOST} combinations, which nobody could read: vary less at once"])
    keys = list(grid)
    for values in product(*(list(grid[key]) for key in keys)):
        title = " ".join(_word(key, value) for key, value in zip(keys, values, strict=True))
        yield title, _merged(*(_setting(key, value) for key, value in zip(keys, values, strict=True)))


def _word(key: str, value: Any) -> str:
    """Return how a varied value is called: a plug-in by its name alone, a number with what it is."""
    said = stage_mapping(value) if key not in SETTINGS and "." not in key else None
    if said is not None:
        use = said.get("use")
        rest = ", ".join(f"{name}={item}" for name, item in said.items() if name != "use")
        name = use if isinstance(use, str) else getattr(use, "__name__", type(use).__name__)
        return f"{name} ({rest})" if rest else str(name)
    return f"{key.rpartition('.')[2]}={plain(value)}"


def _setting(key: str, value: Any) -> dict[str, Any]:
    """Return a mapping that sets ``stage.parameter`` or a key."""
    first, _, rest = key.partition(".")
    return {first: {rest: value}} if rest else {first: value}
