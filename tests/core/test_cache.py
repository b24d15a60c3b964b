"""Predictions on disk: every array comes back as it was, whatever happens to the file, and nothing stops for it."""

import multiprocessing
import os
import pickle
import shutil
import sqlite3
import stat
import tempfile
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import limefw
from limefw.caching import database
from limefw.caching.disk import FILE, CacheWarning, default_folder
from limefw.caching.keys import GAME
from limefw.caching.opening import opened, using
from limefw.errors import InputError, StoreError


def key(game=0, row=0):
    return f"{game:064x}".encode() + row.to_bytes(16, "big")


def rows_of(game=0, count=10, width=1000, seed=0):
    values = np.random.default_rng(seed).random((count, width)).astype(np.float32)
    return {key(game, at): row for at, row in enumerate(values)}


@pytest.fixture
def cache(tmp_path):
    with limefw.PredictionCache(tmp_path / "cache") as made:
        yield made


@contextmanager
def warned(match):
    """See that it is said once, and nothing else."""
    with pytest.warns(CacheWarning, match=match) as told:
        yield
    assert len(told) == 1


def broken(cache, statement, *arguments):
    """Change the file behind the cache's back."""
    with sqlite3.connect(cache.path) as connection:
        changed = connection.execute(statement, arguments).rowcount
    connection.close()
    return changed


# --- a mapping


def test_it_is_a_mapping(cache):
    """Keys go in and come out, are counted, replaced and deleted."""
    row = np.arange(3.0)
    cache[key(1)] = row
    cache.update([(key(1, 1), row), (key(2, 5), row + 1)])
    assert set(cache) == {key(1), key(1, 1), key(2, 5)}
    assert (len(cache), key(1) in cache, key(9) in cache, "text" in cache) == (3, True, False, False)
    cache[key(1)] = row * 2
    assert cache[key(1)].tolist() == [0, 2, 4]
    del cache[key(1)]
    assert cache.get(key(1)) is None
    with pytest.raises(KeyError):
        cache[key(1)]
    with pytest.raises(KeyError):
        del cache[key(1)]
    assert len(cache) == 2


def test_more_rows_than_one_look_up_takes(cache):
    """Each row is found, from several games in one call, and all keys are listed."""
    rows = rows_of(0, 1300, 3) | rows_of(1, 700, 3, seed=1)
    cache.update(rows)
    found = cache.rows([*rows, key(7)])
    assert found.keys() == rows.keys() == set(cache)
    assert all((found[each] == row).all() for each, row in rows.items())
    assert (cache.hits, cache.misses) == (2000, 1)


DTYPES = st.one_of(
    arrays.boolean_dtypes(), arrays.integer_dtypes(endianness="?"), arrays.unsigned_integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?"), arrays.complex_number_dtypes(), arrays.datetime64_dtypes(),
    arrays.unicode_string_dtypes(max_len=4), arrays.byte_string_dtypes(max_len=4),
    arrays.array_dtypes(arrays.integer_dtypes(), min_size=1, max_size=3, allow_subarrays=False),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(row=arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))
def test_arrays_come_back_to_the_last_bit(tmp_path_factory, row):
    """Any type, byte order and shape, those with no axis or no value too; read-only, and without pickle."""
    with limefw.PredictionCache(tmp_path_factory.mktemp("bits")) as cache:
        cache[key()] = row
        found = cache[key()]
    assert (found.dtype, found.shape, found.tobytes()) == (row.dtype, row.shape, row.tobytes())
    assert not found.flags.writeable


@pytest.mark.parametrize("row", [np.array([object()]), np.array(["a"], dtype=np.dtypes.StringDType())])
def test_what_is_no_plain_array_is_refused(cache, row):
    """It would need pickle."""
    with pytest.raises(InputError, match="cannot be kept in a cache"):
        cache.update({key(0): np.arange(2), key(1): row})
    assert len(cache) == 0


def test_keys_are_bytes(cache):
    with pytest.raises(InputError, match="a key is bytes"):
        cache["text"] = np.arange(2)


# --- what the file may take


