"""``limefw evaluate``: how good explanations are, by metrics."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from limefw.cli import _common
from limefw.cli.explain import progress


@click.command()
@_common.with_requests
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Default: fidelity, deletion, insertion and effort."
)
@click.option(
    "--mask", "masks", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Where the thing meant lies: a picture, not black there, or an .npy file. One for each IMAGE, in order.",
)  # fmt: skip
@click.option("--label", "-l", multiple=True, metavar="NAME|INDEX|top:K", help="The first one is judged.")
@click.option("--target", "aim", metavar="NAME|MODULE:FUNCTION", help="E.g. margin, or a function of your own.")
@click.option("--seed", type=int, help="Equal seeds give equal figures.")
@_common.with_samples
@click.option("--row", type=int, help="Of a table (.csv, .tsv, .parquet): the number of the row, from 0.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_common.with_cache
@_common.with_debug
def evaluate(
    requests: Sequence[_common.Request],
    metrics: tuple[str, ...],
    masks: tuple[Path, ...],
    label: tuple[str, ...],
    aim: str | None,
    seed: int | None,
    samples: int | str | None,
    row: int | None,
    where: str | None,
    as_json: bool,  # noqa: FBT001 - as click has it
) -> int:
    """Explain each IMAGE and say by metrics how good that is.

    An IMAGE may also be a .limefw file: the explanation in it is judged by the model that made it. Of several the means
    are printed, with 95 % intervals. A metric's parameters are set by its name: `--metric stability -s
    stability.runs=20`. `limefw plugins metrics` lists the metrics, `limefw plugins metrics NAME` says what one does and
    where it misleads. What metrics ask of the model comes on top of each explanation's --samples. One that fails is
    reported at the end, the others go on, and the exit code is 1.
    """
    import limefw
    from limefw.evaluation.run import DEFAULT

    first, names = requests[0], list(metrics or DEFAULT)
    reader = None if row is None else {"use": "table_file", "row": row}
    given = _common.overrides(
        first.settings, labels=label, seed=seed, samples=samples, target=_common.load_target(aim), reader=reader
    )
    settings = {name: given.pop(name) for name in dict.fromkeys(names) if name in given}
    asked = [{"use": name, **_parameters(name, settings.get(name, {}))} for name in names]
    given = {**_common.with_adapter(first, given)}
    sources = [_source(request) for request in requests]
    loaded = _common.load_model(first, _recipe(first, sources[0], given))
    with _common.caching(where) as cache, progress(1) as listen:
        found = limefw.evaluate(
            sources, loaded, metrics=asked, recipe=first.recipe, overrides=given, masks=_masks(masks, len(sources)),
            cache=cache, on_progress=listen,
        )  # fmt: skip
    print(found.to_json() if as_json else found.table())
    if found.interrupted:
        return 130
    return 1 if found.failed else 0


def _parameters(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise click.UsageError(f"--set {name}={value}: say which of its parameters, as in {name}.PARAMETER=VALUE")
    return value


def _source(request: _common.Request) -> Any:
    import limefw

    saved = request.text is None and request.path.suffix.lower() == ".limefw"
    return limefw.load(request.path) if saved else request.source


def _recipe(request: _common.Request, source: Any, given: Mapping[str, Any]) -> Any:
    """Return the recipe whose adapter loads the model."""
    import limefw

    provenance = getattr(source, "provenance", None)
    if provenance is None:
        return _common.load_recipe(request, source, given)
    adapter = provenance.get("recipe", {}).get("model", {"use": "auto"})
    return limefw.build("lime", model=given.get("model", adapter))


def _masks(masks: Sequence[Path], count: int) -> list[Path] | None:
    if masks and len(masks) != count:
        raise click.UsageError(
            f"{count} images and {len(masks)} masks: give --mask once for each image, in their order"
        )
    return list(masks) or None
