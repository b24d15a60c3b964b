"""Outlines for limefw: the strongest segments as GeoJSON, which annotation tools and map programs open."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from limefw import Plugin, Rendering, hookimpl


def geojson(
    explanation: Any, /, *, top: Annotated[int, Ge(1)] = 10, tolerance: Annotated[float, Ge(0)] = 1.0
) -> Rendering:
    """The strongest segments of each label as outlines in pixels of the photograph (RFC 7946), with their effects.

    Args:
        top: how many segments of each label.
        tolerance: pixels by which an outline may be simplified.
    """
    features = [
        _feature(explanation, label, effect, tolerance)
        for label in explanation.labels
        for effect in explanation.top(top, label)
    ]
    return Rendering(
        json.dumps({"type": "FeatureCollection", "features": features}), "application/geo+json", ".geojson"
    )


def _feature(explanation: Any, label: int, effect: Any, tolerance: float) -> dict[str, Any]:
    import cv2

    mask = (explanation.label_map == effect.segment).astype(np.uint8)
    outlines = [
        cv2.approxPolyDP(line, tolerance, True)
        for line in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    ]
    closed = [[*points, points[0]] for points in (line[:, 0].tolist() for line in outlines) if len(points) > 2]
    geometry = {"type": "MultiPolygon", "coordinates": [[ring] for ring in closed]}
    properties = {
        "label": explanation.names[label], "segment": effect.segment, "effect": effect.effect,
        "standard_error": effect.standard_error,
    }  # fmt: skip
    return {"type": "Feature", "geometry": geometry, "properties": properties}


@hookimpl
def limefw_renderers() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("geojson", geojson, modality="image", requires=("cv2",))
