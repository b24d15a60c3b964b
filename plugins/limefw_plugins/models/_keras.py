"""What the adapters for Keras share: the backend, and how a model is called.

Longer than other files: Keras as it is imported and Keras as it is called are guarded from the same side effects.
"""

import importlib
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import MissingDependencyError
from limefw.imports import versions_of
from limefw.stage import is_installed
from limefw_plugins.models._batches import in_batches
from limefw_plugins.models._keras_reading import Reading


BACKENDS = ("tensorflow", "torch", "jax")
"""Tried in this order where nobody has said which."""

PIXELS_A_CALL = 420_000
"""On PyTorch's CPU: 8 rows of 227 x 227. The buffers of more are given back and fetched anew for every layer."""


def keras_itself() -> Any:
    """Import Keras on the backend that was chosen (KERAS_BACKEND, keras.json), else on one that is installed.

    Raises:
        MissingDependencyError: where there is none.
    """
    with unmoved():
        return _imported()


def _imported() -> Any:
    if "keras" in sys.modules:
        return importlib.import_module("keras")
    if told := os.environ.get("KERAS_BACKEND"):
        try:
            return importlib.import_module("keras")
        except (ImportError, ValueError) as error:
            raise MissingDependencyError(_no_backend(told, error)) from error
    chosen = next((name for name in (_configured(), *BACKENDS) if name and is_installed(name)), None)
    if chosen is None:
        raise MissingDependencyError(
            "Keras needs a backend, and none is installed. Run: pip install tensorflow-cpu (or torch)"
        )
    os.environ["KERAS_BACKEND"] = chosen
    try:
        return importlib.import_module("keras")
    finally:
        del os.environ["KERAS_BACKEND"]


def _no_backend(name: str, error: Exception) -> str:
    there = [known for known in BACKENDS if is_installed(known)]
    cure = f"Set KERAS_BACKEND={there[0]}" if there else "Run: pip install tensorflow-cpu (or torch)"
    return (
        f"Keras cannot be imported on the backend that the variable KERAS_BACKEND names, {name!r}: {error}. Installed: "
        f"{', '.join(there) or 'none'}. {cure}, or unset it"
    )


def _configured() -> str | None:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((home / "keras.json").read_text(encoding="utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def unmoved() -> Iterator[None]:
    """Put the global random states back: Keras seeds every new layer from Python's."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch:
            torch.set_rng_state(states[2])


@contextmanager
def on_its_own_backend(keras: Any) -> Iterator[None]:
    """Keep Keras from importing TensorFlow (seconds) beside another backend, as it does to read .h5 files."""
    if keras.backend.backend() == "tensorflow" or "tensorflow" in sys.modules:
        yield
        return
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["tensorflow"]
        # Keras has noted that it is not installed: it may look again
        importlib.import_module("keras.src.utils.module_utils").tensorflow._available = None  # noqa: SLF001


def versions(keras: Any) -> str:
    """Return the versions of Keras and of its backend."""
    return versions_of("keras", keras.backend.backend())


def chunk_of(keras: Any, size: tuple[int, int] | None) -> int | None:
    """Return how many rows a call suit the backend, or None for limefw's own choice."""
    if keras.backend.backend() != "torch" or importlib.import_module("torch").cuda.is_available():
        return None
    return 8 if size is None else int(np.clip(PIXELS_A_CALL // (size[0] * size[1]), 1, 256))


def runner(keras: Any, model: Any, reading: Reading) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return what calls the model: on TensorFlow a graph for any number of rows, traced once, else itself."""
    shape, structure = reading.shape, getattr(model, "input", None) if getattr(model, "inputs", None) else None

    def answer(batch: Any) -> Any:
        if shape is not None and len(shape) == 3:
            batch = batch[..., 0]
        given = batch if structure is None else keras.tree.map_structure(lambda _: batch, structure)
        found = keras.tree.flatten(model(given, training=False))[reading.output]
        half = keras.backend.standardize_dtype(found.dtype) in ("float16", "bfloat16")
        return keras.ops.cast(found, "float32") if half else found

    call = _graph(answer, reading) if keras.backend.backend() == "tensorflow" else _eager(keras, answer)
    fixed = None if shape is None else shape[0]
    return call if fixed is None else lambda batch: np.asarray(in_batches(call, batch, fixed))


def _graph(answer: Callable[[Any], Any], reading: Reading) -> Callable[[NDArray[Any]], NDArray[Any]]:
    import tensorflow as tf

    if reading.shape is None:  # a model that is built by its first batch
        traced = tf.function(answer, reduce_retracing=True)
    else:
        shape = (*reading.shape, 1) if len(reading.shape) == 3 else reading.shape
        traced = tf.function(answer).get_concrete_function(tf.TensorSpec(shape, reading.contract.dtype))
    dtype = reading.contract.dtype
    return lambda batch: np.asarray(traced(tf.convert_to_tensor(batch, dtype)).numpy())


def _eager(keras: Any, answer: Callable[[Any], Any]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    if keras.backend.backend() != "torch":
        return lambda batch: np.array(keras.ops.convert_to_numpy(answer(keras.ops.convert_to_tensor(batch))))
    import torch

    def predict(batch: NDArray[Any]) -> NDArray[Any]:
        # not inference_mode: what a model builds or keeps in there could never be trained again
        with torch.no_grad():
            return np.asarray(answer(keras.ops.convert_to_tensor(batch)).cpu().numpy())

    return predict
