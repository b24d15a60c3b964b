"""Spending model calls: exact whatever the chunks, each distinct row once, nothing lost where it stops half-way."""

import random

import numpy as np
import pytest

import limefw
from limefw.game import Game
from limefw.inputs.labels import resolve_labels
from limefw.pipeline import stream


GRID = {"use": "grid", "rows": 4, "columns": 6}
EXACT = {"segmenter": GRID, "labels": [0, 2], "what_if": 0}
"""Nothing is asked but what was drawn, so that rows can be counted."""
TURNED = {"use": "grid", "rows": 6, "columns": 4}


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, size=(32, 40, 3)).astype(np.uint8)


class Counting:
    """Three classes from exact integer sums, so that no figure can depend on the batch; counts what it is asked.

    It can end early: `stop` is raised by call number `after`.
    """

    def __init__(self, *, stop=None, after=None):
        self.rows = self.calls = 0
        self.stop, self.after = stop, after

    def __call__(self, batch):
        if self.calls == self.after:
            raise self.stop
        self.rows, self.calls = self.rows + len(batch), self.calls + 1
        sums = batch.astype(np.int64).reshape(len(batch), 8, -1).sum(axis=2)
        first, second, third = sums[:, 0] * sums[:, 3], sums[:, 1] ** 2, sums[:, 2] * sums[:, 5] + sums[:, 7]
        total = first + second + third + 1
        return np.stack([first, second, third], axis=1) / total[:, None]


def explained(photo, model=None, **settings):
    named = limefw.model(model or Counting(), classes=["cat", "dog", "owl"])
    return limefw.explain(photo, named, **{"recipe": "lime", **EXACT, "samples": 300, **settings})


def figures(explanation):
    """Return everything that was computed, as arrays and numbers."""
    around, health = explanation.neighbourhood, explanation.health
    found = [around.codes, around.targets, around.weights, around.groups, health.effective_samples]
    for label, fit in explanation.fits.items():
        covariance = np.nan if fit.covariance is None else fit.covariance
        found += [label, fit.effects, fit.intercept, fit.score, fit.local_prediction, covariance]
        found += [health.labels[label].cross_fitted]
    return found


def assert_same(one, other):
    """To the last bit."""
    first, second = figures(one), figures(other)
    assert len(first) == len(second)
    for here, there in zip(first, second, strict=True):
        np.testing.assert_array_equal(here, there)


RECIPES = {
    "lime": {},
    "pairs": {"sampler": "paired", "kernel": "symmetric", "target": "log_odds"},
    "forward": {"selector": {"use": "forward", "num_features": 5}},
    "highest_weights": {"selector": {"use": "highest_weights", "num_features": 5}},
    "tree": {"surrogate": "tree"},
    "lasso": {"surrogate": "lasso"},
    "slic": {"segmenter": {"use": "slic", "n_segments": 12}, "filler": "constant"},
}
each_recipe = pytest.mark.parametrize("settings", RECIPES.values(), ids=RECIPES)


# --- exactness


@pytest.mark.parametrize("chunk", [1, 7, 64])
@each_recipe
def test_chunks_change_no_bit(photo, settings, chunk):
    """Explanations are equal to the last bit whatever the number of rows per call."""
    assert_same(explained(photo, **settings), explained(photo, chunk=chunk, **settings))


@each_recipe
def test_history_changes_no_bit(photo, settings):
    """What an explainer did before (other photographs, labels, seeds, failures) leaves no trace."""
    alone = explained(photo, **settings)
    overrides = {"segmenter": GRID, "samples": 300, "labels": [0, 2], **settings}
    explainer = limefw.Explainer(
        limefw.model(Counting(), classes=["cat", "dog", "owl"]), recipe="lime", overrides=overrides
    )
    explainer(photo[::-1], labels=["owl", 1], seed=3)
    with pytest.raises(limefw.LabelError):
        explainer(photo, labels="horse")
    assert_same(explainer(photo), explainer(photo))
    assert_same(alone, explainer(photo))


def test_other_labels_beside_it_leave_a_label_alone(photo):
    """A label's explanation is the same alone, among others, and in another order."""
    alone = explained(photo, labels=2).fit(2)
    for labels in ([0, 1, 2], [2, 0]):
        beside = explained(photo, labels=labels).fit(2)
        np.testing.assert_allclose(beside.effects, alone.effects, rtol=0, atol=1e-13)
        np.testing.assert_allclose(beside.standard_errors, alone.standard_errors, rtol=1e-9)


