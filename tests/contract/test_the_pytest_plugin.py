"""``pytest --limefw NAME`` runs the kit; whoever merely has limefw installed notices nothing of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]

GOOD = '''
import numpy as np
from limefw import Image, Plugin, Segments, hookimpl

def halves(image, rng, /):
    """Two halves."""
    return Segments.from_labels(np.indices(image.shape)[1] * 2 // image.shape[1])

def pixels(source, /):
    """An image of a .npy file."""
    return Image(np.load(source), (0, 255))

def named(image, rng, /, *, path: str):
    """Halves that a file names."""
    return halves(image, rng)

@hookimpl
def limefw_segmenters():
    yield Plugin("acme_halves", halves, modality="image")
    yield Plugin("acme_named", named, modality="image")
    yield Plugin("acme_far", halves, modality="image", requires=("acme_no_such_library",))

@hookimpl
def limefw_readers():
    yield Plugin("acme_pixels", pixels, modality="image")
'''

WRONG = '''
import numpy as np
from limefw import Plugin, Segments, hookimpl

def thirds(image, rng, /, *, parts=3):
    """Two halves."""
    return Segments.from_labels(np.indices(image.shape)[1] * 3 // image.shape[1])

def noise(image, rng, /):
    """Two halves."""
    return Segments.from_labels(np.random.rand(*image.shape) < 0.5)

@hookimpl
def limefw_segmenters():
    yield Plugin("acme_noise", noise, modality="image")
    yield Plugin("acme_thirds", thirds, modality="image")
'''


def installed(folder, name, source):
    """Put a distribution into a folder as pip --target would."""
    module = name.replace("-", "_")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[limefw]\nmain = {module}\n")
    (folder / f"{module}.py").write_text(source)


@pytest.fixture
def pytest_run(tmp_path):
    """Run pytest in an empty project, with our plug-in loaded as the entry point does."""
    site, project = tmp_path / "site", tmp_path / "project"
    project.mkdir()
    installed(site, "acme-good", GOOD)
    installed(site, "acme-wrong", WRONG)

    def call(*arguments, files=None, code=None):
        for name, text in (files or {}).items():
            (project / name).write_text(text)
        path = os.pathsep.join([str(site), *(entry for entry in sys.path if entry)])
        environment = {**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment.pop("PYTEST_ADDOPTS", None)
        start = ["-m", "pytest"] if code is None else ["-c", code]
        command = [sys.executable, *start, "-p", "limefw.testing.pytest_plugin", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)

    return call


def test_it_is_an_entry_point():
    text = (ROOT / "pyproject.toml").read_text()
    assert '[project.entry-points.pytest11]\nlimefw = "limefw.testing.pytest_plugin"\n' in text


def test_a_good_distribution_passes_and_what_needs_a_source_is_skipped(pytest_run):
    done = pytest_run("--limefw", "Acme_Good", "-v", "-rs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "limefw:Acme_Good::segmenters:acme_halves PASSED" in done.stdout
    assert "readers:acme_pixels SKIPPED" in done.stdout
    assert "give check_plugin a source" in done.stdout
    assert "'path' has no default: give check_plugin params" in done.stdout
    assert "acme_no_such_library is not installed: install it first" in done.stdout
    assert "1 passed, 3 skipped" in done.stdout


def test_a_wrong_one_fails_with_the_list_of_what_is_wrong(pytest_run):
    done = pytest_run("--limefw=acme-wrong")
    assert done.returncode == 1
    assert "segmenter 'acme_noise' fails 2 of" in done.stdout
    assert "- global random state: given a uint8 RGB image" in done.stdout
    assert "parameter 'parts' has no type annotation" in done.stdout, "a record that is refused is a failure too"
    assert "stage.py" not in done.stdout, "limefw's own frames explain nothing"
    assert "2 failed" in done.stdout


def test_the_setting_does_as_the_option_and_other_tests_run_beside_it(pytest_run):
    files = {"pytest.ini": "[pytest]\nlimefw = acme-good\n", "test_own.py": "def test_own():\n    pass\n"}
    assert "2 passed, 3 skipped" in pytest_run(files=files).stdout
    assert "1 passed, 4 deselected" in pytest_run("-k", "acme_halves").stdout


def test_an_unknown_distribution_is_told(pytest_run):
    done = pytest_run("--limefw", "acme-god")
    assert done.returncode == 4, done.stdout
    assert "--limefw: no plug-in is installed from a distribution named 'acme-god'. Did you mean 'acme-good'?" in (
        done.stdout + done.stderr
    )


WATCHED = """
import sys, pytest
code = pytest.main(sys.argv[1:])
heavy = {"numpy", "pluggy_limefw", "pydantic", "click", "limefw_plugins", "limefw.discovery", "limefw.testing._kit"}
print("LOADED", sorted(heavy & set(sys.modules)), int(code))
"""


def test_it_loads_nothing_and_does_nothing_unless_asked(pytest_run):
    """Whoever has limefw installed pays for three small modules."""
    done = pytest_run(files={"test_own.py": "def test_own():\n    pass\n"}, code=WATCHED)
    assert "LOADED [] 0" in done.stdout, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_distributions_code_is_loaded_after_coverage_began(pytest_run):
    """Lines that run at import count: the plug-ins are imported when tests are collected, not before."""
    pytest.importorskip("pytest_cov")
    done = pytest_run("-p", "pytest_cov", "--limefw", "acme-good", "--cov", "acme_good", "--cov-report", "term-missing")
    (line,) = [line for line in done.stdout.splitlines() if "acme_good.py" in line]
    assert line.split()[1:3] == ["16", "2"], f"only two functions' own lines were not run: {line}"
