"""The command line: one file per command; each parses, calls one function of the core, and prints.

Exit codes: 0 done, and where whoever read our output has gone; 1 the model or a plug-in failed; 2 what was asked
cannot be done (the message says why); 130 interrupted (what was computed until then is written); 143 terminated (too).
"""

import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from limefw import __version__
from limefw.cli import _common, _terminal
from limefw.cli._output import told
from limefw.cli.cache import cache
from limefw.cli.compare import compare
from limefw.cli.draw import draw
from limefw.cli.evaluate import evaluate
from limefw.cli.explain import explain
from limefw.cli.plan import plan
from limefw.cli.plugins import plugins
from limefw.cli.recipe import recipe
from limefw.cli.segments import segments
from limefw.errors import (
    InputError,
    LabelError,
    LimefwError,
    MissingDependencyError,
    ModelSourceError,
    PluginConflictError,
    RecipeError,
    StoreError,
    UntrustedError,
)


ASKED_FOR = (
    InputError, LabelError, MissingDependencyError, ModelSourceError, PluginConflictError, RecipeError, StoreError,
    UntrustedError,
)  # fmt: skip
"""Errors of what was asked, as against errors of the model or a plug-in at work."""


class _Commands(click.Group):
    """The commands; their errors are told here, as click ends in silence on every broken pipe, a model's own too."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; return the exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - the last place where an error can still become a sentence
            if isinstance(error, BrokenPipeError) and _terminal.reader_gone():
                return 0
            return _explain_error(error)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="limefw")
def cli() -> None:
    """Explain single predictions of any model.

    First steps: `limefw explain --sample`, then `limefw explain YOUR.jpg`.

    Exit codes: 0 done; 1 the model or a plug-in failed; 2 what was asked cannot be done, and the message says why; 130
    interrupted, 143 terminated (what was computed until then is written).
    """


for _command in (explain, plan, evaluate, compare, draw, segments, plugins, recipe, cache):
    cli.add_command(_command)


def main() -> NoReturn:
    """Run the command line and exit; every error is one readable paragraph unless --debug is given."""
    _terminal.replace_what_it_lacks()
    with _termination_as_interrupt() as terminated:
        code = _run()
    sys.exit(143 if terminated and code == 130 else code)


@contextmanager
def _termination_as_interrupt() -> Iterator[list[int]]:
    """Take SIGTERM, as schedulers send it, for a Ctrl-C: what was computed is kept. The signal is put on the list."""
    seen: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGTERM)
    if before != signal.SIG_DFL or threading.current_thread() is not threading.main_thread():
        yield seen  # somebody else's business
        return
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGTERM, before)


def _run() -> int:
    """Run the command line; return the exit code."""
    try:
        code = cli.main(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        # click turns a Ctrl-C into its own Abort
        notes = getattr(error.__cause__ or error.__context__ or error, "__notes__", ())
        _terminal.say(" ".join(["Interrupted.", *notes]))
        code = 130
    except OSError as error:
        code = _explain_error(error)
    _terminal.give_up_output()
    return code


def _explain_error(error: Exception) -> int:
    if _common.debug():
        traceback.print_exception(error)
        return _code(error)
    _terminal.say(f"Error: {told(error)}")
    notes = [note if note.endswith(".") else f"{note}." for note in getattr(error, "__notes__", ())]
    if notes:
        _terminal.say(f"({' '.join(notes)})")
    if not isinstance(error, LimefwError):
        _terminal.say("For the whole traceback add --debug.")
    return _code(error)


def _code(error: Exception) -> int:
    return 2 if isinstance(error, ASKED_FOR) else 1
