"""Late imports that leave no trace."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager


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
