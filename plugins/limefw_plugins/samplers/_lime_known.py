"""What lime knows of a table's columns: how often each category and each bin is drawn, and what bins hold."""

from typing import Any

import numpy as np

from limefw.errors import InputError
from limefw.modalities.table import Row
from limefw.types import Floats


def categories_of(row: Row, at: int) -> tuple[Any, Floats]:
    """Return the codes of a category, and their shares."""
    table = row.background
    if table.known is not None:
        about = table.known[row.names[at]]
        counts = np.asarray(about["frequencies"], dtype=np.float64)
        return list(range(len(counts))), counts / counts.sum()
    assert table.encoded is not None
    codes, times = np.unique(table.encoded[:, at], return_counts=True)
    return codes.tolist(), times / float(times.sum())


def bins_known(row: Row, at: int, ends: Floats) -> dict[str, Any]:
    """Return the bins of a column of numbers with the share, mean and spread of each, as lime has them.

    Raises:
        InputError: of statistics, which tell of their own bins alone.
    """
    table, edges = row.background, ends[~np.isnan(ends)]
    if table.known is not None:
        about = table.known[row.names[at]]
        if not np.array_equal(edges, about["edges"]):
            raise InputError(
                f"the statistics tell of {row.names[at]!r} in bins that end at {about['edges']}, and it is cut at "
                f"{edges.tolist()}: cut it as they do, or use sampler 'marginals'"
            )
        shares = np.asarray(about["frequencies"], dtype=np.float64)
        # as of data: a bin of one value has the spread 0, by which lime itself then divides
        stds = [std + 1e-11 for std in about["stds"]]
        found = {"values": list(range(len(shares))), "means": about["means"], "stds": stds}
        low, high = about["min"], about["max"]
    else:
        assert table.encoded is not None
        values = table.encoded[:, at]
        place = np.searchsorted(edges, values)
        there, times = np.unique(place, return_counts=True)
        shares = times.astype(np.float64)
        parts = [values[place == number] for number in range(len(edges) + 1)]
        stds = [(np.std(part) if len(part) else 0.0) + 1e-11 for part in parts]
        found = {
            "values": there.tolist(),
            "means": [np.mean(part) if len(part) else 0.0 for part in parts],
            "stds": stds,
        }
        low, high = values.min(), values.max()
    ends_of = {"lows": np.array([low, *edges]), "highs": np.array([*edges, high]), "edges": edges}
    return {**found, **ends_of, "frequencies": shares / float(shares.sum())}
