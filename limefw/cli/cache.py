"""``limefw cache``: what is kept of models' answers, and how to drop it."""

import json
import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from limefw.cli import _common


UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_where = click.option(
    "--cache", "where", metavar="FOLDER", help="Default: the folder that LIMEFW_CACHE names, else the user's own."
)


@click.group()
def cache() -> None:
    """Predictions that were kept on disk, by --cache or by cache= in Python: look at them, drop them."""


@cache.command()
@_where
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_common.with_debug
def info(where: str | None, *, as_json: bool) -> None:
    """Say where the cache is, what it holds and how large it is."""
    file = _file(where)
    if not file.is_file():
        click.echo(json.dumps({"path": str(file), "entries": 0}) if as_json else f"{file}: nothing is kept there")
        return
    with _common.warnings_told(), closing(_opened(where)) as kept:
        found = kept.info()
    told = {
        "path": str(found.path), "entries": found.entries, "models": found.models, "games": found.games,
        "bytes": found.bytes, "limit": found.limit,
        "oldest": found.oldest and found.oldest.isoformat(timespec="seconds"),
        "newest": found.newest and found.newest.isoformat(timespec="seconds"),
    }  # fmt: skip
    click.echo(json.dumps(told, indent=2) if as_json else "\n".join(_lines(found)))


def _lines(found: Any) -> list[str]:
    lines = [
        str(found.path),
        f"rows    {found.entries:,}",
        f"models  {found.models:,}",
        f"games   {found.games:,} (an instance with its segments and filler, of each model by itself)",
        f"size    {found.bytes / 1e6:,.1f} MB of at most {found.limit / 1e6:,.0f}",
    ]
    if found.oldest is None or found.newest is None:
        return lines
    oldest, newest = (moment.astimezone().strftime("%Y-%m-%d %H:%M") for moment in (found.oldest, found.newest))
    return [*lines, f"used    {newest}; what was not used for longest, {oldest}"]


@cache.command()
@_where
@click.option("--older-than", "age", metavar="30d", help="Only what was not used for so long: 90m, 12h, 30d, 8w.")
@_common.with_debug
def clear(where: str | None, age: str | None) -> None:
    """Drop all that is kept, or what was not used for long; also a file of another version of limefw."""
    from limefw.caching.database import OtherVersionError, remove

    older, file = None if age is None else _span(age), _file(where)
    if not file.is_file():
        click.echo(f"{file}: nothing is kept there")
        return
    try:
        with _common.warnings_told(), closing(_opened(where)) as kept:
            before = kept.info()
            kept.clear(older)
            after = kept.info()
    except OtherVersionError:
        if older is not None:
            raise
        remove(file)
        click.echo(f"removed {file}, which another version of limefw had made")
        return
    dropped, freed = before.entries - after.entries, (before.bytes - after.bytes) / 1e6
    click.echo(f"dropped {dropped:,} of {before.entries:,} rows, {freed:,.1f} MB, from {file}")


def _opened(where: str | None) -> Any:
    from limefw.caching.disk import PredictionCache

    return PredictionCache(where)


def _file(where: str | None) -> Path:
    from limefw.caching.disk import FILE, default_folder

    return (default_folder() if where is None else Path(where).expanduser()) / FILE


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text, re.ASCII)
    if found is None:
        raise click.BadParameter(f"--older-than {text!r}: give a number and m, h, d or w behind it, as 30d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
