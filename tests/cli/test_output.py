"""What `limefw explain` computed is not lost, whatever happens to its output."""

import errno
import json
import os
import sys

import pytest

import limefw
from limefw import _files
from limefw.discovery import Provider, registry
from limefw.stage import Plugin
from limefw.types import Rendering


FAST = ("-m", "mine:right", "-s", "segmenter=grid", "-n", "60")


@pytest.fixture
def out(tmp_path):
    """Return the names of the files in a folder, limefw-out by default."""

    def names(folder="limefw-out"):
        return {path.name for path in (tmp_path / folder).iterdir()}

    return names


@pytest.fixture
def renderer(monkeypatch):
    """Make a renderer known for one test."""

    def add(name, call):
        known = registry()
        monkeypatch.setitem(known._found["renderers"], name, [])
        known.add("renderers", Plugin(name, call))

    return add


def fails(explanation, /) -> Rendering:
    """A renderer that fails."""
    raise ZeroDivisionError("nothing to divide")


def fails_too(explanation, /) -> Rendering:
    """Another."""
    raise KeyError("lost")


@pytest.mark.skipif(os.name != "posix", reason="needs a pipe whose reader has gone")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_gone_loses_nothing(process, photo, mine, out, unbuffered):
    """`limefw explain ... | true` writes every file and exits with 0, without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    done = process("explain", photo, *FAST, stdout=writing, PYTHONUNBUFFERED=unbuffered)
    os.close(writing)
    assert done.returncode == 0
    assert {"photo.limefw", "photo.html", "photo-overlay.png", "photo.json"} <= out()
    assert all(line.startswith(b"wrote ") for line in done.stderr.splitlines())


@pytest.mark.skipif(os.name != "posix", reason="needs a pipe whose reader has gone")
@pytest.mark.parametrize("arguments", [["plugins"], ["recipe", "show"], ["explain", "--help"]])
def test_any_command_ends_with_its_reader(process, arguments):
    """No traceback and exit code 0."""
    reading, writing = os.pipe()
    os.close(reading)
    done = process(*arguments, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_models_own_broken_pipe_is_its_error(run, photo, mine):
    """It is not mistaken for a reader that has gone."""
    code, _, err = run("explain", photo, "-m", "mine:broken_pipe", "-s", "segmenter=grid")
    assert code == 1
    assert "a server of the model's own" in err


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-8"])
def test_letters_that_a_terminal_lacks_are_replaced(process, photo, mine, out, encoding):
    """The files are written, and a minus stays one."""
    done = process("explain", photo, *FAST, "-l", "0", "-f", "limefw", PYTHONIOENCODING=encoding)
    text = done.stdout.decode(encoding)
    assert done.returncode == 0
    assert "photo.limefw" in out()
    if encoding != "utf-8":
        assert " -0." in text
        assert "###|" in text


def test_json_is_printed_in_utf_8_whatever_the_terminal_is(process, photo, mine, tmp_path):
    """A program reads it."""
    (tmp_path / "names.txt").write_text("猫\nother\n", encoding="utf-8")
    done = process(
        "explain", photo, *FAST, "--classes", "names.txt", "-o", "-", "-f", "json", PYTHONIOENCODING="cp1252"
    )
    assert "猫" in done.stdout.decode()


def test_a_renderer_that_fails_stops_no_other(run, photo, mine, out, renderer):
    """The first error is told, the others are its notes, and all else is there."""
    renderer("fails", fails)
    renderer("fails_too", fails_too)
    formats = ("-f", "fails", "-f", "fails_too", "-f", "json")
    code, text, err = run("explain", photo, *FAST, *formats)
    assert code == 1
    assert {"photo.limefw", "photo.json"} == out()
    assert "How far to trust this" in text
    for words in ("ZeroDivisionError: nothing to divide", "fails()", "Also: KeyError: 'lost'", "What was computed is"):
        assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize("target", ["x.png", "-"])
def test_a_single_rendering_that_fails_leaves_the_result(run, photo, mine, out, renderer, target):
    """What was asked for alone cannot be made: the result is kept all the same."""
    renderer("fails", fails)
    code, _, err = run("explain", photo, *FAST, "-f", "fails", "-o", target)
    assert code == 1
    assert "limefw-out" in err
    assert out() == {"photo.limefw"}


def test_a_full_disk_is_a_sentence_and_what_was_written_stays(run, photo, mine, out, monkeypatch):
    """The rendering that found it full is told; exit code 2."""
    sync, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(_files.os, "fsync", full)
    code, _, err = run("explain", photo, *FAST, "-f", "overlay", "-f", "json", "-f", "html", "-f", "limefw")
    assert code == 2
    assert "cannot write limefw-out/photo.json: No space left on device" in err
    assert "Traceback" not in err
    assert out() == {"photo.limefw", "photo-overlay.png", "photo.html"}
    assert limefw.load("limefw-out/photo.limefw").labels


def test_a_disk_full_from_the_start_is_a_sentence(run, photo, mine, out, monkeypatch):
    """Nothing can be kept, and nothing half-written is left."""

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", full)
    code, text, err = run("explain", photo, *FAST)
    assert code == 2
    assert err.startswith("Error: cannot write limefw-out/photo.limefw: No space left on device")
    assert "How far to trust this" in text
    assert out() == set()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("photo.png", ("-o", "photo.png")),
        ("photo.png", ("-o", "./photo.png", "-f", "figure")),
        ("photo.png", ("-o", "link.png")),
        ("names.json", ("-o", "names.json", "--classes", "names.json")),
        ("photo.json", ("-o", ".", "-r", "photo.json")),
        ("photo.json", ("-o", ".", "-f", "json", "-s", "model.use=torch", "-s", "model.classes=photo.json")),
    ],
)
def test_what_a_command_reads_is_never_overwritten(run, photo, mine, tmp_path, name, options):
    """The photograph, the names, the recipe, a file in a setting: told before the model is loaded."""
    (tmp_path / "names.json").write_text('["a", "b"]')
    (tmp_path / "photo.json").write_text('{"segmenter": "grid"}')
    (tmp_path / "link.png").symlink_to(photo)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}
    code, _, err = run("explain", photo, "-m", "mine:tires", *options)
    assert code == 2
    assert "this would overwrite" in err
    assert name in err
    assert "give --out another file or folder" in err
    assert "mine" not in sys.modules, "the model was not even loaded"
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.*")} == before


def test_segments_spares_the_photograph_too(run, photo):
    before = photo.read_bytes()
    code, _, err = run("segments", photo, "-m", "mine:right", "-o", photo)
    assert code == 2
    assert "this would overwrite" in err
    assert photo.read_bytes() == before


def test_a_renderer_that_does_not_say_what_it_makes_spares_the_inputs_too(run, photo, mine, tmp_path, renderer):
    """It is known at the end alone: nothing that was computed is lost."""
    renderer("late", lambda explanation, /: Rendering("application/json", b"{}", ".json"))
    recipe = tmp_path / "photo-late.json"
    recipe.write_text('{"segmenter": "grid", "samples": 60}')
    code, _, err = run("explain", photo, "-m", "mine:right", "-r", recipe.name, "-f", "late", "-o", ".")
    assert code == 2
    assert "this would overwrite photo-late.json" in err
    assert "What was computed is in photo.limefw" in err
    assert "samples" in recipe.read_text()


def test_a_folder_that_takes_no_file_is_told_before_the_model_is_asked(run, photo, mine, tmp_path, monkeypatch):
    """Permissions do not tell: a root has them all, and the system refuses."""
    touch = _files.Path.touch

    def refused(path, **options):
        if path.parent.name == "locked":
            raise OSError(errno.EROFS, "Read-only file system")
        touch(path, **options)

    monkeypatch.setattr(_files.Path, "touch", refused)
    (tmp_path / "locked").mkdir()
    for options in (("-o", "locked"), ("-o", "locked/new/deep"), ("-o", "locked/x.png")):
        code, _, err = run("explain", photo, "-m", "mine:tires", "-s", "segmenter=grid", *options)
        assert (code, err.count("locked")) == (2, 1)
        assert "locked (Read-only file system): give --out another folder" in err
    assert "mine" not in sys.modules, "the model was not even loaded"
    assert not list((tmp_path / "locked").iterdir())


def test_what_cannot_be_written_where_it_was_wished_is_kept_elsewhere(run, photo, mine, out, monkeypatch):
    """A folder that takes nothing at the end, though it did at the start, costs the pictures and not the result."""
    replaced = _files._replace

    def refused(target, data):
        if target.parent.name == "gone":
            raise OSError(errno.EROFS, "Read-only file system")
        replaced(target, data)

    monkeypatch.setattr(_files, "_replace", refused)
    code, _, err = run("explain", photo, *FAST, "-o", "gone")
    assert code == 2
    assert "What was computed is in limefw-out/photo.limefw" in err
    assert limefw.load("limefw-out/photo.limefw").health.samples == 60


def stops(explanation, /) -> Rendering:
    """A renderer during which Ctrl-C is pressed."""
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "options",
    [
        ("-f", "stops"),
        ("-f", "json", "-f", "stops", "-f", "html"),
        ("-f", "stops", "-o", "-"),
        ("-f", "stops", "-o", "x.png"),
    ],
)
def test_ctrl_c_while_files_are_drawn_leaves_the_result(run, photo, mine, out, renderer, options):
    """Exit code 130, and where the result is; nothing was asked of the model in vain."""
    renderer("stops", stops)
    code, _, err = run("explain", photo, *FAST, *options)
    assert code == 130
    assert "photo.limefw" in out()
    assert "Interrupted. What was computed is in limefw-out" in err
    assert limefw.load("limefw-out/photo.limefw").health.samples == 60


def test_ctrl_c_while_the_gist_is_drawn_leaves_every_file(run, photo, mine, out, monkeypatch):
    """It comes last, when all else is written."""
    monkeypatch.setattr(limefw.Explanation, "render", lambda explanation, _renderer: stops(explanation))
    code, *_ = run("explain", photo, *FAST, "-f", "json")
    assert code == 130
    assert out() == {"photo.json", "photo.limefw"}


@pytest.mark.parametrize("kind", ["kernel", "surrogate"])
def test_ctrl_c_after_the_last_sample_leaves_what_was_paid_for(run, photo, mine, out, monkeypatch, kind):
    """The model is done and the fit is not: what is kept is fitted plainly."""

    def stopped(first, second, /):
        raise KeyboardInterrupt

    known = registry()
    monkeypatch.setitem(known._found[f"{kind}s"], "stops", [])
    known.add(f"{kind}s", Plugin("stops", stopped))
    code, _, err = run("explain", photo, *FAST, "-s", f"{kind}=stops")
    assert code == 130
    assert "photo-partial.limefw" in err
    assert limefw.load("limefw-out/photo-partial.limefw").health.samples == 60


def test_two_renderings_of_one_name_are_numbered(run, photo, mine, out, tmp_path):
    """None overwrites another."""
    (tmp_path / "twice.toml").write_text(
        'renderers = ["overlay", { use = "overlay", top = 1 }, "html", { use = "html", top = 1 }]\n'
    )
    assert run("explain", photo, *FAST, "-r", "twice.toml")[0] == 0
    assert out() == {"photo.limefw", "photo-overlay.png", "photo-overlay-2.png", "photo.html", "photo-2.html"}


def test_a_folder_may_have_a_dot_in_its_name(run, photo, mine, out, tmp_path):
    """An existing folder, or a name with a slash behind, is one; a number behind the dot is no format."""
    (tmp_path / "res.v1").mkdir()
    assert run("explain", photo, *FAST, "-o", "res.v1", "-f", "json")[0] == 0
    assert run("explain", photo, *FAST, "-o", "res.v2/", "-f", "json")[0] == 0
    assert out("res.v1") == out("res.v2") == {"photo.json"}
    for name in ("results-v1.2", "o_lime-0.2.0.1"):
        assert run("explain", photo, *FAST, "-o", name, "-f", "json")[0] == 0
        assert out(name) == {"photo.json"}
    code, _, err = run("explain", photo, *FAST, "-o", "res.v3")
    assert code == 2
    assert "give res.v3/" in err


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes there")
def test_a_file_name_that_is_no_text_is_explained(process, photo, mine, out, tmp_path):
    """Its bytes are shown as escapes, and every rendering is made."""
    odd = tmp_path / os.fsdecode(b"caf\xe9.png")
    try:
        photo.rename(odd)
    except OSError:
        pytest.skip("this file system takes no such name")
    done = process("explain", odd, *FAST)
    assert done.returncode == 0, done.stderr
    assert os.fsdecode(b"caf\xe9.json") in out()
    figures = json.loads((tmp_path / "limefw-out" / os.fsdecode(b"caf\xe9.json")).read_text(encoding="utf-8"))
    assert figures["instance"]["name"] == "caf\\udce9.png"
    assert b"caf\\udce9" in done.stderr


def test_escape_sequences_do_not_reach_the_terminal(run, photo, mine, tmp_path):
    """Neither from class names nor from file names."""
    (tmp_path / "names.txt").write_text("\x1b[31mred\nblue\n")
    odd = photo.rename(tmp_path / "e\x1b[31mvil.png")
    code, text, err = run("explain", odd, *FAST, "--classes", "names.txt", "-f", "limefw")
    assert code == 0
    assert "\x1b" not in text + err
    code, text, err = run("explain", odd, *FAST, "--classes", "names.txt", "-l", "green")
    assert code == 2
    assert "\x1b" not in text + err
    assert "\\x1b[31mred" in err


def test_a_class_whose_name_is_a_number_can_be_named(run, photo, mine, tmp_path):
    """A name comes before an index."""
    (tmp_path / "names.txt").write_text("1\n0\n")
    code, text, _ = run("explain", photo, *FAST, "--classes", "names.txt", "-l", "0", "-o", "-", "-f", "json")
    assert code == 0
    assert '"label":1,"name":"0"' in text


def test_class_names_may_be_json(run, photo, mine, tmp_path):
    """A list, or a mapping from index to name, as an adapter takes them."""
    for number, names in enumerate(('["dim", "lit"]', '{"1": "lit", "0": "dim"}')):
        (tmp_path / f"{number}.json").write_text(names)
        code, text, _ = run(
            "explain", photo, *FAST, "--classes", f"{number}.json", "-l", "lit", "-o", "-", "-f", "json"
        )
        assert code == 0
        assert '"label":1,"name":"lit"' in text
    (tmp_path / "none.txt").write_text("\n \n")
    assert run("explain", photo, *FAST, "--classes", "none.txt")[0] == 2


def test_an_untrusted_model_is_a_wrong_call(run, photo, mine, monkeypatch):
    """What the caller can mend exits with 2."""
    from limefw.errors import MissingDependencyError, UntrustedError

    for error in (UntrustedError("say so"), MissingDependencyError("pip install it")):

        def raises(*_, raised=error, **__):
            raise raised

        monkeypatch.setattr(limefw, "model", raises, raising=False)
        assert run("explain", photo, *FAST)[0] == 2


def test_the_current_folder_is_not_left_on_the_path(run, photo, mine, tmp_path, monkeypatch):
    """It is searched for `module:function` alone, and only while that is imported."""
    import sys

    seen = []
    original = limefw.model
    monkeypatch.setattr(limefw, "model", lambda *a, **k: seen.append(list(sys.path)) or original(*a, **k))
    before = list(sys.path)
    assert run("explain", photo, *FAST, "-f", "limefw")[0] == 0
    assert run("explain", photo, "-m", "https://example.org/net.onnx")[0] == 2
    assert seen == [[str(tmp_path), *before], before]
    assert sys.path == before


def test_a_listed_plugin_that_is_broken_stops_no_other(run, monkeypatch):
    """Its fault stands where its parameters would."""
    known = registry()
    for name, call in {"aa_annotation": wrong_annotation, "aa_default": odd_default}.items():
        monkeypatch.setitem(known._found["renderers"], name, [])
        known.add("renderers", Plugin(name, call, requires=("no_such_library.part",)))
    code, text, _ = run("plugins", "renderers")
    assert code == 0
    assert "broken: no schema can be made of the parameters of 'aa_annotation'" in text
    assert "no_such_library.part, which is not installed" in text
    assert "overlay" in text
    assert str(Provider("limefw", limefw.__version__)) in text


def wrong_annotation(explanation, /, *, top: "NoSuchType" = 1) -> Rendering:  # noqa: F821
    """Its annotation cannot be evaluated."""


def odd_default(explanation, /, *, top: int = {1}) -> Rendering:
    """Its default is not JSON."""


@pytest.mark.parametrize("place", ["taken", "taken/deeper", "taken/page.html"])
def test_a_place_that_is_a_file_is_refused_before_the_model_is_asked(run, tmp_path, place):
    """Model calls are not paid for what can't be written."""
    (tmp_path / "taken").write_text("here", encoding="utf-8")
    code, _, err = run("explain", "--sample", "-s", "segmenter=grid", "-n", "1000000000", "-o", tmp_path / place)
    assert code == 2
    assert "taken is a file, so nothing can be put into it" in err
