"""Time series: the instance, and the composer that its fillers share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ContractError, InputError
from limefw.types import Draws, Floats, Segments, as_dtype, digest, frozen


LAYOUTS = {"t": "(n, t)", "tc": "(n, t, channels)", "ct": "(n, channels, t)"}
"""What a batch of series looks like to a model."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A time series of one or more channels that share their steps.

    Args:
        values: ``(t, channels)``, or ``(t,)`` of one; finite real numbers. They are copied.
        name: for titles and file names.
        channels: a name each; by default "channel 0" and so on.
        times: (t,) when each step was, growing; by default 0, 1, 2, ...
        unit: of the times, e.g. "s".
        layout: what a batch looks like to the model: "t" (n, t), "tc" (n, t, channels) or "ct" (n, channels, t); by
            default "t" where the values came flat, else "tc".
    """

    modality: ClassVar[str] = "series"

    values: NDArray[Any]
    name: str = "series"
    channels: tuple[str, ...] = ()
    times: NDArray[Any] | None = None
    unit: str = ""
    layout: str = ""

    def __post_init__(self) -> None:
        values = _numbers(self.values)
        layout = self.layout or ("t" if values.ndim == 1 else "tc")
        values = values[:, None] if values.ndim == 1 else values
        steps, count = values.shape
        if layout not in LAYOUTS:
            raise InputError(f"a series' layout is one of {', '.join(map(repr, LAYOUTS))}, got {layout!r}")
        if layout == "t" and count > 1:
            raise InputError(f"layout 't' is a batch (n, t) of one channel, and there are {count}: say 'tc' or 'ct'")
        if len(self.channels) not in (0, count):
            raise InputError(f"{self.channels!r} do not name {count} channels: give a tuple with a name each")
        names = tuple(map(str, self.channels)) or tuple(f"channel {at}" for at in range(count))
        if len(set(names)) < count:
            raise InputError(f"the names of channels must all differ, got {', '.join(names)}")
        object.__setattr__(self, "values", frozen(values))
        object.__setattr__(self, "channels", names)
        object.__setattr__(self, "layout", layout)
        if self.times is not None:
            object.__setattr__(self, "times", frozen(_growing(self.times, steps)))

    @classmethod
    def of(
        cls,
        array: Any,
        layout: str = "",
        *,
        name: str = "series",
        channels: Sequence[str] = (),
        times: Any = None,
        unit: str = "",
    ) -> "Series":
        """Make one of an array as the model reads it, without the axis of a batch: of layout "ct" (channels, t).

        Args:
            array: (t,), (t, channels) or (channels, t).
            layout: as above.
            name: as above, like all that follows.
            channels: their names.
            times: when each step was.
            unit: of these.
        """
        values = np.asarray(array.detach().cpu() if callable(getattr(array, "detach", None)) else array)
        values = values.T if layout == "ct" else values
        return cls(values, layout=layout, name=name, channels=tuple(channels), times=times, unit=unit)

    @property
    def shape(self) -> tuple[int, int]:
        """Steps and channels."""
        return self.values.shape[0], self.values.shape[1]

    def moments(self) -> Floats:
        """Return when each step was, ``(t,)``: its time, else its number."""
        return np.arange(self.shape[0], dtype=np.float64) if self.times is None else self.times.astype(np.float64)

    def span(self, first: int, last: int) -> str:
        """Say from when to when some steps reach, both included: "steps 20 to 29", "1.25 to 1.5 s"."""
        if self.times is None:
            return f"step {first}" if first == last else f"steps {first} to {last}"
        low, high = (_written(self.times, at) for at in (first, last))
        said = low if first == last else f"{low} to {high}"
        return f"{said} {self.unit}" if self.unit else f"time {said}"

    def fingerprint(self) -> str:
        """Return a hash of the values, their times, names and layout."""
        return digest(self.values, () if self.times is None else self.times, self.channels, self.unit, self.layout)


def _numbers(values: Any) -> NDArray[Any]:
    """Return a copy of what may be a series' values."""
    if hasattr(values, "columns"):
        raise InputError(
            f"a {type(values).__name__} has names and times, which would be lost: give it to limefw.explain as it is, "
            "with recipe='series'; or its numbers, with channels=list(frame.columns)"
        )
    given = values.detach().cpu() if callable(getattr(values, "detach", None)) else values
    array = np.array(given)
    if array.dtype.kind not in "buif":
        raise InputError(f"a series holds real numbers, got {type(values).__name__} of type {array.dtype}")
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise InputError(
            f"a series is an array (t,) or (t, channels), got shape {array.shape}: give one series, not a batch"
        )
    if array.dtype.kind == "b" or (array.dtype.itemsize < 4 and array.dtype.kind == "f"):
        array = array.astype(np.float32)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise InputError(f"{bad} of the series' values are NaN or infinite: fill the gaps before explaining")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _growing(times: Any, steps: int) -> NDArray[Any]:
    array = np.array(times)
    if array.dtype.kind not in "uif" or array.shape != (steps,) or not (np.diff(array.astype(np.float64)) > 0).all():
        raise InputError(
            f"times are {steps} growing numbers, one for each step, got an array of shape {array.shape} and type "
            f"{array.dtype}: of dates give seconds or days since the first"
        )
    return array


def _written(times: NDArray[Any], at: int) -> str:
    """Return a time with the digits that tell it from its neighbours."""
    gap = np.diff(times.astype(np.float64)).min() if len(times) > 1 else 1.0
    # one more than tells neighbours apart: steps of a quarter have two
    digits = 1 + max(0, int(np.ceil(-np.log10(gap))))
    text = f"{float(times[at]):.{min(digits, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True, eq=False)
