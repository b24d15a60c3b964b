"""Many explanations in one picture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limefw.errors import MissingDependencyError
from limefw.recipe import Label
from limefw.results.explanation import Explanation, noun_of
from limefw.studies.drawing import draw
from limefw.studies.weights import By, Key, Weights
from limefw.types import Floats, Rendering, freeze


@dataclass(frozen=True, slots=True)
class Share:
    """One feature's part in many explanations.

    Args:
        feature: what it is called.
        strength: its mean absolute effect over all explanations; those without it count as 0.
        raises: the part of the strength that came from effects above 0.
        lowers: the part that came from effects below 0; both together are the strength.
        present: how many explanations have it.
    """

    feature: str
    strength: float
    raises: float
    lowers: float
    present: int

    @property
    def mean(self) -> float:
        """The mean effect, in which signs cancel."""
        return self.raises - self.lowers


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What a model goes by in many instances, as far as their explanations tell.

    Args:
        shares: of each feature, the strongest first.
        count: of explanations.
        modality: of their instances.
        label: what they are for, by name; empty: each is for its own first label.
        noun: what the effects change: "probability", "log-odds", "predicted value".
        fidelity: (n,) R2 of each on samples left out, NaN where not known.
        order: places in `shares` in an order of their own, as windows have in time; empty where there is none.
    """

    shares: tuple[Share, ...]
    count: int
    modality: str
    label: str
    noun: str
    fidelity: Floats
    order: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, {"fidelity": np.float64})

    def top(self, k: int | None = 10) -> tuple[Share, ...]:
        """Return the k strongest features."""
        return self.shares[:k]

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row for each feature."""
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                "to_frame() needs pandas, which is not installed. Run: pip install pandas"
            ) from error
        return pd.DataFrame([
            {"feature": one.feature, "strength": one.strength, "raises": one.raises, "lowers": one.lowers,
             "mean": one.mean, "present": one.present}
            for one in self.shares
        ])  # fmt: skip

    def render(self, renderer: str | Mapping[str, Any] = "figure") -> Rendering:
        """Draw with a renderer of overviews: "figure" or "text", or ``{"use": name, parameter: value}``.

        Raises:
            LimefwError: it draws something else.
        """
        return draw(self, renderer, "overview", "figure")

    def plot(self) -> Any:
        """Return a matplotlib Figure."""
        return self.render("figure").figure

    def __repr__(self) -> str:
        strongest = ", ".join(f"{one.feature} {one.strength:.3g}" for one in self.top(3))
        return f"<Overview of {self.count} explanations: {strongest}>"

    def _repr_png_(self) -> bytes | None:
        data = self.render("figure").data
        return data if isinstance(data, bytes) else None


def overview(
    explanations: Iterable[Explanation],
    *,
    label: Label | None = None,
    top: int | None = None,
    by: By | Key = "features",
) -> Overview:
    """Sum many explanations up: each feature's mean absolute effect, and how much of it is for and against.

    It tells of the instances explained, not of the model everywhere; where effects of one feature go both ways, the
    mean absolute effect keeps what a mean effect would lose.

    Args:
        explanations: of one modality; they may come from a generator, as nothing but their effects is kept.
        label: a number or name that all were explained for; None: of each its first, by default the class predicted.
        top: the strongest segments of each explanation count; None: all.
        by: what makes two segments one feature: see `Weights.of`.

    Raises:
        InputError: there are none, or what they say cannot be compared.
    """
    seen = _Seen(label)
    weights = Weights.of(map(seen.note, explanations), label=label, top=top, by=by)
    raises, lowers = (weights.sums(np.maximum(side * weights.effects, 0.0)) / weights.count for side in (1, -1))
    present = weights.sums(np.ones(len(weights.effects))).astype(int)
    ranks = np.argsort(-(raises + lowers), kind="stable").tolist()
    shares = tuple(
        Share(
            weights.features[at], float(raises[at] + lowers[at]), float(raises[at]), float(lowers[at]), int(present[at])
        )
        for at in ranks
    )
    order = _in_time(seen.names, [share.feature for share in shares]) if seen.modality == "series" else ()
    label_name = next(iter(seen.labels)) if len(seen.labels) == 1 else ""
    return Overview(shares, weights.count, seen.modality, label_name, seen.noun, np.array(seen.scores), order)


class _Seen:
    """What is noted of each explanation that goes by."""

    def __init__(self, label: Label | None) -> None:
        self.wanted, self.modality, self.noun = label, "", ""
        self.labels: set[str] = set()
        self.names: tuple[str, ...] = ()
        self.scores: list[float] = []

    def note(self, explanation: Explanation) -> Explanation:
        number = explanation.label(self.wanted)
        self.labels.add(explanation.names[number])
        self.modality, self.names = explanation.instance.modality, explanation.segments.names
        self.noun = noun_of(explanation.provenance)
        score = explanation.health.labels[number].cross_fitted
        self.scores.append(float("nan") if score is None else score)
        return explanation


def _in_time(names: Sequence[str], features: Sequence[str]) -> tuple[int, ...]:
    """Return the places of segments' names among features, in the order of the segments."""
    place = {feature: at for at, feature in enumerate(features)}
    return tuple(place[name] for name in names if name in place)
