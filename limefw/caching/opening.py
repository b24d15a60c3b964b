"""What ``cache=`` means."""

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from limefw.caching.disk import PredictionCache
from limefw.errors import InputError


Cache = MutableMapping[bytes, NDArray[Any]]
Caching = Cache | str | os.PathLike[str] | bool | None
"""True: the user's own cache on disk; a folder: one there; a mapping: that; False and None: nothing is kept."""


def opened(cache: Caching) -> Cache | None:
    """Return the cache that is meant.

    Raises:
        InputError: it is none.
        StoreError: the file in that folder is another program's or another version's.
    """
    if cache is None or cache is False:
        return None
    if cache is True:
        return PredictionCache()
    if isinstance(cache, str | os.PathLike):
        return PredictionCache(cache)
    if all(hasattr(cache, name) for name in ("get", "update", "__setitem__")):
        return cache
    raise InputError(
        f"a cache is True (the user's own on disk), a folder, a dict or another mapping, got {type(cache).__name__}"
    )


@contextmanager
def using(cache: Caching) -> Iterator[Cache | None]:
    """Give the cache that is meant, and close it where it was opened here."""
    found = opened(cache)
    try:
        yield found
    finally:
        if found is not cache and isinstance(found, PredictionCache):
            found.close()
