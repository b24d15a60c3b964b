"""What hiding the strongest segments first takes from the answer."""

from collections.abc import Mapping

from numpy.random import Generator

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation
from limefw_plugins.metrics._curves import Baseline, area_under, areas_up_to, asking, hidden_up_to, ranked


def deletion(
    explanation: Explanation, game: Replay, _rng: Generator, /, *, baseline: Baseline = "filler", per_area: bool = False
) -> Mapping[str, float]:
    """Area under the answer as segments are hidden, the strongest first: lower is better (Petsiuk et al. 2018, RISE).

    Whole segments, so that there are no ties to break; the axis is the part of the area that is hidden, 0..1.
    Pitfalls: only the order of the effects counts; what is left is no photograph any more; it rewards a baseline that
    destroys the picture and hangs on it (mean colour leaks); of one image it says little: compare methods over many
    images, in pairs. Costs a row for each segment.

    Args:
        baseline: what hidden segments show: what they did when explained, mid-grey, or the blurred image.
        per_area: order by effect per pixel, so that small segments are not behind large ones.
    """
    order = ranked(explanation, per_area=per_area)
    answers = asking(game, baseline)(hidden_up_to(order))[:, 0]
    return {"auc": area_under(answers, areas_up_to(explanation, order))}
