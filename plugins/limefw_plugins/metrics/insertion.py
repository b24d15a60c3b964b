"""What showing the strongest segments first gives back of the answer."""

from collections.abc import Mapping

from numpy.random import Generator

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation
from limefw_plugins.metrics._curves import Baseline, area_under, areas_up_to, asking, hidden_up_to, ranked


def insertion(
    explanation: Explanation, game: Replay, _rng: Generator, /, *, baseline: Baseline = "filler", per_area: bool = False
) -> Mapping[str, float]:
    """Area under the answer as segments are shown, the strongest first: higher is better (Petsiuk et al. 2018, RISE).

    All segments are hidden at first. Whole segments; the axis is the part of the area that is shown, 0..1; trapezoids.
    Pitfalls: those of `deletion`; RISE starts from a blurred image, whose shapes give much away: baseline "blur".

    Args:
        baseline: what hidden segments show: what they did when explained, mid-grey, or the blurred image.
        per_area: order by effect per pixel, so that small segments are not behind large ones.
    """
    order = ranked(explanation, per_area=per_area)
    answers = asking(game, baseline)(~hidden_up_to(order))[:, 0]
    return {"auc": area_under(answers, areas_up_to(explanation, order))}
