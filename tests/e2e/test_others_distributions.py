"""Distributions of others - the three examples, and one that ``limefw plugins new`` wrote - built, installed, used."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import limefw


ROOT = Path(__file__).parents[2]
EXAMPLES = {"custom_segmenter": "quadtree", "custom_surrogate": "quantile", "custom_renderer": "geojson"}

pytestmark = pytest.mark.model


class Place:
    """A folder with third-party wheels installed, and a way to run things beside it."""

    def __init__(self, folder):
        self.folder, self.site = folder, folder / "site"

    def run(self, *command, cwd=None, **environment):
        path = os.pathsep.join([str(self.site), *(str(Path(entry).absolute()) for entry in sys.path)])
        kept = {name: value for name, value in os.environ.items() if name not in ("LIMEFW_PLUGINS", "PYTEST_ADDOPTS")}
        return subprocess.run(
            [sys.executable, "-m", *map(str, command)],
            cwd=cwd or self.folder, env={**kept, "PYTHONPATH": path, **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def install(self, *sources):
        """Build wheels of source folders and install them, offline."""
        wheels = self.folder / "wheels"
        offline = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
        built = self.run("pip", "wheel", *offline, "--no-build-isolation", "-w", wheels, *sources)
        assert built.returncode == 0, built.stderr
        installed = self.run("pip", "install", *offline, "--target", self.site, "--upgrade", *wheels.glob("*.whl"))
        assert installed.returncode == 0, installed.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The three examples, installed."""
    made = Place(tmp_path_factory.mktemp("others"))
    made.install(*(ROOT / "examples" / name for name in (*EXAMPLES, "other_explainers")))
    return made


RECIPE = """
samples = 60
labels = "top:1"
segmenter = { use = "quadtree", n_segments = 20 }
surrogate = { use = "quantile", level = 0.4 }
renderers = [{ use = "geojson", top = 3 }]
"""


