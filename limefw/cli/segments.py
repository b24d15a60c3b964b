"""``limefw segments``: look at the superpixels before paying for model calls."""

from pathlib import Path
from typing import Any

import click

from limefw.cli import _common


@click.command()
@_common.with_source
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Default: limefw-out/IMAGE-segments.png.")
@_common.with_debug
def segments(
    image: Path | None,
    sample: bool,  # noqa: FBT001
    model: str | None,
    classes: Path | None,
    recipe: str,
    settings: tuple[str, ...],
    out: Path | None,
) -> None:
    """Cut IMAGE into superpixels and draw them, without asking the model anything.

    The model is loaded only to learn the size at which it looks at the image.
    """
    path = _common.source(image, sample=sample)
    given = _common.overrides(settings)
    import limefw
    from limefw.pipeline import cut

    settled = limefw.build(recipe, **given)
    photo, found, frame = cut(path, _common.load_model(model, classes), settled)
    labels = found.labels if frame is None else frame.to_photo(found.labels)
    written = _picture(photo, labels, found.count).save(out or Path("limefw-out") / f"{path.stem}-segments.png")
    sizes = found.sizes()
    height, width = found.labels.shape
    click.echo(
        f"{settled.stages['segmenter']}: {found.count} segments at {width} x {height} pixels, "
        f"the smallest {sizes.min()}, the median {sorted(sizes)[len(sizes) // 2]}, the largest {sizes.max()}."
    )
    click.echo(f"wrote {written}", err=True)


def _picture(photo: Any, labels: Any, count: int) -> Any:
    """Draw the boundaries and, at the middle of each segment, its number."""
    import io

    import numpy as np
    from PIL import Image as Pillow
    from PIL import ImageDraw
    from skimage.segmentation import mark_boundaries

    from limefw.types import Rendering

    pixels = photo.unit()
    shown = pixels[..., :3] if photo.channels >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    marked = mark_boundaries(shown, labels, color=(1.0, 0.85, 0.0), mode="inner")
    scale = max(1, round(1000 / max(labels.shape)))
    picture = Pillow.fromarray((np.clip(marked, 0, 1) * 255).astype(np.uint8))
    picture = picture.resize((picture.width * scale, picture.height * scale), Pillow.Resampling.NEAREST)
    draw = ImageDraw.Draw(picture)
    for number in range(count):
        rows, columns = np.nonzero(labels == number)
        if len(rows):
            # the member pixel nearest to the centroid: a crescent's centroid lies outside of it
            nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
            at = (columns[nearest] * scale, rows[nearest] * scale)
            draw.text(at, str(number), fill="white", stroke_fill="black", stroke_width=2, anchor="mm")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return Rendering(stream.getvalue(), "image/png", ".png")
