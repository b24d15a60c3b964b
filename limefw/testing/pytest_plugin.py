"""``pytest --limefw acme-lime``: a test for each plug-in of a distribution, without a line of test code.

pytest loads this module wherever limefw is installed: it imports nothing, and does nothing unless it is asked to.
"""

from collections.abc import Iterator
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --limefw and the setting of that name."""
    text = "check every plug-in of these distributions with limefw.testing"
    parser.getgroup("limefw").addoption("--limefw", metavar="DISTRIBUTION", action="append", default=[], help=text)
    parser.addini("limefw", text, type="args", default=[])


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among ours too
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add our tests behind those of the files.

    Raises:
        UsageError: no plug-in is from a distribution of that name.
    """
    for distribution in dict.fromkeys([*config.getini("limefw"), *config.getoption("limefw")]):
        from limefw.testing import of_distribution

        try:
            found = of_distribution(distribution)
        except LookupError as error:
            raise pytest.UsageError(f"--limefw: {error}") from error
        name = f"limefw:{distribution}"
        items += session.genitems(_Plugins.from_parent(session, name=name, nodeid=name, found=found))


class _Plugins(pytest.Collector):
    """The plug-ins of one distribution."""

    def __init__(self, *, found: tuple[list[Any], list[Any]], **options: Any) -> None:
        super().__init__(**options)
        self.plugins, self.broken = found

    def collect(self) -> Iterator[pytest.Item]:
        """Make a test of each plug-in, and of each module or hook that is broken."""
        for item in self.broken:
            yield _Broken.from_parent(self, name=item.what, what=item)
        for item in self.plugins:
            yield _Conforms.from_parent(self, name=f"{item.kind}:{item.plugin.name}", what=item)


class _Item(pytest.Item):
    """A test about one thing of a distribution."""

    def __init__(self, *, what: Any, **options: Any) -> None:
        super().__init__(**options)
        self.what = what

    def reportinfo(self) -> tuple[Any, None, str]:
        """Say where it is: nowhere in a file."""
        return self.config.rootpath, None, self.nodeid


class _Conforms(_Item):
    """One plug-in keeps what its kind promises."""

    def runtest(self) -> None:
        """Run the kit; skip where the plug-in cannot be called without a source, a parameter or a library."""
        from limefw.testing import check_plugin, why_not_called

        if reason := why_not_called(self.what.plugin):
            advice = "give check_plugin params, in a test of your own" if "no default" in reason else "install it first"
            pytest.skip(f"{reason}: {advice}")
        report = check_plugin(self.what.kind, self.what.plugin)
        if "contract" not in report.checks:
            pytest.skip(f"read, not called: give check_plugin a source, in a test of your own ({report.skipped[0]})")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the list of what is wrong, without our own frames."""
        return str(excinfo.value) if excinfo.errisinstance(AssertionError) else super().repr_failure(excinfo, style)


class _Broken(_Item):
    """A module or hook that could not be loaded."""

    def runtest(self) -> None:
        """Raise what was raised."""
        raise self.what.error

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what limefw refused without its own frames; all else, a failed import say, with the traceback."""
        from limefw.errors import LimefwError

        return str(excinfo.value) if excinfo.errisinstance(LimefwError) else super().repr_failure(excinfo, style)
