"""quantile keeps what every surrogate promises, and what it promises itself."""

import numpy as np
import pytest
from limefw_quantile import quantile

from limefw import Neighbourhood
from limefw.testing import check_plugin


@pytest.mark.parametrize("params", [{}, {"level": 0.9}])
def test_it_keeps_what_a_surrogate_promises(params: dict[str, float]) -> None:
    check_plugin("surrogates", "quantile", params=params)


def test_a_few_odd_answers_do_not_move_it() -> None:
    rng = np.random.default_rng(0)
    codes = rng.random((200, 3)) < 0.5
    codes[0] = True
    answers = codes @ np.array([[0.5], [-0.25], [0.0]])
    answers[5:15] += 100.0
    (fit,) = quantile(Neighbourhood(codes, answers, np.ones(200), np.arange(200)), rng)
    np.testing.assert_allclose(fit.effects, [0.5, -0.25, 0.0], atol=1e-6)
