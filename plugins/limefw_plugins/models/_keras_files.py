"""Reading Keras' files without running what came with them."""

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError, UntrustedError
from limefw_plugins.models._files import digest_of, existing, members_of, refused, start_of
from limefw_plugins.models._keras import on_its_own_backend, unmoved


RUNS_CODE = {
    "Lambda": "a Lambda layer, which is Python code",
    "__lambda__": "a lambda, which is Python code",
    "TFSMLayer": "a layer that loads a TensorFlow program",
    "TorchModuleWrapper": "a pickled PyTorch module",
}
SUFFIXES = (".keras", ".h5", ".hdf5")
HDF5 = b"\x89HDF\r\n\x1a\n"


def is_file_of_keras(path: Path) -> bool:
    """Say whether this is a .keras or HDF5 file, a folder that a .keras file was unpacked to, or a SavedModel."""
    if path.is_dir():
        return is_saved_model(path) or all((path / name).is_file() for name in ("metadata.json", "model.weights.h5"))
    return path.suffix.lower() in SUFFIXES or form_of(path) is not None


def form_of(path: Path) -> str | None:
    """Return ".keras" or ".h5", whatever a file is called, as its content says, or None."""
    if start_of(path) == HDF5:
        return ".h5"
    return ".keras" if {"metadata.json", "config.json", "model.weights.h5"} <= members_of(path) else None


def is_saved_model(path: Path) -> bool:
    """Say whether this folder is TensorFlow's SavedModel."""
    return (path / "saved_model.pb").is_file()


def load(keras: Any, path: Path, *, trust: bool) -> tuple[Any, Any]:
    """Return the model in a file or folder, not compiled, and the loss it was trained with, where the file says.

    Raises:
        ModelSourceError: where it cannot be loaded.
        UntrustedError: where that would run code that came with it, and `trust` is False.
    """
    existing(path, folder=True)
    if path.is_dir() and is_saved_model(path):
        return _saved_model(keras, path, trust=trust), None
    config, loss = _config(path)
    if config is None:
        raise ModelSourceError(
            f"{path} holds weights and no model. Build the model in Python, load_weights({path.name!r}) into it and "
            "give that; a network of keras.applications: limefw.model(path, use={'use': 'keras_applications', 'name': "
            "'InceptionV3'})"
        )
    if not trust:
        for name in _class_names(config):
            if name in RUNS_CODE:
                raise _refused(path, f"it holds {RUNS_CODE[name]}")
    try:
        with unmoved(), on_its_own_backend(keras), _by_its_suffix(path) as named:
            return keras.models.load_model(named, compile=False, safe_mode=not trust), loss
    except Exception as error:
        text = _reason(error)
        if not trust and ("safe_mode" in text or "unsafe_deserialization" in text):
            raise _refused(path, text.partition(". ")[0]) from error
        hint = ""
        if "Could not locate" in text or "Unknown " in text or "register" in text:
            hint = (
                " Its own classes must be known first: mark them with @keras.saving.register_keras_serializable(), "
                "load inside keras.saving.custom_object_scope({'Name': Name}), or load it yourself and give the model, "
                "on the command line by a function that returns it: --model MODULE:FUNCTION -s model.use=keras"
            )
        backend = keras.backend.backend()
        raise ModelSourceError(
            f"{path} cannot be loaded by Keras {keras.__version__} on {backend}: {text.rstrip('.')}.{hint}"
        ) from error


@contextmanager
def _by_its_suffix(path: Path) -> Iterator[Path]:
    """Yield a path by which Keras, which goes by the suffix, knows a file: its own, or that of a copy."""
    form = None if path.is_dir() or path.suffix in SUFFIXES else form_of(path)
    if form is None:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copyfile(path, Path(folder) / f"{path.stem}{form}"))


def _reason(error: Exception) -> str:
    """Return what Keras says was wrong: behind the configs of all that it is part of, and before its own."""
    text = str(error).rpartition("Exception encountered:")[2].strip() or type(error).__name__
    return re.split(r"\s*(?:Full object )?config[:=]", text)[0][:500]


def _refused(path: Path, why: str) -> UntrustedError:
    return refused(path, f"{why}, and loading it would run what came with the file")


def _saved_model(keras: Any, path: Path, *, trust: bool) -> Any:
    if not trust:
        raise _refused(path, "a SavedModel is a TensorFlow program, which can read and write files")
    if keras.backend.backend() != "tensorflow":
        raise ModelSourceError(
            f"{path} is a SavedModel, which needs Keras' TensorFlow backend; this is {keras.backend.backend()}. Set "
            "KERAS_BACKEND=tensorflow before Keras is imported"
        )
    try:
        with unmoved():
            return keras.layers.TFSMLayer(str(path), call_endpoint="serving_default")
    except Exception as error:
        raise ModelSourceError(f"{path} cannot be loaded as a SavedModel: {str(error)[:500]}") from error


def _config(path: Path) -> tuple[Any, Any]:
    """Return what a file says the model is made of, and the loss, without Keras."""
    try:
        if path.suffix.lower() in (".h5", ".hdf5") or (path.is_file() and form_of(path) == ".h5"):
            return _config_of_hdf5(path)
        if path.is_dir():
            config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        else:
            with zipfile.ZipFile(path) as archive:
                config = json.loads(archive.read("config.json"))
        return config, (config.get("compile_config") or {}).get("loss")
    except (OSError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelSourceError(
            f"{path} is no Keras file, or is damaged: {error}. Expected a .keras file (a zip with config.json), an .h5 "
            "file or a SavedModel folder"
        ) from error


def _config_of_hdf5(path: Path) -> tuple[Any, Any]:
    import h5py

    with h5py.File(path, mode="r") as file:
        if "model_config" not in file.attrs:
            return None, None
        training = json.loads(file.attrs.get("training_config", "{}"))
        return json.loads(file.attrs["model_config"]), training.get("loss")


def _class_names(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if isinstance(name := config.get("class_name"), str):
            yield name.rpartition(">")[2]
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from _class_names(part)


def needs_other_code(model: Any, path: Path) -> bool:
    """Say whether some of a model's code is neither in the file nor Keras' own: it may change, and the file not."""
    layers: Any = getattr(model, "_flatten_layers", list)()
    if any(type(layer).__module__.partition(".")[0] != "keras" for layer in layers):
        return True
    config = None if path.is_dir() and is_saved_model(path) else _config(path)[0]
    return config is not None and "function" in _class_names(config)


def fingerprint(path: Path) -> str:
    """Return a hash of a file, or of a folder's files with their names."""
    return digest_of(*(sorted(part for part in path.rglob("*") if part.is_file()) if path.is_dir() else [path]))
