"""What is compared: files, mappings, lists, grids; and what is refused before the model is asked."""

from pathlib import Path
from typing import Any

import pytest
from three_classes import GRID, Counted, three_classes

import limefw
from limefw.comparison.variants import variants_of
from limefw.errors import InputError, RecipeError


def settled(found: Any, registry: Any = None) -> dict[str, Any]:
    known = registry or limefw.registry()
    return {one.name: one.settled("lime", known, {}) for one in found}


def test_a_grid_is_all_combinations_on_top_of_each_variant() -> None:
    grid = {"segmenter": ["slic", {"use": "grid", "rows": 3}], "surrogate.alpha": [0.0, 1.0], "samples": [50]}
    found = variants_of({"a": "lime", "b": {"extends": "lime", "kernel": "flat"}}, grid, None, {})
    names = [one.name for one in found]
    assert len(names) == 8
    assert names[0] == "a slic alpha=0.0 samples=50"
    recipes = settled(found)
    assert recipes["b grid (rows=3) alpha=1.0 samples=50"].stages["segmenter"].params["rows"] == 3
    assert recipes["b grid (rows=3) alpha=1.0 samples=50"].stages["kernel"].name == "flat"
    assert recipes["b grid (rows=3) alpha=1.0 samples=50"].stages["surrogate"].params["alpha"] == 1.0
    assert all(recipe.samples == 50 for recipe in recipes.values())


def test_a_file_has_common_settings_and_variants_that_stand_on_each_other(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('extends = "lime"\nkernel = "flat"\n')
    path = tmp_path / "variants.toml"
    path.write_text(
        'extends = "fast"\nsamples = 77\n'
        "[variants.plain]\n"
        '[variants.cut]\nsegmenter = { use = "grid", rows = 4 }\n'
        '[variants.finer]\nextends = "cut"\nsegmenter.rows = 9\n'
        '[variants.lime]\nextends = "lime"\nsamples = 99\n'
        '[variants.beside]\nextends = "own.toml"\n'
    )
    recipes = settled(variants_of(path, None, None, {}))
    assert list(recipes) == ["plain", "cut", "finer", "lime", "beside"]
    assert recipes["plain"].stages["sampler"].name == "hadamard"
    assert recipes["finer"].stages["segmenter"].params["rows"] == 9
    assert recipes["finer"].stages["segmenter"].name == "grid"
    assert recipes["finer"].stages["sampler"].name == "hadamard"
    assert recipes["lime"].stages["sampler"].name == "bernoulli"
    assert recipes["beside"].stages["kernel"].name == "flat"
    assert [recipe.samples for recipe in recipes.values()] == [77, 77, 77, 99, 77]


def test_a_list_names_variants_by_their_recipes(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "lime"\n')
    found = variants_of(["lime", tmp_path / "mine.toml", limefw.build("fast")], None, None, {})
    assert [one.name for one in found] == ["lime", "mine", "variant 3"]
    assert settled(found)["variant 3"].stages["sampler"].name == "hadamard"


@pytest.mark.parametrize(
    ("variants", "vary", "told"),
    [
        ({}, None, "the mapping is empty"),
        ([], None, "the list is empty"),
        (["lime", "lime"], None, "two variants are called 'lime'"),
        ({"": "lime"}, None, "no name"),
        ({"a": 3}, None, "got int"),
        (None, {"segmenter": []}, "'segmenter' has no values to vary"),
        (None, {"segmentor": ["slic"]}, "Did you mean 'segmenter'"),
        (None, {"extends": ["lime"]}, "cannot be varied"),
        (None, {"segmenter": "slic"}, "is a list of values"),
        (None, {"segmenter": ["slic", "slic"]}, "two variants are called 'slic'"),
        (None, {"seed": list(range(201))}, "more than 200"),
        ("nothing.toml", None, "there is no file nothing.toml"),
    ],
)
def test_what_is_no_comparison_is_told(variants: Any, vary: Any, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        variants_of(variants, vary, None, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("samples = 50\n", "has no variants"),
        ("[variants]\n", "has no variants"),
        ("variants = 3\n", "has no variants"),
        ("[variants]\na = 3\n", r"\[variants.a\]: must be a table"),
        ('[variants.a]\nextends = "b"\n[variants.b]\nextends = "a"\n', "a -> b -> a"),
        ("sample = 50\n[variants.a]\n", "Did you mean 'samples'"),
        ("[variants.a\n", "cannot be read as TOML"),
    ],
)
def test_a_file_that_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "variants.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=told):
        variants_of(path, None, None, {})


def test_all_faults_of_all_variants_come_at_once_before_the_model_is_asked(picture: Any, model: Counted) -> None:
    variants = {"a": {"segmenter": "slick"}, "b": {"extends": "lime", "samples": 1}, "good": GRID, "c": "quickk"}
    with pytest.raises(RecipeError) as caught:
        limefw.compare(picture, model, variants=variants)
    told = "\n".join(caught.value.problems)
    assert all(f"variant {name!r}" in told for name in ("a", "b", "c"))
    assert "Did you mean 'slic'" in told
    assert "Did you mean 'quick'" in told
    assert model.rows == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"seeds": 0}, "seeds must be a whole number"),
        ({"seeds": [1, 1]}, "different whole numbers"),
        ({"seeds": "3"}, "different whole numbers"),
        ({"seeds": 1.5}, "seeds are how many"),
        ({"top": 0}, "top must be a whole number from 1 to 10"),
        ({"top": 11}, "from 1 to 10"),
        ({"budget": 1}, "budget must be a whole number of at least 2"),
        ({"models": {}}, "several by name"),
        ({"models": {"a": three_classes}}, "not both"),
    ],
)
def test_settings_that_make_no_sense_are_told(picture: Any, model: Counted, settings: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        limefw.compare(picture, model, variants={"a": GRID}, **settings)
    assert model.rows == 0


def test_nothing_to_compare_and_two_modalities_are_told(picture: Any, model: Counted) -> None:
    with pytest.raises(InputError, match="nothing to compare"):
        limefw.compare([], model, variants={"a": GRID})
    with pytest.raises(InputError, match="one modality at a time"):
        limefw.compare([picture, "a text"], model)
