"""A row's features cut into bins, and the composer that its fillers share."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.table import Feature, Row, number_text
from limefw.types import Codes, Draws, Floats, Labels, Segments, digest, freeze


ASKED = 50
"""Rows that the model is asked about for each what-if question: hidden features are drawn so many times."""

SLICE = 256
"""Columns filled at a time: of a block of rows these fit a processor's cache."""

KEYED = 64
"""Features up to which rows are told apart by what they hold; of more, two hardly ever are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Bins(Segments):
    """The features of a row; a code is True where a drawn row lies in the same bin as this one.

    Args:
        labels: (f,) a number for each feature that is varied, -1 for those kept.
        edges: (f, m) the upper ends of bins of numbers, which belong to them; NaN behind the last. A category is a bin.
        scaled: (f,) True where there are no bins: the code is the value less `means`, in units of `scales`.
        means: (f,) of the table's column, in its own units, where `scaled`; elsewhere 0.
        scales: (f,) its standard deviation there, in the same units; elsewhere 1.
    """

    edges: Floats | None = None
    scaled: NDArray[np.bool_] | None = None
    means: Floats | None = None
    scales: Floats | None = None

    @classmethod
    def of(cls, row: Row, edges: Sequence[Any], *, drop_constant: bool = True) -> "Bins":
        """Make them of a row and of its numbers' edges.

        Args:
            row: of a table.
            edges: for each feature: where bins end (empty: one bin), or None: not cut.
            drop_constant: leave out features that are the same in all of the background.

        Raises:
            InputError: where fewer than two features are left, or a value is missing where numbers are not cut.
        """
        table = row.background
        scaled = np.array([cut is None and not item.texts for cut, item in zip(edges, table.features, strict=True)])
        wide = max((len(cut) for cut in edges if cut is not None), default=0)
        ends = np.full((len(edges), max(wide, 1)), math.nan)
        for at, cut in enumerate(edges):
            if cut is not None:
                ends[at, : len(cut)] = cut
        if (bad := scaled & np.isnan(row.values)).any():
            name = row.names[int(np.flatnonzero(bad)[0])]
            raise InputError(f"{name!r} is missing in this row, and only bins have one for what is missing: use bins")
        varied = np.array([not feature.kept for feature in table.features])
        if drop_constant:
            first, last = slices_of(row, cls(np.arange(len(edges)), (), edges=ends, scaled=scaled))
            varied &= last - first < table.pools.shape[1]
        if varied.sum() < 2:
            raise InputError(_too_few(row, int(varied.sum())))
        labels = np.where(varied, np.cumsum(varied) - 1, -1)
        means, scales = np.zeros(len(edges)), np.ones(len(edges))
        if scaled.any():
            means, scales = np.where(scaled, table.means, means), np.where(scaled, table.scales, scales)
        cuts = [[] if cut is None else list(map(float, cut)) for cut in edges]
        names = [_name(row, at, cuts[at], scales[at] if scaled[at] else None) for at in np.flatnonzero(varied).tolist()]
        return cls(labels, tuple(names), edges=ends, scaled=scaled, means=means, scales=scales)

    def __post_init__(self) -> None:
        numbers = dict.fromkeys(("edges", "means", "scales"), np.float64)
        freeze(self, {"labels": None, "scaled": np.bool_, **numbers})

    @property
    def varied(self) -> NDArray[np.intp]:
        """(d,) the features that the columns of codes stand for."""
        return np.flatnonzero(self.labels >= 0)

    def codes(self, row: Row, rows: Floats) -> Codes:
        """Return the codes of encoded rows ``(n, f)``: bool, or float64 where some features are not cut."""
        low, high = bounds_of(row, self)
        at = self.varied
        values, own = rows[:, at], row.values[at]
        same = ((values > low[at]) & (values <= high[at])) | (np.isnan(values) & np.isnan(own))
        scaled = self.scaled[at] if self.scaled is not None else np.zeros(len(at), dtype=np.bool_)
        if not scaled.any():
            return same
        assert self.means is not None
        assert self.scales is not None
        # what is missing in a drawn row counts as the mean
        standard = np.nan_to_num((values - self.means[at]) / self.scales[at])
        return np.where(scaled, standard, same)

    def fingerprint(self) -> str:
        """Return a hash of labels and edges."""
        return digest(self.labels, () if self.edges is None else self.edges)


def bounds_of(row: Row, segments: Segments) -> tuple[Floats, Floats]:
    """Return the ends of the bins that a row lies in, ``(f,)`` each: above the first, up to the second.

    Of a category, and of what is not cut, a bin holds the row's own value alone.
    """
    low, high = np.nextafter(row.values, -np.inf), np.array(row.values)
    if not isinstance(segments, Bins) or segments.edges is None or segments.scaled is None:
        return low, high
    cut = ~(segments.scaled | np.isnan(row.values) | [bool(feature.texts) for feature in row.background.features])
    place, every = (segments.edges < row.values[:, None]).sum(axis=1), np.arange(len(low))
    ends = np.pad(
        np.nan_to_num(segments.edges, nan=np.inf), ((0, 0), (1, 1)), constant_values=((0, 0), (-np.inf, np.inf))
    )
    return np.where(cut, ends[every, place], low), np.where(cut, ends[every, place + 1], high)


def slices_of(row: Row, segments: Segments) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each feature where the row's own bin begins and ends among the table's pooled values."""
    low, high = bounds_of(row, segments)
    pools, missing = row.background.pools, np.isnan(row.values)
    # in order, and what is missing last, which is below nothing
    first, last, there = ((pools <= end[:, None]).sum(axis=1) for end in (low, high, np.full(len(low), np.inf)))
    return np.where(missing, there, first), np.where(missing, pools.shape[1], last)


