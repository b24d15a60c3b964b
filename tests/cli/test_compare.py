"""``limefw compare``."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from limefw.cli import cli


MODEL = """
import os
import numpy as np

def predict(batch):
    with open(os.environ.get("COUNTED", os.devnull), "a") as file:
        file.write("x" * len(batch))
    left = batch[:, :, :12].mean((1, 2, 3)) / 255
    return np.stack([left, 1 - left], axis=1)

def other(batch):
    return predict(batch[:, :, ::-1])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "two.py").write_text(MODEL)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels[::-1]).save(tmp_path / "b.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIMEFW_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "two", raising=False)
    return tmp_path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["compare", *arguments], standalone_mode=False)


GRID = ("-s", "segmenter=grid", "-n", "60")


def test_variants_are_compared_over_images_and_seeds(folder: Path) -> None:
    found = run(
        "a.png",
        "b.png",
        "-m",
        "two:predict",
        "-v",
        "lime",
        "-v",
        "mine=fast",
        *GRID,
        "--seeds",
        "2",
        "--json",
        "-o",
        "-",
    )
    assert found.exception is None, found.output
    read = json.loads(found.stdout)
    assert [side["name"] for side in read["sides"]] == ["lime", "mine"]
    assert [one["name"] for one in read["instances"]] == ["a.png", "b.png"]
    assert len(read["cells"]) == 8
    assert found.return_value == 0


def test_a_grid_over_two_models(folder: Path) -> None:
    found = run("a.png", "-m", "two:predict", "--against", "new=two:other", "--vary", "surrogate=ridge,tree",
                "--vary", 'filler={use="constant", value=0.5}, "blur"', *GRID, "--json", "-o", "-")  # fmt: skip
    assert found.exception is None, found.output
    names = [side["name"] for side in json.loads(found.stdout)["sides"]]
    assert len(names) == 8
    assert names[0] == "ridge constant (value=0.5), two:predict"
    assert names[-1] == "tree blur, new"


def test_the_table_is_written_where_it_was_asked_for(folder: Path) -> None:
    found = run("a.png", "-m", "two:predict", "--vary", "kernel=flat,l2", *GRID, "-o", "out/table.csv")
    assert found.exception is None, found.output
    with (folder / "out/table.csv").open(newline="") as file:
        assert [row["variant"] for row in csv.DictReader(file)] == ["flat", "l2"]
    assert "Wrote out/table.csv" in found.stdout


@pytest.mark.parametrize(("condition", "code"), [("jaccard@5 < 2", 1), ("jaccard@5 < 0", 0)])
def test_a_condition_decides_the_exit_code(folder: Path, condition: str, code: int) -> None:
    found = run("a.png", "-m", "two:predict", "--against", "two:other", *GRID, "-o", "-", "--fail-if", condition)
    assert found.return_value == code
    assert ("jaccard@5 of two:predict and two:other is" in found.stderr) == bool(code)


def test_a_variant_that_fails_is_told_and_the_exit_code_is_1(folder: Path) -> None:
    found = run("a.png", "-m", "two:predict", "--vary", "labels=0,nobody", *GRID, "-o", "-")
    assert found.return_value == 1
    assert "1 explanation failed (labels=nobody)" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("a.png",), "what is compared?"),
        (("a.png", "-v", "lime", "-v", "lime"), "two variants are called 'lime'"),
        (("a.png", "-v", "lime", "--variants", "x.toml"), "not both"),
        (("a.png", "--variants", "x.toml"), "there is no file x.toml"),
        (("a.png", "--vary", "segmenter"), "not of the form"),
        (("a.png", "--vary", "segmenter="), "no values to vary"),
        (("a.png", "--vary", "kernel=l2", "--vary", "kernel=flat"), "given twice"),
        (("a.png", "-v", "lime", "--fail-if", "jaccard"), "is no condition"),
        (("a.png", "-v", "lime", "--fail-if", "nope < 1"), "nothing is measured as 'nope'"),
        (("a.png", "-v", "lime", "--fail-if", "deletion.auc < 1"), "nothing is measured as 'deletion.auc'"),
        (("a.png", "-v", "lime", "--metric", "nope"), "nope"),
        (
            ("a.png", "-v", "lime", "--against", "x=two:other", "--against", "x=two:predict"),
            "two models are called 'x'",
        ),
        (("a.png", "-v", "lime", "-o", "x.gif"), "no format is known"),
        (("a.png", "-v", "lime", "--cache", "x", "--no-cache"), "exclude each other"),
        (("nothing.png", "-v", "lime"), "nothing.png"),
    ],
)
def test_what_cannot_be_done_is_told(folder: Path, arguments: tuple[str, ...], told: str) -> None:
    found = run(*arguments, "-m", "two:predict")
    assert found.exception is not None or found.return_value == 2
    assert told in f"{found.exception} {found.output}"


RESUMED = """
import sys, time
import numpy as np
import limefw

def slow(batch):
    with open("counted", "ab") as file:
        file.write(b"x" * len(batch))
    time.sleep(0.05)
    left = batch[:, :, :12].mean((1, 2, 3)) / 255
    return np.stack([left, 1 - left], axis=1)

model = limefw.model(slow, model_id="slow")
pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
found = limefw.compare(
    pixels, model, vary={"surrogate": ["ridge", "tree"], "sampler": ["bernoulli", "paired"]}, recipe="lime",
    overrides={"segmenter": "grid"}, budget=200, chunk=10, cache="cache",
)
print(found.spent["rows"], repr(found["ridge bernoulli"].effects().tolist()))
"""


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """After kill -9 at most the chunk in flight is predicted again, and the answer is the one of a run left alone."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
        (folder / "compare.py").write_text(RESUMED)
    command = [sys.executable, "compare.py"]
    alone = subprocess.run(command, cwd=whole, capture_output=True, text=True, check=True, timeout=300)
    rows = (whole / "counted").stat().st_size

    first = subprocess.Popen(command, cwd=killed)
    counted, deadline = killed / "counted", time.monotonic() + 120
    while (not counted.exists() or counted.stat().st_size < 100) and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = counted.stat().st_size
    assert 100 <= before < rows
    again = subprocess.run(command, cwd=killed, capture_output=True, text=True, check=True, timeout=300)
    assert counted.stat().st_size <= rows + 10
    assert again.stdout.split(maxsplit=1)[1] == alone.stdout.split(maxsplit=1)[1]

    third = subprocess.run(command, cwd=killed, capture_output=True, text=True, check=True, timeout=300)
    assert third.stdout.startswith("0.0 ")


def test_two_processes_on_one_cache_agree_and_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "compare.py").write_text(RESUMED)
    command = [sys.executable, "compare.py"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=300)[0].split(maxsplit=1) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert told[0][1] == told[1][1]
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300)
    assert again.stdout.split(maxsplit=1) == ["0.0", told[0][1]]
