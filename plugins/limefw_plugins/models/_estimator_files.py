"""Files of scikit-learn estimators: skops, which runs nothing, and pickles, which run what they like."""

import hashlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limefw.errors import MissingDependencyError, ModelSourceError, UntrustedError


PICKLES = (".joblib", ".pickle", ".pkl")
ZIP = b"PK\x03\x04"


def is_estimator_file(source: Any) -> bool:
    """Say whether this is the path of a .skops file, or of a pickle (what PyTorch calls so is a zip file)."""
    if not isinstance(source, os.PathLike) or not (path := Path(source)).is_file():
        return False
    if path.suffix.lower() not in PICKLES:
        return path.suffix.lower() == ".skops"
    with path.open("rb") as file:
        return file.read(4) != ZIP


def estimator_in(path: Path, *, trust: bool) -> tuple[Any, str, tuple[str, ...]]:
    """Return the object in a file, the file's hash, and what is worth a note.

    Raises:
        ModelSourceError: where it cannot be read.
        UntrustedError: where it would run code, or holds types that skops does not know, and `trust` is False.
        MissingDependencyError: for a .skops file without skops.
    """
    if not path.is_file():
        raise ModelSourceError(f"there is no model file {path}")
    from sklearn.exceptions import InconsistentVersionWarning

    load = _skops if path.suffix.lower() == ".skops" else _pickle
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = load(path, trust)
    versions: set[str] = set()
    for warning in told:
        if isinstance(warning.message, InconsistentVersionWarning):
            versions.add(warning.message.original_sklearn_version)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    notes = [f"{path.name} was saved by scikit-learn {version}, which is not the one here" for version in versions]
    return found, digest, tuple(sorted(notes))


def _pickle(path: Path, trust: bool) -> Any:  # noqa: FBT001 - as the caller's
    if not trust:
        raise UntrustedError(
            f"{path} is a pickle, and loading one runs whatever code was put into it. Where you know who made it: "
            f"limefw.model({str(path)!r}, trust=True). The command line has no such switch: name a function of your "
            "own there, MODULE:FUNCTION. A model saved by skops.io.dump as a .skops file needs no trust"
        )
    import joblib

    return _read(path, "by joblib", lambda: joblib.load(path))


def _skops(path: Path, trust: bool) -> Any:  # noqa: FBT001 - as the caller's
    try:
        import skops.io
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{path.name} needs 'skops', which is not installed. Run: pip install 'limefw[skops]'"
        ) from error
    unknown = _read(path, "by skops", lambda: skops.io.get_untrusted_types(file=path))
    if unknown and not trust:
        raise UntrustedError(
            f"{path} holds types that skops does not know to be harmless: {', '.join(unknown)}. Where you know them "
            f"and who made the file: limefw.model({str(path)!r}, trust=True). The command line has no such switch: "
            "name a function of your own there, MODULE:FUNCTION"
        )
    return _read(path, "by skops", lambda: skops.io.load(path, trusted=unknown))


def _read(path: Path, how: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception as error:
        raise ModelSourceError(f"{path} cannot be loaded {how}: {type(error).__name__}: {error}") from error
