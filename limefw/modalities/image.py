"""Images: any raster of any real type, photographs first."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ContractError, InputError
from limefw.types import Contract, Floats, digest, freeze


if TYPE_CHECKING:
    from limefw.modalities.frame import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A photograph or any other raster.

    Args:
        pixels: ``(h, w, c)`` with any c >= 1 and any real dtype; finite.
        value_range: what black and white are in `pixels`, e.g. (0, 255) for uint8.
        name: for titles and file names.
        photo: (height, width) of the photograph that this shows in the model's frame, or None: it is the photograph.
        box: (top, left, height, width) in that photograph's pixels of what this shows; it may reach outside.
    """

    modality: ClassVar[str] = "image"

    pixels: NDArray[Any]
    value_range: tuple[float, float]
    name: str = "image"
    photo: tuple[int, int] | None = None
    box: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        low, high = self.value_range
        if not -np.inf < low < high < np.inf:
            raise InputError(f"value_range is (black, white) with black < white, got {self.value_range}")
        freeze(self, {"pixels": None})

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def channels(self) -> int:
        """The number of channels."""
        return int(self.pixels.shape[2])

    def unit(self) -> Floats:
        """Return the pixels as float64 with black at 0 and white at 1, ``(h, w, c)``."""
        low, high = self.value_range
        return (self.pixels.astype(np.float64) - low) / (high - low)

    def places(self) -> tuple[Floats, Floats]:
        """Return where each line and each column has its middle in the photograph: 0..1, beyond where it is padding."""
        photo = self.photo or self.shape
        box = self.box or (0.0, 0.0, *map(float, photo))
        lines, columns = (
            (box[axis] + (np.arange(self.shape[axis]) + 0.5) / self.shape[axis] * box[axis + 2]) / photo[axis]
            for axis in (0, 1)
        )
        return lines, columns

    def fingerprint(self) -> str:
        """Return a hash of the pixels and their range."""
        return digest(self.pixels, self.value_range)

    def check(self, what: Any) -> None:
        """See that there are finite real pixels ``(h, w, c)``.

        Raises:
            ContractError: where `what` made an image of another shape.
            InputError: where the pixels cannot be explained.
        """
        pixels = self.pixels
        if pixels.ndim != 3:
            raise ContractError(f"{what} returned pixels of shape {pixels.shape}, expected pixels of shape (h, w, c).")
        if 0 in pixels.shape:
            raise InputError(f"the image has no pixels: its shape is {pixels.shape}")
        if pixels.dtype.kind not in "uif":
            raise InputError(f"pixels of type {pixels.dtype} are no real numbers: give uint8, uint16 or float")
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            bad = int((~np.isfinite(pixels)).sum())
            raise InputError(f"{bad} of the image's values are NaN or infinite: replace them before explaining")

    def copied(self) -> Self:
        """Return the image with pixels that nobody else can change."""
        return self if _unchanging(self.pixels) else replace(self, pixels=np.array(self.pixels))

    def framed(self, contract: Contract) -> tuple["Frame", "Image"]:
        """Return the frame of a model, and the image in it."""
        from limefw.modalities.frame import Frame

        frame = Frame.fit(self, contract)
        return frame, frame.enter(self)

    def preprocessed(self, composites: Any, contract: Contract) -> NDArray[Any]:
        """Return composites of this image ``(n, h, w, c)`` as the contract wants them."""
        from limefw.modalities.compose import preprocess

        return np.stack([preprocess(one, self.value_range, contract) for one in composites])

    def masked(self, kept: NDArray[np.bool_]) -> NDArray[Any]:
        """Return the pixels, black where `kept` is not True."""
        pixels = np.array(self.pixels)
        pixels[~kept] = self.value_range[0]
        return pixels


def _unchanging(array: NDArray[Any]) -> bool:
    """Say whether an array looks at bytes, as of a decoded file, which nobody can change."""
    below: Any = array
    while isinstance(below, np.ndarray):
        below = below.base
    return isinstance(below, bytes)
