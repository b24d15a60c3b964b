"""What the recipes save, on black boxes that cost nothing: `fast` against lime at twice the model calls."""

import numpy as np
import pytest

import limefw

from simulated_suite import SUITE, WIDTH, around_of, effects_of, own_scale_spread


SEEDS = 100


@pytest.fixture(scope="module")
def lime():
    """Spreads of plain LIME at 1000 draws."""
    return own_scale_spread(effects_of("lime", SEEDS, 1000))


def test_fast_is_as_steady_at_512_draws_as_lime_at_1000(lime):
    """On each box its coefficients vary no more between seeds, in units of their own spread, with 5 % slack."""
    assert limefw.build("fast").samples == 512
    found = own_scale_spread(effects_of("fast", SEEDS))
    assert (found <= 1.05 * lime).all(), dict(zip(SUITE, found / lime, strict=True))


def test_an_orthogonal_design_at_700_draws_is_as_steady_under_limes_own_kernel(lime):
    """The same question as lime's, to the last coefficient, with 300 calls fewer."""
    found = own_scale_spread(effects_of({"extends": "lime", "sampler": "hadamard"}, SEEDS, 700))
    assert (found <= 1.05 * lime).all(), dict(zip(SUITE, found / lime, strict=True))


def test_it_asks_nearly_limes_question():
    """Means over seeds correlate at .98 and more; a little smaller on the whole."""
    fast, lime = effects_of("fast", 40).mean(axis=0), effects_of("lime", 40, 2000).mean(axis=0)
    for ours, theirs in zip(fast, lime, strict=True):
        assert np.corrcoef(ours, theirs)[0, 1] > 0.98
        assert 0.8 < (ours @ theirs) / (theirs @ theirs) < 1.02


def test_the_boxes_are_what_they_are_said_to_be():
    """Shares of the variance that a sum explains under fair coins, and answers that the photograph is sure of."""
    around = around_of({"extends": "lime", "kernel": "flat"}, 0, 20_000)
    design = np.c_[np.ones(len(around)), around.codes]
    left = around.targets - design @ np.linalg.lstsq(design, around.targets, rcond=None)[0]
    shares = 1 - left.var(axis=0) / around.targets.var(axis=0)
    assert around.codes.shape == (20_000, WIDTH)
    np.testing.assert_allclose(shares, [0.81, 0.50, 0.47], rtol=0, atol=0.03)
    assert (around.targets[0] > 0.8).all()
