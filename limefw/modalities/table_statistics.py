"""What is known of the columns of a table where the data themselves may not leave their home."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from limefw.errors import InputError
from limefw.modalities.table_columns import Column, Form, Maker
from limefw.types import Floats


SIZE = 2000
"""Values that stand for a column of which only statistics are known."""

_NUMBERS = ("edges", "frequencies", "means", "stds", "min", "max")


def described(column: Column, edges: Sequence[float] | Floats | None = None) -> dict[str, Any]:
    """Return what is known of a column: of numbers by bins, each with its share, mean and spread."""
    values, missing = column.encoded, np.isnan(column.encoded)
    share = float(missing.mean())
    if column.places is not None:
        counts = np.bincount(values[~missing].astype(np.intp), minlength=len(column.places))
        return {
            "kind": column.kind,
            "values": list(column.places),
            "frequencies": (counts / len(values)).tolist(),
            "missing": share,
        }
    there = values[~missing]
    if not len(there):
        raise InputError(f"column {column.name!r} has no value at all: leave it out")
    cuts = np.unique(np.percentile(there, [25, 50, 75]) if edges is None else np.asarray(edges, dtype=np.float64))
    place = np.searchsorted(cuts, there)
    inside = [there[place == number] for number in range(len(cuts) + 1)]
    return {
        "kind": column.kind,
        "edges": cuts.tolist(),
        "frequencies": [len(part) / len(values) for part in inside],
        "means": [float(part.mean()) if len(part) else 0.0 for part in inside],
        "stds": [float(part.std()) if len(part) else 0.0 for part in inside],
        "min": float(there.min()),
        "max": float(there.max()),
        "missing": share,
    }


def columns_of(known: Mapping[Any, Any], maker: Maker) -> tuple[Form, list[Column], dict[str, Any]]:
    """Return the columns that statistics are of.

    Raises:
        InputError: what is lacking, in which column.
    """
    if maker not in ("numpy", "pandas"):
        raise InputError(f"maker is 'numpy' or 'pandas', got {maker!r}")
    checked = {str(name): _checked(str(name), about) for name, about in known.items()}
    if not checked:
        raise InputError("the statistics are of no column: give a mapping from each column to what is known of it")
    columns = [_column(name, about, maker) for name, about in checked.items()]
    texts = any(isinstance(value, str) for column in columns for value in column.places or ())
    dtype = np.dtype(object if texts else np.float64)
    return Form(maker, tuple(checked), dtype), columns, checked


def _checked(name: str, about: Any) -> dict[str, Any]:
    if not isinstance(about, Mapping) or "kind" not in about:
        raise InputError(
            f"what is known of column {name!r} must be a mapping with its kind, as Table.statistics() gives it, got "
            f"{type(about).__name__}"
        )
    kind = about["kind"]
    if kind not in ("number", "integer", "boolean", "category"):
        raise InputError(f"column {name!r}: kind is number, integer, boolean or category, got {kind!r}")
    wanted = _NUMBERS if kind in ("number", "integer") else ("values", "frequencies")
    if lacking := [key for key in wanted if key not in about]:
        raise InputError(f"the statistics of column {name!r} lack {', '.join(lacking)}")
    bins = len(about["values"]) if "values" in about else len(about["edges"]) + 1
    for key in ("frequencies", "means", "stds"):
        if key in about and len(about[key]) != bins:
            raise InputError(f"column {name!r} has {bins} bins, and {len(about[key])} {key}")
    shares = np.asarray(about["frequencies"], dtype=np.float64)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise InputError(f"the frequencies of column {name!r} must be numbers >= 0 that are not all 0")
    return dict(about)


def _column(name: str, about: Mapping[str, Any], maker: Maker) -> Column:
    # of one NaN where values may be missing: what a new row may hold
    seen = np.array([math.nan] if about.get("missing", 0) else [0.0])
    kind = about["kind"]
    if "values" not in about:
        whole = kind == "integer" and not about.get("missing", 0)
        return Column(name, kind, seen, np.dtype(np.int64 if whole else np.float64))
    values = list(about["values"])
    listed = np.array([*values, None] if about.get("missing", 0) else values, dtype=object)
    if kind == "boolean" and not about.get("missing", 0):
        listed = listed.astype(np.bool_)
    choices: Any = listed
    if maker == "pandas":
        import pandas as pd

        choices = pd.Series(listed.tolist()).array
    places = {value: place for place, value in enumerate(values)}
    gone = len(values) if about.get("missing", 0) else -1
    return Column(name, kind, seen, getattr(choices, "dtype", None), choices, places, gone)


def pool_of(about: Mapping[str, Any], column: Column) -> Floats:
    """Return values, in order, that are spread as the statistics say; what is missing comes last."""
    shares = np.array([*about["frequencies"], about.get("missing", 0.0)], dtype=np.float64)
    counts = np.maximum(np.rint(SIZE * shares / shares.sum()), shares > 0).astype(np.intp)
    if column.places is not None:
        codes = [*range(len(column.places)), math.nan]
        return np.repeat(np.array(codes, dtype=np.float64), counts)
    ends = [about["min"], *np.clip(about["edges"], about["min"], about["max"]), about["max"]]
    bins = zip(ends, ends[1:], about["means"], about["stds"], counts, strict=False)
    parts = [_spread(*one) for one in bins]
    if column.kind == "integer":
        # rounded they stay in their bin, which holds its upper end and not its lower
        least = [
            math.ceil(about["min"]),
            *(max(math.floor(low) + 1, math.ceil(about["min"])) for low in about["edges"]),
        ]
        every = zip(parts, least, ends[1:], strict=True)
        parts = [np.clip(np.rint(part), low, math.floor(high)) for part, low, high in every]
    return np.sort(np.concatenate([*parts, np.full(counts[-1], math.nan)]))


def _spread(low: float, high: float, mean: float, std: float, count: int) -> Floats:
    """Return the quantiles of a normal law cut off at both ends of a bin, as lime draws within it."""
    from scipy.stats import truncnorm

    if not high > low or not std > 1e-9 * (high - low) or not count:
        return np.full(count, min(max(mean, low), high))
    shares = (np.arange(count) + 0.5) / count
    values: Floats = truncnorm.ppf(shares, (low - mean) / std, (high - mean) / std, loc=mean, scale=std)
    # a bin holds its upper end and not its lower
    return np.clip(values, np.nextafter(low, high), high)
