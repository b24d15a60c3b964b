"""Recipes: inherited, overridden, checked in one go, written out and read back."""

from __future__ import annotations  # every annotation here is a string: plug-ins may do so too

import functools
import json
import math
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pytest
from annotated_types import Ge, Gt, doc
from hypothesis import given, settings
from hypothesis import strategies as st

import limefw
from limefw.cli.plugins import parameters
from limefw.cli.recipe_forms import parse_override, schema, toml
from limefw.discovery import Registry
from limefw.errors import BrokenPluginError, RecipeError, UnknownPluginError
from limefw.recipe import STAGES, Recipe, build, merge
from limefw.stage import Plugin, Stage, problems_of, settled
from limefw.types import Segments


if TYPE_CHECKING:
    import no_such_library


REGISTRY = limefw.registry()
By = Literal["rows", "columns"]


def registry_of(**calls):
    """Return a registry with limefw's plug-ins and some more segmenters."""

    def limefw_segmenters():
        for name, call in calls.items():
            yield Plugin(name.replace("_", "-"), call, modality="image")

    return Registry(modules=[(SimpleNamespace(limefw_segmenters=limefw.hookimpl(limefw_segmenters)), "acme")])


def problems(source, registry=REGISTRY, **overrides):
    """Return the faults of a recipe."""
    with pytest.raises(RecipeError) as caught:
        build(source, registry=registry, overrides=overrides)
    assert caught.value.problems
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def params(source, key="segmenter", registry=REGISTRY, **overrides):
    """Return a stage's settled parameters."""
    return dict(build(source, registry=registry, overrides=overrides).stages[key].params)


def write(folder, name, text):
    """Write a file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --- inheriting


def test_what_a_recipe_does_not_say_comes_from_lime():
    """A mapping, a file and a parent are all complete by themselves: the rest is the recipe `lime`."""
    recipe = build({"samples": 50}, registry=REGISTRY)
    lime = build("lime", registry=REGISTRY)
    assert recipe.samples == 50
    assert {key: stage.to_mapping() for key, stage in recipe.stages.items()} == {
        key: stage.to_mapping() for key, stage in lime.stages.items()
    }


def test_a_parent_that_says_little_still_stands_on_lime(tmp_path):
    """A file means the same whether it is used by itself or extended by another."""
    write(tmp_path, "base.toml", "samples = 40\nsegmenter = { use = 'grid', rows = 3 }")
    child = write(tmp_path, "child.toml", 'extends = "base.toml"\nseed = 7')
    recipe = build(child, registry=REGISTRY)
    assert (recipe.samples, recipe.seed) == (40, 7)
    rest = {"target_segments": None, "region": None}
    assert recipe.stages["segmenter"].params == {"rows": 3, "columns": 7, **rest}
    assert recipe.stages["surrogate"].to_mapping() == {"use": "ridge", "alpha": 0.001, "scale": "weights"}


def test_parameters_of_one_plugin_are_inherited_one_by_one(tmp_path):
    """As long as the plug-in stays the same, a child changes only the parameters that it names."""
    write(tmp_path, "a.toml", "segmenter = { use = 'slic', n_segments = 80, compactness = 5.0 }")
    path = write(tmp_path, "b.toml", 'extends = "a.toml"\nsegmenter = { compactness = 9.0 }')
    found = params(path)
    assert (found["n_segments"], found["compactness"], found["sigma"]) == (80, 9.0, 1.0)
    same = write(tmp_path, "c.toml", 'extends = "a.toml"\nsegmenter = { use = "slic", sigma = 0 }')
    assert (params(same)["n_segments"], params(same)["sigma"]) == (80, 0.0)


@pytest.mark.parametrize("given_", ["grid", {"use": "grid"}, {"use": "grid", "rows": 2}])
def test_changing_use_drops_the_old_plugin_s_parameters(tmp_path, given_):
    """Another plug-in starts from its own defaults, never from its predecessor's parameters."""
    path = write(tmp_path, "a.toml", "segmenter = { use = 'slic', n_segments = 80 }")
    assert set(params(path, segmenter=given_)) == {"rows", "columns", "target_segments", "region"}
    assert params({"extends": str(path), "segmenter": given_})["columns"] == 7


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_files_of_every_format_say_the_same(tmp_path, suffix):
    """TOML and JSON hold the same recipe, with or without a byte order mark."""
    text = {
        "toml": 'samples = 30\nlabels = ["cat", 2]\nsegmenter = { use = "slic", n_segments = 9 }',
        "json": '{"samples": 30, "labels": ["cat", 2], "segmenter": {"use": "slic", "n_segments": 9}}',
    }[suffix]
    for mark in ("", "\ufeff"):
        recipe = build(write(tmp_path, f"r.{suffix}", mark + text), registry=REGISTRY)
        assert (recipe.samples, recipe.labels) == (30, ("cat", 2))
        assert recipe.stages["segmenter"].params["n_segments"] == 9


