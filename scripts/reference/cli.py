"""Page of the command line, from the commands themselves."""

import inspect
import re

import click

from limefw import cli
from limefw.discovery import POLICY_VARIABLE

from reference.docstrings import NOTE, cell


def page() -> str:
    """Return the page."""
    parts = [NOTE, "# Command line\n\n", _said(cli.cli), "\n"]
    for command, context in _commands(cli.cli, None, "limefw"):
        parts.append(_command(command, context))
    parts += ["\n## Exit codes\n\n| code | meaning |\n|---|---|\n", *_exit_codes()]
    parts.append("\nWhich error ends in which code: [errors](errors.md).\n")
    parts.append(
        f"\n## Environment\n\n`{POLICY_VARIABLE}` says which distributions may bring plug-ins: `NAME,OTHER` allows "
        "only those beside\nlimefw's own, `-NAME` denies one. A denied distribution is never imported.\n"
    )
    return "".join(parts)


def _commands(
    command: click.Command, parent: click.Context | None, name: str
) -> list[tuple[click.Command, click.Context]]:
    context = click.Context(command, parent, info_name=name, help_option_names=["-h", "--help"])
    found = [] if parent is None else [(command, context)]
    for child, below in getattr(command, "commands", {}).items():
        found += _commands(below, context, child)
    return found


def _command(command: click.Command, context: click.Context) -> str:
    usage = context.command_path + " " + " ".join(command.collect_usage_pieces(context))
    level = "#" * (len(context.command_path.split()))
    parts = [f"\n{level} `{context.command_path}`\n\n```text\n{usage}\n```\n\n{_said(command)}\n"]
    rows = [record for item in command.get_params(context) if (record := item.get_help_record(context))]
    parts.append("\n| option | meaning |\n|---|---|\n")
    # an argument without words of its own is described above
    parts += [f"| `{cell(names)}` | {cell(' '.join(text.split()))} |\n" for names, text in rows if text]
    return "".join(parts)


def _said(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "")


def _exit_codes() -> list[str]:
    """Read them from the docstring of ``limefw.cli``."""
    text = " ".join((cli.__doc__ or "").partition("Exit codes:")[2].split())
    found = re.findall(r"(\d+) (.+?)(?:;|\.$)", text)
    if not found:
        raise ValueError("the docstring of limefw.cli no longer lists 'Exit codes: N meaning; ...'")
    return [f"| {code} | {meaning} |\n" for code, meaning in found]
