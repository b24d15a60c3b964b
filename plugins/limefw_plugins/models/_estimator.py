"""Fitted scikit-learn estimators: which method answers, and what its answers mean. Knows nothing of images."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ModelSourceError
from limefw.types import Outputs


Method = Literal["auto", "predict_proba", "decision_function", "predict"]
METHODS = ("predict_proba", "decision_function", "predict")


@dataclass(frozen=True, slots=True)
class Answers:
    """How an estimator is asked.

    Args:
        ask: from what it was trained on to ``(n,)`` or ``(n, k)``.
        head: what these are.
        classes: names of the columns, or None.
        notes: what had to be assumed.
    """

    ask: Callable[[Any], NDArray[Any]]
    head: Outputs
    classes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def is_estimator(source: Any) -> bool:
    """Say whether this is an object of scikit-learn's making, or of a class that inherits from one."""
    return any(base.__module__.partition(".")[0] == "sklearn" for base in type(source).__mro__)


def takes_text(estimator: Any) -> bool:
    """Say whether the first step of an estimator, a pipeline or a search over one reads texts."""
    from sklearn.utils import get_tags

    first = getattr(estimator, "best_estimator_", estimator)
    for parts in ("steps", "transformer_list"):
        inner = [part for _, part in getattr(first, parts, ()) if part is not None and not isinstance(part, str)]
        if inner:
            return takes_text(inner[0])
    if not is_estimator(first):
        return False
    read = get_tags(first).input_tags
    # of tables, strings are values of a column, as XGBoost 3.4 says of itself
    return bool(read.string and not read.two_d_array)


LIBRARIES = {"builtins", "sklearn", "numpy", "scipy", "xgboost", "lightgbm"}


def of_libraries(estimator: Any) -> bool:
    """Say whether it and its parts are those of libraries: code of the user's own may change under the same file."""
    parts = [estimator, *estimator.get_params(deep=True).values()] if hasattr(estimator, "get_params") else []
    makers = (one if inspect.isfunction(one) or inspect.isclass(one) else type(one) for one in parts)
    return bool(parts) and {maker.__module__.partition(".")[0] for maker in makers} <= LIBRARIES


def title(estimator: Any) -> str:
    """Return the name of what answers in the end."""
    return type(_last(estimator)).__name__


def answers(estimator: Any, method: Method = "auto", *, head: str = "auto") -> Answers:
    """Return how to ask a fitted estimator.

    Args:
        estimator: a classifier, a regressor, an outlier detector, a pipeline or a search that ends in one.
        method: which of its methods; "auto" takes the first that it has.
        head: what the caller says that its answers are.

    Raises:
        ModelSourceError: where it was not fitted, or gives no numbers.
    """
    from sklearn.base import is_clusterer
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise ModelSourceError(f"{title(estimator)} was not fitted: call its fit first") from error
    there = [name for name in METHODS if hasattr(estimator, name)]
    if method != "auto" and method not in there:
        raise ModelSourceError(f"{title(estimator)} has no {method}; it has: {', '.join(there) or 'none of them'}")
    if not there:
        raise ModelSourceError(f"{title(estimator)} has none of {', '.join(METHODS)}: it answers nothing")
    chosen = there[0] if method == "auto" else method
    if chosen == "predict" and is_clusterer(estimator):
        raise ModelSourceError(
            f"{title(estimator)} only numbers clusters, and these numbers have no order: give a function of the data "
            "instead, such as minus its transform(...), the distances from the clusters"
        )
    if chosen == "predict_proba":
        return _probabilities(estimator)
    return _decisions(estimator, head) if chosen == "decision_function" else _predictions(estimator)


