"""Write files whole or not at all."""

import os
import tempfile
from pathlib import Path

from limefw.errors import StoreError


def write_whole(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write `data` to `path` so that a full disk or a crash leaves what was there before, and return the path.

    Raises:
        StoreError: with the system's reason, where the file cannot be written.
    """
    target = Path(path)
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files for their owner alone; give what an ordinary open() would have given
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        reason = error.strerror or error
        raise StoreError(f"cannot write {target}: {reason}. Nothing was changed there.") from error
    return target
