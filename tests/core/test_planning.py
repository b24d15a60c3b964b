"""What an explanation will cost: said before, and true."""

import json
import time

import numpy as np
import pytest

import limefw
from limefw.errors import InputError, RecipeError


GRID = {"use": "grid", "rows": 4, "columns": 5}


def picture():
    return np.random.default_rng(5).integers(0, 256, (20, 25, 3), dtype=np.uint8)


class Counting:
    """Two classes by brightness, so many seconds a row; counts rows and calls."""

    def __init__(self, seconds=0.0):
        self.rows = self.calls = 0
        self.seconds = seconds

    def __call__(self, batch):
        self.rows, self.calls = self.rows + len(batch), self.calls + 1
        time.sleep(self.seconds * len(batch))
        light = batch.astype(np.float64).mean(axis=(1, 2, 3)) / 255
        return np.stack([light, 1 - light], axis=1)


@pytest.mark.parametrize(
    "settings",
    [
        {"samples": 100},
        {"samples": 333, "sampler": "paired"},
        {"samples": 1000, "segmenter": {"use": "grid", "rows": 2, "columns": 3}},
        {"samples": 300, "segmenter": {"use": "grid", "rows": 2, "columns": 4}, "filler": "noise"},
        {"samples": 300, "sampler": {"use": "uniform_hidden"}},
    ],
)
def test_rows_and_calls_are_those_of_the_explanation(settings):
    """The sampler is run as it would be, so the figures are exact but for questions that depend on the answer."""
    given = {"segmenter": GRID, "labels": [0, 1], "what_if": 0, "chunk": 16, **settings}
    planned = limefw.plan(picture(), Counting(), **given)
    model = Counting()
    explanation = limefw.explain(picture(), model, **given)
    assert (planned.rows.least, planned.rows.most) == (explanation.health.samples,) * 2
    assert (planned.asked.least, planned.asked.most) == (model.rows,) * 2
    assert (planned.calls.least, planned.calls.most) == (model.calls,) * 2
    assert (planned.segments, planned.labels) == (explanation.segments.count, 2)
    assert planned.exhaustive == explanation.neighbourhood.exhaustive


@pytest.mark.parametrize(
    "settings", [{"samples": 18}, {"samples": 40, "sampler": "paired"}, {"samples": 199}, {"samples": 200}]
)
def test_too_few_samples_are_said_before_they_are_paid_for(settings):
    """In the words of the report."""
    given = {"segmenter": GRID, "labels": [0], "what_if": 0, **settings}
    model = Counting()
    said = {caution.message for caution in limefw.plan(picture(), model, **given).cautions}
    asked = model.rows
    cautions = limefw.explain(picture(), model, **given).health.cautions
    assert asked < settings["samples"]
    assert said == {caution.message for caution in cautions if caution.code == "too_few_samples"}
    assert bool(said) == (settings["samples"] < 200)


@pytest.mark.parametrize("settings", [{"samples": "auto"}, {"samples": 400, "selector": "sign_entropy"}])
@pytest.mark.parametrize("ask", [limefw.plan, limefw.explain])
def test_what_goes_by_intervals_is_refused_where_there_are_none(ask, settings):
    """Rows of one array have none, however many they are: said before they are paid for."""
    model = Counting()
    with pytest.raises(RecipeError, match=r"are not independent and have no intervals.* take another sampler"):
        ask(picture(), model, segmenter=GRID, labels=[0], sampler="scrambled_sobol", **settings)
    assert model.rows <= 1


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({"samples": {"max": 150}}, []),
        ({"samples": 20, "method": "rise"}, []),
        ({"samples": 100, "segmenter": {"use": "grid", "rows": 1, "columns": 3}}, ["few_segments"]),
        ({"samples": 100, "segmenter": {"use": "grid", "rows": 1, "columns": 3}, "method": "rise"}, ["few_segments"]),
    ],
)
def test_automatic_stopping_and_methods_know_by_themselves(settings, codes):
    """Of too few samples nothing is said there; of segments it is."""
    found = limefw.plan(picture(), Counting(), **{"segmenter": GRID, "labels": [0], **settings})
    assert [caution.code for caution in found.cautions] == codes


