import os
import subprocess
import sys

import pytest

import limefw.cli
from limefw.cli import _common


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run the command line as a user would, in an empty folder: returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        _common._state["debug"] = False
        monkeypatch.setattr(sys, "argv", ["limefw", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            limefw.cli.main()
        captured = capsys.readouterr()
        return stopped.value.code, captured.out, captured.err

    return call


@pytest.fixture
def photo(tmp_path):
    """A small picture file: a dark and a bright half."""
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 120, (40, 48, 3), dtype=np.uint8)
    pixels[:, 24:] += 120
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def mine(tmp_path):
    """A module of the user's own in the current folder, with models in it."""
    source = """
import numpy as np

def right(batch):
    bright = batch[:, :, 24:].reshape(len(batch), -1).mean(axis=1) / 255
    return np.stack([1 - bright, bright], axis=1)

def dark(outputs):
    return outputs[:, 0] ** 2

calls = []

def tires(batch):
    calls.append(1)
    if len(calls) > 8:
        raise RuntimeError("out of breath")
    return right(batch)

def lost(batch):
    return right(batch) * np.nan

def broken_pipe(batch):
    raise BrokenPipeError(32, "to a server of the model's own")

def interrupted(batch):
    calls.append(1)
    if len(calls) > 8:
        raise KeyboardInterrupt
    return right(batch)
"""
    (tmp_path / "mine.py").write_text(source)
    yield "mine"
    sys.modules.pop("mine", None)
    assert str(tmp_path) not in sys.path


@pytest.fixture
def process(tmp_path):
    """Run the command line in a process of its own: returns what subprocess.run returns."""

    def call(*arguments, stdout=subprocess.PIPE, **environment):
        command = [sys.executable, "-m", "limefw", *map(str, arguments)]
        everything = {**os.environ, **environment}
        return subprocess.run(command, cwd=tmp_path, env=everything, stdout=stdout, stderr=subprocess.PIPE, check=False)

    return call
