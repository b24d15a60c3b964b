"""One self-contained page: it fetches nothing, and without its script it is a report."""

import base64
import re
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._drawing import drawing_of
from limefw_plugins.renderers._findings import PALE_MEANS, TIED_MEANS
from limefw_plugins.renderers._page_data import page_data
from limefw_plugins.renderers._page_sections import section
from limefw_plugins.renderers._page_tables import answers, making
from limefw_plugins.renderers._paint import PaletteName
from limefw_plugins.renderers._photo import channels_shown
from limefw_plugins.renderers._trust import accounts, beyond, doubts, intervals, sampling, whole_of
from limefw_plugins.renderers._words import headline, kept_whole, printable, wording_of


LONGEST = 840
"""Pixels on the longer side of the photograph on the page."""

EXPANDED, TABS = 6, 5
"""Labels whose pictures are all drawn without the script, and those that are buttons side by side, no list."""


def page(
    explanation: Explanation,
    /,
    *,
    top: Annotated[int, Ge(1)] = 5,
    palette: PaletteName = "green-red",
    fragment: bool = False,
) -> Rendering:
    """One self-contained page for people: hover a superpixel, choose label and view; what-if, trust, how it was made.

    Args:
        top: how many segments a label are shown at first, and in print.
        palette: "blue-orange" is safe for the colour-blind; the page has a switch for it too.
        fragment: only a ``<div>`` with its own style and no script, for notebooks.
    """
    from markupsafe import Markup

    drawing = drawing_of(explanation, LONGEST, beside=True)
    script = _file("page.js")
    text = templates().get_template("fragment.html.j2" if fragment else "page.html.j2").render(
        headline=headline(explanation, kept_whole),
        name=printable(explanation.instance.name),
        size=explanation.instance.shape,
        channels=channels_shown(explanation.instance),
        palette=palette,
        pale_means=PALE_MEANS,
        drawing=drawing,
        words=wording_of(explanation),
        whole=whole_of(explanation),
        answers=answers(explanation),
        labels=[(label, printable(explanation.names[label])) for label in explanation.labels],
        count=max(len(explanation.top(None, label)) for label in explanation.labels),
        top=top,
        sections=[section(explanation, label, drawing, top) for label in explanation.labels],
        expanded=EXPANDED,
        tabs=TABS,
        accounts=accounts(explanation),
        sampling=sampling(explanation),
        beyond=beyond(explanation),
        intervals=intervals(explanation),
        ties_mean=f". {TIED_MEANS}",
        doubts=doubts(explanation),
        making=making(explanation),
        # ours, and escaped by page_data: the only two texts that are put in as they are
        script=Markup(script),  # noqa: S704
        data=Markup(page_data(explanation, drawing, top)),  # noqa: S704
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )  # fmt: skip
    return Rendering(text, "text/html", ".html")


def _file(name: str) -> str:
    from importlib.resources import files

    return (files("limefw_plugins.renderers") / "templates" / name).read_text("utf-8")


@lru_cache(maxsize=1)
def templates() -> Any:
    """Return the environment that fills in our templates."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    # escaping is on for everything: names of classes and files are written by strangers
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(_file)
    )
    made.filters["isolated"] = _isolated
    return made


def _isolated(sentence: str) -> Any:
    """Return a sentence in which what is quoted keeps its direction to itself: Arabic would turn the numbers."""
    from markupsafe import Markup, escape

    return Markup(re.sub("“[^”]*”", r"<bdi>\g<0></bdi>", str(escape(sentence))))  # noqa: S704 - escaped before
