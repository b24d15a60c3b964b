"""What metrics share that look at an explanation as a map."""

import numpy as np
from numpy.typing import NDArray

from limefw.results.explanation import Explanation
from limefw.types import Floats
from limefw_plugins.metrics._curves import strengths


def as_map(explanation: Explanation, *, per_area: bool = False, photo: bool = False) -> Floats:
    """Return what the first label owes to each place, NaN where there is no segment.

    Args:
        explanation: of anything.
        per_area: each segment's effect shared out among its places.
        photo: at the instance's own size instead of the one that the model sees.
    """
    values, segments = strengths(explanation, per_area=per_area), explanation.segments
    if segments.basis is None:
        seen = np.append(values, np.nan)[segments.labels]
    else:
        seen = np.where(segments.basis.any(axis=0), np.tensordot(values, segments.basis, axes=1), np.nan)
    return seen if explanation.frame is None or not photo else explanation.frame.to_photo(seen, outside=np.nan)


def place_of(explanation: Explanation, segment: int) -> NDArray[np.bool_]:
    """Return where a segment lies, at the instance's own size."""
    area = explanation.segments.areas([segment])[0]
    return (
        area if explanation.frame is None else np.asarray(explanation.frame.to_photo(area, outside=0), dtype=np.bool_)
    )
