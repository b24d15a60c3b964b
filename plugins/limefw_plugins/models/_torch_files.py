"""Files of PyTorch: what is in them, and what of that may run code; nothing is loaded before that is known.

Longer than other files: the kinds of files are told apart, loaded and refused in one place.
"""

import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from limefw.errors import MissingDependencyError, ModelSourceError, UntrustedError
from limefw_plugins.models._files import existing, refused


SUFFIXES = frozenset({".pt", ".pth", ".pt2", ".ts", ".torchscript", ".ckpt", ".safetensors"})
WEIGHTS = SUFFIXES | {".bin", ".tar", ".model"}

Content = Literal["safetensors", "torchscript", "exported", "pickle", ""]


def content_of(path: Path) -> Content:
    """Return what a file holds, by its first bytes and what is in its archive; nothing of it is loaded.

    Raises:
        ModelSourceError: there is no such file.
    """
    with existing(path).open("rb") as file:
        start = file.read(9)
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size:
        return "safetensors"
    if start[:4] == b"PK\x03\x04":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            inside = {name.partition("/")[2] for name in archive.namelist()}
            if "archive_format" in inside or "serialized_exported_program.json" in inside | {*archive.namelist()}:
                return "exported"
            if "constants.pkl" in inside:
                return "torchscript"
            return "pickle" if "data.pkl" in inside else ""
    return "pickle" if start[:1] == b"\x80" else ""


def weights_of(path: Path, *, trust: bool) -> dict[str, Any]:
    """Return the tensors in a file by name.

    Raises:
        ModelSourceError: it holds none, or is broken.
        UntrustedError: it holds other things, which run code.
    """
    import torch

    loaded = _safetensors(path) if content_of(path) == "safetensors" else unpickled(path, "...", trust=trust)
    if isinstance(loaded, torch.nn.Module):
        loaded = loaded.state_dict()
    # as training loops save them, beside the optimiser's state
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not any(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise ModelSourceError(f"{path} holds {type(loaded).__name__}, and no tensors by name: save net.state_dict()")
    weights = dict(loaded)
    torch.nn.modules.utils.consume_prefix_in_state_dict_if_present(weights, "module.")  # of DataParallel
    return weights


def _safetensors(path: Path) -> Any:
    try:
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        text = f"{path} needs 'safetensors', which is not installed. Run: pip install 'limefw[torch]'"
        raise MissingDependencyError(text) from error
    try:
        return load_file(path)
    except Exception as error:
        raise ModelSourceError(f"{path} is no whole safetensors file: {error}") from error


def unpickled(path: Path, source: str = "", *, trust: bool) -> Any:
    """Load what torch.save wrote: tensors alone, unless trusted."""
    import torch

    if content_of(path) != "pickle":
        raise broken(path, "a file of torch.save or safetensors was expected")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not trust:
            raise untrusted(
                path, "it holds more than tensors, as torch.save(net) writes it: a pickle", source
            ) from error
    except Exception as error:
        raise broken(path, error) from error
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (AttributeError, ModuleNotFoundError) as error:
        raise ModelSourceError(f"the classes of what {path} holds cannot be imported here: {error}") from error
    except Exception as error:
        raise broken(path, error) from error


def attempted(path: Path, load: Callable[[], Any]) -> Any:
    """Return what `load` does, of a file that may be broken."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript as a whole
        try:
            return load()
        except Exception as error:
            raise broken(path, error) from error


def broken(path: Path, why: Any) -> ModelSourceError:
    """Return the error for a file that PyTorch cannot read."""
    first = str(why).partition("\n")[0][:300]
    return ModelSourceError(f"{path} cannot be loaded by PyTorch, it may be broken: {first}")


def untrusted(path: Path, what: str, source: str = "") -> UntrustedError:
    """Return the error for a file that can run code, with the form that cannot."""
    return refused(
        path,
        f"{what}, and loading it can run code that came with it",
        source=source,
        instead="Weights alone are safe: save net.state_dict() (or safetensors), and give the function that makes the "
        "network beside them, limefw.model((make, 'weights.pth'))",
    )
