"""What an outside observer can see of a call: values bit by bit, arrays written to, global states moved."""

import copy
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limefw.types import digest


def _parts(value: Any) -> Iterator[Any]:
    """Take a value apart into arrays and things whose repr says everything; a live figure is left out."""
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        yield array.tolist() if array.dtype == object else array
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__
        for item in fields(value):
            if item.name != "figure":
                yield from _parts(getattr(value, item.name))
    elif isinstance(value, Mapping):
        for key in value:
            yield key
            yield from _parts(value[key])
    elif isinstance(value, list | tuple):
        yield len(value)
        for item in value:
            yield from _parts(item)
    else:
        yield value


def bits(value: Any) -> str:
    """Digest a value: two that differ in one bit differ here."""
    return digest(*_parts(value))


def writable(value: Any) -> Any:
    """Copy a value with arrays that may be written to: what a careless caller would hand in."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, Mapping):
        return {key: writable(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(writable(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        twin = copy.copy(value)
        for item in fields(value):
            object.__setattr__(twin, item.name, writable(getattr(value, item.name)))
        return twin
    return value


def global_state() -> str:
    """Digest the global random states of Python, numpy and, where it is loaded, torch."""
    states: list[Any] = [str(random.getstate()), np.random.get_state()]  # noqa: NPY002 - watched, not used
    torch = sys.modules.get("torch")
    return bits([*states, torch.get_rng_state().numpy()] if torch is not None else states)


def settings() -> dict[str, str]:
    """Digest what belongs to the whole process and to no plug-in."""
    found: dict[str, Any] = {
        "the working folder": str(Path.cwd()),
        "os.environ": dict(os.environ),
        "sys.path": list(sys.path),
        "numpy's error handling": np.geterr(),
        "numpy's print options": repr(np.get_printoptions()),
        "the warning filters": repr(warnings.filters),
        "the root logger": [logging.getLogger().level, len(logging.getLogger().handlers)],
    }
    loaded = {name: sys.modules.get(name) for name in ("matplotlib", "cv2", "torch")}
    if (matplotlib := loaded["matplotlib"]) is not None and hasattr(matplotlib, "rcParams"):
        found["matplotlib's rcParams"] = repr(sorted(matplotlib.rcParams.items()))
    if (cv2 := loaded["cv2"]) is not None and hasattr(cv2, "getNumThreads"):
        found["OpenCV's threads"] = cv2.getNumThreads()
    if (torch := loaded["torch"]) is not None and hasattr(torch, "get_num_threads"):
        found["torch's threads"] = torch.get_num_threads()
    return {name: bits(value) for name, value in found.items()}


def open_pyplot_figures() -> Any:
    """List the numbers of the figures that pyplot keeps open."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return pyplot.get_fignums() if pyplot is not None else []


@contextmanager
def other_global_state() -> Iterator[None]:
    """Seed the global generators of Python, numpy and, where it is loaded, torch otherwise for a while."""
    kept = random.getstate(), np.random.get_state()  # noqa: NPY002 - put back below
    torch = sys.modules.get("torch")
    torchs = torch.get_rng_state() if torch is not None else None
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - a plug-in that reads it shall be seen to
    if torch is not None:
        torch.random.default_generator.manual_seed(1)
    matplotlib = sys.modules.get("matplotlib")
    try:
        with matplotlib.rc_context() if matplotlib is not None else nullcontext():
            if matplotlib is not None:
                matplotlib.rcdefaults()  # what an earlier call set shall be seen to be set again
            yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002 - as it was
        if torch is not None:
            torch.set_rng_state(torchs)
