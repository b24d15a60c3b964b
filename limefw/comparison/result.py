"""What a comparison came to: a table, matrices, sentences, files."""

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from limefw._files import write_whole
from limefw.comparison.agreement import DEPTH, Agreement, Places, agreement, names
from limefw.comparison.noise import Verdict, verdict, within
from limefw.errors import InputError, LimefwError, MissingDependencyError, did_you_mean
from limefw.evaluation.result import Figures, Mean
from limefw.results.explanation import Explanation
from limefw.studies.drawing import draw
from limefw.types import Rendering


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One instance, explained by one side with one seed.

    Args:
        side: its number.
        instance: its number.
        seed: with which it was explained.
        run: the seed's number, 0 for the first.
        explanation: or None, where it failed.
        failure: why, or empty.
        figures: of metrics, by "metric.figure".
        failures: of metrics, why.
        asked: rows and calls of the model, and its seconds, that the metrics took by themselves.
    """

    side: int
    instance: int
    seed: int
    run: int
    explanation: Explanation | None = None
    failure: str = ""
    figures: Figures = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    asked: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What is compared: a variant, by a model where there are several.

    Args:
        name: for people.
        variant: its name.
        model: its name.
        recipe: the variant's, filled in.
    """

    name: str
    variant: str
    model: str
    recipe: Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Comparison:
    """Explanations of the same instances in several ways.

    Args:
        sides: the variants, each with each model.
        instances: their names.
        seeds: how many explanations there are of each instance by each side.
        cells: the explanations, by side, instance and seed; after an interruption not all.
        top: how many of the strongest segments agreement is told by.
        spent: rows, calls and seconds that the models were really asked, and "seconds_in_all".
        interrupted: Ctrl-C came before the end.
    """

    sides: tuple[Side, ...]
    instances: tuple[str, ...]
    seeds: int
    cells: tuple[Cell, ...]
    top: int
    spent: Figures
    interrupted: bool = False
    _agreement: Agreement | None = field(default=None, init=False)
    _verdicts: dict[tuple[int, int, str], Verdict] = field(default_factory=dict, init=False)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, side: int | str) -> Explanation:
        return self.explanation(side)

    def side(self, side: int | str) -> int:
        """Return the number of a side given by number or name.

        Raises:
            KeyError: there is none; with a suggestion.
        """
        known = [one.name for one in self.sides]
        if isinstance(side, str) and side in known:
            return known.index(side)
        if isinstance(side, int) and -len(known) <= side < len(known):
            return side % len(known)
        hint = did_you_mean(side, known) if isinstance(side, str) else ""
        raise KeyError(f"nothing called {side!r} was compared.{hint} There are: {', '.join(known)}")

    def cell(self, side: int | str, instance: int | str = 0, run: int = 0) -> Cell:
        """Return what one side made of an instance, both by number or name, with its first seed or a later one."""
        at = instance
        if isinstance(at, str):
            if at not in self.instances:
                hint = did_you_mean(at, self.instances)
                raise KeyError(f"no instance called {at!r}.{hint} There are: {', '.join(self.instances)}")
            at = self.instances.index(at)
        wanted = (self.side(side), at, run)
        for cell in self.cells:
            if (cell.side, cell.instance, cell.run) == wanted:
                return cell
        raise KeyError(f"there is no explanation by {side!r} of instance {instance!r} with seed number {run}")

    def explanation(self, side: int | str, instance: int | str = 0, run: int = 0) -> Explanation:
        """Return one explanation.

        Raises:
            LimefwError: it failed; says why.
        """
        cell = self.cell(side, instance, run)
        if cell.explanation is None:
            raise LimefwError(f"{self.sides[cell.side].name} failed on {self.instances[cell.instance]}: {cell.failure}")
        return cell.explanation

    @property
    def agreement(self) -> Agreement:
        """How far any two sides agree, computed once it is asked for."""
        if self._agreement is None:
            places, seen = Places(), {}
            for cell in self.cells:
                if cell.explanation is not None:
                    label = self.label_of(cell)
                    seen[cell.side, cell.instance, cell.run] = places.seen(cell.explanation, label)
            sides = [side.name for side in self.sides]
            self._agreement = agreement(sides, seen, len(self.instances), self.seeds)
        return self._agreement

    def label_of(self, cell: Cell) -> int:
        """Return the label by which an explanation is compared: the first side's first, else its own first.

        Of an instance all sides are compared for one class, by its name; another model may not know it, and is then
        compared for what it said itself.
        """
        assert cell.explanation is not None
        name = self.label_name(cell.instance)
        found = [number for number, own in cell.explanation.names.items() if own == name]
        return found[0] if found else cell.explanation.labels[0]

    def label_name(self, instance: int) -> str:
        """Return the class for which an instance's explanations are compared."""
        made = [cell for cell in self.cells if cell.instance == instance and cell.explanation is not None]
        if not made:
            return ""
        first = min(made, key=lambda cell: (cell.side, cell.run)).explanation
        assert first is not None
        return first.names[first.labels[0]]

    def matrix(self, measure: str = "jaccard") -> np.ndarray[Any, Any]:
        """Return (s, s) mean agreement over the instances; on the diagonal each side's own between seeds.

        Args:
            measure: "jaccard", of the `top` strongest, "jaccard@3", "spearman", "overlap" or "sign_flips".
        """
        return self.agreement.matrix(self.measure(measure))

    def measure(self, name: str) -> str:
        """Return a measure's full name.

        Raises:
            InputError: there is none of that name.
        """
        full = f"jaccard@{self.top}" if name == "jaccard" else name
        if full not in names():
            raise InputError(f"no agreement is measured as {name!r}.{did_you_mean(name, names())} There are: "
                             f"jaccard@1 to jaccard@{DEPTH}, spearman, overlap, sign_flips")  # fmt: skip
        return full

    def verdict(self, one: int | str, two: int | str, measure: str = "jaccard") -> Verdict:
        """Say whether two sides differ by more than another seed would change either of them."""
        key = (self.side(one), self.side(two), self.measure(measure))
        if key not in self._verdicts:
            self._verdicts[key] = verdict(self.agreement, *key)
        return self._verdicts[key]

    def of_side(self, side: int | str) -> list[Cell]:
        """Return all of one side's explanations."""
        number = self.side(side)
        return [cell for cell in self.cells if cell.side == number]

    def fidelity(self, side: int | str) -> Mean:
        """Return R2 on samples left out, as a mean over instances (over seeds of a single one)."""
        return within(self._mean(side, self._fidelity))

    def stability(self, side: int | str, measure: str = "jaccard") -> Mean:
        """Return a side's agreement with itself between seeds, as a mean over instances."""
        number, full = self.side(side), self.measure(measure)
        found = Mean.of(self.agreement.of(full)[number, number].tolist())
        return within(found, -1.0 if full == "spearman" else 0.0)

    def figures(self, side: int | str) -> dict[str, Mean]:
        """Return each metric's figures as means over instances."""
        keys = dict.fromkeys(key for cell in self.of_side(side) for key in cell.figures)
        return {key: self._mean(side, lambda cell, key=key: cell.figures.get(key, math.nan)) for key in keys}

    def cost(self, cell: Cell) -> dict[str, float]:
        """Return the rows, calls and seconds that an explanation takes by itself; empty where it failed.

        Rows that were there already are reckoned by what a row took on average here; where the model was asked nothing
        at all, calls and seconds are NaN.
        """
        if cell.explanation is None:
            return {}
        rows, seconds = cell.explanation.provenance["rows"], cell.explanation.provenance["seconds"]
        took = sum(value for kind, value in seconds.items() if kind != "model_only")
        cached, asked = rows["cached"], self.spent["rows"]
        if cached and asked:
            took += cached * self.spent["seconds"] / asked
        calls = rows["calls"] + cached * (self.spent["calls"] / asked if asked else 0.0)
        known = asked or not cached
        return {"rows": float(rows["predicted"] + cached), "calls": calls if known else math.nan,
                "seconds": took if known else math.nan}  # fmt: skip

    def alone(self, side: int | str) -> dict[str, float]:
        """Return rows, calls and seconds of one of a side's explanations by itself, on average."""
        costs = [self.cost(cell) for cell in self.of_side(side) if cell.explanation is not None]
        return {key: float(np.mean([cost[key] for cost in costs])) for key in ("rows", "calls", "seconds") if costs}

    def failed(self, side: int | str) -> list[Cell]:
        """Return a side's explanations that failed, themselves or a metric of theirs."""
        return [cell for cell in self.of_side(side) if cell.failure or cell.failures]

    def _fidelity(self, cell: Cell) -> float:
        """Return R2 on samples left out, of the label that is compared; NaN where it is not known."""
        if cell.explanation is None:
            return math.nan
        found = cell.explanation.health.labels[self.label_of(cell)].cross_fitted
        return math.nan if found is None else found

    def _mean(self, side: int | str, figure: Any) -> Mean:
        """Sum up a figure over instances, each the mean of its seeds; over the seeds where there is one instance."""
        cells = [cell for cell in self.of_side(side) if cell.explanation is not None]
        if len(self.instances) == 1:
            return Mean.of([figure(cell) for cell in cells])
        by: dict[int, list[float]] = {}
        for cell in cells:
            by.setdefault(cell.instance, []).append(figure(cell))
        return Mean.of([float(np.nanmean(values)) for values in by.values() if np.isfinite(values).any()])

    def rows(self) -> list[dict[str, Any]]:
        """Return the table: a row for each explanation, with its figures, its cost by itself and what failed."""
        metrics = dict.fromkeys(key for cell in self.cells for key in cell.figures)
        return [self._row(cell, metrics) for cell in self.cells]

    def _row(self, cell: Cell, metrics: Iterable[str]) -> dict[str, Any]:
        side, made = self.sides[cell.side], cell.explanation
        label = None if made is None else self.label_of(cell)
        cost = {key: _or_none(value) for key, value in self.cost(cell).items()}
        return {
            "variant": side.variant, "model": side.model, "instance": self.instances[cell.instance], "seed": cell.seed,
            "label": None if made is None or label is None else made.names[label],
            "prediction": None if made is None else made.prediction(label),
            "segments": None if made is None else made.segments.count,
            "fidelity": None if made is None else _or_none(self._fidelity(cell)),
            "rows": cost.get("rows"), "calls": cost.get("calls"), "seconds": cost.get("seconds"),
            **{key: cell.figures.get(key) for key in metrics},
            "failure": cell.failure or "; ".join(f"{name}: {why}" for name, why in cell.failures.items()),
        }  # fmt: skip

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row for each explanation."""
        return _pandas("to_frame()").DataFrame(self.rows())

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV."""
        import csv
        import io

        text, rows = io.StringIO(), self.rows()
        writer = csv.DictWriter(text, list(rows[0]) if rows else ["variant"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return write_whole(path, text.getvalue().encode())

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as Parquet, by pandas and pyarrow.

        Raises:
            MissingDependencyError: one of them is not installed.
        """
        frame = self.to_frame()
        try:
            data = frame.to_parquet(index=False)
        except ImportError as error:
            raise MissingDependencyError(
                "to_parquet() needs pyarrow, which is not installed. Run: pip install pyarrow"
            ) from error
        return write_whole(path, data)

    def to_mapping(self) -> dict[str, Any]:
        """Return everything but the explanations as JSON has it; what is not finite is None."""
        from limefw.comparison.report import to_mapping

        return to_mapping(self)

    def to_json(self) -> str:
        """Return `to_mapping` as text."""
        return json.dumps(self.to_mapping(), indent=1, ensure_ascii=False)

    def summary(self) -> list[str]:
        """Return in sentences what agrees and what does not, how sure that is, and what it cost."""
        from limefw.comparison.report import summary

        return summary(self)

    def table(self) -> str:
        """Return a table for people: a line for each side."""
        from limefw.comparison.report import table

        return table(self)

    def violations(self, condition: str) -> list[str]:
        """Say which pairs of sides a condition such as "jaccard@5 < 0.6" is true of; empty where of none.

        Raises:
            InputError: it is no condition.
        """
        from limefw.comparison.conditions import violations

        return violations(self, condition)

    def render(self, renderer: str | Mapping[str, Any] = "html") -> Rendering:
        """Draw with a renderer of comparisons: "html", "figure" or "text", or ``{"use": name, parameter: value}``.

        Raises:
            LimefwError: it draws something else.
        """
        return draw(self, renderer, "comparison", "html")

    def plot(self) -> Any:
        """Return a matplotlib Figure."""
        return self.render("figure").figure

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the report, the figure, the table and the figures as JSON into a folder, which is made if need be."""
        place = Path(folder)
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{place} is no folder that can be written to: {error}") from error
        made = [
            self.render("html").save(place / "comparison.html"),
            self.render("figure").save(place / "comparison.png"),
            write_whole(place / "comparison.json", self.to_json().encode()),
            self.to_csv(place / "comparison.csv"),
        ]
        return [Path(path) for path in made]

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        many = f"{len(self.instances)} instance{'s' if len(self.instances) != 1 else ''}"
        seeds = f", {self.seeds} seeds" if self.seeds > 1 else ""
        return f"<Comparison of {', '.join(side.name for side in self.sides)}: {many}{seeds}>"

    def _repr_html_(self) -> str:
        return str(self.render({"use": "html", "fragment": True}).data)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pandas(who: str) -> Any:
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{who} needs pandas, which is not installed. Run: pip install 'limefw[pandas]'"
        ) from error
    return pd