def test_yaml_without_its_library_says_how_to_get_it(tmp_path, monkeypatch):
    """A YAML recipe without PyYAML is refused with the pip line, not with an ImportError."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    text = problems(write(tmp_path, "r.yaml", "samples: 30"))[0]
    assert text == "a YAML recipe needs PyYAML, which is not installed. Run: pip install pyyaml"


def test_yaml_with_its_library_is_read_by_the_safe_loader(tmp_path, monkeypatch):
    """A YAML recipe goes through safe_load alone, which builds no objects."""
    fake = SimpleNamespace(safe_load=lambda text: {"samples": int(text.split()[1])}, YAMLError=RuntimeError)
    monkeypatch.setitem(sys.modules, "yaml", fake)
    assert build(write(tmp_path, "r.yml", "samples: 30"), registry=REGISTRY).samples == 30


def test_circular_inheritance_is_told_with_the_way_round(tmp_path):
    """Recipes that extend one another are a fault that names the whole circle."""
    write(tmp_path, "a.toml", 'extends = "b.toml"')
    path = write(tmp_path, "b.toml", 'extends = "a.toml"')
    (text,) = problems(path)
    assert "[extends]: goes round in a circle: " in text
    assert text.count("b.toml") == 2
    (own,) = problems(write(tmp_path, "self.toml", 'extends = "self.toml"'))
    assert "goes round in a circle" in own


def test_two_files_of_one_name_in_two_folders_are_no_circle(tmp_path):
    """What goes round is judged by files, not by what they are called."""
    (tmp_path / "sub" / "sub").mkdir(parents=True)
    top = write(tmp_path, "r.toml", 'extends = "sub/r.toml"')
    write(tmp_path / "sub", "r.toml", 'extends = "sub/r.toml"')
    write(tmp_path / "sub" / "sub", "r.toml", "samples = 33")
    assert build(top, registry=REGISTRY).samples == 33


def test_a_recipe_of_a_bare_registry_must_say_every_stage():
    """Without the recipe `lime` to stand on, each stage that is missing is a fault of its own."""
    texts = problems({"samples": 5}, Registry(installed=False))
    assert "[segmenter]: must be said, as this recipe extends none that does" in texts
    assert len(texts) == 7


# --- faults


def test_all_faults_are_told_at_once_each_with_file_and_key(tmp_path):
    """One reading lists every fault, each with the file and key where it was written."""
    parent = write(
        tmp_path, "parent.toml", "sample = 10\nsegmenter = { use = 'slic', n_segmets = 80, compactness = 'x' }"
    )
    child = write(
        tmp_path,
        "child.toml",
        'extends = "parent.toml"\nsamples = "many"\nseed = -1\nlabels = []\nsegmenter = { sigma = -1 }\n'
        "filler = 'mean_colour'\nsurrogate = { use = 'ridge', alpha = true }\nrenderers = 'html'\nkernel = 3\n",
    )
    texts = problems(child)
    for expected in (
        f"{parent} [sample]: is not a setting. Did you mean 'samples'?",
        f"{parent} [segmenter]: segmenter 'slic': 'n_segmets' is not a parameter. Did you mean 'n_segments'?",
        f"{parent} [segmenter]: segmenter 'slic': 'compactness' must be a valid number, got 'x'",
        f"{child} [segmenter]: segmenter 'slic': 'sigma' must be greater than or equal to 0, got -1",
        f"{child} [samples]: must be a whole number of at least 2 or 'auto', got 'many'",
        f"{child} [seed]: must be a whole number of at least 0, got -1",
        f'{child} [labels]: must be class indices, class names or "top:3", got []',
        "no filler named 'mean_colour'. Did you mean 'mean_color'? Installed: ",
        f"({child} [filler] use)",
        f"{child} [surrogate]: surrogate 'ridge': 'alpha' must be a valid number, got True",
        f"{child} [renderers]: must be a list, got 'html'",
        f'{child} [kernel]: must be a name, or a table that has `use = "..."` (one of cosine_exponential',
    ):
        assert any(expected in text for text in texts), expected
    assert len(texts) == 11
    assert not any("http" in text for text in texts), "pydantic's own sentences end in a link"


@pytest.mark.parametrize(
    ("key", "hint"), [("segmentr", "segmenter"), ("Labels", "labels"), ("renderer", "renderers"), ("extend", "extends")]
)
def test_a_misspelt_setting_gets_a_suggestion(key, hint):
    """A top-level key that is not a setting names the nearest and all there are."""
    (text,) = problems({key: "x"})
    assert text.startswith(f"[{key}]: is not a setting. Did you mean '{hint}'? There are: extends, samples")


def test_a_misspelt_plugin_is_an_unknown_plugin_error():
    """A name that no plug-in has can be told from other faults by its type."""
    with pytest.raises(UnknownPluginError, match=r"no segmenter named 'slick'\. Did you mean 'slic'\?.*use\)"):
        build({"segmenter": "slick"}, registry=REGISTRY)
    with pytest.raises(UnknownPluginError, match=r"no renderer named 'nothing'"):
        build({"renderers": [{"use": "nothing"}]}, registry=REGISTRY)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"use": "slic", "n_segments": "80"}, "'n_segments' must be a valid integer, got '80'"),
        ({"use": "slic", "n_segments": True}, "'n_segments' must be a valid integer, got True"),
        ({"use": "slic", "n_segments": 80.0}, "'n_segments' must be a valid integer, got 80.0"),
        ({"use": "slic", "n_segments": 80.5}, "'n_segments' must be a valid integer, got 80.5"),
        ({"use": "slic", "n_segments": None}, "'n_segments' must be a valid integer, got None"),
        ({"use": "slic", "n_segments": 1}, "'n_segments' must be greater than or equal to 2, got 1"),
        ({"use": "slic", "compactness": 0}, "'compactness' must be greater than 0, got 0"),
        ({"use": "slic", "compactness": math.nan}, "'compactness' must be a finite number, got nan"),
        ({"use": "slic", "compactness": math.inf}, "'compactness' must be a finite number, got inf"),
        ({"use": "slic", "compactness": "wide"}, "'compactness' must be a valid number, got 'wide'"),
        ({"use": "slic", "compactness": b"1"}, "holds something that no recipe file could: Object of type bytes"),
        ({"use": "slic", "compactness": "\ud800"}, "holds something that no recipe file could: "),
        ({"use": "slic", 3: 4}, "'3' is not a parameter. It takes: n_segments, "),
        ({"use": "quickshift", "tie_seed": "some"}, "'tie_seed' must be a valid integer, got 'some'"),
        ({"use": "slic", "n_segment": 1, "n_segments": 0}, "'n_segment' is not a parameter. Did you mean 'n_segments'"),
    ],
)  # fmt: skip
def test_ill_typed_parameters_are_refused_in_our_words(value, sentence):
    """A parameter of another type, or out of its range, is refused and never converted."""
    assert any(sentence in text for text in problems({"segmenter": value}))


def test_a_switch_takes_no_number_and_a_choice_lists_its_words():
    """1 is no boolean; a word that is none of a choice's is told which there are."""
    (text,) = problems({"sampler": {"use": "bernoulli", "enumerate_small": 1}})
    assert text == "[sampler]: sampler 'bernoulli': 'enumerate_small' must be a valid boolean, got 1"
    (text,) = problems({"surrogate": {"use": "ridge", "scale": "wieghts"}})
    assert "'scale' must be 'absolute' or 'weights', got 'wieghts'" in text


