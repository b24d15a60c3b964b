"""Predictions on disk."""

import os
import sqlite3
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from numpy.typing import NDArray

from limefw.caching import database
from limefw.caching.keys import HALF, parts_of
from limefw.caching.packing import packed, unpacked
from limefw.errors import InputError, LimefwError


FILE = "predictions.sqlite3"
AT_ONCE = 500
"""Keys in one look-up: older SQLite takes no more than 999."""

Result = TypeVar("Result")


class CacheWarning(UserWarning):
    """Predictions are not kept, or those that were are lost; what is computed is right all the same."""


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What a cache holds.

    Args:
        path: of its file.
        entries: rows that models answered.
        models: how many models they are of.
        games: how many instances with their segments and fillers they are of, each model's counted by itself.
        bytes: that they take on disk.
        limit: bytes that they may take.
        oldest: when that game was used last which nobody has used for longest; None: there is none.
        newest: when one was used last.
        hits: rows that were found since it was opened here.
        misses: rows that were looked for in vain.
    """

    path: Path
    entries: int
    models: int
    games: int
    bytes: int
    limit: int
    oldest: datetime | None
    newest: datetime | None
    hits: int
    misses: int


@dataclass(slots=True)
class _Held:
    """A connection, and the process that may use it."""

    connection: sqlite3.Connection | None = None
    process: int = 0


_inherited: list[sqlite3.Connection] = []
"""Connections of the process that this one was forked from: to use or to close them would harm that one's."""


