"""Every combination once."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Gt, Lt
from numpy.random import Generator

from limefw.errors import InputError
from limefw.types import Draws, Instance, Segments
from limefw_plugins.samplers._law import enumerated, fits


def exhaustive(
    _instance: Instance,
    segments: Segments,
    budget: int,
    _rng: Generator,
    /,
    *,
    keep: Annotated[float, Gt(0), Lt(1)] = 0.5,
) -> Iterator[Draws]:
    """Take all 2^d combinations of segments once, so that nothing is left to chance.

    With a flat kernel and no penalty the effects are exactly Banzhaf values. Where the combinations do not fit the
    budget this is an error; `bernoulli` draws from the same law then.

    Args:
        keep: combinations are weighted as independent coins with this probability would make them; .5: all alike.
    """
    if not fits(segments.count, budget):
        most = budget.bit_length() - 1
        raise InputError(
            f"sampler 'exhaustive' takes all 2^{segments.count} combinations of {segments.count} segments, and the "
            f"budget is {budget} samples, enough for {most} segments: ask for fewer and larger ones, raise samples, or "
            "use sampler 'bernoulli'"
        )
    yield enumerated(segments.count, keep)
