import pytest

from limefw.results.what_if import WhatIf
from limefw_plugins.renderers._asked import _verdict


@pytest.mark.parametrize(
    ("without", "only", "guess_without", "guess_only", "words"),
    [
        (0.40, 0.60, 0.42, 0.58, "foresaw this well"),
        (0.69, 0.39, 0.68, 0.65, "did not foresee"),  # without them it was right, with them alone far off
        (0.40, 0.60, 0.55, 0.60, "only roughly"),
        (0.80, 0.10, 0.60, 0.10, "does not need them"),
    ],
)
def test_the_answer_that_was_foreseen_worse_decides(without, only, guess_without, guess_only, words):
    assert words in _verdict(WhatIf((1, 2), 0.8, without, only, guess_without, guess_only))
