"""Keras models, on whatever backend Keras runs on."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from limefw.errors import ModelSourceError
from limefw.types import Model
from limefw_plugins.models._contract import (
    Head,
    Layout,
    Means,
    Order,
    Range,
    Resize,
    Size,
    Spreads,
    Wishes,
    class_names,
)
from limefw_plugins.models._keras import chunk_of, keras_itself, runner, unmoved, versions
from limefw_plugins.models._keras_applications import KerasPreprocessing, mode_of
from limefw_plugins.models._keras_files import fingerprint, is_file_of_keras, load, needs_other_code
from limefw_plugins.models._keras_reading import read


def is_keras(source: Any) -> bool:
    """Say whether this is a Keras 3 model, a .keras or .h5 file, or a SavedModel folder."""
    if isinstance(source, os.PathLike):
        return is_file_of_keras(Path(source))
    return any(
        kind.__name__ == "Layer" and kind.__module__.partition(".")[0] == "keras" for kind in type(source).__mro__
    )


def keras(
    source: Any,
    /,
    *,
    head: Head = "auto",
    preprocessing: KerasPreprocessing = "auto",
    size: Size = None,
    layout: Layout = "auto",
    order: Order = "auto",
    value_range: Range = "auto",
    mean: Means = None,
    std: Spreads = None,
    resize: Resize = "stretch",
    classes: str | None = None,
    output: str | Annotated[int, Ge(0)] | None = None,
    chunk: Annotated[int, Ge(1)] | None = None,
    trust: bool = False,
) -> Model:
    """A Keras 3 model, its file (.keras, .h5, SavedModel) or a function that returns one, on TensorFlow or PyTorch.

    Size, layout, channels and dtype are read from its input, the head from its last activation, else from the loss
    that it was trained with. KERAS_BACKEND says which backend; without it, one that is installed.

    Args:
        head: what the outputs mean.
        preprocessing: what the pixels are to the model; "keras:vgg16" as keras.applications.vgg16.preprocess_input
            does. "auto": as its dtype, a first Rescaling or Normalization layer or a name of keras.applications say,
            else 0..1.
        size: height and width, where the model leaves them open.
        layout: of its input; "auto": by its layers' data_format.
        order: of three channels.
        value_range: what black and white are to the model before `mean` and `std`; None: the pixels as they are.
        mean: subtracted, one for each channel in the model's own order, or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the model's size.
        classes: a file of class names, or "imagenet".
        output: which, of a model with several: its number, or its name where they are a dict. None: the only one that
            ends in a softmax or sigmoid, else the first.
        chunk: rows a call; None: as many as suit the backend.
        trust: allow files that run code: Lambda layers, SavedModel folders.
    """
    if not is_keras(source) and not callable(source):
        raise ModelSourceError(
            "a Keras model is a keras.Model, a .keras or .h5 file, a SavedModel folder or a function that returns a "
            f"keras.Model, got {source!r:.80}"
        )
    library = keras_itself()
    if not is_keras(source):
        source = _made_by(source)
    path = Path(source) if isinstance(source, os.PathLike) else None
    model, loss = (source, None) if path is None else load(library, path, trust=trust)
    wishes = Wishes(head, mode_of(preprocessing), size, layout, order, value_range, mean, std, resize)
    reading = read(library, model, wishes, output, loss)
    names = class_names(classes)
    if names is None and reading.application and reading.classes == 1000:
        names = class_names("imagenet")
    contract = replace(reading.contract, chunk=chunk or chunk_of(library, reading.contract.size))
    # code of the user's own may change while the file stays the same
    whole = path is not None and not needs_other_code(model, path)
    mark = f"{fingerprint(path)}:{library.backend.backend()}:{reading.output}" if path is not None and whole else None
    name = model.name if path is None else path.stem
    return Model(runner(library, model, reading), name, names, contract, mark, reading.notes, runtime=versions(library))


def _made_by(function: Callable[[], Any]) -> Any:
    """Return the model that a function makes; its random first weights leave the global generators alone.

    Raises:
        ModelSourceError: it is none.
    """
    name = getattr(function, "__name__", type(function).__name__)
    with unmoved():
        try:
            model = function()
        except Exception as error:
            error.add_note(f"raised in {name}, which was called to make a keras.Model")
            raise
    if not is_keras(model) or isinstance(model, os.PathLike):
        raise ModelSourceError(f"{name} made {type(model).__name__}; it must return a keras.Model")
    return model
