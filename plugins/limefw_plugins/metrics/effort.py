"""What an explanation cost."""

from collections.abc import Mapping

from numpy.random import Generator

from limefw.evaluation.replay import Replay
from limefw.results.explanation import Explanation


def effort(explanation: Explanation, _game: Replay, _rng: Generator, /) -> Mapping[str, float]:
    """Rows drawn, distinct rows among them, rows and calls that the model was asked, seconds.

    `predicted` counts rows that the model answered, the instance and the what-if rows too; `cached` came from a cache.
    Pitfalls: compare methods by rows, never by calls, which are batches; seconds are of one run on one machine, and of
    the first one also what had to be loaded. What metrics ask is not in it.
    """
    made, health = explanation.provenance, explanation.health
    rows, seconds = made.get("rows", {}), dict(made.get("seconds", {}))
    model = seconds.pop("model_only", 0.0)
    return {
        # of a method that refined its segments the explanation holds the last round alone
        "rows": health.samples + rows.get("before", 0),
        "distinct": health.distinct + rows.get("distinct_before", 0),
        "predicted": rows.get("predicted", 0),
        "cached": rows.get("cached", 0),
        "calls": rows.get("calls", 0),
        "seconds": sum(seconds.values()),
        "model_seconds": model,
    }
