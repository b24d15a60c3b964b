import json
from importlib import import_module

import numpy as np
import pytest
from PIL import Image

import limefw
from limefw.discovery import Provider
from limefw.frame import Frame


segments = import_module("limefw.cli.segments")


def test_segments_draws_a_picture_without_asking_the_model(run, photo, mine, tmp_path):
    """`limefw segments` counts the superpixels and draws them; the model (which fails) is never called."""
    (tmp_path / "mine.py").write_text("def never(batch):\n    raise AssertionError\n")
    code, out, _ = run("segments", photo, "-m", "mine:never", "-s", "segmenter=grid")
    assert code == 0
    assert "49 segments at 48 x 40 pixels" in out
    with Image.open(tmp_path / "limefw-out" / "photo-segments.png") as picture:
        assert picture.width >= 480


def test_segments_heeds_the_recipes_adapter(run, photo, mine):
    """A model by an adapter of its own is loaded as `explain` would."""
    code, _, err = run("segments", photo, "-m", "mine:right", "-s", "model.use=callable", "-s", "model.head=nothing")
    assert code == 2
    assert "head" in err


def test_a_large_photograph_is_drawn_reduced(run, mine, tmp_path):
    """At most 2000 pixels a side; the segments are the photograph's own."""
    path = tmp_path / "large.png"
    Image.new("L", (3000, 1200), 90).save(path)
    code, out, _ = run("segments", path, "-m", "mine:right", "-s", "segmenter=grid", "-o", "x.png")
    assert code == 0
    assert "at 3000 x 1200 pixels" in out
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.size == (2000, 800)


def test_a_segments_number_stands_on_its_pixel_nearest_to_the_centroid():
    """A ring's centroid lies outside of it; a number that no pixel has is not drawn."""
    labels = np.full((5, 5), 1)
    labels[1:4, 1:4] = 0
    labels[0, 0] = -1
    middles = {number: (row, column) for number, row, column in segments._middles(labels, 3)}
    assert middles[0] == (2, 2)
    assert labels[middles[1]] == 1
    assert set(middles) == {0, 1}


def test_a_reduced_photograph_keeps_its_place_in_the_frame():
    """A frame that crops and one that pads: labels fall on the same parts of the picture."""
    photo = limefw.Image(np.zeros((300, 4500, 1), np.uint8), (0, 255))
    for resize in ("crop", "pad"):
        frame = Frame.fit(photo, limefw.Contract(size=(90, 90), resize=resize))
        small, reduced = segments._reduced(photo, frame)
        assert small.shape == reduced.photo == (133, 2000)
        labels = np.arange(90 * 90).reshape(90, 90) // 90 // 9
        whole, drawn = frame.to_photo(labels), reduced.to_photo(labels)
        shares = [np.bincount(found.ravel() + 1, minlength=11) / found.size for found in (whole, drawn)]
        np.testing.assert_allclose(*shares, atol=0.01)


@pytest.mark.parametrize("kind", ["recipe", "recipes"])
def test_plugins_lists_recipes_too(run, kind):
    """By either name, each with its head; one of them with its file; an unknown one with a suggestion."""
    code, out, _ = run("plugins", kind)
    assert code == 0
    assert "lime-0.2.0.1" in out
    code, out, _ = run("plugins", kind, "lime")
    assert code == 0
    assert "lime.toml" in out
    assert "lime-0.2.0.1.toml" not in out
    code, _, err = run("plugins", kind, "limes")
    assert code == 2
    assert "Did you mean 'lime'" in err


def test_a_recipe_whose_file_is_gone_stops_no_other(run, monkeypatch, tmp_path):
    """It is listed as broken."""
    known = limefw.registry()
    monkeypatch.setitem(known._recipes, "gone", [(tmp_path / "gone.toml", Provider("acme"))])
    code, out, _ = run("recipe", "list")
    assert code == 0
    assert "broken: [Errno 2]" in out
    assert "lime-0.2.0.1" in out


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
