"""``limefw compare``: explanations in several ways side by side."""

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from limefw.cli import _common
from limefw.cli._output import Target
from limefw.cli._terminal import printable, say
from limefw.errors import MissingDependencyError


SUFFIXES = {".html": "html", ".htm": "html", ".png": "figure", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


@click.command()
@_common.with_requests
@click.option("--variant", "-v", "named", multiple=True, metavar="RECIPE|NAME=RECIPE", help="One of those compared.")
@click.option("--variants", "file", type=click.Path(path_type=Path), metavar="FILE", help="[variants.NAME] tables.")
@click.option(
    "--vary", multiple=True, metavar="KEY=VALUE,VALUE", help="All combinations: segmenter=slic,grid surrogate.alpha=0,1"
)
@click.option("--against", multiple=True, metavar="MODEL|NAME=MODEL", help="Another model, beside --model's.")
@click.option("--label", "-l", multiple=True, metavar="NAME|INDEX|top:K", help="The first one is compared.")
@click.option("--budget", "-n", type=int, help="How many perturbed inputs each variant may show the model.")
@click.option("--seeds", type=int, default=1, show_default=True, help="Repeats; from 3 on chance can be told apart.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Also judge each explanation by this.")
@click.option("--top", type=int, default=5, show_default=True, help="Strongest segments that are compared, 1 to 10.")
@click.option("--row", type=int, help="Of a table (.csv, .tsv, .parquet): the number of the row, from 0.")
@click.option(
    "--fail-if", "conditions", multiple=True, metavar="CONDITION", help="E.g. 'jaccard@5 < 0.6': exit code 1."
)
@click.option("--out", "-o", metavar="FOLDER|FILE|-", help="Default: limefw-out/. A file's suffix chooses its format.")
@click.option(
    "--cache", metavar="FOLDER|auto", help="Where predictions are kept. Default: the user's own cache folder."
)
@click.option("--no-cache", is_flag=True, help="Keep no predictions between runs.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_common.with_debug
def compare(
    requests: Sequence[_common.Request],
    named: tuple[str, ...],
    file: Path | None,
    vary: tuple[str, ...],
    against: tuple[str, ...],
    label: tuple[str, ...],
    budget: int | None,
    seeds: int,
    metrics: tuple[str, ...],
    top: int,
    row: int | None,
    conditions: tuple[str, ...],
    out: str | None,
    cache: str | None,
    no_cache: bool,  # noqa: FBT001 - as click has it
    as_json: bool,  # noqa: FBT001 - as click has it
) -> int:
    """Explain each IMAGE in several ways and say how far the answers agree.

    What is compared: recipes (--variant, several times), tables of a file (--variants), all combinations of settings
    (--vary), or models (--against); each with each. What they share is computed once, and a row that two of them ask is
    predicted once. Predictions are kept on disk, so that a run that was killed goes on where it was, unless the model
    is a function: nothing tells it from another. Writes a report (one HTML file), a figure, the table as CSV and
    everything as JSON to limefw-out/, and prints the gist; with `--out -` it prints the gist alone.
    A variant that fails is reported and the others go on; the exit code is then 1, as it is where --fail-if is true.
    """
    import limefw
    from limefw.comparison.conditions import parse

    first = requests[0]
    target = Target.of(out, tuple(path for request in requests for path in request.inputs))
    _check(target)
    for condition in conditions:
        parse(condition, metrics)
    if not (named or file or vary or against):
        raise click.UsageError(
            "what is compared? Name recipes (--variant fast --variant lime), vary a setting "
            "(--vary segmenter=slic,quickshift) or give another model (--against MODEL)"
        )
    reader = None if row is None else {"use": "table_file", "row": row}
    given = _common.overrides(first.settings, reader=reader)
    settings = {name: given.pop(name) for name in dict.fromkeys(metrics) if name in given}
    asked = [{"use": name, **settings.get(name, {})} for name in metrics]
    models = _models(first, against, given)
    sources = [request.source for request in requests]
    with _kept(cache, off=no_cache) as kept, _progress() as listen:
        found = limefw.compare(
            sources, models=models, variants=_variants(named, file), vary=_grid(vary), recipe=first.recipe,
            overrides=given, labels=label or None, budget=budget, seeds=seeds, metrics=asked, top=top, cache=kept,
            on_progress=listen,
        )  # fmt: skip
    made = _written(found, target)
    print(found.to_json() if as_json else printable(found.table()))
    if made and not as_json:
        print("\nWrote " + ", ".join(str(path) for path in made))
    return _code(found, conditions)


def _code(found: Any, conditions: Sequence[str]) -> int:
    true = [f"--fail-if {condition!r}: {text}" for condition in conditions for text in found.violations(condition)]
    for text in true:
        say(text)
    if found.interrupted:
        return 130
    return 1 if true or any(found.failed(side.name) for side in found.sides) else 0


def _check(target: Target) -> None:
    """See that the files can be written, before anything is paid for."""
    if target.file is not None and target.file.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"no format is known for {target.file.suffix}: use {', '.join(SUFFIXES)}, or a folder")
    if target.file is not None and target.file.suffix.lower() == ".parquet" and not find_spec("pyarrow"):
        raise MissingDependencyError("a .parquet file needs pyarrow, which is not installed. Run: pip install pyarrow")
    if not target.printed:
        target.check_folder()
        if target.file is not None:
            target.check_spares(target.file)


def _written(found: Any, target: Target) -> list[Path]:
    from limefw._files import write_whole

    if target.printed:
        return []
    if target.file is None:
        return list(found.save(target.folder))
    form = SUFFIXES[target.file.suffix.lower()]
    if form == "json":
        return [write_whole(target.file, found.to_json().encode())]
    if form in ("csv", "parquet"):
        return [getattr(found, f"to_{form}")(target.file)]
    return [found.render(form).save(target.file)]


def _variants(named: Sequence[str], file: Path | None) -> Any:
    """Return the variants of --variant or --variants; None where there are none."""
    if named and file is not None:
        raise click.UsageError("give --variant or --variants, not both: a file's tables may extend each other")
    if file is not None:
        return file
    pairs = [_pair(text) for text in named]
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"two variants are called {name!r}: give names, as in --variant other={name}")
    return dict(pairs) or None


