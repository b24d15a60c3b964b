"""``limefw explain``: from a picture to files that a person understands."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from limefw.cli import _common


BY_SUFFIX = {".png": "overlay", ".html": "html", ".json": "json", ".txt": "text", ".limefw": "limefw"}


@click.command()
@_common.with_source
@click.option("--label", "-l", multiple=True, metavar="NAME|INDEX|top:K", help="What to explain. Default: the top 3.")
@click.option("--out", "-o", metavar="FOLDER|FILE|-", help="Default: limefw-out/. A file's suffix chooses its format.")
@click.option("--format", "-f", "formats", multiple=True, metavar="RENDERER", help="E.g. overlay, html, json, limefw.")
@click.option("--seed", type=int, help="Equal seeds give equal explanations.")
@click.option("--samples", "-n", type=int, help="How many perturbed pictures the model may be shown.")
@_common.with_debug
def explain(
    image: Path | None,
    sample: bool,  # noqa: FBT001
    model: str | None,
    classes: Path | None,
    recipe: str,
    settings: tuple[str, ...],
    label: tuple[str, ...],
    out: str | None,
    formats: tuple[str, ...],
    seed: int | None,
    samples: int | None,
) -> int:
    """Explain why a model says what it says of IMAGE.

    Writes pictures and a page to limefw-out/ and prints the gist. With `--out FILE` it writes that file alone, with
    `--out -` it prints one format.
    """
    path = _common.source(image, sample=sample)
    given = _common.overrides(settings, labels=tuple(_common.labels(label)), seed=seed, samples=samples)
    import limefw
    from limefw.pipeline import Explainer

    settled = limefw.build(recipe, **given)
    stages = _renderers(settled, out, formats)
    adapter = settled.stages.get("model")
    loaded = _common.load_model(model, classes, adapter.to_mapping() if adapter else "auto")
    with _progress(settled.samples) as listen:
        explainer = Explainer(loaded, recipe=settled, on_progress=listen)
        explanation = _explained(explainer, path, out)
    _write(explanation, stages, out, path.stem)
    return 130 if any(caution.code == "interrupted" for caution in explanation.health.cautions) else 0


def _explained(explainer: Any, path: Path, out: str | None) -> Any:
    try:
        return explainer(path)
    except Exception as error:
        partial = getattr(error, "partial", None)
        if partial is not None:
            folder = Path(out) if out not in (None, "-") and not Path(str(out)).suffix else Path("limefw-out")
            kept = partial.save(folder / f"{path.stem}-partial.limefw")
            error.add_note(f"What was computed before is in {kept}.")
        raise


def _renderers(recipe: Any, out: str | None, formats: Sequence[str]) -> list[Any]:
    """Return the settled renderers (or "limefw" for the file that `limefw.load` reads) that were asked for."""
    import limefw

    suffix = Path(out).suffix.lower() if out not in (None, "-") else ""
    if formats:
        names = list(formats)
    elif suffix:
        if suffix not in BY_SUFFIX:
            raise click.UsageError(
                f"no format is known for {suffix}: name one with --format, or use {', '.join(BY_SUFFIX)}"
            )
        names = [BY_SUFFIX[suffix]]
    elif out == "-":
        names = ["text"]
    else:
        return [*recipe.renderers, "limefw"]
    if (suffix or out == "-") and len(names) > 1:
        raise click.UsageError("several formats need a folder: give --out FOLDER")
    if out == "-" and names == ["limefw"]:
        raise click.UsageError("a .limefw file cannot be printed: give --out FILE.limefw")
    drawn = {stage.name: stage for stage in recipe.renderers}
    fresh = [name for name in names if name != "limefw" and name not in drawn]
    drawn |= {stage.name: stage for stage in limefw.build(recipe, renderers=fresh).renderers}
    return ["limefw" if name == "limefw" else drawn[name] for name in names]


def _write(explanation: Any, stages: Sequence[Any], out: str | None, stem: str) -> None:
    if out == "-":
        data = explanation.draw(stages[0]).data
        click.echo(data, nl=isinstance(data, str))
        return
    single = out is not None and bool(Path(out).suffix)
    folder = Path(out or "limefw-out")
    click.echo(explanation.render("text").data)
    for stage in stages:
        if stage == "limefw":
            written = explanation.save(folder if single else folder / f"{stem}.limefw")
        else:
            rendering = explanation.draw(stage)
            plain = stage.name in rendering.suffix
            name = f"{stem}{rendering.suffix}" if plain else f"{stem}-{stage.name}{rendering.suffix}"
            written = rendering.save(folder if single else folder / name)
        click.echo(f"wrote {written}", err=True)


@contextmanager
def _progress(samples: int) -> Iterator[Any]:
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
