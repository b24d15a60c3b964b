"""A sheet of paper measured in pixels from its upper left corner: matplotlib's objects, and never pyplot.

matplotlib reads process-wide settings while it draws. Everything here happens inside ``drawing()``, which sets the
library's defaults for that while and gives the user's own back: equal explanations make equal bytes.
"""

import io
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.types import Rendering
from limefw_plugins.renderers._letters import DPI, FONT, Words, drawable, leading, points, wrapped


_lock = threading.RLock()

FAST = 3
"""Of 9: a third of the time, and files a tenth larger."""


@contextmanager
def drawing() -> Iterator[None]:
    """Draw with matplotlib's defaults, one thread at a time."""
    import matplotlib.style

    with _lock, matplotlib.style.context("default"):
        yield


@dataclass(slots=True, eq=False)
class Sheet:
    """A figure of so many pixels."""

    width: int
    height: int
    figure: Any = field(init=False)

    def __post_init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(self.width / DPI, self.height / DPI), dpi=DPI, facecolor="white")
        FigureCanvasAgg(self.figure)

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """Return axes in a rectangle of the sheet."""
        box = (left / self.width, 1.0 - (top + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def picture(self, pixels: NDArray[np.uint8], left: float, top: float, width: float = 0, height: float = 0) -> Any:
        """Show pixels, by default one to one; return axes whose data coordinates are the pixels' own."""
        tall, wide = pixels.shape[:2]
        axes = self.axes(left, top, width or wide, height or tall)
        # with the fourth channel that matplotlib would add in double precision: half the time, the same pixels
        opaque = np.full((tall, wide, 4), 255, dtype=np.uint8)
        opaque[..., :3] = pixels
        axes.imshow(opaque, interpolation="nearest" if not width else "antialiased", aspect="auto")
        axes.set_axis_off()
        return axes

    def write(self, left: float, top: float, words: Words, size: float) -> None:
        """Write one line of text, `size` pixels high, whose upper left corner is given."""
        # the baseline is placed, so that letters with and without descenders stand on one line
        self.figure.text(
            left / self.width, 1.0 - (top + size) / self.height, drawable(words.text), color=words.color,
            fontsize=points(size), fontfamily=FONT, fontweight="bold" if words.bold else "normal",
            va="baseline", ha="left", parse_math=False,
        )  # fmt: skip

    def flow(self, left: float, top: float, width: float, words: Sequence[Words], size: float) -> float:
        """Write words from left to right in lines; return where the next line would start."""
        lines = wrapped(words, width, size)
        for number, line in enumerate(lines):
            for offset, piece in line:
                self.write(left + offset, top + number * leading(size), piece, size)
        return top + len(lines) * leading(size)

    def rendering(self, *, repeated: bool = False) -> Rendering:
        """Draw, and return the PNG with its live figure.

        A photograph that is shown once is encoded by run lengths alone: in half the time, and the file is no larger.
        Where it is `repeated`, the repetitions are worth looking for.
        """
        from PIL import Image as Pillow

        self.figure.canvas.draw()
        drawn, stream = Pillow.fromarray(np.asarray(self.figure.canvas.buffer_rgba())), io.BytesIO()
        encoding = {"compress_level": FAST} if repeated else {"compress_type": zlib.Z_RLE}
        # without the fourth channel, which is opaque everywhere
        drawn.convert("RGB").save(stream, "png", dpi=(DPI, DPI), **encoding)
        return Rendering(stream.getvalue(), "image/png", ".png", self.figure)
