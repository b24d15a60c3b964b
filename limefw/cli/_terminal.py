"""What a terminal can be sent: letters that it has, no escape sequences, and nothing once its reader has gone."""

import codecs
import os
import sys
import unicodedata

import click


ALIKE = {
    "\N{MINUS SIGN}": "-",
    "\N{PLUS-MINUS SIGN}": "+-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{FULL BLOCK}": "#",
    "\N{BOX DRAWINGS LIGHT VERTICAL}": "|",
    "\N{SUPERSCRIPT TWO}": "2",
}
"""What stands for a letter of ours where a terminal lacks it; for all others "?" does."""


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(ALIKE.get(letter, "?") for letter in lacking), error.end


codecs.register_error("limefw", _replaced)


def replace_what_it_lacks() -> None:
    """Have standard output replace the letters that its encoding does not know."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="limefw")


def printable(text: str) -> str:
    """Return text with control characters as escapes, lines kept: names of classes and files come from anywhere."""
    return "".join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if letter == "\n" or unicodedata.category(letter)[0] != "C":
        return letter
    return letter.encode("unicode_escape").decode()


def say(text: str) -> None:
    """Print to standard error."""
    click.echo(printable(text), err=True)


def reader_gone() -> bool:
    """Say whether whoever read our output has gone; the broken pipe may have been a model's own."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return True
    return False


def give_up_output() -> None:
    """Throw away what standard output no longer takes: Python would complain once more while it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
