"""Numbers and judgements in words that suit what was explained: a probability, log-odds or a predicted value."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from limefw.letters import visible
from limefw.results.explanation import Explanation, noun_of


MINUS = "\N{MINUS SIGN}"
POWER = "\N{MULTIPLICATION SIGN}10"
MOST_DECIMALS = 5
"""Numbers that would need more are written with a power of ten."""

SHORT = 24
"""Letters of a name that is kept on one line."""

_CLOSENESS = ((0.9, "very closely"), (0.7, "closely"), (0.5, "roughly"), (0.2, "only loosely"))

PARTS = {"words": "word", "characters": "character", "sentences": "sentence", "lines": "line", "tokens": "token"}
"""What one part of a text is called, by the segmenter that cut it."""

_NAMELESS = frozenset({"", "<lambda>", "model", "predict", "predict_proba", "forward", "__call__"})


@dataclass(frozen=True, slots=True)
class Wording:
    """How to speak of what was explained.

    Args:
        noun: what effects are changes of: "probability", "log-odds", "predicted value".
        plus: what a segment with an effect above 0 does.
        minus: what a segment with an effect below 0 does.
        part: what one interpretable part is called: "superpixel", "column", or "segment" where the user gave names.
        together: the surrogate is a tree, whose parts may have an effect together that none has by itself.
    """

    noun: str
    plus: str = "speaks for"
    minus: str = "speaks against"
    part: str = "segment"
    together: bool = False

    @property
    def nothing(self) -> str:
        """What is said where every effect is 0."""
        if self.together:
            return f"No {self.part} has an effect by itself; the tree shows which have one together."
        return f"No {self.part} has an effect."

    @property
    def unit(self) -> str:
        """The unit of an effect."""
        return f"change of {self.noun}"

    @property
    def explained(self) -> str:
        """The unit of an effect, with what it means where few people know."""
        return f"{self.unit}, where {self.gloss}" if self.gloss else self.unit

    @property
    def gloss(self) -> str:
        """What the unit means, in half a sentence, where few people know."""
        return "+0.7 doubles the odds" if self.noun == "log-odds" else ""

    @property
    def said(self) -> str:
        """What the model's own answers are told in: probabilities where effects are in log-odds."""
        return "probability" if self.noun == "log-odds" else self.noun

    def verb(self, effect: float) -> str:
        """Say what a segment with an effect does."""
        return self.plus if effect > 0 else self.minus

    def question(self, name: str) -> str:
        """Return what the effects on a label answer."""
        if self.plus == "raises":
            return f"What raises and lowers the {self.subject(name)}"
        return f"What speaks for and against {name}"

    def subject(self, name: str) -> str:
        """Return a label's name as what a sentence is about; a regressor's only output has none of its own."""
        if self.plus != "raises":
            return name
        return self.noun if name == "value" else f"{self.noun} for {name}"

    def value(self, value: float) -> str:
        """Return a number of the scale of effects alone."""
        if self.noun != "probability":
            return number(value)
        return _share(value)

    def values(self, values: Sequence[float]) -> list[str]:
        """Return several answers, as they are `said`, in one precision: that of the one that needs most."""
        values = [self.answered(value) for value in values]
        if self.said != "probability" or not all(math.isfinite(value) for value in values):
            return [number(value, decimals_for(values)) for value in values]
        # enough for one figure of the smallest, and of the distance to 1 of the largest
        sides = [side for value in values for side in (value, 1.0 - value) if side > 0]
        places = [2, *(-math.floor(math.log10(side)) for side in sides)]
        decimals = min(4, max(places))
        return [_share(value) if 0.0 < value < 0.0001 or 0.9999 < value < 1.0 else number(value, decimals)
                for value in values]  # fmt: skip

    def answered(self, value: float) -> float:
        """Return a number of the scale of effects as it is `said`."""
        return 0.5 + 0.5 * math.tanh(0.5 * value) if self.noun == "log-odds" else value

    def answer(self, value: float) -> str:
        """Return an answer with what it is: "probability 0.77", "probability 0.77, log-odds 1.21"."""
        if self.noun == "log-odds":
            return f"{self.told(value)}, log-odds {number(value)}"
        return self.told(value)

    def told(self, value: float) -> str:
        """Return the same as it is `said`, and no more."""
        share = _share(self.answered(value)) if self.said == "probability" else number(value)
        return f"{self.said} {share}"


def _share(value: float) -> str:
    """Return a probability as a number alone."""
    if 0.0 < value < 0.0001:
        return "< 0.0001"
    if 0.9999 < value < 1.0:
        return "> 0.9999"
    return number(value, 4) if value < 0.01 or 0.99 < value < 1.0 else number(value, 2)


def wording_of(explanation: Explanation) -> Wording:
    """Return the words for an explanation's task, target and surrogate."""
    asks = np.asarray(explanation.fit().detail.get("feature", -1)) >= 0
    return replace(_wording(explanation), together=bool(asks.any()))


