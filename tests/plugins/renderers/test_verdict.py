import pytest

from limefw.results.what_if import WhatIf
from limefw_plugins.renderers._asked import _verdict


@pytest.mark.parametrize(
    ("without", "only", "guess_without", "guess_only", "words", "foreseen"),
    [
        (0.40, 0.60, 0.42, 0.58, "foresaw this well", True),
        (0.69, 0.39, 0.68, 0.65, "did not foresee", False),  # without them it was right, with them alone far off
        (0.40, 0.60, 0.55, 0.60, "only roughly", True),
        (0.80, 0.10, 0.60, 0.10, "does not need them", True),
    ],
)
def test_the_answer_that_was_foreseen_worse_decides(without, only, guess_without, guess_only, words, foreseen):
    verdict, known = _verdict(WhatIf((1, 2), 0.8, without, only, guess_without, guess_only), 0.8)
    assert words in verdict
    assert known is foreseen


@pytest.mark.parametrize(("local", "foreseen"), [(0.88, True), (0.10, False), (1.70, False)])
def test_a_stand_in_that_knows_nothing_foresees_nothing(local, foreseen):
    """It is near to both answers, and one that says hardly more of the whole did not see anything go."""
    verdict, known = _verdict(WhatIf((1, 2), 0.92, 0.04, 0.05, 0.06, 0.07), local)
    assert known is foreseen
    assert ("far off for the whole" in verdict) is not foreseen