def test_another_seed_gives_other_draws(photo):
    """The seed matters, so that equality above can fail."""
    one, other = explained(photo), explained(photo, seed=1)
    assert (one.neighbourhood.codes != other.neighbourhood.codes).any()


SEGMENTERS = {name: {"segmenter": name} for name in ("quickshift", "slic")}
SEGMENTERS["felzenszwalb"] = {"segmenter": {"use": "felzenszwalb", "min_size": 20}}
EVERYTHING = RECIPES | SEGMENTERS


@pytest.mark.parametrize("settings", EVERYTHING.values(), ids=EVERYTHING)
def test_global_random_states_are_left_alone(photo, settings):
    """The global generators of NumPy and Python are neither moved nor read."""
    found = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        before = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]  # noqa: NPY002
        found.append(explained(photo, **settings))
        after = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]  # noqa: NPY002
        assert before == after
    assert_same(*found)


@pytest.mark.parametrize("sampler", ["bernoulli", "paired"])
def test_another_segmenter_leaves_the_draws_alone(photo, sampler):
    """Random streams go by kind of stage: with as many segments the codes are the same, whatever else changes."""
    codes = explained(photo, sampler=sampler).neighbourhood.codes
    for settings in (
        {"segmenter": TURNED},
        {"filler": "constant"},
        {"surrogate": "tree"},
        {"kernel": "flat", "target": "log_odds"},
    ):
        other = explained(photo, sampler=sampler, **settings).neighbourhood.codes
        np.testing.assert_array_equal(codes, other)


def test_streams_go_by_seed_and_kind():
    """Each seed and kind of stage has one random stream of its own."""
    found = {(seed, kind): stream(seed, kind).integers(2**60) for seed in (0, 1) for kind in ("samplers", "fillers")}
    assert len(set(found.values())) == 4
    assert found[0, "samplers"] == stream(0, "samplers").integers(2**60)


@pytest.mark.parametrize("sampler", ["bernoulli", "paired"])
def test_fewer_samples_are_the_first_of_more(photo, sampler):
    """Drawing 130 rows gives the first 130 of 600 rows, across the sampler's own blocks."""
    many = explained(photo, sampler=sampler, samples=600).neighbourhood
    few = explained(photo, sampler=sampler, samples=130).neighbourhood
    np.testing.assert_array_equal(many.codes[:130], few.codes)
    np.testing.assert_array_equal(many.targets[:130], few.targets)
    np.testing.assert_array_equal(many.groups[:130], few.groups)
    assert len(np.unique(many.groups)) == (600 if sampler == "bernoulli" else 300)


# --- counting


@pytest.mark.parametrize("chunk", [None, 3])
def test_equal_rows_are_predicted_once(photo, chunk):
    """Of 700 draws over 4 segments the model sees each of the 16 combinations once."""
    model = Counting()
    sampler = {"use": "bernoulli", "enumerate_small": False}
    segmenter = {"use": "grid", "rows": 2, "columns": 2}
    found = explained(photo, model, sampler=sampler, segmenter=segmenter, samples=700, chunk=chunk)
    assert model.rows == 16
    assert found.health.distinct == 16
    assert found.health.samples == 700
    powers = 2 ** np.arange(4)
    answers = dict(zip(found.neighbourhood.codes @ powers, found.neighbourhood.targets.tolist(), strict=True))
    expected = [answers[code] for code in found.neighbourhood.codes @ powers]
    assert expected == found.neighbourhood.targets.tolist()