def _too_few(row: Row, count: int) -> str:
    features = row.background.features
    kept = sum(feature.kept for feature in features)
    return (
        f"{count} of {len(features)} features can be varied, and an explanation compares at least 2: {kept} are "
        f"kept (immutable, or dates and the like), and the others are the same in all {len(row.background)} rows of "
        "the table. Give the data that the model was made for, and more columns"
    )


def _name(row: Row, at: int, ends: list[float], scale: float | None) -> str:
    """Return what is said of a feature: "37 < age <= 50", "housing = own", "age (for each 13.6 more)"."""
    feature, value = row.background.features[at], float(row.values[at])
    if scale is not None:
        return f"{feature.name} (for each {_short(scale)} more)"
    if math.isnan(value):
        return f"{feature.name} is missing"
    if feature.texts:
        return f"{feature.name} = {feature.texts[int(value)]}"
    return between(feature, value, ends)


def between(feature: Feature, value: float, ends: Sequence[float]) -> str:
    """Say in which bin a number lies, with as many digits as it takes to be true."""
    if not len(ends):
        return f"{feature.name} = {number_text(value)}"
    place = bisect_left(ends, value)
    below = ends[place - 1] if place else None
    above = ends[place] if place < len(ends) else None
    if feature.kind == "integer":
        # age <= 37.25 is age <= 37, and 36 < age <= 37 is age = 37
        whole = [None if end is None else math.floor(end) for end in (below, above)]
        if None not in whole and whole[1] - whole[0] == 1:  # type: ignore[operator]
            return f"{feature.name} = {number_text(value)}"
        texts = [None if end is None else number_text(end) for end in whole]
    else:
        texts = _digits(value, below, above, min((b - a for a, b in pairwise(ends)), default=abs(ends[0]) / 100))
    low, high = texts
    if low is None:
        return f"{feature.name} <= {high}"
    return f"{feature.name} > {low}" if high is None else f"{low} < {feature.name} <= {high}"


def _digits(value: float, below: float | None, above: float | None, scale: float) -> list[str | None]:
    """Write the ends of a bin with three figures of its width, and as many more as make it true of the value."""
    start = max(0, 2 - math.floor(math.log10(scale))) if scale > 0 else 0
    for decimals in range(min(start, 15), 18):
        low, high = (None if end is None else float(f"{end:.{decimals}f}") for end in (below, above))
        if (low is None or low < value) and (high is None or value <= high):
            return [None if end is None else number_text_of(end, decimals) for end in (below, above)]
    return [None if end is None else repr(float(end)) for end in (below, above)]


