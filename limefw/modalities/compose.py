"""From masks to model inputs: preprocessing once, and the hot loop.

Per-pixel preprocessing commutes with masking, so image and backgrounds are preprocessed once and each composite is put
together straight in the model's layout and dtype: a bit of one table look-up per pixel and two copies, into a reused
buffer.
"""

# annotations of inner functions would be evaluated anew for every chunk
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ContractError
from limefw.modalities.image import Image
from limefw.types import Contract, Draws, Floats, Labels, Segments, as_dtype, digest, frozen


@dataclass(frozen=True, slots=True, eq=False)
class PixelComposer:
    """Shows the image where a code keeps its segment and a background where it hides it.

    Args:
        pixels: ``(h, w, c)``, or ``(c, h, w)`` where `planar`.
        backgrounds: ``(b, ...)`` in the shape and dtype of `pixels`; ``values["background"]`` picks one a row, else
            the row's number ``values["draw"]`` does.
        labels: ``(h, w)``, -1 = always shown.
        value_range: what black and white are in the image that it was made from.
        basis: ``(d, h, w)`` shares, or None.
        planar: channels first.
    """

    pixels: NDArray[Any]
    backgrounds: NDArray[Any]
    labels: Labels
    value_range: tuple[float, float]
    basis: NDArray[np.float32] | None = None
    planar: bool = False
    _index: NDArray[Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", frozen(_narrow(self.labels + 1)))
        object.__setattr__(self, "pixels", frozen(np.ascontiguousarray(self.pixels)))
        object.__setattr__(self, "backgrounds", frozen(np.ascontiguousarray(self.backgrounds)))

    @classmethod
    def of(cls, image: Image, background: NDArray[Any], segments: Segments, *, truncate: bool = False) -> Self:
        """Make one of an image and one background ``(h, w, c)`` (or several, ``(b, h, w, c)``) of any real dtype.

        Args:
            image: what is shown where a segment is kept.
            background: what is shown where it is hidden, in the image's units.
            segments: of the image.
            truncate: cut decimals off (as lime 0.2.0.1 does) where the image holds integers, instead of rounding.

        Raises:
            ContractError: where a background is not finite.
        """
        backgrounds = np.asarray(background).reshape(-1, *image.pixels.shape)
        if backgrounds.dtype.kind == "f" and not np.isfinite(backgrounds).all():
            raise ContractError("a filler's background holds NaN or infinity: a model would answer with NaN")
        exact = as_dtype(backgrounds, image.pixels.dtype, truncate=truncate)
        return cls(image.pixels, exact, segments.labels, image.value_range, segments.basis)

    @property
    def random(self) -> bool:
        """Whether a row shows one of several backgrounds: the pipeline then draws a number for it."""
        return len(self.backgrounds) > 1

    @property
    def alternatives(self) -> int:
        """How many backgrounds a row's number chooses from."""
        return len(self.backgrounds)

    @property
    def bindable(self) -> bool:
        """Whether a row is made of whole segments, so that a model can compose from the codes by itself."""
        return self.basis is None

    @property
    def row_bytes(self) -> int:
        """The size of one composite."""
        return int(self.pixels.nbytes)

    def fingerprint(self) -> str:
        """Return a hash of everything that a composite depends on but its code and values."""
        basis = () if self.basis is None else self.basis
        return digest(self.pixels, self.backgrounds, self.labels, basis, self.planar, self.value_range)

    @property
    def hides_nothing(self) -> bool:
        """Whether hiding shows nothing: a one-pixel segment is its own mean colour, a flat picture is flat anyhow."""
        inside = self.labels >= 0 if self.basis is None else self.basis.any(axis=0)
        return not any((background != self.pixels)[inside].any() for background in self.backgrounds)

    def buffer(self, rows: int) -> NDArray[Any]:
        """Return an uninitialised array for `rows` composites."""
        return np.empty((rows, *self.pixels.shape), dtype=self.pixels.dtype)

    def compose(self, draws: Draws, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return ``(n, ...)`` composites, in `out` where given."""
        composites = self.buffer(len(draws)) if out is None else out[: len(draws)]
        backgrounds = [self.backgrounds[at] for at in self.chosen(draws)]
        if self.basis is not None or draws.codes.dtype != np.bool_:
            for code, background, composite in zip(draws.codes, backgrounds, composites, strict=True):
                self._blend(code, background, composite)
        else:
            self._overlay(draws.codes, backgrounds, composites)
        return composites

    def chosen(self, draws: Draws) -> NDArray[np.intp]:
        """Return each row's background (n,): the one that was said, else the one that its number falls on."""
        if "background" in draws.values:
            return draws.values["background"].astype(np.intp)
        if "draw" in draws.values:
            return (draws.values["draw"] % np.uint64(len(self.backgrounds))).astype(np.intp)
        return np.zeros(len(draws), dtype=np.intp)

    def _overlay(self, codes: NDArray[np.bool_], backgrounds: Sequence[NDArray[Any]], out: NDArray[Any]) -> None:
        copy = _masked_copy(self.pixels.dtype, 1 if self.planar else self.pixels.shape[2])
        for mask, background, composite in zip(_masks(self._index, codes), backgrounds, out, strict=True):
            parts = (
                zip(self.pixels, background, composite, strict=True)
                if self.planar
                else ((self.pixels, background, composite),)
            )
            for shown, hidden, part in parts:
                np.copyto(part, hidden)
                copy(shown, mask, part)

    def _blend(self, code: NDArray[Any], background: NDArray[Any], out: NDArray[Any]) -> None:
        hidden = 1.0 - code.astype(np.float64)
        if self.basis is None:
            share = 1.0 - np.append(hidden, 0.0)[self.labels]
        else:
            share = 1.0 - np.tensordot(hidden, self.basis, axes=1)
        share = share[None] if self.planar else share[..., None]
        mixed = share * self.pixels.astype(np.float64) + (1.0 - share) * background
        out[...] = as_dtype(mixed, out.dtype, truncate=False)

    def prepared(self, contract: Contract) -> Self:
        """Return the composer that makes what the model reads, preprocessing image and backgrounds once."""
        form = (contract.layout, contract.order, contract.dtype)
        if not self.planar and not _rescales(contract) and form == ("NHWC", "RGB", None):
            return self
        arrays = (self.pixels, *self.backgrounds)
        last = [np.moveaxis(array, 0, -1) for array in arrays] if self.planar else arrays
        ready = [preprocess(array, self.value_range, contract) for array in last]
        return replace(
            self,
            pixels=ready[0],
            backgrounds=np.stack(ready[1:]),
            planar=contract.layout == "NCHW",
        )


def preprocess(pixels: NDArray[Any], value_range: tuple[float, float], contract: Contract) -> NDArray[Any]:
    """Return ``(h, w, c)`` pixels as the contract wants them: range, mean and std, channel order, layout, dtype."""
    swap = contract.order == "BGR" and pixels.shape[-1] == 3
    array: NDArray[Any] = pixels[..., ::-1] if swap else pixels
    if _rescales(contract):
        array = array.astype(np.float64)
        if contract.value_range is not None:
            low, high = value_range
            black, white = contract.value_range
            array = (array - low) / (high - low) * (white - black) + black
        array = (array - np.array(contract.mean)) / np.array(contract.std)
    if contract.layout == "NCHW":
        array = np.moveaxis(array, -1, 0)
    dtype = contract.dtype or ("float32" if _rescales(contract) else array.dtype)
    return np.ascontiguousarray(as_dtype(array, np.dtype(dtype), truncate=False))


def _rescales(contract: Contract) -> bool:
    return contract.value_range is not None or any(contract.mean) or any(part != 1.0 for part in contract.std)


def _narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return numbers >= 0 in the smallest type that holds them."""
    return np.ascontiguousarray(numbers.astype(np.min_scalar_type(int(numbers.max(initial=0)))))


def _masks(index: NDArray[Any], codes: NDArray[np.bool_]) -> Iterator[NDArray[np.uint8]]:
    """Yield for each code the mask ``(h, w)`` of what it shows (0 where it hides), in an array that is used again.

    Eight codes are looked up at once, a bit each: a look-up costs as much as the two copies.
    """
    look_up = _lookup(index)
    mask = np.empty(index.shape, dtype=np.uint8)
    for eight, bits in enumerate(np.packbits(codes, axis=0, bitorder="little")):
        packed = look_up(bits)
        for bit in range(min(8, len(codes) - 8 * eight)):
            yield np.bitwise_and(packed, np.uint8(1 << bit), out=mask)


def _lookup(index: NDArray[Any]) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Return a function from a byte for each segment to ``(h, w)`` bytes, in an array that is used again.

    Entry 0 of the table stands for label -1, which is always shown.
    """
    cv2 = _cv2()
    found = np.empty(index.shape, dtype=np.uint8)
    known = cv2 is not None and (
        index.itemsize == 1 or (index.itemsize == 2 and int(cv2.__version__.split(".")[0]) > 4)
    )
    table = np.full(1 << 8 * index.itemsize if known else int(index.max()) + 1, 255, dtype=np.uint8)

    def look_up(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
        table[1 : len(bits) + 1] = bits
        if known:
            cv2.LUT(index, table, found)
        else:
            np.take(table, index, out=found, mode="clip")
        return found

    return look_up


_CV_TYPES = frozenset("bBHhif") | {"d"}


def _masked_copy(
    dtype: np.dtype[Any], channels: int
) -> Callable[[NDArray[Any], NDArray[np.uint8], NDArray[Any]], None]:
    """Return ``copy(source, mask, out)``: OpenCV's where it knows the type, else NumPy's, with equal results."""
    cv2 = _cv2()
    if cv2 is not None and dtype.char in _CV_TYPES and channels <= 32:

        def copy(source: NDArray[Any], mask: NDArray[np.uint8], out: NDArray[Any]) -> None:
            cv2.copyTo(source, mask, out)

        return copy

    def copy_where(source: NDArray[Any], mask: NDArray[np.uint8], out: NDArray[Any]) -> None:
        where = mask != 0
        np.copyto(out, source, where=where if source.ndim == 2 else where[..., None])

    return copy_where


def _cv2() -> Any:
    try:
        import cv2
    except ImportError:
        return None
    return cv2


def mean_colors(image: Image, segments: Segments) -> Floats:
    """Return ``(h, w, c)`` with each pixel the mean colour of its segment (its own colour where it is in none)."""
    flat = segments.labels.ravel()
    inside = flat >= 0
    sizes = np.maximum(np.bincount(flat[inside], minlength=segments.count), 1)
    filled = image.pixels.astype(np.float64)
    for channel in range(image.channels):
        sums = np.bincount(flat[inside], weights=filled[..., channel].ravel()[inside], minlength=segments.count)
        plane = filled[..., channel]
        plane[...] = np.where(segments.labels >= 0, (sums / sizes)[segments.labels], plane)
    return filled