def test_a_parameter_of_several_types_is_one_fault():
    """A parameter that may be one thing or another gives one sentence with both."""
    (text,) = problems({"filler": {"use": "constant", "value": "red"}})
    assert "'value' must be a valid number or a list, got 'red'" in text


def test_whole_numbers_serve_where_decimals_are_wanted():
    """1 is a fine 1.0, and is written out as such."""
    found = params({"segmenter": {"use": "slic", "compactness": 3}})["compactness"]
    assert (found, type(found)) == (3.0, float)


@pytest.mark.parametrize(
    "labels", [True, 1.5, None, {"a": 1}, [], [None], [1, 2.0], b"ab", [[1]], np.array([0.5]), {1, 2}]
)
def test_labels_that_are_no_labels_are_refused(labels):
    """Labels are class indices, class names or "top:k"; nothing else."""
    assert "must be class indices, class names" in problems({"labels": labels})[0]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (3, (3,)),
        ("cat", ("cat",)),
        ([1, "top:2"], (1, "top:2")),
        (np.int64(3), (3,)),
        (np.array([1, 2]), (1, 2)),
        ((np.int32(1), "b"), (1, "b")),
        (range(2), (0, 1)),
        (np.str_("cat"), ("cat",)),
    ],
)
def test_labels_may_come_from_numpy(labels, expected):
    """What argmax and argsort return is a label, and is kept as a plain number."""
    found = build({"labels": labels, "samples": np.int64(7), "seed": np.uint8(3)}, registry=REGISTRY)
    assert found.labels == expected
    assert all(type(label) in (int, str) for label in found.labels)
    assert (found.samples, found.seed) == (7, 3)
    json.dumps(found.to_mapping())


@pytest.mark.parametrize("samples", [1, 0, -5, 10.0, "10", True, None, [10]])
def test_samples_are_a_whole_number_of_at_least_two(samples):
    """The instance counts as a sample, and an explanation compares at least one more with it."""
    assert problems({"samples": samples})[0].startswith(
        "[samples]: must be a whole number of at least 2 or 'auto', got "
    )


@pytest.mark.parametrize("key", ["reader", "model", "method"])
def test_auto_takes_no_parameters(key):
    """What limefw shall choose by itself cannot be given parameters."""
    (text,) = problems({key: {"use": "auto", "n": 3}})
    assert text == f'[{key}]: `use = "auto"` takes no parameters; name the plug-in to set n'
    assert "no segmenter named 'auto'" in problems({"segmenter": "auto"})[0]


def test_a_missing_recipe_is_told_with_a_suggestion(tmp_path):
    """A name or file that is not there says which recipes are installed."""
    (text,) = problems("limee")
    assert text.startswith("no recipe named 'limee' and no recipe file of that name. Did you mean 'lime'? Installed: ")
    (text,) = problems(tmp_path / "absent.toml")
    assert "absent.toml' and no recipe file of that name" in text
    (text,) = problems({"extends": "absent.toml"})
    assert text.startswith("[extends]: no recipe named 'absent.toml'")
    child = write(tmp_path, "child.toml", 'extends = "nothing"')
    assert problems(child)[0].startswith(f"{child} [extends]: no recipe named 'nothing'")
    assert "must be the name of a recipe, got 3" in problems({"extends": 3})[0]


@pytest.mark.parametrize("source", [5, None, b"lime", ["lime"], object(), "x" * 5000, "nul\0byte", "", "."])
def test_what_cannot_name_a_recipe_is_refused(source):
    """Anything but a name, a file, a mapping or a recipe is told so; an odd name never escapes as a system error."""
    assert problems(source)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("r.toml", "samples = ", "cannot be read as TOML"),
        ("r.toml", "a = " + "[" * 3000, "cannot be read as TOML"),
        ("r.json", "{", "cannot be read as JSON"),
        ("r.json", "[" * 100_000, "cannot be read as JSON"),
        ("r.json", "[1, 2]", "holds list, expected a table of settings"),
        ("r.cfg", "samples = 3", "is no recipe file: its name must end in .toml, .json"),
    ],
)
def test_a_file_that_is_no_recipe_is_told_by_name(tmp_path, name, text, message):
    """A file that cannot be read is a fault with its path, whatever is in it."""
    path = write(tmp_path, name, text)
    (found,) = problems(path)
    assert str(path) in found
    assert message in found


