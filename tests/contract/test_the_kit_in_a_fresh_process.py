"""What the conformance kit sees of a plug-in in another process: each wrong module fails for its own reason."""

import sys

import numpy as np
import pytest

from limefw.stage import Plugin
from limefw.testing import ConformanceError, _fresh, check_plugin
from limefw.types import Segments


HALVES = '''
import numpy as np
from limefw import Image, Plugin, Segments
{above}

def halves(image, rng, /):
    """Two halves."""
    column = np.indices(image.shape)[1] * 2 // image.shape[1]
    {inside}
    return Segments.from_labels(column)
'''


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a module into a folder on sys.path and return its function."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "toy_library.py").write_text("VALUE = 1\n")
    before = set(sys.modules)

    def make(above="", inside="", name="acme_halves"):
        (tmp_path / f"{name}.py").write_text(HALVES.format(above=above, inside=inside))
        return __import__(name).halves

    yield make
    for name in set(sys.modules) - before:
        if name.startswith(("acme", "toy_library", "wave")):
            del sys.modules[name]


def failures(call, **record):
    with pytest.raises(ConformanceError) as caught:
        check_plugin("segmenters", Plugin("halves", call, **record))
    return caught.value.failed


def test_a_good_module_passes_everything(write):
    report = check_plugin("segmenters", Plugin("halves", write()))
    assert {"light import", "another process", "requires", "side effects"} <= set(report.checks)
    assert not report.skipped


def test_a_library_that_is_imported_where_it_is_used_is_no_fault(write):
    call = write(inside="import wave, toy_library, json, skimage")
    assert "requires" in check_plugin("segmenters", Plugin("halves", call, requires=("wave", "toy_library"))).checks


def test_a_library_that_it_can_do_without_need_not_be_declared(write):
    call = write(inside="try:\n        import toy_library\n    except ImportError:\n        pass")
    assert "requires" in check_plugin("segmenters", Plugin("halves", call)).checks


UNSTEADY = """kept = {{}}

def remembered(image):
    return kept.setdefault(image.shape, float(image.pixels[0, 0, 0]))
""".replace("{{", "{").replace("}}", "}")


REFUSES_THE_FOURTH = """seen.append(1)
    if len(seen) == 4:
        raise InputError("no more")"""


