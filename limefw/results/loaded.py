"""Explanations read back from a file, each checked as a whole: it may come from anywhere."""

import os
from collections.abc import Mapping

from limefw import contracts
from limefw.errors import StoreError
from limefw.forms import form_of
from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.modalities.series import Series
from limefw.modalities.table import Row
from limefw.modalities.table_bins import Bins
from limefw.modalities.text import Parts, Text
from limefw.results import store
from limefw.results.explanation import Explanation
from limefw.results.health import Caution, Health, LabelHealth
from limefw.results.what_if import WhatIf
from limefw.types import Fit, Neighbourhood, Segments


_TYPES = {
    kind.__name__: kind
    for kind in [
        *(Explanation, Image, Text, Series, Row, Bins, Parts, Segments, Frame, Neighbourhood, Fit),
        *(Health, LabelHealth, Caution, WhatIf),
    ]
}


def load(path: str | os.PathLike[str]) -> Explanation:
    """Read an explanation that ``save`` wrote.

    Raises:
        StoreError: where the file is missing, cut short, of a newer schema, or not what it says it is.
    """
    found = store.load(path, _TYPES)
    if not isinstance(found, Explanation):
        raise StoreError(f"{os.fspath(path)} holds {type(found).__name__}, not an explanation")
    try:
        _check(found)
    except Exception as error:
        raise StoreError(f"{os.fspath(path)} contradicts itself: {error}") from error
    return found


def _check(found: Explanation) -> None:
    """Check that the parts of a loaded explanation fit together, so that later calls cannot fail in odd ways."""
    photo, frame = contracts.check_instance(found.instance, "the file"), found.frame
    if frame is not None and not frame.shows(photo):
        raise ValueError("its frame is of another photograph")
    contracts.check_segments(found.segments, photo.shape if frame is None else frame.size, "the file")
    around, targets = found.neighbourhood, len(found.fits)
    rows, width = len(around.codes), found.segments.count
    if around.codes.shape != (rows, width) or around.targets.shape != (rows, targets) or around.groups.shape != (rows,):
        raise ValueError("codes, targets and groups do not fit segments and labels")
    contracts.check_weights(around.weights, rows, "the file")
    for fit in contracts.check_fits(list(found.fits.values()), targets, width, "the file"):
        if form := form_of(fit.detail):
            form.check(fit.detail, width)
    if not all(isinstance(part, Mapping) for name, part in found.provenance.items() if name != "created"):
        raise ValueError("its provenance is not made of mappings")
    if not targets or not set(found.fits) == set(found.names) == set(found.health.labels):
        raise ValueError("its labels differ from place to place")
    asked = [segment for item in found.what_if.values() for segment in item.segments]
    if not set(found.what_if) <= set(found.fits) or not all(0 <= segment < width for segment in asked):
        raise ValueError("its what-if answers are of other labels or segments")
