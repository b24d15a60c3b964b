"""The columns of a table as numbers, and back: NumPy arrays, pandas and polars frames, each with its own types.

A number stands for itself, a category for its place among the sorted values, NaN for what is missing. What is built
from these has the names, the order and the types of what was read.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.types import Floats, frozen


Kind = Literal["number", "integer", "boolean", "category", "other"]
Maker = Literal["numpy", "pandas", "polars"]

_MAKERS: Mapping[str, Maker] = {"numpy": "numpy", "pandas": "pandas", "polars": "polars"}

EXACT = 2**53
"""Above this a float64 no longer holds every whole number."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column, read.

    Args:
        name: of it.
        kind: "other" is what can only be kept, as dates.
        encoded: (N,) numbers, or places in `choices`; NaN is missing.
        dtype: in the frame that it came from.
        choices: one element for each category, in the frame's own type; None where it holds numbers.
        places: from a category to its place.
        missing: the frame's own missing value where it has one: a place in `choices`, or -1 where none was seen.
        nulls: polars' null, or `blank` among objects, is missing here, not NaN.
        blank: what is missing among objects: None or pandas' NA.
    """

    name: str
    kind: Kind
    encoded: Floats
    dtype: Any
    choices: Any = None
    places: Any = None
    missing: int = -1
    nulls: bool = False
    blank: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded", frozen(self.encoded, np.float64))

    def identity(self) -> tuple[Any, ...]:
        """Return all but the rows that a model may see a difference by: of a category also those that never occur."""
        known = [list(made) for made in (getattr(self.dtype, "categories", None), self.choices) if made is not None]
        kinds = [[(type(one).__name__, one) for one in made] for made in known]
        ordered = getattr(self.dtype, "ordered", None)
        places = list(self.places or ())
        return self.name, self.kind, str(self.dtype), kinds, ordered, places, self.missing, self.nulls, repr(self.blank)

    def code(self, value: Any) -> float:
        """Return the number that stands for a value.

        Raises:
            InputError: for a category that the table lacks, infinity, or what is no number.
        """
        if is_missing(value):
            if not np.isnan(self.encoded).any():
                raise InputError(f"column {self.name!r} is missing in this row, and never in the table: give a value")
            return math.nan
        if self.places is None:
            return self._number(value)
        value = value.item() if isinstance(value, np.generic) else value
        place = self.places.get(value)
        if place is None:
            raise InputError(f"column {self.name!r} never has {value!r} in the table. It has: {_listed(self.places)}")
        return float(place)

    @property
    def switch(self) -> tuple[float, float]:
        """The numbers that stand for 0 and for 1, or False and True; NaN for one that it never holds."""
        return (0.0, 1.0) if self.places is None else (self.places.get(0, math.nan), self.places.get(1, math.nan))

    def _number(self, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise InputError(f"column {self.name!r} holds numbers, got {value!r}") from error
        if math.isinf(number):
            raise InputError(f"column {self.name!r} is infinite in this row: give a number")
        if self.kind == "integer" and number != round(number):
            raise InputError(f"column {self.name!r} holds whole numbers, got {value!r}")
        return number


def is_missing(value: Any) -> bool:
    """Say whether this is None, NaN, or pandas' own missing value."""
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float | np.floating) and math.isnan(value))
    )


def _listed(values: Collection[Any]) -> str:
    shown = ", ".join(map(repr, list(values)[:12]))
    return shown if len(values) <= 12 else f"{shown} and {len(values) - 12} more"


def of_numbers(name: str, values: Any, *, integer: bool, dtype: Any, nulls: bool = False) -> Column:
    """Read a column of numbers.

    Raises:
        InputError: where some are infinite, or whole numbers too large.
    """
    encoded = np.asarray(values, dtype=np.float64)
    if (bad := int(np.isinf(encoded).sum())) > 0:
        raise InputError(f"column {name!r} is infinite in {bad} rows: replace these before explaining")
    if integer and (np.abs(encoded) > EXACT).any():
        raise InputError(
            f"column {name!r} holds whole numbers above 2^53, which are names rather than amounts: leave the column "
            f"out, or say categorical=[{name!r}]"
        )
    return Column(name, "integer" if integer else "number", encoded, dtype, nulls=nulls)


