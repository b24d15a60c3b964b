import json
import os
import pickle
import signal
import subprocess
import sys

import pytest

import limefw


GRID = ("-s", "segmenter.use=grid", "-s", "segmenter.rows=4", "-s", "segmenter.columns=4")


@pytest.mark.model
def test_the_sample_is_explained_with_the_embedded_model(run, tmp_path):
    """`limefw explain --sample` writes pictures, a page and a file that loads, and says what the model sees."""
    code, out, err = run("explain", "--sample", "-n", "60", "-s", "segmenter=grid")
    assert code == 0
    assert "Egyptian Mau" in out
    written = {path.name for path in (tmp_path / "limefw-out").iterdir()}
    assert {"chelsea-overlay.png", "chelsea-heatmap.png", "chelsea.html", "chelsea.json", "chelsea.limefw"} <= written
    assert limefw.load(tmp_path / "limefw-out" / "chelsea.limefw").names
    assert "wrote" in err


def test_own_model_recipe_and_label(run, photo, mine):
    """--model, --set, --label, --seed and --samples reach the explanation."""
    options = (*GRID, "-l", "1", "--seed", "5", "-n", "150", "-o", "-", "-f", "json")
    code, out, err = run("explain", photo, "-m", "mine:right", *options)
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["provenance"]["recipe"]["seed"] == 5
    assert found["health"]["samples"] == 150
    assert [label["label"] for label in found["labels"]] == [1]


def test_a_target_is_a_plugin_or_a_function_of_ones_own(run, photo, mine):
    """--target takes a name, or module:function of the current folder; the function's name is the label's."""
    options = (*GRID, "-n", "60", "-o", "-", "-f", "json")
    code, out, err = run("explain", photo, "-m", "mine:right", "--target", "mine:dark", *options)
    assert (code, err) == (0, "")
    assert [label["name"] for label in json.loads(out)["labels"]] == ["dark"]
    assert json.loads(out)["provenance"]["recipe"]["target"] == {"use": "inline", "function": "dark"}
    code, out, _ = run("explain", photo, "-m", "mine:right", "--target", "margin", "-s", "target.scale=log", *options)
    assert code == 0
    assert json.loads(out)["provenance"]["recipe"]["target"]["scale"] == "log"


def test_a_recipe_never_names_a_function(run, photo, mine, tmp_path):
    """What --target may do a recipe or --set may not: reading one runs nothing."""
    (tmp_path / "mine.toml").write_text('target = "mine:dark"\n')
    for arguments in (("-r", "mine.toml"), ("-s", "target=mine:dark")):
        code, _, err = run("explain", photo, "-m", "mine:right", *arguments)
        assert code == 2
        assert "no target named 'mine:dark'" in err


def test_a_recipe_file_is_used(run, photo, mine, tmp_path):
    """--recipe takes a file; what it does not say comes from the recipe that it extends."""
    (tmp_path / "mine.toml").write_text('samples = 80\nsegmenter = "grid"\nlabels = [0]\n')
    code, out, _ = run("explain", photo, "-m", "mine:right", "-r", "mine.toml", "-o", "-", "-f", "json")
    assert code == 0
    assert json.loads(out)["health"]["samples"] == 80


def test_a_hyphen_in_a_plugins_name_stands_for_an_underscore(run, photo, mine):
    """As people write log-odds; in --target, --set and a recipe alike."""
    for said in (["--target", "log-odds"], ["-s", "target=log-odds"], ["-s", "target.use=log-odds"]):
        code, out, err = run("explain", photo, "-m", "mine:right", *GRID, "-n", "60", *said, "-o", "-", "-f", "json")
        assert (code, err) == (0, "")
        assert json.loads(out)["provenance"]["recipe"]["target"]["use"] == "log_odds"


@pytest.mark.parametrize(
    ("target", "words"),
    [("mine:absent", "target 'mine:absent' cannot be imported"), ("marginn", "Did you mean 'margin'")],
)
def test_a_target_that_is_not_there_is_told(run, photo, mine, target, words):
    code, _, err = run("explain", photo, "-m", "mine:right", "--target", target)
    assert code == 2
    assert words in err


