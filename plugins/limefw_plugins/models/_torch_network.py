"""From what PyTorch can be given to a network: a module, a program, a file, or a function and its weights."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw_plugins.models._files import digest_of
from limefw_plugins.models._torch_files import attempted, broken, content_of, unpickled, untrusted, weights_of


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network as it was loaded.

    Args:
        module: what is called on a tensor.
        name: for titles.
        fingerprint: of the file where that is all of it, code included; else None.
        owned: it was made here, so it may be moved to another device; the caller's own stays as it is.
        program: the torch.export program that it came from.
        entry: the name of its input, where it does not come first.
    """

    module: Any = field(repr=False)
    name: str
    fingerprint: str | None = None
    owned: bool = True
    program: Any = None
    entry: str | None = None


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


def _of_file(path: Path, *, trust: bool) -> Network:
    """Load a file that holds a whole network."""
    import torch

    what = content_of(path)
    if what == "torchscript":
        if not trust:
            raise untrusted(path, "it is a TorchScript program, which PyTorch says to treat like any other code")
        return Network(attempted(path, lambda: torch.jit.load(path, "cpu")), path.stem, digest_of(path))
    if what == "exported":
        if not trust:
            raise untrusted(path, "it is a torch.export program, which PyTorch loads by pickle")
        program = attempted(path, lambda: torch.export.load(path))
        return Network(program.module(), path.stem, digest_of(path), program=program)
    if not what:
        raise broken(path, "it is neither of torch.save, TorchScript, torch.export nor safetensors")
    loaded = None if what == "safetensors" else unpickled(path, trust=trust)
    if not isinstance(loaded, torch.nn.Module):
        raise ModelSourceError(
            f"{path} holds weights and no network. Give the function that makes the network as well: "
            f"limefw.model((make, {str(path)!r})), or 'package.module:make@{path}' (on the command line too)"
        )
    # what it does is written in modules that no hash of the file covers
    return Network(loaded, path.stem)