def _wording(explanation: Explanation) -> Wording:
    provenance = explanation.provenance
    part = "superpixel" if explanation.segments.names[0].startswith("superpixel ") else "segment"
    segmenter = provenance.get("recipe", {}).get("segmenter", {}).get("use", "")
    part = PARTS.get(segmenter, "part") if explanation.instance.modality == "text" else part
    part = "column" if explanation.instance.modality == "table" else part
    noun = noun_of(provenance)
    if noun == "predicted value":
        return Wording(noun, "raises", "lowers", part)
    return Wording(noun, part=part)


def method_of(explanation: Explanation) -> str | None:
    """Return the name of the method that made the surrogates itself; None: they were fitted as usual."""
    said = explanation.provenance.get("recipe", {}).get("method", {})
    name = said.get("use", "auto")
    return None if name == "auto" else str(said.get("function", name))


def headline(explanation: Explanation, shown: Callable[[str], str] = str) -> str:
    """Say in one sentence what the model said of the instance; `shown` says how a name is written."""
    words, model = wording_of(explanation), model_name(explanation)
    first = explanation.labels[0]
    answers = explanation.outlook or {explanation.names[first]: explanation.prediction(first)}
    name, value = next(iter(answers.items()))
    if words.noun != "predicted value":
        return f"{model} says {shown(printable(name))} with {words.told(value)}"
    name = printable(explanation.names[first])
    what = "" if name == "value" else f" for {shown(name)}"
    return f"{model} predicts {words.value(explanation.prediction(first))}{what}"


def model_name(explanation: Explanation) -> str:
    """Return the model's name, or "The model" where it has none worth saying."""
    name = printable(str(explanation.provenance.get("model", {}).get("name", "")))
    return "The model" if name in _NAMELESS else name


def closeness(explanation: Explanation, label: int) -> str:
    """Say how well the surrogate follows the model, judged on samples left out; without these there is no verdict."""
    health = explanation.health.labels[label]
    if health.cross_fitted is None and method_of(explanation) is not None:
        return "was not tested"
    if health.cross_fitted is None and explanation.neighbourhood.exhaustive:
        return f"with R² {number(health.fidelity, 2)} on all {explanation.health.samples} combinations that there are"
    if health.cross_fitted is None:
        return "how well cannot be told"
    return next((word for least, word in _CLOSENESS if health.cross_fitted >= least), "hardly at all")


def fidelity(explanation: Explanation, label: int) -> str:
    """Return one sentence on how well the surrogate follows the model."""
    health, method = explanation.health.labels[label], method_of(explanation)
    if health.cross_fitted is None and method is not None:
        return (
            f"What method {method!r} made was not tested on samples left out; "
            f"on its own it has R² {number(health.fidelity, 2)}."
        )
    if health.cross_fitted is None and explanation.neighbourhood.exhaustive:
        return (
            f"The simple stand-in follows the model {closeness(explanation, label)}; "
            "they are too few to leave some out for a fairer judgement."
        )
    if health.cross_fitted is None:
        return "How well the simple stand-in follows the model cannot be told: too few samples to leave some out."
    text = f"The simple stand-in follows the model {closeness(explanation, label)}: R² {number(health.fidelity, 2)}"
    return f"{text} ({number(health.cross_fitted, 2)} on samples left out)."


def number(value: float, decimals: int | None = None) -> str:
    """Return a number with a true minus sign; three figures where `decimals` is not given, or too many to read."""
    if not math.isfinite(value):
        return "not a number"
    if decimals is None or decimals > MOST_DECIMALS:
        decimals = 0 if value == 0 and decimals else decimals_for([value])
    if abs(value) >= 1e6 or decimals > MOST_DECIMALS:
        figures, exponent = f"{value:.2e}".split("e")
        return f"{figures}{POWER}{superscript(int(exponent))}".replace("-", MINUS)
    text = f"{value:.{decimals}f}"
    # what rounds to nothing has no sign
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def superscript(exponent: int) -> str:
    """Return the exponent of a power of ten in small raised figures."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, + or a true minus."""
    text = number(value, decimals)
    if not math.isfinite(value):
        return text
    return text if text[0] == MINUS or not any(figure in text for figure in "123456789") else f"+{text}"


def decimals_for(values: Iterable[float]) -> int:
    """Return how many decimals show the largest of some values with three figures."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 3 if largest == 0 else max(0, 2 - math.floor(math.log10(largest)))


def printable(text: str) -> str:
    """Return text on one line, control characters as signs: names of classes and files come from anywhere."""
    kept = "".join(
        " " if letter in "\n\t\r\v\f" or unicodedata.category(letter)[0] == "Z" else visible(letter) for letter in text
    )
    return " ".join(kept.split())


def kept_whole(name: str) -> str:
    """Return a name whose spaces do not end a line, as long as it is short."""
    return name.replace(" ", "\N{NO-BREAK SPACE}") if len(name) <= SHORT else name


def columns(text: str) -> int:
    """Return how many columns of a terminal a printable text takes: East Asian letters take two, marks none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.category(letter) in ("Mn", "Me", "Cf") for letter in text)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Return text in exactly `width` columns: padded, or cut with an ellipsis."""
    if columns(text) > width:
        while columns(text) > width - 1:
            text = text[:-1]
        text += "…"
    padding = " " * (width - columns(text))
    return padding + text if right else text + padding
