"""The key of what a model says: everything that it depends on but the row itself, and nothing of it in clear."""

from hashlib import blake2b
from typing import Any

from limefw.imports import versions_of
from limefw.types import Composer, Instance, Model, Segments, digest


HALF = 32
"""Hexadecimal figures of each half: the model's, and that of what it is shown."""

GAME = 2 * HALF
"""Bytes that all rows of one game begin with."""


def game_key(
    model: Model,
    composer: Composer,
    instance: Instance | None = None,
    segments: Segments | None = None,
    *,
    mark: str | None = None,
) -> bytes | None:
    """Return what the keys of all rows of a game begin with; None: what they depend on is not known, so none is kept.

    The first half is the model's: its fingerprint, its contract, what runs it. The other is of what it is shown: what
    the composer holds (not the filler's name, as a filler may be changed under its name), the instance in the model's
    frame and its segments, whatever the composer says of them. limefw's version is in both: how rows are composed may
    change with it. A cache that lives no longer than a model's object may have a `mark`, which stands for a model
    without a fingerprint.
    """
    named = model.fingerprint or mark
    held = getattr(composer, "fingerprint", None)
    if named is None or held is None:
        return None
    ours = versions_of("limefw")
    asked = digest(ours, named, repr(model.contract), model.runtime)
    kind = f"{type(composer).__module__}.{type(composer).__qualname__}"
    around = ["" if made is None else made.fingerprint() for made in (instance, segments)]
    shown = digest(ours, kind, held(), *around)
    return (asked[:HALF] + shown[:HALF]).encode()


def row_keys(game: bytes, rows: list[bytes]) -> list[bytes]:
    """Return a key of 80 bytes for each row: what a row holds may be somebody's data, so it goes in as a hash."""
    return [game + blake2b(row, digest_size=16).digest() for row in rows]


def parts_of(key: Any) -> tuple[bytes, bytes]:
    """Return which game a key belongs to, and the rest of it."""
    return bytes(key[:GAME]), bytes(key[GAME:])
