"""What an image processor of Hugging Face does to images, found by asking it: there are dozens of kinds."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ModelSourceError
from limefw.modalities.compose import preprocess
from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.types import Contract, Floats


Policy = Literal["stretch", "crop", "pad"]
POLICIES: tuple[Policy, ...] = ("stretch", "crop", "pad")
CLOSE = 0.006
"""Between black at 0 and white at 1, on average over a picture: rounding and the kind of interpolation."""


def contract_of(processor: Any, channels: int) -> tuple[Contract, tuple[str, ...]]:
    """Return size, resize policy, channel order, mean and std of what a processor makes of pictures, and notes.

    Raises:
        ModelSourceError: where it makes something else of them than a contract can say.
    """
    name = type(processor).__name__
    size = _size(processor, channels)
    order, mean, std = _affine(processor, channels)
    plain = Contract(
        size=size, channels=channels, layout="NCHW", order=order, value_range=(0.0, 1.0), mean=mean, std=std,
        head="logits",
    )  # fmt: skip
    resize, distance = _policy(processor, plain) if size else ("stretch", 0.0)
    notes = []
    if distance > CLOSE:
        shown = {"stretch": "all of it", "crop": "the middle of it", "pad": "all of it in a border"}[resize]
        notes.append(
            f"{name} shows another part of a photograph than limefw, which shows {shown}: between black at 0 and "
            f"white at 1 they differ by {distance:.2g} on a ramp"
        )
    if size and (filtered := _filter(processor)) not in ("bicubic", ""):
        notes.append(f"{name} resizes by {filtered} interpolation, limefw by bicubic")
    return replace(plain, resize=resize), tuple(notes)


def _made(processor: Any, pixels: NDArray[np.uint8]) -> Floats:
    """Return what a processor makes of ``(h, w, c)`` pixels, ``(c, h, w)``."""
    name = type(processor).__name__
    try:
        made = processor(images=pixels, return_tensors="np", input_data_format="channels_last")
        values = np.asarray(made["pixel_values"], dtype=np.float64)
    except Exception as error:
        raise ModelSourceError(f"{name} makes no pixel values of a picture: {type(error).__name__}: {error}") from error
    if set(made) != {"pixel_values"} or values.ndim != 4 or len(values) != 1:
        raise ModelSourceError(
            f"{name} makes {', '.join(made)} of shape {values.shape[1:]} of a picture, and limefw knows models of "
            "pixel_values (c, h, w) alone. Give a function of images that calls both"
        )
    found: Floats = values[0]
    return found


def _size(processor: Any, channels: int) -> tuple[int, int] | None:
    """Return the size of what it makes, or None where it leaves pictures at their own."""
    sizes = ((160, 240), (240, 160))
    shapes = [_made(processor, np.zeros((*size, channels), np.uint8)).shape for size in sizes]
    if shapes == [(channels, *size) for size in sizes]:
        return None
    if shapes[0] != shapes[1] or shapes[0][0] != channels:
        raise ModelSourceError(
            f"{type(processor).__name__} makes {shapes[0]} of a wide picture and {shapes[1]} of a tall one, and limefw "
            f"needs one size of {channels} channels: give a function of images that calls processor and model"
        )
    return shapes[0][1], shapes[0][2]


def _affine(processor: Any, channels: int) -> tuple[Literal["RGB", "BGR"], tuple[float, ...], tuple[float, ...]]:
    """Return the order of channels, mean and std, for black at 0 and white at 1, from plain pictures."""

    def seen(*color: int) -> Floats:
        picture = np.full((64, 64, channels), color, dtype=np.uint8)
        made = _made(processor, picture)
        middle: Floats = made[:, made.shape[1] // 2, made.shape[2] // 2]
        return middle

    black, white, grey = seen(0), seen(255), seen(102)
    span = white - black
    straight = bool((span > 0).all()) and np.allclose((grey - black) / np.where(span > 0, span, 1.0), 0.4, atol=1e-3)
    order: Literal["RGB", "BGR"] = "RGB"
    if straight and channels == 3:
        red = ((seen(255, 0, 0) - black) / span).round(3).tolist()
        order = "BGR" if red == [0.0, 0.0, 1.0] else "RGB"
        straight = red in ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    if not straight:
        raise ModelSourceError(
            f"{type(processor).__name__} does more to pixels than a mean and a std for each channel. Give a "
            "function of images that calls processor and model"
        )
    # as many digits as float32 holds for sure
    std = tuple(float(f"{part:.6g}") for part in 1.0 / span)
    return order, tuple(float(f"{part:.6g}") for part in 0.0 - black / span), std


def _policy(processor: Any, contract: Contract) -> tuple[Policy, float]:
    """Return the policy that comes nearest on ramps in a picture of another aspect, and how near."""
    height, width = contract.size or (1, 1)
    row, column = (places / places.max() for places in np.indices((3 * height // 2, 9 * width // 4)))
    ramps = ((row + column) / 2, row, column)
    channels = [ramps[at % 3] for at in range(contract.channels or 1)]
    pixels = np.rint(255 * np.stack(channels, axis=2)).astype(np.uint8)
    theirs, std = _made(processor, pixels), np.reshape(contract.std, (-1, 1, 1))

    def distance(policy: Policy) -> float:
        wanted = replace(contract, resize=policy)
        framed = Frame.fit(image := Image(pixels, (0.0, 255.0)), wanted).enter(image)
        return float((np.abs(preprocess(framed.pixels, (0.0, 255.0), wanted) - theirs) * std).mean())

    distances: dict[Policy, float] = {policy: distance(policy) for policy in POLICIES}
    nearest = min(POLICIES, key=distances.__getitem__)
    return nearest, distances[nearest]


def _filter(processor: Any) -> str:
    """Return the name of the interpolation, or nothing where it has none that is known."""
    from PIL.Image import Resampling

    try:
        return Resampling(processor.resample).name.lower()
    except (AttributeError, ValueError):
        return ""
