"""Texts that are in memory already."""

import re
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
            f"a str is text, and this one is the name of a file: give pathlib.Path({source!r}); for the name itself "
            f"limefw.Text({source!r})"
        )
    return Text(str(source), name)  # NumPy's texts are str of a kind of their own


FILE = re.compile(
    r"\S+\.(png|jpe?g|gif|bmp|tiff?|webp|npy|npz|csv|tsv|json|parquet|txt|md|html?|pdf|limefw)", re.IGNORECASE
)


def _names_file(source: str) -> bool:
    """Say whether a str is the name of a file that exists, or looks like one and like nothing else."""
    if FILE.fullmatch(source):
        return True
    if len(source) > LONGEST_PATH or not source.strip() or "\n" in source or "\0" in source:
        return False
    try:
        return Path(source).is_file()
    except (OSError, ValueError):  # a name that no file could have
        return False