class Dimmed:
    """Shows the photograph the darker, the more segments are hidden, whichever they are; knows that by its keys."""

    def __init__(self, photo, *, keys=True):
        self.pixels = photo.pixels
        if keys:
            self.keys = lambda draws: [bytes([number]) for number in draws.codes.sum(axis=1)]

    def compose(self, draws):
        return [self.pixels // (6 - number) for number in draws.codes.sum(axis=1)]

    def fingerprint(self):
        return "dimmed"


def dimmed(photo, keys=True, **settings):
    model, cache = Counting(), settings.pop("cache", None)
    named = limefw.model(model, classes=["cat", "dog", "owl"], model_id="dimmed")
    more = {**EXACT, "segmenter": {"use": "grid", "rows": 2, "columns": 2}, "samples": 100, **settings}
    filler = lambda image, _segments, _rng, /: Dimmed(image, keys=keys)
    return model, limefw.explain(photo, named, filler=filler, cache=cache, **more)


@pytest.mark.parametrize("chunk", [None, 2])
def test_a_composers_keys_say_which_inputs_are_equal(photo, chunk):
    """Sixteen combinations that make five pictures cost five rows, and every figure is as it would be otherwise."""
    plain, without = dimmed(photo, keys=False)
    model, found = dimmed(photo, chunk=chunk)
    assert (plain.rows, model.rows, found.health.distinct) == (16, 5, 5)
    assert_same(without, found)


def test_a_composer_with_a_fingerprint_is_cached(photo):
    """Its keys are those of the cache too."""
    cache = {}
    _, first = dimmed(photo, cache=cache)
    model, second = dimmed(photo, cache=cache)
    assert (model.rows, len(cache)) == (0, 5)
    assert_same(first, second)


def test_keys_are_one_for_each_draw(photo):
    """Too few are refused."""

    class Short(Dimmed):
        def keys(self, draws):
            return [b""] * (len(draws) - 1)

    with pytest.raises(limefw.ContractError, match="Short has 0 keys for 1 draws"):
        limefw.explain(photo, Counting(), filler=lambda image, _s, _r, /: Short(image, keys=False), segmenter=GRID)


def test_targets_belong_to_their_codes(photo):
    """Each row's targets are what the model says of that row's composite, made independently."""
    found = explained(photo, filler={"use": "constant", "value": 0.0}, chunk=7)
    labels, codes = found.segments.labels, found.neighbourhood.codes
    composites = np.where(codes[:, labels][..., None], photo, 0).astype(np.uint8)
    np.testing.assert_array_equal(Counting()(composites)[:, [0, 2]], found.neighbourhood.targets)


def test_any_number_of_labels_costs_one_pass(photo):
    """All classes are explained from the rows that one class needs."""
    spent = []
    for labels in (0, [0, 1, 2], "top:3"):
        model = Counting()
        explained(photo, model, labels=labels)
        spent.append((model.rows, model.calls))
    assert spent[0] == spent[1] == spent[2]
    assert spent[0][0] == 300


@pytest.mark.parametrize("chunk", [None, 1, 7])
def test_rows_and_calls_are_counted(photo, chunk):
    """The provenance says how many rows and calls the model saw."""
    model = Counting()
    rows = explained(photo, model, chunk=chunk).provenance["rows"]
    assert (rows["predicted"], rows["calls"], rows["cached"]) == (model.rows, model.calls, 0)
    assert chunk in (None, rows["chunk"])


def test_no_call_is_larger_than_the_chunk(photo):
    """The model never gets more rows at once than asked for, the instance by itself first."""
    sizes = []
    model = Counting()
    explained(photo, lambda batch: sizes.append(len(batch)) or model(batch), chunk=50)
    assert sizes[0] == 1
    assert max(sizes) == 50
    assert sum(sizes) == 300


def test_progress_only_grows_and_ends_each_stage_once(photo):
    """Rows done grow from call to call up to the total; each stage ends once, in order."""
    events = []
    explained(photo, chunk=40, on_progress=events.append)
    done = [event.done for event in events if not event.finished]
    assert done == sorted(set(done))
    assert done[0] == 1
    assert done[-1] == 300
    assert {event.total for event in events if not event.finished} == {300}
    assert {event.stage for event in events if not event.finished} == {"models"}
    expected = ["readers", "segmenters", "fillers", "models", "kernels", "surrogates", "health"]
    assert [event.stage for event in events if event.finished] == expected


# --- cache


def cached(photo, cache, *, model=None, model_id="counting", contract=None, **settings):
    known = limefw.model(model or Counting(), classes=["cat", "dog", "owl"], model_id=model_id, contract=contract)
    return limefw.explain(photo, known, cache=cache, **{**EXACT, "samples": 120, **settings})


def test_a_full_cache_spares_the_model(photo):
    """The same explanation again costs no row and is the same to the last bit."""
    cache, model = {}, Counting()
    first = cached(photo, cache)
    second = cached(photo, cache, model=model)
    assert model.rows == 0
    assert second.provenance["rows"] == {**second.provenance["rows"], "predicted": 0, "cached": 120, "calls": 0}
    assert_same(first, second)


def test_a_cache_serves_what_reads_the_same_outputs(photo):
    """Other labels, targets, kernels, surrogates and fewer samples find their rows in the cache."""
    cache = {}
    cached(photo, cache)
    for settings in (
        {"labels": 1},
        {"target": "log_odds"},
        {"kernel": "flat", "surrogate": "tree"},
        {"samples": 60},
    ):
        model = Counting()
        found = cached(photo, cache, model=model, **settings)
        assert model.rows == 0
        assert_same(cached(photo, None, **settings), found)


def halves(image, segments, _rng, /):
    """Show what is hidden at half its value."""
    return limefw.PixelComposer.of(image, image.pixels / 2, segments)


def thirds(image, segments, _rng, /):
    """Show what is hidden at a third of its value."""
    return limefw.PixelComposer.of(image, image.pixels / 3, segments)


thirds.__name__ = "halves"


def ranged(high):
    """Return settings by which 255 is another shade of grey to the model, of the very same pixels."""
    return {"value_range": (0.0, high), "contract": limefw.Contract(value_range=(0.0, 1000.0), dtype="int64")}


OTHER = np.random.default_rng(1).integers(0, 256, size=(32, 40, 3)).astype(np.uint8)
VARIATIONS = {
    "image": ({}, {"photo": OTHER}),
    "value range": (ranged(255.0), ranged(510.0)),
    "segments": ({}, {"segmenter": TURNED}),
    "filler": ({}, {"filler": {"use": "constant", "value": 0.5}}),
    "filler parameter": ({}, {"filler": {"use": "mean_color", "truncate": True}}),
    "contract": ({}, {"contract": limefw.Contract(value_range=(0.0, 1000.0), dtype="int64")}),
    "model": ({}, {"model_id": "another"}),
    "inline filler": ({"filler": halves}, {"filler": thirds}),
}
"""Settings, and others of which each differs in one thing that the model sees."""


@pytest.mark.parametrize("variation", VARIATIONS)
def test_a_cache_tells_apart_what_the_model_sees_differently(photo, variation):
    """Another image, value range, segmentation, filler, contract or model finds nothing in the cache."""
    cache, (base, changed) = {}, VARIATIONS[variation]

    def found(cache, *, photo=photo, value_range=(0.0, 255.0), **settings):
        return cached(limefw.Image(photo, value_range), cache, **settings)

    first, expected = found(cache, **base), found(None, **changed)
    again = found(cache, **changed)
    assert_same(expected, again)
    assert again.provenance["rows"]["cached"] == 0
    if variation != "model":
        assert (first.neighbourhood.targets != expected.neighbourhood.targets).any()
    assert found(cache, **base).provenance["rows"]["cached"] == 120


def test_a_model_without_an_identity_is_not_cached(photo):
    """A bare callable may change between calls, so its rows are not kept."""
    cache = {}
    explained(photo, cache=cache, samples=50)
    assert cache == {}


# --- labels


NAMES = ("cat", "dog", "Dog", "owl", "7")
SCORES = np.array([0.1, 0.4, 0.05, 0.4, 0.05])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([2], (2,)),
        ([3, 0, 3], (3, 0)),
        (["owl"], (3,)),
        (["OWL", 0], (3, 0)),
        (["dog"], (1,)),
        (["Dog"], (2,)),
        (["7"], (4,)),
        (["3"], (3,)),
        (["top:1"], (1,)),
        (["top:3"], (1, 3, 0)),
        (["top:99"], (1, 3, 0, 2, 4)),
        ([4, "top:2"], (4, 1, 3)),
    ],
)
def test_labels_mean_columns(labels, expected):
    """Indices, names in upper or lower case, and "top:k", in the order given and without repeats."""
    assert expected == resolve_labels(labels, SCORES, NAMES, np.argsort(-SCORES, kind="stable"))


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (5, ["no class 5", "it has 5", "1 dog (0.4)"]),
        (-1, ["no class -1"]),
        ("owll", ["no class named 'owll'", "Did you mean 'owl'?", "Its strongest here: 1 dog (0.4), 3 owl (0.4)"]),
        ("DOG", ["2 classes are named 'DOG'", "one of [1, 2]"]),
        ("top:0", ["is not a label"]),
        ("top:x", ["is not a label"]),
    ],
)
def test_labels_that_do_not_exist_are_told_with_what_there_is(label, words):
    """An unknown or ambiguous label is an error that names it, a suggestion and the strongest classes."""
    with pytest.raises(limefw.LabelError) as caught:
        resolve_labels([label], SCORES, NAMES, np.argsort(-SCORES, kind="stable"))
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_wrong_label_costs_one_row(photo):
    """Labels are settled on the instance, before any perturbed row is paid for."""
    model = Counting()
    with pytest.raises(limefw.LabelError):
        explained(photo, model, labels="horse")
    assert model.rows == 1


