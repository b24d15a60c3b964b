"""The forms of a surrogate that is not linear: what its ``detail`` holds, and what follows for whoever uses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


Detail = Mapping[str, Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Form:
    """One form, as ``detail["form"]`` names it.

    Args:
        predict: from a detail and ``(n, d)`` codes to (n,) answers.
        widened: from a detail of some columns, these columns and the number of all to that of all columns.
        check: from a detail of a file and the number of columns; raises ValueError where it cannot be.
    """

    predict: Callable[[Detail, NDArray[Any]], Floats]
    widened: Callable[[Detail, NDArray[np.intp], int], Detail]
    check: Callable[[Detail, int], None]


def form_of(detail: Detail) -> Form | None:
    """Return the form of a surrogate's detail; None: it is linear."""
    return _FORMS.get(str(detail.get("form")))


def linear(codes: NDArray[Any], coefficients: Floats, intercept: float) -> Floats:
    """Return ``intercept + codes @ coefficients``."""
    # block by block: a product of bool codes would first copy all of them to float64
    size = min(4096, max(256, 200_000 // max(codes.shape[1], 1)))
    blocks = [codes[start : start + size] @ coefficients for start in range(0, len(codes), size)]
    return np.asarray(intercept + np.concatenate(blocks), dtype=np.float64)


def among(values: Any, columns: NDArray[np.intp], width: int) -> Floats:
    """Put ``(k,)`` values, or a ``(k, k)`` matrix, of some columns among all `width` of them, 0 elsewhere."""
    found = np.zeros((width,) * np.ndim(values))
    found[np.ix_(*[columns] * np.ndim(values))] = values
    return found


def _tree(tree: Detail, codes: NDArray[Any]) -> Floats:
    """Walk all rows down the tree at once: node i sends a row left where its code is <= threshold[i]."""
    feature, threshold = np.asarray(tree["feature"]), np.asarray(tree["threshold"])
    left, right, value = (np.asarray(tree[name]) for name in ("left", "right", "value"))
    node = np.zeros(len(codes), dtype=np.intp)
    while (inner := feature[node] >= 0).any():
        at = node[inner]
        goes_left = codes[np.flatnonzero(inner), feature[at]] <= threshold[at]
        node[inner] = np.where(goes_left, left[at], right[at])
    return np.asarray(value[node], dtype=np.float64)


def _wide_tree(tree: Detail, columns: NDArray[np.intp], _: int) -> Detail:
    # a leaf has -1
    return {**tree, "feature": np.append(columns, -1)[np.maximum(tree["feature"], -1)]}


def _check_tree(tree: Detail, width: int) -> None:
    """Refuse a tree that would send a row round in circles or out of it."""
    parts = [np.asarray(tree[name]) for name in ("feature", "threshold", "value", "left", "right")]
    feature, shapes = parts[0], {part.shape for part in parts}
    if len(shapes) > 1 or feature.ndim != 1 or not (feature < width).all():
        raise ValueError("its tree does not fit its segments")
    children, nodes = np.stack(parts[3:])[:, feature >= 0], np.flatnonzero(feature >= 0)
    if children.dtype.kind != "i" or not ((children > nodes) & (children < len(feature))).all():
        raise ValueError("its tree goes round in circles")


def _logistic(detail: Detail, codes: NDArray[Any]) -> Floats:
    odds = linear(codes, np.asarray(detail["coefficients"]), detail["intercept"])
    return np.exp(-np.logaddexp(0.0, -odds))


def _wide_logistic(detail: Detail, columns: NDArray[np.intp], width: int) -> Detail:
    return {**detail, "coefficients": among(detail["coefficients"], columns, width)}


def _check_logistic(detail: Detail, width: int) -> None:
    """Refuse log-odds that are no finite numbers."""
    coefficients = np.asarray(detail["coefficients"], dtype=np.float64)
    if coefficients.shape != (width,) or not np.isfinite([*coefficients, detail["intercept"]]).all():
        raise ValueError("its logistic surrogate does not fit its segments")


def _rule(rule: Detail, codes: NDArray[Any]) -> Floats:
    """Two answers: where all columns of a rule are on, and elsewhere."""
    applies = (codes[:, np.asarray(rule["columns"], dtype=np.intp)] > 0).all(axis=1)
    return np.where(applies, float(rule["value"]), float(rule["otherwise"]))


def _wide_rule(rule: Detail, columns: NDArray[np.intp], _: int) -> Detail:
    return {**rule, "columns": columns[np.asarray(rule["columns"], dtype=np.intp)]}


def _check_rule(rule: Detail, width: int) -> None:
    """Refuse a rule of other columns, or whose figures are no numbers."""
    columns = np.asarray(rule["columns"])
    inside = columns.ndim == 1 and (not len(columns) or (columns.dtype.kind == "i" and columns.min() >= 0))
    figures = [rule[name] for name in ("value", "otherwise", "precision", "low", "high", "coverage", "tried", "least",
                                       "threshold", "confidence")]  # fmt: skip
    if not inside or columns.max(initial=-1) >= width or not np.isfinite(np.array(figures, dtype=np.float64)).all():
        raise ValueError("its rule does not fit its segments")


_FORMS = {
    "rule": Form(_rule, _wide_rule, _check_rule),
    "tree": Form(_tree, _wide_tree, _check_tree),
    "logistic": Form(_logistic, _wide_logistic, _check_logistic),
}
