"""Neighbourhoods that tests of surrogates fit to."""

import numpy as np
import pytest

from limefw.types import Neighbourhood


def build(rows=120, width=7, *, soft=False, seed=0, targets=2, noise=0.3):
    """Return uneven weights and targets that are linear in the codes, but for one product and noise."""
    rng = np.random.default_rng(seed)
    codes = rng.random((rows, width)).astype(np.float32) if soft else rng.random((rows, width)) < 0.6
    codes[0] = 1
    x = codes.astype(np.float64)
    values = x @ rng.normal(size=(width, targets)) + x[:, :1] * x[:, 1:2] + noise * rng.normal(size=(rows, targets))
    return Neighbourhood(codes, values, rng.uniform(0.1, 2.0, rows), np.arange(rows))


@pytest.fixture(scope="session")
def make():
    """Return the builder."""
    return build
