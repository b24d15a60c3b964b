"""XGBoost's boosters and the files of them."""

import json
import os
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Contract, Model, Outputs
from limefw_plugins.models._contract import Head, class_names
from limefw_plugins.models._files import digest_of
from limefw_plugins.models._rows import matched


def is_xgboost(source: Any) -> bool:
    """Say whether this is a booster, or the path of a file of one; its scikit-learn classes are another adapter's."""
    if any(f"{base.__module__}.{base.__name__}".startswith("xgboost.core.Booster") for base in type(source).__mro__):
        return True
    if not isinstance(source, os.PathLike) or Path(source).suffix.lower() not in (".json", ".ubj"):
        return False
    path = Path(source)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"learner" in file.read(64)


def xgboost(source: Any, /, *, head: Head = "auto", classes: str | None = None) -> Model:
    """An XGBoost booster, or a .json or .ubj file of one, asked about rows of a table.

    XGBClassifier and its kin go by the adapter sklearn.

    Args:
        head: what its outputs mean; "auto" goes by its objective.
        classes: a file of class names.
    """
    import xgboost as xgb  # type: ignore[import-not-found, unused-ignore]

    booster, name, digest = source, "xgboost", None
    if isinstance(source, os.PathLike):
        path = Path(source)
        booster, name, digest = xgb.Booster(), path.stem, digest_of(path)
        try:
            booster.load_model(path)
        except xgb.core.XGBoostError as error:
            first = str(error).strip().splitlines()[0]
            raise ModelSourceError(f"{path} cannot be loaded by XGBoost: {first}") from error
    objective = str(json.loads(booster.save_config())["learner"]["objective"]["name"])
    feed, rounds = matched(booster.feature_names, name, polars=False), _rounds(booster)
    # of softmax the booster says the class alone, unless it is asked for the margin
    margin = objective == "multi:softmax"

    def ask(batch: Any) -> Any:
        rows = xgb.DMatrix(feed(batch), enable_categorical=True)
        return booster.predict(rows, output_margin=margin, iteration_range=rounds)

    meant = _head(objective) if head == "auto" else head
    known = tuple(booster.feature_names or ())
    return Model(ask, name, class_names(classes), Contract(head=meant), digest, modality="table", column_names=known)


def _head(objective: str) -> Outputs:
    named: dict[str, Outputs] = {
        "multi:softprob": "probabilities",
        "multi:softmax": "logits",
        "binary:logistic": "sigmoid",
        "binary:logitraw": "sigmoid_logits",
    }
    return named.get(objective, "values")


def _rounds(booster: Any) -> tuple[int, int]:
    """Return the rounds up to the best one, where training was stopped early; all else."""
    try:
        return 0, int(booster.best_iteration) + 1
    except AttributeError:
        return 0, 0
