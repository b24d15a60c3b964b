"""What the explainers share: lime's random state and kernel, distances, and the model asked through the game."""

import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from limefw.discovery import registry
from limefw.game import Game, Listener
from limefw.recipe import Recipe, build
from limefw.stage import Stage
from limefw.statistics import cosine_to_instance
from limefw.types import Composer, Contract, Draws, Floats, Model


RECIPE = "lime-0.2.0.1"

ALL = ("top:1000000000",)
"""Every output of the model, however many there are."""

DEFAULT_LABELS = (1,)
"""lime explains class 1 unless it is told otherwise, whatever the model predicts."""


def random_state_of(seed: Any) -> RandomState:
    """Return lime's stream of random numbers: NumPy's global one for None, a new one for a number, else itself.

    Raises:
        ValueError: where it is something else.
    """
    if seed is None or seed is np.random:
        return np.random.mtrand._rand  # type: ignore[attr-defined] # noqa: SLF001 - the one that np.random.seed seeds
    if isinstance(seed, numbers.Integral):
        return RandomState(int(seed))
    if isinstance(seed, RandomState):
        return seed
    raise ValueError(f"random_state is None, a whole number or a numpy RandomState, got {seed!r}")


def exponential_kernel(d: Any, kernel_width: float) -> Any:
    """sqrt(exp(-d^2 / width^2)): lime's own."""
    return np.sqrt(np.exp(-(d**2) / kernel_width**2))


@cache
def recipe() -> Recipe:
    """Return lime's recipe, settled."""
    return build(RECIPE, registry=registry())


@cache
def stage(kind: str, name: str, **params: Any) -> Stage:
    """Return a plug-in with its parameters settled."""
    return Stage.of(kind, registry().get(kind, name), params)


def distances_of(data: NDArray[Any], metric: str, *, on: bool = False) -> Floats:
    """Return each row's distance from row 0 by one of scikit-learn's metrics.

    Args:
        data: `(n, d)`.
        metric: its name, or a function of two rows.
        on: row 0 is all ones and the rest are ones and zeros, where the cosine has a short form.
    """
    if on and metric == "cosine":
        return cosine_to_instance(data)
    from sklearn.metrics import pairwise_distances

    rows = data.astype(np.float64) if data.dtype == np.bool_ else data
    found: Floats = pairwise_distances(rows, rows[:1], metric=metric).ravel()
    return found


def ask(
    composer: Composer,
    draws: Draws,
    predict: Callable[[Any], Any],
    *,
    chunk: int,
    listen: Listener | None = None,
) -> Floats:
    """Return all outputs ``(n, k)`` of the model for each draw, in its own order; equal inputs are asked once.

    Args:
        composer: from draws to what the model reads.
        draws: the first is the instance.
        predict: the model.
        chunk: rows a call.
        listen: told after every call.
    """
    name = getattr(predict, "__name__", type(predict).__name__)
    model = Model(predict, name=name, contract=Contract(head="values"))
    game = Game(model, composer, recipe().stages["target"], ALL, len(draws), chunk=chunk, listen=listen)
    targets = game(draws)
    outputs = np.empty_like(targets)
    outputs[:, list(game.columns)] = targets
    return outputs


def top_of(outputs: Floats, count: int) -> list[int]:
    """Return the `count` strongest outputs, the weakest of them first, as lime's argsort has it."""
    return [int(label) for label in np.argsort(outputs)[-count:]]


def by_label(found: Mapping[int, Any], place: int) -> dict[int, Any]:
    """Return one of the things that were found for each label."""
    return {label: parts[place] for label, parts in found.items()}


def plain_labels(labels: Sequence[Any]) -> list[int]:
    """Return labels as numbers of Python's own."""
    return [int(label) for label in labels]
