"""One core for whatever is explained: the recipe goes by the instance, and what is for another modality is refused."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

import limefw
from limefw.discovery import Registry
from limefw.pipeline import recipe_for
from limefw.types import numbered


@dataclass(frozen=True)
class Chord:
    """Some tones; a modality that limefw itself knows nothing of."""

    modality: ClassVar[str] = "chord"

    tones: tuple[int, ...]
    name: str = "chord"

    @property
    def shape(self):
        return (len(self.tones),)

    def fingerprint(self):
        return repr(self.tones)


class Muting:
    """Composes lists of the tones that are played."""

    def __init__(self, chord):
        self.chord = chord

    def compose(self, draws):
        return [[tone for tone, played in zip(self.chord.tones, row, strict=True) if played] for row in draws.codes]


def tones(source, /):
    """Read a tuple of tones."""
    return Chord(source)


def each(chord, _rng, /, *, name: str = "tone"):
    """Every tone a segment."""
    return limefw.Segments.from_labels(np.arange(len(chord.tones)), name)


def mute(chord, _segments, _rng, /):
    """Play no hidden tone."""
    return Muting(chord)


def loudness(batch):
    """Two classes, exactly additive."""
    loud = np.array([sum(chord) / 100 for chord in batch])
    return np.stack([1 - loud, loud], axis=1)


@pytest.fixture
def registry(tmp_path):
    recipe = tmp_path / "chord.toml"
    recipe.write_text('segmenter = "each"\nfiller = "mute"\nrenderers = ["text"]\nlabels = [1]\nsurrogate = "linear"\n')

    class Chords:
        @limefw.hookimpl
        def limefw_readers():
            yield limefw.Plugin("tones", tones, modality="chord", accepts=lambda source: isinstance(source, tuple))

        @limefw.hookimpl
        def limefw_segmenters():
            yield limefw.Plugin("each", each, modality="chord")

        @limefw.hookimpl
        def limefw_fillers():
            yield limefw.Plugin("mute", mute, modality="chord")

        @limefw.hookimpl
        def limefw_recipes():
            yield "chord", recipe

    hooks = {name: value for name, value in vars(Chords).items() if name.startswith("limefw_")}
    return Registry(modules=[(SimpleNamespace(__name__="chords", **hooks), "acme-chords")])


TONES = (5, 10, 20)


def test_the_recipe_goes_by_what_is_explained(registry):
    """A tuple is a chord, explained by the recipe of that name; an array is an image, explained by quick's."""
    found = limefw.explain(TONES, loudness, registry=registry, samples=50)
    assert found.provenance["recipe"]["segmenter"] == {"use": "each", "name": "tone"}
    assert found.effects() == pytest.approx([0.05, 0.1, 0.2])
    assert found.segments.names == ("tone 0", "tone 1", "tone 2")
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    seen = limefw.explain(image, lambda batch: batch[..., 0].mean(axis=(1, 2)) / 255, registry=registry, samples=20)
    assert seen.provenance["recipe"]["segmenter"]["use"] == "merged"


def test_one_explainer_takes_several_modalities(registry):
    """Each instance gets the recipe of its own modality, with the explainer's settings on top."""
    explainer = limefw.Explainer(lambda batch: np.full(len(batch), 0.5), overrides={"what_if": 0}, registry=registry)
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    for source, segmenter in ((TONES, "each"), (image, "merged"), (Chord(TONES), "each")):
        found = explainer(source, samples=9).provenance["recipe"]
        assert (found["segmenter"]["use"], found["what_if"]) == (segmenter, 0)
        assert recipe_for(source, registry=registry).stages["segmenter"].name == segmenter


def test_settings_stand_on_the_modalitys_own_recipe(registry):
    """A stage's parameters without its name are those of the plug-in that the modality's recipe has."""
    found = limefw.explain(TONES, loudness, registry=registry, segmenter={"name": "string"}, samples=20)
    assert found.segments.names == ("string 0", "string 1", "string 2")


def test_faults_are_told_before_there_is_an_instance(registry):
    """What no modality's recipe takes is refused when an explainer is made."""
    limefw.Explainer(loudness, overrides={"segmenter": {"name": "string"}}, registry=registry)
    with pytest.raises(limefw.RecipeError, match="'pitch' is not a parameter"):
        limefw.Explainer(loudness, overrides={"segmenter": {"pitch": 1}}, registry=registry)


def test_a_reader_of_unknown_modality_is_asked_first(registry):
    """A function given in code may read anything: what it returns decides."""
    found = limefw.explain("5 10 20", loudness, registry=registry, samples=20,
                           reader=lambda text, /: Chord(tuple(map(int, text.split()))))  # fmt: skip
    assert found.instance.tones == TONES


def test_a_recipe_for_another_modality_says_what_to_stand_on(registry):
    """A mapping stands on lime's recipe, which is for images."""
    with pytest.raises(limefw.RecipeError, match=r'is for image, and this is chord.*say `extends = "chord"`'):
        limefw.explain(TONES, loudness, recipe={"samples": 20}, registry=registry)
    assert limefw.explain(TONES, loudness, recipe={"extends": "chord", "samples": 20}, registry=registry)


def test_a_model_of_another_modality_is_refused(registry):
    """The embedded model looks at images."""
    with pytest.raises(limefw.ModelError, match="is for image, and this is chord"):
        limefw.explain(TONES, registry=registry)
    with pytest.raises(limefw.ModelError, match="'m' is for text, and this is chord"):
        limefw.explain(TONES, replace(limefw.model(loudness), name="m", modality="text"), registry=registry)


def test_a_renderer_of_the_modalitys_own_goes_before_the_general_one(registry, monkeypatch):
    """ "text" means "chord_text" for a chord; what is for images is refused by name."""
    for home in ("limefw.results.explanation", "limefw.discovery"):
        monkeypatch.setattr(f"{home}.registry", lambda: registry)
    found = limefw.explain(TONES, loudness, registry=registry, samples=20)
    assert "What speaks for and against class 1" in found.render("text").data
    registry.add("renderers", limefw.Plugin("chord_text", sheet, modality="chord"))
    with pytest.raises(limefw.LimefwError, match="'overlay' is for image, and this is chord: use chord_text, json"):
        found.render("overlay")
    assert found.render("text").data == "do re mi"
    with pytest.raises(limefw.LimefwError, match="'figure' is for image"):
        found.render()


def sheet(_explanation, /):
    """A sheet of music."""
    return limefw.Rendering("do re mi", "text/plain", ".txt")


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint16", "int64", "uint64", ">i4", "float64"])
def test_labels_of_any_type_are_numbered(dtype):
    """Their values sorted, and each pixel's place among them, as np.unique has them; gaps and extremes included."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 2 if dtype == "bool" else 100, (30, 40)).astype(dtype)
    maps = [drawn, drawn[::-1, ::2], np.sort(drawn), np.zeros((2, 3), dtype)]
    if np.dtype(dtype).kind in "iu":
        ends = np.iinfo(dtype)
        maps += [np.array([[ends.max, ends.min], [0, ends.max]], dtype), np.arange(ends.max - 5, ends.max, dtype=dtype)]
    for labels in maps:
        values, places = numbered(labels)
        expected = np.unique(labels, return_inverse=True)
        np.testing.assert_array_equal(values, expected[0])
        np.testing.assert_array_equal(places, expected[1].reshape(labels.shape))
        assert places.dtype == np.intp
        assert not np.shares_memory(places, labels)
