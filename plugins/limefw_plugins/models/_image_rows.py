"""From batches of images to the rows that an estimator of scikit-learn was trained on."""

import math
from collections.abc import Callable
from typing import Any, Literal

from numpy.typing import NDArray

from limefw.errors import MissingDependencyError, ModelError, ModelSourceError
from limefw_plugins.models._batches import sizes_for
from limefw_plugins.models._contract import Size
from limefw_plugins.models._estimator import title


Rows = Literal["auto", "flat", "images", "gray"]


def channels_of(estimator: Any, size: Size, rows: Rows) -> int | None:
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
            f"channels{sizes_for(features)}"
        )
    return int(channels)


def feeder(estimator: Any, rows: Rows, *, planes: bool) -> Callable[[NDArray[Any]], Any]:
    """Return what turns a batch of images into the rows that an estimator was trained on."""
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
            f"{sizes_for(features)}. On the command line: -s model.use=sklearn -s 'model.size=[HEIGHT, WIDTH]'"
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