class PredictionCache(MutableMapping[bytes, "NDArray[Any]"]):
    """Predictions in a file, for several processes and threads at once: a mapping from keys to rows of outputs.

    Rows come back read-only and to the last bit. Nothing that fails here stops an explanation: a full disk or a folder
    that cannot be written to is said once (`CacheWarning`), and all goes on without storing. There is one connection
    for each process, which its threads use in turn; after a fork the child opens its own.

    Args:
        path: a folder, which is made; the file in it is ``predictions.sqlite3``. None: the folder that the environment
            variable LIMEFW_CACHE names, else limefw's folder among the user's caches.
        max_bytes: that the file may take. Beyond, whole games are dropped: those first that nobody has used for
            longest. A game is all rows of one model for one instance, cut and filled in one way.

    Raises:
        InputError: the path is a file, or the limit is below 100,000 bytes.
        StoreError: the file is another program's, or another version's of limefw.
    """

    def __init__(self, path: Path | str | os.PathLike[str] | None = None, *, max_bytes: int = 2_000_000_000) -> None:
        folder = default_folder() if path is None else Path(path).expanduser()
        if os.path.isfile(folder):  # noqa: PTH113 - False where it cannot even be looked at
            raise InputError(
                f"{folder} is a file, and a cache is a folder: give --cache (cache= in Python) another name"
            )
        if max_bytes < 100_000:
            raise InputError(f"max_bytes is at least 100000, got {max_bytes}: a cache of less would forget at once")
        self.path, self.max_bytes = folder / FILE, int(max_bytes)
        self.hits = self.misses = 0
        self._held = _Held()
        self._lock, self._process = threading.RLock(), os.getpid()
        self._usable = self._stores = True
        self._file: int | None = None
        self._touched: set[bytes] = set()
        self._said: set[str] = set()
        self._finalizer = weakref.finalize(self, _close, self._held)
        self._do(lambda connection: connection, None)

    # --- a mapping

    def __getitem__(self, key: bytes) -> NDArray[Any]:
        return self.rows([key])[key]

    def __setitem__(self, key: bytes, row: NDArray[Any]) -> None:
        self.update({key: row})

    def __delitem__(self, key: bytes) -> None:
        def delete(connection: sqlite3.Connection) -> int:
            of_it = "key = ? AND game = (SELECT id FROM games WHERE prefix = ?)"
            return connection.execute(f"DELETE FROM rows WHERE {of_it}", parts_of(key)[::-1]).rowcount  # noqa: S608

        if not self._do(delete, 0, writes=True):
            raise KeyError(key)

    def __iter__(self) -> Iterator[bytes]:
        after = 0
        while True:
            nothing: list[tuple[int, bytes, bytes]] = []
            page = self._do(partial(_keys_after, after=after), nothing)
            if not page:
                return
            yield from (game + rest for _, game, rest in page)
            after = page[-1][0]

    def __len__(self) -> int:
        return self._do(lambda connection: _number(connection, "SELECT count(*) FROM rows"), 0)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and bool(self._found([key]))

    def rows(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[Any]]:
        """Return the rows that are there, by their keys: a few look-ups for all of them."""
        wanted = list(keys)
        found = self._found(wanted)
        with self._lock:
            self.hits += len(found)
            self.misses += len(wanted) - len(found)
        return found

    def _found(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[Any]]:
        games: dict[bytes, list[bytes]] = {}
        for game, rest in map(parts_of, keys):
            games.setdefault(game, []).append(rest)
        found, nothing = dict[bytes, NDArray[Any]](), dict[bytes, NDArray[Any]]()
        for game, rests in games.items():
            for start in range(0, len(rests), AT_ONCE):
                found |= self._do(partial(_rows_of, game=game, rests=rests[start : start + AT_ONCE]), nothing)
        self._touched |= {game for game, _ in map(parts_of, found)}
        return found

    def update(self, other: Any = (), /, **more: Any) -> None:  # noqa: D417 - as a dict has it
        """Store rows, all of them or none: who looks meanwhile, or after a crash, finds no half of them.

        Args:
            other: a mapping, or pairs of keys and rows.

        Raises:
            InputError: a row is no array of plain values, or something else than bytes is a key.
        """
        pairs = other.items() if isinstance(other, Mapping) else other
        kept = []
        for key, row in pairs:
            if not isinstance(key, bytes):
                raise InputError(f"a key is bytes, got {type(key).__name__}")
            kept.append((*parts_of(key), *packed(key, row)))
        if more:
            raise InputError(f"a key is bytes, got the text {next(iter(more))!r}")
        if kept:
            self._do(lambda connection: self._store(connection, kept), None, writes=True)

    def _store(self, connection: sqlite3.Connection, kept: list[tuple[Any, ...]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        games = self._touch(connection, {game for game, *_ in kept})
        connection.executemany(
            "INSERT INTO rows (game, key, form, sum, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT (game, key) DO UPDATE "
            "SET form = excluded.form, sum = excluded.sum, data = excluded.data",
            ((games[game], *rest) for game, *rest in kept),
        )
        if _bytes_used(connection) > self.max_bytes:
            _make_room(connection, int(0.9 * self.max_bytes))
        connection.execute("COMMIT")
        self._touched.clear()

    def _touch(self, connection: sqlite3.Connection, stored: Iterable[bytes] = ()) -> dict[bytes, int]:
        """Note that games were used; return the numbers of those that get rows, which are made where they are new."""
        now = time.time()
        read = tuple(self._touched)  # another thread may be adding to it
        connection.executemany("UPDATE games SET used = ? WHERE prefix = ?", [(now, game) for game in read])
        insert = (
            "INSERT INTO games (prefix, used) VALUES (?, ?) "
            "ON CONFLICT (prefix) DO UPDATE SET used = excluded.used RETURNING id"
        )
        return {game: connection.execute(insert, (game, now)).fetchall()[0][0] for game in stored}

    # --- what is in it

    def info(self) -> CacheInfo:
        """Return what it holds, and how often something was found in it."""

        def told(connection: sqlite3.Connection) -> tuple[Any, ...]:
            models = f"count(DISTINCT substr(prefix, 1, {HALF}))"
            about = f"SELECT {models}, count(*), min(used), max(used) FROM games"  # noqa: S608
            rows = _number(connection, "SELECT count(*) FROM rows")
            return (rows, *connection.execute(about).fetchone(), _bytes_used(connection))

        self._flush()
        nothing: tuple[Any, ...] = (0, 0, 0, None, None, 0)
        entries, models, games, oldest, newest, size = self._do(told, nothing)
        first, last = (None if moment is None else datetime.fromtimestamp(moment, UTC) for moment in (oldest, newest))
        return CacheInfo(self.path, entries, models, games, size, self.max_bytes, first, last, self.hits, self.misses)

    def clear(self, older_than: timedelta | None = None) -> None:
        """Drop everything, or the games that nobody has used for longer than that, and give the space back.

        With everything go damaged files that were put aside.
        """
        before = time.time() + 1 if older_than is None else time.time() - older_than.total_seconds()

        def drop(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM rows WHERE game IN (SELECT id FROM games WHERE used < ?)", (before,))
            connection.execute("DELETE FROM games WHERE used < ?", (before,))
            connection.execute("COMMIT")
            _give_back(connection)

        self._flush()
        self._do(drop, None, writes=True)
        for aside in self.path.parent.glob(f"{self.path.name}.damaged-*") if older_than is None else ():
            with suppress(OSError):
                aside.unlink()

    # --- the file

    def close(self) -> None:
        """Close the file; whoever asks again opens it again."""
        self._flush()
        with self._lock:
            if self._held.process == os.getpid():
                _close(self._held)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (str(self.path.parent), self.max_bytes)

    def __repr__(self) -> str:
        return f"PredictionCache({str(self.path.parent)!r})"

    def _flush(self) -> None:
        """Note which games were read: not at every look-up, as each would be a write."""
        if self._touched and self._held.connection is not None:

            def note(connection: sqlite3.Connection) -> None:
                connection.execute("BEGIN IMMEDIATE")
                self._touch(connection)
                connection.execute("COMMIT")
                self._touched.clear()

            self._do(note, None, writes=True)

    def _do(self, work: Callable[[sqlite3.Connection], Result], otherwise: Result, *, writes: bool = False) -> Result:
        """Return what `work` returns; `otherwise` where that is not possible, which is said."""
        if self._process != os.getpid():  # a thread of the parent may have held the lock
            self._lock, self._process = threading.RLock(), os.getpid()
        with self._lock:
            for _ in range(2):
                if not self._usable or (writes and not self._stores):
                    break
                connection = None
                try:
                    connection = self._connection()
                    if writes and not self._stores:
                        break
                    return work(connection)
                except sqlite3.Error as error:
                    _undo(connection)
                    if not self._mended(error):
                        break
                except LimefwError:
                    raise
                except OSError as error:
                    self._give_up(error)
                except BaseException:  # a Ctrl-C must not leave the file locked
                    _undo(connection)
                    raise
        return otherwise

    def _connection(self) -> sqlite3.Connection:
        held = self._held
        if held.connection is not None and held.process != os.getpid():
            _inherited.append(held.connection)
            held.connection = None
        if held.connection is None:
            self._file = database.identity(self.path)
            try:
                held.connection = database.connect(self.path)
            except LimefwError:
                raise
            except (OSError, sqlite3.OperationalError) as error:
                busy = isinstance(error, sqlite3.Error) and database.reason(error) in database.BUSY
                if busy or not self.path.is_file():
                    raise
                try:
                    held.connection = database.connect_to_read(self.path)
                except sqlite3.OperationalError:
                    raise error from None  # nothing is in it: why is what was wrong before
                self._only_read(error)
            held.process = os.getpid()
        return held.connection

    def _mended(self, error: sqlite3.Error) -> bool:
        """Put a damaged file aside, and say whether to try again; of all else say what follows from it."""
        number = database.reason(error)
        if number in database.DAMAGED:
            _close(self._held)
            if self._file not in (None, database.identity(self.path)):
                return True  # another process has put it aside by now
            try:
                aside = database.set_aside(self.path)
            except OSError as why:
                self._give_up(why)
                return False
            self._say(
                "damaged", f"{self.path} is damaged ({error}). It was put aside as {aside.name}; a new one begins"
            )
            return True
        if number in database.BUSY:
            # another one writes for longer than anybody should: these rows are not kept, later ones may be
            self._say("busy", f"{self.path} is kept busy by another process: some predictions are not kept")
        elif self._held.connection is None:
            self._give_up(error)
        else:
            self._only_read(error)
        return False

    def _only_read(self, error: Exception) -> None:
        self._stores = False
        self._say(
            "full", f"predictions cannot be kept in {self.path} ({error}): what is there is used, and all goes on"
        )

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        self._say("gone", f"the cache {self.path} cannot be used ({error}): all goes on without it")

    def _say(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            warnings.warn(text, CacheWarning, stacklevel=2)


def default_folder() -> Path:
    """Return where predictions are kept where nobody says so."""
    if said := os.environ.get("LIMEFW_CACHE"):
        return Path(said).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("limefw", appauthor=False)


def _again(folder: str, max_bytes: int) -> PredictionCache:
    return PredictionCache(folder, max_bytes=max_bytes)


def _close(held: _Held) -> None:
    connection, held.connection = held.connection, None
    if connection is not None and held.process == os.getpid():
        with suppress(sqlite3.Error):
            connection.close()
    elif connection is not None:
        _inherited.append(connection)


def _rows_of(connection: sqlite3.Connection, game: bytes, rests: list[bytes]) -> dict[bytes, NDArray[Any]]:
    marks = ",".join("?" * len(rests))
    rows = connection.execute(
        "SELECT key, form, sum, data FROM rows "  # noqa: S608 - question marks alone
        f"WHERE game = (SELECT id FROM games WHERE prefix = ?) AND key IN ({marks})", (game, *rests),
    ).fetchall()  # fmt: skip
    read = ((key := game + rest, unpacked(key, form, known, data)) for rest, form, known, data in rows)
    return {key: row for key, row in read if row is not None}


def _keys_after(connection: sqlite3.Connection, after: int) -> list[tuple[int, bytes, bytes]]:
    return connection.execute(
        "SELECT rows.id, prefix, key FROM rows JOIN games ON games.id = game "
        "WHERE rows.id > ? ORDER BY rows.id LIMIT ?",
        (after, AT_ONCE),
    ).fetchall()


def _undo(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with suppress(sqlite3.Error):
            connection.rollback()


def _number(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages = _number(connection, "PRAGMA page_count") - _number(connection, "PRAGMA freelist_count")
    return pages * _number(connection, "PRAGMA page_size")


def _make_room(connection: sqlite3.Connection, most: int) -> None:
    """Drop games, the longest unused first, until no more than `most` bytes are used; of the last one old rows."""
    games = [number for (number,) in connection.execute("SELECT id FROM games ORDER BY used, id").fetchall()]
    for number in games[:-1]:
        if _bytes_used(connection) <= most:
            return
        connection.execute("DELETE FROM rows WHERE game = ?", (number,))
        connection.execute("DELETE FROM games WHERE id = ?", (number,))
    last = games[-1]
    while _bytes_used(connection) > most:
        count = _number(connection, f"SELECT count(*) FROM rows WHERE game = {last}")  # noqa: S608
        if not count:
            return
        older = "SELECT id FROM rows WHERE game = ? ORDER BY id LIMIT ?"
        connection.execute(f"DELETE FROM rows WHERE id IN ({older})", (last, -(-count // 2)))  # noqa: S608


def _give_back(connection: sqlite3.Connection) -> None:
    """Make the file as small as what is in it."""
    connection.executescript("PRAGMA incremental_vacuum")  # by execute() it would be one page
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
