"""Zoom: few segments, the strongest split, on one budget; and what a game shares with its refinement."""

import numpy as np
import pytest

import limefw
from limefw.evaluation.replay import Replay
from limefw.game import Game


GREY = {"use": "constant", "value": 0.0}
COARSE = {"use": "grid", "rows": 3, "columns": 3}
PATCH = (slice(40, 52), slice(70, 82))


def patchy(batch):
    """Probabilities by how much of a small patch shows."""
    share = batch[:, *PATCH].mean(axis=(1, 2, 3)) / 255
    return np.stack([0.9 - 0.8 * share, 0.1 + 0.8 * share], axis=1)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(120, 256, (90, 120, 3), dtype=np.uint8)


def zoomed(pixels, predict=patchy, **settings):
    method = {"use": "zoom", **settings.pop("method", {})}
    said = {"segmenter": COARSE, "filler": GREY, "sampler": "paired", "kernel": "symmetric", "samples": 300, **settings}
    return limefw.explain(pixels, predict, method=method, labels=[1], what_if=0, **said)


class Counting:
    """A model that counts what it is asked."""

    def __init__(self, predict):
        self.predict, self.rows = predict, 0

    def __call__(self, batch):
        self.rows += len(batch)
        return self.predict(batch)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_small_patch_is_found_within_the_budget(seed, pixels):
    """One part of the picture in 75: what leads in the end is small and lies on it, of 300 samples at the most."""
    model = Counting(patchy)
    found = zoomed(pixels, model, seed=seed)
    first = found.top(1)[0]
    inside = found.segments.labels[PATCH] == first.segment
    assert inside.mean() > 0.2
    assert (found.segments.labels == first.segment).sum() < pixels[..., 0].size / 20
    values = found.values
    ground = np.ones(values.shape, bool)
    ground[PATCH] = False
    assert values[PATCH].mean() > 5 * np.abs(values[ground]).mean()
    assert model.rows <= 300
    assert found.provenance["rows"]["predicted"] == model.rows
    assert "rows more were asked about coarser segments" in found.health.stopped


@pytest.mark.parametrize(("rounds", "split", "parts"), [(1, 1, 2), (2, 3, 4), (4, 2, 3)])
@pytest.mark.parametrize("samples", [120, 251])
def test_the_budget_is_never_exceeded_and_segments_are_as_many_as_was_said(rounds, split, parts, samples, pixels):
    model = Counting(patchy)
    found = zoomed(pixels, model, samples=samples, method={"rounds": rounds, "split": split, "parts": parts})
    assert model.rows <= samples
    assert found.segments.count == 9 + rounds * split * (parts - 1)
    assert len(np.unique(found.segments.labels)) == found.segments.count
    assert found.neighbourhood.codes.shape[1] == found.segments.count
    asked = found.health.samples + int(found.health.stopped.split("; ")[-1].split()[0])
    assert samples - 1 <= asked <= samples


def test_parts_lie_in_what_was_split(pixels):
    """Each segment knows which coarser one it was, and a part lies wholly in it."""
    found = zoomed(pixels, method={"rounds": 1})
    coarse = limefw.explain(pixels, patchy, segmenter=COARSE, filler=GREY, labels=[1], samples=20, what_if=0).segments
    np.testing.assert_array_equal(found.segments.parents[found.segments.labels], coarse.labels)
    split = np.bincount(found.segments.parents)
    assert sorted(split.tolist()) == [1] * 6 + [4] * 3


def test_the_fit_is_judged_as_any_other(pixels):
    """Kernel, selector and surrogate fit the last round: standard errors, cross-fitting and all."""
    found = zoomed(pixels)
    health = found.health.labels[1]
    assert health.cross_fitted is not None
    assert found.fit().standard_errors is not None
    assert found.fit().score == pytest.approx(health.fidelity)


def test_equal_seeds_split_alike_whatever_the_chunk(pixels):
    one, other = zoomed(pixels, seed=4), zoomed(pixels, seed=4, chunk=7)
    np.testing.assert_array_equal(one.segments.labels, other.segments.labels)
    np.testing.assert_array_equal(one.fit().effects, other.fit().effects)


