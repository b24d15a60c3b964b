"""The networks of keras.applications, by name."""

import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from limefw.errors import ModelSourceError, did_you_mean
from limefw.types import Model
from limefw_plugins.models._contract import Resize, Wishes, class_names
from limefw_plugins.models._files import digest_of
from limefw_plugins.models._keras import chunk_of, keras_itself, runner, unmoved, versions
from limefw_plugins.models._keras_applications import MODES, NETWORKS, module_of
from limefw_plugins.models._keras_reading import read


def keras_applications(
    source: os.PathLike[str] | None,
    /,
    *,
    name: str,
    weights: str | None = "imagenet",
    resize: Resize = "stretch",
    classes: str = "imagenet",
    chunk: Annotated[int, Ge(1)] | None = None,
) -> Model:
    """A network of keras.applications with that module's own preprocessing (Keras 3; TensorFlow or PyTorch backend).

    The source may be a file of weights; no source: as `weights` says.

    Args:
        name: its function, as InceptionV3.
        weights: "imagenet": Keras' own, from its cache or downloaded; a file; None or "none": random ones, always the
            same, to try things out.
        resize: how a photograph gets to the network's size.
        classes: "imagenet", or a file of class names for weights of other classes.
        chunk: rows a call; None: as many as suit the backend.
    """
    if name not in NETWORKS:
        raise ModelSourceError(
            f"keras.applications has no {name!r}.{did_you_mean(name, NETWORKS)} It has: {', '.join(NETWORKS)}"
        )
    given = os.fspath(source) if source is not None else weights
    given = None if given == "none" else given
    if given not in (None, "imagenet") and not Path(given).is_file():
        raise ModelSourceError(f"there is no file of weights {given}")
    library = keras_itself()
    names = class_names(classes) or ()
    model = _built(library, name, given, len(names))
    module = str(module_of(name))
    reading = read(library, model, Wishes(preprocessing=MODES[module], resize=resize), 0)
    contract = replace(reading.contract, chunk=chunk or chunk_of(library, reading.contract.size))
    mark = None
    if given is not None:
        file = f"{library.__version__}" if given == "imagenet" else digest_of(Path(given))
        mark = f"keras_applications:{name}:{file}:{library.backend.backend()}"
    notes = ("its weights are random: its answers mean nothing",) if given is None else ()
    return Model(runner(library, model, reading), name, names, contract, mark, notes, runtime=versions(library))


def _built(keras: Any, name: str, weights: str | None, count: int) -> Any:
    with unmoved():
        random.seed(0)  # what random weights are drawn from; put back on leaving
        try:
            return getattr(keras.applications, name)(weights=weights, classes=count)
        except Exception as error:
            if weights is None:
                raise
            hint = (
                "Where there is no internet, give a file: weights = 'FILE.h5' (storage.googleapis.com/tensorflow/"
                "keras-applications has them)"
                if weights == "imagenet"
                else f"Is it of {name} with its top, and of {count} classes?"
            )
            raise ModelSourceError(
                f"{name} cannot be given the weights {weights}: {str(error)[:300]}. {hint}"
            ) from error
