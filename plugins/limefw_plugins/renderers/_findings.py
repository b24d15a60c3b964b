"""The strongest segments of a label as people are told of them: the same number and words in every rendering."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw_plugins.renderers._areas import areas_at
from limefw_plugins.renderers._picture import labels_at
from limefw_plugins.renderers._places import place_words
from limefw_plugins.renderers._words import decimals_for, number, printable, signed


PALE_MEANS = "no clear effect"
"""What it means that a segment is pale in a picture: it may be chance, or rounds to nothing."""

TIED = "≈"
"""What is put between two effects whose order may be chance."""

TIED_MEANS = f"{TIED} rank not resolved against the one before"

CONTESTED = "One that is not listed may be as strong as the last"

NOTHING = 0.005
"""Of the strongest effect: what is less is nothing beside it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One segment's part in a prediction, with the words for it.

    Args:
        rank: 1 is the strongest; never printed, as a segment has one number only.
        segment: its number, the one printed in pictures.
        name: for people.
        effect: what showing it adds to the target.
        margin: half the width of its 95% interval, or None where not known.
        share: of the instance, 0..1.
        place: where in the picture, in words; empty where there is no picture.
        decimals: that numbers of this list are written with.
        tied: its rank against the one before it in the list may be chance.
        strongest: the largest effect of the label, without its sign.
        posterior: its interval is that of a posterior, and not of other draws.
        contested: the last of the list, and one that is not in it may be as strong.
    """

    rank: int
    segment: int
    name: str
    effect: float
    margin: float | None
    share: float
    place: str
    decimals: int
    tied: bool = False
    strongest: float = 0.0
    posterior: bool = False
    contested: bool = False

    @property
    def title(self) -> str:
        """The name with the number that pictures show, where there are any."""
        return (
            self.name
            if not self.place or self.name.split()[-1:] == [str(self.segment)]
            else f"{self.name} ({self.segment})"
        )

    @property
    def positive(self) -> bool:
        """Whether it speaks for the label."""
        return self.effect > 0

    @property
    def none(self) -> bool:
        """Whether the effect is nothing beside the strongest, as what a surrogate's penalty leaves is."""
        return abs(self.effect) < NOTHING * self.strongest or not any(one in self.effect_text for one in "123456789")

    @property
    def faint(self) -> bool:
        """Whether the effect is none, or may be chance: pictures leave it pale."""
        return self.none or (self.margin is not None and abs(self.effect) <= self.margin)

    @property
    def doubt(self) -> str:
        """What is to be said of an effect that may be chance; else nothing."""
        return ", which may be chance" if self.faint else ""

    @property
    def effect_text(self) -> str:
        """The effect with its sign."""
        return signed(self.effect, self.decimals)

    @property
    def known_text(self) -> str:
        """The effect, and half the width of its interval where there is one."""
        return self.effect_text if not self.margin else f"{self.effect_text} ± {number(self.margin, self.decimals)}"

    @property
    def interval_text(self) -> str:
        """Both ends of the interval."""
        if self.margin is None:
            return "not known"
        if self.margin == 0:
            return "exact"
        low, high = (signed(self.effect + side * self.margin, self.decimals) for side in (-1, 1))
        return f"{low} to {high}"

    @property
    def share_text(self) -> str:
        """The share in per cent."""
        return "< 0.1%" if self.share < 0.001 else f"{self.share:.1%}"


def ties_of(found: Sequence[Finding]) -> str:
    """Say behind a sentence what the mark between two effects means, where there is one, and of a list's end."""
    return "".join(f". {text}" for text in open_ranks(found))


def open_ranks(found: Sequence[Finding]) -> list[str]:
    """Say which ranks of a list may be chance: between two, where there is the mark, and at the end."""
    return [TIED_MEANS] * any(item.tied for item in found) + [CONTESTED] * any(item.contested for item in found)


def intervals_called(found: Sequence[Finding]) -> str:
    """Say which intervals these are, in a sentence."""
    return "95% intervals of the posterior" if any(item.posterior for item in found) else "95% intervals"


def interval_called(found: Sequence[Finding]) -> str:
    """Say which interval stands in a column."""
    return "95% posterior" if any(item.posterior for item in found) else "95% interval"


def intervals_of(found: Sequence[Finding]) -> str:
    """Say how wide the intervals of the strongest are, where there are any."""
    margins = [item.margin for item in found if item.margin]
    if not margins:
        return ""
    low, high = (number(margin, found[0].decimals) for margin in (min(margins), max(margins)))
    ties = ", and the order of some may be chance" if any(item.tied for item in found) else ""
    margin = f"{low}{f' to {high}' if high != low else ''}"
    return f"The strongest are known to ± {margin} ({intervals_called(found)}){ties}."


def places_of(explanation: Explanation) -> list[str]:
    """Say in words where each segment lies; empty where there is no picture."""
    count = explanation.segments.count
    if not isinstance(explanation.instance, Image):
        return [""] * count
    # so many pixels are enough to say where a segment lies
    step = max(1.0, max(explanation.instance.shape) / 400)
    size = [math.ceil(side / step) for side in explanation.instance.shape]
    if explanation.segments.basis is None:
        return place_words(labels_at(explanation, size), count)
    areas = areas_at(explanation, range(count), size)
    return [place_words(np.where(areas[segment], 0, -1), 1)[0] for segment in range(count)]


def findings(
    explanation: Explanation, label: int | str | None, top: int, *, positive_only: bool = False
) -> list[Finding]:
    """Return the `top` strongest segments of a label, the strongest first; none where every effect is 0.

    Of a rule all its parts: with some of them it is another rule.
    """
    most = None if explanation.fit(label).detail.get("form") == "rule" else top
    every = [effect for effect in explanation.top(None, label) if effect.effect > 0 or not positive_only]
    effects = every[:most]
    decimals = decimals_for(effect.effect for effect in effects)
    places = places_of(explanation)
    one_more = every[: most and most + 1]
    tied = [False, *explanation.unresolved([effect.segment for effect in one_more], label)]
    return [
        Finding(
            rank, effect.segment, printable(effect.name) or f"{effect.name!r}", effect.effect,
            effect.margin, effect.share, places[effect.segment], decimals, tied[rank - 1], abs(effects[0].effect),
            explanation.fit(label).is_posterior, rank == len(effects) < len(one_more) and tied[rank],
        )
        for rank, effect in enumerate(effects, start=1)
    ]  # fmt: skip