def test_bytes_that_are_no_text_are_told(tmp_path):
    """A file in another encoding is a fault of the recipe, not a UnicodeDecodeError."""
    path = tmp_path / "r.toml"
    path.write_bytes(b"labels = '\xff\xfe'")
    assert "cannot be read as TOML" in problems(path)[0]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["slic", "grid", "lime", "auto", "ridge", "none", "top:2", b"", math.inf, object()]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=4) | st.sampled_from(["use", "n_segments", "rows", "alpha", "value"]) | st.integers(),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
KEY = st.sampled_from(["extends", "samples", "seed", "labels", "renderers", *STAGES]) | st.text(max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEY, JSON, max_size=5), st.dictionaries(KEY, JSON, max_size=3))
def test_no_mapping_raises_anything_but_a_recipe_error(mapping, overrides):
    """Whatever a mapping holds, it is a recipe or a RecipeError; and what is a recipe can be written and read back."""
    try:
        recipe = build(mapping, registry=REGISTRY, overrides=overrides)
    except RecipeError:
        return
    assert build(json.loads(json.dumps(recipe.to_mapping())), registry=REGISTRY).to_mapping() == recipe.to_mapping()
    try:
        text = toml(recipe)
        tomllib.loads(text)
        text.encode()
    except UnicodeEncodeError:
        return  # a label of half a surrogate pair has no form in any file
    assert build(tomllib.loads(text), registry=REGISTRY).to_mapping() == recipe.to_mapping()


def test_values_that_hold_themselves_are_refused():
    """A list inside itself, as a YAML anchor can make one, is a fault and no endless loop."""
    endless: list[Any] = []
    endless.append(endless)
    assert "holds something that no recipe file could" in problems({"filler": {"use": "constant", "value": endless}})[0]
    assert problems({"labels": endless, "samples": endless})


# --- overriding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("segmenter.n_segments=80", {"segmenter": {"n_segments": 80}}),
        ("segmenter = slic", {"segmenter": "slic"}),
        ("samples=100", {"samples": 100}),
        ('labels=["cat", 3]', {"labels": ["cat", 3]}),
        ("labels=top:3", {"labels": "top:3"}),
        ("filler.value=[0.5, 1.0, 0]", {"filler": {"value": [0.5, 1.0, 0]}}),
        ("sampler.enumerate_small=false", {"sampler": {"enumerate_small": False}}),
        ("segmenter={ use = 'grid', rows = 2 }", {"segmenter": {"use": "grid", "rows": 2}}),
        ("surrogate.alpha=1e-3", {"surrogate": {"alpha": 0.001}}),
        ("segmenter.tie_seed=none", {"segmenter": {"tie_seed": "none"}}),
        ("labels=a=b", {"labels": "a=b"}),
        ("labels=", {"labels": ""}),
        ("labels=1\nseed=2", {"labels": "1\nseed=2"}),
        ("labels=" + "[" * 3000, {"labels": "[" * 3000}),
    ],
)
def test_an_override_is_a_toml_value_or_bare_words(text, expected):
    """`--set` takes `setting=value` and `setting.parameter=value`, with TOML's types where the value is TOML."""
    assert parse_override(text) == expected


@pytest.mark.parametrize("text", ["samples", "=3", "a.b.c=3", ".a=3", "a.=3", ""])
def test_an_override_of_another_form_is_refused(text):
    """What is not `setting=value` says what would be."""
    with pytest.raises(RecipeError, match=r"is not of the form setting=value or setting\.parameter=value"):
        parse_override(text)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["segmenter=slic", "segmenter.sigma=0"], {"segmenter": {"use": "slic", "sigma": 0}}),
        (["segmenter.sigma=0", "segmenter=slic"], {"segmenter": {"sigma": 0, "use": "slic"}}),
        (["segmenter.sigma=0", "segmenter.n_segments=9"], {"segmenter": {"sigma": 0, "n_segments": 9}}),
        (["segmenter=slic", "segmenter.sigma=0", "segmenter=grid"], {"segmenter": "grid"}),
        (["samples=1", "samples=2"], {"samples": 2}),
        (["labels=a", "labels.b=3"], {"labels": {"b": 3}}),
    ],
)
def test_overrides_of_one_stage_meet_in_one_table(texts, expected):
    """A plug-in's name and its parameters may be set one by one, in any order; another name starts afresh."""
    assert functools.reduce(merge, map(parse_override, texts), {}) == expected


def test_overrides_go_on_top_of_the_recipe():
    """An override changes what it names and leaves the rest, and its faults have no file."""
    assert params({"segmenter": {"use": "slic", "sigma": 0}}, segmenter={"n_segments": 9})["sigma"] == 0.0
    assert problems("lime", surrogate={"alpha": -1}) == [
        "[surrogate]: surrogate 'ridge': 'alpha' must be greater than or equal to 0, got -1"
    ]


def test_none_can_be_said_where_there_is_no_null():
    """TOML and the command line say "none" for None, where a parameter may be None and is no text."""
    assert params({"segmenter": {"use": "quickshift", "tie_seed": "none"}})["tie_seed"] is None
    assert params("lime", **parse_override("segmenter.tie_seed=none"))["tie_seed"] is None


def test_none_stays_a_word_where_a_parameter_takes_words():
    """A parameter that may hold text keeps "none" as the text that it is."""

    def cut(image, rng, /, *, mark: str | None = "x", mode: Literal["none", "all"] | None = "all"): ...

    registry = registry_of(cut=cut)
    assert params({"segmenter": {"use": "cut", "mark": "none", "mode": "none"}}, registry=registry) == {
        "mark": "none",
        "mode": "none",
    }


# --- the filled-in form


