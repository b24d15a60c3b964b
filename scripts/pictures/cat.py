"""The photograph that all pictures are about, cut and explained once, and how pictures are saved."""

import io
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

import limefw
from limefw.pipeline import cut, stream
from limefw.stage import Stage, settled
from limefw.types import Draws


class Cat:
    """Chelsea, the embedded model, and answers that are kept so that no row is paid for twice."""

    samples = 400

    def __init__(self) -> None:
        self.model = limefw.model()
        self.recipe = limefw.build("lime", samples=self.samples, seed=0)
        self.rows: dict[bytes, Any] = {}
        self.photo, self.segments, self.frame = cut(limefw.sample(), self.model, self.recipe)
        self.framed = self.frame.enter(self.photo)

    def explain(self, **settings: Any) -> limefw.Explanation:
        """Explain her, by the recipe `lime` with these settings."""
        given = {"recipe": "lime", "samples": self.samples, "seed": 0, **settings}
        return limefw.explain(limefw.sample(), self.model, cache=self.rows, **given)

    @cached_property
    def explained(self) -> limefw.Explanation:
        """The explanation by the recipe `lime`."""
        return self.explain()

    @cached_property
    def by_tree(self) -> limefw.Explanation:
        """The same by a tree, for what draws nothing else."""
        return self.explain(surrogate="tree")

    @cached_property
    def codes(self) -> Any:
        """Codes ``(n, d)`` that recipe draws: the unchanged picture first."""
        return self.explained.neighbourhood.codes

    def stage(self, kind: str, name: str, **params: Any) -> Stage:
        """Return a settled stage of an installed plug-in."""
        plugin = limefw.registry().get(kind, name)
        return Stage(kind, plugin, settled(plugin, params))

    def hidden(self, filler: Stage, codes: Any) -> Any:
        """Return composites in the model's frame."""
        composer = filler(self.framed, self.segments, stream(0, "fillers"))
        values = {}
        if getattr(composer, "random", False):
            values["draw"] = stream(0, "filler draws").integers(0, 2**64, size=len(codes), dtype=np.uint64)
        return composer.compose(Draws(np.asarray(codes), values))

    def shown(self, pixels: Any) -> Any:
        """Return pixels of the model's frame in the photograph's own proportions, uint8."""
        height, width = self.photo.shape
        return np.asarray(Pillow.fromarray(np.asarray(pixels, dtype=np.uint8)).resize((width, height)))

    def outlined(self, labels: Any) -> Any:
        """Return the photograph with the borders of a label map (in the model's frame) in yellow."""
        from skimage.segmentation import mark_boundaries

        marked = mark_boundaries(self.photo.unit(), self.frame.to_photo(labels), color=(1.0, 0.85, 0.0), mode="inner")
        return np.rint(marked * 255).astype(np.uint8)


def save(pixels: Any, path: Path, width: int = 451) -> Path:
    """Write pixels as WebP, at most `width` wide."""
    picture = Pillow.fromarray(pixels)
    if picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Pillow.Resampling.LANCZOS)
    picture.save(path, "WEBP", quality=80, method=6)
    return path


def save_drawn(drawn: limefw.Rendering, path: Path, width: int) -> Path:
    """Write a renderer's picture as WebP."""
    return save(np.asarray(Pillow.open(io.BytesIO(drawn.data)).convert("RGB")), path, width)


def save_figure(figure: Any, path: Path) -> Path:
    """Write a matplotlib figure as WebP."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110, facecolor="white")
    return save(np.asarray(Pillow.open(data).convert("RGB")), path, 1000)
