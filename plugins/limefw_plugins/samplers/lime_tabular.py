"""lime's own draws for tables."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.random import Generator, RandomState
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.table import Row
from limefw.modalities.table_bins import Bins
from limefw.statistics import cut_off_normal
from limefw.types import Draws, Floats, Segments
from limefw_plugins.samplers._lime_known import bins_known, categories_of
from limefw_plugins.samplers._lime_random import lime_state
from limefw_plugins.samplers._rows import bins_of, drawn


def lime_tabular(
    row: Row,
    segments: Segments,
    budget: int,
    rng: Generator | RandomState,
    /,
    *,
    around_instance: bool = False,
    trees: bool = False,
    sampling_method: Literal["gaussian", "lhs"] = "gaussian",
) -> Iterator[Draws]:
    """Lime 0.2.0.1's draws for tables, number for number where the seed is its random_state.

    With its defects: a bin whose ends are one value is drawn at (value - mean) / spread instead of that value, values
    in bins are normal though the data are not, and whole numbers that a table holds as floats get fractions.
    `marginals` has none of them. Columns of integers are rounded before the model sees them, which lime does not do:
    its numbers come of a float copy of the data.

    Args:
        around_instance: where columns are not cut, draw around the row instead of the means.
        trees: lime's discretizer was "entropy", whose trees took a random number for each column.
        sampling_method: of columns that are not cut; "lhs" as in lime's unreleased version, where no seed reaches it.
    """
    bins, state = bins_of(segments), lime_state(rng)
    known = row.background.encoded
    if np.isnan(row.values).any() or (known is not None and np.isnan(known).any()):
        raise InputError("lime knows no missing values: use sampler 'marginals', for which they are a bin")
    if any(feature.low > -np.inf or feature.high < np.inf for feature in row.background.features):
        raise InputError("lime knows no bounds: use sampler 'marginals', which keeps them")
    assert bins.scaled is not None
    numbers = np.flatnonzero([not feature.texts for feature in row.background.features])
    if trees:
        state.randint(0, 2**31 - 1, size=len(numbers))
    if bins.scaled[numbers].any():
        rows = _as_they_are(state, row, budget, around=around_instance, method=sampling_method)
        yield drawn(row, bins, rows, settled=False)
    else:
        yield _by_bins(state, row, bins, numbers, budget)


def _as_they_are(state: RandomState, row: Row, count: int, *, around: bool, method: str) -> Floats:
    table, width = row.background, len(row.values)
    if method == "lhs":
        from scipy.special import ndtri
        from scipy.stats.qmc import LatinHypercube

        normal: Floats = ndtri(LatinHypercube(width, rng=np.random.default_rng(state.randint(2**31))).random(count))
    else:
        normal = state.normal(0, 1, count * width).reshape(count, width)
    # a category has the mean 0 and the spread 1
    rows = normal * table.scales + (row.values if around else table.means)
    for at, feature in enumerate(table.features):
        if feature.texts:
            values, shares = categories_of(row, at)
            rows[:, at] = state.choice(values, size=count, replace=True, p=shares)
    return rows


def _by_bins(state: RandomState, row: Row, bins: Bins, numbers: NDArray[np.intp], count: int) -> Draws:
    assert bins.edges is not None
    known = {at: bins_known(row, at, bins.edges[at]) for at in numbers.tolist()}
    rows = np.empty((count, len(row.values)))
    codes = np.empty(rows.shape, dtype=np.bool_)
    for at, own in enumerate(row.values):
        if at in known:
            values, shares = known[at]["values"], known[at]["frequencies"]
            own = float(np.searchsorted(known[at]["edges"], own))  # noqa: PLW2901
        else:
            values, shares = categories_of(row, at)
        rows[:, at] = state.choice(values, size=count, replace=True, p=shares)
        codes[:, at] = rows[:, at] == own
    for at, about in known.items():
        rows[1:, at] = _within(state, about, rows[1:, at].astype(np.intp))
    codes[0], rows[0] = True, row.values
    # the others are drawn as if they were varied, so that each number is lime's
    kept = np.flatnonzero(bins.labels < 0)
    rows[:, kept] = row.values[kept]
    return Draws(codes[:, bins.varied], {"row": rows})


def _within(state: RandomState, about: dict[str, Any], places: NDArray[np.intp]) -> Floats:
    """Return a value in each of some bins."""
    mean, std = np.array(about["means"]), np.array(about["stds"])
    low, high = ((about[end] - mean) / std for end in ("lows", "highs"))
    wide, found = (low != high)[places], low[places]
    inside = places[wide]
    normal = cut_off_normal(state.uniform(size=len(inside)), inside, low, high)
    found[wide] = normal * std[inside] + mean[inside]
    return np.asarray(found)
