"""The columns of a table, cut into bins."""

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.random import Generator

from limefw.errors import InputError
from limefw.imports import unmoved_random
from limefw.modalities.table import Row, Table
from limefw.modalities.table_bins import Bins
from limefw.types import Floats


PERCENTILES = {"quartile": (25, 50, 75), "decile": (10, 20, 30, 40, 50, 60, 70, 80, 90)}


def bins(
    row: Row,
    _rng: Generator,
    /,
    *,
    discretizer: Literal["quartile", "decile", "entropy", "equal_width", "none"] = "quartile",
    count: Annotated[int, Ge(2), Le(100)] = 5,
    depth: Annotated[int, Ge(1), Le(10)] = 3,
    edges: dict[str, list[float]] | None = None,
    drop_constant: bool = True,
) -> Bins:
    """Each column of numbers cut into ranges, of which a row lies in one; a category is a bin, what is missing another.

    Where a table knows statistics alone, its own bins stand for those of "quartile", "decile" and "entropy".

    Args:
        discretizer: "quartile", "decile" (as lime has them); "entropy": where a small tree on the table's labels splits
            the column (Fayyad & Irani 1993's aim, by scikit-learn's trees, as lime does it); "equal_width"; "none": the
            values themselves, in units of their spread.
        count: bins of equal width.
        depth: of those trees.
        edges: by column: where its bins end instead; an end belongs to the bin below it.
        drop_constant: leave out columns that lie in one bin in all of the table, as nothing could be told of them.
    """
    table, own = row.background, edges or {}
    chosen = {table.feature(name, "edges"): np.unique(np.asarray(ends, dtype=np.float64)) for name, ends in own.items()}
    for at, ends in chosen.items():
        if table.features[at].texts or not len(ends) or not np.isfinite(ends).all():
            raise InputError(f"edges of {table.features[at].name!r} must be finite numbers of a column of numbers")
    usual = _ends(table, discretizer, count, depth)
    cuts = [() if feature.texts else chosen.get(at, usual[at]) for at, feature in enumerate(table.features)]
    return Bins.of(row, cuts, drop_constant=drop_constant)


def _ends(table: Table, discretizer: str, count: int, depth: int) -> list[Floats | None]:
    """Return for each feature where its bins end, None where it is not cut; once for each table."""
    key = (discretizer, count, depth)
    if key not in table.memory:
        found: list[Floats | None] = [None] * len(table.features)
        numbers = [at for at, feature in enumerate(table.features) if not feature.texts and discretizer != "none"]
        for at, ends in zip(numbers, _cut(table, numbers, discretizer, count, depth), strict=True):
            found[at] = np.unique(ends)
        table.memory[key] = found
    cuts: list[Floats | None] = table.memory[key]
    return cuts


def _cut(table: Table, numbers: list[int], discretizer: str, count: int, depth: int) -> list[Floats]:
    if table.known is not None and discretizer != "equal_width":
        return [np.asarray(table.known[table.features[at].name]["edges"], dtype=np.float64) for at in numbers]
    if discretizer == "entropy":
        return [_by_entropy(table, at, depth) for at in numbers]
    values = table.pools[numbers].T if table.encoded is None else table.encoded[:, numbers]
    if discretizer == "equal_width":
        found = np.linspace(_each(np.nanmin, values), _each(np.nanmax, values), count + 1)[1:-1]
    else:
        percentile = np.nanpercentile if np.isnan(values).any() else np.percentile
        found = _each(lambda array, axis: percentile(array, PERCENTILES[discretizer], axis=axis), values)
    return [column[~np.isnan(column)] for column in found.T]


def _each(figure: Any, values: Floats) -> Floats:
    """Return a figure of each column, NaN of one that has nothing but missing values."""
    if not values.size:
        return np.empty((1, 0))
    empty = np.isnan(values).all(axis=0)
    return np.where(empty, np.nan, figure(np.where(empty, 0.0, values), axis=0))


def _by_entropy(table: Table, at: int, depth: int) -> Floats:
    """Return where a tree on one column splits it; its median where it does not."""
    if table.labels is None or table.encoded is None:
        raise InputError("bins by entropy need what the model should have said: limefw.Table(data, labels=...)")
    with unmoved_random("sklearn.tree"):
        from sklearn.tree import DecisionTreeClassifier

    there = ~np.isnan(table.encoded[:, at])
    if not there.any():
        return np.empty(0)
    values, labels = table.encoded[there, at], table.labels[there]
    if labels.dtype.kind == "f" and not (labels == np.rint(labels)).all():
        raise InputError("bins by entropy need classes as labels, got decimals: bin these, or use 'quartile'")
    tree = DecisionTreeClassifier(criterion="entropy", max_depth=depth, random_state=0)
    grown = tree.fit(values[:, None], labels).tree_
    inner = grown.threshold[grown.children_left > -1]
    return np.sort(inner) if len(inner) else np.array([np.median(values)])
