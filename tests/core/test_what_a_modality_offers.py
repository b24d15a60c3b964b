"""What the core asks of an instance and a composer, shown on a modality that limefw does not know: rows of beads."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import limefw
from limefw.errors import InputError, LimefwError
from limefw.types import Composer, Contract, Draws, Instance, Model, Segments, View, digest


STAGES = {"kernel": "flat", "sampler": "bernoulli", "surrogate": "ridge", "samples": 64, "what_if": 0}
WEIGHTS = np.array([0.4, -0.2, 0.1, 0.05])


@dataclass(frozen=True, eq=False)
class Beads:
    """As little as an instance can be."""

    beads: np.ndarray
    modality = "beads"
    name = "beads"

    @property
    def shape(self):
        return self.beads.shape

    def fingerprint(self):
        return digest(self.beads)


def each(beads, rng, /):
    return Segments.from_labels(np.arange(len(beads.beads)), "bead")


@dataclass(frozen=True, eq=False)
class Strings:
    """As little as a composer can be."""

    beads: np.ndarray

    def compose(self, draws):
        return draws.codes * self.beads


def strings(beads, segments, rng, /):
    return Strings(beads.beads)


def predict(batch):
    share = 0.3 + np.asarray(batch) @ WEIGHTS
    return np.stack([share, 1 - share], axis=1)


def explained(instance, model=predict, filler=strings, **settings):
    return limefw.explain(instance, model, segmenter=each, filler=filler, labels=[0], **{**STAGES, **settings})


def test_an_instance_needs_no_more_than_its_four_properties():
    """No frame, no copy, no check; the effects are the weights, and its map has its own shape."""
    found = explained(Beads(np.ones(4)), surrogate={"use": "ridge", "alpha": 1e-9})
    assert found.frame is None
    assert isinstance(found.instance, Instance)
    np.testing.assert_allclose(found.effects(), WEIGHTS, atol=1e-6)
    np.testing.assert_array_equal(found.label_map, [0, 1, 2, 3])
    assert [effect.share for effect in found.top()] == [0.25] * 4
    assert not [caution for caution in found.health.cautions if caution.code == "filler_hides_nothing"]


def test_what_it_does_not_offer_is_refused_in_words():
    """A mask needs something to mask."""
    with pytest.raises(LimefwError, match="a mask needs an image, and this is beads"):
        explained(Beads(np.ones(4))).mask()


class Checked(Beads):
    """Says no to what cannot be explained, and copies what it holds."""

    def check(self, what):
        if not np.isfinite(self.beads).all():
            raise InputError(f"{what} brought beads that are no numbers")

    def copied(self):
        return replace(self, beads=self.beads.copy())


def test_an_instance_is_checked_and_copied_by_itself():
    with pytest.raises(InputError, match="the caller brought beads that are no numbers"):
        explained(Checked(np.array([1.0, np.nan, 1.0, 1.0])))
    beads = np.ones(4)
    found = explained(Checked(beads))
    beads[:] = 7
    np.testing.assert_array_equal(found.instance.beads, np.ones(4))


@dataclass(frozen=True)
class Window:
    """The model sees the first four of all beads, and one more that is none."""

    size = (5,)
    total: int

    def trimmed(self, segments):
        labels = np.append(segments.labels[:4], -1)
        return Segments(labels, segments.names[:4])

    def shares(self, sizes):
        return sizes / self.total

    def to_photo(self, shown, outside=-1):
        return np.append(shown[:4], np.full(self.total - 4, outside))

    def shows(self, instance):
        return instance.shape == (self.total,)


class Framed(Beads):
    def framed(self, contract):
        return Window(len(self.beads)), Beads(np.append(self.beads[:4], 0.0))


def test_an_instance_is_cut_as_the_model_sees_it_and_answered_in_its_own_shape():
    """The padding is in no segment, what the model does not see has no effect."""
    instance = Framed(np.arange(1.0, 9.0))
    filler = lambda beads, segments, rng, /: Strings(beads.beads[:4] / np.arange(1.0, 5.0))
    found = explained(instance, filler=filler)
    assert isinstance(found.frame, View)
    assert found.instance is instance
    assert found.segments.count == 4
    np.testing.assert_array_equal(found.label_map, [0, 1, 2, 3, -1, -1, -1, -1])
    assert (found.values[:4] != 0).all()
    assert (found.values[4:] == 0).all()
    assert [effect.share for effect in found.top()] == [0.125] * 4


class Preprocessed(Beads):
    def preprocessed(self, inputs, contract):
        return inputs / contract.value_range[1]


@dataclass(frozen=True, eq=False)
class Prepared(Strings):
    """Makes what the model reads by itself, into one array, and can be told from others."""

    def prepared(self, contract):
        return replace(self, beads=self.beads / contract.value_range[1])

    def fingerprint(self):
        return digest(self.beads)


@dataclass(frozen=True, eq=False)
class Filling(Prepared):
    """Fills the same array again and again."""

    row_bytes = 4_000_000

    def buffer(self, rows):
        return np.empty((rows, len(self.beads)))

    def compose(self, draws, out):
        return np.multiply(draws.codes, self.beads, out=out[: len(draws)])


MODEL = Model(predict, contract=Contract(value_range=(0.0, 10.0)), fingerprint="beads")


@pytest.mark.parametrize("composer", [Strings, Prepared, Filling])
def test_inputs_are_preprocessed_once(composer):
    """By the instance, unless the composer has done it."""
    found = explained(Preprocessed(np.full(4, 10.0)), MODEL, lambda beads, segments, rng, /: composer(beads.beads))
    np.testing.assert_allclose(found.prediction(), 0.3 + WEIGHTS.sum())
    # two rows of 4 MB fill a chunk
    assert found.provenance["rows"]["chunk"] == (2 if composer is Filling else 64)


@pytest.mark.parametrize(("composer", "kept"), [(Strings, False), (Prepared, True)])
def test_outputs_are_kept_only_of_a_composer_that_can_be_told_from_others(composer, kept):
    """The same beads again cost nothing; other beads are other inputs."""
    cache, cached = {}, []
    for beads in (1.0, 1.0, 0.5):
        filler = lambda beads, segments, rng, /: composer(beads.beads)
        rows = explained(Beads(np.full(4, beads)), MODEL, filler, cache=cache).provenance["rows"]
        cached.append((rows["cached"], rows["predicted"]))
    assert [more > 0 for more, _ in cached] == [False, kept, False]
    assert [asked > 0 for _, asked in cached] == [True, not kept, True]
    assert bool(cache) == kept


@dataclass(frozen=True, eq=False)
class Choosing(Strings):
    """Shows one of three sorts of beads where one is hidden, and says that all look alike."""

    random, alternatives, hides_nothing = True, 3, True

    def compose(self, draws):
        assert draws.values["draw"].max() < 3
        return np.where(draws.codes, self.beads, draws.values["draw"][:, None] / 10)


def test_a_composer_with_a_choice_gets_numbers_below_its_end_and_is_asked_whether_it_hides():
    found = explained(Beads(np.ones(4)), filler=lambda beads, segments, rng, /: Choosing(beads.beads))
    assert [caution.code for caution in found.health.cautions].count("filler_hides_nothing") == 1
    # 16 codes, 3 choices: more are not asked
    assert found.health.distinct <= 48


@pytest.mark.parametrize("bindable", [True, False])
def test_a_model_composes_by_itself_where_the_composer_lets_it(bindable):
    asked = []

    def bind(composer):
        def outputs(draws):
            asked.append(len(draws))
            return predict(composer.compose(draws))

        return outputs

    class Bound(Strings):
        pass

    Bound.bindable = bindable
    composer = Bound(np.ones(4))
    assert isinstance(composer, Composer)
    found = explained(Beads(np.ones(4)), replace(MODEL, bind=bind), lambda beads, segments, rng, /: composer)
    assert bool(asked) == bindable
    np.testing.assert_allclose(found.prediction(), predict(composer.compose(Draws(np.ones((1, 4), bool))))[0, 0])