def picture():
    """Return a small photograph."""
    return np.random.default_rng(5).integers(0, 256, (24, 24, 3), dtype=np.uint8)


def brightness(batch):
    """Return two classes by brightness."""
    light = batch.mean(axis=(1, 2, 3)) / 255
    return np.stack([light, 1 - light], axis=1)


@pytest.mark.parametrize("name", sorted(REGISTRY.recipes()))
def test_every_shipped_recipe_reads_back_from_its_filled_in_form(name):
    """The form with every default written out is the same recipe, as a mapping, as JSON and as TOML."""
    recipe = build(name, registry=REGISTRY)
    form = recipe.to_mapping()
    assert form["reader"] == {"use": "auto"}
    assert build(form, registry=REGISTRY) == recipe
    assert build(json.loads(json.dumps(form)), registry=REGISTRY) == recipe
    assert build(tomllib.loads(toml(recipe)), registry=REGISTRY) == recipe


def test_the_filled_in_form_gives_the_same_explanation(tmp_path):
    """A recipe written out, whose defaults may change one day, explains to the last bit the same."""
    source = {
        "samples": 60, "seed": 3, "labels": [1, 0], "segmenter": {"use": "grid", "rows": 3, "columns": 3},
        "sampler": {"use": "bernoulli", "keep": 0.7}, "filler": {"use": "constant", "value": [0.1, 0.2, 1]},
    }  # fmt: skip
    first = limefw.explain(picture(), brightness, recipe=source)
    (tmp_path / "full.toml").write_text(toml(build(source, registry=REGISTRY)))
    (tmp_path / "full.json").write_text(json.dumps(first.provenance["recipe"]))
    for again in ("full.toml", "full.json"):
        second = limefw.explain(picture(), brightness, recipe=tmp_path / again)
        assert second.labels == first.labels == (1, 0)
        for label in first.labels:
            assert second.fits[label].effects.tobytes() == first.fits[label].effects.tobytes()
        assert second.provenance["recipe"] == first.provenance["recipe"]


def test_none_survives_the_way_through_toml():
    """A parameter set to None, against a default that is not, is None when read back."""
    recipe = build({"segmenter": {"use": "quickshift", "tie_seed": None}}, registry=REGISTRY)
    assert build(tomllib.loads(toml(recipe)), registry=REGISTRY) == recipe


@pytest.mark.parametrize("label", ["😀", "a\x7fb", 'quote " and \\', "new\nline\ttab", "Ägypten", "\u2028", "'"])
def test_every_class_name_survives_the_way_through_toml(label):
    """Names of any script and sign are written so that TOML reads them back."""
    recipe = build({"labels": [label, 3]}, registry=REGISTRY)
    assert tomllib.loads(toml(recipe))["labels"] == [label, 3]


def test_tables_and_odd_names_survive_the_way_through_toml():
    """A parameter that is a table may have keys of any text, and a parameter any identifier."""

    def cut(image, rng, /, *, sizes: dict[str, float] = {}, few: list[bool] = [True]): ...  # noqa: B006

    registry = registry_of(cut=cut)
    value = {"use": "cut", "sizes": {"a b": 1e-9, "ü": 1e300, "": 0.1}, "few": [False, True]}
    recipe = build({"segmenter": value}, registry=registry)
    assert build(tomllib.loads(toml(recipe)), registry=registry) == recipe
    assert recipe.to_mapping()["segmenter"] == value


def test_renderers_are_written_one_by_one():
    """A list of renderers is read back in its order, each with its parameters."""

    def limefw_renderers():
        yield Plugin("draw", lambda explanation, /: None)
        yield Plugin("note", noted)

    registry = Registry(modules=[(SimpleNamespace(limefw_renderers=limefw.hookimpl(limefw_renderers)), "acme")])
    recipe = build({"renderers": ["note", {"use": "note", "size": None}, "draw"]}, registry=registry)
    assert [stage.to_mapping() for stage in recipe.renderers] == [
        {"use": "note", "size": 3}, {"use": "note", "size": None}, {"use": "draw"},
    ]  # fmt: skip
    assert build(tomllib.loads(toml(recipe)), registry=registry) == recipe
    assert problems({"renderers": ["draw", {"use": "note", "siez": 1}]}, registry) == [
        "[renderers 1]: renderer 'note': 'siez' is not a parameter. Did you mean 'size'? It takes: size."
    ]


def noted(explanation, /, *, size: int | None = 3): ...


def test_what_toml_cannot_say_is_refused():
    """None inside a list has no form in TOML: it is told, not written wrongly."""

    def cut(image, rng, /, *, some: list[int | None] = []): ...  # noqa: B006

    recipe = build({"segmenter": {"use": "cut", "some": [1, None]}}, registry=registry_of(cut=cut))
    with pytest.raises(RecipeError, match="None has no form in TOML: write the recipe as JSON"):
        toml(recipe)


def test_another_seed_is_another_recipe():
    """A seed set on a recipe changes nothing else."""
    recipe = build("lime", registry=REGISTRY)
    other = replace(recipe, seed=9)
    assert (recipe.seed, other.seed, other.stages) == (0, 9, recipe.stages)


# --- functions given in code