def test_games_that_nobody_used_for_longest_are_dropped(tmp_path):
    """A game that was only read stays; the limit holds; what is stored last is never the one that goes."""
    with limefw.PredictionCache(tmp_path, max_bytes=1_000_000) as cache:
        for game in range(3):
            cache.update(rows_of(game, 60))  # some 250 kB each
        assert cache.rows([key(0)])  # read, and used by that
        for game in range(3, 5):
            cache.update(rows_of(game, 60))
            assert cache.info().bytes <= 1_000_000
        held = [bool(cache.rows([key(game)])) for game in range(5)]
    assert held == [True, False, False, True, True]
    assert cache.path.stat().st_size < 1_500_000


def test_a_game_larger_than_the_limit_keeps_its_newest_rows(tmp_path):
    with limefw.PredictionCache(tmp_path, max_bytes=200_000) as cache:
        for start in range(0, 200, 10):
            cache.update({key(0, start + at): row for at, row in enumerate(rows_of(0, 10).values())})
        assert cache.info().bytes <= 200_000
        assert key(0, 199) in cache
        assert key(0, 0) not in cache


def test_reading_writes_nothing(cache):
    """When a game was used is noted at the next write or at the end, not at every look-up."""
    cache.update(rows_of())
    cache.close()
    before = cache.path.read_bytes()
    cache.rows(list(rows_of()))
    assert (cache.path.read_bytes(), cache.path.with_name(f"{FILE}-wal").stat().st_size) == (before, 0)
    first = cache.info().newest
    cache.close()
    assert first is not None
    assert cache.path.read_bytes() != before


def test_info_and_clear(cache):
    """Rows, models (the first half of a game's key) and games are counted; clearing gives the space back."""
    cache.update(rows_of(0) | rows_of(1) | rows_of(2**200, seed=2))
    cache.rows([key(0), key(5)])
    found = cache.info()
    assert (found.entries, found.models, found.games, found.hits, found.misses) == (30, 2, 3, 1, 1)
    assert (found.path, found.limit) == (cache.path, 2_000_000_000)
    assert 120_000 < found.bytes < 300_000
    assert found.oldest <= found.newest
    broken(cache, "UPDATE games SET used = used - 86400 * 40 WHERE prefix = ?", key(1)[:GAME])
    cache.clear(timedelta(days=30))
    assert cache.info().games == 2
    cache.clear()
    cleared = cache.info()
    assert (cleared.entries, cleared.games, cleared.oldest) == (0, 0, None)
    cache.close()
    assert cache.path.stat().st_size < 60_000


# --- the file


def test_the_file_is_the_users_own(tmp_path):
    """Nobody else reads it, whatever the umask."""
    before = os.umask(0)
    try:
        with limefw.PredictionCache(tmp_path / "new" / "cache") as cache:
            cache.update(rows_of())
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in cache.path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "new" / "cache").stat().st_mode) == 0o700


def test_where_it_lies(tmp_path, monkeypatch):
    """By default in the user's cache folder; LIMEFW_CACHE says another; a path is a folder."""
    monkeypatch.delenv("LIMEFW_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder().name == "limefw"
    monkeypatch.setenv("LIMEFW_CACHE", str(tmp_path / "mine"))
    with limefw.PredictionCache() as cache:
        assert cache.path == tmp_path / "mine" / FILE
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"a photograph")
    with pytest.raises(InputError, match="is a file, and a cache is a folder"):
        limefw.PredictionCache(file)
    assert file.read_bytes() == b"a photograph"
    with pytest.raises(InputError, match="at least 100000"):
        limefw.PredictionCache(tmp_path, max_bytes=10)


@pytest.mark.parametrize("part", ["data", "form", "sum", "key"])
def test_a_damaged_entry_is_not_served(cache, part):
    """One flipped bit in values, shape, sum or key: that row is missing, and stored anew; the others stay."""
    rows = rows_of()
    cache.update(rows)
    one = key(0, 3)
    stored = {"data": bytes(4000), "form": "('<f4', (500, 2))", "sum": 5, "key": (77).to_bytes(16, "big")}
    assert broken(cache, f"UPDATE rows SET {part} = ? WHERE key = ?", stored[part], one[GAME:]) == 1
    assert cache.rows([*rows, key(0, 77)]).keys() == rows.keys() - {one}
    cache.update({one: rows[one]})
    assert (cache[one] == rows[one]).all()


