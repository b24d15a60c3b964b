"""lime's API over limefw's core: ``from limefw.compat.lime import lime_image`` and go on as before.

All classes, parameters, defaults and result attributes of lime 0.2.0.1 and of its last unreleased version. With equal
seeds the numbers are lime's, draw for draw, except where lime is silently wrong; docs/how-to/coming-from-lime.md lists
these places.
"""

from importlib import import_module
from typing import Any


__all__ = [
    "discretize", "exceptions", "explanation", "lime_base", "lime_image", "lime_tabular", "lime_text",
    "submodular_pick", "utils", "wrappers",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