def halves(image, rng, /, *, vertical: bool = True):
    """Two halves."""
    row, column = np.indices(image.shape)
    return Segments.from_labels(column * 2 // image.shape[1] if vertical else row * 2 // image.shape[0])


def test_a_function_given_in_code_is_recorded_as_inline():
    """A stage may be a function: it is called as it is, shown as inline, and no file is made of it."""
    explanation = limefw.explain(picture(), brightness, segmenter=halves, samples=8)
    assert explanation.segments.count == 2
    assert explanation.provenance["recipe"]["segmenter"] == {"use": "inline", "function": "halves"}
    recipe = build("lime", registry=REGISTRY, overrides={"segmenter": halves, "filler": lambda *_: None})
    with pytest.raises(RecipeError) as caught:
        recipe.to_mapping()
    assert sorted(text.split()[0] for text in caught.value.problems) == ["filler", "segmenter"]
    with pytest.raises(RecipeError, match="segmenter is a function given in code"):
        toml(recipe)
    assert str(recipe.stages["segmenter"]) == "segmenter halves()"


@pytest.mark.parametrize("call", [functools.partial(halves, vertical=False), type("Cut", (), {"__call__": halves})()])
def test_a_callable_without_a_name_can_be_a_stage(call):
    """Partials and objects that can be called are named after their type."""
    recipe = build("lime", registry=REGISTRY, overrides={"segmenter": call})
    assert recipe.stages["segmenter"].name == type(call).__name__


def test_a_recipe_takes_overrides_and_keeps_its_functions():
    """Changing one thing of a recipe leaves its other stages alone, the functions given in code too."""
    recipe = build("lime", registry=REGISTRY, overrides={"segmenter": halves, "samples": 9})
    assert build(recipe, registry=REGISTRY) is recipe
    other = build(recipe, registry=REGISTRY, overrides={"seed": 5, "surrogate": {"alpha": 2.0}})
    assert isinstance(other, Recipe)
    assert other.stages["segmenter"].plugin.call is halves
    assert (other.samples, other.seed, other.stages["surrogate"].params["alpha"]) == (9, 5, 2.0)
    assert other.stages["surrogate"].params["scale"] == "weights"
    back = build(recipe, registry=REGISTRY, overrides={"segmenter": {"use": "grid", "rows": 2}})
    rest = {"columns": 7, "target_segments": None, "region": None}
    assert back.stages["segmenter"].to_mapping() == {"use": "grid", "rows": 2, **rest}
    assert build(back, registry=REGISTRY, overrides={"segmenter": halves}).stages["segmenter"].inline


def test_parameters_of_a_function_given_in_code_cannot_be_set():
    """Setting a parameter of an inline stage is a fault: it must not silently become another plug-in's."""
    recipe = build("lime", registry=REGISTRY, overrides={"segmenter": halves})
    (text,) = problems(recipe, segmenter={"kernel_size": 3.0})
    assert text.startswith("[segmenter]: halves is a function given in code, which takes no parameters")


def test_a_mapping_in_code_may_hold_a_function_for_a_stage_alone():
    """A function in a mapping is what it is as a keyword; renderers are named, so that provenance can tell them."""
    assert build({"segmenter": halves}, registry=REGISTRY).stages["segmenter"].plugin.call is halves
    (text,) = problems({"segmenter": {"use": halves, "vertical": False}})
    assert text.startswith("[segmenter]: halves is a function given in code, which takes no parameters")
    (text,) = problems({"renderers": [halves]})
    assert text.startswith("[renderers 0]: must be a name, or a table that has `use")


# --- schemas from signatures


def test_parameters_may_be_called_like_pydantic_s_own_methods():
    """`schema`, `copy`, `json` and the like are ordinary names of parameters."""

    def cut(
        image, rng, /, *, schema: int = 1, copy: bool = False, json: str = "a", model_config: float = 2.0,
        dict: int = 3, validate: int = 4, self: int = 5,  # noqa: A002
    ): ...  # fmt: skip

    given_ = {"schema": 7, "copy": True, "json": "b", "model_config": 1.5, "dict": 8, "validate": 9, "self": 0}
    registry = registry_of(cut=cut)
    assert params({"segmenter": {"use": "cut", **given_}}, registry=registry) == given_
    assert (
        "must be a valid integer" in problems({"segmenter": {"use": "cut", "copy": True, "schema": "x"}}, registry)[0]
    )


def test_the_annotation_of_a_data_argument_is_never_evaluated():
    """A plug-in may annotate its data with a library that is not installed."""

    def cut(image: no_such_library.Tensor, rng: no_such_library.Rng, /, *, count: Annotated[int, Ge(2)] = 3) -> 1 / 0:
        """Cut."""

    registry = registry_of(cut=cut)
    assert params({"segmenter": "cut"}, registry=registry) == {"count": 3}
    assert problems({"segmenter": {"use": "cut", "count": 1}}, registry)
    (found,) = parameters(registry.get("segmenters", "cut"))
    assert (found.name, found.default, found.required, found.type, found.range) == (
        "count", 3, False, "integer", ">= 2",
    )  # fmt: skip


def wrapped(call):
    """Return `call` decorated by a function of another module's scope."""
    return functools.wraps(call)(eval("lambda *data, **params: None", {"__name__": "elsewhere"}))


def module_level(image, rng, /, *, size: Annotated[float, Gt(0)] | None = None): ...


class Cutter:
    def __call__(self, image, rng, /, *, size: Annotated[float, Gt(0)] | None = None): ...


@pytest.mark.parametrize("call", [module_level, wrapped(module_level), functools.partial(module_level), Cutter()])
def test_string_annotations_are_evaluated_where_they_were_written(call):
    """Under `from __future__ import annotations` names are looked up in the plug-in's own module, wrapped or not."""
    plugin = Plugin("cut", call)
    assert settled(plugin, {"size": 2}) == {"size": 2.0}
    assert problems_of(plugin, {"size": -1}) == [("size", "'size' must be greater than 0, got -1")]


def test_a_fault_tells_what_the_parameter_is_and_the_nearest_choice():
    """Where its annotation documents it, and where it is one of several words."""

    def cut(image, rng, /, *, size: Annotated[tuple[int, int] | None, doc("as [8, 8]")] = None, by: By = "rows"): ...

    plugin = Plugin("cut", cut)
    assert problems_of(plugin, {"size": 64}) == [("size", "'size' must be a list, got 64. It is as [8, 8]")]
    faults = problems_of(plugin, {"by": "colums"})
    assert faults == [("by", "'by' must be 'rows' or 'columns', got 'colums'. Did you mean 'columns'?")]
    assert problems_of(plugin, {"by": 7}) == [("by", "'by' must be 'rows' or 'columns', got 7")]


@pytest.mark.parametrize("size", [64, "64x64", [64, 64, 3], [64], [0, 3]])
def test_a_models_size_is_told_by_an_example(size):
    ((_, told),) = problems_of(REGISTRY.get("models", "torch"), {"size": size})
    assert told.endswith(". It is height and width, as [224, 224]")


def test_a_module_that_is_not_registered_can_hold_plugins(tmp_path):
    """Annotations of code that was run without an entry in sys.modules are evaluated all the same."""
    scope: dict[str, Any] = {"__name__": "never_imported"}
    exec("from __future__ import annotations\nMany = list[int]\ndef cut(i, r, /, *, n: Many = [1]): ...", scope)
    assert settled(Plugin("cut", scope["cut"]), {"n": [2]}) == {"n": [2]}


def names_nothing(image, rng, /, *, size: NoSuchType = 1): ...  # noqa: F821


def holds_arrays(image, rng, /, *, size: Segments = None): ...


def holds_bytes(image, rng, /, *, size: type(lambda: 1) = None): ...


@pytest.mark.parametrize("call", [names_nothing, holds_arrays, holds_bytes])
def test_a_plugin_without_a_possible_schema_breaks_nothing_else(call):
    """A parameter whose type cannot be evaluated or held by a recipe is told to whoever names that plug-in alone."""
    registry = registry_of(bad=call)
    (text,) = problems({"segmenter": {"use": "bad", "size": 1}}, registry)
    assert text.startswith("[segmenter]: ")
    assert build("lime", registry=registry).samples == 1000
    assert "grid" in str(schema(registry)["properties"]["segmenter"])
    assert "bad" not in str(schema(registry)["properties"]["segmenter"])
    with pytest.raises(BrokenPluginError, match="'bad'"):
        parameters(registry.get("segmenters", "bad"))


def test_a_required_parameter_must_be_given():
    """A keyword-only parameter without a default is asked for by name."""

    def cut(image, rng, /, *, count: int): ...

    registry = registry_of(cut=cut)
    assert problems({"segmenter": "cut"}, registry) == ["[segmenter]: segmenter 'cut': 'count' must be given"]
    assert params({"segmenter": {"use": "cut", "count": 4}}, registry=registry) == {"count": 4}


def test_trust_is_never_a_recipe_s_to_give():
    """`trust` is the caller's own word: a recipe that says it is refused."""

    def loader(source, /, *, trust: bool = False, size: int = 3): ...

    plugin = Plugin("loader", loader)
    assert settled(plugin, {}) == {"size": 3}
    assert problems_of(plugin, {"trust": True})[0][1].startswith("'trust' is not a parameter.")


def test_a_stage_is_printed_with_its_parameters():
    """Errors name a stage by kind, plug-in and every parameter."""
    stage = Stage("segmenters", Plugin("cut", module_level), {"size": 2.0})
    assert str(stage) == "segmenter cut(size=2.0)"
    assert stage.to_mapping() == {"use": "cut", "size": 2.0}


# --- the JSON schema


def accepts(value, rule, root):
    """Say whether a JSON schema (of the words that ours uses) accepts a value."""
    if "$ref" in rule:
        return accepts(value, functools.reduce(lambda at, key: at[key], rule["$ref"][2:].split("/"), root), root)
    types = {
        "object": lambda v: isinstance(v, dict),
        "array": lambda v: isinstance(v, list),
        "string": lambda v: isinstance(v, str),
        "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
        "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
        "boolean": lambda v: isinstance(v, bool),
        "null": lambda v: v is None,
    }
    checks = {
        "type": lambda word: types[word](value),
        "enum": lambda words: value in words,
        "const": lambda word: value == word,
        "anyOf": lambda options: any(accepts(value, option, root) for option in options),
        "not": lambda inner: not accepts(value, inner, root),
        "minimum": lambda limit: value >= limit,
        "maximum": lambda limit: value <= limit,
        "exclusiveMinimum": lambda limit: value > limit,
        "exclusiveMaximum": lambda limit: value < limit,
        "minItems": lambda limit: len(value) >= limit,
        "maxItems": lambda limit: len(value) <= limit,
        "items": lambda inner: all(accepts(item, inner, root) for item in value[len(rule.get("prefixItems", ())) :]),
        "prefixItems": lambda inner: all(accepts(item, one, root) for item, one in zip(value, inner, strict=False)),
        "required": lambda keys: all(key in value for key in keys),
        "properties": lambda inner: all(accepts(value[key], inner[key], root) for key in value if key in inner),
        "additionalProperties": lambda inner: (
            all(key in rule.get("properties", {}) for key in value)
            if inner is False
            else all(accepts(item, inner, root) for key, item in value.items() if key not in rule.get("properties", {}))
        ),
    }
    notes = {"$schema", "$defs", "title", "description", "default"}
    assert set(rule) <= set(checks) | notes, f"this test knows nothing of {set(rule) - set(checks) - notes}"
    order = sorted(rule, key=lambda word: word != "type")
    return all(checks[word](rule[word]) for word in order if word in checks)


def rules_of(registry):
    """Return a registry's schema, and jsonschema's judge of it where that is installed."""
    rule = json.loads(json.dumps(schema(registry)))
    try:
        import jsonschema
    except ImportError:
        return rule, None
    jsonschema.Draft202012Validator.check_schema(rule)
    return rule, jsonschema.Draft202012Validator(rule)


SHIPPED = functools.cache(lambda: rules_of(REGISTRY))
"""Made once, as it is asked some hundred times."""


def valid(value, registry=REGISTRY):
    """Say whether the schema of a registry accepts a recipe; by jsonschema too where it is installed."""
    rule, judge = SHIPPED() if registry is REGISTRY else rules_of(registry)
    found = accepts(value, rule, rule)
    assert judge is None or judge.is_valid(value) == found
    return found


@pytest.mark.parametrize("name", sorted(REGISTRY.recipes()))
def test_the_schema_accepts_every_shipped_recipe(name):
    """An editor with the schema marks nothing in a shipped recipe, as it is written or filled in."""
    assert valid(tomllib.loads(Path(REGISTRY.recipe(name)).read_text()))
    recipe = build(name, registry=REGISTRY)
    assert valid(json.loads(json.dumps(recipe.to_mapping())))
    assert valid(tomllib.loads(toml(recipe)))


OWN_PARAMS = {
    "images": {"paths": ["other.png"]},
    "labels": {"path": "map.png"},
    "series_background": {"path": "others.npy"},
    "tokens": {"file": "tokenizer.json"},
    "keras_applications": {"name": "MobileNet"},
    "timm": {"name": "resnet18"},
    "torchvision": {"name": "resnet18"},
}
"""What has no default: files and networks of the user's own choice."""


def test_the_schema_accepts_every_plugin_with_its_defaults():
    """Every plug-in's own defaults are valid by its schema, and by the schema of a recipe."""
    for key, kind in STAGES.items():
        for name in REGISTRY.names(kind):
            plugin = REGISTRY.get(kind, name)
            value = Stage(kind, plugin, settled(plugin, OWN_PARAMS.get(name, {}))).to_mapping()
            assert problems_of(plugin, {key: item for key, item in value.items() if key != "use"}) == []
            assert valid({key: value}), (kind, name)
            assert name in OWN_PARAMS or valid({key: name})


@pytest.mark.parametrize(
    "wrong",
    [
        {"sampels": 10},
        {"samples": 1},
        {"samples": "10"},
        {"seed": -1},
        {"labels": []},
        {"labels": 1.5},
        {"segmenter": "slick"},
        {"segmenter": "auto"},
        {"segmenter": {"use": "slick"}},
        {"segmenter": {"use": "slic", "n_segmets": 8}},
        {"segmenter": {"use": "slic", "n_segments": 1}},
        {"segmenter": {"use": "slic", "n_segments": "8"}},
        {"segmenter": {"use": "grid", "n_segments": 8}},
        {"segmenter": {"use": "quickshift", "tie_seed": "some"}},
        {"reader": {"use": "auto", "n": 1}},
        {"surrogate": {"use": "ridge", "scale": "wieghts"}},
        {"sampler": {"use": "bernoulli", "enumerate_small": 1}},
        {"renderers": "html"},
        {"renderers": ["no-such-renderer"]},
    ],
)
def test_the_schema_rejects_what_reading_rejects(wrong):
    """A typo is marked in the editor already."""
    assert not valid(wrong)
    assert problems(wrong)


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"extends": "lime", "samples": 2, "seed": 0, "labels": 3},
        {"labels": ["cat", 3, "top:2"]},
        {"segmenter": {"use": "slic", "n_segments": 80, "compactness": 3}},
        {"surrogate": {"alpha": 2}},
        {"segmenter": {"use": "quickshift", "tie_seed": "none"}},
        {"reader": "auto", "model": {"use": "auto"}, "method": "auto"},
        {"filler": {"use": "constant", "value": [0.1, 1]}},
        {"renderers": []},
    ],
)
def test_the_schema_accepts_what_reading_accepts(right):
    """What limefw reads, the schema does not mark."""
    assert valid(right)
    assert build(right, registry=REGISTRY)


