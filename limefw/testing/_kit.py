"""Runs every check of a plug-in's kind, and tells what came of it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limefw.discovery import Broken, Found, Registry, canonical
from limefw.discovery import registry as default_registry
from limefw.errors import RecipeError, UnknownPluginError, did_you_mean
from limefw.stage import Plugin, Stage, is_installed, problems_of, settled, signature_of
from limefw.testing._kinds import KINDS, OF_EVERY
from limefw.testing._subject import Skip, Subject, told


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked of one plug-in.

    Args:
        kind: "segmenters", "samplers", ...
        name: the plug-in's.
        checks: names of those that ran.
        skipped: those that could not run, each with the reason.
    """

    kind: str
    name: str
    checks: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line, such as "segmenter slic: 14 checks passed"."""
        by_reason: dict[str, list[str]] = {}
        for name, _, reason in (item.partition(" (") for item in self.skipped):
            by_reason.setdefault(reason, []).append(name)
        groups = [f"{', '.join(names)} ({reason}" for reason, names in by_reason.items()]
        left_out = f"; not checked: {', '.join(groups)}" if groups else ""
        return f"{self.kind.removesuffix('s')} {self.name}: {len(self.checks)} checks passed{left_out}"


class ConformanceError(AssertionError):
    """A plug-in breaks promises of its kind; ``failed`` maps each failed check to its sentences."""

    def __init__(self, report: Report, failed: Mapping[str, Sequence[str]]) -> None:
        self.report, self.failed = report, dict(failed)
        who = f"{report.kind.removesuffix('s')} {report.name!r}"
        lines = [f"{who} fails {len(failed)} of {len(report.checks)} checks of limefw.testing:"]
        lines += [f"- {check}: {text}" for check, texts in failed.items() for text in texts]
        super().__init__("\n".join(lines))


_FUNDAMENTAL = {"signature", "annotations", "contract"}


def check_plugin(
    kind: str,
    plugin: Plugin | str,
    *,
    params: Mapping[str, Any] | None = None,
    source: Any = None,
    registry: Registry | None = None,
) -> Report:
    """Check that a plug-in keeps what its kind promises.

    Args:
        kind: "segmenters", "samplers", ...
        plugin: the record, or the name of an installed one.
        params: settings other than the defaults.
        source: what a reader or a model adapter is called with; an instance for segmenters, samplers and fillers of
            another modality than images; an explanation for renderers and metrics.
        registry: where names are looked up; the process's own by default.

    Returns:
        What was checked, and what could not be.

    Raises:
        ConformanceError: with every check that failed.
        RecipeError: where `params` are not the plug-in's.
    """
    if kind not in KINDS:
        raise UnknownPluginError([f"no kind of plug-in named {kind!r}. There are: {', '.join(KINDS)}"])
    record = (registry or default_registry()).get(kind, plugin) if isinstance(plugin, str) else plugin
    given = dict(params or {})
    subject = Subject(KINDS[kind], Stage(kind, record, _settled(record, given)), source, given)
    with np.errstate(), chdir(Path.cwd()):  # as they were, whatever it does to them
        report, failed = _judged(subject)
    if failed:
        raise ConformanceError(report, failed)
    return report


def why_not_called(plugin: Plugin, given: Mapping[str, Any] | None = None) -> str | None:
    """Say why a plug-in cannot be called here, which is no fault of its own; None where it can.

    Args:
        plugin: the record.
        given: its parameters, as far as there are any.
    """
    lacking = [
        item.name for item in signature_of(plugin) if item.default is item.empty and item.name not in (given or ())
    ]
    if lacking:
        return f"{lacking[0]!r} has no default"
    missing = [library for library in plugin.requires if not is_installed(library)]
    return f"{missing[0]} is not installed" if missing else None


def of_distribution(name: str, registry: Registry | None = None) -> tuple[list[Found], list[Broken]]:
    """Return the plug-ins of a distribution, and what of it could not be loaded.

    Raises:
        UnknownPluginError: there is neither.
    """
    known = registry or default_registry()
    everything = [found for kind in KINDS for found in known.all(kind)]
    found = [item for item in everything if canonical(item.provider.distribution) == canonical(name)]
    broken = [item for item in known.broken if canonical(item.provider.distribution) == canonical(name)]
    if not found and not broken:
        there = sorted({item.provider.distribution for item in everything})
        text = f"no plug-in is installed from a distribution named {name!r}.{did_you_mean(name, there)}"
        raise UnknownPluginError([f"{text} There are: {', '.join(there)}.{known.told_denied()}"])
    return found, broken


def _judged(subject: Subject) -> tuple[Report, dict[str, list[str]]]:
    """Run every check; return what ran and the complaints of those that failed."""
    done: list[str] = []
    skipped: list[str] = []
    failed: dict[str, list[str]] = {}
    for check in (*OF_EVERY, *subject.spec.checks):
        name = check.__name__.strip("_").replace("_", " ")
        try:
            complaints = list(check(subject))
        except Skip as reason:
            skipped += [f"{name} ({reason})"] * bool(str(reason))
            continue
        except Exception as error:  # noqa: BLE001 - told, with its type
            if failed.keys() & _FUNDAMENTAL:  # the cause is told already
                skipped.append(f"{name} ({type(error).__name__})")
                continue
            complaints = [told(error)]
        done.append(name)
        if complaints:
            failed[name] = _condensed(complaints)[:3]
    return Report(subject.stage.kind, subject.plugin.name, tuple(done), tuple(skipped)), failed


def _condensed(complaints: Sequence[str]) -> list[str]:
    """Tell each fault once, at the first example that shows it."""
    first: dict[str, str] = {}
    more: Counter[str] = Counter()
    for complaint in complaints:
        fault = re.sub(r"^given .+?: ", "", complaint, count=1)
        more[fault] += fault in first
        first.setdefault(fault, complaint)
    told = {1: " (and for another example)"}
    return [
        text + (told.get(more[fault], f" (and for {more[fault]} more examples)") if more[fault] else "")
        for fault, text in first.items()
    ]


def _settled(plugin: Plugin, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters; where no schema can be made of them, those given: a check tells why."""
    try:
        faults = problems_of(plugin, given)
        values = dict(given) if faults else settled(plugin, given)
    except Exception:  # noqa: BLE001 - `signature`, `annotations` or `defaults` will say what it is
        return dict(given)
    if wrong := [f"{plugin.name!r}: {sentence}" for name, sentence in faults if name in given or not name]:
        raise RecipeError(wrong)
    return values
