"""Pictures inside a page."""

import base64
import io
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats


QUALITY = 85

FEW = 200
"""Pixels on the longer side of a picture whose pixels are meant to be seen: it stays exactly as it is."""

PNG_BYTES = 4_000_000
"""Of a larger picture no PNG is tried: it takes seconds, and is smaller of drawings alone."""


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Return ``(h, w, 3)`` pixels as a data: address: as PNG where they are few, else as JPEG where that is smaller."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    kind, stream = "jpeg", io.BytesIO()
    if max(pixels.shape) < FEW:
        kind = "png"
        grey = (pixels == pixels[..., :1]).all()
        (picture.convert("L") if grey else picture).save(stream, kind, optimize=True)
    else:
        picture.save(stream, kind, quality=QUALITY, optimize=True)
    if kind == "jpeg" and pixels.size < PNG_BYTES:
        smaller = _Smaller(len(stream.getvalue()))
        with suppress(_TooLargeError):
            picture.save(smaller, "png")
            kind, stream = "png", smaller
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"


class _TooLargeError(Exception):
    """What is written is already no smaller."""


class _Smaller(io.BytesIO):
    """Holds fewer than so many bytes: a photograph's PNG, far larger than its JPEG, is given up at once."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) >= self.limit:
            raise _TooLargeError
        return super().write(data)


def mask_uri(share: Floats) -> str:
    """Return ``(h, w)`` shares, 0..1, as the data: address of a grey picture: white is 1."""
    from PIL import Image as Pillow

    stream = io.BytesIO()
    Pillow.fromarray(np.rint(share * 255.0).astype(np.uint8)).save(stream, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
