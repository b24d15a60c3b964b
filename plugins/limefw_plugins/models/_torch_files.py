"""What PyTorch can be given, and what of it may run code: shared by the adapters that run on it."""

import hashlib
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from limefw.errors import MissingDependencyError, ModelSourceError, UntrustedError


SUFFIXES = frozenset({".pt", ".pth", ".pt2", ".ts", ".torchscript", ".ckpt", ".safetensors"})
WEIGHTS = SUFFIXES | {".bin", ".tar", ".model"}

Content = Literal["safetensors", "torchscript", "exported", "pickle", ""]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network as it was loaded.

    Args:
        module: what is called on a tensor.
        name: for titles.
        fingerprint: of the file where that is all of it, code included; else None.
        owned: it was made here, so it may be moved to another device; the caller's own stays as it is.
        program: the torch.export program that it came from.
    """

    module: Any = field(repr=False)
    name: str
    fingerprint: str | None = None
    owned: bool = True
    program: Any = None


def network(source: Any, *, trust: bool) -> Network:
    """Return the network that a source is, holds or makes.

    Raises:
        ModelSourceError: it is none, or its file is broken.
        UntrustedError: its file can run code.
    """
    import torch

    if isinstance(source, torch.nn.Module):
        return Network(source, type(source).__name__, owned=False)
    if isinstance(source, torch.export.ExportedProgram):
        return Network(source.module(), "exported program", owned=False, program=source)
    if isinstance(source, tuple) and len(source) == 2:
        factory, path = source
        module = filled(built(factory), weights_of(Path(path), trust=trust), path)
        return Network(module, type(module).__name__)
    if isinstance(source, os.PathLike):
        return _of_file(Path(source), trust=trust)
    if callable(source):
        module = built(source)
        return Network(module, type(module).__name__)
    raise ModelSourceError(
        "model 'torch' takes an nn.Module, a torch.export program, a file, or a function that makes the module and the "
        f"file of its weights, limefw.model((make, 'weights.pth')); got {type(source).__name__}"
    )


def built(factory: Callable[..., Any], /, *arguments: Any, **settings: Any) -> Any:
    """Return the module that a function makes; its random first weights leave PyTorch's global generator alone.

    Raises:
        ModelSourceError: it is none.
    """
    import torch

    name = getattr(factory, "__name__", type(factory).__name__)
    if not callable(factory):
        raise ModelSourceError(f"a function that makes an nn.Module is wanted, got {name}")
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()):
        try:
            module = factory(*arguments, **settings)
        except Exception as error:
            error.add_note(f"raised in {name}, which was called to make an nn.Module")
            raise
    if not isinstance(module, torch.nn.Module):
        raise ModelSourceError(f"{name} made {type(module).__name__}; it must return an nn.Module")
    return module


def filled(module: Any, weights: Mapping[str, Any], path: Any) -> Any:
    """Return `module` with these weights, every one of them in its place.

    Raises:
        ModelSourceError: they are another network's.
    """
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        lines = str(error).splitlines()
        shown = " ".join(line.strip()[:300] for line in lines[1:4]) or lines[0]
        raise ModelSourceError(f"the weights in {path} are not those of {type(module).__name__}: {shown}") from error
    return module


def content_of(path: Path) -> Content:
    """Return what a file holds, by its first bytes and what is in its archive; nothing of it is loaded.

    Raises:
        ModelSourceError: there is no such file.
    """
    if not path.is_file():
        raise ModelSourceError(f"there is no model file {path}")
    with path.open("rb") as file:
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


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_of(path: Path, *, trust: bool) -> dict[str, Any]:
    """Return the tensors in a file by name.

    Raises:
        ModelSourceError: it holds none, or is broken.
        UntrustedError: it holds other things, which run code.
    """
    import torch

    loaded = _safetensors(path) if content_of(path) == "safetensors" else _unpickled(path, trust=trust)
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


def _unpickled(path: Path, *, trust: bool) -> Any:
    """Load what torch.save wrote: tensors alone, unless trusted."""
    import torch

    if content_of(path) != "pickle":
        raise _broken(path, "a file of torch.save or safetensors was expected")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not trust:
            raise _untrusted(path, "holds more than tensors, as torch.save(net) writes it: a pickle") from error
    except Exception as error:
        raise _broken(path, error) from error
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (AttributeError, ModuleNotFoundError) as error:
        raise ModelSourceError(f"the classes of what {path} holds cannot be imported here: {error}") from error
    except Exception as error:
        raise _broken(path, error) from error


def _of_file(path: Path, *, trust: bool) -> Network:
    """Load a file that holds a whole network."""
    import torch

    what = content_of(path)
    if what == "torchscript":
        if not trust:
            raise _untrusted(path, "is a TorchScript program, which PyTorch says to treat like any other code")
        return Network(_attempt(path, lambda: torch.jit.load(path, "cpu")), path.stem, digest_of(path))
    if what == "exported":
        if not trust:
            raise _untrusted(path, "is a torch.export program, which PyTorch loads by pickle")
        program = _attempt(path, lambda: torch.export.load(path))
        return Network(program.module(), path.stem, digest_of(path), program=program)
    if not what:
        raise _broken(path, "it is neither of torch.save, TorchScript, torch.export nor safetensors")
    loaded = None if what == "safetensors" else _unpickled(path, trust=trust)
    if not isinstance(loaded, torch.nn.Module):
        raise ModelSourceError(
            f"{path} holds weights and no network. Give the function that makes the network as well: "
            f"limefw.model((make, {str(path)!r})), or 'package.module:make@{path}' (on the command line too)"
        )
    # what it does is written in modules that no hash of the file covers
    return Network(loaded, path.stem)


def _attempt(path: Path, load: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript as a whole
        try:
            return load()
        except Exception as error:
            raise _broken(path, error) from error


def _broken(path: Path, why: Any) -> ModelSourceError:
    first = str(why).partition("\n")[0][:300]
    return ModelSourceError(f"{path} cannot be loaded by PyTorch, it may be broken: {first}")


def _untrusted(path: Path, what: str) -> UntrustedError:
    return UntrustedError(
        f"{path} {what}: loading it can run code that came with it. If you trust whoever made it: "
        f"limefw.model({str(path)!r}, trust=True). Weights alone are safe: save net.state_dict() (or safetensors), and "
        "give the function that makes the network beside them, limefw.model((make, 'weights.pth'))"
    )


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