@pytest.mark.parametrize(
    "content", [b"no database at all, but some text", b"SQLite format 3\0" + bytes(range(256)) * 40]
)
def test_a_file_that_is_no_database_is_put_aside(tmp_path, content):
    """It is said once, the file is kept under another name, and a new one serves."""
    (tmp_path / FILE).write_bytes(content)
    with warned("damaged"), limefw.PredictionCache(tmp_path) as cache:
        cache.update(rows_of())
        assert len(cache.rows(list(rows_of()))) == 10
    aside = [path for path in tmp_path.iterdir() if ".damaged-" in path.name]
    assert [path.read_bytes() for path in aside] == [content]
    with limefw.PredictionCache(tmp_path) as cache:
        cache.clear(timedelta(days=1))
        assert aside[0].exists()
        cache.clear()
    assert not aside[0].exists()


def test_a_truncated_file_is_put_aside(tmp_path):
    """Also where it is found out in the middle of the work; what had been found until then was right."""
    rows = rows_of(0, 300)
    with limefw.PredictionCache(tmp_path) as cache:
        cache.update(rows)
    os.truncate(cache.path, 500_000)
    with warned("put aside"), limefw.PredictionCache(tmp_path) as cache:
        found = cache.rows(list(rows))
        cache.update(rows)
        assert len(cache.rows(list(rows))) == 300
    assert all((rows[each] == row).all() for each, row in found.items())


def test_what_a_killed_process_left_is_not_played_into_a_new_file(tmp_path):
    """The log beside a damaged file goes with it."""
    cache = limefw.PredictionCache(tmp_path)
    cache.update(rows_of())
    left = {path: path.read_bytes() for path in database.beside(cache.path)}
    cache.close()
    for path, content in left.items():
        path.write_bytes(content)
    assert database.set_aside(cache.path).parent == tmp_path
    with limefw.PredictionCache(tmp_path) as cache:
        assert (len(cache), cache.get(key())) == (0, None)
        cache.update(rows_of(1))
        assert set(cache) == set(rows_of(1))


