"""The effects of many explanations on features that they share."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import InputError
from limefw.modalities.image import Image
from limefw.modalities.text import Text, identities, unique
from limefw.recipe import Label
from limefw.results.explanation import Explanation
from limefw.types import Floats, freeze


By = Literal["features", "names"]
Key = Callable[[Explanation, int], str]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The effects of many explanations on features that they share, where they are not 0.

    Args:
        features: what the columns are.
        rows: (k,) explanation of each effect.
        columns: (k,) feature of each effect.
        effects: (k,) a feature that an explanation has twice has their sum.
        count: of explanations.
    """

    features: tuple[str, ...]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    effects: Floats
    count: int

    def __post_init__(self) -> None:
        freeze(self, {"rows": np.intp, "columns": np.intp, "effects": np.float64})

    @classmethod
    def of(
        cls,
        explanations: Iterable[Explanation],
        *,
        label: Label | None = None,
        top: int | None = None,
        by: By | Key = "features",
    ) -> "Weights":
        """Gather them; an explanation may be forgotten as soon as the next one is asked for.

        Args:
            explanations: at least one, of one modality.
            label: a number or name that all were explained for; None: of each its own first.
            top: the strongest of each explanation alone.
            by: what makes two segments one feature: a table's "features", whatever their values, or the "names" that
                explanations have for segments ("age > 37"); parts of texts always go by their letters, windows by their
                names; or a function of an explanation and a segment's number.

        Raises:
            InputError: what they say cannot be compared.
        """
        known: dict[str, int] = {}
        rows, columns, effects, count, first = list[int](), list[int](), list[float](), 0, None
        for row, explanation in enumerate(explanations):
            first = first or explanation
            _check_comparable(first, explanation, by)
            keys = _keys(explanation, by)
            for effect in explanation.top(top, label):
                rows.append(row)
                columns.append(known.setdefault(keys(effect.segment), len(known)))
                effects.append(effect.effect)
            count = row + 1
        if not count:
            raise InputError("there are no explanations to compare: give at least one")
        # one entry for each explanation and feature
        cells, place = np.unique(np.array(rows, dtype=np.intp) * max(len(known), 1) + columns, return_inverse=True)
        summed = np.zeros(len(cells))
        np.add.at(summed, place, effects)
        own, feature = np.divmod(cells, max(len(known), 1))
        texts = not callable(by) and first is not None and first.instance.modality == "text"
        features = unique(list(known)) if texts else tuple(known)
        return cls(features, own.astype(np.intp), feature.astype(np.intp), summed, count)

    def sums(self, values: Floats) -> Floats:
        """Return the sum of something over the effects of each feature, (f,)."""
        return np.bincount(self.columns, weights=values, minlength=len(self.features)).astype(np.float64)

    @property
    def importance(self) -> Floats:
        """(f,) the square root of the sum of absolute effects (Ribeiro, Singh & Guestrin 2016, section 4)."""
        return np.sqrt(self.sums(np.abs(self.effects)))


def _check_comparable(first: Explanation, other: Explanation, by: By | Key) -> None:
    """Refuse explanations whose segments have nothing to do with each other."""
    if first.instance.modality != other.instance.modality:
        raise InputError(f"{first.instance.modality} and {other.instance.modality} have no features in common")
    modality = first.instance.modality
    if callable(by) or modality not in ("image", "series") or first is other:
        return
    if isinstance(first.instance, Image) and not first.segments.names[0].startswith("superpixel "):
        return  # names that the user gave mean the same thing everywhere
    if first.segments.fingerprint() == other.segments.fingerprint() and first.segments.names == other.segments.names:
        return
    if modality == "series":
        raise InputError(
            "the series were not cut alike, so their segments cannot be compared: take series of one length and cut "
            "them into equal windows (segmenter='windows')"
        )
    raise InputError(
        "a superpixel of one image is none of another, so these explanations have nothing to compare. Give the "
        "segments names that mean the same in every image (eyes, wheels): segmenter=given(masks, names); or cut "
        "aligned images into one grid"
    )


_NUMBERED = re.compile(r"(.*) \(\d+\)", re.DOTALL)


def _keys(explanation: Explanation, by: By | Key) -> Callable[[int], str]:
    """Return what calls a segment's feature."""
    if callable(by):
        return lambda segment: by(explanation, segment)
    if by not in ("features", "names"):
        raise InputError(f"by is 'features', 'names' or a function, got {by!r}")
    names = explanation.segments.names
    if isinstance(explanation.instance, Text):
        same = identities(explanation.instance, explanation.segments)
        cut = explanation.provenance.get("recipe", {}).get("segmenter", {})
        return [one.casefold() if cut.get("ignore_case") else one for one in same].__getitem__
    if by == "features" and explanation.instance.modality == "table":
        columns, labels = getattr(explanation.instance, "names", ()), explanation.segments.labels
        return lambda segment: ", ".join(columns[at] for at in np.flatnonzero(labels == segment))
    every = set(names)

    def plain(segment: int) -> str:
        # the second of two segments called "good" is called "good (2)"
        found = _NUMBERED.fullmatch(names[segment])
        return found[1] if found and found[1] in every else names[segment]

    return plain
