"""Tables: the background, and one of its rows as the instance."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError, did_you_mean
from limefw.modalities.table_columns import Column, Kind, Maker, is_missing, read_columns
from limefw.modalities.table_statistics import columns_of, pool_of
from limefw.types import Floats, digest, frozen


MOST_POOLED = 20_000
"""Values of a column that stand for all of them: evenly spaced among the sorted ones."""


@dataclass(frozen=True, slots=True)
class Feature:
    """What is perturbed as one: a column, or several that hold one category one-hot.

    Args:
        name: for people.
        kind: of values.
        columns: their numbers in the table.
        texts: of categories, by their code; empty for numbers.
        kept: it never changes.
        low: the least value that the model may be shown.
        high: the greatest.
    """

    name: str
    kind: Kind
    columns: tuple[int, ...]
    texts: tuple[str, ...] = ()
    kept: bool = False
    low: float = -math.inf
    high: float = math.inf

    def text(self, value: float) -> str:
        """Return a value in the user's own words."""
        if math.isnan(value):
            return "missing"
        return self.texts[int(value)] if self.texts else number_text(value)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of a table.

    Args:
        values: (f,) encoded: a number stands for itself, a category for its place, NaN for what is missing.
        names: of the f features.
        texts: their values in the user's own words.
        name: for titles and file names.
        table: what it is a row of; a row that was saved and loaded again has none.
    """

    modality: ClassVar[str] = "table"

    values: Floats
    names: tuple[str, ...]
    texts: tuple[str, ...]
    name: str = "row"
    table: "Table | None" = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float64))

    @property
    def shape(self) -> tuple[int]:
        """The number of features."""
        return (len(self.names),)

    @property
    def background(self) -> "Table":
        """The table.

        Raises:
            InputError: where this row has none.
        """
        if self.table is None:
            raise InputError("this row has no table to vary it by: take it from one, limefw.Table(data).row(3)")
        return self.table

    def suits(self, columns: Sequence[str], model: str) -> None:
        """See that an array's columns lie where the model, which is given no names, has those of the same names.

        Args:
            columns: that the model was trained on.
            model: its name, for messages.

        Raises:
            InputError: where one lies elsewhere.
        """
        table = self.background
        own = [column.name for column in table.columns]
        if table.form.maker == "numpy" and any(
            name in columns and columns.index(name) != at for at, name in enumerate(own)
        ):
            raise InputError(
                f"the table's array has the columns {', '.join(own)}, and {model} was trained on {', '.join(columns)}: "
                "give them in this order, or a DataFrame, whose columns are found by their names"
            )

    def fingerprint(self) -> str:
        """Return a hash of the row and of its table."""
        return digest(self.values, self.names, self.texts, "" if self.table is None else self.table.fingerprint())


class Table:
    """The data that a model was made for, or what is known of them: what rows are varied by.

    ``table.row(3)`` is an instance. A model is given what the table is: a pandas or polars DataFrame with the same
    columns, order and types, or a NumPy array.

    Attributes:
        features: the f that are perturbed, each by itself: a column, or a one-hot group of them.
        columns: the c that were read, in order; their numbers are what `Feature.columns` holds.
        encoded: (N, f) all rows: a number in the user's own units, a category by its place among the sorted ones, NaN
            where it is missing; read-only. None where statistics alone are known.
        known: by column what is known of it, as `statistics` gives it, where there are no rows; else None.
        labels: (N,) what the model should have said of each row, or None.
        form: what models are given: the maker and names of columns.
        name: for titles.
        memory: what stages computed of the table once and find again, by keys of their own.
    """

    def __init__(
        self,
        data: Any,
        *,
        names: Sequence[str] | None = None,
        categorical: Collection[Any] = (),
        category_names: Mapping[Any, Sequence[str] | Mapping[Any, str]] | None = None,
        one_hot: Mapping[str, Sequence[Any]] | None = None,
        immutable: Collection[Any] = (),
        bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
        labels: Any = None,
        maker: Maker = "numpy",
        name: str = "table",
    ) -> None:
        """Read a table.

        Args:
            data: a pandas or polars DataFrame, a NumPy array (rows, columns), or a mapping from columns to what is
                known of them, as `statistics` gives it, where the data may not leave their home.
            names: of a NumPy array's columns.
            categorical: columns of categories that look like numbers, by name or number.
            category_names: by column: what each of its sorted values is called (of whole numbers as in lime: the name
                of 2 is the third), or a mapping from values to names.
            one_hot: by name: columns of 0 and 1 of which one is 1; they change together.
            immutable: features that always stay as they are.
            bounds: by feature: the least and the greatest value that the model may be shown (None: no bound).
            labels: what the model should have said of each row, for bins by entropy.
            maker: "numpy" or "pandas": what the model is given where `data` are statistics.
            name: for titles.

        Raises:
            InputError: what is wrong, in which column.
        """
        self.name, self.known = name, None
        if isinstance(data, Mapping):
            if one_hot:
                raise InputError("one_hot groups need rows: statistics say of no two columns that they go together")
            self.form, self.columns, self.known = columns_of(data, maker)
            encoded = None
        else:
            self.form, read = read_columns(data, names, categorical)
            encoded = frozen(np.stack([column.encoded for column in read], axis=1))
            self.columns = [replace(column, encoded=encoded[:, at]) for at, column in enumerate(read)]
        self.features, self.encoded = self._grouped(encoded, category_names or {}, one_hot or {})
        self.features = self._restricted(self.features, immutable, bounds or {})
        self.labels = self._labelled(labels)
        self.memory: dict[Any, Any] = {}

    def __len__(self) -> int:
        return 0 if self.encoded is None else len(self.encoded)

    def __repr__(self) -> str:
        what = "statistics" if self.encoded is None else f"{len(self)} rows"
        return f"<Table {self.name!r}: {what} of {len(self.features)} features>"

    def _grouped(
        self, encoded: Floats | None, category_names: Mapping[Any, Any], one_hot: Mapping[str, Sequence[Any]]
    ) -> tuple[tuple[Feature, ...], Floats | None]:
        """Return the features, and the rows in terms of them."""
        called = {self.column(which, "category_names"): texts for which, texts in category_names.items()}
        groups = {name: [self.column(one, f"one_hot {name!r}") for one in which] for name, which in one_hot.items()}
        inside = {at: name for name, members in groups.items() for at in members}
        if sum(map(len, groups.values())) > len(inside):
            raise InputError("one_hot: a column belongs to several groups")
        features, parts = [], []
        for at, column in enumerate(self.columns):
            if at in inside and at != groups[inside[at]][0]:
                continue
            if at in inside:
                members = groups[inside[at]]
                features.append(_hot_feature(inside[at], members, [self.columns[one] for one in members]))
                parts.append(None if encoded is None else self._hot(members, inside[at]))
                continue
            texts = _texts(column, called.get(at))
            features.append(Feature(column.name, column.kind, (at,), texts, kept=column.kind == "other"))
            parts.append(None if encoded is None else encoded[:, at])
        if encoded is None or not groups:
            return tuple(features), encoded
        return tuple(features), frozen(np.stack([part for part in parts if part is not None], axis=1))

    def _hot(self, members: Sequence[int], name: str) -> Floats:
        """Return which of a group's columns is 1 in each row; as many as there are columns where none is."""
        switches = [self.columns[at].switch for at in members]
        values = np.stack([self.columns[at].encoded for at in members], axis=1)
        off, on = (np.stack([values[:, at] == switch[end] for at, switch in enumerate(switches)], axis=1)
                   for end in (0, 1))  # fmt: skip
        if not (on | off).all():
            raise InputError(f"one_hot {name!r}: its columns must hold 0 and 1 alone")
        if (on.sum(axis=1) > 1).any():
            row = int(np.flatnonzero(on.sum(axis=1) > 1)[0])
            raise InputError(f"one_hot {name!r}: in row {row} several of its columns are 1")
        return np.where(on.any(axis=1), on.argmax(axis=1), len(members)).astype(np.float64)

    def _restricted(
        self, features: Iterable[Feature], immutable: Collection[Any], bounds: Mapping[str, Any]
    ) -> tuple[Feature, ...]:
        found = list(features)
        if isinstance(immutable, str):
            raise InputError(f"immutable is a list of features, got the text {immutable!r}")
        for which in immutable:
            at = self.feature(which, "immutable")
            found[at] = replace(found[at], kept=True)
        for which, pair in bounds.items():
            at = self.feature(which, "bounds")
            low, high = (-math.inf if pair[0] is None else pair[0], math.inf if pair[1] is None else pair[1])
            if found[at].texts or not low <= high:
                raise InputError(f"bounds of {which!r} must be (least, greatest) of a column of numbers, got {pair!r}")
            found[at] = replace(found[at], low=float(low), high=float(high))
        return tuple(found)

    def _labelled(self, labels: Any) -> NDArray[Any] | None:
        if labels is None:
            return None
        found = np.array(labels)
        if found.shape != (len(self),):
            raise InputError(f"labels are one for each of {len(self)} rows, got an array of shape {found.shape}")
        return frozen(found)

    def column(self, which: Any, what: str) -> int:
        """Return the number of a column given by name or number.

        Raises:
            InputError: where there is none.
        """
        return _place(which, [column.name for column in self.columns], what)

    def feature(self, which: Any, what: str = "feature") -> int:
        """Return the number of a feature given by name or number; raises as `column` does."""
        return _place(which, [feature.name for feature in self.features], what)

    def row(self, which: Any = 0, /, name: str | None = None) -> Row:
        """Return an instance: a row of this table by its number, or a new one.

        Args:
            which: a number; or values: a mapping from columns, a pandas Series, a frame of one row, a NumPy array.
            name: for titles.

        Raises:
            InputError: where there is no such row, or a value does not fit the table.
        """
        if hasattr(which, "__index__") and not isinstance(which, np.ndarray):
            if self.encoded is None:
                raise InputError("this table knows statistics and no rows: give a row's values, table.row({...})")
            if not -len(self) <= int(which) < len(self):
                raise InputError(f"there is no row {int(which)}: the table has {len(self)}, numbered from 0")
            values = self.encoded[which]
            name = name or f"{self.name} row {int(which) % len(self)}"
        else:
            values = self._encode(self._by_column(which))
        texts = tuple(feature.text(value) for feature, value in zip(self.features, values, strict=True))
        names = tuple(feature.name for feature in self.features)
        row = Row(np.array(values), names, texts, name or "row")
        object.__setattr__(row, "table", self)
        return row

    def _by_column(self, given: Any) -> list[Any]:
        """Return the values of a new row in the order of the table's columns."""
        if type(given).__name__ == "DataFrame":
            if len(given) != 1:
                raise InputError(f"a row is a frame of one row, got {len(given)}")
            given = {str(name): given[name].to_list()[0] for name in given.columns}
        elif type(given).__name__ == "Series" and hasattr(given, "to_dict"):
            given = given.to_dict()
        names = [column.name for column in self.columns]
        if not isinstance(given, Mapping):
            values = list(np.asarray(given, dtype=object).ravel())
            if len(values) != len(names):
                raise InputError(f"a row has {len(names)} values, one for each column, got {len(values)}")
            return values
        given = {str(name): value for name, value in given.items()}
        lacking = [name for name in names if name not in given]
        beyond = [name for name in given if name not in names]
        if lacking:
            hint = did_you_mean(lacking[0], beyond)
            raise InputError(f"the row lacks {', '.join(map(repr, lacking))}.{hint} Columns: {', '.join(names)}")
        if beyond:
            raise InputError(f"the table has no column {', '.join(map(repr, beyond))}: leave it out of the row")
        return [given[name] for name in names]

    def _encode(self, values: Sequence[Any]) -> Floats:
        codes = [column.code(value) for column, value in zip(self.columns, values, strict=True)]
        return np.array([codes[item.columns[0]] if len(item.columns) == 1 else _hot_code(item, self.columns, codes)
                         for item in self.features])  # fmt: skip

    def frame(self, rows: Floats) -> Any:
        """Return encoded rows as the model wants them: with the table's own columns, order and types.

        Args:
            rows: ``(n, f)``, as `encoded` has them. Where the model wants just these numbers it is given this very
                array, and not a copy.
        """
        if self._plain:
            return self.form.build(self.columns, rows, numbers=self._numbers)
        wide = np.empty((len(rows), len(self.columns)))
        for at, feature in enumerate(self.features):
            if len(feature.columns) == 1:
                wide[:, feature.columns[0]] = rows[:, at]
            else:
                off, on = np.array([self.columns[one].switch for one in feature.columns]).T
                wide[:, list(feature.columns)] = np.where(rows[:, [at]] == np.arange(len(on)), on, off)
        return self.form.build(self.columns, wide, numbers=self._numbers)

    @cached_property
    def _plain(self) -> bool:
        """Whether each feature is a column."""
        return all(len(feature.columns) == 1 for feature in self.features)

    @cached_property
    def _numbers(self) -> bool:
        """Whether all columns hold numbers of one type."""
        kinds = {str(column.dtype) for column in self.columns}
        return len(kinds) == 1 and all(
            column.choices is None and isinstance(column.dtype, np.dtype) and column.dtype.kind != "O"
            for column in self.columns
        )

    @cached_property
    def within_bounds(self) -> NDArray[np.intp]:
        """The rows that the model may be shown whole.

        Raises:
            InputError: there are none.
        """
        assert self.encoded is not None
        low, high = (np.array([getattr(feature, end) for feature in self.features]) for end in ("low", "high"))
        inside = ((self.encoded >= low) & (self.encoded <= high)) | np.isnan(self.encoded)
        found = np.flatnonzero(inside.all(axis=1))
        if not len(found):
            raise InputError("no row of the table lies within all bounds: widen them, or use filler 'other_values'")
        return found

    @cached_property
    def pools(self) -> Floats:
        """``(f, m)``: the values of each feature in order, what is missing last; what each is drawn from by itself."""
        size = min(max(len(self), 1), MOST_POOLED)
        parts: list[Floats] = []
        for at, feature in enumerate(self.features):
            own = np.sort(self.encoded[:, at]) if self.encoded is not None else self._pool_known(at)
            if feature.low > -math.inf or feature.high < math.inf:
                own = own[((own >= feature.low) & (own <= feature.high)) | np.isnan(own)]
            if not len(own):
                raise InputError(f"no value of {feature.name!r} lies within its bounds: widen them")
            if self.encoded is None:
                size = len(own) if not parts else len(parts[0])
            spaced = np.linspace(0, len(own) - 1, size).round().astype(np.intp) if len(own) != size else slice(None)
            parts.append(own[spaced])
        return frozen(np.stack(parts))

    def _pool_known(self, at: int) -> Floats:
        assert self.known is not None
        return pool_of(self.known[self.columns[self.features[at].columns[0]].name], self.columns[at])

    @cached_property
    def means(self) -> Floats:
        """(f,) of the numbers; 0 for categories, which are not on a scale."""
        return frozen(self._moments(np.nanmean, 0.0))

    @cached_property
    def scales(self) -> Floats:
        """(f,) standard deviations of the numbers; 1 for categories and for what never varies."""
        found = self._moments(np.nanstd, 1.0)
        return frozen(np.where(found > 0, found, 1.0))

    def _moments(self, moment: Any, otherwise: float) -> Floats:
        """Return a figure of each column of numbers, from the rows themselves where they are known."""
        values = self.pools.T if self.encoded is None else self.encoded
        numbers = np.array([not feature.texts for feature in self.features]) & ~np.isnan(values).all(axis=0)
        found = np.full(len(self.features), otherwise)
        found[numbers] = moment(values[:, numbers], axis=0)
        return found

    def settled(self, rows: Floats) -> Floats:
        """Return encoded rows with whole numbers where there are only such, and within the bounds.

        Args:
            rows: ``(n, f)``, as `encoded` has them; rounded in place, so give no array that is still needed.
        """
        whole = [at for at, feature in enumerate(self.features) if feature.texts or feature.kind == "integer"]
        rows[:, whole] = np.rint(rows[:, whole])
        low, high = (np.array([getattr(feature, end) for feature in self.features]) for end in ("low", "high"))
        low[whole], high[whole] = np.ceil(low[whole]), np.floor(high[whole])
        return np.asarray(np.clip(rows, low, high))

    def statistics(self, edges: Mapping[Any, Sequence[float]] | None = None) -> dict[str, dict[str, Any]]:
        """Return what is known of each column, as plain values: JSON may hold it, and ``Table`` takes it.

        Args:
            edges: by column of numbers, its name or number: where its bins end; by default the quartiles.

        Raises:
            InputError: there is no such column of numbers, or the rows that bins are counted from are not known.
        """
        from limefw.modalities.table_statistics import described

        chosen = {}
        for which, ends in (edges or {}).items():
            column = self.columns[self.column(which, "edges")]
            chosen[column.name] = np.asarray(ends, dtype=np.float64)
            if column.places is not None or not np.isfinite(chosen[column.name]).all():
                raise InputError(f"edges of {column.name!r} must be finite numbers of a column of numbers")

        if any(len(feature.columns) > 1 for feature in self.features):
            raise InputError("one-hot groups have no statistics by column: give the table with the category itself")
        if self.known is not None:
            if chosen:
                raise InputError(
                    "this table knows statistics and no rows, so its bins are what they are: leave edges out"
                )
            return json.loads(json.dumps(self.known))  # type: ignore[no-any-return]
        return {column.name: described(column, chosen.get(column.name)) for column in self.columns}

    def fingerprint(self) -> str:
        """Return a hash of all rows, or of what is known of them, and of what they mean."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        names = [column.identity() for column in self.columns]
        known: Any = json.dumps(self.known, sort_keys=True) if self.encoded is None else self.encoded
        return digest(known, names, self.features, self.form.maker, self.form.names, str(self.form.dtype))


def _place(which: Any, names: Sequence[str], what: str) -> int:
    if str(which) in names:
        return names.index(str(which))
    if hasattr(which, "__index__") and -len(names) <= int(which) < len(names):
        return int(which) % len(names)
    raise InputError(f"{what}: there is no {which!r}.{did_you_mean(str(which), names)} There are: {', '.join(names)}")


def _texts(column: Column, called: Sequence[str] | Mapping[Any, str] | None) -> tuple[str, ...]:
    """Return what the categories of a column are called."""
    if column.places is None:
        if called is not None:
            raise InputError(f"column {column.name!r} holds numbers, which have no names: say categorical=[...] too")
        return ()
    own = [number_text(value) if isinstance(value, float) else str(value) for value in column.places]
    if called is None:
        return tuple(own)
    if isinstance(called, Mapping):
        return tuple(str(called.get(value, text)) for value, text in zip(column.places, own, strict=True))
    whole = all(isinstance(value, int | float) and value == int(value) and 0 <= value < len(called)
                for value in column.places)  # fmt: skip
    if whole and len(called) >= len(own):
        # as lime has it: the name of code 2 is the third
        return tuple(str(called[int(value)]) for value in column.places)
    if len(called) != len(own):
        raise InputError(
            f"column {column.name!r} has {len(own)} categories, and {len(called)} names were given: give one for each "
            "of its sorted values, or a mapping from values to names"
        )
    return tuple(map(str, called))


def _hot_feature(name: str, members: Sequence[int], columns: Sequence[Column]) -> Feature:
    """Return the feature that a group of one-hot columns is; what their names have in common is not repeated."""
    if len(members) < 2:
        raise InputError(f"one_hot {name!r}: a group has at least two columns")
    texts = [column.name for column in columns]
    for sign in "_=:. ":
        if all(text.startswith(f"{name}{sign}") for text in texts):
            texts = [text.removeprefix(f"{name}{sign}") for text in texts]
    return Feature(name, "category", tuple(members), (*texts, "none of these"))


def _hot_code(feature: Feature, columns: Sequence[Column], codes: Sequence[float]) -> float:
    on = [place for place, at in enumerate(feature.columns) if codes[at] == columns[at].switch[1]]
    if len(on) > 1 or any(codes[at] not in columns[at].switch for at in feature.columns):
        raise InputError(f"one_hot {feature.name!r}: one of its columns is 1 and the others are 0 in a row")
    return float(on[0] if on else len(feature.columns))


def number_text(value: float) -> str:
    """Return a number as it was written where that is short, else with six figures; more where it is whole."""
    if is_missing(value):
        return "missing"
    if value == round(value) and abs(value) <= 2**53:
        return f"{value:.0f}"
    if len(short := repr(float(value))) <= 12 and "e" not in short:
        return short
    if 1e-4 <= abs(value) < 1e6:
        return np.format_float_positional(value, precision=6, unique=True, fractional=False, trim="-")
    return f"{value:.6g}"
