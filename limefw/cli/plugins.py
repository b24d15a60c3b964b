"""``limefw plugins``: what is installed, with which parameters, from whom, what is broken; ``check`` and ``new``."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from limefw.cli import _common
from limefw.cli.plugins_check import check
from limefw.cli.plugins_new import new
from limefw.cli.recipe import describe


class _Listing(click.Group):
    """A group of which `limefw plugins KIND NAME` is the command that needs no name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` in front where the first word is no command."""
        words = [word for word in args if not word.startswith("-")]
        helps = not words and set(args) & set(ctx.help_option_names)
        if not helps and (not words or words[0] not in self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Listing, subcommand_metavar="[list] [KIND [NAME]] | check ... | new ...")
@_common.with_debug
def plugins() -> None:
    """List the plug-ins, those of a KIND with their parameters, or all about one NAME; check them; write new ones."""


plugins.add_command(check)
plugins.add_command(new)


@plugins.command("list")
@click.argument("kind", required=False)
@click.argument("name", required=False)
@_common.with_debug
def listed(kind: str | None, name: str | None) -> None:
    """List the plug-ins, those of a KIND with their parameters, or all about one NAME."""
    import limefw
    from limefw.hookspecs import KINDS

    known = limefw.registry()
    kind = None if kind is None else _common.kind_of(kind, (*KINDS, "recipes"))
    if kind is None:
        _overview(known, KINDS)
    elif kind == "recipes":
        _recipes(known, name)
    elif name is None:
        for found in known.all(kind):
            _describe(found)
    else:
        _everything(known, kind, name)
    _troubles(known)


def _overview(known: Any, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        click.secho(kind, bold=True)
        for found in known.all(kind):
            click.echo(f"  {found.plugin.name:<20} {found.plugin.summary}  [{found.provider}]")
        if not known.all(kind):
            click.echo("  (none installed)")
    click.secho("recipes", bold=True)
    click.echo("  " + ", ".join(known.recipes()))
    click.echo("\nMore: limefw plugins KIND, limefw plugins KIND NAME")


def _describe(found: Any) -> None:
    from limefw.stage import is_installed

    plugin = found.plugin
    modality = f", for {plugin.modality}" if plugin.modality else ""
    click.secho(f"{plugin.name}", bold=True, nl=False)
    click.echo(f"  [{found.provider}{modality}]")
    click.echo(f"  {plugin.summary}")
    missing = [library for library in plugin.requires if not is_installed(library)]
    if missing:
        click.echo(f"  needs {', '.join(missing)}, which is not installed")
    for line in _parameters(plugin):
        click.echo(f"    {line}".rstrip())


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a plug-in, for people and for tools."""

    name: str
    default: Any
    required: bool
    type: str
    range: str


def parameters(plugin: Any) -> list[Parameter]:
    """Describe every parameter: type in plain words, range, default."""
    from limefw.stage import json_schema, signature_of

    properties = json_schema(plugin)["properties"]
    found = []
    for item in signature_of(plugin):
        kind, allowed = _type_and_range(properties[item.name])
        required = item.default is item.empty
        default = None if required else item.default
        found.append(Parameter(item.name, default, required, kind, allowed))
    return found


def _type_and_range(schema: Mapping[str, Any]) -> tuple[str, str]:
    if "anyOf" in schema:
        described = [_type_and_range(option) for option in schema["anyOf"]]
        alone = sum(kind != "none" for kind, _ in described) == 1
        texts = [text if alone else f"{kind} {text}" for kind, text in described if text]
        return " or ".join(kind for kind, _ in described), ", ".join(texts)
    if "enum" in schema:
        return "one of", ", ".join(json.dumps(item) for item in schema["enum"])
    if "const" in schema:
        return "one of", json.dumps(schema["const"])
    bounds = {
        "minimum": ">=",
        "exclusiveMinimum": ">",
        "maximum": "<=",
        "exclusiveMaximum": "<",
    }
    text = " and ".join(f"{sign} {schema[key]:g}" for key, sign in bounds.items() if key in schema)
    return str(schema.get("type", "any")).replace("null", "none"), text or _items(schema)


def _items(schema: Mapping[str, Any]) -> str:
    """Say how many items a list has: "4 items", "at least 1 item"."""
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and least == most:
        return f"{least} items"
    texts = [
        f"at {which} {number} item{'s' * (number != 1)}"
        for which, number in (("least", least), ("most", most))
        if number
    ]
    return " and ".join(texts)


def _parameters(plugin: Any) -> list[str]:
    """Return a line for each parameter, or what is wrong with them."""
    from limefw.errors import PluginError
    from limefw.stage import plain

    try:
        items = parameters(plugin)
    except PluginError as error:
        return [f"broken: {error}"]
    defaults = ["required" if item.required else f"= {json.dumps(plain(item.default), default=repr)}" for item in items]
    return [
        f"{item.name:<18} {item.type:<18} {default:<16} {item.range}"
        for item, default in zip(items, defaults, strict=True)
    ]


def _recipes(known: Any, name: str | None) -> None:
    from limefw.errors import UnknownPluginError, did_you_mean

    recipes = known.recipes()
    if name is not None and known.recipe(name) is None:
        raise UnknownPluginError([f"no recipe named {name!r}.{did_you_mean(name, recipes)}"])
    describe({each: path for each, path in recipes.items() if name in (None, each)})
    if name is not None:
        click.echo(f"\n  {recipes[name]}\n\nMore: limefw recipe show {name}")


def _everything(known: Any, kind: str, name: str) -> None:
    found, place = known.lookup(kind, name), known.find(kind, name)
    _describe(found)
    click.echo(f"\n  {place.module}\n  {place.file}:{place.line}\n")
    click.echo("\n".join(f"  {line}".rstrip() for line in inspect.cleandoc(place.docstring).splitlines()))


def _troubles(known: Any) -> None:
    if known.broken:
        click.secho("\nbroken", bold=True, err=True)
        for item in known.broken:
            click.echo(f"  {item.what} of {item.provider}: {type(item.error).__name__}: {item.error}", err=True)
    if clashes := known.clashes():
        click.secho("\nclashing: refused to whoever asks for them by name", bold=True, err=True)
        for sentence in clashes:
            click.echo(f"  {sentence}", err=True)
    if known.denied:
        click.secho("\nnot loaded, by LIMEFW_PLUGINS", bold=True, err=True)
        click.echo(f"  {', '.join(known.denied)}", err=True)
    if known.absent:
        click.secho("\nnamed by LIMEFW_PLUGINS in vain", bold=True, err=True)
        for sentence in known.absent:
            click.echo(f"  {sentence}", err=True)
