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
@_common.with_debug
def draw(file: Path, out: str | None, formats: tuple[str, ...]) -> None:
    """Draw the explanation in FILE, a .limefw file that `limefw explain` or `Explanation.save` wrote.

    No model is needed, and what an interrupted or failed run left is drawn as well. Without --format it is drawn with
    the renderers of its own recipe, and the gist is printed; with --format it is not. With `--out FILE` it writes that
    file alone. With `--out -` it prints one format: that of --format, else what its only renderer makes where it has
    only one, else the gist.
    """
    import limefw

    target = Target.of(out)
    explanation = limefw.load(file)
    modality = explanation.instance.modality
    wanted = list(dict.fromkeys(formats)) or ([] if target.printed else implied(target, modality))
    wanted = suited(wanted, modality)
    stages = renderers(_drawn_by(explanation, wanted), target, wanted, modality)
    target.check(stages, file.stem, modality)
    if target.printed:
        show(explanation, stages[0], file.stem, kept=True)
        return
    if not wanted:
        stages = [stage for stage in stages if stage != "limefw"]  # it is there already
    write(explanation, stages, target, file.stem, kept=True, gist=not formats)


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