@pytest.mark.parametrize(
    "method", [{"use": "zoom", "rounds": 1, "split": 1}, {"use": "anchors", "longest": 1, "least": 0.4}, "rise"]
)
def test_of_a_method_the_most_is_known_alone(method):
    """Zoom goes on where a few segments are enumerated, and anchors stop when they are sure."""
    given = {"segmenter": {"use": "grid", "rows": 2, "columns": 3}, "labels": [0], "what_if": 0, "samples": 200,
             "chunk": 16, "method": method, "recipe": "lime"}  # fmt: skip
    planned, model = limefw.plan(picture(), Counting(), **given), Counting()
    limefw.explain(picture(), model, **given)
    assert (planned.rows.least, planned.rows.most, planned.exhaustive) == (1, 200, False)
    for told, real in ((planned.asked, model.rows), (planned.calls, model.calls)):
        assert told.least <= real <= told.most
    assert planned.seconds.least < planned.seconds.most


def test_a_plan_costs_a_few_calls():
    """The instance, and at most three chunks to be timed."""
    model = Counting()
    planned = limefw.plan(picture(), model, segmenter=GRID, samples=1000, chunk=10)
    assert model.calls <= 4
    assert planned.timed_rows == model.rows <= 31


def test_what_if_questions_are_counted():
    """Two more rows for each label at the most."""
    planned = limefw.plan(picture(), Counting(), segmenter=GRID, samples=100, labels=[0, 1])
    assert planned.asked.most - planned.asked.least == 4
    assert (planned.rows.least, planned.rows.most) == (100, 100)


def test_seconds_are_those_of_the_model():
    """By a model that takes two milliseconds a row."""
    planned = limefw.plan(picture(), Counting(0.002), segmenter=GRID, samples=500, what_if=0)
    assert 1.0 < planned.seconds.most < 2.5
    assert 0.002 <= planned.seconds_a_row < 0.005


def test_auto_is_a_range():
    """From the first look at which intervals say something, of 100 segments with 200 pairs, to the maximum."""
    planned = limefw.plan(picture(), Counting(), segmenter=GRID, samples={"max": 700}, what_if=0)
    assert (planned.rows.least, planned.rows.most) == (128, 700)
    assert planned.calls.least < planned.calls.most
    assert planned.seconds.least < planned.seconds.most
    many = limefw.plan(picture(), Counting(), segmenter={"use": "grid", "rows": 10, "columns": 10}, samples="auto")
    assert (many.rows.least, many.rows.most) == (512, 2000)


def test_memory_grows_with_rows_and_segments():
    """It is that of arrays whose sizes are known."""
    small = limefw.plan(picture(), Counting(), segmenter=GRID, samples=100, chunk=5)
    long = limefw.plan(picture(), Counting(), segmenter=GRID, samples=10_000, chunk=5)
    assert long.memory - small.memory == pytest.approx(9900 * (2 * 20 + 8 * (2 * 2 + 4)), rel=0.1)


@pytest.mark.parametrize("instance", ["text", "table", "series"])
def test_other_modalities(instance):
    """Whatever can be explained can be planned."""
    rng = np.random.default_rng(0)
    instances = {
        "text": ("one two three four five six seven", lambda texts: [[0.4, 0.6] for _ in texts]),
        "table": (limefw.Table(rng.random((50, 5))).row(2), lambda rows: np.tile([0.4, 0.6], (len(rows), 1))),
        "series": (limefw.Series(rng.random((40, 2))), lambda batch: np.tile([0.4, 0.6], (len(batch), 1))),
    }
    planned = limefw.plan(*instances[instance], samples=200)
    assert planned.rows.most <= 200
    assert planned.segments > 2
    json.dumps(planned.to_mapping())


def test_faults_are_those_of_explain():
    """What cannot be explained cannot be planned, for the same reasons."""
    with pytest.raises(RecipeError, match=r"tree.*gives no intervals"):
        limefw.plan(picture(), Counting(), samples="auto", surrogate="tree")
    with pytest.raises(RecipeError, match="no sampler named 'pared'"):
        limefw.plan(picture(), Counting(), sampler="pared")
    with pytest.raises(InputError, match="500 segments need at least 1000 samples"):
        limefw.plan(picture(), Counting(), samples={"max": 500}, segmenter={"use": "grid", "rows": 20, "columns": 25})