def of_choices(name: str, values: Sequence[Any], array: Any, kind: Kind, dtype: Any, take: Any) -> Column:
    """Read a column of categories.

    Args:
        name: of it.
        values: as Python objects.
        array: the same in the frame's own type.
        kind: of column.
        dtype: of the frame's own type.
        take: from the array and places to the elements there.

    Raises:
        InputError: where a value is no category, as a list is not.
    """
    _blank(name, values)
    first: dict[Any, int] = {}
    gone = -1
    try:
        for at, value in enumerate(values):
            if is_missing(value):
                gone = at if gone < 0 else gone
            else:
                first.setdefault(value, at)
    except TypeError as error:
        raise InputError(f"column {name!r} holds {type(values[at]).__name__}, which is no category") from error
    try:
        ordered = sorted(first)
    except TypeError:
        ordered = list(first)
    places = {value: place for place, value in enumerate(ordered)}
    encoded = np.array([math.nan if is_missing(value) else places[value] for value in values], dtype=np.float64)
    shown = [first[value] for value in ordered]
    choices = take(array, np.array([*shown, gone] if gone >= 0 else shown, dtype=np.intp))
    return Column(name, kind, encoded, dtype, choices, places, len(shown) if gone >= 0 else -1)


def are_numbers(values: Sequence[Any]) -> bool:
    """Say whether Python objects are numbers, or missing, and not all missing."""
    there = [value for value in values if not is_missing(value)]
    kinds = int | float | np.integer | np.floating
    return bool(there) and all(isinstance(value, kinds) and not isinstance(value, bool) for value in there)


def of_objects(name: str, values: Sequence[Any], dtype: Any) -> Column:
    """Read a column of Python objects that are numbers, or missing; raises as `of_numbers` does."""
    gone = [is_missing(value) for value in values]
    numbers = [math.nan if missing else value for value, missing in zip(values, gone, strict=True)]
    whole = all(missing or isinstance(value, int | np.integer) for value, missing in zip(values, gone, strict=True))
    blank, read = _blank(name, values), of_numbers(name, numbers, integer=whole, dtype=dtype)
    return replace(read, nulls=not isinstance(blank, float), blank=blank)


