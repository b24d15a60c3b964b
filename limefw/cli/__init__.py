"""The command line: one file per command; each parses, calls one function of the core, and prints.

Exit codes: 0 done; 1 the model or a plug-in failed; 2 what was asked cannot be done (the message says why);
130 interrupted (what was computed until then is written).
"""

import os
import sys
import traceback
from typing import NoReturn

import click

from limefw import __version__
from limefw.cli import _common
from limefw.cli.explain import explain
from limefw.cli.plugins import plugins
from limefw.cli.recipe import recipe
from limefw.cli.segments import segments
from limefw.errors import InputError, LabelError, LimefwError, ModelError, PluginConflictError, RecipeError, StoreError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="limefw")
def cli() -> None:
    """Explain single predictions of any model.

    First steps: `limefw explain --sample`, then `limefw explain YOUR.jpg`.
    """


for _command in (explain, segments, plugins, recipe):
    cli.add_command(_command)

ASKED_FOR = (InputError, LabelError, RecipeError, PluginConflictError, StoreError)
"""Errors of what was asked, as against errors of the model or a plug-in at work."""


def main() -> NoReturn:
    """Run the command line and exit; every error is one readable paragraph unless --debug is given."""
    try:
        code = cli.main(standalone_mode=False) or 0
    except click.exceptions.Exit as finished:
        code = finished.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted.")
        code = 130
    except BrokenPipeError:
        # whoever read our output has gone; Python would complain once more while it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # noqa: BLE001 - the last place where an error can still become a sentence
        code = _explain_error(error)
    sys.exit(code)


def _explain_error(error: Exception) -> int:
    if _common.debug():
        traceback.print_exception(error)
    elif isinstance(error, LimefwError):
        _say(f"Error: {error}")
    else:
        _say(f"Error: {type(error).__name__}: {error}")
    notes = "" if _common.debug() else " ".join(getattr(error, "__notes__", []))
    if notes:
        _say(f"({notes})")
    if not isinstance(error, LimefwError) and not _common.debug():
        _say("For the whole traceback add --debug.")
    wrong_call = isinstance(error, ASKED_FOR) and not isinstance(error, ModelError)
    return 2 if wrong_call else 1


def _say(text: str) -> None:
    click.echo(text, err=True)
