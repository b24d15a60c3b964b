"""One self-contained page: no scripts, nothing fetched."""

from functools import lru_cache
from typing import Annotated, Any

from annotated_types import Ge

from limefw.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._data_uri import data_uri
from limefw_plugins.renderers._page_sections import section
from limefw_plugins.renderers._page_tables import answers, making
from limefw_plugins.renderers._picture import view_of
from limefw_plugins.renderers._sheet import drawing
from limefw_plugins.renderers._trust import INTERVALS, accounts, caution_sentence, sampling
from limefw_plugins.renderers._words import headline, printable, wording_of


LONGEST = 720
"""Pixels on the longer side of a picture on the page."""


def page(explanation: Explanation, /, *, top: Annotated[int, Ge(1)] = 5, fragment: bool = False) -> Rendering:
    """One self-contained page for people: pictures, effects with intervals, how far to trust them, how it was made.

    Args:
        top: how many segments a label at the most.
        fragment: only a ``<div>`` with its own style, for notebooks.
    """
    view = view_of(explanation, longest=LONGEST)
    with drawing():
        sections = [section(explanation, label, view, top) for label in explanation.labels]
    words = wording_of(explanation)
    text = _templates().get_template("fragment.html.j2" if fragment else "page.html.j2").render(
        headline=headline(explanation),
        name=printable(explanation.instance.name),
        size=explanation.instance.shape,
        photo=data_uri(view.pixels),
        words=words,
        answers=answers(explanation),
        sections=sections,
        accounts=accounts(explanation),
        sampling=sampling(explanation),
        intervals=INTERVALS,
        cautions=[caution_sentence(explanation, caution) for caution in explanation.health.cautions],
        making=making(explanation),
    )  # fmt: skip
    return Rendering(text, "text/html", ".html")


@lru_cache(maxsize=1)
def _templates() -> Any:
    from importlib.resources import files

    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("limefw_plugins.renderers") / "templates"
    # escaping is on for everything: names of classes and files are written by strangers
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
    )  # fmt: skip
