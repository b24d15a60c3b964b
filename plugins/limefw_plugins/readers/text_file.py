"""Text files."""

import os
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from limefw.errors import InputError
from limefw.modalities.text import Text


SUFFIXES = (".txt", ".text", ".md", ".rst", ".html", ".htm", ".xml", ".eml", ".log", ".tex")


def is_text_file(source: Any) -> bool:
    """Say whether this is a path whose name ends as those of texts do."""
    return isinstance(source, os.PathLike) and Path(source).suffix.lower() in SUFFIXES


def text_file(
    source: os.PathLike[str],
    /,
    *,
    encoding: str = "utf-8",
    max_characters: Annotated[int, Ge(1)] = 2_000_000,
) -> Text:
    """A file of text, whole; what is in it (HTML, Markdown) is not interpreted.

    Args:
        source: the file.
        encoding: of its letters; a byte order mark is left out.
        max_characters: a limit.
    """
    path = Path(source)
    if not path.is_file():  # a pipe would be waited for without end
        raise InputError(f"{path} is no file" if path.exists() else f"there is no file {path}")
    if path.stat().st_size > 4 * max_characters:
        raise InputError(_too_long(path, f"{path.stat().st_size} bytes", max_characters))
    try:
        string = path.read_bytes().decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise InputError(f"there is no encoding {encoding!r}: say 'utf-8', 'latin-1', 'utf-16' or the like") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is no text in {encoding}: byte {error.start} is {error.object[error.start]:#04x}. "
            "Say in which encoding it is: -s reader.use=text_file -s reader.encoding=latin-1"
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if len(string) > max_characters:
        raise InputError(_too_long(path, f"{len(string)} characters", max_characters))
    if not string.strip():
        raise InputError(f"{path} is empty: there is nothing to explain")
    return Text(string, path.name)


def _too_long(path: Path, size: str, limit: int) -> str:
    return (
        f"{path} has {size}, more than the limit of {limit} characters. "
        "Where you mean it, raise the limit: -s reader.use=text_file -s reader.max_characters=NUMBER"
    )
