"""``limefw explain``: from a picture to files that a person understands."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from limefw.cli import _common
from limefw.cli._output import Target, keep, show, write


BY_SUFFIX = {
    ".png": "figure", ".html": "html", ".htm": "html", ".svg": "svg", ".json": "json", ".txt": "text",
    ".limefw": "limefw",
}  # fmt: skip

MOST_LABELS = 100
"""A page of a hundred has 700 kB and the gist 1,500 lines."""


@click.command()
@_common.with_request
@click.option("--label", "-l", multiple=True, metavar="NAME|INDEX|top:K", help="What to explain. Default: the top 3.")
@click.option("--out", "-o", metavar="FOLDER|FILE|-", help="Default: limefw-out/. A file's suffix chooses its format.")
@click.option("--format", "-f", "formats", multiple=True, metavar="RENDERER", help="E.g. overlay, html, json, limefw.")
@click.option("--target", "aim", metavar="NAME|MODULE:FUNCTION", help="E.g. margin, or a function of your own.")
@click.option("--seed", type=int, help="Equal seeds give equal explanations.")
@_common.with_samples
@click.option("--row", type=int, help="Of a table (.csv, .tsv, .parquet): the number of the row, from 0.")
@_common.with_cache
@_common.with_debug
def explain(
    request: _common.Request,
    label: tuple[str, ...],
    out: str | None,
    formats: tuple[str, ...],
    aim: str | None,
    seed: int | None,
    samples: int | str | None,
    row: int | None,
    where: str | None,
) -> int:
    """Explain why a model says what it says of IMAGE.

    Writes pictures and a page to limefw-out/ and prints the gist. They are named after IMAGE without its suffix, and
    replace those of an earlier run. With `--out FILE` it writes that file alone. With `--out -` it prints one format:
    that of --format, else what the recipe's renderer makes where it has only one, else the gist.
    What an option says wins over --set, and --set over the recipe. At most 100 labels are explained, in Python any
    number.
    """
    target = Target.of(out, request.inputs)
    reader = None if row is None else {"use": "table_file", "row": row}
    given = _common.overrides(
        request.settings, labels=label, seed=seed, samples=samples, target=_common.load_target(aim), reader=reader
    )
    from limefw.pipeline import Explainer

    settled = _common.load_recipe(request, request.source, given)
    _check_labels(settled.labels)
    modality = _common.modality_of(request.source, settled)
    stages = renderers(settled, target, list(dict.fromkeys(formats)), modality)
    stem = request.path.stem if row is None else f"{request.path.stem}-row-{row}"
    target.check(stages, stem, modality)
    loaded = _common.load_model(request, settled)
    from limefw.samples import samples_at_most

    with _common.caching(where) as cache, progress(samples_at_most(settled.samples)) as listen:
        explainer = Explainer(loaded, recipe=settled, cache=cache, on_progress=listen)
        explanation = _explained(explainer, request, target)
    if target.printed:
        show(explanation, stages[0], stem)
    else:
        write(explanation, stages, target, stem)
    return 130 if explanation.health.has("interrupted") else 0


def _check_labels(labels: Sequence[Any]) -> None:
    ranks = (re.fullmatch(r"top:(\d+)", str(label), re.ASCII) for label in labels)
    count = sum(1 if rank is None else int(rank[1]) for rank in ranks)
    if count > MOST_LABELS:
        raise click.UsageError(
            f"{count} labels are more than anybody reads on a page: ask for {MOST_LABELS} or fewer, such as -l top:3. "
            f"In Python limefw.explain(..., labels='top:{count}') explains any number."
        )


def _explained(explainer: Any, request: _common.Request, target: Target) -> Any:
    try:
        return explainer(request.source)
    except BaseException as error:
        partial = getattr(error, "partial", None)
        if partial is not None:
            keep(error, partial, target, f"{request.path.stem}-partial")
        raise


def renderers(recipe: Any, target: Target, formats: Sequence[str], modality: str) -> list[Any]:
    """Return the settled renderers (or "limefw" for the file that `limefw.load` reads) that were asked for."""
    import limefw

    if target.printed and not formats and len(recipe.renderers) == 1:
        return list(recipe.renderers)
    names = suited(formats or implied(target, modality), modality)
    if not names:
        return [*recipe.renderers, "limefw"]
    if (target.file or target.printed) and len(names) > 1:
        raise click.UsageError("several formats need a folder: give --out FOLDER")
    if target.printed and names == ["limefw"]:
        raise click.UsageError("a .limefw file cannot be printed: give --out FILE.limefw")
    drawn = {stage.name: stage for stage in recipe.renderers}
    fresh = [name for name in names if name != "limefw" and name not in drawn]
    drawn |= {stage.name: stage for stage in limefw.build(recipe, renderers=fresh).renderers}
    return ["limefw" if name == "limefw" else drawn[name] for name in names]


def suited(names: Sequence[str], modality: str) -> list[str]:
    """Return the names of the modality's own renderers: of a text "html" is "text_html"."""
    import limefw

    known = limefw.registry()
    found = [name if name == "limefw" else known.suited("renderers", name, modality).name for name in names]
    for name in found:
        meant = None if name == "limefw" else known.get("renderers", name).modality
        if meant not in (None, modality):
            raise click.UsageError(f"renderer {name!r} is for {meant}, and this is {modality}")
    return found


def implied(target: Target, modality: str) -> list[str]:
    """Return the format that a file's suffix or the terminal implies; none for a folder."""
    if target.file is None:
        return ["text"] if target.printed else []
    suffix = target.file.suffix.lower()
    if suffix not in BY_SUFFIX:
        raise click.UsageError(
            f"no format is known for {suffix}: name one with --format, or use {', '.join(BY_SUFFIX)}; "
            f"for a folder give {target.file}/"
        )
    return ["overlay" if (suffix, modality) == (".png", "image") else BY_SUFFIX[suffix]]


@contextmanager
def progress(samples: int) -> Iterator[Any]:
    """Show a bar on a terminal; in a pipe say nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking the model", total=samples)

        def listen(event: Any) -> None:
            if event.stage == "models" and not event.finished:
                bar.update(task, completed=event.done, total=event.total)

        yield listen