def test_named_segments_keep_their_names_and_scattered_ones_are_split(pixels):
    """Masks of the user's own: one in two pieces, one that is kept; what is in no segment stays so."""
    masks = np.zeros((4, 90, 120), bool)
    masks[0, :30], masks[1, 30:60], masks[2, 60:, :40], masks[3, 60:, 80:] = True, True, True, True
    masks[2, 60:, 70:80] = True
    found = zoomed(pixels, segmenter=limefw_given(masks, ["sky", "house", "lawn", "car"]), samples=200,
                   method={"rounds": 1, "split": 4, "parts": 2})  # fmt: skip
    assert found.segments.count == 8
    assert {name.split(",")[0] for name in found.segments.names} == {"sky", "house", "lawn", "car"}
    assert len(set(found.segments.names)) == 8
    np.testing.assert_array_equal(found.segments.labels < 0, ~masks.any(axis=0))


def limefw_given(masks, names):
    from limefw_plugins.segmenters import given

    return given(masks, names)


def test_fillers_with_a_choice_and_soft_segments(pixels):
    """A filler that draws is given numbers in every round; segments that overlap cannot be split."""
    found = zoomed(pixels, filler={"use": "noise", "fields": 3}, seed=1)
    assert found.top(1)[0].effect > 0
    drawn = zoomed(pixels, filler={"use": "noise", "fields": 3}, sampler="leverage", kernel="shapley")
    # what every run has looks otherwise in each
    assert (drawn.neighbourhood.groups >= 0).all()
    assert drawn.neighbourhood.filled_by_chance
    still = zoomed(pixels, sampler="leverage", kernel="shapley").neighbourhood
    assert (still.groups < 0).any()
    assert not still.filled_by_chance
    soft = np.random.default_rng(0).random((3, 90, 120)).astype(np.float32)
    with pytest.raises(limefw.InputError, match="do not overlap, and these do"):
        zoomed(pixels, segmenter=limefw_given(soft, ["a", "b", "c"]))


def test_too_small_a_budget_is_told_before_the_model_is_asked(pixels):
    model = Counting(patchy)
    with pytest.raises(limefw.InputError, match="needs 60 samples for 2 rounds from 9 segments, and may draw 59"):
        zoomed(pixels, model, samples=59)
    assert model.rows == 0


def test_segments_that_are_too_small_to_split_end_it(pixels):
    """Then what was asked is explained, as it is."""

    def corner(batch):
        share = batch[:, 0, 0, 0] / 255
        return np.stack([share, 1 - share], axis=1)

    found = zoomed(pixels[:6, :6], corner, method={"smallest": 0.5})
    assert found.segments.count == 9
    assert "coarser" not in found.health.stopped


# --- the game


