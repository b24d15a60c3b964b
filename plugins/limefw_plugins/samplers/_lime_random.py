"""lime's random numbers."""

from typing import Any

from numpy.random import Generator, RandomState

from limefw.errors import InputError


def lime_state(rng: Generator | RandomState) -> RandomState:
    """Return the RandomState that lime makes of the same seed: a run's own stream knows the seed that it came from.

    A RandomState is taken as it is: whoever holds one draws on from where it stands.

    Raises:
        InputError: lime has no such seed.
    """
    if isinstance(rng, RandomState):
        return rng
    seed: Any = getattr(getattr(rng.bit_generator, "seed_seq", None), "entropy", None)
    if not hasattr(seed, "__index__") or int(seed) >= 2**32:
        raise InputError(f"lime's random_state is below {2**32}, and the seed is {seed}: take a smaller one")
    return RandomState(int(seed))