def _blank(name: str, values: Sequence[Any]) -> Any:
    """Return the missing value of Python objects; NaN where none is missing.

    Raises:
        InputError: where there are several: a model may tell them apart, and an explanation knows "missing" alone.
    """
    kinds = {type(value).__name__: value for value in values if is_missing(value)}
    found = {"NaN" if isinstance(value, float | np.floating) else str(value): value for value in kinds.values()}
    if len(found) > 1:
        raise InputError(
            f"column {name!r} holds {' and '.join(sorted(found))}, which a model may tell apart: make them one, as by "
            f"frame[{name!r}].astype(object).where(frame[{name!r}].notna(), None)"
        )
    return next((value for word, value in found.items() if word != "NaN"), math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What a table came as, and what models are therefore given.

    Args:
        maker: "numpy", "pandas" or "polars".
        names: of the columns, in order, as the frame has them.
        dtype: of a NumPy array.
    """

    maker: Maker
    names: tuple[Any, ...]
    dtype: Any = None

    def build(self, columns: Sequence[Column], encoded: Floats, *, numbers: bool = False) -> Any:
        """Return rows in this form, from numbers ``(n, c)``.

        Args:
            columns: of the table.
            encoded: ``(n, c)``.
            numbers: all columns hold numbers, of one type of NumPy's.
        """
        if self.maker == "pandas":
            return self._pandas(columns, encoded, numbers)
        if self.maker == "polars":
            return self._polars(columns, encoded)
        if numbers:
            return _numpy(encoded, self.dtype)
        pairs = zip(columns, encoded.T, strict=True)
        parts = [_own(one, numbers, self.dtype) if one.choices is None else one.choices[_places(one, numbers)]
                 for one, numbers in pairs]  # fmt: skip
        return np.stack(parts, axis=1).astype(self.dtype, copy=False)

    def _pandas(self, columns: Sequence[Column], encoded: Floats, numbers: bool) -> Any:  # noqa: FBT001
        import pandas as pd

        if numbers:
            return pd.DataFrame(_numpy(encoded, columns[0].dtype), columns=pd.Index(self.names), copy=False)
        made = {}
        for at, (one, values) in enumerate(zip(columns, encoded.T, strict=True)):
            if one.choices is not None:
                made[at] = one.choices.take(_places(one, values))
            elif isinstance(one.dtype, np.dtype):
                made[at] = _own(one, values, one.dtype)
            else:
                whole = np.rint(values) if one.kind == "integer" else values
                made[at] = pd.array(whole, dtype="Float64").astype(one.dtype)
        for at, one in enumerate(columns):
            if one.dtype == object:
                # else pandas makes texts of its own of them, and NaN of None
                made[at] = pd.Series(made[at], dtype=object)
        frame = pd.DataFrame(made, copy=False)
        frame.columns = pd.Index(self.names)
        return frame

    def _polars(self, columns: Sequence[Column], encoded: Floats) -> Any:
        import polars as pl  # type: ignore[import-not-found, unused-ignore]

        made = []
        for one, numbers in zip(columns, encoded.T, strict=True):
            if one.choices is not None:
                made.append(one.choices.gather(_places(one, numbers)).alias(one.name))
                continue
            series = pl.Series(one.name, np.rint(numbers) if one.kind == "integer" else numbers)
            made.append((series.fill_nan(None) if one.nulls else series).cast(one.dtype))
        return pl.DataFrame(made)


def _places(column: Column, numbers: Floats) -> NDArray[np.intp]:
    return np.where(np.isnan(numbers), column.missing, numbers).astype(np.intp)


def _numpy(numbers: Floats, dtype: Any) -> NDArray[Any]:
    return (np.rint(numbers) if dtype.kind in "iu" else numbers).astype(dtype, copy=False)


def _own(column: Column, numbers: Floats, dtype: Any) -> NDArray[Any]:
    """Return a column's numbers in its type; among objects they are Python's own."""
    if dtype.kind != "O":
        return _numpy(numbers, dtype)
    found, there = numbers.astype(object), ~np.isnan(numbers)
    if column.kind == "integer":
        found[there] = np.rint(numbers[there]).astype(np.int64).astype(object)
    if column.nulls:
        found[~there] = column.blank
    return found


def read_columns(data: Any, names: Sequence[str] | None, categorical: Collection[Any]) -> tuple[Form, list[Column]]:
    """Read a pandas or polars frame, or a NumPy array ``(N, c)``.

    Args:
        data: it.
        names: of an array's columns.
        categorical: names, or numbers of columns, that hold categories though they may look like numbers.

    Raises:
        InputError: where it is none of these, or holds what cannot be explained.
    """
    home, maker = type(data).__module__.partition(".")[0], _MAKERS["numpy"]
    if home in ("pandas", "polars") and type(data).__name__ == "DataFrame":
        maker, given = _MAKERS[home], list(data.columns)
        if names is not None:
            raise InputError("a frame has names of its own: give names only with a NumPy array")
    else:
        data, given = _array(data, names)
    _check_names(given)
    form = Form(maker, tuple(given), getattr(data, "dtype", None))
    chosen = _chosen(categorical, given, "categorical")
    read = {"pandas": _of_pandas, "polars": _of_polars, "numpy": _of_numpy}[maker]
    columns = [read(data, at, str(name), at in chosen) for at, name in enumerate(given)]
    if not columns or not len(columns[0].encoded):
        raise InputError(f"the table has {len(columns)} columns and no rows: give the data that the model was made for")
    return form, columns


def _array(data: Any, names: Sequence[str] | None) -> tuple[NDArray[Any], list[str]]:
    array = np.asarray(data)
    if array.ndim != 2:
        raise InputError(
            f"a table is a pandas or polars DataFrame, a NumPy array (rows, columns) or a mapping of statistics, got "
            f"{type(data).__name__} of shape {array.shape}"
        )
    if array.dtype.kind not in "biufOUS":
        raise InputError(f"a table of type {array.dtype} holds neither numbers nor texts")
    given = [f"column {at}" for at in range(array.shape[1])] if names is None else [str(name) for name in names]
    if len(given) != array.shape[1]:
        raise InputError(f"{len(given)} names were given for {array.shape[1]} columns")
    return array, given


def _check_names(names: Sequence[Any]) -> None:
    twice = sorted({str(name) for name in names if sum(str(other) == str(name) for other in names) > 1}) if len(
        {str(name) for name in names}) < len(names) else []  # fmt: skip
    if twice:
        raise InputError(f"several columns have one name: {', '.join(twice)}. Give each its own")


def _chosen(wanted: Collection[Any], names: Sequence[Any], what: str) -> set[int]:
    """Return the numbers of columns that are named, or given by number.

    Raises:
        InputError: where there is no such column.
    """
    from limefw.errors import did_you_mean

    if isinstance(wanted, str):
        raise InputError(f"{what} is a list of columns, got the text {wanted!r}")
    known = {str(name): at for at, name in enumerate(names)}
    found = set()
    for one in wanted:
        if str(one) in known:
            found.add(known[str(one)])
        elif hasattr(one, "__index__") and -len(names) <= int(one) < len(names):
            found.add(int(one) % len(names))
        else:
            raise InputError(f"{what}: there is no column {one!r}.{did_you_mean(str(one), known)}")
    return found


def _of_numpy(data: NDArray[Any], at: int, name: str, categorical: bool) -> Column:  # noqa: FBT001
    values, dtype = data[:, at], data.dtype
    if dtype.kind in "iuf" and not categorical:
        return of_numbers(name, values, integer=dtype.kind != "f", dtype=dtype)
    listed = values.tolist()
    if dtype.kind == "O" and not categorical and are_numbers(listed):
        return of_objects(name, listed, dtype)
    kind: Kind = "boolean" if dtype.kind == "b" else "category"
    return of_choices(name, listed, values, kind, dtype, lambda array, places: array[places])


def _of_pandas(data: Any, at: int, name: str, categorical: bool) -> Column:  # noqa: FBT001
    from pandas.api import types  # type: ignore[import-untyped, unused-ignore]

    series = data.iloc[:, at]
    dtype = series.dtype
    if not categorical and types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype):
        numbers = series.to_numpy(dtype=np.float64, na_value=math.nan)
        return of_numbers(name, numbers, integer=types.is_integer_dtype(dtype), dtype=dtype)
    listed = series.tolist()
    if types.is_object_dtype(dtype) and not categorical and are_numbers(listed):
        return of_objects(name, listed, dtype)
    words = types.is_string_dtype(dtype) or types.is_object_dtype(dtype) or isinstance(dtype, _categorical_type())
    kind: Kind = "boolean" if types.is_bool_dtype(dtype) else "category" if words or categorical else "other"
    return of_choices(name, listed, series.array, kind, dtype, lambda array, places: array.take(places))


def _categorical_type() -> Any:
    import pandas as pd

    return pd.CategoricalDtype


def _of_polars(data: Any, at: int, name: str, categorical: bool) -> Column:  # noqa: FBT001
    import polars as pl

    series = data.to_series(at)
    dtype = series.dtype
    if dtype.is_numeric() and not categorical and dtype != pl.Decimal:
        numbers = series.cast(pl.Float64).to_numpy()
        nulls = series.null_count() > 0
        return of_numbers(name, numbers, integer=dtype.is_integer(), dtype=dtype, nulls=nulls)
    words = dtype in (pl.String, pl.Categorical, pl.Enum) or dtype.is_numeric()
    kind: Kind = "boolean" if dtype == pl.Boolean else "category" if words else "other"
    return of_choices(name, series.to_list(), series, kind, dtype, lambda array, places: array.gather(places))