def test_a_refined_game_shares_what_was_said_of_the_instance(pixels):
    """Its own first row costs no call; the count goes on; the first game is over."""
    seen = []

    def halving(game, stages, budget, rng, /):
        seen.append(game)
        codes = np.ones((3, game.segments.count), dtype=bool)
        codes[1:] = rng.random((2, game.segments.count)) < 0.5
        game(limefw.Draws(codes))
        finer = game.refined(limefw.Segments.from_labels(np.indices((90, 120))[1] // 60))
        asked = finer.rows
        finer(limefw.Draws(np.ones((1, 2), dtype=bool)))
        assert finer.rows == asked, "the instance is known"
        finer(limefw.Draws(np.array([[True, False], [False, True]])))
        with pytest.raises(limefw.ContractError, match="a game that was refined is over"):
            game(limefw.Draws(codes))

    model = Counting(patchy)
    found = limefw.explain(
        pixels, model, recipe="lime", method=halving, segmenter=COARSE, filler=GREY, labels=[1], what_if=0
    )
    assert isinstance(seen[0], Game)
    assert seen[0].last is not seen[0]
    assert found.segments.count == 2
    assert found.provenance["rows"]["predicted"] == model.rows == 5
    assert found.prediction() == pytest.approx(patchy(pixels[None])[0, 1])
    assert found.health.stopped.endswith("3 rows more were asked about coarser segments")


def test_a_game_cannot_be_refined_before_it_began_nor_to_another_shape(pixels):
    def early(game, stages, budget, rng, /):
        game.refined(game.segments)

    def elsewhere(game, stages, budget, rng, /):
        game(limefw.Draws(np.ones((1, 9), dtype=bool)))
        game.refined(limefw.Segments.from_labels(np.indices((9, 12))[1] // 6))

    for method, words in (
        (early, "once it has been asked for the instance"),
        (elsewhere, r"labels of shape \(90, 120\)"),
    ):
        with pytest.raises(limefw.ContractError, match=words):
            limefw.explain(pixels, patchy, method=method, segmenter=COARSE, filler=GREY, labels=[1])


def test_what_was_paid_for_before_a_failure_is_kept(pixels):
    """In the refined game too."""

    def fails(game, stages, budget, rng, /):
        codes = rng.random((40, game.segments.count)) < 0.5
        codes[0] = True
        game(limefw.Draws(codes))
        finer = game.refined(limefw.Segments.from_labels(np.indices((90, 120))[1] // 20))
        codes = rng.random((60, 6)) < 0.5
        codes[0] = True
        finer(limefw.Draws(codes))
        raise RuntimeError("late")

    with pytest.raises(RuntimeError, match="late") as caught:
        limefw.explain(pixels, patchy, method=fails, segmenter=COARSE, filler=GREY, labels=[1])
    assert caught.value.partial.segments.count == 6
    assert caught.value.partial.health.samples == 60


def test_it_can_be_saved_and_drawn(pixels, tmp_path):
    """With its segments and what they were parts of."""
    found = zoomed(pixels)
    again = limefw.load(found.save(tmp_path / "zoom.limefw"))
    np.testing.assert_array_equal(again.segments.parents, found.segments.parents)
    np.testing.assert_array_equal(again.values, found.values)
    assert all(again.render(name).data for name in ("overlay", "html", "text"))


def test_metrics_that_explain_again_split_the_coarse_segments_anew(pixels):
    """Runs that end with segments of their own have only maps to compare; effects of other segments are refused."""
    recipe = {
        "segmenter": COARSE, "filler": GREY, "sampler": "paired", "kernel": "symmetric", "samples": 120, "what_if": 0,
        "method": {"use": "zoom", "rounds": 1}, "labels": [1],
    }  # fmt: skip
    metrics = [{"use": "stability", "runs": 3}, {"use": "max_sensitivity", "draws": 1}]
    told = limefw.evaluate(pixels, patchy, recipe=limefw.build(**recipe), metrics=metrics)[0]
    assert set(told["stability"]) == {"map_spearman", "map_overlap"}
    assert "compares effects of the same segments" in told.failures["max_sensitivity"]
    assert told.spent["max_sensitivity"]["rows"] == 0
    found = zoomed(pixels, recipe="lime", samples=120, method={"rounds": 1})
    game = Replay(found, limefw.build(**recipe), limefw.model(patchy), limefw.registry())
    assert game.again(1).segments.count == found.segments.count
    sizes = [np.bincount(game.again(number).segments.parents) for number in (1, 2)]
    assert all(sorted(each.tolist()) == [1] * 6 + [4] * 3 for each in sizes)


def test_effort_counts_all_rounds(pixels):
    """Not the last one alone, which is what the explanation holds."""
    model = Counting(patchy)
    found = zoomed(pixels, model)
    game = Replay(found, limefw.build(method="zoom"), limefw.model(patchy), limefw.registry())
    told = limefw.registry().get("metrics", "effort").call(found, game, None)
    assert told["distinct"] == told["predicted"] == model.rows
    assert 299 <= told["rows"] <= 300
    assert found.health.samples < 200
