"""A renderer for limefw: an explanation as text, picture or page."""

from collections.abc import Iterable
from typing import Annotated, Any

from annotated_types import Ge

from limefw import Plugin, Rendering, hookimpl


def my_plugin(explanation: Any, /, *, top: Annotated[int, Ge(1)] = 10) -> Rendering:
    """The strongest effects as comma-separated values.

    Args:
        top: how many of each label.
    """
    lines = ["label,segment,effect"]
    for label in explanation.labels:
        lines += [f"{label},{item.segment},{item.effect!r}" for item in explanation.top(top, label)]
    return Rendering("\n".join(lines), "text/csv", ".csv")


@hookimpl
def limefw_renderers() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin)
