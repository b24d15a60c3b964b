"""A text with its words marked: what renderers of texts share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from limefw.errors import LimefwError
from limefw.letters import visible
from limefw.modalities.text import Text, pieces_of
from limefw.results.explanation import Explanation
from limefw_plugins.renderers._asked import asked_of, listed
from limefw_plugins.renderers._words import MINUS, decimals_for, number, printable, wording_of


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a text as it is shown, and its effect; 0 where it is not marked."""

    text: str
    effect: float


def text_of(explanation: Explanation, renderer: str) -> Text:
    """Return the text that was explained.

    Raises:
        LimefwError: where it is none.
    """
    if not isinstance(explanation.instance, Text):
        raise LimefwError(f"renderer {renderer!r} draws texts, and this is {explanation.instance.modality}")
    return explanation.instance


def marked(explanation: Explanation, effects: Mapping[int, float], longest: int) -> tuple[list[Piece], int]:
    """Return the text as runs with the effects given, and how many characters at its end are left out.

    Args:
        explanation: of a text.
        effects: by segment; all others are not marked.
        longest: characters shown at the most.
    """
    string = text_of(explanation, "text").string
    texts, owners = pieces_of(string[:longest], explanation.segments)
    found: list[Piece] = []
    for text, owner in zip(texts, owners.tolist(), strict=True):
        effect = effects.get(owner, 0.0)
        if found and not effect and not found[-1].effect:
            found[-1] = Piece(found[-1].text + visible(text), 0.0)
        else:
            found.append(Piece(visible(text), effect))
    return found, max(0, len(string) - longest)


def title_of(name: str) -> str:
    """Return a word as it is named in a list: on one line, and never as nothing."""
    return printable(name) or "".join("␣" if letter == " " else visible(letter) for letter in name)


def becomes(explanation: Explanation, label: int, *, shown: Callable[[str], bool] = bool) -> str:
    """Say what the answer becomes without the strongest words: by their effects, and as the model itself was asked.

    Args:
        explanation: of a text.
        label: by number.
        shown: whether a name can be shown as it is; else it is told by its number.
    """
    asked, words = asked_of(explanation, label), wording_of(explanation)
    if asked is None:
        return ""
    segments = asked.answers.segments
    titles = {at: title_of(explanation.segments.names[at]) for at in segments}
    names = listed([f"“{title}”" if shown(title) else f"{words.part} {at}" for at, title in titles.items()])
    part = f"{words.part}{'s' * (len(segments) > 1)}"
    subject = f"the {asked.noun}" + ("" if words.plus == "raises" else f" of {printable(explanation.names[label])}")
    return (
        f"Without the {part} {names} {subject} becomes {asked.without} {asked.mean}instead of {asked.whole}, as the "
        f"model itself says. {_sum(explanation, label, segments)}With {_these(len(segments))} alone it is "
        f"{asked.only}. {asked.verdict}"
    )


def _these(count: int) -> str:
    return "these" if count > 1 else "this"


def _sum(explanation: Explanation, label: int, segments: Sequence[int]) -> str:
    """Return the reading of effects as a sum: 0.58 - 0.14 - 0.11 = 0.33."""
    fit, asked = explanation.fit(label), explanation.what_if[label]
    effects = [float(fit.effects[at]) for at in segments]
    total = asked.prediction - sum(effects)
    if abs(asked.guess_without - (fit.local_prediction - sum(effects))) > 1e-9 * max(1.0, abs(total)):
        return ""  # a tree is no sum
    decimals = max(2, min(4, decimals_for(effects)))
    terms = [number(asked.prediction, decimals), *(number(effect, decimals) for effect in effects)]
    noun = wording_of(explanation).noun
    scale = f", in {noun}," if noun == "log-odds" else ""
    return f"By the effects one would expect{scale} {f' {MINUS} '.join(terms)} ≈ {number(total, decimals)}. "
