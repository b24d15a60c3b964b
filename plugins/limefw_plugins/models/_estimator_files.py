"""Files of scikit-learn estimators: skops, which runs nothing, and pickles, which run what they like."""

import os
import warnings
from pathlib import Path
from typing import Any

from limefw.errors import LimefwError, ModelSourceError
from limefw_plugins.models import _skops
from limefw_plugins.models._files import digest_of, existing, members_of, refused


PICKLES = (".joblib", ".pickle", ".pkl")
ZIP = b"PK\x03\x04"


def is_estimator_file(source: Any) -> bool:
    """Say whether this is the path of a .skops file, or of a pickle (what PyTorch calls so is a zip file)."""
    if not isinstance(source, os.PathLike) or not (path := Path(source)).is_file():
        return False
    if path.suffix.lower() not in PICKLES:
        return is_skops(path)
    with path.open("rb") as file:
        return file.read(4) != ZIP


def is_skops(path: Path) -> bool:
    """Say whether this is a file of skops, by its suffix or, whatever it is called, by what is in it."""
    return path.suffix.lower() == ".skops" or "schema.json" in members_of(path)


def estimator_in(path: Path, *, trust: bool) -> tuple[Any, str, tuple[str, ...]]:
    """Return the object in a file, the file's hash, and what is worth a note.

    Raises:
        ModelSourceError: where it cannot be read.
        UntrustedError: where it would run code, or holds types that skops does not know, and `trust` is False.
        MissingDependencyError: for a .skops file without skops.
    """
    existing(path)
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = _loaded(path, trust=trust)
    versions: set[str] = set()
    for warning in told:
        if isinstance(warning.message, InconsistentVersionWarning):
            versions.add(warning.message.original_sklearn_version)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    notes = [f"{path.name} was saved by scikit-learn {version}, which is not the one here" for version in versions]
    return found, digest_of(path), tuple(sorted(notes))


def _loaded(path: Path, *, trust: bool) -> Any:
    try:
        if is_skops(path):
            return _skops.load(path, trust=trust)
        if trust:
            import joblib

            return joblib.load(path)
    except LimefwError:
        raise
    except Exception as error:
        raise ModelSourceError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    raise refused(
        path,
        "it is a pickle, and loading one runs whatever code was put into it",
        instead="A model saved by skops.io.dump as a .skops file needs no trust",
    )
