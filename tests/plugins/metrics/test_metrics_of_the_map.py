"""Metrics that look at an explanation, or at several: closed forms and brute force."""

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

import limefw
from limefw.evaluation.replay import Replay
from limefw.statistics import overlap_of, topmost
from limefw_plugins.metrics.overlap import best_iou


class Runs:
    """Stands in for the game: other seeds gave these explanations."""

    def __init__(self, explanations, mask=None):
        self.explanations, self.mask = explanations, mask

    def again(self, number=0, instance=None, *, resegment=False):
        return self.explanations[number]


@pytest.fixture
def of_effects(planted, with_effects):
    """Return what makes explanations with given effects, of 12 equal segments or of a label map."""

    def make(*rows, labels=(3, 4)):
        first = planted(lambda shown: shown.sum(axis=1), labels).explained(samples=40)
        return [with_effects(first, row) for row in rows]

    return make


# ---- the top of a map


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40), st.floats(0.01, 40.0))
@settings(deadline=None)
def test_the_top_has_its_size_and_is_the_top(values, count):
    values = np.array(values, dtype=float)
    top = topmost(values, count)
    assert top.sum() == pytest.approx(min(count, len(values)))
    assert ((top >= 0) & (top <= 1)).all()
    outside = values[top == 0]
    assert not len(outside) or outside.max() <= values[top > 0].min()
    assert all(len(set(top[values == value].tolist())) == 1 for value in values)  # ties are shared


def test_places_in_no_segment_are_never_the_top():
    assert topmost(np.array([np.nan, -1.0, -2.0]), 2).tolist() == [0, 1, 1]
    assert topmost(np.full(3, np.nan), 2).tolist() == [0, 0, 0]


def test_the_overlap_of_sets_in_part():
    assert overlap_of(np.array([1, 0.5, 0]), np.array([0.5, 0.5, 1])) == pytest.approx(1.0 / 2.5)
    assert overlap_of(np.zeros(3), np.zeros(3)) == 1.0


# ---- stability


def test_equal_runs_agree_in_everything(of_effects, run):
    row = [5.0, 4, 3, 2, 1, 0.5, -1, -2, 0.1, 0.2, 0.3, 0.4]
    found = run("stability", None, Runs(of_effects(row, row, row)), runs=3, errors=True)
    wanted = {"jaccard": 1, "spearman": 1, "sign_flips": 0, "vsi": 100, "csi": 100, "spread": 0, "map_spearman": 1,
              "map_overlap": 1}  # fmt: skip
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)
    assert all(found[f"{name}_se"] == pytest.approx(0.0) for name in wanted if name != "spread")


def test_figures_of_two_runs_by_hand(of_effects, run):
    first = np.array([9.0, 8, 7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, -0.1, -0.2, -5])
    second = np.array([9.0, 8, -7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, -0.1, -0.2, 0.5])
    found = run("stability", None, Runs(of_effects(first, second)), runs=2, top=4, share=2 / 12)
    # {0, 1, 2, 11} and {0, 1, 2, 3}
    assert found["jaccard"] == pytest.approx(3 / 5)
    assert found["vsi"] == pytest.approx(75.0)
    assert found["sign_flips"] == pytest.approx(2 / 12)
    assert found["spearman"] == pytest.approx(spearmanr(first, second).statistic)
    assert found["map_overlap"] == pytest.approx(1.0)  # the two strongest are the same
    assert found["map_spearman"] == pytest.approx(found["spearman"])  # segments are of one size
    means, spread = (first + second) / 2, (first - second) ** 2 / 2
    assert found["spread"] == pytest.approx(np.sqrt(spread.mean()) / means.std())


def test_the_top_is_by_absolute_effect(of_effects, run):
    first, second = np.linspace(0.5, 0.1, 12), np.linspace(0.5, 0.1, 12)
    first[[0, 1, 2]] = -9.0, 8.0, 7.0
    second[[0, 1, 2, 3]] = -9.0, 0.01, 0.01, 6.0  # of which signs would make {1, 2} and {3, 4}
    found = run("stability", None, Runs(of_effects(first, second)), runs=2, top=2)
    assert found["jaccard"] == pytest.approx(1 / 3)  # {0, 1} and {0, 3}


def test_opposite_maps_have_nothing_in_common(of_effects, run):
    row = np.arange(12.0) - 5.5
    found = run("stability", None, Runs(of_effects(row, -row)), runs=2)
    assert found["map_spearman"] == pytest.approx(-1.0)
    assert found["map_overlap"] == pytest.approx(0.0)
    assert found["sign_flips"] == 1.0


def test_the_spread_of_normal_effects(of_effects, run):
    rng = np.random.default_rng(0)
    beta = np.linspace(-1, 1, 12)
    rows = beta + 0.2 * rng.normal(size=(150, 12))
    found = run("stability", None, Runs(of_effects(*rows)), runs=150)
    assert found["spread"] == pytest.approx(0.2 / beta.std(), rel=0.05)


def test_the_standard_error_is_the_jackknifes(of_effects, run):
    rows = np.random.default_rng(1).normal(size=(5, 12))
    explanations = of_effects(*rows)
    found = run("stability", None, Runs(explanations), runs=5, errors=True)
    without = [
        run("stability", None, Runs([one for at, one in enumerate(explanations) if at != left]), runs=4)["jaccard"]
        for left in range(5)
    ]
    wanted = np.sqrt(4 / 5 * ((np.array(without) - np.mean(without)) ** 2).sum())
    assert found["jaccard_se"] == pytest.approx(wanted)


