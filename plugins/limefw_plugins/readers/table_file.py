"""Tables in files."""

import os
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from limefw.errors import InputError, did_you_mean
from limefw.modalities.table import Row, Table


SEPARATORS = {".csv": ",", ".tsv": "\t"}


def is_table_file(source: Any) -> bool:
    """Say whether this is the path of a .csv, .tsv or .parquet file; a str is text."""
    return isinstance(source, os.PathLike) and Path(source).suffix.lower() in (*SEPARATORS, ".parquet")


def table_file(
    source: os.PathLike[str],
    /,
    *,
    row: Annotated[int, Ge(0)] = 0,
    drop: list[str] | None = None,
    labels: str | None = None,
    categorical: list[str] | None = None,
    immutable: list[str] | None = None,
    one_hot: dict[str, list[str]] | None = None,
    bounds: dict[str, tuple[float | None, float | None]] | None = None,
    separator: str | None = None,
) -> Row:
    """One row of a .csv, .tsv or .parquet file, read by pandas; all of its rows are the background.

    Args:
        row: its number; the first is 0.
        drop: columns that are no part of what the model reads, as what it should say.
        labels: the column of what it should say, for bins by entropy; dropped too.
        categorical: columns of categories that look like numbers.
        immutable: columns that always stay as they are.
        one_hot: by name: columns of 0 and 1 that change together.
        bounds: by column: the least and the greatest value that the model may be shown.
        separator: between the cells of a line; by default a comma, in a .tsv a tab.
    """
    path = Path(source)
    if not path.is_file():  # a pipe would be waited for without end
        raise InputError(f"{path} is no file" if path.exists() else f"there is no file {path}")
    frame = _frame(path, separator)
    for name in [*(drop or ()), *([labels] if labels else [])]:
        if name not in frame.columns:
            known = [str(one) for one in frame.columns]
            raise InputError(f"{path} has no column {name!r}.{did_you_mean(name, known)} It has: {', '.join(known)}")
    target = None if labels is None else frame[labels].to_numpy()
    table = Table(
        frame.drop(columns=[*(drop or ()), *([labels] if labels else [])]),
        categorical=categorical or (), immutable=immutable or (), one_hot=one_hot or {}, bounds=bounds or {},
        labels=target, name=path.name,
    )  # fmt: skip
    return table.row(row)


def _frame(path: Path, separator: str | None) -> Any:
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, sep=separator or SEPARATORS.get(path.suffix.lower(), ","))
    except ImportError:
        raise
    except Exception as error:
        raise InputError(f"{path} cannot be read as a table: {str(error).strip().splitlines()[0]}") from error