@pytest.mark.parametrize(
    ("renderers", "start"),
    [('["svg"]', "<svg"), ('[{ use = "json" }]', "{"), ('["svg", "json"]', None), ("[]", None)],
)
def test_a_recipes_only_renderer_is_what_is_printed(run, photo, mine, tmp_path, renderers, start):
    """With several or none it is the gist."""
    (tmp_path / "mine.toml").write_text(f"renderers = {renderers}\n")
    code, out, _ = run("explain", photo, "-m", "mine:right", *GRID, "-n", "60", "-r", "mine.toml", "-o", "-")
    assert code == 0
    assert out.startswith(start) if start else "How far to trust this" in out


@pytest.mark.parametrize(
    "label", [["-l", "top:5000"], ["-s", "labels=top:101"], ["-l", "top:99", "-l", "0", "-l", "1"]]
)
def test_more_labels_than_a_page_can_show_are_refused_before_the_model_is_asked(run, photo, mine, label):
    """In Python any number goes."""
    code, _, err = run("explain", photo, "-m", "mine:tires", *GRID, *label)
    assert code == 2
    assert "labels are more than anybody reads on a page: ask for 100 or fewer, such as -l top:3. In Python" in err
    assert "mine" not in sys.modules, "the model was not even loaded"
    assert run("explain", photo, "-m", "mine:right", *GRID, "-n", "60", "-l", "top:100", "-o", "-")[0] == 0


@pytest.mark.parametrize("suffix", [".png", ".html", ".htm", ".svg", ".json", ".txt", ".limefw"])
def test_a_files_suffix_chooses_its_format(run, photo, mine, tmp_path, suffix):
    """--out FILE writes that file and no other."""
    code, *_ = run("explain", photo, "-m", "mine:right", *GRID, "-n", "60", "-o", f"there/x{suffix}")
    assert code == 0
    assert [path.name for path in (tmp_path / "there").iterdir()] == [f"x{suffix}"]


OF_IMAGES = [item.plugin.name for item in limefw.registry().all("renderers") if item.plugin.modality in (None, "image")]


@pytest.mark.parametrize("name", OF_IMAGES)
def test_a_file_of_another_format_is_refused_before_the_model_is_asked(run, photo, mine, name):
    """What every renderer makes is known by its record: a name that promises another costs no model call."""
    code, _, err = run("explain", photo, "-m", "mine:tires", *GRID, "-n", "60", "-f", name, "-o", "out/x.y")
    suffix = limefw.registry().get("renderers", name).suffix
    assert code == 2
    assert f"x.y: this is what {name} makes, so name the file x{suffix}" in err
    assert "mine" not in sys.modules, "the model was not even loaded"


def test_equal_seeds_write_equal_files(run, photo, mine, tmp_path):
    """The same command writes the same picture, to the last byte."""
    for name in ("a", "b"):
        assert run("explain", photo, "-m", "mine:right", *GRID, "-n", "60", "-o", f"{name}.png")[0] == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_pipe_sees_no_progress_bar(run, photo, mine):
    """Nothing but the names of the files goes to stderr when it is no terminal."""
    _, _, err = run("explain", photo, "-m", "mine:right", *GRID, "-n", "60")
    assert err
    assert all(line.startswith("wrote ") for line in err.strip().splitlines())


