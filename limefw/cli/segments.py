"""``limefw segments``: look at the superpixels before paying for model calls."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from limefw.cli import _common
from limefw.cli._output import Target
from limefw.cli._terminal import say
from limefw.errors import InputError


LONGEST = 2000
"""Pixels on the longer side of the picture; a larger photograph is reduced."""


@click.command()
@_common.with_request
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Default: limefw-out/IMAGE-segments.png.")
@click.option("--row", type=int, help="Of a table (.csv, .tsv, .parquet): the number of the row, from 0.")
@_common.with_debug
def segments(request: _common.Request, out: Path | None, row: int | None) -> None:
    """Cut IMAGE into superpixels and draw them, without asking the model anything.

    The model is loaded only to learn the size at which it looks at the image. A text is printed with its words in
    brackets, and of a table's row what is true of it.
    """
    path, target = request.path, out or Path("limefw-out") / f"{request.path.stem}-segments.png"
    if target.suffix.lower() != ".png":
        raise click.UsageError(f"the picture is a PNG: give --out FILE.png, not {target}")
    given = _common.overrides(request.settings, reader=None if row is None else {"use": "table_file", "row": row})
    from limefw.pipeline import cut
    from limefw.results.health import of_notes
    from limefw.types import Model

    settled = _common.load_recipe(request, request.source, given)
    modality = _common.modality_of(request.source, settled)
    if modality in ("text", "table"):
        instance, parts, _ = cut(request.source, Model(len), settled)
        (_list if modality == "text" else _tell)(instance, parts, settled.stages["segmenter"])
        return
    place = Target(file=target, inputs=request.inputs)
    place.check_spares(target)
    place.check_folder()
    photo, found, frame = cut(path, _common.load_model(request, settled), settled)
    if frame is None:
        raise InputError(f"only the segments of an image can be drawn, and {path} is {photo.modality}")
    from limefw.cli._segments_picture import drawn

    picture, left_out = drawn(*_reduced(photo, frame), found)
    written = picture.save(target)
    sizes = found.sizes()
    height, width = found.labels.shape
    click.echo(
        f"{settled.stages['segmenter']}: {found.count} segments at {width} x {height} pixels, "
        f"the smallest {sizes.min():.0f}, the median {sorted(sizes)[len(sizes) // 2]:.0f}, "
        f"the largest {sizes.max():.0f}."
    )
    noted = (caution.message for caution in of_notes(photo, found))
    for doubt in (*noted, *_doubts(settled.stages["segmenter"].params.get("target_segments"), found.count)):
        click.echo(f"! {doubt}")
    if left_out:
        click.echo(f"{left_out} of them are too small in the picture for their numbers.")
    say(f"wrote {written}")


def _list(text: Any, found: Any, segmenter: Any) -> None:
    """Print a text with its segments in brackets."""
    from limefw.cli._terminal import printable
    from limefw.modalities.text import pieces_of

    pieces, owners = pieces_of(text.string, found)
    marked = (piece if owner < 0 else f"[{piece}]" for piece, owner in zip(pieces, owners.tolist(), strict=True))
    click.echo(printable("".join(marked)))
    click.echo(f"{segmenter}: {found.count} segments in {len(text.string)} characters.")


def _tell(row: Any, found: Any, segmenter: Any) -> None:
    """Print what is true of a row, a line for each part."""
    from limefw.cli._terminal import printable

    click.echo("\n".join(map(printable, found.names)))
    click.echo(f"{segmenter}: {found.count} of {len(row.names)} features.")


NEAR = 0.05
"""A number of segments that is off by more than this share was not what was wished for."""


def _doubts(wished: Any, count: int) -> Iterator[str]:
    from limefw.results.health import of_number

    if isinstance(wished, int) and abs(count - wished) > NEAR * wished:
        yield f"{wished} segments were wished for, and {count} are the nearest that was found"
    yield from (caution.message for caution in of_number(count))


def _reduced(photo: Any, frame: Any) -> tuple[Any, Any]:
    """Return a photograph of at most LONGEST pixels a side, and how it lies in the frame."""
    from limefw.modalities.frame import resize

    scale = LONGEST / max(photo.shape)
    if scale >= 1:
        return photo, frame
    size = tuple(max(1, round(scale * length)) for length in photo.shape)
    tall, wide = (now / before for now, before in zip(size, photo.shape, strict=True))
    box = tuple(edge * by for edge, by in zip(frame.box, (tall, wide, tall, wide), strict=True))
    return replace(photo, pixels=resize(photo.pixels, size)), replace(frame, photo=size, box=box)
