"""Methods for limefw: the explainers of lime, captum and shap, unchanged, on limefw's segments, filler and model.

Each is given a stand-in with one feature for each segment, 1 where it shows and 0 where it is hidden. What it asks
about the stand-in is played in limefw's game, so all of them share the segments, the filler, the model and the budget.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from unittest import mock

import numpy as np
from annotated_types import Ge, Gt
from numpy.random import Generator
from numpy.typing import NDArray

from limefw import Draws, Fit, InputError, Plugin, hookimpl
from limefw.statistics import weighted_r2


Floats = NDArray[np.float64]


class Player:
    """Plays what a package asks: the instance first, each row once, never more rows than the budget."""

    def __init__(self, game: Any, rows: int, rng: Generator, least: int) -> None:
        self.game, self.rows, self.rng, self.width = game, rows, rng, game.segments.count
        self.answers: dict[bytes, Floats] = {}
        if rows < least:
            raise InputError(f"this method needs {least} samples or more, of which the instance is one, got {rows}")
        if self.width < 2:
            raise InputError("this method needs 2 segments or more, got 1: ask the segmenter for more")
        self.first = self(np.ones((1, self.width)))[0]

    def __call__(self, features: Any) -> Floats:
        """Return ``(n, t)`` targets of the stand-in's rows."""
        codes = np.asarray(features) > 0.5
        keys = [row.tobytes() for row in codes]
        new = list({key: at for at, key in reversed(list(enumerate(keys))) if key not in self.answers}.values())[::-1]
        if len(self.answers) + len(new) > self.rows:
            raise InputError(
                f"the package asks for {len(self.answers) + len(new)} rows, and the budget is {self.rows} samples: "
                "raise `samples`"
            )
        if new:
            targets = self.game(self._draws(codes[new]))
            self.answers.update(zip([keys[at] for at in new], targets, strict=True))
        return np.array([self.answers[key] for key in keys])

    def _draws(self, codes: NDArray[np.bool_]) -> Draws:
        composer = self.game.composer
        if not getattr(composer, "random", False):
            return Draws(codes)
        # a filler that makes a choice makes it by this number
        most = getattr(composer, "alternatives", 2**64)
        return Draws(codes, {"draw": self.rng.integers(0, most, size=len(codes), dtype=np.uint64)})

    def fit(self, label: int, effects: Any, intercept: float) -> Fit:
        """Return a fit; its score counts each row that was asked once, whatever the package weighed it by."""
        weights, effects = np.ones(len(self.answers)), np.asarray(effects, dtype=np.float64)
        codes = np.array([np.frombuffer(key, dtype=np.bool_) for key in self.answers])
        targets = np.array([answer[label] for answer in self.answers.values()])
        score = weighted_r2(targets, intercept + codes @ effects, weights)
        return Fit(effects, float(intercept), score, float(intercept + effects.sum()))


@contextmanager
def seeded(seed: int, *, torch: Any = None) -> Iterator[None]:
    """Seed the global random numbers and put them back.

    limefw never reads or moves them; these packages draw from them and take no generator.
    """
    python, numpy = random.getstate(), np.random.get_state()
    tensors = None if torch is None else torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed)
    if torch is not None:
        # not manual_seed, which seeds every device: only the CPU's numbers are drawn and put back
        torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        if torch is not None:
            torch.set_rng_state(tensors)


