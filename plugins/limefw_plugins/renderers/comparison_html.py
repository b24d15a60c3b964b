"""A comparison as one self-contained page: it fetches nothing, and without its script it has all but the pictures."""

import base64
from hashlib import sha256

from limefw.comparison.result import Comparison
from limefw.types import Rendering
from limefw_plugins.renderers._comparison_data import comparison_data
from limefw_plugins.renderers._comparison_tables import (
    columns_of,
    diff_of,
    failures_of,
    matrix_of,
    meanings_of,
    verdicts_of,
)
from limefw_plugins.renderers._comparisons import (
    MANY,
    comparison_of,
    facts,
    headline,
    made_on,
    modality_of,
    short,
    words_of,
)
from limefw_plugins.renderers._paint import PaletteName
from limefw_plugins.renderers._words import printable
from limefw_plugins.renderers.page import _file, templates


def comparison_html(
    comparison: Comparison, /, *, palette: PaletteName = "green-red", fragment: bool = False
) -> Rendering:
    """One self-contained page: all sides of each instance beside each other, agreement, noise, cost, recipes.

    Args:
        palette: "blue-orange" is safe for the colour-blind; the page has a switch for it too.
        fragment: only an ``<iframe>`` that holds the page, for notebooks: neither can change the other.
    """
    from markupsafe import Markup

    given = comparison_of(comparison, "comparison_html")
    mapping, modality, script = given.to_mapping(), modality_of(given), _file("comparison.js")
    title = headline(given)
    text = templates().get_template("comparison.html.j2").render(
        headline=title,
        facts=facts(mapping, modality),
        summary=[printable(sentence) for sentence in mapping["summary"]],
        many=MANY.get(modality, "instances"),
        words=words_of(given),
        palette=palette,
        top=given.top,
        sides=[printable(side.name) for side in given.sides],
        instances=[printable(name) for name in given.instances],
        runs=sorted({(cell.run, cell.seed) for cell in given if cell.instance == 0}),
        modality=modality,
        matrix=matrix_of(mapping),
        measures=mapping["measures"],
        columns=columns_of(mapping),
        verdicts=verdicts_of(mapping),
        meanings=meanings_of(mapping),
        differences=diff_of(mapping),
        failures=failures_of(mapping),
        created=made_on(given),
        version=mapping["limefw"],
        short=short,
        # ours, and escaped by comparison_data: the only two texts that are put in as they are
        script=Markup(script),  # noqa: S704
        data=Markup(comparison_data(given)),  # noqa: S704
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )  # fmt: skip
    if fragment:
        text = templates().get_template("comparison_fragment.html.j2").render(
            page=text, headline=title, summary=mapping["summary"]
        )  # fmt: skip
    return Rendering(text, "text/html", ".html")