def test_another_version_is_told(tmp_path):
    """The error names the file and what to do; nothing is changed."""
    with limefw.PredictionCache(tmp_path) as cache:
        cache.update(rows_of())
    broken(cache, "PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=rf"{FILE} was made by another version.*limefw cache clear --cache"):
        limefw.PredictionCache(tmp_path)
    with pytest.raises(StoreError, match="another version"):
        limefw.explain(np.zeros((8, 8, 3), dtype=np.uint8), lambda batch: batch[:, 0, 0], cache=tmp_path)
    assert broken(cache, "UPDATE rows SET sum = sum") == 10


def test_another_programs_database_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(StoreError, match="another program"):
        limefw.PredictionCache(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_full_disk_is_said_once(tmp_path):
    """What is there is served, what cannot be stored is not, and nobody is stopped."""
    with limefw.PredictionCache(tmp_path) as cache:
        cache.update(rows_of())
        pages = cache._connection().execute("PRAGMA page_count").fetchone()[0]
        cache._connection().execute(f"PRAGMA max_page_count = {pages + 2}")
        with warned("cannot be kept.*full"):
            for game in range(1, 4):
                cache.update(rows_of(game))
        assert len(cache.rows(list(rows_of()))) == 10
        assert not cache.rows([key(1)])


def test_a_disk_that_was_full_from_the_start_is_said_to_be_full(tmp_path, monkeypatch):
    opened = database._opened

    def full(address):
        connection = opened(address)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    monkeypatch.setattr(database, "_opened", full)
    with warned("cannot be used.*full"), limefw.PredictionCache(tmp_path) as cache:
        cache.update(rows_of())
        assert not cache.rows(list(rows_of()))


def test_a_folder_in_the_files_place(tmp_path):
    """It cannot be used at all: said once, and everything is a miss."""
    (tmp_path / FILE).mkdir()
    with warned("cannot be used"), limefw.PredictionCache(tmp_path) as cache:
        cache.update(rows_of())
        assert (cache.rows(list(rows_of())), len(cache), list(cache), cache.info().entries) == ({}, 0, [], 0)
        cache.clear()


@pytest.fixture
def mine():
    """Be a user whom permissions stop; return a folder of that one's."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    folder = Path(tempfile.mkdtemp(prefix="limefw-"))
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)
    if root:
        os.seteuid(0)


@pytest.mark.parametrize("left_over", [False, True])
def test_a_read_only_folder_is_read(mine, left_over):
    """What is in it is served, also where the last process was killed; that nothing is stored is said once."""
    folder = mine
    cache = limefw.PredictionCache(folder)
    cache.update(rows_of())
    if left_over:
        wal = {path: path.read_bytes() for path in folder.iterdir()}
        cache.close()
        for path, content in wal.items():
            path.write_bytes(content)
            path.chmod(0o400)
    else:
        cache.close()
    cache.path.chmod(0o400)
    folder.chmod(0o500)
    with warned("cannot be kept"), limefw.PredictionCache(folder) as cache:
        assert len(cache.rows(list(rows_of()))) == 10
        cache.update(rows_of(1))
        assert not cache.rows([key(1)])


def test_a_folder_that_cannot_be_made(mine):
    folder = mine
    folder.chmod(0o500)
    with warned("cannot be used"), limefw.PredictionCache(folder / "cache") as cache:
        cache.update(rows_of())
        assert cache.get(key()) is None


# --- several at once


def test_threads_share_it(cache):
    """Eight threads store and look up overlapping keys; nothing is lost and nothing is mixed up."""
    faults = []

    def work(number):
        try:
            for game in range(6):
                cache.update(rows_of(game, 8))
                found = cache.rows(list(rows_of(game, 8)))
                assert all((found[each] == row).all() for each, row in rows_of(game, 8).items())
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert (len(cache), cache.hits) == (48, 8 * 48)


def _in_child(cache, answers):
    given = cache._held.connection
    found = len(cache.rows(list(rows_of())))
    cache.update(rows_of(1))
    answers.put((found, cache._held.connection is given))
    cache.close()


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_other_processes_open_their_own(cache, start):
    """A child that was forked, or given the cache, uses another connection; the parent's goes on."""
    cache.update(rows_of())
    context = multiprocessing.get_context(start)
    answers = context.Queue()
    child = context.Process(target=_in_child, args=(cache, answers))
    child.start()
    assert answers.get(timeout=60) == (10, start == "spawn")
    child.join()
    assert child.exitcode == 0
    assert len(cache.rows([*rows_of(), *rows_of(1)])) == 20


def test_it_can_be_pickled(cache):
    cache.update(rows_of())
    with pickle.loads(pickle.dumps(cache)) as other:
        assert (other.path, len(other)) == (cache.path, 10)


# --- cache=


class Counting:
    def __init__(self):
        self.rows = 0

    def __call__(self, batch):
        self.rows += len(batch)
        low = batch.reshape(len(batch), -1).astype(np.float64).mean(axis=1) / 255
        return np.stack([low, 1 - low], axis=1)


PHOTO = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
SETTINGS = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "samples": 60}


def open_files(folder):
    links = map(os.path.realpath, Path("/proc/self/fd").iterdir())
    return [link for link in links if link.startswith(str(folder))]


@pytest.mark.parametrize("kind", ["true", "path", "text", "cache", "dict"])
def test_what_cache_may_be(tmp_path, monkeypatch, kind):
    """True, a folder as a path or a text, an open cache or a dict: the second run asks the model nothing.

    What was opened for the caller is closed again.
    """
    monkeypatch.setenv("LIMEFW_CACHE", str(tmp_path))
    given = {"true": True, "path": tmp_path, "text": str(tmp_path), "dict": {}}.get(kind)
    given = limefw.PredictionCache(tmp_path) if kind == "cache" else given
    model = Counting()
    named = limefw.model(model, model_id="it")
    first = limefw.explain(PHOTO, named, cache=given, **SETTINGS)
    asked = model.rows
    calls = [
        lambda: limefw.explain(PHOTO, named, cache=given, **SETTINGS),
        lambda: limefw.Explainer(named, overrides=SETTINGS, cache=given)(PHOTO),
    ]
    for call in calls:
        found = call()
        assert found.fits[0].effects.tobytes() == first.fits[0].effects.tobytes()
        assert found.provenance["rows"]["predicted"] == 0 < found.provenance["rows"]["cached"]
    limefw.explain_many([PHOTO], named, cache=given, **SETTINGS)
    more = model.rows - asked
    limefw.explain_many([PHOTO], named, cache=given, **SETTINGS)
    assert (0 < more < 60, model.rows) == (True, asked + more)
    if kind == "cache":
        assert given.hits > 100
        given.close()
    if Path("/proc/self/fd").is_dir():
        assert open_files(tmp_path) == []


def test_metrics_are_served_too(tmp_path):
    """An evaluation's second run asks the model nothing, its other explanations neither, and every figure is equal."""
    model = Counting()
    given = {"metrics": ["fidelity", "deletion", "stability"], "overrides": SETTINGS, "cache": tmp_path}
    first, other = (limefw.evaluate(PHOTO, limefw.model(model, model_id="it"), **given) for _ in range(2))
    asked = model.rows
    again = limefw.evaluate(PHOTO, limefw.model(model, model_id="it"), **given)
    assert model.rows == asked
    alone = limefw.evaluate(PHOTO, limefw.model(model, model_id="it"), **{**given, "cache": None})
    for one in (first, other, again):
        assert one.verdicts[0].figures == alone.verdicts[0].figures
    assert sum(spent["rows"] for spent in again.verdicts[0].spent.values()) == 0
    assert sum(spent["rows"] for spent in alone.verdicts[0].spent.values()) > 100


def test_no_cache(tmp_path, monkeypatch):
    """None and False keep nothing; what is none is refused."""
    monkeypatch.setenv("LIMEFW_CACHE", str(tmp_path))
    for nothing in (None, False):
        limefw.explain(PHOTO, limefw.model(Counting(), model_id="it"), cache=nothing, **SETTINGS)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="a cache is True"):
        opened(5)