def test_a_terminal_sees_a_progress_bar(photo, mine, tmp_path):
    """On a terminal a bar counts the samples."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    options = ("-m", "mine:right", *GRID, "-n", "400", "-o", "x.json")
    command = [sys.executable, "-m", "limefw", "explain", str(photo), *options]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, cwd=tmp_path, env=environment)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait() == 0
    assert b"asking the model" in seen


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.png"], ["no file absent.png"]),
        ([], ["--sample"]),
        (["photo.png", "--sample"], ["not both"]),
        (["photo.png", "-s", "segmenter=slick"], ["no segmenter named 'slick'", "Did you mean 'slic'?"]),
        (["photo.png", "-s", "segmenter.use=slic", "-s", "segmenter.n_segmnts=8"], ["n_segments"]),
        (["photo.png", "-s", "segmenter"], ["setting=value"]),
        (["photo.png", "-r", "limes"], ["no recipe named 'limes'", "lime"]),
        (["photo.png", "-m", "mine:right", "-l", "tabby"], ["no class named 'tabby'"]),
        (["photo.png", "-m", "mine:right", "-l", "7"], ["no class 7"]),
        (["photo.png", "-m", "mine:right", "-l", "\u00b2"], ["no class named '\u00b2'"]),
        (["photo.png", "-m", "mine:right", "-l", "top:\u00b2"], ["top:"]),
        (["photo.png", "-m", "absent.onnx"], ["no model file absent.onnx"]),
        (["photo.png", "-m", "mine:absent"], ["cannot be imported"]),
        (
            ["photo.png", "-m", "mine.py"],
            ["mine.py is code and no model.", "MODULE:FUNCTION, without .py: mine:predict"],
        ),
        (["photo.png", "-m", "mine.py:right"], ["Write it without .py: mine:right"]),
        (["photo.png", "-m", "mine.py:right@photo.png"], ["Write it without .py: mine:right"]),
        (["photo.png", "-m", "mina:right"], ["in the current folder too. Did you mean 'mine'?"]),
        (["photo.png", "--target", "log-od"], ["no target named 'log-od'. Did you mean 'log_odds'?"]),
        (["photo.png", "-m", "photo.png"], ["photo.png"]),
        (["photo.png", "-m", "e\x1b[31mvil.onnx"], ["e\\x1b[31mvil.onnx"]),
        (["photo.png", "-n", "1"], ["samples", "at least 2"]),
        (["mine.py"], ["not an image"]),
        (["photo.png", "-o", "x.docx"], [".docx"]),
        (["photo.png", "-f", "overlai"], ["overlay"]),
    ],
)
def test_a_wrong_call_exits_with_2_and_one_paragraph(run, photo, mine, arguments, words):
    """What cannot be done is said in words, without a traceback, before the model is paid for."""
    code, out, err = run("explain", *arguments)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    for word in words:
        assert word in err


def test_debug_shows_the_traceback(run, photo, mine):
    """--debug gives the whole traceback."""
    code, _, err = run("explain", photo, "-m", "mine:lost", *GRID, "--debug")
    assert code == 1
    assert "Traceback" in err


def test_a_model_that_fails_half_way_leaves_what_was_computed(run, photo, mine, tmp_path):
    """The rows done are saved as a partial explanation; the exit code is 1."""
    code, _, err = run("explain", photo, "-m", "mine:tires", *GRID, "-n", "4000")
    assert code == 1
    assert "out of breath" in err
    partial = limefw.load(tmp_path / "limefw-out" / "photo-partial.limefw")
    assert 2 <= partial.health.samples < 4000


def test_an_interruption_explains_what_was_drawn(run, photo, mine, tmp_path):
    """Ctrl-C gives back what was computed, and exit code 130."""
    code, out, _ = run("explain", photo, "-m", "mine:interrupted", *GRID, "-n", "4000")
    assert code == 130
    assert "interrupted" in out
    assert (tmp_path / "limefw-out" / "photo.limefw").exists()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nothing can be told to end")
def test_a_termination_explains_what_was_drawn(process, photo, mine, tmp_path):
    """SIGTERM, as schedulers send it, does what Ctrl-C does; exit code 143."""
    with (tmp_path / "mine.py").open("a") as file:
        file.write("""

def terminated(batch):
    calls.append(1)
    if len(calls) == 8:
        import os, signal
        os.kill(os.getpid(), signal.SIGTERM)
    return right(batch)
