"""``limefw plugins check`` judges what is installed; ``limefw plugins new`` writes what passes."""

import csv
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import limefw
from limefw.cli.plugins_new import ABOUT, distribution
from limefw.discovery import Broken, Provider, Registry
from limefw.hookspecs import KINDS
from limefw.stage import Plugin
from limefw.testing import check_plugin
from limefw.types import Segments


def halves(image, _rng, /):
    """Two halves."""
    return Segments.from_labels(np.indices(image.shape)[1] * 2 // image.shape[1])


def noise(image, _rng, /):
    """Two random halves."""
    return Segments.from_labels(np.random.rand(*image.shape) < 0.5)  # noqa: NPY002 - the fault


class Hexagons:
    """A distribution's module with a segmenter of a name that limefw has."""

    @staticmethod
    @limefw.hookimpl
    def limefw_segmenters():
        yield Plugin("grid", halves, modality="image")


@pytest.fixture
def registry(monkeypatch):
    """Stand a registry with a right and a wrong segmenter in for the process's own."""
    fresh = Registry()
    fresh.add("segmenters", Plugin("halves", halves, modality="image"))
    fresh.add("segmenters", Plugin("noise", noise, modality="image"))
    fresh.add("samplers", Plugin("noise", noise))
    for place in ("limefw.registry", "limefw.testing._kit.default_registry"):
        monkeypatch.setattr(place, lambda: fresh)
    return fresh


def test_a_good_plugin_passes(run, registry):
    """By its name alone where one kind has it; exit code 0."""
    code, out, _ = run("plugins", "check", "halves")
    assert code == 0
    assert "segmenter halves  [this session]" in out
    assert "passed   summary, signature" in out
    assert "not run  light import, another process, requires, side effects (it lives in a test)" in out
    assert "1 checked, none failed" in out


def test_a_wrong_plugin_fails_with_its_reasons(run, registry):
    """Every failed check with its sentences; exit code 1."""
    code, out, _ = run("plugins", "check", "segmenter", "noise")
    assert code == 1
    assert "FAILED   deterministic: given a uint8 RGB image of 48 x 64:" in out
    assert "FAILED   global random state:" in out
    assert "1 of 1 failed" in out


def test_a_name_of_two_kinds_must_be_told_apart(run, registry):
    """Which are meant is not guessed."""
    code, _, err = run("plugins", "check", "noise")
    assert code == 2
    assert "'noise' is a name in segmenters and samplers" in err


def test_all_of_a_distribution_are_checked(run, registry):
    """Whatever its name's spelling; one failure is enough for exit code 1."""
    code, out, _ = run("plugins", "check", "--distribution", "This_Session")
    assert code == 2, "a distribution's name has no blank: nothing is called that"
    code, out, _ = run("plugins", "check", "-d", "this session")
    assert code == 1
    assert "2 of 3 failed" in out


def test_what_cannot_be_called_here_is_skipped(run, registry):
    """A parameter without a default and a library that is not installed are no faults; the parameter can be set."""

    def named(image, _rng, /, *, path: str):
        """Two halves."""
        return halves(image, _rng)

    registry.add("kernels", Plugin("named", named))
    registry.add("kernels", Plugin("far", halves, requires=("cv2.no_such_part",)))
    code, out, _ = run("plugins", "check", "named")
    assert code == 0
    assert "skipped  'path' has no default; give --set PARAMETER=VALUE" in out
    assert "0 checked, none failed, 1 skipped" in out
    code, out, _ = run("plugins", "check", "far")
    assert code == 0
    assert "skipped  cv2.no_such_part is not installed\n" in out
    assert "skipped  'path'" not in run("plugins", "check", "named", "-s", "path=here")[1]


def test_what_a_plugin_prints_is_not_in_the_report(run, registry):
    """Neither before it nor on standard error."""

    def chatty(image, rng, /):
        """Two halves."""
        print("hello")  # noqa: T201
        print("hello", file=sys.stderr)  # noqa: T201
        return halves(image, rng)

    registry.add("segmenters", Plugin("chatty", chatty, modality="image"))
    _, out, err = run("plugins", "check", "chatty")
    assert out.startswith("segmenter chatty")
    assert "hello" not in out + err


def test_each_fault_is_told_once(run, registry):
    """At the first example that shows it, with the number of the others."""
    _, out, _ = run("plugins", "check", "segmenter", "noise")
    text = " ".join(out.split())
    moved = text.partition("FAILED global random state:")[2].partition("FAILED")[0]
    assert moved.count("given ") == 1
    assert "more examples)" in moved


def test_a_broken_module_is_told_with_or_without_the_kind(run, registry):
    """What nobody knows may be in there."""
    registry.broken.append(Broken("limefw_hexagons", Provider("limefw-hexagons", "0.1.0"), ImportError("no")))
    for words in (["hexagons"], ["segmenters", "hexagons"]):
        code, _, err = run("plugins", "check", *words)
        assert code == 2
        assert "Broken: limefw_hexagons (limefw-hexagons 0.1.0): ImportError: no." in err


def test_a_misspelt_policy_is_told(process):
    """Denying what is not installed keeps nobody out, and allowing it lets nobody in."""
    done = process("plugins", "segmenters", LIMEFW_PLUGINS="-limefw-hexagon, acme-lime")
    err = done.stderr.decode()
    assert done.returncode == 0
    assert "limefw-hexagon: denied, but not installed" in err
    assert "acme-lime: allowed, but not installed" in err
    assert "in vain" not in process("plugins", "segmenters", LIMEFW_PLUGINS="limefw").stderr.decode()


def test_a_name_that_clashes_is_told(run, registry):
    """By the listing and by the check of the distribution; nobody is told to deny limefw itself."""
    registry._register(Hexagons, Provider("limefw-hexagons", "0.1.0"), "hexagons")
    sentence = (
        f"segmenter 'grid' is provided by limefw {limefw.__version__} and limefw-hexagons 0.1.0. "
        "Uninstall limefw-hexagons, or deny it: LIMEFW_PLUGINS=-limefw-hexagons"
    )
    assert sentence in run("plugins")[2]
    code, said, _ = run("plugins", "check", "-d", "limefw-hexagons")
    assert code == 1
    assert sentence in " ".join(said.split())
    assert "clash" not in run("plugins", "check", "-d", "this session")[1]
    code, _, err = run("plugins", "segmenters", "grid")
    assert code == 2
    assert sentence in err


def test_all_of_a_kind_are_checked(run):
    """A kind without a name means all of it."""
    code, out, _ = run("plugins", "check", "targets")
    assert code == 0
    assert f"{len(limefw.registry().names('targets'))} checked, none failed" in out


def test_a_reader_is_checked_on_a_source(run, photo):
    """Without one it is only read, which is said."""
    code, out, _ = run("plugins", "check", "image_file")
    assert code == 0
    assert "no source was given; give --source FILE" in out
    code, out, _ = run("plugins", "check", "image_file", "--source", photo)
    assert code == 0
    assert "not run" not in out


def test_parameters_can_be_set(run):
    """A plug-in is checked with other settings than its defaults; a wrong one is told as in a recipe."""
    code, out, _ = run("plugins", "check", "surrogates", "ridge", "-s", "alpha=0.5")
    assert code == 0, out
    code, _, err = run("plugins", "check", "surrogates", "ridge", "-s", "alpha=-1")
    assert code == 2
    assert "'alpha' must be greater than or equal to 0" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["targets", "-s", "floor=1"], "--set is for one plug-in"),
        ([], "what is to be checked?"),
        (["a", "b", "c"], "what is to be checked?"),
        (["slic", "-d", "limefw"], "what is to be checked?"),
        (["slick"], "no plug-in named 'slick'. Did you mean 'slic'?"),
        (["segmentors", "slic"], "Did you mean 'segmenters'?"),
        (["segmenters", "slick"], "Did you mean 'slic'?"),
        (["-d", "limfw"], "Did you mean 'limefw'?"),
    ],
)
def test_a_wrong_question_is_told(run, arguments, message):
    """Exit code 2, with what was meant."""
    code, _, err = run("plugins", "check", *arguments)
    assert code == 2
    assert message in err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_names_the_commands(run, arguments):
    """`limefw plugins --help` shows listing, check and new."""
    code, out, _ = run("plugins", *arguments)
    assert code == 0
    for word in ("KIND [NAME]", "check", "new", "list"):
        assert word in out