def test_who_opens_it_closes_it(cache):
    """What was given open stays so."""
    with using(cache) as kept:
        assert kept is cache
    assert cache._held.connection is not None
    with using(cache.path.parent) as kept:
        assert kept._held.connection is not None
    assert kept._held.connection is None


def test_two_models_of_one_name_are_told(tmp_path):
    """Rows of other shapes under one model_id: an error that says so, and no row of the other."""
    narrow, wide = (limefw.model(lambda batch, k=k: np.full((len(batch), k), 1 / k), model_id="it") for k in (2, 3))
    limefw.explain(PHOTO, narrow, cache=tmp_path, **SETTINGS)
    with pytest.raises(limefw.ModelError, match="must not share a model_id"):
        limefw.explain(PHOTO, wide, cache=tmp_path, **{**SETTINGS, "seed": 1})


def test_nothing_of_the_input_is_stored(tmp_path):
    """Texts and rows of tables are in the keys as hashes: the file holds none of their bytes."""
    secret = "Margarethe Unverwechselbar owes 48151623 crowns"
    name = limefw.model(lambda texts: np.array([[len(text) / 99, 1 - len(text) / 99] for text in texts]), model_id="it")
    limefw.explain(secret, name, samples=50, cache=tmp_path)
    data = np.random.default_rng(0).random((50, 3)) + np.array([0, 4815.1623, 0])
    by_row = limefw.model(lambda rows: rows[:, 1], task="regression", model_id="that")
    limefw.explain(limefw.Table(data).row(3), by_row, samples=50, cache=tmp_path)
    with limefw.PredictionCache(tmp_path) as cache:
        assert len(cache) > 60
        keys = b"".join(cache)
    stored = (tmp_path / FILE).read_bytes()
    for word in (b"Margarethe", b"crowns", "Margarethe".encode("utf-16-le")):
        assert word not in stored
    assert data[3].tobytes() not in keys
    assert data[3, 0].tobytes() not in keys
