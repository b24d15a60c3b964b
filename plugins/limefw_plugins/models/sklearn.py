"""Scikit-learn's estimators, asked about images."""

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from limefw.errors import MissingDependencyError, ModelError, ModelSourceError
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
from limefw_plugins.models._estimator import Method, answers, is_estimator, title
from limefw_plugins.models._estimator_files import estimator_in, is_estimator_file


Rows = Literal["auto", "flat", "images", "gray"]


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
    """A fitted scikit-learn estimator or pipeline, or a .skops file of one (.joblib and .pkl with trust), on images.

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
    wishes = Wishes(head, preprocessing, size, layout, order, value_range, mean, std, resize)
    contract = wishes.applied(Contract(channels=_channels(estimator, size, rows), head=asked.head))
    if contract.value_range is not None or any(contract.mean) or any(part != 1.0 for part in contract.std):
        contract = replace(contract, dtype="float64")  # what NumPy makes of pixels / 255
    elif (preprocessing, value_range) == ("auto", "auto"):
        notes += ("it was given the pixels as they are, in the image's own type and range",)
    feed = _feeder(estimator, rows, planes=contract.layout == "NCHW")
    if getattr(estimator, "n_features_in_", None) is None and rows == "auto":
        notes += ("it was given images and no flat rows, as it does not say how many features it was trained on",)
    return Model(
        lambda batch: asked.ask(feed(batch)),
        name,
        class_names(classes) or asked.classes,
        contract,
        fingerprint and f"{fingerprint}:{method}:{rows}",
        (*notes, *asked.notes),
    )


def _estimator(source: Any, *, trust: bool) -> tuple[Any, str, str | None, tuple[str, ...]]:
    """Return an estimator, its name, the hash of its file, and notes."""
    if isinstance(source, os.PathLike):
        path = Path(source)
        found, digest, notes = estimator_in(path, trust=trust)
        if not is_estimator(found):
            raise ModelSourceError(f"{path} holds {type(found).__name__}, which is no estimator of scikit-learn")
        return found, path.stem, digest, notes
    if not is_estimator(source):
        raise ModelSourceError(
            f"a scikit-learn model is a fitted estimator or the path of its file, got {type(source).__name__}"
        )
    return source, title(source), None, ()


def _channels(estimator: Any, size: Size, rows: Rows) -> int | None:
    """Return how many channels images of that size have, where that is known."""
    if rows == "gray":
        return 1
    features = getattr(estimator, "n_features_in_", None)
    # of images that were not flattened, scikit-learn takes the height for the number of features
    if size is None or features is None or rows == "images" or (rows == "auto" and features == size[0]):
        return None
    channels, rest = divmod(features, size[0] * size[1])
    if rest or not channels:
        raise ModelSourceError(
            f"{title(estimator)} takes {features} features, which are no {size[0]} x {size[1]} pixels of any number of "
            f"channels{_sizes(features)}"
        )
    return int(channels)


def _feeder(estimator: Any, rows: Rows, *, planes: bool) -> Callable[[NDArray[Any]], Any]:
    features: Any = getattr(estimator, "n_features_in_", None)
    table = _table(getattr(estimator, "feature_names_in_", None))

    def feed(batch: NDArray[Any]) -> Any:
        """Return a view of the batch in the form that the estimator was trained on."""
        if rows == "gray":
            return batch[:, 0] if planes else batch[..., 0]
        fits = features in (None, math.prod(batch.shape[1:]))
        if rows == "flat" or (rows == "auto" and fits and features is not None):
            if fits:
                return table(batch.reshape(len(batch), -1))
        elif rows == "images" or features in (None, batch.shape[1]):
            return batch
        shape, name = " x ".join(map(str, batch.shape[1:])), title(estimator)
        raise ModelError(
            f"{name} takes {features} features, and an image of {shape} has {math.prod(batch.shape[1:])} values"
            f"{_sizes(features)}. On the command line: -s model.use=sklearn -s 'model.size=[HEIGHT, WIDTH]'"
        )

    return feed


def _table(names: Any) -> Callable[[NDArray[Any]], Any]:
    """Return what puts columns' names to rows, as the estimator was trained on a table that had them."""
    if names is None:
        return lambda flat: flat
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "this model was trained on a table with named columns, and needs 'pandas', which is not installed. "
            "Run: pip install pandas"
        ) from error
    return lambda flat: pd.DataFrame(flat, columns=names, copy=False)


def _sizes(features: int) -> str:
    """Say which square images have that many values."""
    found = [
        f"size=[{side}, {side}] makes it {side} x {side} pixels of {channels} channel{'s' * (channels > 1)}"
        for channels in (1, 3)
        if (side := math.isqrt(features // channels)) ** 2 * channels == features
    ]
    return f": {found[0]}" if found else ": give size=[HEIGHT, WIDTH], what it was trained on"
