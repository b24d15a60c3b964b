"""Time series in .npy and .csv files."""

import csv
import os
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import InputError, did_you_mean
from limefw.modalities.series import Series
from limefw.types import Floats
from limefw_plugins._npy import mapped
from limefw_plugins.readers.series_array import Layout


TABLES = {".csv": ",", ".tsv": "\t"}


def is_series_file(source: Any) -> bool:
    """Say whether this is a path of a .npy, .csv or .tsv file; a str is text."""
    return isinstance(source, os.PathLike) and Path(source).suffix.lower() in (".npy", *TABLES)


def series_file(
    source: os.PathLike[str],
    /,
    *,
    layout: Layout = "auto",
    time: str | None = None,
    unit: str = "",
    columns: list[str] | None = None,
    max_values: Annotated[int, Ge(1)] = 50_000_000,
) -> Series:
    """One time series in a .npy file, (t,) or (t, channels), or in a .csv or .tsv with a line for each step.

    The first line of a table may name its columns. A table of one column is read as (t,), so the model gets (n, t).

    Args:
        source: the file.
        layout: what the model reads: batches "t" (n, t), "tc" (n, t, channels) or "ct" (n, channels, t); of a .npy with
            "ct" also what its axes are.
        time: the column that says when each step was, in numbers that grow.
        unit: of these, for axes: "s".
        columns: those that are channels; by default all but the time.
        max_values: a limit, checked before the numbers of a .npy are read.
    """
    path = Path(source)
    if not path.is_file():  # a pipe would be waited for without end
        raise InputError(f"{path} is no file" if path.exists() else f"there is no file {path}")
    chosen = "" if layout == "auto" else layout
    if path.suffix.lower() not in TABLES:
        if time is not None or columns is not None:
            raise InputError(f"{path} has no columns: time and columns are for .csv and .tsv files")
        return Series.of(_limited(path, max_values), chosen, name=path.name)
    names, values = _table(path)
    times = None if time is None else values[:, _at(names, time, path)]
    kept = [_at(names, name, path) for name in columns or [name for name in names if name != time]]
    found = values[:, kept]
    flat = layout == "t" or (layout == "auto" and len(kept) == 1)
    named = tuple(names[at] for at in kept)
    return Series(
        found[:, 0] if flat and len(kept) == 1 else found, path.name, named, times, unit if times is not None else "",
        chosen,
    )  # fmt: skip


def many_series(path: Path, layout: str) -> list[Series]:
    """Return the series of a file: one, or all of a batch in a .npy as the model reads it."""
    if path.suffix.lower() in TABLES:
        return [series_file(path, layout=layout)]  # type: ignore[arg-type]
    array = mapped(path) if path.is_file() else None
    if array is None:
        raise InputError(f"there is no file {path}")
    one = array.ndim == (1 if layout == "t" else 2)
    return [Series.of(part, layout, name=path.name) for part in (array[None] if one else array)]


def _limited(path: Path, limit: int) -> NDArray[Any]:
    array = mapped(path)
    if array.size > limit:
        raise InputError(
            f"{path} has {array.size} values, more than the limit of {limit}. Where you trust it, raise the limit: "
            "-s reader.use=series_file -s reader.max_values=NUMBER."
        )
    return array


def _table(path: Path) -> tuple[list[str], Floats]:
    """Return the names and numbers of a table's columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file, delimiter=TABLES[path.suffix.lower()]) if any(line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as a table: {error}") from error
    if not lines:
        raise InputError(f"{path} is empty")
    headed = not all(map(_is_number, lines[0]))
    names = [name.strip() for name in lines[0]] if headed else [f"channel {at}" for at in range(len(lines[0]))]
    if len(set(names)) < len(names):
        raise InputError(f"{path} has columns of one name: {', '.join(names)}")
    rows = lines[headed:]
    for number, line in enumerate(rows, start=1 + headed):
        if len(line) != len(names):
            raise InputError(f"{path} has {len(line)} cells in line {number} and {len(names)} columns")
        for name, cell in zip(names, line, strict=True):
            if not _is_number(cell):
                raise InputError(
                    f"{path} has {cell[:40]!r} in line {number}, column {name!r}: expected a number, as it is "
                    "read as a time series. Of a table say which row: --row 3, in Python limefw.Table(frame).row(3)"
                )
    if not rows:
        raise InputError(f"{path} has names of columns and no line of numbers")
    return names, np.array(rows, dtype=np.float64)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _at(names: list[str], name: str, path: Path) -> int:
    if name not in names:
        hint = did_you_mean(name, names)
        raise InputError(f"{path} has no column {name!r}.{hint} There are: {', '.join(names)}")
    return names.index(name)
