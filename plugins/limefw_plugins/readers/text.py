"""Texts that are in memory already."""

from pathlib import Path
from typing import Any

from limefw.errors import InputError
from limefw.modalities.text import Text


LONGEST_PATH = 1000


def is_text(source: Any) -> bool:
    """Say whether this is a str."""
    return isinstance(source, str)


def text(source: str, /, *, name: str = "text") -> Text:
    """A str, as it is.

    Args:
        name: for titles.
    """
    if _names_file(source):
        raise InputError(
            f"{source!r} is the name of a file: for what is in it give pathlib.Path({source!r}); for the name itself "
            f"limefw.Text({source!r})"
        )
    return Text(source, name)


def _names_file(source: str) -> bool:
    if len(source) > LONGEST_PATH or not source.strip() or "\n" in source or "\0" in source:
        return False
    try:
        return Path(source).is_file()
    except OSError:  # a name that is too long
        return False