def test_the_bare_listing_still_takes_options(run):
    """--debug may stand anywhere."""
    assert run("plugins", "--debug", "segmenters")[0] == run("plugins", "segmenters", "--debug")[0] == 0
    assert "segmenters" in run("plugins", "--debug")[1]


# ---- new


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_for_a_kind_passes_the_kit(kind, tmp_path, monkeypatch):
    """Every template keeps what its kind promises, with its own and another value of its parameter."""
    name = f"acme_{kind}"
    for path, text in distribution(kind, name).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry(modules=[(importlib.import_module(f"limefw_{name}"), "acme")], installed=False)
    assert registry.broken == []
    about, source = ABOUT[kind], None
    if about.source:
        source = tmp_path / "source.npy"
        np.save(source, eval(about.source, {"rng": np.random.default_rng(0)}))
    for params in ({}, {about.parameter: eval(about.other)}):
        report = check_plugin(kind, name, registry=registry, source=source, params=params)
        assert not report.skipped
        assert "ends of ranges" in report.checks


@pytest.mark.parametrize("kind", ["segmenter", "segmenters"])
def test_a_distribution_is_written_into_a_new_folder(run, tmp_path, kind):
    """Singular or plural; what to do next is printed."""
    code, out, err = run("plugins", "new", kind, "bands")
    assert code == 0
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        "bands/pyproject.toml", "bands/README.md", "bands/limefw_bands.py", "bands/tests/test_bands.py",
    }  # fmt: skip
    assert "my_plugin" not in "".join((tmp_path / name).read_text() for name in files)
    assert "limefw explain --sample -s segmenter=bands" in out
    assert "pip install -e 'bands[test]'" in out, "a plain environment has no pytest"
    assert "pip install -e '.[test]'" in (tmp_path / "bands/README.md").read_text()
    assert "wrote bands" in err
    for name in ("bands/README.md", "bands/tests/test_bands.py"):
        assert "SETTINGS" in (tmp_path / name).read_text(), "where what is tried is changed with the parameters"


