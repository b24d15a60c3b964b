"""Other pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, MinLen
from numpy.random import Generator
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.compose import PixelComposer
from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.types import Contract, Segments, as_dtype
from limefw_plugins.readers.image_array import image_array
from limefw_plugins.readers.image_file import image_file


Fit = Literal["crop", "stretch"]


def images(
    image: Image,
    segments: Segments,
    rng: Generator,
    /,
    *,
    paths: str | Annotated[list[str], MinLen(1)],
    fit: Fit = "crop",
    most: Annotated[int, Ge(1)] = 16,
) -> PixelComposer:
    """Show a hidden segment as it is in another picture; of several, each draw takes one.

    With more than one picture the effects are averages over them, standard errors count what the pictures change, and
    no combination is enumerated without error. For pictures in memory there is `showing`.

    Args:
        paths: a file, or a folder of which all with a picture's suffix count, as seen from the current folder; or a
            list of them.
        fit: "crop" fills the photograph's frame and cuts off what stands over; "stretch" bends the picture.
        most: of more pictures than these as many are chosen at random; each is held in memory.
    """
    named = [paths] if isinstance(paths, str) else paths
    if not all(named):
        raise InputError("filler images: paths is empty; for the current folder say '.'")
    files = [file for path in named for file in _files(Path(path))]
    if len(files) > most:
        files = [files[at] for at in sorted(rng.choice(len(files), most, replace=False))]
    return _composer(image, segments, [image_file(file) for file in files], fit)


def showing(*pictures: Any, fit: Fit = "crop") -> Callable[[Image, Segments, Generator], PixelComposer]:
    """Return a filler of pictures in memory: ``explain(..., filler=showing(array, other))``.

    Args:
        pictures: arrays, tensors, PIL images, or limefw.Image where the value range is to be said.
        fit: as above.
    """
    loaded = [picture if isinstance(picture, Image) else image_array(picture) for picture in pictures]
    if not loaded:
        raise InputError("showing() takes at least one picture")

    def shown(image: Image, segments: Segments, _rng: Generator, /) -> PixelComposer:
        return _composer(image, segments, loaded, fit)

    return shown


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    from PIL import Image as Pillow

    known = {suffix for suffix, kind in Pillow.registered_extensions().items() if kind in Pillow.OPEN}
    visible = (item for item in path.iterdir() if item.is_file() and not item.name.startswith("."))
    found = sorted(item for item in visible if item.suffix.lower() in known)
    if not found:
        raise InputError(f"filler 'images': no file in the folder {path} has a suffix of a picture, such as .png")
    return found


def _composer(image: Image, segments: Segments, pictures: Sequence[Image], fit: Fit) -> PixelComposer:
    return PixelComposer.of(image, np.stack([_framed(other, image, fit) for other in pictures]), segments)


def _framed(other: Image, image: Image, fit: Fit) -> NDArray[Any]:
    """Bring a picture to the size, channels, range and type of the photograph."""
    if other.channels not in (1, image.channels) and (other.channels, image.channels) != (3, 1):
        raise InputError(
            f"filler 'images': {other.name} has {other.channels} channels and the photograph has {image.channels}"
        )
    contract = Contract(size=image.shape, channels=image.channels, resize=fit)
    low, high = image.value_range
    unit = np.clip(Frame.fit(other, contract).enter(other).unit(), 0.0, 1.0)
    return as_dtype(low + unit * (high - low), image.pixels.dtype, truncate=False)
