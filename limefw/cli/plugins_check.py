"""``limefw plugins check``: run the conformance kit on installed plug-ins and print what it found."""

import textwrap
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import click

from limefw.cli import _common, _terminal


@click.command()
@click.argument("words", nargs=-1, metavar="[KIND] [NAME]")
@click.option("--distribution", "-d", metavar="NAME", help="Check all that a distribution provides.")
@click.option("--source", type=click.Path(path_type=Path), help="What a reader or a model adapter is called with.")
@click.option("--set", "-s", "settings", multiple=True, metavar="PARAMETER=VALUE", help="Other than the default.")
@_common.with_debug
@click.pass_context
def check(
    context: click.Context,
    words: tuple[str, ...],
    distribution: str | None,
    source: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Check that plug-ins keep what their kind promises.

    NAME is enough where only one kind has it; KIND alone checks all of that kind. Exit code 1 where one fails.
    """
    if len(words) > 2 or bool(words) == bool(distribution):
        raise click.UsageError("what is to be checked? Give NAME, KIND NAME, KIND, or --distribution NAME")
    from limefw.testing import of_distribution, why_not_called

    params = _common.overrides(settings)
    found, broken = of_distribution(distribution) if distribution else (_meant(words), [])
    if params and len(found) + len(broken) > 1:
        raise click.UsageError("--set is for one plug-in: say which by KIND NAME")
    for item in broken:
        click.secho(f"{item.what} of {item.provider}", bold=True)
        click.echo(f"  broken: {type(item.error).__name__}: {_terminal.printable(str(item.error))}")
    reasons = [why_not_called(item.plugin, params) for item in found]
    pairs = list(zip(found, reasons, strict=True))
    failed = len(broken) + sum([not _passes(item, source, params, reason) for item, reason in pairs])
    clashes = _clashes(distribution)
    for sentence in clashes:
        _paragraph("clash", sentence, fg="red")
    skipped = len(found) - reasons.count(None)
    count = len(found) + len(broken) - skipped
    more = f", {skipped} skipped" if skipped else ""
    more += f", {len(clashes)} of a name that another has" if clashes else ""
    click.echo(f"\n{failed} of {count} failed{more}" if failed else f"\n{count} checked, none failed{more}")
    # a name that two have is refused to everybody
    context.exit(1 if failed or clashes else 0)


def _meant(words: Sequence[str]) -> list[Any]:
    """Return the plug-ins that one or two words name."""
    import limefw
    from limefw.errors import UnknownPluginError, did_you_mean
    from limefw.hookspecs import KINDS

    known = limefw.registry()
    if len(words) == 2:
        return [known.lookup(_common.kind_of(words[0], KINDS), words[1])]
    (word,) = words
    if word in KINDS or f"{word}s" in KINDS:
        return known.all(_common.kind_of(word, KINDS))
    kinds = [kind for kind in KINDS if word in known.names(kind)]
    if len(kinds) > 1:
        raise click.UsageError(f"{word!r} is a name in {' and '.join(kinds)}: say which, e.g. check {kinds[0]} {word}")
    if not kinds:
        names = [name for kind in KINDS for name in known.names(kind)]
        hint = did_you_mean(word, names)
        text = f"no plug-in named {word!r}.{hint}{known.told_broken()}{known.told_denied()} See: limefw plugins"
        raise UnknownPluginError([text])
    return [known.lookup(kinds[0], word)]


def _clashes(distribution: str | None) -> list[str]:
    import limefw

    return limefw.registry().clashes(distribution) if distribution else []


def _passes(found: Any, source: Path | None, params: dict[str, Any], reason: str | None) -> bool:
    """Check one plug-in that can be called, print the report, and say whether nothing is wrong with it."""
    from limefw.testing import ConformanceError, check_plugin

    failed: dict[str, Sequence[str]] = {}
    try:
        with (
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):  # the report is ours: a check tells of its prints
            report = None if reason else check_plugin(found.kind, found.plugin, source=source, params=params)
    except ConformanceError as error:
        report, failed = error.report, error.failed
    click.secho(f"{found.kind.removesuffix('s')} {found.plugin.name}", bold=True, nl=False)
    click.echo(f"  [{found.provider}]")
    if report is None:
        _paragraph("skipped", f"{reason}{'; give --set PARAMETER=VALUE' if 'no default' in str(reason) else ''}")
        return True
    passed = [name for name in report.checks if name not in failed]
    _paragraph("passed", ", ".join(passed))
    for name, sentences in failed.items():
        _paragraph("FAILED", f"{name}: {_terminal.printable(' / '.join(sentences))}", fg="red")
    reasons = {reason.partition(" (")[2] for reason in report.skipped}
    if reasons:
        names = ", ".join(reason.partition(" (")[0] for reason in report.skipped)
        hint = "; give --source FILE" if reasons == {"no source was given)"} else ""
        _paragraph("not run", f"{names} ({'; '.join(sorted(reason.removesuffix(')') for reason in reasons))}{hint})")
    return not failed


def _paragraph(head: str, text: str, fg: str | None = None) -> None:
    lines = textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)
    for at, line in enumerate(lines):
        click.secho(f"  {head if at == 0 else '':<8} ", nl=False, fg=fg, bold=fg is not None)
        click.echo(line)
