"""Metrics that ask the model: closed forms, and Captum's own where it is installed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import limefw
from limefw.errors import InputError
from limefw_plugins.metrics._curves import hidden_up_to
from limefw_plugins.metrics.fidelity import _nearly_all


WEIGHTS = np.array([3.0, -1.0, 0.5, 2.0, 0.0, 1.5, -2.0, 0.25, 1.0, -0.5, 4.0, 0.75])
ALL_KEPT = np.ones((1, 12), dtype=bool)


def additive(shown):
    return 2.0 + shown @ WEIGHTS


def xor(shown):
    return (shown[:, 0] ^ shown[:, 1]).astype(float) + 0.3 * shown[:, 2]


# ---- fidelity


def test_an_additive_box_is_repeated_exactly_under_every_law(planted, run):
    box = planted(additive)
    explanation = box.explained()
    figures = run("fidelity", explanation, box.game(explanation), rows=50)
    assert set(figures) == {"in_sample", "cross_fitted", "weighted", "coins", "near"}
    assert figures == pytest.approx(dict.fromkeys(figures, 1.0), abs=1e-9)


def test_with_every_combination_the_recipes_own_law_is_the_sample(planted, run):
    box = planted(xor, (2, 2))
    every = {"sampler": "exhaustive"}
    explanation = box.explained(**every)
    figures = run("fidelity", explanation, box.game(explanation, **every))
    assert figures["weighted"] == pytest.approx(figures["in_sample"], abs=1e-12)
    assert figures["in_sample"] < 0.5  # no sum of effects is an xor


def test_held_out_figures_are_the_r2_of_each_law(planted, run):
    box = planted(xor, (2, 2))
    explanation = box.explained(samples=400)
    figures = run("fidelity", explanation, box.game(explanation), rows=20_000)
    rows = np.array(list(product([False, True], repeat=4)))
    answers, guesses = xor(rows), explanation.fit().predict(rows)

    def r2(law):
        mean = law @ answers / law.sum()
        return 1 - law @ (answers - guesses) ** 2 / (law @ (answers - mean) ** 2)

    assert figures["coins"] == pytest.approx(r2(np.ones(16)), abs=0.03)
    near = (rows.sum(axis=1) == 3).astype(float)
    assert figures["near"] == pytest.approx(r2(near), abs=0.15)


@given(st.integers(2, 60), st.integers(0, 5))
@settings(deadline=None, max_examples=20)
def test_near_hides_one_to_a_tenth(width, seed):
    hidden = (~_nearly_all(200, width, np.random.default_rng(seed))).sum(axis=1)
    assert hidden.min() == 1
    assert hidden.max() == max(1, width // 10)


# ---- deletion and insertion


def test_deletion_and_insertion_of_an_additive_box(planted, run):
    box = planted(additive)
    explanation = box.explained()
    ordered = np.sort(WEIGHTS)[::-1]
    down = 2.0 + WEIGHTS.sum() - np.concatenate([[0.0], np.cumsum(ordered)])
    up = 2.0 + np.concatenate([[0.0], np.cumsum(ordered)])
    game = box.game(explanation)
    axis = np.linspace(0.0, 1.0, 13)
    assert run("deletion", explanation, game)["auc"] == pytest.approx(np.trapezoid(down, axis), abs=1e-9)
    assert run("insertion", explanation, game)["auc"] == pytest.approx(np.trapezoid(up, axis), abs=1e-9)


def test_the_axis_is_the_area(planted, run):
    labels = np.zeros((4, 8), dtype=int)
    labels[:, 4:6], labels[:, 6:] = 1, 2  # a half and two quarters
    box = planted(lambda shown: shown @ np.array([3.0, 2.0, 1.0]), labels)
    explanation = box.explained()
    # 6, 3, 1, 0 at 0, 1/2, 3/4, 1
    assert run("deletion", explanation, box.game(explanation))["auc"] == pytest.approx(
        0.5 * 4.5 + 0.25 * 2 + 0.25 * 0.5, abs=1e-9
    )
    # per area 2 is as strong as 1 is half as strong: 1 (2 a quarter), 0 (1.5 a quarter), 2 (1 a quarter)
    assert run("deletion", explanation, box.game(explanation), per_area=True)["auc"] == pytest.approx(
        0.25 * 5 + 0.5 * 2.5 + 0.25 * 0.5, abs=1e-9
    )
    # 0, 2, 5, 6 at 0, 1/4, 3/4, 1
    assert run("insertion", explanation, box.game(explanation), per_area=True)["auc"] == pytest.approx(
        0.25 * 1 + 0.5 * 3.5 + 0.25 * 5.5, abs=1e-9
    )


def test_the_best_order_has_the_least_deletion(planted, run, with_effects):
    box = planted(additive)
    explanation = box.explained()
    game = box.game(explanation)
    best = run("deletion", explanation, game)["auc"]
    rng = np.random.default_rng(3)
    others = [run("deletion", with_effects(explanation, rng.normal(size=12)), game)["auc"] for _ in range(20)]
    assert best < min(others)
    assert run("deletion", with_effects(explanation, -explanation.effects()), game)["auc"] > max(others)


def test_a_baseline_is_what_hidden_segments_show(planted, run):
    seen = []

    def look(batch):
        seen.append(np.array(batch))
        return batch.mean(axis=(1, 2, 3))[:, None]

    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    grid = {"segmenter": {"use": "grid", "rows": 2, "columns": 2}, "samples": 40}
    model = limefw.model(look, task="regression")
    explanation = limefw.explain(image, model, **grid)
    found = {}
    for baseline in ("filler", "grey", "blur"):
        seen.clear()
        found[baseline] = limefw.evaluate(explanation, model, metrics=[{"use": "deletion", "baseline": baseline}])
        shown = np.concatenate(seen)
        nothing_left = [one for one in shown if np.mean(one == image) < 0.2]
        if baseline == "grey":
            assert any((one == 128).all() for one in nothing_left)
        if baseline == "blur":
            assert min(one.std() for one in nothing_left) < 0.3 * image.std()
    assert len({one[0]["deletion"]["auc"] for one in found.values()}) == 3


def test_grey_is_refused_for_a_text():
    def words(texts):
        return np.array([[text.count("good")] for text in texts], dtype=float)

    model = limefw.model(words, task="regression")
    made = limefw.evaluate("a good film", model, metrics=[{"use": "deletion", "baseline": "grey"}, "insertion"])
    assert "'grey' is for images" in made[0].failures["deletion"]
    assert made[0]["insertion"]


def test_codes_of_an_order():
    assert hidden_up_to(np.array([2, 0, 1])).tolist() == [
        [True, True, True], [True, True, False], [False, True, False], [False, False, False]
    ]  # fmt: skip


# ---- infidelity


def test_infidelity_of_true_effects_is_0_and_scaling_forgives_a_factor(planted, run, with_effects):
    box = planted(additive)
    explanation = with_effects(box.explained(), WEIGHTS)
    game = box.game(explanation)
    assert run("infidelity", explanation, game)["infidelity"] == pytest.approx(0.0, abs=1e-18)
    tripled = with_effects(explanation, 3 * WEIGHTS)
    assert run("infidelity", tripled, game)["infidelity"] > 1.0
    assert run("infidelity", tripled, game, scaling=True)["infidelity"] == pytest.approx(0.0, abs=1e-18)


def test_infidelity_of_no_effects_is_the_mean_square_of_what_is_lost(planted, run, with_effects):
    box = planted(lambda shown: shown.all(axis=1).astype(float), (2, 2))
    explanation = with_effects(box.explained(), np.zeros(4))
    # all is lost unless nothing is hidden
    found = run("infidelity", explanation, box.game(explanation), rows=20_001, hidden=0.25)
    assert found["infidelity"] == pytest.approx(1 - 0.75**4, abs=0.015)


@pytest.mark.parametrize("scaling", [False, True])
def test_infidelity_is_captums(planted, run, scaling):
    captum = pytest.importorskip("captum.metrics", reason="Captum is not installed")
    torch = pytest.importorskip("torch")
    box = planted(lambda shown: np.tanh(shown @ WEIGHTS / 4) + shown[:, 0] * shown[:, 3])
    explanation = box.explained()
    ours = run("infidelity", explanation, box.game(explanation), seed=5, rows=101, hidden=0.3, scaling=scaling)
    kept = (np.random.default_rng(5).random((101, 12)) >= 0.3)[1:]

    def forward(codes):
        return torch.tensor(box.function(codes.numpy() > 0.5))

    theirs = captum.infidelity(
        forward,
        lambda _inputs: (torch.tensor(1.0 - kept), torch.tensor(kept * 1.0)),
        torch.ones((1, 12), dtype=torch.float64),
        torch.tensor(explanation.effects())[None],
        n_perturb_samples=100,
        normalize=scaling,
    )
    assert ours["infidelity"] == pytest.approx(float(theirs), rel=1e-6)


# ---- mu-fidelity


def test_mu_fidelity_of_true_effects_is_1_whatever_their_scale(planted, run, with_effects):
    box = planted(additive)
    explanation = with_effects(box.explained(), 5 * WEIGHTS)
    game = box.game(explanation)
    for params in ({}, {"rank": True}, {"sizes": "random"}, {"sizes": "centred"}, {"share": 0.5}):
        assert run("mu_fidelity", explanation, game, **params)["correlation"] == pytest.approx(1.0, abs=1e-9)
    against = with_effects(explanation, -WEIGHTS)
    assert run("mu_fidelity", against, game)["correlation"] == pytest.approx(-1.0, abs=1e-9)


def test_sizes_alone_correlate_unless_each_has_its_mean_taken_away(planted, run, with_effects):
    box = planted(lambda shown: shown @ (3 + WEIGHTS))
    blind = with_effects(box.explained(), np.ones(12))  # knows nothing but that something is hidden
    game = box.game(blind)
    assert run("mu_fidelity", blind, game, sizes="random")["correlation"] > 0.8
    assert np.isnan(run("mu_fidelity", blind, game, sizes="centred")["correlation"])
    assert np.isnan(run("mu_fidelity", blind, game)["correlation"])


def test_mu_fidelity_is_scipys_correlation(planted, run):
    from scipy.stats import pearsonr, spearmanr

    box = planted(lambda shown: np.tanh(shown @ WEIGHTS / 4))
    explanation = box.explained()
    rng = np.random.default_rng(7)
    place = np.argsort(np.argsort(rng.random((60, 12)), axis=1), axis=1)
    kept = place >= 4
    lost = box.function(ALL_KEPT) - box.function(kept)
    summed = (~kept) @ explanation.effects()
    for rank, theirs in ((False, pearsonr), (True, spearmanr)):
        ours = run("mu_fidelity", explanation, box.game(explanation), seed=7, rows=60, share=1 / 3, rank=rank)
        assert ours["correlation"] == pytest.approx(theirs(summed, lost).statistic, abs=1e-9)


# ---- max-sensitivity


class Noting:
    """A game that keeps what it was asked to explain again."""

    def __init__(self, game):
        self.game, self.made, self.others = game, [], []

    def again(self, number=0, instance=None):
        found = self.game.again(number, instance)
        (self.others if instance is None else self.made).append(found.effects())
        return found


def steps(batch):
    return np.tanh(batch[..., 0].astype(float).reshape(len(batch), -1)[:, ::7].sum(axis=1) / 900)[:, None]


def test_max_sensitivity_is_captums(run):
    captum = pytest.importorskip("captum.metrics", reason="Captum is not installed")
    torch = pytest.importorskip("torch")
    image = limefw.Image(np.random.default_rng(0).random((12, 12, 1)), (0.0, 1.0))
    recipe = limefw.build(segmenter={"use": "grid", "rows": 3, "columns": 2}, samples=40)
    from limefw.evaluation.replay import Replay

    model = limefw.model(steps, task="regression")
    explanation = limefw.explain(image, model, recipe=recipe)
    game = Noting(Replay(explanation, recipe, model, limefw.registry()))
    ours = run("max_sensitivity", explanation, game, draws=4)
    answers = iter([explanation.effects(), *game.made])
    theirs = captum.sensitivity_max(
        lambda _inputs: (torch.tensor(next(answers))[None],),
        torch.zeros((1, 6), dtype=torch.float64),
        perturb_func=lambda inputs, _radius: inputs[0],
        n_perturb_samples=4,
        max_examples_per_batch=1,
    )
    assert ours["max_sensitivity"] == pytest.approx(float(theirs), rel=1e-6)
    norm = np.linalg.norm(explanation.effects())
    floor = max(np.linalg.norm(one - explanation.effects()) for one in game.others) / norm
    assert ours["floor"] == pytest.approx(floor)


def test_the_largest_change_counts_of_noise_and_of_seeds(planted, run, with_effects):
    """Two of three are smaller, whichever comes first."""
    box = planted(lambda shown: shown.sum(axis=1), (2, 2))
    explanation = with_effects(box.explained(), np.array([3.0, 0.0, 4.0, 0.0]))
    moved = iter([1.0, 5.0, 2.0])

    class Other:
        splits = False

        def again(self, number=0, instance=None):
            by = next(moved) if instance is not None else (0.0, 2.0, 10.0, 1.0)[number]
            return with_effects(explanation, explanation.effects() + by * np.eye(4)[0])

    assert run("max_sensitivity", explanation, Other(), draws=3) == pytest.approx({"max_sensitivity": 1, "floor": 2})


def test_where_nothing_is_drawn_the_floor_is_0(planted, run):
    box = planted(xor, (2, 2))
    every = {"sampler": "exhaustive"}
    explanation = box.explained(**every)
    found = run("max_sensitivity", explanation, box.game(explanation, **every), draws=3)
    assert found == {"max_sensitivity": 0.0, "floor": 0.0}  # this model does not see small noise


def test_a_series_moves_by_its_own_spread():
    series = limefw.Series(np.sin(np.arange(60) / 5))
    model = limefw.model(lambda batch: batch[:, :20].sum(axis=1)[:, None], task="regression")
    found = limefw.evaluate(series, model, metrics=[{"use": "max_sensitivity", "draws": 2}], samples=50)
    assert 0 < found[0]["max_sensitivity"]["max_sensitivity"] < 0.5


# ---- ROAD


def test_imputed_pixels_are_the_mean_of_their_neighbours():
    from limefw.types import Draws
    from limefw_plugins.metrics.road import Imputed

    image = limefw.Image(np.random.default_rng(1).random((9, 11, 2)), (0.0, 1.0))
    labels = np.arange(99).reshape(9, 11) % 5
    made = Imputed(image, limefw.Segments.from_labels(labels), np.zeros((9, 11, 2)))
    code = np.array([[True, False, True, False, True]])
    pixels = made.compose(Draws(code))[0]
    hidden = np.isin(labels, [1, 3])
    assert (pixels[~hidden] == image.pixels[~hidden]).all()
    padded, inside = np.pad(pixels, ((1, 1), (1, 1), (0, 0))), np.pad(np.ones((9, 11)), 1)
    total, summed = np.zeros((9, 11)), np.zeros((9, 11, 2))
    for down, across in product((-1, 0, 1), repeat=2):
        weight = 0 if down == across == 0 else 1 / 6 if 0 in (down, across) else 1 / 12
        part = slice(1 + down, 10 + down), slice(1 + across, 12 + across)
        total += weight * inside[part]
        summed += weight * padded[part]
    assert np.allclose(pixels[hidden], (summed / total[..., None])[hidden], atol=1e-9)


def test_road_sees_nothing_missing_where_all_is_flat(run):
    flat = limefw.Image(np.full((12, 12, 3), 0.25), (0.0, 1.0))
    model = limefw.model(lambda batch: batch.sum(axis=(1, 2, 3))[:, None], task="regression")
    grid = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "filler": {"use": "constant", "value": 0.0}}
    explanation = limefw.explain(flat, model, samples=40, **grid)
    found = limefw.evaluate(explanation, model, metrics=[{"use": "road", "noise": 0.0}])[0]["road"]
    assert found["morf"] == pytest.approx(108.0)
    assert found["gap"] == pytest.approx(0.0, abs=1e-9)


def test_road_adds_noise_to_what_it_imputes():
    """So that what is missing is not told by its smoothness; of a flat picture nothing else varies."""
    flat = limefw.Image(np.full((12, 12, 3), 0.5), (0.0, 1.0))
    model = limefw.model(lambda batch: batch.std(axis=(1, 2, 3))[:, None], task="regression")
    grid = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "filler": {"use": "constant", "value": 0.0}}
    explanation = limefw.explain(flat, model, samples=40, **grid)
    metrics = [{"use": "road", "steps": 2, "noise": noise} for noise in (0.0, 0.02, 0.04)]
    none, some, more = (
        each["lerf"] for each in limefw.evaluate(explanation, model, metrics=metrics)[0].figures.values()
    )
    assert none == pytest.approx(0.0, abs=1e-9)
    assert 0.02 * np.sqrt(1 / 3) * 0.7 < some < 0.02
    assert more == pytest.approx(2 * some, rel=0.2)


def test_road_hides_what_comes_nearest_to_each_share(planted, run):
    from limefw_plugins.metrics.road import _at_shares

    labels = np.repeat([0, 1, 2, 3], [1, 2, 3, 4])[None] * np.ones((2, 1), dtype=int)
    box = planted(lambda shown: shown.sum(axis=1), labels)
    hidden = ~_at_shares(box.explained(), np.array([3, 2, 1, 0]), 3)  # .4, .7 and .9 of it
    assert [np.flatnonzero(row).tolist() for row in hidden] == [[3], [3], [2, 3]]


def test_road_tells_a_right_order_from_a_wrong_one(run):
    rng = np.random.default_rng(2)
    pixels = rng.random((24, 24, 1)) * 0.2
    pixels[:8, :8] += np.indices((8, 8)).sum(axis=0)[..., None] % 2 * 0.8  # what no neighbour tells
    model = limefw.model(lambda batch: batch[:, :8, :8].std(axis=(1, 2, 3))[:, None], task="regression")
    grid = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "filler": {"use": "constant", "value": 0.0}}
    explanation = limefw.explain(limefw.Image(pixels, (0.0, 1.0)), model, samples=200, **grid)
    assert limefw.evaluate(explanation, model, metrics="road")[0]["road"]["gap"] > 0.1


def test_road_is_for_images(planted):
    with pytest.raises(InputError, match="metric 'road' is for image, and this is text"):
        limefw.evaluate("a text", lambda texts: np.zeros((len(texts), 2)), metrics="road")


# ---- effort


def test_effort_is_what_the_model_was_asked(planted, run):
    box = planted(additive)
    explanation = box.explained(samples=120)
    asked = box.asked
    found = run("effort", explanation, box.game(explanation))
    assert found["predicted"] == asked
    assert box.asked == asked
    assert found["rows"] == 120
    assert found["distinct"] <= asked
    seconds = dict(explanation.provenance["seconds"])
    assert found["model_seconds"] == seconds.pop("model_only")
    assert found["seconds"] == pytest.approx(sum(seconds.values()))