def test_csi_counts_intervals_that_overlap(of_effects, run):
    explanations = of_effects(np.zeros(12), np.concatenate([np.full(3, 1e6), np.zeros(9)]))
    assert explanations[0].fit().standard_errors is not None
    assert run("stability", None, Runs(explanations), runs=2)["csi"] == pytest.approx(75.0)


def test_more_rows_make_a_stabler_explanation(planted, run):
    box = planted(lambda shown: np.tanh(shown @ np.linspace(-2, 2, 12)) + shown[:, 0] * shown[:, 5])
    found = []
    for samples in (40, 640):
        explanation = box.explained(samples=samples)
        found.append(run("stability", explanation, box.game(explanation, samples=samples), runs=6))
    assert found[1]["spread"] < 0.5 * found[0]["spread"]
    assert found[1]["spearman"] > found[0]["spearman"]


def test_other_seeds_are_other_draws_of_the_same_segments(planted, run):
    box = planted(lambda shown: shown.sum(axis=1) + shown[:, 0] * shown[:, 1])
    explanation = box.explained()
    game = box.game(explanation)
    assert game.again(0) is explanation
    assert game.again(1) is game.again(1)
    assert game.again(1).segments.fingerprint() == explanation.segments.fingerprint()
    assert not np.array_equal(game.again(1).neighbourhood.codes, game.again(2).neighbourhood.codes)
    other = Replay(explanation, game.recipe, box.model, limefw.registry(), seed=1)
    assert not np.array_equal(game.again(1).neighbourhood.codes, other.again(1).neighbourhood.codes)
    before = box.asked
    cut = run("stability", explanation, box.game(explanation, segmenter="grid"), runs=2, resegment=True)
    assert set(cut) == {"map_spearman", "map_overlap"}
    assert box.asked > before


# ---- the pointing game


def test_pointing_hits_what_its_middle_lies_on(of_effects, run):
    effects = np.zeros(12)
    effects[6] = 1.0  # lines 6 to 11, columns 12 to 17
    (explanation,) = of_effects(effects)
    mask = np.zeros((18, 24), dtype=bool)
    mask[8, 14] = True
    game = Runs([], mask)
    assert run("pointing", explanation, game, tolerance=0.0) == {"hit": 1.0, "centre": 0.0, "distance": 0.0}
    mask[8, 14], mask[8, 19] = False, True
    assert run("pointing", explanation, game, tolerance=4.0) == {"hit": 0.0, "centre": 0.0, "distance": 5.0}
    assert run("pointing", explanation, game, tolerance=5.0)["hit"] == 1.0
    mask[9, 12] = True
    assert run("pointing", explanation, game, tolerance=0.0)["centre"] == 1.0


def test_a_bent_segment_points_with_a_place_of_its_own(of_effects, run):
    labels = np.ones((21, 21), dtype=int)
    labels[:, :2] = labels[-2:, :] = 0  # an L whose centroid is not in it
    (explanation,) = of_effects([1.0, 0.0], labels=labels)
    found = run("pointing", explanation, Runs([], labels == 0), tolerance=0.0)
    assert found["hit"] == 1.0


def test_where_nothing_speaks_for_the_label_nothing_is_hit(of_effects, run):
    (explanation,) = of_effects(-np.ones(12))
    assert run("pointing", explanation, Runs([], np.arange(18 * 24).reshape(18, 24) > 0))["hit"] == 0.0


# ---- overlap


def test_an_explanation_that_is_the_mask_has_everything(of_effects, run):
    effects = np.zeros(12)
    effects[[0, 5]] = 2.0, 1.0
    (explanation,) = of_effects(effects)
    mask = np.isin(explanation.segments.labels, [0, 5])
    found = run("overlap", explanation, Runs([], mask))
    assert found == pytest.approx({"iou": 1, "mass": 1, "rank": 1, "best_iou": 1, "chance": 2 / 12})


def test_overlap_by_hand(of_effects, run):
    effects = np.zeros(12)
    effects[[0, 1, 2]] = 3.0, 1.0, -7.0
    (explanation,) = of_effects(effects)
    mask = np.isin(explanation.segments.labels, [1, 2])
    found = run("overlap", explanation, Runs([], mask))
    # the top of the mask's size is 0 and 1, of which 1 is right
    assert found == pytest.approx({"iou": 1 / 3, "mass": 1 / 4, "rank": 1 / 2, "best_iou": 1, "chance": 2 / 12})


def test_mass_counts_areas_unless_effects_are_shared_out(of_effects, run):
    labels = np.zeros((4, 4), dtype=int)
    labels[0, 0] = 1
    (explanation,) = of_effects([1.0, 1.0], labels=labels)
    assert run("overlap", explanation, Runs([], labels == 1))["mass"] == pytest.approx(1 / 16)
    assert run("overlap", explanation, Runs([], labels == 1), per_area=True)["mass"] == pytest.approx(1 / 2)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=40)
def test_the_best_iou_is_that_of_the_best_of_all_unions(seed):
    rng = np.random.default_rng(seed)
    labels, mask = rng.integers(-1, 6, (5, 6)), rng.random((5, 6)) < rng.uniform(0.1, 0.9)
    mask[0, 0] = True
    unions = chain.from_iterable(combinations(range(6), count) for count in range(7))
    areas = (np.isin(labels, union) for union in unions)
    brute = max((area & mask).sum() / (area | mask).sum() for area in areas)
    assert best_iou(labels, mask) == pytest.approx(brute)
