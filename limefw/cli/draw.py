"""``limefw draw``: a saved explanation once more as files that a person understands."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from limefw.cli import _common
from limefw.cli._output import Target, show, write
from limefw.cli.explain import implied, renderers, suited


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", "-o", metavar="FOLDER|FILE|-", help="Default: limefw-out/. A file's suffix chooses its format.")
@click.option("--format", "-f", "formats", multiple=True, metavar="RENDERER", help="E.g. overlay, html, json.")
@click.option("--label", "-l", metavar="NAME|INDEX", help="Which of the explained ones. Default: the first, or all.")
@click.option(
    "--top", type=click.IntRange(1), metavar="NUMBER", help="How many of the strongest parts are drawn or named."
)
@_common.with_debug
def draw(file: Path, out: str | None, formats: tuple[str, ...], label: str | None, top: int | None) -> None:
    """Draw the explanation in FILE, a .limefw file that `limefw explain` or `Explanation.save` wrote.

    No model is needed, and what an interrupted or failed run left is drawn as well. Without --format it is drawn with
    the renderers of its own recipe, and the gist is printed; with --format it is not. With `--out FILE` it writes that
    file alone. With `--out -` it prints one format: that of --format, else what its only renderer makes where it has
    only one, else the gist. --label and --top are for renderers that draw one label, or a number of parts.
    """
    import limefw

    target = Target.of(out)
    explanation = limefw.load(file)
    modality = explanation.instance.modality
    wanted = list(dict.fromkeys(formats)) or ([] if target.printed else implied(target, modality))
    wanted = suited(wanted, modality)
    stages = renderers(_drawn_by(explanation, wanted), target, wanted, modality)
    said = {"label": None if label is None else _number(explanation, label), "top": top}
    stages = _told(stages, {name: value for name, value in said.items() if value is not None})
    target.check(stages, file.stem, modality)
    if target.printed:
        show(explanation, stages[0], file.stem, kept=True)
        return
    if not wanted:
        stages = [stage for stage in stages if stage != "limefw"]  # it is there already
    write(explanation, stages, target, file.stem, kept=True, gist=not formats)


def _number(explanation: Any, label: str) -> int:
    """Return the number of a label given by name, else by number."""
    number = label not in explanation.names.values() and label.isdecimal()
    return int(explanation.label(int(label) if number else label))


def _told(stages: Sequence[Any], said: Mapping[str, Any]) -> list[Any]:
    """Return the renderers with what was said of them, each with those of the settings that it has.

    Raises:
        UsageError: where none of them has one.
    """
    from limefw.stage import Stage

    drawn = [stage for stage in stages if stage != "limefw"]
    for name in said:
        if not any(name in stage.params for stage in drawn):
            names = ", ".join(stage.name for stage in drawn) or "limefw"
            raise click.UsageError(f"--{name} says nothing to {names}: name another renderer with --format")
    return [
        stage
        if stage == "limefw"
        else Stage.of(
            stage.kind,
            stage.plugin,
            {**stage.params, **{name: value for name, value in said.items() if name in stage.params}},
        )
        for stage in stages
    ]


def _drawn_by(explanation: Any, wanted: Sequence[str]) -> Any:
    """Return a settled recipe with the renderers that the explanation's own has, or those of them that are wanted.

    Raises:
        RecipeError: where one of them is not installed here.
    """
    import limefw
    from limefw.errors import RecipeError

    recipe = explanation.provenance.get("recipe")
    named = recipe.get("renderers") if isinstance(recipe, Mapping) else None
    if not isinstance(named, list | tuple):
        return limefw.build("lime")
    own = [item for item in named if not wanted or (item.get("use") if isinstance(item, Mapping) else item) in wanted]
    try:
        return limefw.build({"renderers": own})
    except RecipeError as error:
        error.add_note("These are the renderers of its own recipe: name others with --format")
        raise
