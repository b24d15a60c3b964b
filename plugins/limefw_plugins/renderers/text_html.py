"""A text with its words marked in place, as a page without a script."""

from typing import Annotated, Any

from annotated_types import Ge

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._findings import findings, intervals_called, ties_of
from limefw_plugins.renderers._marked import becomes, marked, text_of, title_of
from limefw_plugins.renderers._page_sections import FAINTEST, bars_of, summary_of
from limefw_plugins.renderers._page_tables import answers, making
from limefw_plugins.renderers._paint import PaletteName
from limefw_plugins.renderers._rule import with_rule
from limefw_plugins.renderers._trust import accounts, beyond, doubts, intervals, sampling, whole_of
from limefw_plugins.renderers._words import decimals_for, fidelity, headline, number, printable, wording_of
from limefw_plugins.renderers.page import templates


STEPS = 9
"""Strengths of colour that an eye tells apart."""


def text_html(
    explanation: Explanation,
    /,
    *,
    top: Annotated[int, Ge(1)] = 8,
    longest: Annotated[int, Ge(1)] = 20_000,
    palette: PaletteName = "green-red",
    fragment: bool = False,
) -> Rendering:
    """One self-contained page without a script: the text with its words marked, the strongest, what-if, trust, making.

    Args:
        top: how many words a label are listed with their effects; all are marked in the text.
        longest: characters of the text that are shown at the most.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
        fragment: only a ``<div>`` with its own style, for notebooks.
    """
    text = templates().get_template("text.html.j2").render(
        fragment=fragment,
        headline=headline(explanation),
        name=printable(text_of(explanation, "text_html").name),
        filler=_filler(explanation),
        palette=palette,
        words=wording_of(explanation),
        whole=whole_of(explanation),
        answers=answers(explanation),
        sections=[_section(explanation, label, top, longest) for label in explanation.labels],
        accounts=accounts(explanation),
        sampling=sampling(explanation),
        beyond=beyond(explanation),
        intervals=intervals(explanation),
        doubts=doubts(explanation),
        making=making(explanation),
    )  # fmt: skip
    return Rendering(text, "text/html", ".html")


def _filler(explanation: Explanation) -> str:
    """Say what the model saw in place of hidden words."""
    stage = explanation.provenance.get("recipe", {}).get("filler", {})
    known = {"mask": printable(str(stage.get("token"))), "corpus": "words of other texts", "delete": "nothing"}
    return known.get(str(stage.get("use")), "something else")


def _section(explanation: Explanation, label: int, top: int, longest: int) -> dict[str, Any]:
    """Gather what there is to say of one label."""
    effects = explanation.top(None, label)
    limit = max((abs(effect.effect) for effect in effects), default=0.0)
    found, words = findings(explanation, label, top), wording_of(explanation)
    # what may be chance is not marked, as it would be most of a long text
    shown = {
        effect.segment: effect.effect
        for effect in effects
        if abs(effect.effect) > max(FAINTEST * limit, effect.margin or 0.0)
    }
    pieces, left_out = marked(explanation, shown, longest)
    return {
        "title": words.question(printable(explanation.names[label])),
        "answer": words.answer(explanation.prediction(label)),
        # one whose figures are all 0 is not worth a sentence
        "summary": with_rule(
            explanation, label, summary_of([item for item in found if item.effect_text.strip("+0.\u2212")], words)
        ),
        "fidelity": fidelity(explanation, label),
        "pieces": [(piece.text, _class(piece.effect, limit)) for piece in pieces],
        "left_out": left_out,
        "limit": number(limit, decimals_for([limit])),
        "rows": [(bar, title_of(explanation.segments.names[bar.finding.segment])) for bar in bars_of(found)],
        "known": intervals_called(found),
        "ties": ties_of(found),
        "weaker": len(effects) - len(found),
        "becomes": becomes(explanation, label),
    }


def _class(effect: float, limit: float) -> str:
    """Return the class of a mark: its sign and how strong its colour is."""
    if not effect:
        return ""
    return f"{'p' if effect > 0 else 'm'}{max(1, round(STEPS * abs(effect) / limit))}"
