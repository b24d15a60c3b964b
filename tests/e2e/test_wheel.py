"""What is in the wheel that people install."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    with zipfile.ZipFile(found) as archive:
        yield archive


def test_the_wheel_holds_everything_that_runs(wheel):
    """Both packages, the model with its names and notice, the photograph, recipes, templates, type markers, licence."""
    names = set(wheel.namelist())
    for name in (
        "limefw/py.typed",
        "limefw/data/chelsea.jpg",
        "limefw/data/NOTICE.txt",
        "limefw_plugins/py.typed",
        "limefw_plugins/models/efficientnet_lite0.onnx",
        "limefw_plugins/models/imagenet_names.txt",
        "limefw_plugins/models/NOTICE.txt",
        "limefw_plugins/recipes/lime.toml",
    ):
        assert name in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_model_is_at_most_six_megabytes(wheel):
    """The embedded classifier keeps the wheel small."""
    assert wheel.getinfo("limefw_plugins/models/efficientnet_lite0.onnx").file_size <= 6_000_000


def test_the_wheel_holds_nothing_else(wheel):
    """No tests, no folder called plugins, nothing compiled."""
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"limefw", "limefw_plugins"}
    assert not [name for name in wheel.namelist() if name.endswith(".pyc")]


def test_the_example_runs(tmp_path):
    """examples/explain_a_photo.py does what it says."""
    script = ROOT / "examples" / "explain_a_photo.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "green" in done.stdout
    assert (tmp_path / "green.html").exists()
