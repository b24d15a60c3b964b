"""Late imports that leave no trace."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def versions_of(*libraries: str) -> str:
    """Return what loaded libraries say of their versions: "torch 2.6.0, torchvision 0.21.0"."""
    told = ((name, getattr(sys.modules.get(name), "__version__", "")) for name in libraries)
    return ", ".join(f"{name} {version}" for name, version in told if version)


@contextmanager
def unmoved_random(*libraries: str) -> Iterator[None]:
    """Put Python's global generator back after the first import of some libraries.

    scikit-learn's trees and linear models import rich, which draws from it.
    """
    if all(library in sys.modules for library in libraries):
        yield
        return
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
