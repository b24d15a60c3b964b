"""Each method is its package's own explainer: the same numbers as called by hand, within limefw's budget."""

import random
from importlib.util import find_spec

import limefw_other_explainers as others
import numpy as np
import pytest

import limefw
from limefw.testing import check_plugin


WIDTH, ROWS = 8, 120
WEIGHTS = np.array([[0.5, -0.25, 0.0, 0.125, 0.0, 0.3, 0.0, -0.1], [0.0, 1.0, 0.0, -1.0, 0.5, 0.0, 0.0, 0.0]])
NEEDS = {"lime_image": "lime", "captum_lime": "captum", "captum_kernel_shap": "captum", "shap_kernel": "shap"}
EXACT = {"captum_kernel_shap": 1e-4, "shap_kernel": 1e-9}  # the others shrink; captum counts in single precision


def here(*names):
    return [
        pytest.param(
            name, marks=pytest.mark.skipif(not find_spec(NEEDS[name]), reason=f"{NEEDS[name]} is not installed")
        )
        for name in names or NEEDS
    ]


# of the packages' own, with few samples and on import
pytestmark = [
    pytest.mark.filterwarnings("ignore:Regressors in active set degenerate"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


def additive(codes):
    return 0.25 + np.asarray(codes, dtype=float) @ WEIGHTS.T


class Asked:
    """A game by hand: it counts, and knows what was asked first."""

    class composer:
        random = False

    def __init__(self, width=WIDTH, function=additive):
        self.segments = limefw.Segments.from_labels(np.arange(width)[None])
        self.function, self.blocks = function, []

    def __call__(self, draws):
        self.blocks.append(draws.codes)
        return self.function(draws.codes)

    @property
    def rows(self):
        return np.concatenate(self.blocks)


class Budget:
    def __init__(self, rows):
        self.rows = rows


def run(name, game, rows=ROWS, seed=0, **params):
    return getattr(others, name)(game, {}, Budget(rows), np.random.default_rng(seed), **params)


@pytest.mark.parametrize("name", here())
def test_it_keeps_what_a_method_promises(name):
    check_plugin("methods", name)


@pytest.mark.parametrize("name", here())
@pytest.mark.parametrize("rows", [10, ROWS, 2000])
def test_it_asks_for_the_instance_first_and_never_for_more_than_the_budget(name, rows):
    game = Asked()
    fits = run(name, game, rows)
    assert len(fits) == 2
    assert game.rows[0].all()
    assert min(rows, 2**WIDTH) // 2 <= len(game.rows) <= rows


@pytest.mark.parametrize("name", here())
def test_it_finds_the_weights_of_an_additive_black_box(name):
    """Shapley values of an additive game are its weights; ridge and lasso shrink them and keep their order."""
    for fit, weights in zip(run(name, Asked(), 250), WEIGHTS, strict=True):
        if name in EXACT:
            np.testing.assert_allclose(fit.effects, weights, atol=EXACT[name])
            assert fit.intercept == pytest.approx(0.25, abs=EXACT[name])
            assert fit.score == pytest.approx(1.0, abs=EXACT[name])
        else:
            assert np.abs(fit.effects - weights).max() < 0.1
            assert np.corrcoef(fit.effects, weights)[0, 1] > 0.99
        assert fit.local_prediction == pytest.approx(fit.intercept + fit.effects.sum())


@pytest.mark.parametrize("name", here())
def test_its_random_numbers_are_the_recipes_alone(name):
    """One seed gives one answer whatever the global state, which it finds as it was."""
    torch = pytest.importorskip("torch") if find_spec("torch") else None
    found = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        if torch:
            torch.manual_seed(seed)
        before = random.getstate(), np.random.get_state()[1].copy(), torch and torch.get_rng_state()
        game = Asked()
        run(name, game, 30)
        found.append(game.rows)
        assert random.getstate() == before[0]
        np.testing.assert_array_equal(np.random.get_state()[1], before[1])
        assert not torch or torch.equal(torch.get_rng_state(), before[2])
    np.testing.assert_array_equal(*found)
    game = Asked()
    run(name, game, 30, seed=5)
    assert game.rows.shape != found[0].shape or (game.rows != found[0]).any()


@pytest.mark.parametrize("name", here())
def test_too_few_samples_and_too_few_segments_are_told(name):
    with pytest.raises(limefw.InputError, match="samples or more"):
        run(name, Asked(), 2)
    with pytest.raises(limefw.InputError, match="2 segments or more"):
        run(name, Asked(1, lambda codes: codes * 1.0))


def test_a_package_that_asks_for_more_than_the_budget_is_stopped():
    play = others.Player(Asked(), 3, np.random.default_rng(0), 3)
    play(np.eye(WIDTH)[[0, 0, 1]])
    with pytest.raises(limefw.InputError, match="asks for 4 rows, and the budget is 3"):
        play(np.eye(WIDTH)[[2]])


def curved(codes):
    """Not additive: what a package does with its draws shows."""
    codes = np.asarray(codes, dtype=float)
    return np.stack([codes[:, 0] * codes[:, 1] + codes[:, 2], 1 - codes[:, 3] * codes[:, 4]], axis=1)


@pytest.mark.parametrize("name", here())
def test_its_numbers_are_the_packages_own(name):
    """Called by hand on the same function with the same seed: equal numbers."""
    seed = int(np.random.default_rng(3).integers(2**31))
    found = np.array([fit.effects for fit in run(name, Asked(function=curved), ROWS, seed=3)])
    np.testing.assert_allclose(found, BY_HAND[name](seed), rtol=1e-6, atol=1e-9)


def lime_by_hand(seed):
    from lime.lime_image import LimeImageExplainer

    said = LimeImageExplainer(random_state=seed).explain_instance(
        np.ones((1, WIDTH, 3)), lambda images: curved(images[:, 0, :, 0]), labels=(0, 1), top_labels=None, hide_color=0,
        num_samples=ROWS, segmentation_fn=lambda _: np.arange(WIDTH)[None],
    )  # fmt: skip
    return [[dict(said.local_exp[label])[at] for at in range(WIDTH)] for label in (0, 1)]


def captum_by_hand(explainer, rows):
    def by_hand(seed):
        import captum.attr
        import torch

        found = []
        for label in (0, 1):
            torch.manual_seed(seed)
            ask = lambda rows, label=label: torch.from_numpy(curved(rows)[:, label])  # noqa: E731
            made = getattr(captum.attr, explainer)(ask)
            said = made.attribute(torch.ones((1, WIDTH)), baselines=0, n_samples=rows, perturbations_per_eval=rows)
            found.append(said[0].numpy())
        return found

    return by_hand


def shap_by_hand(seed):
    import shap

    np.random.seed(seed)
    explainer = shap.KernelExplainer(curved, np.zeros((1, WIDTH)))
    return explainer.shap_values(np.ones(WIDTH), nsamples=ROWS - 2, silent=True).T


BY_HAND = {
    "lime_image": lime_by_hand,
    "captum_lime": captum_by_hand("Lime", ROWS - 1),
    "captum_kernel_shap": captum_by_hand("KernelShap", ROWS),
    "shap_kernel": shap_by_hand,
}


@pytest.mark.skipif(not find_spec("lime"), reason="lime is not installed")
def test_it_is_a_variant_like_any_other_under_one_budget():
    def light(pixels):
        left = pixels[:, :, :8].mean((1, 2, 3)) / 255
        return np.stack([left, 1 - left], axis=1)

    image = np.full((16, 16, 3), 255, dtype=np.uint8)
    squares = {"extends": "lime", "segmenter": {"use": "grid", "rows": 2, "columns": 4}, "labels": [0]}
    squares["sampler"] = {"use": "bernoulli", "enumerate_small": False}
    squares["filler"] = {"use": "constant", "value": 0.0}
    variants = {"limefw": squares, "lime": {**squares, "method": "lime_image"}}
    found = limefw.compare(image, light, variants=variants, budget=100, metrics=["deletion"])
    assert not any(cell.failure or cell.failures for cell in found)
    assert found.verdict("limefw", "lime", "jaccard@4").agreement.mean == 1.0
    assert all(found.cost(cell)["rows"] <= 100 for cell in found)
    assert found.figures("lime")["deletion.auc"].mean == found.figures("limefw")["deletion.auc"].mean
