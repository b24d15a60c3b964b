"""Any Python function."""

from collections.abc import Callable
from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Contract, Model, Outputs


def any_callable(
    source: Callable[[Any], Any],
    /,
    *,
    head: Outputs = "probabilities",
) -> Model:
    """Any callable from a batch of inputs to outputs (n, k) or (n,).

    A batch of images is (n, h, w, c), in the image's own size, dtype and range, and a buffer that is used again: a
    function that keeps it must copy it. A batch of texts is a list of str, and one of rows what the table is: a
    DataFrame or an array (n, columns).

    Args:
        head: what the outputs mean.
    """
    if not callable(source):
        raise ModelSourceError(f"a model is a callable from a batch to outputs, got {type(source).__name__}")
    name = getattr(source, "__name__", type(source).__name__)
    form = "images in their own size, dtype and range, texts as str, rows as in the table"
    taken = f"{name} was assumed to take inputs as they are: {form}"
    outputs = f"its outputs were assumed to be {head.replace('_', ' ')}"
    # an estimator's own method, as model.predict_proba
    owner = getattr(source, "__self__", None)
    columns, names = (getattr(owner, about, None) for about in ("n_features_in_", "feature_names_in_"))
    known = () if names is None else tuple(map(str, names))
    return Model(
        source, name=name, contract=Contract(head=head), notes=(taken, outputs), columns=columns,
        column_names=known, assumed_head=outputs,
    )  # fmt: skip
