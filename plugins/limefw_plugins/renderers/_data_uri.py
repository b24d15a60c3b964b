"""Pictures inside a page."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats


QUALITY = 85

PNG_BYTES = 4_000_000
"""Of a larger picture no PNG is tried: it takes seconds, and is smaller of drawings alone."""


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Return ``(h, w, 3)`` pixels as a data: address, as PNG or as JPEG, whichever is smaller."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    kinds: dict[str, dict[str, Any]] = {"jpeg": {"quality": QUALITY, "optimize": True}}
    if pixels.size < PNG_BYTES:
        kinds["png"] = {}
    encoded = []
    for kind, options in kinds.items():
        stream = io.BytesIO()
        picture.save(stream, kind, **options)
        encoded.append((len(stream.getvalue()), kind, stream.getvalue()))
    _, kind, data = min(encoded)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def mask_uri(share: Floats) -> str:
    """Return ``(h, w)`` shares, 0..1, as the data: address of a grey picture: white is 1."""
    from PIL import Image as Pillow

    stream = io.BytesIO()
    Pillow.fromarray(np.rint(share * 255.0).astype(np.uint8)).save(stream, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
