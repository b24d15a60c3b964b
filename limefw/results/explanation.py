"""What a user asks of a result: the strongest segments, masks, maps at the photograph's size, pictures, files."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, repeat
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw import contracts
from limefw.discovery import registry
from limefw.errors import LabelError, LimefwError, MissingDependencyError, RecipeError, did_you_mean
from limefw.inputs.labels import find
from limefw.recipe import Label
from limefw.results import store
from limefw.results.health import Health
from limefw.results.intervals import margins, unresolved
from limefw.results.what_if import WhatIf
from limefw.stage import Stage
from limefw.statistics import rounding
from limefw.types import Fit, Floats, Instance, Labels, Neighbourhood, Rendering, Segments, View


@dataclass(frozen=True, slots=True)
class Effect:
    """One segment's part in a prediction.

    Args:
        segment: its number.
        name: for people.
        effect: what showing it adds to the target, by the surrogate.
        standard_error: what another draw of as many samples would change; None where not known.
        share: of the instance that it covers, 0..1.
        margin: half the width of its 95% interval; None where not known.
    """

    segment: int
    name: str
    effect: float
    standard_error: float | None
    share: float
    margin: float | None = None


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why a model said what it said of one instance.

    Args:
        instance: as it was given, a photograph at its own size.
        segments: in the model's frame.
        frame: how the model sees the instance; None where it sees it as it is.
        neighbourhood: everything that the surrogates were fitted to.
        fits: a surrogate for each label, the first asked for first.
        names: of the labels.
        outlook: the model's strongest answers for the instance, by name.
        health: how far to trust this.
        provenance: filled-in recipe, versions, hashes, seconds and rows: enough to make it again.
        what_if: by label, what the model said without its strongest supporting segments; empty where it was not asked.
    """

    instance: Instance
    segments: Segments
    frame: View | None
    neighbourhood: Neighbourhood
    fits: Mapping[int, Fit]
    names: Mapping[int, str]
    outlook: Mapping[str, float]
    health: Health
    provenance: Mapping[str, Any]
    what_if: Mapping[int, WhatIf] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[int, ...]:
        """The labels explained."""
        return tuple(self.fits)

    def label(self, label: Label | None = None) -> int:
        """Return the number of a label given by number or name; None: the first.

        Raises:
            LabelError: where it was not explained; lists those that were.
        """
        number = self.labels[0] if label is None else find(label, self.names)
        if number is None:
            listed = ", ".join(name if name == str(at) else f"{at} {name}" for at, name in self.names.items())
            hint = did_you_mean(label, self.names.values()) if isinstance(label, str) else ""
            raise LabelError(
                f"label {label!r} was not explained.{hint} Explained: {listed}. Ask for it with labels=[{label!r}]"
            )
        return number

    def fit(self, label: Label | None = None) -> Fit:
        """Return the surrogate of a label."""
        return self.fits[self.label(label)]

    def prediction(self, label: Label | None = None) -> float:
        """Return what the model says of the instance, for a label."""
        return self.health.labels[self.label(label)].model_prediction

    def top(self, k: int | None = 5, label: Label | None = None) -> list[Effect]:
        """Return the k segments of largest absolute effect, the strongest first (None: all that are not 0).

        Raises:
            ValueError: where k is no whole number of at least 0 (the label is the second argument).
        """
        if k is not None and (not hasattr(k, "__index__") or k < 0):
            raise ValueError(f"top(k, label): k is a whole number of at least 0, or None, got {k!r}")
        effects, errors, wide = self.effects(label).tolist(), self.fit(label).standard_errors, self.margins(label)
        if errors is not None and wide is not None:
            errors = np.where(np.isnan(wide), np.nan, errors)
        known, margins = (repeat(None) if each is None else map(_or_none, each.tolist()) for each in (errors, wide))
        every = map(Effect, count(), self.segments.names, effects, known, self._shares().tolist(), margins)
        return sorted((effect for effect in every if effect.effect), key=lambda effect: -abs(effect.effect))[:k]

    def margins(self, label: Label | None = None) -> Floats | None:
        """Return (d,) half the width of each effect's 95% interval, for the luck of the draw alone.

        None where it is not known; NaN of segments that were never hidden.
        """
        return margins(self.fit(label), self.neighbourhood)

    def unresolved(self, order: Sequence[int], label: Label | None = None) -> list[bool]:
        """Say for each segment but the first of an order by strength whether its rank against the last may be chance.

        Where intervals are not known (no `fit(label).covariance`) nothing can be said: False.
        """
        number = self.label(label)
        return unresolved(self.fits[number], self.neighbourhood, self.labels.index(number), order)

    def effects(self, label: Label | None = None, *, per_area: bool = False) -> Floats:
        """Return the (d,) effects of a label; what is smaller than the rounding of the targets is 0.

        Args:
            label: by number or name; None: the first.
            per_area: of each hundredth of the instance that a segment covers: a large one has more effect by its size
                alone.
        """
        number = self.label(label)
        effects = self.fits[number].effects
        least = rounding(self.neighbourhood.targets[:, self.labels.index(number)])
        seen = np.where(np.abs(effects) > least, effects, 0.0)
        shares = 100.0 * self._shares() if per_area else np.ones(len(seen))
        return np.divide(seen, shares, out=np.zeros(len(seen)), where=shares > 0)

    def _shares(self) -> Floats:
        """Return which part of the instance each segment covers."""
        sizes = self.segments.sizes()
        return sizes / self.segments.labels.size if self.frame is None else self.frame.shares(sizes)

    def as_list(self, label: Label | None = None) -> list[tuple[str, float]]:
        """Return (segment name, effect) pairs, the strongest first."""
        return [(effect.name, effect.effect) for effect in self.top(None, label)]

    @property
    def label_map(self) -> Labels:
        """Segment numbers at the photograph's own size; -1 where the model does not look or in no segment."""
        return self.segments.labels if self.frame is None else self.frame.to_photo(self.segments.labels)

    @property
    def values(self) -> Floats:
        """The effects of the first label as a map at the photograph's own size."""
        return self.values_of()

    def values_of(self, label: Label | None = None, *, per_area: bool = False) -> Floats:
        """Return the effects of a label as a map ``(h, w)`` at the photograph's own size; 0 outside all segments."""
        effects, basis = self.effects(label, per_area=per_area), self.segments.basis
        seen = np.append(effects, 0.0)[self.segments.labels] if basis is None else np.tensordot(effects, basis, axes=1)
        return np.asarray(seen if self.frame is None else self.frame.to_photo(seen, outside=0.0))

    def chosen(
        self,
        label: Label | None = None,
        *,
        positive_only: bool = True,
        negative_only: bool = False,
        num_features: int = 5,
        min_weight: float = 0.0,
    ) -> list[int]:
        """Return segments, the strongest first: lime's rule, with the cut by weight before the cut by number.

        Args:
            label: by number or name; None: the first.
            positive_only: those that speak for the label.
            negative_only: those that speak against it.
            num_features: how many at the most.
            min_weight: the least absolute effect.

        Raises:
            ValueError: where both signs are excluded.
        """
        if positive_only and negative_only:
            raise ValueError("positive_only and negative_only exclude each other: set one of them to False")
        ranked = [effect for effect in self.top(None, label) if abs(effect.effect) >= min_weight]
        if positive_only:
            ranked = [effect for effect in ranked if effect.effect > 0]
        if negative_only:
            ranked = [effect for effect in ranked if effect.effect < 0]
        return [effect.segment for effect in ranked[:num_features]]

    def mask(
        self,
        label: Label | None = None,
        *,
        positive_only: bool = True,
        negative_only: bool = False,
        num_features: int = 5,
        min_weight: float = 0.0,
        hide_rest: bool = False,
    ) -> tuple[NDArray[Any], NDArray[np.int8]]:
        """Return the photograph and which of its pixels speak for (+1) or against (-1) a label.

        Args:
            label: by number or name; None: the first.
            positive_only: those that speak for the label.
            negative_only: those that speak against it.
            num_features: how many segments at the most.
            min_weight: the least absolute effect.
            hide_rest: black out everything else in the photograph.

        Returns:
            pixels ``(h, w, c)`` in the photograph's own type, and the mask ``(h, w)`` of -1, 0, 1.
        """
        segments = self.chosen(
            label, positive_only=positive_only, negative_only=negative_only,
            num_features=num_features, min_weight=min_weight,
        )  # fmt: skip
        signs = np.zeros(self.segments.count + 1, dtype=np.int8)
        signs[segments] = np.sign(self.fit(label).effects[segments])
        mask = signs[self.label_map]
        masked = getattr(self.instance, "masked", None)
        if masked is None:
            raise LimefwError(f"a mask needs an image, and this is {self.instance.modality}")
        return masked((mask != 0) | (not hide_rest)), mask

    def render(self, renderer: str | Mapping[str, Any] = "auto") -> Rendering:
        """Draw with an installed renderer: a name, or ``{"use": name, parameter: value}``.

        "html", "figure" and "text" are each modality's own: of a text "html" is the renderer "text_html". "auto" is
        "overlay" for an image and "figure" for everything else.

        Raises:
            UnknownPluginError: no such renderer.
            RecipeError: its parameters are wrong, or it is neither a name nor a mapping.
        """
        if not isinstance(renderer, str | Mapping):
            raise RecipeError([f'a renderer is a name, or a mapping that has "use", got {renderer!r}'])
        mapping = {"use": renderer} if isinstance(renderer, str) else dict(renderer)
        name = str(mapping.pop("use", "auto"))
        if name == "auto":
            name = "overlay" if self.instance.modality == "image" else "figure"
        return self.draw(Stage.of("renderers", registry().suited("renderers", name, self.instance.modality), mapping))

    def draw(self, stage: Stage) -> Rendering:
        """Draw with a settled renderer, as a recipe holds them.

        Raises:
            LimefwError: where it is for another modality.
        """
        meant, modality = stage.plugin.modality, self.instance.modality
        if meant not in (None, modality):
            there = registry().suiting("renderers", modality)
            raise LimefwError(f"renderer {stage.name!r} is for {meant}, and this is {modality}: use {', '.join(there)}")
        return contracts.check_rendering(stage(self), stage)

    def plot(self, renderer: str | Mapping[str, Any] = "auto") -> Any:
        """Return a matplotlib Figure of a renderer that draws with matplotlib (overlay, heatmap, bars, figure)."""
        rendering = self.render(renderer)
        if rendering.figure is None:
            raise LimefwError(f"renderer {renderer!r} makes {rendering.media_type}, not a figure: use render()")
        return rendering.figure

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row for each label and segment."""
        try:
            import pandas as pd  # type: ignore[import-untyped, unused-ignore]
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                "to_frame() needs pandas, which is not installed. Run: pip install 'limefw[pandas]'"
            ) from error
        rows = [
            {"label": number, "class": self.names[number], "segment": effect.segment, "name": effect.name,
             "effect": effect.effect, "standard_error": effect.standard_error, "margin": effect.margin,
             "share": effect.share}
            for number in self.labels
            for effect in self.top(None, number)
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to one file (JSON and arrays in a zip, never a pickle), whole or not at all."""
        return store.save(path, self)

    def __repr__(self) -> str:
        first = self.labels[0]
        health = self.health.labels[first]
        strongest = ", ".join(f"{effect.name} {effect.effect:+.3g}" for effect in self.top(3))
        without = ""
        if asked := self.what_if.get(first):
            many = len(asked.segments)
            supporters = f"{many} strongest supporters" if many > 1 else "strongest supporter"
            without = f"without its {supporters} {asked.without:.3g}; "
        scale = " log-odds" if noun_of(self.provenance) == "log-odds" else ""
        return (
            f"<Explanation of {self.instance.name!r}: {self.names[first]} {health.model_prediction:.3g}{scale}; "
            f"{strongest}; {without}R2 {health.fidelity:.2f}; {self.health.samples} samples>"
        )

    def _repr_html_(self) -> str:
        return str(self.render({"use": "html", "fragment": True}).data)


def noun_of(provenance: Mapping[str, Any]) -> str:
    """Return what the answers that were explained are: a probability, log-odds, a score or a predicted value."""
    model, target = provenance.get("model", {}), provenance.get("recipe", {}).get("target", {})
    use, head = target.get("use", "probability"), model.get("contract", {}).get("head")
    if model.get("task") == "regression":
        return "predicted value"
    if use == "inline":
        return str(target.get("function", "the target"))
    if head == "scores" and use in ("probability", "unbounded"):
        return "score"
    return "log-odds" if use in ("log_odds", "unbounded") else str(use).replace("_", " ")
