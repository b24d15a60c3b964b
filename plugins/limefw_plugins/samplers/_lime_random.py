"""lime's random numbers."""

from numpy.random import Generator, RandomState


def lime_state(rng: Generator | RandomState) -> RandomState:
    """Return the RandomState that lime makes of the same seed: a run's own stream knows the seed that it came from.

    A RandomState is taken as it is: whoever holds one draws on from where it stands.
    """
    if isinstance(rng, RandomState):
        return rng
    sequence = getattr(rng.bit_generator, "seed_seq", None)
    entropy = getattr(sequence, "entropy", None)
    if isinstance(entropy, int) and 0 <= entropy < 2**32:
        return RandomState(entropy)
    # no seed that lime would take
    return RandomState(int(rng.integers(2**32)))
