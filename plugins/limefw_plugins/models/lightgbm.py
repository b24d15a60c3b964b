"""LightGBM's boosters and the files of them."""

import os
import re
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Contract, Model, Outputs
from limefw_plugins.models._contract import Head, class_names
from limefw_plugins.models._files import digest_of
from limefw_plugins.models._rows import is_frame, matched


def is_lightgbm(source: Any) -> bool:
    """Say whether this is a booster, or the path of a file of one; its scikit-learn classes are another adapter's."""
    if any(f"{base.__module__}.{base.__name__}" == "lightgbm.basic.Booster" for base in type(source).__mro__):
        return True
    if not isinstance(source, os.PathLike) or not (path := Path(source)).is_file():
        return False
    with path.open("rb") as file:
        return file.read(13) == b"tree\nversion="


def lightgbm(source: Any, /, *, head: Head = "auto", classes: str | None = None) -> Model:
    """A LightGBM booster, or a text file of one, asked about rows of a table.

    LightGBM itself goes by the order of columns alone; here they are found by their names. LGBMClassifier and its kin
    go by the adapter sklearn.

    Args:
        head: what its outputs mean; "auto" goes by its objective.
        classes: a file of class names.
    """
    import lightgbm as lgb  # type: ignore[import-not-found, unused-ignore]

    booster, name, digest = source, "lightgbm", None
    if isinstance(source, os.PathLike):
        path = Path(source)
        try:
            booster, name, digest = lgb.Booster(model_file=path), path.stem, digest_of(path)
        except lgb.basic.LightGBMError as error:
            raise ModelSourceError(f"{path} cannot be loaded by LightGBM: {error}") from error
    names = booster.feature_name()
    automatic = all(re.fullmatch(r"Column_\d+", one) for one in names)
    feed = matched(None if automatic else names, name, polars=False)

    def ask(batch: Any) -> Any:
        # of an array it takes the columns by their order, as it does itself
        return booster.predict(feed(batch) if is_frame(batch) else batch)

    found = re.search(r"^objective=(\S+)", booster.model_to_string(num_iteration=1), re.MULTILINE)
    meant = _head(found[1] if found else "") if head == "auto" else head
    known = () if automatic else tuple(names)
    return Model(ask, name, class_names(classes), Contract(head=meant), digest, modality="table", column_names=known)


def _head(objective: str) -> Outputs:
    named: dict[str, Outputs] = {"multiclass": "probabilities", "multiclassova": "sigmoid", "binary": "sigmoid"}
    return named.get(objective, "values")