def test_a_recipe_names_all_three_and_the_command_line_uses_them(place, tmp_path):
    """By name from a file; the photograph's strongest segments come out as outlines."""
    (tmp_path / "others.toml").write_text(RECIPE)
    done = place.run("limefw", "explain", "--sample", "--recipe", "others.toml", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = limefw.load(tmp_path / "out" / "chelsea.limefw")
    recipe = found.provenance["recipe"]
    assert recipe["segmenter"] == {"use": "quadtree", "n_segments": 20}
    assert recipe["surrogate"] == {"use": "quantile", "level": 0.4}
    assert 17 <= found.segments.count <= 20
    outlines = json.loads((tmp_path / "out" / "chelsea.geojson").read_text())
    assert 1 <= len(outlines["features"]) <= 3


def test_the_examples_are_listed_with_their_providers(place):
    """Name, version, parameters."""
    done = place.run("limefw", "plugins", "segmenters", "quadtree")
    assert done.returncode == 0
    assert "[limefw-quadtree 1.0, for image]" in done.stdout
    assert "n_segments" in done.stdout


@pytest.mark.parametrize(("folder", "name"), EXAMPLES.items())
def test_an_examples_own_tests_pass(place, folder, name):
    """With pytest alone, as its README says; the kit through --limefw as well."""
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "limefw.testing.pytest_plugin",
        "--import-mode=importlib",
        "-W",
        "error",
    ]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    tests = ROOT / "examples" / folder
    done = place.run("pytest", *options, "--rootdir", tests, "-c", tests / "pyproject.toml", tests,
                     "--limefw", f"limefw-{name}", **environment)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_other_explainers_own_tests_pass(place):
    """Those of the packages that are installed; lime's always are, with limefw's own tests."""
    tests = ROOT / "examples" / "other_explainers"
    done = place.run("pytest", "-q", "-rs", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error",
                     "--rootdir", tests, "-c", tests / "pyproject.toml", tests,
                     PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "lime is not installed" not in done.stdout


def test_a_recipe_names_another_packages_explainer(place, tmp_path):
    """By name, under the recipe's budget."""
    more = ["-s", "segmenter=grid", "-s", "method=lime_image", "-n", "80", "-o", "out"]
    done = place.run("limefw", "explain", "--sample", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = limefw.load(tmp_path / "out" / "chelsea.limefw")
    assert found.provenance["recipe"]["method"]["use"] == "lime_image"
    assert np.any(found.fit().effects)


def test_the_command_checks_them(place):
    """`limefw plugins check --distribution` passes each."""
    done = place.run("limefw", "plugins", "check", "--distribution", "limefw-geojson")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "renderer geojson  [limefw-geojson 1.0]" in done.stdout


def test_the_examples_are_about_thirty_lines():
    """Docstrings, comments and blank lines not counted: a stranger reads one in a minute."""
    for folder, name in EXAMPLES.items():
        tree = ast.parse((ROOT / "examples" / folder / f"limefw_{name}.py").read_text())
        told = [node.body[0] for node in ast.walk(tree) if hasattr(node, "body") and isinstance(node.body, list)]
        texts = [node for node in told if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
        silent = {line for node in texts for line in range(node.lineno, node.end_lineno + 1)}
        lines = {node.lineno for node in ast.walk(tree) if hasattr(node, "lineno")} - silent
        assert len(lines) <= 36, (folder, len(lines))


def test_a_denied_distributions_canary_never_appears(tmp_path):
    """Whatever is done, nothing of a denied distribution runs; without the denial the canary shows that it would."""
    place = Place(tmp_path)
    assert place.run("limefw", "plugins", "new", "segmenter", "evil_bands").returncode == 0
    canary, module = tmp_path / "canary", tmp_path / "evil_bands" / "limefw_evil_bands.py"
    module.write_text(f"open({str(canary)!r}, 'w').close()\n" + module.read_text())
    place.install(tmp_path / "evil_bands")
    deny, allow_others = {"LIMEFW_PLUGINS": "-LimeFW_Evil.Bands"}, {"LIMEFW_PLUGINS": "acme-lime"}
    for policy, *command in (
        (deny, "plugins"), (deny, "recipe", "schema"), (deny, "plugins", "check", "grid"),
        (deny, "explain", "--sample", "-s", "segmenter=grid", "-n", "20", "-o", "-"),
        (allow_others, "plugins", "segmenters"),
    ):  # fmt: skip
        done = place.run("limefw", *command, **policy)
        assert done.returncode == 0, done.stderr
        assert not canary.exists(), (policy, command)
    done = place.run("limefw", "explain", "--sample", "-s", "segmenter=evil_bands", LIMEFW_PLUGINS="-limefw-evil-bands")
    assert done.returncode == 2
    assert "Denied by LIMEFW_PLUGINS, so not looked at: limefw-evil-bands." in done.stderr
    assert not canary.exists()
    done = place.run("limefw", "plugins", "segmenters", "evil_bands", LIMEFW_PLUGINS="limefw-evil-bands")
    assert done.returncode == 0, done.stderr
    assert canary.exists(), "an allowed one's does appear"


@pytest.mark.parametrize(
    ("kind", "use"),
    [
        ("segmenter", ["-s", "segmenter=acme_new"]),
        ("renderer", ["-f", "acme_new"]),
    ],
)
def test_what_plugins_new_writes_works_from_an_empty_folder(tmp_path, kind, use):
    """Written, built, installed, its tests run, used by name: without a change."""
    place = Place(tmp_path)
    assert place.run("limefw", "plugins", "new", kind, "acme_new").returncode == 0
    place.install(tmp_path / "acme_new")
    tested = place.run("pytest", "-q", "-p", "no:cacheprovider", "acme_new", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "2 passed" in tested.stdout
    used = place.run("limefw", "explain", "--sample", "-n", "30", *use)
    assert used.returncode == 0, used.stderr
    assert list((tmp_path / "limefw-out").iterdir())
