"""The SQLite file that predictions are kept in: opened, made, told apart from other files, and put aside if damaged."""

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from limefw.errors import StoreError


VERSION = 1
"""Of the tables below. A file of another one is not read."""

OURS = 0x6C696D65
"""What tells limefw's files from other programs' (``PRAGMA application_id``)."""

PATIENCE = 60.0
"""Seconds that one process waits for another that is writing."""

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_TABLES = """
CREATE TABLE games (id INTEGER PRIMARY KEY AUTOINCREMENT, prefix BLOB NOT NULL UNIQUE, used REAL NOT NULL);
CREATE TABLE rows (
    id INTEGER PRIMARY KEY, game INTEGER NOT NULL, key BLOB NOT NULL,
    form TEXT NOT NULL, sum INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (game, key)
);
"""


class OtherVersionError(StoreError):
    """A cache that another version of limefw made."""


def reason(error: sqlite3.Error) -> int:
    """Return SQLite's own number of what went wrong; 0 where it says none."""
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def connect(file: Path) -> sqlite3.Connection:
    """Open a file of predictions, made where there is none; several processes may do so at one moment.

    Raises:
        OSError: it, or the folder, cannot be made or written to.
        sqlite3.Error: it is damaged.
        StoreError: it is another program's, or another version's.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # with these permissions from the start: SQLite's own two files beside it get the same
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    connection = _opened(f"{file.absolute().as_uri()}?mode=rw")
    try:
        if not _looked_at(connection, file):
            _made(connection, file)
        # a commit waits for no disk: a crash of the machine may lose the last ones, of the process none
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 16000000")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(file: Path) -> sqlite3.Connection:
    """Open a file that cannot be written to; raises as `connect` does, and where it is empty."""
    # where SQLite's own files cannot be made beside it, nobody else can be writing to it either
    for how in ("mode=ro", "immutable=1"):
        connection = _opened(f"{file.absolute().as_uri()}?{how}")
        try:
            _looked_at(connection, file)
            connection.execute("SELECT 1 FROM games LIMIT 1").fetchone()  # fails where it is empty
        except sqlite3.OperationalError:
            connection.close()
            if how == "immutable=1":
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise AssertionError


def _opened(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=True)


def _looked_at(connection: sqlite3.Connection, file: Path) -> bool:
    """Say what `_is_ours` says, of one moment: another process may be making the tables."""
    connection.execute("BEGIN")
    try:
        return _is_ours(connection, file)
    finally:
        connection.rollback()


def _is_ours(connection: sqlite3.Connection, file: Path) -> bool:
    """Say whether the file holds our tables, or nothing yet; in a transaction.

    Raises:
        StoreError: it holds something else.
    """
    owner, version, tables = (
        connection.execute(statement).fetchone()[0]
        for statement in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if owner == OURS and version == VERSION:
        return True
    if owner == OURS:
        raise OtherVersionError(
            f"{file} was made by another version of limefw (its tables have number {version}, this one reads "
            f"{VERSION}). Remove it by: limefw cache clear --cache {file.parent}; or give another folder"
        )
    if tables:
        raise StoreError(f"{file} is a database of another program: give --cache (cache= in Python) another folder")
    return False


def _made(connection: sqlite3.Connection, file: Path) -> None:
    """Make the tables, unless another process has by now."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            # who asks for it while another one does is refused at once, however patient
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as error:
            if reason(error) not in BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.02)
    try:
        if not _is_ours(connection, file):
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {OURS}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def beside(file: Path) -> tuple[Path, Path]:
    """Return the files that SQLite keeps beside one: what another file left there must not be played into it."""
    return file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")


def identity(file: Path) -> int | None:
    """Return what tells a file from another one of its name."""
    try:
        return file.stat().st_ino
    except OSError:
        return None


def set_aside(file: Path) -> Path:
    """Rename a damaged file, so that a new one can take its place, and return the new name."""
    for other in beside(file):
        other.unlink(missing_ok=True)
    free = file.with_name(f"{file.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    file.replace(free)
    return free


def remove(file: Path) -> None:
    """Remove a file of predictions with all that belongs to it."""
    for each in (file, *beside(file)):
        with suppress(FileNotFoundError):
            each.unlink()
