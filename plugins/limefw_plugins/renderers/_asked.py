"""What the model said without the strongest segments, and with these alone, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from limefw.results.explanation import Explanation
from limefw.results.what_if import WhatIf
from limefw_plugins.renderers._words import decimals_for, number, printable, wording_of


@dataclass(frozen=True, slots=True)
class Asked:
    """The what-if answers of a label, all in one precision.

    Args:
        answers: the numbers themselves.
        parts: the segments taken away, as text: "superpixels 3 and 21".
        whole: the model's answer for the whole instance.
        without: its answer with them hidden.
        only: its answer with everything else hidden.
        guess_without: the surrogate's.
        guess_only: the surrogate's.
        filler: what the model saw in place of hidden parts.
        verdict: whether the surrogate knew what would happen.
        foreseen: False where it did not, so that its effects must not be added up.
        noun: what the numbers are: log-odds where probabilities would read > 0.9999 or < 0.0001.
    """

    answers: WhatIf
    parts: str
    whole: str
    without: str
    only: str
    guess_without: str
    guess_only: str
    filler: str
    verdict: str
    foreseen: bool
    noun: str

    @property
    def mean(self) -> str:
        """Of how many answers each is the mean, where what hidden parts show is drawn; else nothing."""
        return f"(a mean over {self.answers.fillings} fillings) " if self.answers.fillings > 1 else ""

    @property
    def unit(self) -> str:
        """What to say before the first of the numbers."""
        return "log-odds " if self.noun == "log-odds" else ""

    @property
    def sentence(self) -> str:
        """Everything in one sentence."""
        return (
            f"Asked without {self.parts}, the model itself says {self.unit}{self.without} {self.mean}instead of "
            f"{self.whole} (the stand-in guessed {self.guess_without}); with these alone it says {self.only} "
            f"(guessed {self.guess_only})."
        )


def asked_of(explanation: Explanation, label: int) -> Asked | None:
    """Return what the model was asked of a label, or None where it was not."""
    item = explanation.what_if.get(label)
    if item is None:
        return None
    numbers = (item.prediction, item.without, item.only, item.guess_without, item.guess_only)
    filler = str(explanation.provenance.get("recipe", {}).get("filler", {}).get("use", "something else"))
    words = wording_of(explanation)
    # so many decimals that a change of a probability is seen
    apart = (abs(item.prediction - item.without),) if words.noun == "probability" else ()
    texts, noun = words.values((*numbers, *apart))[: len(numbers)], words.said
    if noun != words.noun and any(text[0] in "<>" for text in texts[:3]):
        texts, noun = [number(value, decimals_for(numbers)) for value in numbers], words.noun
    whole, without, only, guess_without, guess_only = texts
    parts, saw = _parts(explanation, item.segments), printable(filler).replace("_", " ")
    verdict, foreseen = _verdict(item, explanation.fit(label).local_prediction)
    return Asked(item, parts, whole, without, only, guess_without, guess_only, saw, verdict, foreseen, noun)


def listed(texts: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _parts(explanation: Explanation, segments: Sequence[int]) -> str:
    part = wording_of(explanation).part
    if part == "superpixel":
        return f"{part}{'s' * (len(segments) > 1)} {listed([str(segment) for segment in segments])}"
    return listed([printable(explanation.segments.names[segment]) for segment in segments])


def _verdict(item: WhatIf, local: float) -> tuple[str, bool]:
    """Judge the surrogate by what the model really did without the strongest segments, and with these alone.

    Both by the answers and by the changes, seen from what each says of the whole (`local`): one that knows nothing may
    be near to answers of which hardly any is far from the others.
    """
    moved = abs(item.prediction - item.without), abs(item.prediction - item.only)
    if moved[0] <= 1e-9 * max(1.0, abs(item.prediction)):
        return "The model does not need them: its answer did not change.", True
    missed = abs(item.without - item.guess_without), abs(item.only - item.guess_only)
    # of the two answers the one that was foreseen worse; a small miss of a change that hardly was one counts little
    steps = (
        abs((item.prediction - item.without) - (local - item.guess_without)),
        abs((item.prediction - item.only) - (local - item.guess_only)),
    )
    share = max(miss / max(change, 0.1 * max(moved)) for miss, change in zip(missed, moved, strict=True))
    seen = max(steps) / max(moved)
    if share <= 0.6 < seen:
        return "The stand-in is near to these answers and far off for the whole: it did not foresee the change.", False
    share = max(share, seen)
    if share <= 0.25:
        return "The stand-in foresaw this well.", True
    if share <= 0.6:
        return "The stand-in foresaw this only roughly.", True
    return "The stand-in did not foresee this: do not add its effects up.", False
