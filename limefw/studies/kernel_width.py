"""The kernel width, chosen on what the model has already said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from limefw.discovery import Registry
from limefw.discovery import registry as default_registry
from limefw.errors import InputError, ModelError
from limefw.pipeline import Run
from limefw.recipe import Label, Recipe, build
from limefw.results.explanation import Explanation
from limefw.stage import Stage, signature_of
from limefw.statistics import effective_sample_size
from limefw.types import Draws, Fit, Floats, Model, Neighbourhood


TRIED = 40
"""Widths that are looked at from one end to the other, evenly on a logarithmic scale."""

HALVINGS = 20
"""Of what lies between the width found and the next one, which is too large: to a millionth of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Width:
    """A kernel's width, found by `tune_kernel_width`.

    Args:
        width: the largest whose fit is good enough; where none is, the one of the best fit.
        score: weighted R2 there.
        reached: whether that is as high as was asked for.
        fit: of the label, there.
        widths: (k,) those looked at.
        scores: (k,) weighted R2 at each; NaN where too few samples count.
        effective: (k,) how many samples of equal weight are left at each.
        kernel: the stage to explain with, as a recipe has it: ``limefw.explain(..., kernel=found.kernel)``.
    """

    width: float
    score: float
    reached: bool
    fit: Fit
    widths: Floats
    scores: Floats
    effective: Floats
    kernel: Mapping[str, Any]

    def __repr__(self) -> str:
        much = "reaches" if self.reached else "does not reach the target, with"
        return f"<Width {self.width:.4g} of kernel {self.kernel['use']!r}: {much} R2 {self.score:.3f}>"


def tune_kernel_width(
    explanation: Explanation,
    /,
    *,
    target: float = 0.8,
    label: Label | None = None,
    between: tuple[float, float] = (0.05, 5.0),
    least_samples: float = 2.0,
    registry: Registry | None = None,
) -> Width:
    """Find the largest width of the kernel whose weighted R2 reaches a target (OptiLIME; Visani et al. 2020).

    No model call is spent: the same draws are weighed anew and fitted by the same selector and surrogate. A narrow
    kernel is closer to the instance and follows the model better, since it has less to follow; a wide one is steadier.
    R2 rises as well where so few samples are left that anything fits them, so widths that leave less than
    `least_samples` of equal weight for each segment are out of the question. Between the widths looked at a better one
    may hide where R2 does not fall with the width; `scores` shows it.

    Args:
        explanation: made with a kernel that has a width, and by no method of its own.
        target: the R2 to reach, on the scale of weights of each width itself.
        label: by number or name; None: the first.
        between: the smallest and the largest width to consider.
        least_samples: effective samples for each segment.
        registry: where the plug-ins are; the process's own by default.

    Raises:
        InputError: where the kernel has no width, stages are not known, or every width leaves too few samples.
    """
    low, high = between
    if not 0 < low < high < np.inf or not target <= 1:
        raise InputError(f"between is (smallest, largest) width, both above 0, and target at most 1, got {between}")
    search = _Search.of(explanation, explanation.label(label), registry or default_registry())
    widths = np.geomspace(low, high, TRIED)
    weights = [search.weights(width) for width in widths]
    effective = np.array([effective_sample_size(each) if each.any() else 0.0 for each in weights])
    enough = least_samples * explanation.segments.count
    scores = np.array([
        search.fit(each).score if count >= enough else np.nan for each, count in zip(weights, effective, strict=True)
    ])  # fmt: skip
    if np.isnan(scores).all():
        raise InputError(
            f"no width between {low:g} and {high:g} leaves the {enough:.0f} effective samples that "
            f"{explanation.segments.count} segments need (at most {effective.max():.0f}): draw more samples, or larger "
            "segments"
        )
    good = np.flatnonzero(scores >= target)
    reached = len(good) > 0
    at = int(good[-1]) if reached else int(np.nanargmax(scores))
    width = float(widths[at])
    if reached and at + 1 < TRIED:
        width = search.edge(width, float(widths[at + 1]), target)
    fit = search.fit(search.weights(width))
    kernel = {**search.kernel.to_mapping(), "width": width}
    return Width(width, fit.score, reached, fit, widths, scores, effective, kernel)


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The same draws, to be weighed by any width.

    Args:
        run: of the explanation's recipe, with a model that is not asked.
        around: the draws and one label's targets.
        importance: (n,) what each draw counts for beside the kernel.
    """

    run: Run
    around: Neighbourhood
    importance: Floats

    @classmethod
    def of(cls, explanation: Explanation, label: int, registry: Registry) -> "_Search":
        """Take an explanation apart."""
        recipe = _recipe_of(explanation, registry)
        kernel = recipe.stages["kernel"]
        if "width" not in (parameter.name for parameter in signature_of(kernel.plugin)):
            raise InputError(f"kernel {kernel.name!r} has no width to tune: explain with 'cosine_exponential', say")
        around = explanation.neighbourhood.take(targets=[explanation.labels.index(label)])
        found = cls(Run(recipe, Model(_not_asked), registry), around, np.ones(len(around)))
        given = found.weights(float(kernel.params["width"]))
        if lost := int(((given == 0) & (around.weights >= 0)).sum()):
            raise InputError(
                f"kernel {kernel.name!r} gave {lost} of {len(around)} samples no weight, so nobody can tell what they "
                "count for without it: explain with a larger width first"
            )
        return replace(found, importance=around.weights / given)

    @property
    def kernel(self) -> Stage:
        """The kernel of the recipe."""
        return self.run.recipe.stages["kernel"]

    def weights(self, width: float) -> Floats:
        """Return what each draw weighs with a kernel of some width."""
        stage = replace(self.kernel, params={**self.kernel.params, "width": width})
        weights = stage(Draws(self.around.codes, groups=self.around.groups), None)
        return np.asarray(weights, dtype=np.float64) * self.importance

    def fit(self, weights: Floats) -> Fit:
        """Return what selector and surrogate make of the draws so weighed."""
        return self.run.fit(replace(self.around, weights=weights))[0]

    def edge(self, good: float, wide: float, target: float) -> float:
        """Return a width that is good enough, next to one that is not."""
        for _ in range(HALVINGS):
            middle = float(np.sqrt(good * wide))
            good, wide = (middle, wide) if self.fit(self.weights(middle)).score >= target else (good, middle)
        return good


def _recipe_of(explanation: Explanation, registry: Registry) -> Recipe:
    """Return the recipe that an explanation was made by."""
    said = dict(explanation.provenance["recipe"])
    inline = [key for key, stage in said.items() if isinstance(stage, Mapping) and stage.get("use") == "inline"]
    if fitted := [key for key in inline if key in ("kernel", "selector", "surrogate")]:
        raise InputError(f"the explanation's {', '.join(fitted)} was a function given in code: name a plug-in instead")
    if said.get("method", {}).get("use", "auto") != "auto":
        raise InputError(f"the explanation was made by method {said['method']['use']!r}, which fits as it likes")
    kept = {key: value for key, value in said.items() if key in ("kernel", "selector", "surrogate", "seed")}
    return build(registry=registry, overrides=kept)


def _not_asked(_inputs: Any) -> Any:
    raise ModelError("tuning a kernel asks the model nothing")