def test_the_schema_keeps_a_plugin_s_own_definitions_apart():
    """Parameters of named types refer to definitions that are in the schema, one for each plug-in."""
    from typing_extensions import TypedDict

    low = TypedDict("Size", {"height": Annotated[int, Ge(1)]})  # noqa: UP013
    high = TypedDict("Size", {"height": Annotated[int, Ge(9)]})  # noqa: UP013

    def small(image, rng, /, *, size=None): ...

    def large(image, rng, /, *, size=None): ...

    small.__annotations__["size"], large.__annotations__["size"] = low, high
    registry = registry_of(small=small, large=large)
    assert valid({"segmenter": {"use": "small", "size": {"height": 3}}}, registry)
    assert not valid({"segmenter": {"use": "large", "size": {"height": 3}}}, registry)
    assert valid({"segmenter": {"use": "large", "size": {"height": 9}}}, registry)


def test_the_schema_survives_a_conflict():
    """Two providers of one name leave the schema without that name, and with all others."""

    def cut(image, rng, /): ...

    def limefw_segmenters():
        yield Plugin("grid", cut)

    registry = Registry(modules=[(SimpleNamespace(limefw_segmenters=limefw.hookimpl(limefw_segmenters)), "acme")])
    assert not valid({"segmenter": "grid"}, registry)
    assert valid({"segmenter": "slic"}, registry)
