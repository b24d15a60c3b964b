"""The example that trains a network on two classes: it learns, and what makes a face lies on the face."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


EXAMPLE = Path(__file__).parents[2] / "examples" / "two_classes"
pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="the example trains with Keras"),
]


def ran(*arguments):
    """Run the script in a process of its own, as a reader would, and return what it printed."""
    environment = {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, EXAMPLE / "two_classes.py", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What the script printed, its figures, and where it wrote."""
    out = tmp_path_factory.mktemp("two_classes")
    return ran("--out", out, "--explain", 2), json.loads((out / "figures.json").read_text()), out


def test_it_learns_faces_and_shows_how(trained):
    """Right on nine unseen pictures of ten at the least (measured: all of 50, with seeds 0 and 1)."""
    printed, figures, _ = trained
    assert figures["accuracy"] >= 0.9
    assert f"accuracy on 50 unseen pictures: {figures['accuracy']:.3f}" in printed
    assert "Epoch 15/15" in printed
    assert printed.count("val_accuracy") == 15


def test_what_makes_a_face_lies_on_the_face(trained):
    """Well more than chance of what speaks for a face is in its middle (measured: .64 and .59, with seeds 0 and 1)."""
    _, figures, _ = trained
    assert figures["faces"] == 25
    assert figures["chance"] == pytest.approx(0.36)
    assert figures["share"] > 0.5
    assert figures["above"] >= 21


def test_the_pictures_and_the_network_are_there_and_the_network_loads_again(trained):
    """The figures' pictures show something, and what was saved gives the predictions that were told."""
    from PIL import Image

    _, figures, out = trained
    for name in ("explanations.png", "training.png"):
        assert np.asarray(Image.open(out / name).convert("RGB")).std() > 10
    assert figures["explained"][:2] == ["face", "face"]
    assert len(figures["explained"]) == 4
    assert (out / "two_classes.keras").stat().st_size > 100_000


def test_a_folder_that_is_not_there_is_told_in_a_line(tmp_path):
    command = [sys.executable, EXAMPLE / "two_classes.py", "--data", "nofolder"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "there is no folder nofolder\n")
    assert not list(tmp_path.iterdir())


def test_the_checked_in_picture_has_no_specks_of_a_palette():
    """A grey picture is grey in it: in the first column nothing is coloured."""
    from PIL import Image

    pixels = np.asarray(Image.open(EXAMPLE / "explanations.webp").convert("RGB")).astype(int)
    assert pixels[:, :230].max(axis=2).max() > 200
    assert np.ptp(pixels[:, :230], axis=2).max() <= 2


def test_folders_of_ones_own(tmp_path):
    """Two folders of pictures name two classes: red and blue ones are told apart, and by where the colour is."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for name, channel in (("berries", 0), ("plums", 2)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for at in range(16):
            pixels = rng.integers(0, 90, (40, 40, 3), dtype=np.uint8)
            pixels[12:28, 12:28, channel] = 255
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{at}.png")
    out = tmp_path / "out"
    ran("--data", tmp_path / "data", "--size", 32, "--epochs", 10, "--explain", 1, "--samples", 150, "--out", out)
    figures = json.loads((out / "figures.json").read_text())
    assert figures["accuracy"] == 1
    assert figures["explained"] == ["plums", "berries"]
    assert (out / "explanations.png").exists()
