"""Other series."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, MinLen
from numpy.random import Generator

from limefw.errors import InputError
from limefw.modalities.series import Series, SeriesComposer
from limefw.types import Segments
from limefw_plugins.readers.series_file import many_series


def series_background(
    series: Series,
    segments: Segments,
    rng: Generator,
    /,
    *,
    path: str | Annotated[list[str], MinLen(1)],
    most: Annotated[int, Ge(1)] = 64,
) -> SeriesComposer:
    """Show a hidden segment as it is in another series, say of the training data; of several, each draw takes one.

    With more than one the effects are averages over them, standard errors count what they change, and no combination is
    enumerated without error. For arrays in memory there is `like`.

    Args:
        path: a file or a list of them: .npy or .csv, of one series each, as long as this one and with as many channels;
            a .npy may hold a batch as the model reads it.
        most: of more series than these as many are chosen at random.
    """
    files = [Path(each) for each in ([path] if isinstance(path, str) else path)]
    found = [one for file in files for one in many_series(file, series.layout)]
    if len(found) > most:
        found = [found[at] for at in sorted(rng.choice(len(found), most, replace=False))]
    return _composer(series, segments, found, "filler 'series_background'")


def like(others: Any) -> Callable[[Series, Segments, Generator], SeriesComposer]:
    """Return a filler of series in memory: ``explain(..., filler=like(training_data))``.

    Args:
        others: arrays as the model reads them, such as a batch of the training data, or limefw.Series; each as long as
            the one explained. Each draw shows one of them.
    """
    held = [one if isinstance(one, Series) else np.array(one) for one in others]
    if not held:
        raise InputError("like() takes at least one series")

    def background(series: Series, segments: Segments, _rng: Generator, /) -> SeriesComposer:
        found = [one if isinstance(one, Series) else Series.of(one, series.layout) for one in held]
        return _composer(series, segments, found, "like()")

    return background


def _composer(series: Series, segments: Segments, found: Sequence[Series], what: str) -> SeriesComposer:
    for one in found:
        if one.shape != series.shape:
            raise InputError(f"{what} has a series of {_said(one)}, and the one explained has {_said(series)}")
    return SeriesComposer.of(series, np.stack([one.values for one in found]), segments)


def _said(series: Series) -> str:
    return f"{series.shape[0]} steps x {series.shape[1]} channels"