def number_text_of(value: float, decimals: int) -> str:
    """Return a number with so many decimals at the most, without zeros at the end."""
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-9:
        return repr(float(value))
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _short(value: float) -> str:
    return f"{value:.3g}" if 1e-4 <= abs(value) < 1e3 else number_text(float(f"{value:.3g}"))


@dataclass(frozen=True, slots=True, eq=False)
class RowComposer:
    """Rows as the sampler drew them, ``values["row"]``; else this row with other values where a code hides its own.

    Which they are follows from the draw's number, ``values["draw"]``, so that composing makes no choice. Where
    ``values["within"]`` is set, a feature that is kept takes some value of its bin instead of the row's own.

    Args:
        row: of a table.
        labels: (f,) which code each feature follows, -1: always its own.
        first: (f,) where the row's bin begins among the table's pooled values.
        last: (f,) where it ends.
        joint: hidden features show one row of the background together, instead of values from other bins each.
        uncut: some features are not cut into bins: their codes are amounts, and only a sampler of rows draws these.
    """

    row: Row
    labels: Labels
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    joint: bool = False
    uncut: bool = False

    def __post_init__(self) -> None:
        freeze(self, {"labels": None, "first": np.intp, "last": np.intp})

    @classmethod
    def of(cls, row: Row, segments: Segments, *, joint: bool = False) -> "RowComposer":
        """Make one of a row and its bins.

        Raises:
            InputError: where rows of the background are wanted, and only statistics are known.
        """
        if joint and row.background.encoded is None:
            raise InputError("the table knows statistics and no rows: use filler 'other_values'")
        scaled = getattr(segments, "scaled", None)
        uncut = scaled is not None and bool(scaled[segments.labels >= 0].any())
        return cls(row, segments.labels, *slices_of(row, segments), joint, uncut)

    @property
    def random(self) -> bool:
        """What hidden features show is left to the draw's number."""
        return True

    @property
    def row_bytes(self) -> int:
        """How much memory a composed row takes."""
        return 8 * len(self.labels)

    def compose(self, draws: Draws) -> Any:
        """Return the rows as the model wants them."""
        rows = self.rows(draws)
        # a model may write on what it is given, and what a sampler drew is read-only and still needed
        return self.row.background.frame(rows.copy() if "row" in draws.values else rows)

    def rows(self, draws: Draws) -> Floats:
        """Return encoded rows ``(n, f)``.

        Raises:
            InputError: where a sampler tossed coins, and features have no bins to stay in or to leave.
        """
        if "row" in draws.values:
            return np.asarray(draws.values["row"])
        if self.uncut:
            raise InputError(
                "columns that are not cut into bins (discretizer 'none') are drawn as amounts, and this sampler only "
                "draws what is kept: use sampler 'marginals', 'bootstrap' or 'gaussian_copula', or a discretizer that "
                "cuts them, such as 'quartile'"
            )
        numbers = draws.values.get("draw", np.zeros(len(draws), dtype=np.uint64))
        varied = np.flatnonzero(self.labels >= 0)
        codes = draws.codes if np.array_equal(self.labels, np.arange(draws.codes.shape[1])) else (
            draws.codes[:, self.labels[varied]]
        )  # fmt: skip
        kept = codes if codes.dtype == np.bool_ else codes > 0
        if self.joint:  # one row of the background for all
            shown = np.where(kept, self.row.values[varied], self._background(numbers)[:, varied])
        else:
            within = draws.values.get("within", np.zeros(len(draws), dtype=np.bool_))
            shown = self._filled(varied, kept, within, numbers)
        if len(varied) == len(self.labels):
            return shown
        rows = np.repeat(self.row.values[None], len(draws), axis=0)
        rows[:, varied] = shown
        return rows

    def _filled(
        self, varied: NDArray[np.intp], kept: NDArray[np.bool_], within: NDArray[np.bool_], numbers: Any
    ) -> Floats:
        """Return values from other bins where a feature is hidden, from its own bin where it is kept within that."""
        pools = self.row.background.pools
        size, (first, last) = np.uint32(pools.shape[1]), np.array([self.first, self.last], dtype=np.uint32)[..., None]
        filled = np.empty(kept.shape)
        # column by column, as each has a pool of its own
        for start in range(0, len(varied), SLICE):
            at = varied[start : start + SLICE]
            shown = np.ascontiguousarray(kept[:, start : start + SLICE].T)
            same, own = shown & within, (last - first)[at]
            # from the row's own bin, or from behind it on and round to where it begins; below 0 is far above
            within_own = same.astype(np.uint32)
            count = (size - own) + within_own * (own + own - size)
            place = random_below(count, numbers, at) + (last[at] - within_own * own)
            np.minimum(place, place - size, out=place)
            found = pools.ravel().take(place + at[:, None] * int(size))
            fixed = (shown ^ same) | (count == 0)
            if fixed.any():
                np.copyto(found, self.row.values[at, None], where=fixed)
            filled[:, start : start + SLICE] = found.T
        return filled

    def _background(self, numbers: Any) -> Floats:
        encoded, rows = self.row.background.encoded, self.row.background.within_bounds
        assert encoded is not None
        stream = np.array([len(self.labels)])
        return np.asarray(encoded[rows[random_below(np.array(len(rows)), numbers, stream)[0]]])

    def keys(self, draws: Draws) -> list[bytes]:
        """Return a key for each row: what it holds, or where that is much how it was drawn."""
        if "row" in draws.values or len(self.labels) <= KEYED:
            told = np.ascontiguousarray(self.rows(draws)).view(np.uint8)
            if len(self.labels) > KEYED:
                return [blake2b(row, digest_size=20).digest() for row in told]
        else:
            numbers = draws.values.get("draw", np.zeros(len(draws), dtype=np.uint64))
            within = draws.values.get("within", np.zeros(len(draws), dtype=np.bool_))
            parts = [
                np.packbits(draws.codes > 0, axis=1),
                numbers[:, None].view(np.uint8),
                within[:, None].view(np.uint8),
            ]
            told = np.concatenate(parts, axis=1)
        data, size = told.tobytes(), told.shape[1]
        return [data[start : start + size] for start in range(0, len(data), size)]

    def hidden(self, codes: Codes) -> Draws:
        """Return several draws for each row of codes, grouped: what hides there takes so many other values."""
        numbers = np.tile(np.arange(ASKED, dtype=np.uint64), len(codes))
        groups = np.repeat(np.arange(len(codes)), ASKED)
        return Draws(np.repeat(codes, ASKED, axis=0), {"draw": numbers}, groups)

    def fingerprint(self) -> str:
        """Return a hash of all that inputs depend on but the draws."""
        return digest(self.row.fingerprint(), self.labels, self.first, self.last, self.joint)


def random_below(ends: NDArray[Any], numbers: NDArray[np.uint64], streams: NDArray[np.intp]) -> NDArray[np.uint32]:
    """Return whole numbers from 0 to below `ends`, a line for each stream with one for each draw's number, all alike.

    From a counter, so that each is a function of its number and stream alone: lowbias32 (Wellons 2018), with the
    other half of the number added between its rounds.
    """
    low, high = numbers.astype(np.uint32), (numbers >> np.uint64(32)).astype(np.uint32)
    mixed = low + (streams[:, None] + 1).astype(np.uint32) * np.uint32(0x9E3779B9)
    rest = np.empty_like(mixed)
    for shift, factor, more in ((16, 0x7FEB352D, high), (15, 0x846CA68B, np.uint32(0))):
        mixed ^= np.right_shift(mixed, shift, out=rest)
        mixed *= np.uint32(factor)
        mixed += more
    mixed ^= np.right_shift(mixed, 16, out=rest)
    return ((mixed.astype(np.uint64) * ends.astype(np.uint32)) >> np.uint64(32)).astype(np.uint32)
