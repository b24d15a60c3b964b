"""Rows that were paid for are never lost, whatever fails after them."""

import numpy as np
import pytest

import limefw
from limefw.discovery import Registry
from limefw.errors import MissingDependencyError
from limefw.stage import Plugin
from limefw.types import Draws, Fit


ROWS, CHUNK = 120, 20


class Counting:
    """Two classes by brightness; counts rows, and may `stop` once it has answered `after` of them."""

    def __init__(self, stop=None, after=None):
        self.rows, self.stop, self.after = 0, stop, after

    def __call__(self, batch):
        if self.after is not None and self.rows >= self.after:
            raise self.stop
        self.rows += len(batch)
        light = batch.astype(np.float64).mean(axis=(1, 2, 3)) / 255
        return np.stack([light, 1 - light], axis=1)


def picture():
    return np.random.default_rng(5).integers(0, 256, (20, 25, 3), dtype=np.uint8)


def explained(model=None, **settings):
    grid = {"use": "grid", "rows": 4, "columns": 5}
    given = {
        "recipe": "lime",
        "segmenter": grid,
        "samples": ROWS,
        "labels": [0, 1],
        "chunk": CHUNK,
        "what_if": 0,
        **settings,
    }
    return limefw.explain(picture(), model or Counting(), **given)


def cautions_of(explanation):
    return [caution.code for caution in explanation.health.cautions]


def assert_kept(error, tmp_path, rows=ROWS):
    """See that what an error carries is whole: the rows themselves, effects of them, and a file that loads."""
    kept, plain = error.partial, explained().neighbourhood
    assert kept.health.samples == rows
    np.testing.assert_array_equal(kept.neighbourhood.codes, plain.codes[:rows])
    np.testing.assert_array_equal(kept.neighbourhood.targets, plain.targets[:rows])
    assert "failed" in cautions_of(kept)
    assert [len(kept.top(None, label)) for label in (0, 1)] == [20, 20]
    loaded = limefw.load(kept.save(tmp_path / "kept.limefw"))
    np.testing.assert_array_equal(loaded.neighbourhood.targets, kept.neighbourhood.targets)
    assert any("error.partial" in note for note in error.__notes__)


def fails(error):
    """Return a stage of any kind that always fails."""

    def stage(*_data):
        raise error

    return stage


def fails_on_fewer(error):
    """Return a surrogate that fits everything, and fails at a part of it."""

    def surrogate(around, _rng, /):
        if len(around) < ROWS:
            raise error
        width = around.codes.shape[1]
        return [Fit(np.ones(width), 0.0, 0.0, float(width)) for _ in around.targets.T]

    return surrogate


def listens_until(stage, error, *, forever=False):
    """Return a listener that fails at the end of a stage, and where `forever` at whatever it hears after that."""
    failed = []

    def listen(event):
        if (event.stage == stage and event.finished) or (forever and failed):
            failed.append(event)
            raise error

    return listen


def pays_then_fails(error):
    """Return a method that asks for rows as `bernoulli` would draw them, and fails."""

    def method(game, stages, budget, _rng, /):
        from limefw.pipeline import stream

        for block in stages["sampler"](game.instance, game.segments, budget.rows, stream(0, "samplers")):
            game(block)
        raise error

    return method


