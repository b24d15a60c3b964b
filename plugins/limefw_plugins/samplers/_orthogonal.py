"""Hadamard matrices: square, of -1 and 1, every two columns orthogonal."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError


LARGEST = 4096
"""The largest order that is made: 16 MB."""

ALIASED = (8, 16)
"""Orders in which the product of any three columns is a column: what three segments do together falls whole on a
fourth, and a few blocks cannot show how often."""

Signs = NDArray[np.int8]


def order_for(least: int) -> int:
    """Return the smallest order of at least `least` that doubling (Sylvester) or quadratic residues (Paley) give.

    Orders of ALIASED are passed over.

    Raises:
        InputError: where it would be above LARGEST.
    """
    orders: list[int] = [1, 2, *range(4, LARGEST + 1, 4)]
    for order in orders:
        if order >= least and order not in ALIASED and _made(order):
            return order
    raise InputError(
        f"sampler 'hadamard' takes up to {LARGEST - 1} segments, and here are {least - 1}: ask for fewer and larger "
        "ones, or use sampler 'paired', which takes any number"
    )


@lru_cache(maxsize=2)
def matrix_of(order: int) -> Signs:
    """Return a Hadamard matrix of an order that ``order_for`` found, read-only as it is kept."""
    if order <= 2:
        found = np.array([[1, 1], [1, -1]], dtype=np.int8)[:order, :order]
    elif _is_prime(order - 1):
        found = _bordered(order - 1, -1) + np.eye(order, dtype=np.int8)
    elif _made_by_halves(order):
        # Paley's second: the prime is 1 modulo 4, and residues are then symmetric
        core = _bordered(order // 2 - 1, 1)
        pair, own = np.array([[1, 1], [1, -1]], dtype=np.int8), np.array([[1, -1], [-1, -1]], dtype=np.int8)
        found = np.kron(core, pair) + np.kron(np.eye(len(core), dtype=np.int8), own)
    else:
        half = matrix_of(order // 2)
        found = np.block([[half, half], [half, -half]])
    found.flags.writeable = False
    return found


def _made(order: int) -> bool:
    # primes below a multiple of four are 3 modulo 4, as Paley's first construction wants them
    return order <= 2 or _is_prime(order - 1) or _made_by_halves(order) or (order % 8 == 0 and _made(order // 2))


def _made_by_halves(order: int) -> bool:
    prime = order // 2 - 1
    return prime % 4 == 1 and _is_prime(prime)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % factor for factor in range(2, int(number**0.5) + 1))


def _bordered(prime: int, below: int) -> Signs:
    """Return the matrix of quadratic residues chi(i - j) with a border of 1 above it and `below` on its left."""
    chi = np.full(prime, -1, dtype=np.int8)
    chi[np.arange(1, prime) ** 2 % prime] = 1
    chi[0] = 0
    found = np.zeros((prime + 1, prime + 1), dtype=np.int8)
    found[0, 1:], found[1:, 0] = 1, below
    found[1:, 1:] = chi[np.subtract.outer(np.arange(prime), np.arange(prime)) % prime]
    return found