class SeriesComposer:
    """Shows the series where a code keeps its segment and a background where it hides it.

    Args:
        values: ``(t, channels)``.
        backgrounds: ``(b, t, channels)`` in the same type; each row's number ``values["draw"]`` picks one.
        labels: ``(t, channels)``, -1 = always shown.
        layout: what a batch looks like.
        basis: ``(d, t, channels)`` shares where segments are soft or overlap, or None.
    """

    values: NDArray[Any]
    backgrounds: NDArray[Any]
    labels: NDArray[np.intp]
    layout: str
    basis: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, series: Series, background: Any, segments: Segments) -> "SeriesComposer":
        """Make one of a background ``(t, channels)``, or several ``(b, t, channels)``, of any real type.

        Raises:
            ContractError: where a background is not finite.
        """
        backgrounds = np.broadcast_to(background, np.broadcast_shapes(np.shape(background), (1, *series.shape)))
        if backgrounds.dtype.kind == "f" and not np.isfinite(backgrounds).all():
            raise ContractError("a filler's background holds NaN or infinity: a model would answer with NaN")
        exact = as_dtype(backgrounds, series.values.dtype, truncate=False)
        return cls(series.values, frozen(exact), segments.labels, series.layout, segments.basis)

    @property
    def random(self) -> bool:
        """Whether a row shows one of several backgrounds: the pipeline then draws a number for it."""
        return len(self.backgrounds) > 1

    @property
    def row_bytes(self) -> int:
        """The size of one composite."""
        return int(self.values.nbytes)

    @property
    def hides_nothing(self) -> bool:
        """Whether every background is what is shown anyway."""
        inside = self.labels >= 0 if self.basis is None else self.basis.any(axis=0)
        return not (self.backgrounds != self.values)[:, inside].any()

    def fingerprint(self) -> str:
        """Return a hash of everything that a composite depends on but its code and number."""
        return digest(self.values, self.backgrounds, self.labels, self.layout, () if self.basis is None else self.basis)

    def keys(self, draws: Draws) -> list[bytes]:
        """Return a key for each row: its code and the background that it shows."""
        packed = np.packbits(draws.codes, axis=1) if draws.codes.dtype == np.bool_ else np.array(draws.codes)
        return [code.tobytes() + bytes(str(at), "ascii") for code, at in zip(packed, self._chosen(draws), strict=True)]

    def compose(self, draws: Draws) -> NDArray[Any]:
        """Return a batch of composites in the layout."""
        shares = shown(draws.codes, self.labels, self.basis)
        hidden = self.backgrounds[self._chosen(draws)]
        return arranged(blended(self.values, hidden, shares), self.layout)

    def _chosen(self, draws: Draws) -> NDArray[np.intp]:
        numbers = draws.values.get("draw")
        if numbers is None:
            return np.zeros(len(draws), dtype=np.intp)
        return (numbers % np.uint64(len(self.backgrounds))).astype(np.intp)


def shown(codes: NDArray[Any], labels: NDArray[np.intp], basis: NDArray[np.float32] | None = None) -> NDArray[Any]:
    """Return how much of each value ``(n, t, channels)`` is shown: bool where codes are and segments do not overlap."""
    if basis is None:
        always = np.ones((len(codes), 1), dtype=codes.dtype)
        return np.concatenate([codes, always], axis=1)[:, labels]
    # row by row: the last bit of a product of matrices depends on how many rows it has
    rows = [1.0 - np.tensordot(1.0 - code.astype(np.float64), basis, axes=1) for code in codes]
    return np.stack(rows)


def blended(values: NDArray[Any], hidden: NDArray[Any], shares: NDArray[Any]) -> NDArray[Any]:
    """Return values where they are shown and `hidden` elsewhere, in the type of the values."""
    if shares.dtype == np.bool_:
        return np.where(shares, values, hidden)
    return as_dtype(shares * values.astype(np.float64) + (1.0 - shares) * hidden, values.dtype, truncate=False)


def arranged(batch: NDArray[Any], layout: str) -> NDArray[Any]:
    """Return a batch ``(n, t, channels)`` as the model reads it."""
    if layout == "t":
        return np.ascontiguousarray(batch[..., 0])
    return np.ascontiguousarray(batch if layout == "tc" else np.moveaxis(batch, 2, 1))


def windows_named(series: Series, edges: Sequence[Sequence[int]], *, shared: bool) -> Segments:
    """Return segments that follow each other in time.

    Args:
        series: that is cut.
        edges: for each channel (or once for all) where its segments start, and at the end the number of steps.
        shared: whether all channels have the same segments, hidden together.
    """
    if sum(len(bounds) - 1 for bounds in edges) < 2:
        raise InputError("the whole series is one segment: ask for more of them, or for segments per channel")
    labels, names, steps = np.empty(series.shape, dtype=np.intp), list[str](), replace(series, times=None)
    for at, bounds in enumerate(edges):
        place = slice(None) if shared else slice(at, at + 1)
        for first, end in pairwise(bounds):
            labels[first:end, place] = len(names)
            channel = "" if shared or series.shape[1] == 1 else f"{series.channels[at]}, "
            said = channel + series.span(first, end - 1)
            # where times are too close to be told apart
            names.append(said if said not in names else channel + steps.span(first, end - 1))
    return Segments(labels, tuple(names))