def test_explanations_are_asked_by_index_or_name(photo):
    """A label is found by any kind of index and by name; one not explained is an error that lists those that are."""
    found = explained(photo, labels=["owl", 0])
    assert [found.label(each) for each in (None, 2, "owl", "OWL", np.int64(0))] == [2, 2, 2, 2, 0]
    with pytest.raises(limefw.LabelError, match="Explained: 2 owl, 0 cat"):
        found.label("dog")


# --- ending half-way


def codes_of(explanation):
    return [caution.code for caution in explanation.health.cautions]


@pytest.mark.parametrize("settings", [{}, RECIPES["pairs"], RECIPES["tree"]], ids=["lime", "pairs", "tree"])
@pytest.mark.parametrize("calls", [5, 32])
def test_an_interruption_gives_back_what_was_computed(photo, settings, calls):
    """Ctrl-C explains the rows so far, as fewer samples would have been explained, with a caution."""
    model = Counting(stop=KeyboardInterrupt(), after=calls)
    found = explained(photo, model, chunk=10, samples=400, **settings)
    rows = model.rows
    assert 10 * (calls - 2) < rows < 400
    if rows % 2 == 0 or settings is not RECIPES["pairs"]:  # an odd budget has no explanation in pairs
        assert_same(explained(photo, samples=rows, **settings), found)
    assert "interrupted" in codes_of(found)
    assert found.health.stopped == f"interrupted after {rows} of 400 samples"
    assert found.provenance["rows"]["predicted"] == rows


