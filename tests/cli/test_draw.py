"""`limefw draw`: a saved explanation is drawn again, without a model."""

import json

import pytest

import limefw


FAST = ("-m", "mine:right", "-s", "segmenter=grid", "-n", "60")


@pytest.fixture
def saved(run, photo, mine, tmp_path):
    """A file made by a recipe with two renderers of its own."""
    (tmp_path / "own.toml").write_text('renderers = [{ use = "overlay", top = 1 }, "json"]\n')
    assert run("explain", photo, *FAST, "-r", "own.toml", "-o", "kept.limefw")[0] == 0
    return tmp_path / "kept.limefw"


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_it_is_drawn_by_its_own_recipe(run, saved, tmp_path):
    """With its renderers and their settings; the gist is printed, and no second copy is written."""
    code, out, err = run("draw", saved)
    assert code == 0
    assert names(tmp_path / "limefw-out") == {"kept-overlay.png", "kept.json"}
    assert "How far to trust this" in out
    assert "wrote limefw-out/kept.json" in err.replace("\\", "/")
    drawn = limefw.load(saved).render({"use": "overlay", "top": 1}).data
    assert (tmp_path / "limefw-out" / "kept-overlay.png").read_bytes() == drawn


def test_formats_a_file_and_the_terminal_are_as_with_explain(run, saved, tmp_path):
    """-f chooses, a file's suffix does, and "-" prints."""
    code, out, _ = run("draw", saved, "-f", "svg", "-f", "html", "-o", "there")
    assert (code, out) == (0, ""), "what is wanted was named: no gist"
    assert names(tmp_path / "there") == {"kept.svg", "kept.html"}
    assert run("draw", saved, "-o", "one/x.html")[0] == 0
    assert names(tmp_path / "one") == {"x.html"}
    code, out, _ = run("draw", saved, "-f", "json", "-o", "-")
    assert code == 0
    assert json.loads(out)["health"]["samples"] == 60
    code, out, _ = run("draw", saved, "-o", "-")
    assert "How far to trust this" in out


def test_a_label_and_a_number_of_parts_can_be_chosen(run, photo, mine, tmp_path):
    """By those renderers that have such a setting; where none has it, or there is no such label, it is said."""
    assert run("explain", photo, *FAST, "-l", "top:2", "-o", "two.limefw")[0] == 0
    kept = limefw.load(tmp_path / "two.limefw")
    other = kept.labels[1]
    assert run("draw", "two.limefw", "-f", "overlay", "-f", "json", "-l", other, "--top", 2)[0] == 0
    drawn = (tmp_path / "limefw-out" / "two-overlay.png").read_bytes()
    assert drawn == kept.render({"use": "overlay", "label": other, "top": 2}).data
    assert drawn != kept.render("overlay").data
    assert run("draw", "two.limefw", "-f", "overlay", "-l", kept.names[other], "-o", "named.png")[0] == 0
    assert (tmp_path / "named.png").read_bytes() == kept.render({"use": "overlay", "label": other}).data
    code, _, err = run("draw", "two.limefw", "-f", "json", "--top", 3)
    assert code == 2
    assert "--top says nothing to json: name another renderer with --format" in err
    code, _, err = run("draw", "two.limefw", "-f", "overlay", "-l", "zebra crossing")
    assert code == 2
    assert "label 'zebra crossing' was not explained" in err
    assert run("draw", "two.limefw", "-f", "overlay", "--top", 0)[0] == 2


def test_what_a_failed_run_left_is_drawn(run, photo, mine, tmp_path):
    """The partial explanation is one like any other."""
    assert run("explain", photo, "-m", "mine:tires", "-s", "segmenter=grid", "-n", "4000")[0] == 1
    assert run("draw", "limefw-out/photo-partial.limefw", "-f", "overlay")[0] == 0
    assert "photo-partial-overlay.png" in names(tmp_path / "limefw-out")


def test_a_rendering_that_fails_saves_no_second_copy(run, saved, tmp_path, monkeypatch):
    """The file is there: nothing is lost, and nothing is said to have been kept."""

    def fails(self, stage):
        raise ZeroDivisionError("nothing to divide")

    monkeypatch.setattr(limefw.Explanation, "draw", fails)
    for out in ("there", "-"):
        code, _, err = run("draw", saved, "-f", "json", "-o", out)
        assert code == 1
        assert "nothing to divide" in err
        assert "What was computed is in" not in err
    assert not (tmp_path / "there").exists()
    assert not (tmp_path / "limefw-out").exists()


def test_a_renderer_that_is_not_installed_here_is_told(run, saved, monkeypatch):
    """It was when the file was written; another format can be asked for."""
    from limefw.discovery import registry

    monkeypatch.delitem(registry()._found["renderers"], "json")
    code, _, err = run("draw", saved)
    assert code == 2
    assert "no renderer named 'json'" in err
    assert "the renderers of its own recipe" in err
    assert "--format" in err
    assert run("draw", saved, "-f", "html")[0] == run("draw", saved, "-o", "x.png")[0] == 0


@pytest.mark.parametrize(("name", "words"), [("photo.png", "not a whole limefw explanation"), ("no.limefw", "no file")])
def test_what_is_no_saved_explanation_is_told(run, photo, name, words):
    code, _, err = run("draw", name)
    assert code == 2
    assert words in err


def test_explain_points_to_it(run, saved, mine):
    """Whoever gives a saved explanation to `explain` learns what was meant."""
    code, _, err = run("explain", saved, *FAST)
    assert code == 2
    assert "It is a saved explanation: limefw draw" in err