def _pair(text: str) -> tuple[str, str]:
    """Return a name and what it stands for, of NAME=WHAT or WHAT alone, which is then called by its file's stem."""
    name, sign, what = text.partition("=")
    if sign and name.strip() and what.strip():
        return name.strip(), what.strip()
    stem = Path(text.partition("@")[0]).stem if "/" in text or Path(text).suffix else text
    return stem, text


def _grid(vary: Sequence[str]) -> dict[str, list[Any]]:
    """Return what is varied, and the values.

    Raises:
        click.UsageError: it is not of the form KEY=VALUE,VALUE.
    """
    found: dict[str, list[Any]] = {}
    for text in vary:
        key, sign, raw = text.partition("=")
        if not sign or not key.strip():
            raise click.UsageError(f"--vary {text!r} is not of the form setting=value,value")
        if key.strip() in found:
            raise click.UsageError(f"--vary {key.strip()} is given twice: put all its values into one")
        found[key.strip()] = _values(raw)
    return found


def _values(raw: str) -> list[Any]:
    """Return values parted by commas: TOML's, or bare words."""
    try:
        return list(tomllib.loads(f"values = [{raw.strip().removeprefix('[').removesuffix(']')}]")["values"])
    except (ValueError, RecursionError):
        return [_value(word.strip()) for word in raw.split(",") if word.strip()]


def _value(word: str) -> Any:
    try:
        return tomllib.loads(f"value = {word}")["value"]
    except (ValueError, RecursionError):
        return word


def _models(first: _common.Request, against: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the loaded models by name."""
    import limefw

    recipe = limefw.build("lime", **{key: value for key, value in given.items() if key == "model"})
    loaded = _common.load_model(first, recipe)
    pairs = [_pair(first.model) if first.model else (loaded.name, ""), *map(_pair, against)]
    found: dict[str, Any] = {}
    for at, (name, source) in enumerate(pairs):
        if name in found:
            raise click.UsageError(f"two models are called {name!r}: give names, as in --against other={source}")
        found[name] = loaded if at == 0 else _common.load_model(_common.with_model(first, source), recipe)
    return found


@contextmanager
def _kept(where: str | None, *, off: bool) -> Iterator[Any]:
    """Open the cache of predictions; at the end say how much came from it, where anything did."""
    if off:
        if where is not None:
            raise click.UsageError("--cache and --no-cache exclude each other")
        yield None
        return
    import limefw

    folder = None if where in (None, "auto") else where
    with _common.warnings_told(), limefw.PredictionCache(folder) as cache:
        yield cache
        if cache.hits:
            say(f"{cache.hits:,} of {cache.hits + cache.misses:,} rows came from the cache {cache.path.parent}")


@contextmanager
def _progress() -> Iterator[Any]:
    """Show a bar on a terminal; in a pipe say nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        whole = bar.add_task("explaining", total=None)
        rows = bar.add_task("asking the model", total=None)

        def listen(event: Any) -> None:
            task = {"comparison": whole, "models": rows}.get(event.stage)
            if task is not None and not (task == rows and event.finished):
                bar.update(task, completed=event.done, total=event.total)

        yield listen
