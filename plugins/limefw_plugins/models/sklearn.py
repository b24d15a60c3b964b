"""Scikit-learn's estimators, asked about images, texts or whatever else they were trained on."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw.imports import versions_of
from limefw.types import Contract, Model
from limefw_plugins.models._contract import (
    Head,
    Layout,
    Means,
    Order,
    Preprocessing,
    Range,
    Resize,
    Size,
    Spreads,
    Wishes,
    class_names,
)
from limefw_plugins.models._estimator import Method, answers, is_estimator, of_libraries, takes_text, title
from limefw_plugins.models._estimator_files import estimator_in, is_estimator_file
from limefw_plugins.models._image_rows import Rows, channels_of, feeder
from limefw_plugins.models._rows import matched


def is_sklearn(source: Any) -> bool:
    """Say whether this is an estimator, or the path of a file of one."""
    return is_estimator(source) or is_estimator_file(source)


def sklearn(
    source: Any,
    /,
    *,
    head: Head = "auto",
    preprocessing: Preprocessing = "auto",
    size: Size = None,
    layout: Layout = "auto",
    order: Order = "auto",
    value_range: Range = "auto",
    mean: Means = None,
    std: Spreads = None,
    resize: Resize = "stretch",
    classes: str | None = None,
    method: Method = "auto",
    rows: Rows = "auto",
    trust: bool = False,
) -> Model:
    """A fitted scikit-learn estimator or pipeline, or a .skops file of one (.joblib and .pkl with trust).

    A batch of images is brought into the form that it was trained on, by what is said below. Texts go to a pipeline
    that begins with a vectoriser, and batches of anything else to any estimator, as they are.

    Args:
        head: what its outputs mean; "auto": probabilities, or values where it has none.
        preprocessing: a named one; "auto" and "none" give the pixels as they are.
        size: (height, width) that it was trained on; None: the image's own.
        layout: of an image before it is flattened.
        order: of three channels.
        value_range: what black and white are to the model before `mean` and `std`; None: the pixels as they are.
        mean: subtracted, one for each channel in the model's own order, or one for all.
        std: divided by, likewise.
        resize: how a photograph gets to the model's size.
        classes: a file of class names; by default the model's own.
        method: which of its methods is asked; "auto" takes the first that it has.
        rows: what one row of its input is: "flat" (features), "images" (h, w, c), "gray" (h, w); "auto" flattens where
            an image has as many values as the model has features.
    """
    estimator, name, fingerprint, notes = _estimator(source, trust=trust)
    asked = answers(estimator, method, head=head)
    named = class_names(classes) or asked.classes
    mark = fingerprint and f"{fingerprint}:{method}:{rows}"
    maker = type(estimator).__module__.partition(".")[0]
    runs_it = versions_of(*dict.fromkeys(("sklearn", maker)))
    if takes_text(estimator):
        # so many texts are nothing to a vectoriser, and few at a time cost a call each
        spoken = Contract(head=asked.head if head == "auto" else head, chunk=1024)
        return Model(asked.ask, name, named, spoken, mark, (*notes, *asked.notes), modality="text", runtime=runs_it)
    names = getattr(estimator, "feature_names_in_", None)
    wishes = Wishes(head, preprocessing, size, layout, order, value_range, mean, std, resize)
    contract = wishes.applied(Contract(channels=channels_of(estimator, size, rows), head=asked.head))
    if contract.value_range is not None or any(contract.mean) or any(part != 1.0 for part in contract.std):
        contract = replace(contract, dtype="float64")  # what NumPy makes of pixels / 255
    elif (preprocessing, value_range) == ("auto", "auto") and names is None:
        notes += ("it is given rows of tables as they are, and of images the pixels as they are, in their own range",)
    foreign = maker in ("xgboost", "lightgbm")
    # what begins with a step of the user's own says nothing of columns, and gets the frame as it is
    silent = names is None and getattr(estimator, "n_features_in_", None) is None
    rows_of: Callable[[Any], Any] = (lambda batch: batch) if silent else matched(names, name, polars=not foreign)
    feed = feeder(estimator, rows, planes=contract.layout == "NCHW")
    if getattr(estimator, "n_features_in_", None) is None and rows == "auto" and names is None:
        notes += ("it was given images and no flat rows, as it does not say how many features it was trained on",)

    def ask(batch: Any) -> Any:
        return asked.ask(feed(batch) if getattr(batch, "ndim", None) == 4 else rows_of(batch))

    columns, known = getattr(estimator, "n_features_in_", None), () if names is None else tuple(map(str, names))
    return Model(
        ask, name, named, contract, mark, (*notes, *asked.notes), columns=columns, column_names=known, runtime=runs_it
    )


def _estimator(source: Any, *, trust: bool) -> tuple[Any, str, str | None, tuple[str, ...]]:
    """Return an estimator, its name, the hash of its file, and notes."""
    if isinstance(source, os.PathLike):
        path = Path(source)
        found, digest, notes = estimator_in(path, trust=trust)
        if not is_estimator(found):
            raise ModelSourceError(f"{path} holds {type(found).__name__}, which is no estimator of scikit-learn")
        return found, path.stem, digest if of_libraries(found) else None, notes
    if not is_estimator(source):
        raise ModelSourceError(
            f"a scikit-learn model is a fitted estimator or the path of its file, got {type(source).__name__}"
        )
    return source, title(source), None, ()
