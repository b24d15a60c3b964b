"""Comparing costs one: what variants share is computed once, and the answers are those of single explanations."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from three_classes import GRID, Counted, three_classes

import limefw
from limefw.studies.many import explain_many


SURROGATES = ["ridge", "linear", "lasso", "tree", "elastic_net"]
KERNELS = ["flat", "symmetric", "cosine_exponential"]


def single(picture: Any, model: Any, **settings: Any) -> limefw.Explanation:
    return limefw.explain(picture, model, recipe=GRID, what_if=0, **settings)


def assert_same(one: limefw.Explanation, other: limefw.Explanation) -> None:
    assert one.labels == other.labels
    for label in one.labels:
        mine, theirs = one.fit(label), other.fit(label)
        assert np.array_equal(mine.effects, theirs.effects)
        assert mine.intercept == theirs.intercept
        assert (mine.covariance is None) == (theirs.covariance is None)
        if mine.covariance is not None and theirs.covariance is not None:
            assert np.array_equal(mine.covariance, theirs.covariance)
    assert np.array_equal(one.neighbourhood.codes, other.neighbourhood.codes)
    assert np.array_equal(one.neighbourhood.targets, other.neighbourhood.targets)
    for label in one.labels:
        assert asdict(one.health.labels[label]) == asdict(other.health.labels[label])
    assert one.provenance["recipe"] == other.provenance["recipe"]


def test_five_surrogates_three_kernels_three_labels_ask_for_one_explanation(picture: Any, model: Counted) -> None:
    single(picture, model, labels=[0, 1, 2])
    alone, model.rows = model.rows, 0
    found = limefw.compare(
        picture, model, recipe=GRID, vary={"surrogate": SURROGATES, "kernel": KERNELS}, labels=[0, 1, 2]
    )
    assert len(found.sides) == 15
    assert all(cell.explanation is not None and len(cell.explanation.labels) == 3 for cell in found)
    assert model.rows == alone == found.spent["rows"]


def test_labels_as_variants_ask_for_one_explanation(picture: Any, model: Counted) -> None:
    single(picture, model)
    alone, model.rows = model.rows, 0
    limefw.compare(picture, model, recipe=GRID, vary={"labels": [0, 1, 2, "top:2"]})
    assert model.rows == alone


def test_every_shared_stage_runs_once(picture: Any, model: Counted) -> None:
    runs: dict[str, int] = {}

    def counted(kind: str, call: Any) -> Any:
        def stage(*arguments: Any) -> Any:
            runs[kind] = runs.get(kind, 0) + 1
            return call(*arguments)

        return stage

    def blocks(instance: Any, segments: Any, budget: Any, rng: Any, /) -> Iterator[limefw.Draws]:
        runs["sampler"] = runs.get("sampler", 0) + 1
        codes = rng.random((60, segments.count)) < 0.5
        codes[0] = True
        yield limefw.Draws(codes)

    whole = limefw.build(GRID)
    stages = {key: counted(key, whole.stages[key]) for key in ("segmenter", "filler")}
    # a function of one's own takes no parameters, and gets them where it was settled
    found = limefw.compare(
        picture, model, recipe="lime", overrides={**stages, "sampler": blocks, "samples": 60},
        vary={"surrogate": SURROGATES, "kernel": KERNELS},
    )  # fmt: skip
    assert len(found) == 15
    assert runs == {"segmenter": 1, "filler": 1, "sampler": 1}


@pytest.mark.parametrize(
    "filling", [{"use": "mean_color"}, {"use": "blur"}, {"use": "noise"}], ids=lambda one: one["use"]
)
def test_answers_are_those_of_single_explanations(picture: Any, filling: dict[str, Any]) -> None:
    variants: dict[str, Any] = {
        "ridge": GRID, "tree": {**GRID, "surrogate": "tree"}, "auto": {**GRID, "samples": {"max": 400}},
        "paired": {**GRID, "sampler": "paired", "kernel": "symmetric"}, "zoom": {"extends": "zoom", "samples": 200},
        "few": {**GRID, "selector": {"use": "highest_weights", "num_features": 3}},
    }  # fmt: skip
    variants = {name: {**one, "filler": filling} for name, one in variants.items()}
    found = limefw.compare(picture, three_classes, variants=variants, seeds=[0, 3], labels=[0, 2])
    assert not any(cell.failure for cell in found)
    for cell in found:
        name = found.sides[cell.side].name
        alone = limefw.explain(picture, three_classes, recipe=variants[name], what_if=0, labels=[0, 2], seed=cell.seed)
        assert cell.explanation is not None
        assert_same(cell.explanation, alone)
        assert found.cost(cell)["rows"] == alone.provenance["rows"]["predicted"]


def test_a_segmenter_with_chance_is_cut_anew_for_each_seed(picture: Any) -> None:
    runs = []

    def chance(image: Any, rng: np.random.Generator, /) -> limefw.Segments:
        runs.append(rng)
        return limefw.Segments.from_labels(rng.integers(0, 5, image.shape))

    def fixed(image: Any, _rng: np.random.Generator, /) -> limefw.Segments:
        runs.append(_rng)
        return limefw.Segments.from_labels(np.arange(24 * 24).reshape(24, 24) // 96)

    variants = {"one": {"extends": "lime", "segmenter": chance}, "two": {"extends": "lime", "segmenter": chance},
                "fixed": {"extends": "lime", "segmenter": fixed}}  # fmt: skip
    found = limefw.compare(picture, three_classes, variants=variants, seeds=4, budget=40)
    cuts = [[found.explanation(name, 0, run).segments.fingerprint() for run in range(4)] for name in variants]
    assert len(runs) == 4 + 1
    assert cuts[0] == cuts[1]
    assert len(set(cuts[0])) == 4
    assert len(set(cuts[2])) == 1
    for run in range(4):
        cell = found.cell("one", 0, run)
        alone = limefw.explain(
            picture, three_classes, recipe="lime", segmenter=chance, samples=40, what_if=0, seed=cell.seed
        )
        assert_same(found.explanation("one", 0, run), alone)


def test_several_instances_have_the_seeds_of_explain_many(picture: Any) -> None:
    pictures = [picture, picture[::-1].copy()]
    found = limefw.compare(pictures, three_classes, variants={"grid": GRID}, seeds=2)
    for run in range(2):
        alone = explain_many(pictures, three_classes, recipe=GRID, what_if=0, seed=run)
        for at, one in enumerate(alone):
            assert_same(found.explanation("grid", at, run), one)


def test_models_with_one_name_do_not_share_answers(picture: Any) -> None:
    def other(pixels: Any) -> Any:
        return three_classes(pixels)[:, ::-1]

    found = limefw.compare(picture, models={"one": three_classes, "two": other}, variants={"grid": GRID}, labels=[0])
    assert [side.name for side in found.sides] == ["one", "two"]
    assert_same(found.explanation("one"), single(picture, three_classes, labels=[0]))
    assert_same(found.explanation("two"), single(picture, other, labels=[0]))


def test_a_dict_keeps_the_rows_of_a_model_with_a_name(picture: Any, model: Counted) -> None:
    named, kept = limefw.model(model, model_id="three"), dict[bytes, Any]()
    arguments: dict[str, Any] = {"recipe": GRID, "vary": {"kernel": KERNELS}, "cache": kept}
    first = limefw.compare(picture, named, **arguments)
    before, model.rows = model.rows, 0
    second = limefw.compare(picture, named, **arguments)
    assert before == len(kept)
    assert model.rows == 0 == second.spent["rows"]
    for side in first.sides:
        assert_same(first[side.name], second[side.name])


def test_what_is_explained_of_an_answer_is_no_other_variants(picture: Any) -> None:
    variants = {name: {**GRID, "target": name} for name in ("probability", "log_odds")}
    found = limefw.compare(picture, three_classes, variants=variants, labels=[0])
    for name, recipe in variants.items():
        assert_same(found[name], limefw.explain(picture, three_classes, recipe=recipe, what_if=0, labels=[0]))


def test_two_functions_of_one_name_are_two(picture: Any) -> None:
    def kernel_of(power: float) -> Any:
        def kernel(draws: Any, _composer: Any, /) -> Any:
            return draws.codes.mean(axis=1) ** power

        return kernel

    variants = {str(power): {**GRID, "kernel": kernel_of(power), "samples": {"max": 300}} for power in (0.0, 3.0)}
    found = limefw.compare(picture, three_classes, variants=variants, labels=[0])
    for name, recipe in variants.items():
        assert_same(found[name], limefw.explain(picture, three_classes, recipe=recipe, what_if=0, labels=[0]))


def test_a_rule_that_says_when_to_stop_goes_by_each_variants_own_surrogate(picture: Any) -> None:
    """Draws differ with what is fitted to them, so they must not be shared."""
    stop = {**GRID, "samples": {"max": 600, "stop": "top2", "confidence": 0.7}}
    variants = {name: {**stop, "surrogate": name} for name in ("ridge", "linear", "bayesian_ridge")}
    found = limefw.compare(picture, three_classes, variants=variants, labels=[0])
    for name, recipe in variants.items():
        assert_same(found[name], limefw.explain(picture, three_classes, recipe=recipe, what_if=0, labels=[0]))


def test_chance_that_is_taken_unseen_counts_as_chance(picture: Any) -> None:
    """By streams of the stream, or later than the stage was asked."""

    def spawning(image: Any, rng: np.random.Generator, /) -> limefw.Segments:
        return limefw.Segments.from_labels(rng.spawn(1)[0].integers(0, 5, image.shape))

    class Late:
        def __init__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> None:
            self.rng, self.shape = rng, shape

        def compose(self, draws: limefw.Draws) -> Any:
            shown = draws.codes.mean(axis=1)[:, None, None, None]
            return np.uint8(shown * self.rng.integers(0, 256, (1, *self.shape, 3)))

    def late(image: Any, _segments: Any, rng: np.random.Generator, /) -> Any:
        return Late(rng, image.shape)

    recipes: dict[str, Any] = {
        "cut": {**GRID, "segmenter": spawning},
        "late": {**GRID, "filler": late},
        "late too": {**GRID, "filler": late, "kernel": "flat", "samples": 90},
    }
    found = limefw.compare(picture, three_classes, variants=recipes, seeds=3, labels=[0])
    for cell in found:
        name = found.sides[cell.side].name
        alone = limefw.explain(picture, three_classes, recipe=recipes[name], what_if=0, labels=[0], seed=cell.seed)
        assert cell.explanation is not None
        assert_same(cell.explanation, alone)


def test_a_model_without_a_name_is_never_served_from_disk(picture: Any, tmp_path: Any) -> None:
    def other(pixels: Any) -> Any:
        return three_classes(pixels)[:, ::-1]

    first = limefw.compare(picture, three_classes, variants={"grid": GRID}, labels=[0], cache=tmp_path)
    second = limefw.compare(picture, other, variants={"grid": GRID}, labels=[0], cache=tmp_path)
    assert first.spent["rows"] == second.spent["rows"] == 120
    assert_same(second["grid"], single(picture, other, labels=[0]))


def test_rows_on_disk_serve_the_next_run_and_metrics(picture: Any, model: Counted, tmp_path: Any) -> None:
    named = limefw.model(model, model_id="three")
    arguments: dict[str, Any] = {"variants": {"a": GRID}, "labels": [0], "metrics": ["deletion"], "cache": tmp_path}
    first = limefw.compare(picture, named, **arguments)
    assert model.rows > 120
    model.rows = 0
    second = limefw.compare(picture, named, **arguments)
    assert model.rows == 0
    assert first.cell("a").figures == second.cell("a").figures