LATE = {
    "kernel": lambda error: {"kernel": fails(error)},
    "selector": lambda error: {"selector": fails(error)},
    "surrogate": lambda error: {"surrogate": fails(error)},
    "method": lambda error: {"method": pays_then_fails(error)},
    "listener to models": lambda error: {"on_progress": listens_until("models", error)},
    "listener to kernels": lambda error: {"on_progress": listens_until("kernels", error)},
    "listener to surrogates": lambda error: {"on_progress": listens_until("surrogates", error)},
    "listener to health": lambda error: {"on_progress": listens_until("health", error)},
    "listener that goes on failing": lambda error: {"on_progress": listens_until("models", error, forever=True)},
}
ERRORS = [RuntimeError("out of memory"), KeyboardInterrupt(), SystemExit(3), limefw.InputError("not so")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", LATE)
def test_what_was_paid_for_is_kept_wherever_it_fails_later(place, error, tmp_path):
    """The error comes out as it is, and carries an explanation of every row that the model answered."""
    if place == "method" and isinstance(error, KeyboardInterrupt):
        pytest.skip("what was drawn is explained then: see the last test here")
    model, error = Counting(), type(error)(*error.args)
    with pytest.raises(type(error)) as caught:
        explained(model, **LATE[place](error))
    assert caught.value is error
    assert model.rows == ROWS
    assert_kept(error, tmp_path)


@pytest.mark.parametrize(
    ("error", "code"), [(RuntimeError("singular"), "not_cross_fitted"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_finished_explanation_is_not_lost_for_its_cross_fitting(error, code):
    """All but the one score is there, and a caution says why that is not."""
    found = explained(surrogate=fails_on_fewer(error))
    assert code in {caution.code for caution in found.health.cautions}
    assert found.health.labels[found.labels[0]].cross_fitted is None
    assert found.fit().effects.tolist() == [1.0] * found.segments.count


def test_a_listener_that_fails_half_way_keeps_the_rows_before_it(tmp_path):
    """At the third chunk: the instance and two chunks were answered."""

    def listen(event):
        if event.done > 2 * CHUNK:
            raise RuntimeError("the window was closed")

    with pytest.raises(RuntimeError, match="window") as caught:
        explained(on_progress=listen)
    assert_kept(caught.value, tmp_path, rows=1 + 2 * CHUNK)


def test_ctrl_c_in_a_listener_half_way_is_an_interruption():
    """A progress bar may be what is interrupted: drawing ends there, and what was drawn is explained."""
    heard = []

    def listen(event):
        heard.append(event)
        if len(heard) == 6:
            raise KeyboardInterrupt

    found = explained(on_progress=listen)
    assert "interrupted" in cautions_of(found)
    assert 1 < found.health.samples < ROWS


@pytest.mark.parametrize("stop", [RuntimeError("gone"), SystemExit(2), limefw.ModelError("no more")], ids=repr)
def test_a_method_whose_model_fails_keeps_the_rows_before_it(stop):
    """A method's own loop is no reason to lose them."""
    with pytest.raises((RuntimeError, limefw.ModelError)) as caught:
        explained(Counting(stop, 1 + 3 * CHUNK), method=pays_then_fails(None))
    assert caught.value.partial.health.samples == 1 + 3 * CHUNK


def test_without_two_rows_there_is_nothing_to_keep():
    """An explanation of the instance alone says nothing: ``partial`` is None."""

    def method(game, _stages, _budget, _rng, /):
        game(Draws(np.ones((1, 20), dtype=np.bool_)))
        raise RuntimeError("too early")

    with pytest.raises(RuntimeError) as caught:
        explained(method=method)
    assert caught.value.partial is None


# --- before anything is paid for


def ridge_of_its_own(around, _rng, /):
    """Never gets to run."""
    raise AssertionError(around)


@pytest.mark.parametrize("library", ["no_such_library", "no_such_library.part", "numpy.no_such_part"])
def test_a_missing_library_is_told_before_the_model_is_asked(library):
    """A surrogate is needed last: that its library is missing must not be found out after the bill."""

    known = Registry()
    known.add("surrogates", Plugin("own", ridge_of_its_own, requires=(library,)))
    model = Counting()
    with pytest.raises(MissingDependencyError, match=f"surrogate 'own' needs '{library}', which is not installed"):
        explained(model, surrogate="own", registry=known)
    assert model.rows == 0


def test_a_library_that_is_there_is_no_obstacle():
    """Also one that was never imported, or is a part of another."""
    known = Registry()
    known.add("surrogates", Plugin("own", fails_on_fewer(None), requires=("numpy", "xml.sax.expatreader", "json")))
    assert explained(surrogate="own", registry=known, samples=ROWS, method=pays_and_fits).health.samples == ROWS


def pays_and_fits(game, stages, budget, rng, /):
    """Explain without a surrogate."""
    answers = game(next(iter(stages["sampler"](game.instance, game.segments, budget.rows, rng))))
    return [Fit(np.zeros(20), 0.0, 0.0, 0.0) for _ in answers.T]


@pytest.mark.parametrize("method", ["rise", {"use": "anchors", "least": 0.2}, {"use": "zoom", "rounds": 1}])
def test_interrupted_in_a_method_what_was_drawn_is_explained(method):
    """As without one: an explanation with a caution, by the surrogate, and not the bare interruption."""
    found = explained(Counting(KeyboardInterrupt(), after=40), method=method)
    assert "interrupted" in cautions_of(found)
    assert found.health.stopped.startswith("interrupted after ")
    assert "not by method" in found.health.stopped
    assert found.provenance["rows"]["predicted"] >= 40
    assert found.neighbourhood.codes.shape[1] == found.segments.count
    with pytest.raises(KeyboardInterrupt):
        explained(Counting(KeyboardInterrupt(), after=0), method=method)
