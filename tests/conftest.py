"""What was skipped, written down: CI runs it again once the frameworks are there, and nothing else twice."""

import os
from pathlib import Path


class Skipped:
    """Notes the tests and modules that are skipped, one on each line of a file."""

    def __init__(self, path):
        self.path, self.names = path, {}

    def pytest_collectreport(self, report):
        if report.skipped:
            self.names[report.nodeid] = None

    def pytest_runtest_logreport(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            self.names[report.nodeid] = None

    def pytest_sessionfinish(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(f"{name}\n" for name in self.names), encoding="utf-8")


def pytest_configure(config):
    path = os.environ.get("LIMEFW_SKIPPED")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Skipped(Path(path)))
