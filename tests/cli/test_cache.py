"""``limefw cache`` and ``--cache``."""

import json
import sqlite3

import pytest

import limefw
from limefw.caching.disk import FILE


@pytest.fixture
def explain(run):
    """Explain the embedded model's photograph, on a grid, with few samples."""

    def call(*more):
        return run("explain", "--sample", "-s", "segmenter=grid", "-n", 20, "-l", 0, "-f", "json", *more)

    return call


@pytest.mark.model
def test_the_second_run_asks_nothing(explain, run, tmp_path):
    """A line says how much came from the cache, on standard error; the JSON on standard output stays JSON."""
    first, second = (explain("--cache", "kept", "--out", "-") for _ in range(2))
    assert (first[0], second[0]) == (0, 0)
    rows = [json.loads(out)["provenance"]["rows"] for _, out, _ in (first, second)]
    asked = rows[0]["predicted"]
    assert (rows[0]["cached"], rows[1]["predicted"], rows[1]["cached"]) == (0, 0, asked)
    assert first[2] == f"0 of {asked} rows came from the cache kept\n"
    assert second[2] == f"{asked} of {asked} rows came from the cache kept\n"
    code, out, _ = run("cache", "info", "--cache", "kept", "--json")
    found = json.loads(out)
    assert (code, found["entries"], found["models"], found["games"]) == (0, asked, 1, 1)
    assert found["limit"] == 2_000_000_000
    assert f"rows    {asked}\n" in run("cache", "info", "--cache", "kept")[1]


@pytest.mark.model
def test_evaluate_is_served_too(run):
    given = (
        "evaluate",
        "--sample",
        "-s",
        "segmenter=grid",
        "-n",
        20,
        "--metric",
        "deletion",
        "--json",
        "--cache",
        "kept",
    )
    (_, first, _), (code, second, err) = run(*given), run(*given)
    assert code == 0
    assert err.split()[0] == err.split()[2]
    figures, again = (json.loads(out)["instances"][0] for out in (first, second))
    assert figures["figures"] == again["figures"]
    assert again["spent"]["deletion"]["rows"] == 0 < figures["spent"]["deletion"]["rows"]


def test_auto_is_the_users_own(run, photo, mine, tmp_path, monkeypatch):
    """LIMEFW_CACHE says where; a function has no name that lasts, which is told."""
    monkeypatch.setenv("LIMEFW_CACHE", str(tmp_path / "own"))
    given = ("explain", photo, "-m", f"{mine}:right", "-s", "segmenter=grid", "-n", 20, "-f", "json")
    code, _, err = run(*given, "--cache", "auto")
    assert code == 0
    assert err.startswith("nothing was looked up in the cache")
    assert "model_id" in err
    assert (tmp_path / "own" / FILE).is_file()
    assert run("cache", "info")[1].startswith(str(tmp_path / "own" / FILE))


def filled(folder):
    with limefw.PredictionCache(folder) as cache:
        cache.update({bytes([game]) * 64 + b"row": [1.0, 2.0] for game in range(3)})
        return cache.path


def test_clear(run, tmp_path):
    """Everything, or what was not used for long."""
    path = filled(tmp_path / "kept")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE games SET used = used - 100000 WHERE id = 2")
    connection.close()
    assert run("cache", "clear", "--cache", "kept", "--older-than", "2d")[1].startswith("dropped 0 of 3 rows")
    assert run("cache", "clear", "--cache", "kept", "--older-than", "24h")[1].startswith("dropped 1 of 3 rows")
    assert run("cache", "clear", "--cache", "kept")[1].startswith("dropped 2 of 2 rows")
    assert run("cache", "clear", "--cache", "none") == (0, f"none/{FILE}: nothing is kept there\n", "")
    assert run("cache", "info", "--cache", "none") == (0, f"none/{FILE}: nothing is kept there\n", "")
    assert not (tmp_path / "none").exists()
    code, _, err = run("cache", "clear", "--cache", "kept", "--older-than", "soon")
    assert code == 2
    assert "as 30d" in err


@pytest.mark.model
def test_a_cache_of_another_version(explain, run, tmp_path):
    """Told before anything is computed, with the command that removes it."""
    path = filled(tmp_path / "kept")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    code, _, err = explain("--cache", "kept")
    assert code == 2
    assert "Traceback" not in err
    command = err.partition("Remove it by: limefw ")[2].partition(";")[0].split()
    assert run(*command, "--older-than", "1d")[0] == 2
    assert path.exists()
    assert "another version" in run(*command)[1]
    assert not path.exists()


@pytest.mark.model
def test_a_damaged_file_is_one_sentence(explain, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / FILE).write_text("no database")
    code, _, err = explain("--cache", "kept", "--out", "-")
    assert code == 0
    first, second = err.splitlines()
    assert first.startswith("Warning: ")
    assert "put aside" in first
    assert second.startswith("0 of ")


def test_a_file_as_the_cache_is_refused(run, photo):
    before = photo.read_bytes()
    code, _, err = run("explain", photo, "--cache", photo)
    assert (code, photo.read_bytes()) == (2, before)
    assert "a cache is a folder" in err