def test_an_interruption_before_anything_stays_one(photo):
    """With nothing computed Ctrl-C is Ctrl-C."""
    with pytest.raises(KeyboardInterrupt):
        explained(photo, Counting(stop=KeyboardInterrupt(), after=0))


@pytest.mark.parametrize(
    "stop", [KeyboardInterrupt(), RuntimeError("device lost")], ids=lambda stop: type(stop).__name__
)
def test_a_cut_enumeration_is_not_exhaustive(photo, stop):
    """Where only some of all combinations were predicted the standard errors are not 0."""
    model = Counting(stop=stop, after=10)
    settings = {"segmenter": {"use": "grid", "rows": 2, "columns": 4}, "samples": 256, "chunk": 10}
    try:
        found = explained(photo, model, **settings)
    except RuntimeError as error:
        found = error.partial
    assert found.health.samples == 91
    assert not found.neighbourhood.exhaustive
    assert (found.fit().standard_errors > 0).all()
    whole = explained(photo, **settings)
    assert whole.neighbourhood.exhaustive


@pytest.mark.parametrize("error", [RuntimeError("cuda"), ZeroDivisionError(), OSError(5, "disk")], ids=repr)
def test_a_failing_model_keeps_its_error_and_what_was_computed(photo, error):
    """The model's own exception comes out with a note and an explanation of the rows before it."""
    with pytest.raises(type(error)) as caught:
        explained(photo, Counting(stop=error, after=16), chunk=10)
    assert caught.value is error
    assert any(
        "raised by Counting, given a batch of shape (10, 32, 40, 3) and type uint8" in n for n in error.__notes__
    )
    assert any(f"{type(error).__name__} after 151 of 300 samples" in note for note in error.__notes__)
    assert_same(explained(photo, samples=151), error.partial)
    assert "failed" in codes_of(error.partial)


def test_a_model_that_fails_at_once_leaves_nothing(photo):
    """Before the second row there is nothing to explain: ``partial`` is None."""
    error = RuntimeError("no weights")
    with pytest.raises(RuntimeError) as caught:
        explained(photo, Counting(stop=error, after=0))
    assert caught.value.partial is None


def test_bad_outputs_half_way_keep_what_was_computed(photo):
    """NaN from the model is limefw's own error, with the rows before it explained."""
    model = Counting()

    def turns_bad(batch):
        return model(batch) * (np.nan if model.calls > 15 else 1.0)

    with pytest.raises(limefw.ModelError, match=r"NaN or infinity for 10 of 10 inputs") as caught:
        explained(photo, turns_bad, chunk=10)
    assert_same(explained(photo, samples=141), caught.value.partial)


def test_rows_left_open_are_asked_again(photo):
    """A game that was cut short asks for the open rows alone when it is called again."""
    model = Counting(stop=RuntimeError("flaky"), after=4)
    image = limefw.Image(photo, (0.0, 255.0))
    recipe = limefw.build("lime", segmenter=GRID)
    rng = np.random.default_rng(0)
    segments = recipe.stages["segmenter"](image, rng)
    game = Game(
        limefw.model(model), recipe.stages["filler"](image, segments, rng), recipe.stages["target"], [0], 100, chunk=10
    )
    draws = next(recipe.stages["sampler"](image, segments, 100, rng))
    with pytest.raises(RuntimeError, match="flaky"):
        game(draws)
    assert model.rows == game.rows == 31
    model.after = None
    targets = game(draws)
    assert model.rows == game.rows == 100
    assert np.isfinite(targets).all()


