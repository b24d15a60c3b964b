"""``limefw plan``: what an explanation will cost, before it is paid for."""

import json
from typing import Any

import click

from limefw.cli import _common


@click.command()
@_common.with_request
@click.option("--label", "-l", multiple=True, metavar="NAME|INDEX|top:K", help="What to explain. Default: the top 3.")
@click.option("--target", "aim", metavar="NAME|MODULE:FUNCTION", help="E.g. margin, or a function of your own.")
@click.option("--seed", type=int, help="Equal seeds give equal explanations.")
@_common.with_samples
@click.option("--row", type=int, help="Of a table (.csv, .tsv, .parquet): the number of the row, from 0.")
@click.option("--json", "as_json", is_flag=True, help="Print every figure as JSON.")
@_common.with_debug
def plan(
    request: _common.Request,
    label: tuple[str, ...],
    aim: str | None,
    seed: int | None,
    samples: int | str | None,
    row: int | None,
    *,
    as_json: bool,
) -> None:
    """Say what `limefw explain` with the same arguments would cost: rows, model calls, seconds, memory.

    The instance is cut and the sampler run as they would be; the model is shown a few rows, which are timed.
    """
    reader = None if row is None else {"use": "table_file", "row": row}
    given = _common.overrides(
        request.settings, labels=label, seed=seed, samples=samples, target=_common.load_target(aim), reader=reader
    )
    from limefw.pipeline import Explainer
    from limefw.studies.planning import planned

    settled = _common.load_recipe(request, request.source, given)
    found = planned(Explainer(_common.load_model(request, settled), recipe=settled), request.source)
    click.echo(json.dumps(found.to_mapping(), indent=2) if as_json else "\n".join(_lines(found, settled.samples)))


def _lines(found: Any, samples: Any) -> list[str]:
    uncounted = "fits" if isinstance(samples, int) else "fits and looks"
    drawn = ", all combinations there are" if found.exhaustive else ""
    timed = f"{1000 * found.seconds_a_row:.3g} ms a row, timed on {found.timed_rows} rows"
    labels = f"{found.labels} label{'s' * (found.labels != 1)}"
    return [
        f"{found.name}: {found.segments} segments, {labels}",
        f"rows     {found.rows}{drawn}; the model is shown {found.asked}",
        f"calls    {found.calls}, of at most {found.chunk} rows",
        f"seconds  about {found.seconds}: {timed}, and cutting; {uncounted} not counted",
        f"memory   about {found.memory / 1e6:,.3g} MB, beside the model's own",
        *(f"! {caution.message}" for caution in found.cautions),
    ]
