"""The recipes of these methods, whole, and what is done with many of their results."""

import numpy as np
import pytest

import limefw


REGISTERED = set(limefw.registry().names("samplers"))
NEEDS = {"quick": "hadamard", "zoom": "hadamard", "rise": "rise_masks"}
RECIPES = ["anchor", "quick", "rise", "slice", "zoom"]
FEW = {"rise": 300, "anchor": 3000, "slice": 500}


def recipe_of(name):
    if (needed := NEEDS.get(name)) not in (None, *REGISTERED):
        pytest.skip(f"recipe {name!r} stands on the sampler {needed!r}, which is not registered here")
    return limefw.build(name, **({"samples": FEW[name]} if name in FEW else {}))


@pytest.fixture(scope="module")
def pixels():
    """Smooth colours with a bright spot in the upper left quarter."""
    row, column = np.indices((90, 120))
    waves = np.stack([np.sin(row / 17), np.cos(column / 23), np.sin((row + column) / 29)], axis=2)
    picture = np.clip(110 + 60 * waves + np.random.default_rng(0).normal(0, 6, waves.shape), 0, 255)
    picture[20:40, 30:55] = (250, 240, 30)
    return picture.astype(np.uint8)


def spotted(batch):
    """Log-odds of two classes by how yellow the place of the spot is."""
    patch = batch[:, 20:40, 30:55].astype(float)
    yellow = (patch[..., :2].mean(axis=(1, 2, 3)) - patch[..., 2].mean(axis=(1, 2))) / 255
    share = 1 / (1 + np.exp(4 - 12 * yellow))
    return np.stack([1 - share, share], axis=1)


@pytest.mark.parametrize("name", RECIPES)
def test_it_finds_the_spot_within_its_samples(name, pixels):
    recipe = recipe_of(name)
    found = limefw.explain(pixels, spotted, recipe=recipe, labels=[1])
    assert found.provenance["rows"]["predicted"] <= recipe.samples + 2 * bool(recipe.what_if)
    values = found.values_of(1, per_area=True)
    inside = np.zeros(values.shape, bool)
    inside[20:40, 30:55] = True
    assert values[inside].mean() > 3 * np.abs(values[~inside]).mean()


@pytest.mark.parametrize("name", RECIPES)
def test_its_pictures_can_be_drawn(name, pixels):
    recipe = recipe_of(name)
    found = limefw.explain(pixels, spotted, recipe=recipe, labels=[1])
    assert [bool(found.draw(stage).data) for stage in recipe.renderers] == [True] * len(recipe.renderers)


@pytest.mark.parametrize("name", RECIPES)
def test_it_says_which_paper_it_follows(name):
    """And in two to four lines when to take it."""
    text = limefw.registry().recipes()[name].read_text(encoding="utf-8")
    notes = [line for line in text.splitlines() if line.startswith("#")]
    assert 2 <= len(notes) <= 5
    assert any(year in " ".join(notes) for year in ("2018", "2021", "2024"))


def test_quick_has_few_segments_and_few_samples(pixels):
    recipe = recipe_of("quick")
    found = limefw.explain(pixels, spotted, recipe=recipe, labels=[1])
    assert recipe.samples <= 256
    assert found.segments.count <= 25
    assert found.provenance["recipe"]["target"] == {"use": "unbounded", "clip": 1e-6}
    share = spotted(pixels[None])[0, 1]
    assert found.prediction() == pytest.approx(np.log(share / (1 - share)))


# --- many


@pytest.mark.parametrize("name", ["anchor", "slice"])
def test_many_are_summed_up_where_segments_have_names(name, pixels):
    """SP-LIME's choice and the overview of explanations whose segments mean the same in each picture."""
    from limefw_plugins.segmenters import given

    masks = np.zeros((4, 90, 120), bool)
    masks[0, :45, :60], masks[1, :45, 60:], masks[2, 45:, :60], masks[3, 45:, 60:] = True, True, True, True
    cut = given(masks, ["north west", "north east", "south west", "south east"])
    settings = {"segmenter": cut, "samples": 800}
    many = limefw.explain_many([pixels, pixels[:, ::-1].copy()], spotted, recipe=name, **settings, labels=[1])
    seen = limefw.overview(many)
    picked = limefw.pick(many, 1)
    assert seen.count == 2
    assert seen.top(1)[0].feature == "north west"
    assert picked.indices == (0,)


def test_many_rules_of_a_table_are_summed_up():
    """By the columns that they are about."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = limefw.Table(
        pd.DataFrame({"age": rng.integers(20, 80, 200), "rooms": rng.random(200), "noise": rng.random(200)})
    )

    def lend(frame):
        on = (frame["age"] > 50).to_numpy(float)
        return np.stack([1 - on, on], axis=1)

    many = limefw.explain_many([table.row(at) for at in range(6)], lend, recipe="anchor-table", samples=1500)
    seen = limefw.overview(many)
    assert seen.top(1)[0].feature == "age"
    assert limefw.pick(many, 2, top=None).coverage[-1] == pytest.approx(1.0)


def test_many_maps_on_one_grid_are_summed_up(pixels):
    """RISE's cells are the same places in each picture."""
    settings = {"sampler": "paired", "samples": 400, "segmenter": {"use": "grid", "rows": 9, "columns": 12}}
    many = limefw.explain_many([pixels, np.roll(pixels, 2)], spotted, recipe={"method": "rise"}, **settings,
                               labels=[1])  # fmt: skip
    cell = int(limefw.overview(many).top(1)[0].feature.split()[-1])
    assert cell // 12 in (2, 3)
    assert cell % 12 in (3, 4, 5)
    assert len(limefw.pick(many, 1)) == 1


def test_many_pictures_that_were_split_have_nothing_to_compare(pixels):
    """Zoom splits each picture in its own way: a clear word instead of a mean of unlike things."""
    settings = {"segmenter": {"use": "grid", "rows": 3, "columns": 4}, "sampler": "paired", "samples": 300}
    many = limefw.explain_many(
        [pixels, pixels[::-1].copy()], spotted, recipe={"method": "zoom"}, **settings, labels=[1]
    )
    with pytest.raises(limefw.InputError, match="a superpixel of one image is none of another"):
        limefw.overview(many)
