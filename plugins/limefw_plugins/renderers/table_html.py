"""A row and what each of its values does, as a page without a script."""

from typing import Annotated

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._asked import asked_of
from limefw_plugins.renderers._findings import findings, intervals_called, ties_of
from limefw_plugins.renderers._page_sections import bars_of, summary_of
from limefw_plugins.renderers._page_tables import answers, making
from limefw_plugins.renderers._paint import PaletteName
from limefw_plugins.renderers._row import kept, parts_of, row_of, values_of
from limefw_plugins.renderers._rule import with_rule
from limefw_plugins.renderers._trust import accounts, beyond, doubts, intervals, sampling, whole_of
from limefw_plugins.renderers._words import fidelity, headline, printable, wording_of
from limefw_plugins.renderers.page import templates


def table_html(
    explanation: Explanation,
    /,
    *,
    top: Annotated[int, Ge(1)] = 30,
    palette: PaletteName = "green-red",
    fragment: bool = False,
) -> Rendering:
    """One self-contained page without a script: every value of the row with its effect, what-if, trust, making.

    Args:
        top: how many columns of the table a label at the most.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
        fragment: only a ``<div>`` with its own style, for notebooks.
    """
    row = row_of(explanation, "table_html")
    text = templates().get_template("table.html.j2").render(
        fragment=fragment,
        headline=headline(explanation),
        name=printable(row.name),
        count=len(row.names),
        palette=palette,
        words=wording_of(explanation),
        whole=whole_of(explanation),
        answers=answers(explanation),
        sections=[_section(explanation, label, top) for label in explanation.labels],
        kept=kept(explanation),
        accounts=accounts(explanation),
        sampling=sampling(explanation),
        beyond=beyond(explanation),
        intervals=intervals(explanation),
        doubts=doubts(explanation),
        making=making(explanation),
    )  # fmt: skip
    return Rendering(text, "text/html", ".html")


def _section(explanation: Explanation, label: int, top: int) -> dict[str, object]:
    """Gather what there is to say of one label."""
    found, words = findings(explanation, label, top), wording_of(explanation)
    return {
        "title": words.question(printable(explanation.names[label])),
        "answer": words.answer(explanation.prediction(label)),
        "summary": with_rule(explanation, label, summary_of(found, words)),
        "fidelity": fidelity(explanation, label),
        "rows": [
            (bar, parts_of(explanation, bar.finding.segment), values_of(explanation, bar.finding.segment))
            for bar in bars_of(found)
        ],
        "known": intervals_called(found),
        "ties": ties_of(found),
        "weaker": len(explanation.top(None, label)) - len(found),
        "asked": asked_of(explanation, label),
    }