def _probabilities(estimator: Any) -> Answers:
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, list):
        return Answers(estimator.predict_proba, "sigmoid" if _several(estimator) else "probabilities", _named(classes))
    labels = _are_labels(classes)

    def ask(inputs: Any) -> NDArray[Any]:
        found = estimator.predict_proba(inputs)
        if not isinstance(found, list):
            return np.asarray(found)  # a chain's: of label 1 alone
        if labels:
            return np.stack([part @ (own == 1) for part, own in zip(found, classes, strict=True)], axis=1)
        return np.concatenate(found, axis=1)

    return Answers(ask, "sigmoid", _named(classes))


def _decisions(estimator: Any, head: str) -> Answers:
    classes = getattr(estimator, "classes_", None)
    if head in ("probabilities", "sigmoid"):
        raise ModelSourceError(
            f"{title(estimator)} has decision values and no probabilities, so its head is not {head!r} but 'scores': "
            "limefw.model(model, use={'use': 'sklearn', 'head': 'scores'}), on the command line -s model.use=sklearn "
            "-s model.head=scores"
        )
    kept = f"{title(estimator)} has decision values and no probabilities: these are explained"
    if classes is None:
        return Answers(estimator.decision_function, "values", ("decision value",), (f"{kept} as they are",))
    if len(classes) > 2 and getattr(_last(estimator), "decision_function_shape", None) == "ovo":
        names = [str(name) for name in classes]
        pairs = tuple(f"{one} against {other}" for at, one in enumerate(names) for other in names[at + 1 :])
        return Answers(estimator.decision_function, "values", pairs, (f"{kept}, one for each pair of classes",))
    # softmax of these two is the sigmoid of the one
    signs = np.array([-0.5, 0.5] if head == "logits" else [-1.0, 1.0])

    def ask(inputs: Any) -> NDArray[Any]:
        found = np.asarray(estimator.decision_function(inputs))
        return found[:, None] * signs if found.ndim == 1 else found

    sign = ", that of the first class with its sign turned" if len(classes) == 2 else ""
    return Answers(ask, "scores", _named(classes), (f"{kept}{sign}",))


def _predictions(estimator: Any) -> Answers:
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return Answers(estimator.predict, "values")
    groups = classes if isinstance(classes, list) else [classes]

    def ask(inputs: Any) -> NDArray[Any]:
        found = np.asarray(estimator.predict(inputs)).reshape(len(inputs), -1)
        votes = [column[:, None] == own for column, own in zip(found.T, groups, strict=True)]
        return np.concatenate(votes, axis=1).astype(np.float64)

    names = _named(classes) if len(groups) == 1 else _each(groups)
    note = f"of {title(estimator)} only the predicted class was asked: 1 for that and 0 for the others"
    return Answers(ask, "probabilities" if len(groups) == 1 else "sigmoid", names, (note,))


def _named(classes: Any) -> tuple[str, ...] | None:
    """Return the names of classes, of labels that are there or not, or of several outputs' classes."""
    if not isinstance(classes, list):
        return None if classes is None else tuple(str(name) for name in classes)
    return tuple(f"output {at}" for at in range(len(classes))) if _are_labels(classes) else _each(classes)


def _each(groups: list[Any]) -> tuple[str, ...]:
    return tuple(f"output {at}: {name}" for at, own in enumerate(groups) for name in own)


def _are_labels(groups: list[Any]) -> bool:
    """Say whether each output says 1 where its label is there and 0 where it is not."""
    return all(np.isin(own, (0, 1)).all() for own in groups)


def _several(estimator: Any) -> bool:
    """Say whether several classes may be right at once, though it has one list of them."""
    last = _last(estimator)
    perceptron = getattr(last, "out_activation_", None) == "logistic" and getattr(last, "n_outputs_", 1) > 1
    return bool(getattr(last, "multilabel_", False)) or perceptron


def _last(estimator: Any) -> Any:
    """Return what answers in the end: inside searches, the last step of pipelines."""
    inner = getattr(estimator, "best_estimator_", None)
    if inner is None and (steps := getattr(estimator, "steps", None)):
        inner = steps[-1][1]
    return estimator if inner is None else _last(inner)