def test_the_renderer_calls_classes_by_their_names(tmp_path, monkeypatch):
    """Also one with a comma in it, in a table that programs read."""
    (tmp_path / "limefw_cards.py").write_text(distribution("renderers", "cards")["limefw_cards.py"])
    monkeypatch.syspath_prepend(tmp_path)
    cards = importlib.import_module("limefw_cards").cards
    model = limefw.model(lambda batch: batch[:, :16].mean(axis=(1, 2)) / 255, classes=["red, dark", "green", "blue"])
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    found = limefw.explain(image, model, segmenter="grid", labels=[0], samples=60)
    rows = list(csv.DictReader(cards(found, top=2).data.splitlines()))
    assert [row["class"] for row in rows] == ["red, dark"] * 2
    assert [float(row["effect"]) for row in rows] == [item.effect for item in found.top(2)]


def test_nothing_is_overwritten(run, tmp_path):
    """A folder or file of that name is left as it is."""
    (tmp_path / "bands").mkdir()
    (tmp_path / "bands" / "mine.txt").write_text("precious")
    code, _, err = run("plugins", "new", "segmenter", "bands")
    assert code == 2
    assert "bands is there already: nothing was written" in err
    assert [path.name for path in (tmp_path / "bands").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("segmentor", "bands", "Did you mean 'segmenters'?"),
        ("recipe", "bands", "a recipe is a file: limefw recipe show lime > bands.toml"),
        ("segmenter", "slic", "segmenter 'slic' is provided by limefw"),
        ("segmenter", "Bands", "'Bands' cannot be its name: use a-z"),
        ("segmenter", "../bands", "cannot be its name"),
        ("segmenter", "two words", "cannot be its name"),
        ("segmenter", "bands_", "cannot be its name"),
        ("segmenter", "lambda", "the word is taken"),
        ("segmenter", "print", "the word is taken"),
        ("segmenter", "count", "the word is taken"),
        ("segmenter", "np", "the word is taken"),
        ("segmenter", "auto", "the word is taken"),
    ],
)
def test_a_name_that_could_not_work_is_refused(run, tmp_path, kind, name, message):
    """Nothing is written."""
    code, _, err = run("plugins", "new", kind, name)
    assert code == 2
    assert message in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("tool", ["ruff", "mypy"])
def test_what_is_written_satisfies_linters(tool, tmp_path):
    """ruff with its defaults, and mypy --strict, find nothing in any kind's files."""
    place = shutil.which(tool, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if place is None:
        pytest.skip(f"{tool} is not installed")
    for kind in KINDS:
        for path, text in distribution(kind, f"acme_{kind}").items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)
    arguments = {"ruff": ["check", "--isolated", "--no-cache"], "mypy": ["--strict", "--no-incremental"]}[tool]
    environment = {**os.environ, "MYPYPATH": str(Path(limefw.__file__).parents[1])}
    command = [place, *arguments, "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
