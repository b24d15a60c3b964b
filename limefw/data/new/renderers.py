"""A renderer for limefw: an explanation as text, picture or page."""

from collections.abc import Iterable
from csv import writer
from io import StringIO
from typing import Annotated, Any

from annotated_types import Ge

from limefw import Plugin, Rendering, hookimpl


def my_plugin(explanation: Any, /, *, top: Annotated[int, Ge(1)] = 10) -> Rendering:
    """The strongest effects as comma-separated values.

    Args:
        top: how many of each label.
    """
    text = StringIO()
    table = writer(text, lineterminator="\n")
    table.writerow(("class", "segment", "effect"))
    for label in explanation.labels:
        name = explanation.names[label]
        table.writerows((name, item.segment, item.effect) for item in explanation.top(top, label))
    return Rendering(text.getvalue(), "text/csv", ".csv")


@hookimpl
def limefw_renderers() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("my_plugin", my_plugin, suffix=".csv")
