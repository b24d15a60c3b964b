"""A picture and a model that counts what it is asked."""

from typing import Any

import numpy as np
import pytest
from three_classes import Counted, three_classes


@pytest.fixture
def picture() -> Any:
    return np.random.default_rng(5).integers(0, 256, (24, 24, 3), dtype=np.uint8)


@pytest.fixture
def model() -> Counted:
    return Counted(three_classes)
