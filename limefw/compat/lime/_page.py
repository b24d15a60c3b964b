"""The page of an explanation: HTML and CSS alone, every name escaped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from limefw.letters import visible


@dataclass(frozen=True, slots=True)
class Bars:
    """A block of the page.

    Args:
        title: above it.
        rows: name, number, length of the bar 0..1, and "for", "against" or nothing.
    """

    title: str
    rows: tuple[tuple[str, str, float, str], ...]


def bars(title: str, pairs: Iterable[tuple[Any, float]]) -> Bars:
    """Return a block of weights with their signs."""
    pairs = list(pairs)
    most = max((abs(weight) for _, weight in pairs), default=0.0) or 1.0
    rows = (
        (str(name), f"{weight:+.3g}", abs(weight) / most, "for" if weight > 0 else "against") for name, weight in pairs
    )
    return Bars(title, tuple(rows))


@cache
def _environment() -> Any:
    from jinja2 import DictLoader, Environment, StrictUndefined

    names = ("page", "text", "table")
    folder = files("limefw.compat.lime") / "templates"
    sources = {name: (folder / f"{name}.html.j2").read_text(encoding="utf-8") for name in names}
    made = Environment(
        loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["visible"] = visible
    return made


def page(blocks: Sequence[Bars], instance: Any) -> str:
    """Return the whole page; of an instance without ``__html__`` nothing is shown."""
    shown = instance if hasattr(instance, "__html__") else ""
    return str(_environment().get_template("page").render(blocks=blocks, instance=shown))


def text_html(pieces: Sequence[tuple[str, float, float]]) -> Any:
    """Return a text with words marked, safe to put into a page.

    Args:
        pieces: in order, each with its weight (0: not marked) and the strength of its colour, 0..1.
    """
    from markupsafe import Markup

    return Markup(_environment().get_template("text").render(pieces=pieces))  # noqa: S704 - escaped by the template


def table_html(rows: Sequence[tuple[str, str, float]]) -> Any:
    """Return features with values and weights as a table, safe to put into a page."""
    from markupsafe import Markup

    most = max((abs(weight) for *_, weight in rows), default=0.0) or 1.0
    return Markup(_environment().get_template("table").render(rows=rows, most=most))  # noqa: S704
