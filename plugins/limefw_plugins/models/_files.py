"""Files of models: that they are there, which they are, and that none runs code unless its user allows it."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError, UntrustedError


def existing(source: Any, what: str = "a model", *, folder: bool = False) -> Path:
    """Return the path of a file, or of a folder where that will do, that is there.

    Raises:
        ModelSourceError: where it is no path, or leads nowhere.
    """
    try:
        path = Path(source)
    except TypeError as error:
        raise ModelSourceError(f"{what} is the path of a file, got {type(source).__name__}") from error
    if not path.is_file() and not (folder and path.is_dir()):
        raise ModelSourceError(f"there is no model file {path}")
    return path


def start_of(path: Path) -> bytes:
    """Return the first eight bytes of a file, or nothing where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""


def members_of(path: Path) -> set[str]:
    """Return the names of what is in a zip file, or nothing where it is none."""
    if not start_of(path).startswith(b"PK\x03\x04"):
        return set()
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return set()


OTHERS = "Give a function that brings in the others: limefw.model(lambda batch: ...)"
"""What to do with a model of several inputs."""


def digest_of(*paths: Path) -> str:
    """Return the SHA-256 of a file, as any other tool says it; of several, one of their names and contents."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    if len(digests) == 1:
        return digests[0]
    told = "".join(f"{path.name}\0{digest}\0" for path, digest in zip(paths, digests, strict=True))
    return hashlib.sha256(told.encode()).hexdigest()


def refused(path: Path, why: str, *, source: str = "", instead: str = "") -> UntrustedError:
    """Return the error for a file that can run code.

    Args:
        path: of it.
        why: as a clause, "it is a pickle".
        source: how it is given to `limefw.model`, where that takes more than its path.
        instead: what would need no trust, as a sentence.
    """
    return UntrustedError(
        f"{path} was not loaded: {why}. Where you know who made it: limefw.model({source or repr(str(path))}, "
        f"trust=True), on the command line --trust.{' ' * bool(instead)}{instead}"
    )
