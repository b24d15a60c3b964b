"""What the explainers share: lime's random state and kernel, distances, and the model asked through the game."""

import numbers
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from limefw.compat.lime._per_label import LocalPrediction, Score
from limefw.contracts import MOST_SEGMENTS
from limefw.discovery import registry
from limefw.errors import InputError
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

    No other line of limefw reads a global random state: see docs/adr/0011.

    Raises:
        ValueError: where it is something else.
    """
    if seed is None or seed is np.random:
        return np.random.mtrand._rand  # noqa: SLF001 - the one that np.random.seed seeds
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


def refuse_many(count: int, what: str) -> None:
    """Refuse more features than the draws could tell apart, before the model is asked.

    Raises:
        InputError: with what to do.
    """
    if count > MOST_SEGMENTS:
        raise InputError(
            f"{count} {what} are more than the {MOST_SEGMENTS} that can be told apart: make fewer, larger ones"
        )


def refuse_width(row: Any, columns: int) -> None:
    """Refuse a row of another length than the data's.

    Raises:
        InputError: with both.
    """
    # sparse ones are matrices of one row
    if row.shape != ((columns,) if isinstance(row, np.ndarray) else (1, columns)):
        raise InputError(f"a row has {columns} values, one for each column of training_data, got shape {row.shape}")


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


def fill(
    explanation: Any,
    explainer: Any,
    around: tuple[Any, Floats, Floats],
    labels: Sequence[int],
    top_labels: int | None,
    num_features: int,
    model_regressor: Any,
) -> None:
    """Fit each label that is asked for, and put into an explanation what was found.

    Args:
        explanation: of an image, a text or a row.
        explainer: whose ``base`` and ``feature_selection`` are used.
        around: rows, outputs and distances.
        labels: to explain where `top_labels` is None.
        top_labels: how many of the strongest outputs to explain.
        num_features: of each label.
        model_regressor: the user's own, or None.
    """
    data, outputs, distances = around
    if top_labels:
        chosen = [int(label) for label in np.argsort(outputs[0])[-top_labels:]]
        explanation.top_labels = chosen[::-1]
    else:
        chosen = _checked(labels, outputs)
    scores, local = {}, {}
    for label in chosen:
        explanation.intercept[label], explanation.local_exp[label], scores[label], local[label] = (
            explainer.base.explain_instance_with_data(
                data, outputs, distances, label, num_features, model_regressor=model_regressor,
                feature_selection=explainer.feature_selection,
            )
        )  # fmt: skip
    if chosen:
        explanation.score, explanation.local_pred = Score(scores), LocalPrediction(local)


def _checked(labels: Sequence[int], outputs: Floats) -> list[int]:
    """Return labels as plain numbers; one that nobody asked for and the model did not predict is worth a warning."""
    count = outputs.shape[1]
    for label in labels:
        if not -count <= label < count:
            raise IndexError(
                f"label {label} was asked for, and the model has {count} output{'s' * (count > 1)}, numbered from 0. "
                "labels=(0,) explains the first, top_labels=1 what the model predicts"
            )
    predicted = int(np.argmax(outputs[0]))
    if labels is DEFAULT_LABELS and count > 2 and predicted != 1:
        warnings.warn(
            f"class 1 is explained, which is lime's default, and the model predicts class {predicted}: give "
            f"labels=({predicted},) or top_labels=1",
            stacklevel=4,
        )
    return [int(label) for label in labels]