# --- fillers with a choice to make


class Speckled:
    """Shows noise where segments are hidden: each row's own, from its ``draw`` number."""

    random = True

    def __init__(self, image, segments):
        self.image, self.segments, self.seen = image, segments, []

    def compose(self, draws):
        numbers = draws.values["draw"]
        self.seen += [(number.dtype, int(number)) for number in numbers]
        noise = [np.random.default_rng(int(number)).integers(0, 256, self.image.pixels.shape) for number in numbers]
        shown = draws.codes[:, self.segments.labels][..., None]
        return np.where(shown, self.image.pixels, np.stack(noise)).astype(np.uint8)


def speckled(made):
    def filler(image, segments, _rng, /):
        made.append(Speckled(image, segments))
        return made[-1]

    return filler


def test_random_fillers_get_a_number_a_row(photo):
    """A filler that declares itself random gets a different uint64 for each row, and the same ones again."""
    made = []
    first = explained(photo, filler=speckled(made), chunk=7)
    second = explained(photo, filler=speckled(made))
    assert_same(first, second)
    assert sorted(made[0].seen, key=str) == sorted(made[1].seen, key=str)
    kinds, numbers = zip(*made[0].seen, strict=True)
    assert set(kinds) == {np.dtype(np.uint64)}
    assert len(set(numbers)) == 300
    other = explained(photo, filler=speckled(made), seed=1)
    assert {number for _, number in made[2].seen}.isdisjoint(numbers)
    assert (other.neighbourhood.targets != first.neighbourhood.targets).any()


def test_random_fillers_leave_the_samplers_draws_alone(photo):
    """Their numbers come from a stream of their own; equal codes with unequal numbers are different rows."""
    expected, made = explained(photo).neighbourhood.codes, []
    np.testing.assert_array_equal(expected, explained(photo, filler=speckled(made)).neighbourhood.codes)
    samplers = stream(0, "samplers").integers(0, 2**64, size=300, dtype=np.uint64)
    assert {number for _, number in made[0].seen}.isdisjoint(samplers.tolist())
    model = Counting()
    sampler = {"use": "bernoulli", "enumerate_small": False}
    few = {"segmenter": {"use": "grid", "rows": 2, "columns": 2}, "sampler": sampler, "samples": 90}
    explained(photo, model, filler=speckled([]), **few)
    assert model.rows == 90


def test_targets_do_not_depend_on_the_layout_of_the_outputs(photo):
    """A model that returns Fortran-ordered arrays, as ``(W @ x.T).T`` does, is explained alike to the last bit."""
    counting, weights = Counting(), np.random.default_rng(3).normal(size=(3, 37))

    def predict(batch):
        return np.asfortranarray(np.sum(counting(batch)[:, :, None] * weights, axis=1))

    model = limefw.model(predict, contract=limefw.Contract(head="logits"))
    one, other = (limefw.explain(photo, model, chunk=chunk, samples=120, segmenter=GRID) for chunk in (1, 64))
    assert_same(one, other)


def test_an_output_buffer_that_is_used_again_changes_nothing(photo):
    """A model may return one array again and again: what was read of it was copied."""
    counting, buffer = Counting(), np.empty((400, 3))

    def reused(batch):
        buffer[: len(batch)] = counting(batch)
        return buffer[: len(batch)]

    fresh, again = explained(photo, samples=100), explained(photo, reused, samples=100)
    assert_same(fresh, again)
    assert fresh.outlook == again.outlook


def test_a_fillers_content_and_not_its_name_keys_the_cache(photo):
    """Two fillers of one name share no row of the cache."""
    cache = {}

    def make(level):
        def filler(image, segments, rng, /):
            return limefw.PixelComposer.of(image, np.full(image.pixels.shape, level), segments)

        return filler

    model = limefw.model(Counting(), model_id="m")
    first = explained(photo, model, filler=make(0), cache=cache, samples=60)
    second = explained(photo, model, filler=make(255), cache=cache, samples=60)
    assert first.provenance["rows"]["cached"] == 0
    assert second.provenance["rows"]["cached"] == 0
    again = explained(photo, model, filler=make(0), cache=cache, samples=60)
    assert again.provenance["rows"]["predicted"] == 0


