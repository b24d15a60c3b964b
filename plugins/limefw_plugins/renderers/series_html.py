"""A series and its weights along time, as a page without a script."""

from hashlib import sha256
from typing import Annotated

from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._asked import asked_of
from limefw_plugins.renderers._findings import findings, intervals_called, ties_of
from limefw_plugins.renderers._page_sections import bars_of, summary_of
from limefw_plugins.renderers._page_tables import answers, making
from limefw_plugins.renderers._paint import PaletteName
from limefw_plugins.renderers._rule import with_rule
from limefw_plugins.renderers._runs import series_of, strips
from limefw_plugins.renderers._series_chart import chart_of, course_height, paths
from limefw_plugins.renderers._trust import accounts, beyond, doubts, intervals, sampling, whole_of
from limefw_plugins.renderers._words import fidelity, headline, printable, wording_of
from limefw_plugins.renderers.page import templates
from limefw_plugins.renderers.series_figure import chosen


def series_html(
    explanation: Explanation,
    /,
    *,
    top: Annotated[int, Ge(1)] = 8,
    channels: Annotated[int, Ge(1), Le(40)] = 6,
    palette: PaletteName = "green-red",
    fragment: bool = False,
) -> Rendering:
    """One self-contained page without a script: the series with its weights along time, what-if, trust, making.

    Args:
        top: how many segments a label in the table at the most.
        channels: how many are drawn at the most: those with the strongest effects.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
        fragment: only a ``<div>`` with its own style, for notebooks.
    """
    series, words = series_of(explanation, "series_html"), wording_of(explanation)
    sections, drawn_of = [], {label: chosen(strips(explanation, label), channels) for label in explanation.labels}
    for label, (drawn, left_out) in drawn_of.items():
        found = findings(explanation, label, top)
        sections.append(
            {
                "title": words.question(printable(explanation.names[label])),
                "answer": words.answer(explanation.prediction(label)),
                "summary": with_rule(explanation, label, summary_of(found, words)),
                "fidelity": fidelity(explanation, label),
                "chart": chart_of(explanation, drawn),
                "left_out": left_out,
                "rows": bars_of(found),
                "known": intervals_called(found),
                "ties": ties_of(found),
                "weaker": len(explanation.top(None, label)) - len(found),
                "asked": asked_of(explanation, label),
            }
        )
    shown = sorted({at for drawn, _ in drawn_of.values() for strip in drawn for at in strip.channels})
    lines = paths(series, shown, course_height(drawn_of[explanation.labels[0]][0]))
    text = templates().get_template("series.html.j2").render(
        fragment=fragment,
        headline=headline(explanation),
        name=printable(series.name),
        size=series.shape,
        palette=palette,
        words=words,
        whole=whole_of(explanation),
        answers=answers(explanation),
        drawing=f"limefw-{sha256(''.join(lines.values()).encode()).hexdigest()[:8]}",
        paths=lines,
        sections=sections,
        accounts=accounts(explanation),
        sampling=sampling(explanation),
        beyond=beyond(explanation),
        intervals=intervals(explanation),
        doubts=doubts(explanation),
        making=making(explanation),
    )  # fmt: skip
    return Rendering(text, "text/html", ".html")
