import json

import pytest
from PIL import Image

import limefw


def test_segments_draws_a_picture_without_asking_the_model(run, photo, mine, tmp_path):
    """`limefw segments` counts the superpixels and draws them; the model (which fails) is never called."""
    (tmp_path / "mine.py").write_text("def never(batch):\n    raise AssertionError\n")
    code, out, _ = run("segments", photo, "-m", "mine:never", "-s", "segmenter=grid")
    assert code == 0
    assert "49 segments at 48 x 40 pixels" in out
    with Image.open(tmp_path / "limefw-out" / "photo-segments.png") as picture:
        assert picture.width >= 480


def test_plugins_lists_every_plugin(run):
    """Every name of every kind is listed, with who provides it."""
    code, out, _ = run("plugins")
    assert code == 0
    for kind in ("segmenters", "renderers", "models"):
        for name in limefw.registry().names(kind):
            assert name in out
    assert "[limefw 0.1.0]" in out


def test_plugins_of_a_kind_show_parameters(run):
    """Parameters come with type, default and range."""
    code, out, _ = run("plugins", "segmenters")
    assert code == 0
    assert any(line.split() == ["n_segments", "integer", "=", "60", ">=", "2"] for line in out.splitlines())


def test_one_plugin_shows_where_it_is_written(run):
    """Module, file, line and docstring."""
    code, out, _ = run("plugins", "segmenter", "slic")
    assert code == 0
    assert "limefw_plugins.segmenters.slic" in out
    assert "slic.py:" in out
    assert "compactness: larger = squarer" in out


@pytest.mark.parametrize("arguments", [["sgmenters"], ["segmenters", "slick"]])
def test_an_unknown_plugin_suggests(run, arguments):
    """A misspelt kind or name exits with 2 and a suggestion."""
    code, _, err = run("plugins", *arguments)
    assert code == 2
    assert "Did you mean" in err


def test_recipes_are_listed_and_shown(run, tmp_path):
    """What `recipe show` prints is a recipe that reads back to itself."""
    code, out, _ = run("recipe", "list")
    assert code == 0
    assert "lime-0.2.0.1" in out
    code, out, _ = run("recipe", "show", "lime", "-s", "segmenter.use=slic", "-s", "segmenter.n_segments=33")
    assert code == 0
    (tmp_path / "mine.toml").write_text(out)
    assert limefw.build(tmp_path / "mine.toml").stages["segmenter"].params["n_segments"] == 33
    assert run("recipe", "show", "mine.toml")[1] == out


def test_recipe_check_names_every_fault(run, tmp_path):
    """All faults at once, each with file and key; exit code 2."""
    (tmp_path / "bad.toml").write_text('sampels = 3\nsegmenter = "slick"\nsurrogate = { use = "ridge", alpha = "1" }\n')
    code, out, err = run("recipe", "check", "lime", "bad.toml")
    assert code == 2
    assert "lime: good" in out
    for words in ("bad.toml", "sampels", "samples", "slick", "alpha"):
        assert words in err


def test_recipe_schema_is_json(run):
    """The schema parses and knows the stages."""
    code, out, _ = run("recipe", "schema")
    assert code == 0
    assert "segmenter" in json.loads(out)["properties"]


def test_version(run):
    """--version prints it."""
    assert run("--version")[:2] == (0, f"limefw, version {limefw.__version__}\n")
