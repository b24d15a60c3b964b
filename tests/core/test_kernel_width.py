"""OptiLIME's search: the largest width whose weighted R2 reaches a target, without a model call."""

import numpy as np
import pytest

import limefw
from limefw.statistics import weighted_r2


WIDTH = 10


def looked_up(codes):
    """A line with a bend: far from the instance it goes another way."""
    kept = codes.mean(axis=1)
    return (
        codes @ np.linspace(1, 2, WIDTH)
        + 6 * np.maximum(0, 0.7 - kept) ** 2 * codes[:, 0] * 10
        + 3 * codes[:, 1] * codes[:, 2]
    )


class Counting:
    def __init__(self):
        self.rows = 0

    def __call__(self, batch):
        self.rows += len(batch)
        return looked_up(batch[:, 0, :, 0])


def explained(model=None, **settings):
    return limefw.explain(
        limefw.Image(np.ones((2, WIDTH, 1)), (0.0, 1.0)), limefw.model(model or Counting(), task="regression"),
        segmenter=lambda _image, _rng, /: limefw.Segments.from_labels(np.arange(WIDTH)[None].repeat(2, axis=0)),
        filler={"use": "constant", "value": 0.0},
        **{"labels": [0], "what_if": 0, "samples": 600, "surrogate": "linear", "kernel": "hamming",
           "sampler": {"use": "bernoulli", "enumerate_small": False}, **settings},
    )  # fmt: skip


def brute_force(explanation, kernel, widths):
    """Fit by numpy at each width."""
    codes, target = explanation.neighbourhood.codes.astype(float), explanation.neighbourhood.targets[:, 0]
    design, scores = np.c_[np.ones(len(codes)), codes], []
    for width in widths:
        weights = kernel(codes, width)
        root = np.sqrt(weights)[:, None]
        solved = np.linalg.lstsq(root * design, root[:, 0] * target, rcond=None)[0]
        scores.append(weighted_r2(target, design @ solved, weights))
    return np.array(scores)


KERNELS = {
    "hamming": lambda codes, width: np.exp(-(((1 - codes).mean(axis=1) / width) ** 2) / 2),
    "cosine_exponential": lambda codes, width: np.exp(-(((1 - np.sqrt(codes.mean(axis=1))) / width) ** 2) / 2),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("target", [0.8, 0.9])
def test_it_is_the_largest_of_all_widths_that_reach_the_target(name, target):
    """Against a hundred times finer a search by plain numpy; a bit wider does not reach the target any more."""
    found_at = explained(kernel=name)
    found = limefw.tune_kernel_width(found_at, target=target, between=(0.1, 4.0))
    fine = np.geomspace(0.1, 4.0, 4000)
    scores = brute_force(found_at, KERNELS[name], fine)
    reaching = np.flatnonzero(scores >= target)
    if not len(reaching):
        assert not found.reached
        assert found.score == pytest.approx(np.nanmax(found.scores))
        return
    assert found.reached
    assert found.width == pytest.approx(fine[reaching[-1]], rel=2e-3)
    assert found.score >= target
    assert reaching[-1] == len(fine) - 1 or brute_force(found_at, KERNELS[name], [found.width * 1.001])[0] < target


def test_it_asks_the_model_nothing_and_gives_what_explaining_so_would():
    model = Counting()
    given = explained(model, kernel={"use": "hamming", "width": 0.5})
    asked = model.rows
    found = limefw.tune_kernel_width(given, target=0.85)
    assert model.rows == asked
    again = explained(kernel=found.kernel)
    np.testing.assert_allclose(again.fit().effects, found.fit.effects, rtol=1e-9)
    assert again.fit().score == pytest.approx(found.score)
    assert found.kernel["width"] == found.width
    assert "reaches R2 0.85" in repr(found)


def test_scores_are_those_of_the_recipes_own_selector_and_surrogate():
    """At the width explained with it is the explanation's own; importance is no part of the kernel."""
    kernel, selector = {"use": "cosine_exponential", "width": 0.4}, {"use": "forward", "num_features": 4}
    given = explained(kernel=kernel, selector=selector,
                      surrogate={"use": "ridge", "alpha": 2.0}, sampler={"use": "exhaustive", "keep": 0.7},
                      samples=1024)  # fmt: skip
    found = limefw.tune_kernel_width(given, between=(0.4, 0.40001), target=-5.0)
    assert found.scores[0] == pytest.approx(given.fit().score, rel=1e-9)
    assert found.width == pytest.approx(0.40001)


def test_where_nothing_reaches_it_the_best_is_given():
    found = limefw.tune_kernel_width(explained(), target=1.0)
    assert not found.reached
    assert found.score == pytest.approx(np.nanmax(found.scores))
    assert "does not reach the target" in repr(found)


def test_widths_that_leave_too_few_samples_are_out_of_the_question():
    """However well they fit: the narrowest leaves the instance alone, which anything fits."""
    given = explained()
    found = limefw.tune_kernel_width(given, target=0.999999, between=(0.01, 5.0))
    assert np.isnan(found.scores[found.effective < 2 * WIDTH]).all()
    assert not np.isnan(found.scores[found.effective >= 2 * WIDTH]).any()
    assert np.isnan(found.scores[0])
    with pytest.raises(limefw.InputError, match=r"no width between 0\.01 and 0\.02 leaves the 20 effective samples"):
        limefw.tune_kernel_width(given, between=(0.01, 0.02))


def test_of_several_labels_one_is_meant(tmp_path):
    """And a saved explanation will do."""

    def two(batch):
        codes = batch[:, 0, :, 0]
        return np.stack([codes @ np.linspace(1, 2, WIDTH), looked_up(codes)], axis=1)

    given = explained(two, labels=[0, 1])
    loaded = limefw.load(given.save(tmp_path / "two.limefw"))
    easy, hard = (limefw.tune_kernel_width(loaded, label=label, target=0.95) for label in (0, 1))
    assert easy.score == pytest.approx(1.0)
    assert easy.width == pytest.approx(5.0)
    assert hard.width < 5.0 or not hard.reached


def test_what_cannot_be_tuned_is_said():
    with pytest.raises(limefw.InputError, match="kernel 'flat' has no width"):
        limefw.tune_kernel_width(explained(kernel="flat"))
    with pytest.raises(limefw.InputError, match="kernel was a function given in code"):
        limefw.tune_kernel_width(explained(kernel=lambda draws, composer, /: np.ones(len(draws))))
    with pytest.raises(limefw.InputError, match="made by method 'rise'"):
        limefw.tune_kernel_width(explained(method="rise"))
    with pytest.raises(limefw.InputError, match="of 600 samples no weight"):
        limefw.tune_kernel_width(explained(kernel={"use": "hamming", "width": 0.008}))
    with pytest.raises(limefw.InputError, match=r"between is \(smallest, largest\)"):
        limefw.tune_kernel_width(explained(), between=(1.0, 0.5))