@pytest.mark.parametrize(
    ("source", "requires", "check", "sentence"),
    [
        ({"above": "import sklearn"}, (), "light import", "scipy, sklearn: import it inside"),
        ({"above": "from matplotlib import pyplot"}, (), "light import", "importing acme_halves loads PIL, matplotlib"),
        ({"above": "import wave"}, ("wave",), "light import", "importing acme_halves loads wave"),
        (
            {"above": "import time\nend = time.process_time() + 1.1\nwhile time.process_time() < end:\n    pass"},
            (), "light import", "s of computing: leave that to the function",
        ),
        ({"inside": "import toy_library"}, (), "requires", "without toy_library it fails: name it in Plugin"),
        ({}, ("wave",), "requires", "requires names wave, which nothing of it imports: take it out"),
        (
            {"above": UNSTEADY, "inside": "column[:, int(remembered(image)) % 5] = 2"},
            (), "another process", "comes out differently in another process",
        ),
        (
            {"inside": "column[0, :9] = [ord(letter) for letter in set('abcdefghi')]"},
            (), "another process", "let nothing depend on the order of a set",
        ),
        (
            {"above": "from limefw import InputError\nseen = []", "inside": REFUSES_THE_FOURTH},
            (), "another process", "is refused in another process",
        ),
        (
            {"inside": "import pathlib; pathlib.Path('halves.txt').write_text('x')"},
            (), "side effects", "halves.txt): return what was made",
        ),
        ({"inside": "print('cutting', image.shape)"}, (), "side effects", "it prints ('cutting"),
    ],
)  # fmt: skip
def test_a_wrong_module_is_caught_for_its_own_reason(source, requires, check, sentence, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed = failures(write(**source), requires=requires)
    assert set(failed) == {check}
    assert sentence in failed[check][0]


@pytest.mark.parametrize("place", ["dev/project", ".work/project"])
def test_a_leak_is_seen_wherever_the_project_lies(place, write, tmp_path, monkeypatch):
    """A folder named dev, and a hidden one above the working folder, hide nothing; where the file is, is told."""
    (folder := tmp_path / place).mkdir(parents=True)
    monkeypatch.chdir(folder)
    failed = failures(write(inside="import pathlib; pathlib.Path('leak.txt').write_text('x')"))
    assert str(folder / "leak.txt") in failed["side effects"][0]


def test_a_leak_beside_the_module_is_seen_from_elsewhere(tmp_path, monkeypatch):
    """A module in an environment named .venv that writes beside itself."""
    home = tmp_path / ".venv" / "site"
    for folder in (home, tmp_path / "elsewhere"):
        folder.mkdir(parents=True)
    inside = "import pathlib; pathlib.Path(__file__).with_name('leak.txt').write_text('x')"
    (home / "acme_leak.py").write_text(HALVES.format(above="", inside=inside))
    monkeypatch.syspath_prepend(home)
    monkeypatch.chdir(tmp_path / "elsewhere")
    failed = failures(__import__("acme_leak").halves)
    monkeypatch.delitem(sys.modules, "acme_leak")
    assert str(home / "leak.txt") in failed["side effects"][0]


def test_a_leak_of_the_import_is_seen(write, tmp_path, monkeypatch):
    """At the top of the module, where no call is."""
    monkeypatch.chdir(tmp_path)
    failed = failures(write(above="import pathlib; pathlib.Path('canary').write_text('x')"))
    (told,) = failed["side effects"]
    assert told.startswith(f"importing acme_halves writes files ({tmp_path / 'canary'})")


def test_what_is_no_file_of_anyones_is_no_leak(write, tmp_path, monkeypatch):
    """The null device, and a hidden cache in the working folder."""
    monkeypatch.chdir(tmp_path)
    call = write(inside="import os, pathlib; open(os.devnull, 'w').close(); pathlib.Path('.cache').write_text('x')")
    assert "side effects" in check_plugin("segmenters", Plugin("halves", call)).checks


def of_a_test(image, _rng, /):
    """Two halves."""
    return Segments.from_labels(np.indices(image.shape)[1] * 2 // image.shape[1])


def test_a_function_of_a_test_leaves_out_what_needs_another_process():
    """Each of the four is named, with the reason."""

    skipped = check_plugin("segmenters", Plugin("halves", of_a_test)).skipped
    four = ("light import", "another process", "requires", "side effects")
    assert skipped == tuple(f"{name} (it lives in a test)" for name in four)


def test_a_module_that_no_other_process_can_use_is_told(write, tmp_path):
    call = write()
    (tmp_path / "acme_halves.py").write_text("1 / 0")
    assert "cannot use acme_halves: ZeroDivisionError" in failures(call)["light import"][0]


def test_a_module_that_never_comes_to_an_end_is_told(write, tmp_path, monkeypatch):
    call = write()
    (tmp_path / "acme_halves.py").write_text("while True:\n    pass")
    monkeypatch.setattr(_fresh, "LIMIT", 2.0)
    assert "it is not done after 2 s" in failures(call)["light import"][0]


def test_a_temporary_file_is_nobodys_business(write):
    call = write(inside="import tempfile\n    with tempfile.TemporaryFile() as file: file.write(b'x')")
    assert "side effects" in check_plugin("segmenters", Plugin("halves", call)).checks


RENDERER = '''
from limefw import Rendering

def report(explanation, /):
    """Writes its file itself."""
    with open("report.txt", "w") as file:
        file.write(repr(explanation.names))
    return Rendering("done", "text/plain", ".txt")
'''


def test_a_renderer_that_writes_a_file_is_caught(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme_report.py").write_text(RENDERER)
    with pytest.raises(ConformanceError) as caught:
        check_plugin("renderers", Plugin("report", __import__("acme_report").report))
    monkeypatch.delitem(sys.modules, "acme_report")
    assert set(caught.value.failed) == {"side effects"}
    assert "report.txt" in str(caught.value)
