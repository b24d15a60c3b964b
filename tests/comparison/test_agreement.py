"""What agreement comes to, against what can be said without it."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from three_classes import GRID, three_classes

import limefw
from limefw.comparison.agreement import DEPTH, Agreement, Seen, likeness, names
from limefw.comparison.noise import verdict


def seen(effects: Any, places: Any, cut: int = 0) -> Seen:
    effects, places = np.asarray(effects, dtype=float), np.asarray(places)
    return Seen(effects, places, np.argsort(-np.abs(effects), kind="stable"), cut)


EFFECTS = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]), min_size=2, max_size=14)


@settings(max_examples=60, deadline=None)
@given(EFFECTS, st.data())
def test_sets_of_segments_are_compared_where_cuts_are_alike(first: list[float], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.sampled_from([-1.0, 0.0, 2.0, 4.0]), min_size=len(first), max_size=len(first)))
    places = np.arange(len(first))
    found = likeness(seen(first, places), seen(second, places))
    for k in range(1, DEPTH + 1):
        tops = []
        for effects in (first, second):
            ranked = sorted((at for at in range(len(effects)) if effects[at]), key=lambda at: (-abs(effects[at]), at))
            tops.append(set(ranked[:k]))
        both, either = tops[0] & tops[1], tops[0] | tops[1]
        if either:
            assert found.jaccard[k - 1] == len(both) / len(either)
        else:
            assert np.isnan(found.jaccard[k - 1])
    assert found.alike


@settings(max_examples=60, deadline=None)
@given(EFFECTS, EFFECTS, st.integers(0, 2**32 - 1))
def test_areas_are_compared_where_cuts_differ(first: list[float], second: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    ways = [rng.integers(-1, len(effects), 40) for effects in (first, second)]
    found = likeness(seen(first, ways[0], 0), seen(second, ways[1], 1))
    for k in range(1, DEPTH + 1):
        areas = []
        for effects, places in zip((first, second), ways, strict=True):
            ranked = sorted((at for at in range(len(effects)) if effects[at]), key=lambda at: (-abs(effects[at]), at))
            areas.append(np.isin(places, ranked[:k]))
        union = (areas[0] | areas[1]).sum()
        if union:
            assert found.jaccard[k - 1] == pytest.approx((areas[0] & areas[1]).sum() / union)
        else:
            assert np.isnan(found.jaccard[k - 1])


def test_an_explanation_agrees_with_itself_whether_cuts_count_as_alike_or_not() -> None:
    rng = np.random.default_rng(0)
    effects, places = rng.normal(size=12), rng.integers(0, 12, 300)
    for cut in (0, 1):
        found = likeness(seen(effects, places), seen(effects, places, cut))
        assert np.allclose(found.figures(), [1.0] * (DEPTH + 2) + [0.0])


def test_opposite_effects_agree_on_segments_and_on_no_sign() -> None:
    effects, places = np.arange(1.0, 11.0), np.arange(10)
    found = likeness(seen(effects, places), seen(-effects, places))
    assert found.jaccard.tolist() == [1.0] * DEPTH
    assert found.sign_flips == 1.0
    assert found.spearman == pytest.approx(-1.0)


def test_maps_of_two_frames_are_compared_where_the_photograph_is() -> None:
    """A model that crops sees other places than one that stretches; what both look at is the photograph's."""
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3), dtype=np.uint8)

    def looks_left(batch: Any) -> Any:
        part = batch[:, :, : batch.shape[2] // 2].mean((1, 2, 3)) / 255
        return np.stack([part, 1 - part], axis=1)

    sizes = {"small": (16, 16), "large": (40, 60)}
    models = {
        name: limefw.model(looks_left, contract=limefw.Contract(size=size, resize="stretch"))
        for name, size in sizes.items()
    }
    halves = {"extends": "lime", "segmenter": {"use": "grid", "rows": 1, "columns": 2}}
    found = limefw.compare(pixels, models=models, variants={"halves": halves}, labels=[0])
    assert found.verdict("small", "large", "jaccard@1").agreement.mean == 1.0


def test_the_matrix_is_symmetric_and_its_diagonal_between_seeds() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    found = limefw.compare(picture, three_classes, recipe=GRID, vary={"surrogate": ["ridge", "tree"]}, seeds=3)
    for measure in names():
        matrix = found.matrix(measure)
        assert np.array_equal(matrix, matrix.T, equal_nan=True)
    tops = [{one.segment for one in found.explanation("ridge", 0, run).top(5)} for run in range(3)]
    own = np.mean([len(a & b) / len(a | b) for a, b in combinations(tops, 2)])
    assert found.matrix("jaccard")[0, 0] == pytest.approx(own)
    trees = [{one.segment for one in found.explanation("tree", 0, run).top(5)} for run in range(3)]
    both = np.mean([len(a & b) / len(a | b) for a, b in zip(tops, trees, strict=True)])
    assert found.matrix("jaccard")[0, 1] == pytest.approx(both)


def test_one_recipe_under_two_names_is_equal_and_other_luck_is_noise() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    variants = {"a": GRID, "b": GRID, "luck": {**GRID, "seed": 1000}, "blind": {**GRID, "labels": [1]}}
    found = limefw.compare(picture, three_classes, variants=variants, seeds=4)
    assert found.verdict("a", "b").finding == "equal"
    assert found.verdict("a", "luck").finding == "within noise"
    assert found.verdict("a", "blind").finding == "differs"
    assert limefw.compare(picture, three_classes, variants=variants).verdict("a", "luck").finding == "not known"


def test_other_luck_is_rarely_called_a_difference() -> None:
    """At a level of 95 % at most a few of forty pictures may show a difference that is none."""
    calls = 0
    for at in range(40):
        picture = np.random.default_rng(at).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        variants = {"a": {**GRID, "samples": 60}, "luck": {**GRID, "samples": 60, "seed": 1000}}
        found = limefw.compare(picture, three_classes, variants=variants, seeds=4, overrides={"kernel": "flat"})
        calls += found.verdict("a", "luck").finding == "differs"
    assert calls <= 6


def test_one_grid_in_two_frames_is_not_one_cut() -> None:
    """Cropped and stretched, the cells of the same grid lie at other places of the photograph."""
    pixels = np.random.default_rng(3).integers(0, 256, (40, 80, 3), dtype=np.uint8)

    def looks_left(batch: Any) -> Any:
        part = batch[:, :, : batch.shape[2] // 4].mean((1, 2, 3)) / 255
        return np.stack([part, 1 - part], axis=1)

    models = {
        way: limefw.model(looks_left, contract=limefw.Contract(size=(40, 40), resize=way))
        for way in ("stretch", "crop")
    }
    quarters = {"extends": "lime", "segmenter": {"use": "grid", "rows": 1, "columns": 4}}
    found = limefw.compare(pixels, models=models, variants={"quarters": quarters}, labels=[0])
    assert not found.agreement.cut[0, 1]
    assert found.verdict("stretch", "crop", "jaccard@1").agreement.mean < 0.7


def test_other_classes_are_told_and_are_not_equal() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    models = {"one": three_classes, "two": lambda pixels: three_classes(pixels)[:, [1, 2, 0]]}
    found = limefw.compare(picture, models=models, variants={"grid": {**GRID, "labels": "top:1"}})
    assert found.verdict("one", "two").finding != "equal"
    assert "two is compared for" in " ".join(found.summary())


def test_verdicts_by_hand() -> None:
    """Of figures that are made up: what is lost is the less steady side's own agreement less the one between both."""

    def pairs(own_one: float, own_two: float, both: Any, instances: int = 4, seeds: int = 3) -> Agreement:
        figures = np.full((2, 2, instances, seeds, seeds, len(names())), np.nan)
        figures[0, 0], figures[1, 1] = own_one, own_two
        figures[0, 1] = figures[1, 0] = np.asarray(both, dtype=float).reshape(-1, 1, 1, 1)
        # at equal seeds draws are shared, and all agree: that must not count
        own = np.arange(seeds)
        figures[:, :, :, own, own] = 1.0
        no = np.zeros((2, 2), dtype=bool)
        return Agreement(("one", "two"), figures, ~no, no)

    clear = verdict(pairs(0.9, 0.7, [0.3, 0.31, 0.29, 0.3]), 0, 1, "jaccard@5")
    assert clear.finding == "differs"
    assert clear.lost.mean == pytest.approx(0.4)
    assert verdict(pairs(0.9, 0.7, [0.7, 0.72, 0.69, 0.7]), 0, 1, "jaccard@5").finding == "within noise"
    assert verdict(pairs(0.9, 0.7, [0.1, 1.0, 0.2, 1.0]), 0, 1, "jaccard@5").finding == "not known"
    assert verdict(pairs(0.1, 0.1, [0.3], 1), 0, 1, "sign_flips").lost.mean == pytest.approx(0.2)
    spearman = verdict(pairs(0.95, 0.95, [-0.95] * 3, 3), 0, 1, "spearman")
    assert spearman.lost.low <= spearman.lost.mean <= spearman.lost.high


def test_seeds_that_happen_to_agree_in_few_values_are_no_evidence() -> None:
    """A jackknife of no width is certain only where no seed changes anything."""
    no = np.zeros((2, 2), dtype=bool)
    figures = np.full((2, 2, 1, 3, 3, len(names())), np.nan)
    figures[0, 0], figures[1, 1], figures[0, 1], figures[1, 0] = 0.43, 0.43, 0.4, 0.4
    assert verdict(Agreement(("one", "two"), figures, ~no, no), 0, 1, "jaccard@5").finding == "not known"
    figures[0, 0] = figures[1, 1] = 1.0
    assert verdict(Agreement(("one", "two"), figures, ~no, no), 0, 1, "jaccard@5").finding == "differs"
