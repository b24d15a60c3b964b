"""Outlines for limefw: the strongest segments as GeoJSON, which annotation tools and map programs open."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from limefw import Plugin, Rendering, hookimpl


def geojson(explanation: Any, /, *, top: Annotated[int, Ge(1)] = 10) -> Rendering:
    """The strongest segments of each label as outlines in pixels of the photograph (RFC 7946), with their effects.

    Args:
        top: how many segments of each label.
    """
    import cv2

    features, labels = [], explanation.label_map
    for label in explanation.labels:
        for item in explanation.top(top, label):
            mask = (labels == item.segment).astype(np.uint8)
            lines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
            rings = [[[*line[:, 0].tolist(), line[0, 0].tolist()]] for line in lines if len(line) > 2]
            about = {"label": explanation.names[label], "segment": item.segment, "effect": item.effect}
            geometry = {"type": "MultiPolygon", "coordinates": rings}
            features.append({"type": "Feature", "geometry": geometry, "properties": about})
    text = json.dumps({"type": "FeatureCollection", "features": features})
    return Rendering(text, "application/geo+json", ".geojson")


@hookimpl
def limefw_renderers() -> Iterable[Plugin]:
    """Yield what this module provides."""
    yield Plugin("geojson", geojson, modality="image", requires=("cv2",), suffix=".geojson")
