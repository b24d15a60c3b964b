"""Pictures inside a page."""

import base64
import io

import numpy as np
from numpy.typing import NDArray


QUALITY = 85


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Return ``(h, w, 3)`` pixels as a data: address, as PNG or as JPEG, whichever is smaller."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    kinds = {"png": {}, "jpeg": {"quality": QUALITY, "optimize": True, "subsampling": 0}}
    encoded = []
    for kind, options in kinds.items():
        stream = io.BytesIO()
        picture.save(stream, kind, **options)
        encoded.append((len(stream.getvalue()), kind, stream.getvalue()))
    _, kind, data = min(encoded)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
