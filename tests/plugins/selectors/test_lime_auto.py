"""lime's default: which of the two selectors it is depends on the number alone."""

import numpy as np
import pytest

from limefw.types import Neighbourhood
from limefw_plugins.selectors.forward import forward
from limefw_plugins.selectors.highest_weights import highest_weights
from limefw_plugins.selectors.lime_auto import lime_auto


@pytest.fixture
def around():
    rng = np.random.default_rng(0)
    codes = rng.random((150, 12)) < 0.5
    # nearly equal columns and a product, so that the two selectors differ
    codes[:, 1] = codes[:, 0] ^ (rng.random(150) < 0.1)
    codes[0] = True
    values = codes @ rng.normal(size=(12, 2)) + 3.0 * codes[:, 2:3] * codes[:, 3:4]
    return Neighbourhood(codes, values, rng.uniform(0.1, 1.0, 150), np.arange(150))


@pytest.mark.parametrize("count", [1, 4, 6, 7, 9, 100])
def test_six_is_the_last_that_is_searched_for(around, count):
    """Up to 6 by forward selection, from 7 on by weight."""
    rng = np.random.default_rng(0)
    same, other = (forward, highest_weights) if count <= 6 else (highest_weights, forward)
    found = lime_auto(around, rng, num_features=count)
    for mine, expected in zip(found, same(around, rng, num_features=count), strict=True):
        np.testing.assert_array_equal(mine, expected)
    different = other(around, rng, num_features=count)
    assert any(not np.array_equal(mine, others) for mine, others in zip(found, different, strict=True)) or count == 1
