"""What metrics came to: by instance and metric, with means over instances, as a table, a DataFrame and JSON."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from limefw.errors import MissingDependencyError, did_you_mean
from limefw.results.explanation import Explanation
from limefw.stage import Figure


Figures = Mapping[str, float]
"""A metric's figures by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What the metrics came to for one instance: a mapping from metrics to their figures.

    Args:
        name: of the instance.
        figures: by metric, then by the figure's name; a metric that failed has none.
        failures: by metric, why it failed; "explanation" where there was nothing to judge.
        spent: by metric, the rows and calls that it asked of the model, and its seconds in all.
        explanation: what was judged, or None where there is none.
        label: the class that the figures are for.
        notes: what whoever reads the figures should know.
        target: what was explained of the label, such as "probability" or "log-odds": deletion and the like are in it.
    """

    name: str
    figures: Mapping[str, Figures]
    failures: Mapping[str, str] = field(default_factory=dict)
    spent: Mapping[str, Figures] = field(default_factory=dict)
    explanation: Explanation | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    target: str = ""

    def __getitem__(self, metric: str) -> Figures:
        if metric not in self.figures:
            why = self.failures.get(metric) or self.failures.get("explanation")
            told = f"it failed: {why}" if why else f"there are: {', '.join(self.figures)}"
            raise KeyError(f"no figures of {metric!r} for {self.name!r}.{did_you_mean(metric, self.figures)} {told}")
        return self.figures[metric]

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)


@dataclass(frozen=True, slots=True)
class Mean:
    """A figure's mean over instances, with its 95 % interval by the jackknife, which ends at what the figure can be.

    Args:
        mean: over the instances that have the figure.
        low: end of the interval; NaN of fewer than two instances.
        high: its other end.
        count: of instances.
    """

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: list[float], figure: Figure | None = None) -> "Mean":
        """Sum up one figure; the jackknife of a mean is its standard error, here with Student's quantile."""
        known = np.array([value for value in values if math.isfinite(value)])
        if len(known) == 0:
            return cls(math.nan, math.nan, math.nan, 0)
        mean, half = float(known.mean()), math.nan
        if len(known) > 1:
            from scipy.stats import t

            left_out = (known.sum() - known) / (len(known) - 1)
            spread = (len(known) - 1) / len(known) * ((left_out - left_out.mean()) ** 2).sum()
            half = float(t.ppf(0.975, len(known) - 1) * math.sqrt(spread))
        least, most = (-math.inf, math.inf) if figure is None else (figure.least, figure.most)
        low, high = (math.nan, math.nan) if math.isnan(half) else (max(mean - half, least), min(mean + half, most))
        return cls(mean, low, high, len(known))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What metrics came to: ``evaluation[0]["deletion"]["auc"]``, or by the instance's name.

    Args:
        verdicts: one for each instance, in order; those after an interruption are not there.
        settings: of each metric, with every default written out.
        interrupted: Ctrl-C came before the end.
        known: what is known of figures, by metric.
    """

    verdicts: tuple[Verdict, ...]
    settings: Mapping[str, Mapping[str, Any]]
    interrupted: bool = False
    known: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)

    def __getitem__(self, which: int | str) -> Verdict:
        if not isinstance(which, str):
            return self.verdicts[which]
        for verdict in self.verdicts:
            if verdict.name == which:
                return verdict
        names = [verdict.name for verdict in self.verdicts]
        raise KeyError(f"no instance named {which!r}.{did_you_mean(which, names)} There are: {', '.join(names)}")

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return any(verdict.failures for verdict in self.verdicts)

    def means(self) -> dict[str, dict[str, Mean]]:
        """Return each figure's mean over the instances, by metric."""
        found: dict[str, dict[str, list[float]]] = {metric: {} for metric in self.settings}
        for verdict in self.verdicts:
            for metric, figures in verdict.figures.items():
                for name, value in figures.items():
                    found[metric].setdefault(name, []).append(value)
        return {
            metric: {name: Mean.of(item, self._figure(metric, name)) for name, item in by.items()}
            for metric, by in found.items()
        }

    def _figure(self, metric: str, name: str) -> Figure | None:
        return next((figure for figure in self.known.get(metric, ()) if figure.name == name), None)

    def _better(self, metric: str, name: str) -> str:
        figure = self._figure(metric, name)
        return "" if figure is None else figure.better

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row for each instance, metric and figure; what failed has the reason."""
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                "to_frame() needs pandas, which is not installed. Run: pip install 'limefw[pandas]'"
            ) from error
        names = ["instance", "label", "metric", "figure", "value", "failure"]
        rows = [
            [one.name, one.label, metric, name, value, ""]
            for one in self.verdicts
            for metric, figures in one.figures.items()
            for name, value in figures.items()
        ]
        rows += [
            [one.name, one.label, metric, "", math.nan, why]
            for one in self.verdicts
            for metric, why in one.failures.items()
        ]
        return pd.DataFrame(rows, columns=names)

    def to_mapping(self) -> dict[str, Any]:
        """Return everything but the explanations as JSON has it; what is not finite is None."""
        means = {
            metric: {name: {"mean": _plain(one.mean), "low": _plain(one.low), "high": _plain(one.high),
                            "count": one.count} for name, one in figures.items()}
            for metric, figures in self.means().items()
        }  # fmt: skip
        instances = [
            {
                "name": one.name,
                "label": one.label,
                "figures": _finite(one.figures),
                "failures": dict(one.failures),
                "spent": _finite(one.spent),
                "notes": list(one.notes),
                "target": one.target,
            }
            for one in self.verdicts
        ]
        settings = {name: dict(mapping) for name, mapping in self.settings.items()}
        return {"instances": instances, "means": means, "settings": settings, "interrupted": self.interrupted}

    def to_json(self) -> str:
        """Return `to_mapping` as text."""
        return json.dumps(self.to_mapping(), indent=2, ensure_ascii=False)

    def table(self) -> str:
        """Return a table for people: the figures of one instance, or the means over several; then what failed."""
        lines = self._one() if len(self.verdicts) == 1 else self._several()
        lines += [
            f"failed: {metric} for {one.name}: {why}" for one in self.verdicts for metric, why in one.failures.items()
        ]
        lines += [f"note: {one.name}: {note}" for one in self.verdicts for note in one.notes]
        rows = sum(figures.get("rows", 0.0) for one in self.verdicts for figures in one.spent.values())
        seconds = sum(figures.get("seconds", 0.0) for one in self.verdicts for figures in one.spent.values())
        lines.append(
            f"The metrics asked the model {rows:.0f} rows in {seconds:.1f} s, beside those of the explanations."
        )
        if self.interrupted:
            lines.append("Interrupted: this is what there was by then.")
        return "\n".join(lines)

    def _one(self) -> list[str]:
        verdict = self.verdicts[0]
        rows = [
            (metric, name, self._better(metric, name), _short(value))
            for metric in verdict
            for name, value in verdict[metric].items()
        ]
        title = ", ".join(filter(None, [verdict.name, verdict.label, verdict.target and f"in {verdict.target}"]))
        return [title, *_aligned([("metric", "figure", "better", "value"), *rows])]

    def _several(self) -> list[str]:
        rows = [
            (
                metric, name, self._better(metric, name), _short(one.mean),
                f"{_short(one.low)} to {_short(one.high)}", str(one.count),
            )
            for metric, figures in self.means().items()
            for name, one in figures.items()
        ]  # fmt: skip
        head = ("metric", "figure", "better", "mean", "95 % interval", "n")
        targets = ", ".join(dict.fromkeys(one.target for one in self.verdicts if one.target))
        title = f"{len(self.verdicts)} instances" + (f", in {targets}" if targets else "")
        return [title, *_aligned([head, *rows])]

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        metrics = ", ".join(self.settings)
        return f"<Evaluation of {len(self.verdicts)} instances by {metrics}{'; some failed' if self.failed else ''}>"


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _finite(figures: Mapping[str, Figures]) -> dict[str, dict[str, float | None]]:
    return {metric: {name: _plain(value) for name, value in by.items()} for metric, by in figures.items()}


def _short(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:.0f}" if value == round(value) and abs(value) >= 10 else f"{value:.3g}"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Put cells below each other, the words on the left and the numbers on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        words = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=False)]
        numbers = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:], strict=True)]
        lines.append("  ".join([*words, *numbers]).rstrip())
    return lines
