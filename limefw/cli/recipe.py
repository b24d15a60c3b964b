"""``limefw recipe``: list, show, check recipes, and their schema for editors."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from limefw.cli import _common


@click.group()
def recipe() -> None:
    """Recipes: which plug-in for which stage, with which parameters."""


@recipe.command("list")
@_common.with_debug
def list_recipes() -> None:
    """Name the installed recipes, each with the sentence at its head."""
    import limefw

    describe(limefw.registry().recipes())


def describe(recipes: Mapping[str, Path]) -> None:
    """Print the name of each recipe and the sentence at its head."""
    for name, path in recipes.items():
        click.secho(name, bold=True)
        try:
            click.echo(f"  {_head(path)}")
        except (OSError, UnicodeDecodeError) as error:
            click.echo(f"  broken: {error}")


def _head(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = [line.lstrip("# ").strip() for line in lines[: _first_setting(lines)] if line.startswith("#")]
    return " ".join(comment)


def _first_setting(lines: Sequence[str]) -> int:
    return next((at for at, line in enumerate(lines) if line and not line.startswith("#")), len(lines))


@recipe.command()
@click.argument("name", default="lime")
@click.option("--set", "-s", "settings", multiple=True, metavar="KEY=VALUE", help="Change a setting before.")
@_common.with_debug
def show(name: str, settings: tuple[str, ...]) -> None:
    """Write a recipe (a name or a file) out with every default, as TOML that can be saved and changed."""
    import limefw
    from limefw.cli.recipe_forms import toml

    click.echo(toml(limefw.build(name, **_common.overrides(settings))), nl=False)


@recipe.command()
@click.argument("files", nargs=-1, required=True)
@_common.with_debug
def check(files: tuple[str, ...]) -> None:
    """Check recipe files; every fault is named with its file and key."""
    import limefw
    from limefw.errors import RecipeError

    faults: list[str] = []
    for file in files:
        try:
            limefw.build(file)
        except RecipeError as error:
            faults += error.problems
        else:
            click.echo(f"{file}: good")
    if faults:
        raise RecipeError(faults)


@recipe.command()
@_common.with_debug
def schema() -> None:
    """Print the JSON schema of a recipe, with the plug-ins that are installed here."""
    import limefw
    from limefw.cli.recipe_forms import schema as recipe_schema

    click.echo(json.dumps(recipe_schema(limefw.registry()), indent=2))
