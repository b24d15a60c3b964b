"""What torchvision and timm share: which of their networks is meant, and its weights."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw_plugins.models._torch_files import WEIGHTS
from limefw_plugins.models._torch_network import built


def meant(source: Any, name: str | None, library: str) -> tuple[str, Path | None]:
    """Return which of a library's networks is meant, and the file of its weights or None: the library's own.

    Raises:
        ModelSourceError: a file alone does not say which network it is for.
    """
    if source is not None and not isinstance(source, str | os.PathLike):
        raise ModelSourceError(
            f"model {library!r} takes the name of a network or a file, got {type(source).__name__}; "
            "a module is for model 'torch'"
        )
    path = None if source is None else Path(source)
    if path is not None and name is None and path.suffix.lower() not in WEIGHTS and not path.is_file():
        return str(source), None
    if name is None:
        what = "nothing" if path is None else f"the file {path} alone"
        raise ModelSourceError(
            f"which of {library}'s networks? Say its name: {{'use': {library!r}, 'name': 'resnet50'}}; got {what}"
        )
    return name, path


def count_of(weights: Mapping[str, Any]) -> int:
    """Return how many outputs these weights make: as long as the last of them is."""
    return int([value for value in weights.values() if value.ndim][-1].shape[0])


def fetched(library: str, factory: Callable[..., Any], /, *arguments: Any, **settings: Any) -> Any:
    """Return what `built` does, of a function that looks for the weights itself.

    Raises:
        ModelSourceError: they are neither here nor to be had.
    """
    try:
        return built(factory, *arguments, **settings)
    except OSError as error:
        raise ModelSourceError(
            f"the weights of {arguments[0]} cannot be downloaded: {error}. Where there is no network, give them as a "
            f"file: limefw.model('weights.pth', use={{'use': {library!r}, 'name': {arguments[0]!r}}})"
        ) from error
