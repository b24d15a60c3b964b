"""geojson keeps what every renderer promises, and what it promises itself."""

import json
from typing import Any

import numpy as np
import pytest

import limefw
from limefw.testing import check_plugin


@pytest.mark.parametrize("params", [{}, {"top": 1}])
def test_it_keeps_what_a_renderer_promises(params: dict[str, int]) -> None:
    check_plugin("renderers", "geojson", params=params)


def test_the_outline_of_a_square_is_its_corners() -> None:
    def bright(batch: Any) -> Any:
        left = batch[:, :32, :32].mean(axis=(1, 2, 3)) / 255
        return np.stack([left, 1 - left], axis=1)

    image = np.full((64, 64, 3), 200, dtype=np.uint8)
    grid = {"use": "grid", "rows": 2, "columns": 2}
    found = limefw.explain(image, bright, segmenter=grid, filler={"use": "constant", "value": 0.0}, labels=[0])
    features = json.loads(found.render({"use": "geojson", "top": 1}).data)["features"]
    assert [feature["properties"]["segment"] for feature in features] == [0]
    ring = features[0]["geometry"]["coordinates"][0][0]
    assert sorted(map(tuple, ring[:-1])) == [(0, 0), (0, 31), (31, 0), (31, 31)]
    assert ring[0] == ring[-1]