""")
    done = process("explain", photo, "-m", "mine:terminated", *GRID, "-n", "4000")
    assert done.returncode == 143
    assert b"interrupted" in done.stdout
    assert 2 <= limefw.load(tmp_path / "limefw-out" / "photo.limefw").health.samples < 4000


def test_the_signal_handler_is_put_back(run):
    """Whoever calls the command line from a program of theirs keeps their own."""
    before = signal.getsignal(signal.SIGTERM)
    assert run("recipe", "list")[0] == 0
    assert signal.getsignal(signal.SIGTERM) == before


class Canary:
    """Makes a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("sung",)


@pytest.mark.parametrize("command", ["explain", "segments"])
def test_a_file_that_runs_code_is_refused_unless_trusted(run, photo, tmp_path, command):
    """Nothing of it runs, and the message names both ways to allow it; a recipe is none."""
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Canary()))
    code, _, told = run(command, photo, "--model", "model.pkl")
    assert code == 2
    words = " ".join(told.split())
    assert "limefw.model('model.pkl', trust=True)" in words
    assert "--trust" in words
    assert run(command, photo, "--model", "model.pkl", "-s", "model.use=sklearn", "-s", "model.trust=true")[0] == 2
    assert not (tmp_path / "sung").exists()
    code, _, told = run(command, photo, "--model", "model.pkl", "--trust")
    assert code == 2  # what was in it is no estimator
    assert (tmp_path / "sung").exists()


@pytest.mark.parametrize("command", ["explain", "plan", "evaluate", "segments"])
def test_settings_of_the_model_given_need_not_name_its_adapter(run, photo, mine, tmp_path, command):
    """What --model names tells which adapter takes it, in a file and in a module; a recipe that says one is heeded."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier().fit([[0.0] * 3 * 16 * 16, [255.0] * 3 * 16 * 16], ["dark", "bright"])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(tree))
    options = [*GRID, "--model", "model.pkl", "--trust", "-s", "model.size=[16, 16]"]
    code, _, told = run(command, photo, *options)
    assert code == 0, told
    code, _, told = run(command, photo, *options, "-s", "model.sizze=3")
    assert code == 2
    assert "model 'sklearn': 'sizze' is not a parameter. Did you mean 'size'?" in told
    code, _, told = run(command, photo, *GRID, "--model", "mine:right", "-s", "model.head=odds")
    assert code == 2
    assert "model 'callable': 'head' must be" in told
    (tmp_path / "of.toml").write_text('model = "torch"\n')
    code, _, told = run(command, photo, *GRID, "--model", "mine:right", "-r", "of.toml", "-s", "model.sizze=3")
    assert code == 2
    assert "model 'torch': 'sizze' is not a parameter" in told


def test_a_function_that_makes_a_network_is_told_from_a_model(run, photo, mine, tmp_path):
    """It cannot be called on a batch; an error of a model's own is none of that."""
    with (tmp_path / "mine.py").open("a") as file:
        file.write("\ndef make():\n    return right\n\ndef wrong(batch):\n    return make(batch)\n")
    code, _, told = run("explain", photo, *GRID, "--model", "mine:make")
    assert code == 1
    assert "make() takes 0 positional arguments" in told
    assert "of a function that makes a network say which library's" in told
    assert "-s model.use=torch" in told
    code, _, told = run("explain", photo, *GRID, "--model", "mine:wrong")
    assert code == 1
    assert "model.use" not in told


def test_settings_of_no_model_must_name_an_adapter(run, photo):
    code, _, told = run("explain", photo, "-s", "model.size=[16, 16]")
    assert code == 2
    assert 'or a table that has `use = "..."`' in told


def test_a_trusted_file_is_explained(run, photo, tmp_path):
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier().fit([[0.0] * 3 * 40 * 48, [255.0] * 3 * 40 * 48], ["dark", "bright"])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(tree))
    options = ["-n", "30", "-s", "segmenter.use=grid", "-o", "-", "-f", "json"]
    code, out, told = run("explain", photo, "--model", "model.pkl", "--trust", *options)
    assert code == 0, told
    assert json.loads(out)
