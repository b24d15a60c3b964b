"""quadtree keeps what every segmenter promises, and what it promises itself."""

import numpy as np
import pytest
from limefw_quadtree import quadtree

from limefw import Image
from limefw.testing import check_plugin


@pytest.mark.parametrize("params", [{}, {"n_segments": 9}])
def test_it_keeps_what_a_segmenter_promises(params: dict[str, int]) -> None:
    check_plugin("segmenters", "quadtree", params=params)


def test_detail_gets_the_small_squares() -> None:
    rng = np.random.default_rng(0)
    pixels = np.zeros((128, 128, 3))
    pixels[:64, :64] = rng.random((64, 64, 3))
    cut = quadtree(Image(pixels, (0.0, 1.0)), rng, n_segments=40)
    assert 38 <= cut.count <= 40
    assert cut.sizes()[cut.labels[0, 0]] < cut.sizes()[cut.labels[-1, -1]]