def test_an_interrupted_enumeration_hides_every_segment(photo):
    """What is left of an enumeration is a sample of all combinations, not those of the first few segments."""
    model = Counting(stop=KeyboardInterrupt(), after=8)
    grid = {"use": "grid", "rows": 2, "columns": 4}
    found = explained(photo, model, chunk=10, samples=400, segmenter=grid)
    shares = found.neighbourhood.codes.mean(axis=0)
    assert (shares > 0.25).all()
    assert (shares < 0.75).all()


# --- how whole a law is


def in_blocks(rows):
    """Return a sampler of all combinations of 4 segments, so many rows at a time."""
    codes = (np.arange(16)[::-1, None] >> np.arange(4) & 1).astype(np.bool_)

    def sampler(_image, _segments, _budget, _rng, /):
        for start in range(0, len(codes), rows):
            yield limefw.Draws(codes[start : start + rows], exhaustive=True)

    return sampler


FOUR = {"use": "grid", "rows": 2, "columns": 2}


@pytest.mark.parametrize("rows", [1, 4, 5, 16])
@pytest.mark.parametrize("samples", [7, 8, 12, 15, 16, 17])
def test_a_law_is_whole_where_all_of_its_blocks_fit(photo, rows, samples):
    """Cut by the budget, between blocks too, it is a sample; else nothing was left to chance."""
    found = explained(photo, sampler=in_blocks(rows), segmenter=FOUR, samples=samples)
    whole = samples >= 16
    assert found.health.samples == min(samples, 16)
    assert found.neighbourhood.exhaustive == whole
    assert (found.health.stopped == "all 16 combinations were drawn") == whole
    assert bool((found.fit().standard_errors == 0).all()) == whole


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), RuntimeError("gone")], ids=lambda stop: type(stop).__name__)
@pytest.mark.parametrize(("calls", "rows"), [(3, 8), (4, 12)])
def test_a_law_that_ends_between_its_blocks_is_not_whole(photo, stop, calls, rows):
    """Each block that was answered was whole; the law is not."""
    model = Counting(stop=stop, after=calls)
    try:
        found = explained(photo, model, sampler=in_blocks(4), segmenter=FOUR, samples=16, chunk=4)
    except RuntimeError as error:
        found = error.partial
    assert found.health.samples == rows
    assert not found.neighbourhood.exhaustive
    assert (found.fit().standard_errors > 0).any()


def test_a_sampler_that_fails_between_its_blocks_leaves_no_whole_law(photo):
    """What it would have drawn is missing."""

    def sampler(image, segments, budget, rng, /):
        yield next(in_blocks(8)(image, segments, budget, rng))
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError) as caught:
        explained(photo, sampler=sampler, segmenter=FOUR, samples=16)
    assert caught.value.partial.health.samples == 8
    assert not caught.value.partial.neighbourhood.exhaustive


@pytest.mark.parametrize("sampler", ["bernoulli", "exhaustive", "paired"])
def test_what_a_random_filler_shows_is_never_a_whole_law(photo, sampler):
    """All combinations, each before one background of many: another seed gives other figures."""
    settings = {"sampler": sampler, "segmenter": FOUR, "samples": 16}
    found = explained(photo, filler=speckled([]), **settings)
    assert explained(photo, **settings).neighbourhood.exhaustive
    assert not found.neighbourhood.exhaustive
    assert found.fit().standard_errors is None or (found.fit().standard_errors > 0).all()


ALL = np.arange(6)


@pytest.mark.parametrize(
    ("rows", "whole"),
    [
        (slice(None), True),
        (slice(0, 99), True),
        (ALL, True),
        (ALL >= 0, True),
        (slice(None, None, -1), False),
        (ALL[[0, 2, 1, 3, 4, 5]], False),
        (ALL[[0, 1, 2, 3, 4, 4]], False),
        (np.zeros(6, int), False),
        (slice(0, 5), False),
        (slice(1, None), False),
        (ALL != 3, False),
        (np.tile(ALL, 2), False),
    ],
)
def test_draws_stay_exhaustive_with_all_rows_in_order(rows, whole):
    """Fewer rows, some of them twice, or another order (of which a part may be taken next) are not the law."""
    codes = np.random.default_rng(0).random((6, 3)) < 0.5
    assert limefw.Draws(codes, exhaustive=True).take(rows).exhaustive == whole
    assert not limefw.Draws(codes).take(rows).exhaustive


# --- what a game is told and tells


