"""Everything that a program needs, as strict JSON."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._words import wording_of


SCHEMA = 1


def figures_json(explanation: Explanation, /, *, labels_map: bool = False) -> Rendering:
    """Every figure of an explanation as strict JSON, for programs; what is not a number is null.

    Args:
        labels_map: include the label map at the photograph's own size (large).
    """
    health = explanation.health
    figures: dict[str, Any] = {
        "format": "limefw figures",
        "schema": SCHEMA,
        "instance": _instance(explanation),
        "unit": wording_of(explanation).unit,
        "outlook": [{"name": name, "value": value} for name, value in explanation.outlook.items()],
        "segments": {
            "count": explanation.segments.count,
            "names": explanation.segments.names,
            "shares": explanation.segments.sizes() / max(1, explanation.segments.labels.size),
        },
        "labels": [_label(explanation, label) for label in explanation.labels],
        "health": {
            "samples": health.samples,
            "distinct": health.distinct,
            "effective_samples": health.effective_samples,
            "samples_per_segment": health.samples_per_segment,
            "stopped": health.stopped,
            "cautions": [{"code": item.code, "message": item.message} for item in health.cautions],
        },
        "provenance": explanation.provenance,
    }
    if labels_map:
        figures["label_map"] = explanation.label_map
    text = json.dumps(_strict(figures), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return Rendering(text, "application/json", ".json")


def _instance(explanation: Explanation) -> dict[str, Any]:
    instance = explanation.instance
    about: dict[str, Any] = {"name": instance.name, "modality": instance.modality, "shape": instance.shape}
    if isinstance(instance, Image):
        about |= {
            "channels": instance.channels,
            "dtype": str(instance.pixels.dtype),
            "value_range": instance.value_range,
        }
    return about


def _label(explanation: Explanation, label: int) -> dict[str, Any]:
    fit, health = explanation.fit(label), explanation.health.labels[label]
    errors, margins = fit.standard_errors, explanation.margins(label)
    if errors is not None and margins is not None:
        errors = np.where(np.isnan(margins), np.nan, errors)
    order, known = [effect.segment for effect in explanation.top(None, label)], fit.covariance is not None
    return {
        "label": label,
        "name": explanation.names[label],
        "effects": explanation.effects(label),
        "standard_errors": errors,
        "margins": margins,
        "order": order,
        "resolved_from_next": [not open_ for open_ in explanation.unresolved(order, label)] if known else None,
        "columns": fit.columns,
        "intercept": fit.intercept,
        "score": fit.score,
        "cross_fitted": health.cross_fitted,
        "local_prediction": fit.local_prediction,
        "model_prediction": health.model_prediction,
        "resolved": health.resolved,
        "what_if": None if (asked := explanation.what_if.get(label)) is None else asdict(asked),
    }


def _strict(value: Any) -> Any:
    """Return `value` as JSON knows it."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, str):
        # a file name that is no UTF-8 holds lone surrogates, which no strict JSON has
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_strict(str(key)): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, int) else _strict(str(value))
