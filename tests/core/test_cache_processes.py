"""Several processes on one cache, and processes that are killed: nothing is lost, nothing is torn."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from types import SimpleNamespace

import numpy as np
import pytest

import limefw
from limefw.caching import database


CHUNK = 8
RUN = """
import json, os, sys, time
import numpy as np
import limefw

folder, asked, seed, slow = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])


def predict(batch):
    with open(asked, "a") as file:  # each row that the model is asked, by what it holds
        for row in batch:
            file.write(f"{hash(row.tobytes())}\\n")
    time.sleep(slow)
    low = batch.reshape(len(batch), -1).astype(np.float64).mean(axis=1) / 255
    return np.stack([low, 1 - low], axis=1)


photo = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
model = limefw.model(predict, model_id="it")
found = limefw.explain(
    photo, model, cache=folder or None, chunk=8, samples=200, seed=seed, what_if=0, labels=[0],
    segmenter={"use": "grid", "rows": 3, "columns": 4},
)
print(json.dumps({"rows": found.provenance["rows"], "effects": found.fits[0].effects.tobytes().hex()}))
"""


def started(folder, asked, seed=0, slow=0.0):
    command = [sys.executable, "-c", RUN, str(folder), str(asked), str(seed), str(slow)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def ended(process):
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, ""), err
    return json.loads(out)


def lines(path):
    # who found all of it asked nothing
    return path.read_text().split() if path.exists() else []


def test_a_killed_run_asks_again_at_most_the_chunk_in_flight(tmp_path):
    """kill -9 in the middle: the resumed run has the rest from the file, and the same result to the last bit."""
    asked, alone = tmp_path / "asked", tmp_path / "alone"
    expected = ended(started("", alone))
    distinct = expected["rows"]["predicted"]
    process = started(tmp_path / "cache", asked, slow=0.05)
    ends = time.monotonic() + 60
    while (len(lines(asked)) if asked.exists() else 0) < 60:
        assert time.monotonic() < ends
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = len(lines(asked))
    assert 60 <= before < distinct
    resumed = ended(started(tmp_path / "cache", asked))
    again = lines(asked)
    assert len(set(again)) == distinct
    assert len(again) - distinct <= CHUNK
    assert resumed["rows"]["cached"] >= before - CHUNK
    assert resumed["effects"] == expected["effects"]
    assert ended(started(tmp_path / "cache", asked))["rows"]["predicted"] == 0


def test_processes_that_start_at_one_moment_lose_nothing(tmp_path):
    """Four make the file together and write overlapping rows; each has its result, and then all rows are there."""
    asked = [tmp_path / f"asked{number}" for number in range(4)]
    running = [started(tmp_path / "cache", path, seed=number // 2) for number, path in enumerate(asked)]
    found = [ended(process) for process in running]
    for seed in range(2):
        expected = ended(started("", tmp_path / f"alone{seed}", seed=seed))
        assert {one["effects"] for one in found[2 * seed : 2 * seed + 2]} == {expected["effects"]}
    assert sum(one["rows"]["predicted"] for one in found) >= 200
    again = [ended(started(tmp_path / "cache", tmp_path / "more", seed=seed)) for seed in range(2)]
    assert [one["rows"]["predicted"] for one in again] == [0, 0]
    assert {one["effects"] for one in again} == {one["effects"] for one in found}
    with limefw.PredictionCache(tmp_path / "cache") as cache:
        assert len(cache) == len({line for path in asked for line in lines(path)})


STORE = """
import sys
import numpy as np
import limefw

with limefw.PredictionCache(sys.argv[1], max_bytes=int(sys.argv[3])) as cache:
    for block in range(40):
        start = block * 10 + 5 * int(sys.argv[2])
        rows = {b"g" * 64 + at.to_bytes(8, "big"): np.full(500, at) for at in range(start, start + 10)}
        cache.update(rows)
        for key, row in cache.rows(list(rows)).items():
            assert row.tolist() == rows[key].tolist()
"""


def together(tmp_path, limit):
    command = [sys.executable, "-W", "error", "-c", STORE, str(tmp_path)]
    running = [
        subprocess.Popen([*command, str(number), str(limit)], stderr=subprocess.PIPE, text=True) for number in range(3)
    ]
    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert ends == [("", 0)] * 3


def test_writers_wait_for_each_other(tmp_path):
    """Three processes store overlapping keys as fast as they can: none is told that the file is locked."""
    together(tmp_path, 10**9)
    with limefw.PredictionCache(tmp_path) as cache:
        numbers = {int.from_bytes(key[64:], "big"): set(row.tolist()) for key, row in cache.items()}
    assert numbers == {at: {at} for at in range(410)}


def test_writers_that_drop_rows_meanwhile(tmp_path):
    """With a limit that all of them reach they go on too, and what is found is always right."""
    together(tmp_path, 500_000)
    with limefw.PredictionCache(tmp_path) as cache:
        assert 0 < cache.info().bytes <= 500_000
        assert all(set(row.tolist()) == {int.from_bytes(key[64:], "big")} for key, row in cache.items())


def test_memory_stays_flat(tmp_path):
    """Storing and looking up 40 MB in chunks takes a few MB."""
    import tracemalloc

    with limefw.PredictionCache(tmp_path) as cache:
        tracemalloc.start()
        for block in range(100):
            rows = {block.to_bytes(64, "big") + at.to_bytes(2, "big"): np.zeros(1000) for at in range(50)}
            cache.update(rows)
            assert len(cache.rows(list(rows))) == 50
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("after", ["application_id", "user_version", "sqlite_master"])
def test_a_file_that_another_one_makes_meanwhile_is_no_strangers(tmp_path, monkeypatch, after):
    """Another process makes the tables between two looks at the file: it is ours, not another program's."""
    file = tmp_path / "it.sqlite3"
    opened = database._opened

    def make():
        with monkeypatch.context() as patch:
            patch.setattr(
                database, "_opened", lambda address: sqlite3.connect(address, timeout=0, isolation_level=None, uri=True)
            )
            patch.setattr(database, "PATIENCE", 0)
            with suppress(sqlite3.OperationalError):  # it has to wait, which would be for ever here
                database.connect(file).close()

    class Late(sqlite3.Connection):
        def execute(self, statement, *values):
            found = super().execute(statement, *values).fetchall()
            if after in statement and "=" not in statement:
                make()
            return SimpleNamespace(fetchone=lambda: found[0], fetchall=lambda: found)

    monkeypatch.setattr(
        database, "_opened", lambda address: sqlite3.connect(address, isolation_level=None, uri=True, factory=Late)
    )
    database.connect(file).close()
    with closing(opened(file.as_uri())) as connection:
        assert connection.execute("SELECT count(*) FROM games").fetchall() == [(0,)]