def method_of(codes):
    def method(game, _stages, _budget, _rng, /):
        answers = game(limefw.Draws(codes))
        return [limefw.Fit(np.zeros(24), 0.0, 0.0, 0.0) for _ in answers.T]

    return method


@pytest.mark.parametrize("dtype", [np.bool_, np.float32])
def test_a_game_begins_with_the_instance(photo, dtype):
    """Labels are settled on the first row, so that must be the instance: refused before the model is asked."""
    codes, model = np.ones((5, 24), dtype=dtype), Counting()
    codes[0, 3] = 0
    with pytest.raises(limefw.ContractError, match=r"first row .* must be the instance itself"):
        explained(photo, model, method=method_of(codes))
    assert model.rows == 0
    explained(photo, model, method=method_of(codes[::-1]))
    assert model.rows == 2


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]])
def test_ranks_that_tie_where_log_odds_are_cut_off_go_by_the_outputs(photo, order):
    """Two classes above 1 - clip have the same log-odds; the model's own figures say which is stronger."""
    sure = np.array([1 - 1e-7, 1 - 1e-9, 0.5, 1 - 1e-8])[order]
    model = limefw.model(lambda batch: np.tile(sure, (len(batch), 1)), contract=limefw.Contract(head="sigmoid"))
    found = limefw.explain(photo, model, target="log_odds", labels="top:3", segmenter=GRID, samples=20)
    assert len(set(found.neighbourhood.targets[0])) == 1
    assert list(found.labels) == np.argsort(-sure, kind="stable")[:3].tolist()


def test_a_target_may_hand_out_the_models_own_array(photo):
    """A model that uses its array again does not change what was read of the instance before."""
    counting, buffer = Counting(), np.empty((400, 3))

    def reused(batch):
        buffer[: len(batch)] = counting(batch)
        return buffer[: len(batch)]

    def as_they_are(outputs, _head, /):
        return outputs, ("cat", "dog", "owl")

    fresh, again = (explained(photo, model, target=as_they_are, samples=100) for model in (Counting(), reused))
    assert fresh.outlook == again.outlook == dict(sorted(fresh.outlook.items(), key=lambda item: -item[1]))
    assert list(fresh.outlook.values()) == sorted(Counting()(photo[None])[0], reverse=True)
    assert_same(fresh, again)


class Careless:
    """A composer that forgets a row, or adds one, where there are several."""

    def __init__(self, image, off):
        self.image, self.off = image, off

    def compose(self, draws):
        rows = len(draws) + (self.off if len(draws) > 1 else 0)
        return np.repeat(self.image.pixels[None], rows, axis=0)


@pytest.mark.parametrize("off", [-1, 1])
def test_a_composer_of_another_number_of_inputs_is_to_blame_itself(photo, off):
    """Not the model, which is not asked for them; the instance was answered."""
    model = Counting()
    with pytest.raises(limefw.ContractError, match=rf"Careless composed {10 + off} inputs for 10 draws"):
        explained(photo, model, filler=lambda image, _segments, _rng, /: Careless(image, off), chunk=10)
    assert model.rows == 1


@pytest.mark.parametrize("code", [0, None, "no licence"])
def test_a_model_that_ends_the_process_is_an_error_and_loses_nothing(photo, code):
    """sys.exit in a model is its failure, whatever the code; what was answered before is kept."""
    with pytest.raises(limefw.ModelError, match="tried to end the process") as caught:
        explained(photo, Counting(stop=SystemExit(code), after=9), chunk=10)
    assert repr(code) in str(caught.value)
    assert_same(explained(photo, samples=81), caught.value.partial)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4)])
def test_outputs_without_a_number_are_told(photo, shape):
    """Rows of nothing are no answer."""
    with pytest.raises(limefw.ModelError, match="rows without a single output"):
        explained(photo, lambda batch: np.zeros((len(batch), *shape)))


@pytest.mark.parametrize("sampler", ["bernoulli", "paired", "exhaustive"])
def test_a_random_filler_shows_all_combinations_again_and_again(photo, sampler):
    """Six segments have 64 combinations; with 8 backgrounds each is worth showing more often, up to the budget."""
    found = explained(
        photo, segmenter={"use": "grid", "rows": 2, "columns": 3}, sampler=sampler,
        filler={"use": "noise", "fields": 8}, samples=600,
    )  # fmt: skip
    assert found.health.samples == 600
    assert 300 < found.health.distinct <= 64 * 8, "rows alike in code and background are predicted once"
    assert not found.neighbourhood.exhaustive
    assert (found.fit().standard_errors > 0).all()
