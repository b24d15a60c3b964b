"""Write files whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path, PurePath

from limefw.errors import InputError, StoreError


def check_suffix(path: str | os.PathLike[str], suffix: str, what: str) -> None:
    """See that a file's name promises no other format than it will hold (none at all is fine).

    Raises:
        InputError: with a name that would do.
    """
    given = PurePath(path).suffix.lower()
    if given not in ("", suffix, {".html": ".htm"}.get(suffix)):
        raise InputError(f"{path}: this is {what}, so name the file {PurePath(path).stem}{suffix}")


def check_writable(folder: Path) -> None:
    """See that files can be put into a folder, or into the nearest one that is there, by doing so.

    Asking for permissions is not enough: a root may, and yet cannot write to /proc or to what is mounted read-only.

    Raises:
        StoreError: where they cannot, with the system's reason.
    """
    there = next((part for part in (folder, *folder.parents) if os.path.exists(part)), folder)  # noqa: PTH110
    if not there.is_dir():
        raise StoreError(f"{there} is a file, so nothing can be put into it: give --out a folder")
    probe = there / f".limefw-{secrets.token_hex(8)}"
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"no file can be written to {there} ({reason}): give --out another folder") from error


def write_whole(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write `data` to `path` so that a full disk or a crash leaves what was there before, and return the path.

    A link is followed, an existing file keeps its permissions, and what is no file (``/dev/stdout``, a pipe) is
    written to as it is.

    Raises:
        StoreError: with the system's reason, where the file cannot be written.
    """
    target = Path(path)
    try:
        real = Path(os.path.realpath(target))
        if real.exists() and not real.is_file() and not real.is_dir():
            real.write_bytes(data)
        else:
            _replace(real, data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"cannot write {target}: {reason}. Nothing was changed there.") from error
    return target


def _replace(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".limefw-{secrets.token_hex(8)}"
    # 0o666 as open() has it: the system takes the umask off
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