def lime_image(
    game: Any, _stages: Any, budget: Any, rng: Generator, /, *, kernel_width: Annotated[float, Gt(0)] = 0.25
) -> list[Fit]:
    """Fit as lime's LimeImageExplainer does (Ribeiro et al. 2016): coins, the kernel of cosine distance, ridge.

    Args:
        kernel_width: of the kernel on cosine distances, as in lime.
    """
    from lime import lime_image as package

    seed = int(rng.integers(2**31))
    play = Player(game, budget.rows, rng, 3)
    labels, ones = range(len(play.first)), np.ones((1, play.width, 3))
    # lime shows a progress bar that cannot be turned off; limefw has its own
    with seeded(seed), mock.patch.object(package, "tqdm", iter):
        found = package.LimeImageExplainer(kernel_width=kernel_width, random_state=seed).explain_instance(
            ones, lambda images: play(images[:, 0, :, 0]), labels=labels, top_labels=None, hide_color=0,
            num_features=play.width, num_samples=budget.rows, batch_size=256,
            segmentation_fn=lambda _: np.arange(play.width)[None],
        )  # fmt: skip
    fits = []
    for label in labels:
        effects = np.zeros(play.width)
        for segment, weight in found.local_exp[label]:
            effects[segment] = weight
        fits.append(play.fit(label, effects, found.intercept[label]))
    return fits


def captum_lime(
    game: Any, _stages: Any, budget: Any, rng: Generator, /, *, alpha: Annotated[float, Ge(0)] = 0.01
) -> list[Fit]:
    """Fit as captum's Lime does: coins, the kernel of cosine distance, the lasso.

    Args:
        alpha: strength of the lasso, as in captum: on probabilities .01 drops what weighs little.
    """
    from captum._utils.models.linear_model import SkLearnLasso
    from captum.attr import Lime

    # the first row is a coin's: the instance is asked for beside them
    return _by_captum(lambda ask: Lime(ask, interpretable_model=SkLearnLasso(alpha=alpha)), game, budget, rng, spent=1)


def captum_kernel_shap(game: Any, _stages: Any, budget: Any, rng: Generator, /) -> list[Fit]:
    """Fit as captum's KernelShap does (Lundberg & Lee 2017): rows drawn by the Shapley kernel, least squares."""
    from captum.attr import KernelShap

    return _by_captum(KernelShap, game, budget, rng, spent=0)


def _by_captum(make: Callable[[Any], Any], game: Any, budget: Any, rng: Generator, spent: int) -> list[Fit]:
    """Explain a label after the other: each draws the same rows, which are played once."""
    import torch

    seed = int(rng.integers(2**31))
    play, fits = Player(game, budget.rows, rng, 3), []
    ones, rows = torch.ones((1, play.width)), budget.rows - spent
    for label in range(len(play.first)):
        explainer = make(lambda rows, label=label: torch.from_numpy(play(rows)[:, label]))
        with seeded(seed, torch=torch):
            found = explainer.attribute(ones, baselines=0, n_samples=rows, perturbations_per_eval=min(rows, 256))
        fits.append(play.fit(label, found[0].numpy(), float(explainer.interpretable_model.bias())))
    return fits


def shap_kernel(
    game: Any, _stages: Any, budget: Any, rng: Generator, /, *, features: Annotated[int, Ge(0)] = 10
) -> list[Fit]:
    """Fit as shap's KernelExplainer does (Lundberg & Lee 2017): pairs by the Shapley kernel, constrained least squares.

    Args:
        features: the lasso keeps at most so many, as in shap; 0: all.
    """
    import shap

    seed = int(rng.integers(2**31))
    play = Player(game, budget.rows, rng, 4)
    with seeded(seed):
        explainer = shap.KernelExplainer(play, np.zeros((1, play.width)))
        # two rows are the instance and the background
        found = explainer.shap_values(
            np.ones(play.width), nsamples=budget.rows - 2, silent=True,
            l1_reg=f"num_features({features})" if features else False,
        )  # fmt: skip
    return [play.fit(label, found[:, label], explainer.expected_value[label]) for label in range(len(play.first))]


@hookimpl
def limefw_methods() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("lime_image", lime_image, requires=("lime",))
    yield Plugin("captum_lime", captum_lime, requires=("captum", "torch", "sklearn"))
    yield Plugin("captum_kernel_shap", captum_kernel_shap, requires=("captum", "torch", "sklearn"))
    yield Plugin("shap_kernel", shap_kernel, requires=("shap",))
