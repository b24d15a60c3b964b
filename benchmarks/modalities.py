"""What does an explanation of a text or a row cost beside the model, and what does lime's?

A text of 1,000 different words and a row of 1,000 columns, the same number of samples for all, a model that costs
nothing, one thread, one run: limefw with its own samplers, limefw.compat.lime, and lime itself. CPU time of this
process in interleaved repetitions after a short unmeasured one; memory each in a fresh process.

    pip install -e . lime==0.2.0.1
    python benchmarks/modalities.py [part ...] [--repeats N] [--samples N] [--json FILE] [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from overhead import Row, Table, Target, _status, as_json, cpu_ms, ratio, spread, versions, with_one_thread

import limefw


WIDTH = 1000
"""Words of the text, and columns of the table."""

FEW, MANY = 6, 10
"""Features asked for: up to 6 lime selects them one by one, 10 is its default."""

Explain = Callable[[int], Any]
"""From a number of samples to an explanation."""


# What is explained


@cache
def outputs(count: int = 8192) -> NDArray[np.float64]:
    """Return what the model says, drawn beforehand: two probabilities a row."""
    return np.random.default_rng(1).dirichlet(np.ones(2), size=count)


def predict(batch: Any) -> NDArray[np.float64]:
    """Be a model that costs nothing."""
    return outputs()[: len(batch)]


@cache
def document() -> str:
    """Return a text of different words."""
    letters = np.random.default_rng(2).integers(97, 123, size=(4 * WIDTH, 7), dtype=np.uint8)
    words = dict.fromkeys(bytes(row).decode() for row in letters)
    return " ".join(list(words)[:WIDTH])


@cache
def data() -> NDArray[np.float64]:
    """Return the table that a model was made for."""
    return np.random.default_rng(3).normal(size=(1000, WIDTH))


# Who explains it


def limefw_text() -> Explain:
    """Return limefw's own way with texts."""
    chosen = {"selector": {"use": "highest_weights", "num_features": MANY}}
    return lambda samples: limefw.explain(document(), predict, labels=[1], samples=samples, what_if=0, **chosen)


def limefw_table() -> Explain:
    """Return limefw's own way with rows."""
    row, chosen = limefw.Table(data()).row(0), {"selector": {"use": "highest_weights", "num_features": MANY}}
    return lambda samples: limefw.explain(row, predict, labels=[1], samples=samples, what_if=0, **chosen)


def lime_text(package: str, features: int) -> Explain:
    """Return lime's, or the compat package's, way with texts."""
    if package == "lime":
        from lime.lime_text import LimeTextExplainer
    else:
        from limefw.compat.lime.lime_text import LimeTextExplainer
    explainer = LimeTextExplainer(random_state=0)
    return lambda samples: explainer.explain_instance(document(), predict, num_features=features, num_samples=samples)


def lime_table(package: str, features: int) -> Explain:
    """Return lime's, or the compat package's, way with rows."""
    if package == "lime":
        from lime.lime_tabular import LimeTabularExplainer
    else:
        from limefw.compat.lime.lime_tabular import LimeTabularExplainer
    explainer, row = LimeTabularExplainer(data(), random_state=0), data()[0]
    return lambda samples: explainer.explain_instance(row, predict, num_features=features, num_samples=samples)


WHO: Mapping[str, Mapping[str, Callable[[], Explain]]] = {
    "text": {
        "lime, 10 features": partial(lime_text, "lime", MANY),
        "limefw, its own samplers, 10 features": limefw_text,
        "lime, 6 features": partial(lime_text, "lime", FEW),
        "limefw.compat.lime, 6 features": partial(lime_text, "compat", FEW),
        "limefw.compat.lime, 10 features": partial(lime_text, "compat", MANY),
    },
    "table": {
        "lime, 10 features": partial(lime_table, "lime", MANY),
        "limefw, its own samplers, 10 features": limefw_table,
        "lime, 6 features": partial(lime_table, "lime", FEW),
        "limefw.compat.lime, 6 features": partial(lime_table, "compat", FEW),
        "limefw.compat.lime, 10 features": partial(lime_table, "compat", MANY),
    },
}
PROMISED = {
    "limefw, its own samplers, 10 features": ("lime, 10 features", 5.0, 5.0),
    "limefw.compat.lime, 6 features": ("lime, 6 features", 5.0, 3.0),
}
"""Beside which of lime's, and how many times less CPU and memory at least."""


# Part 1: time


def time_of(what: str, repeats: int, samples: int) -> Table:
    """Time explanations of one modality."""
    explainers = {who: make() for who, make in WHO[what].items()}
    for explain in explainers.values():
        explain(WIDTH // 2)
    taken: dict[str, list[float]] = {who: [] for who in explainers}
    for _ in range(repeats):
        for who, explain in explainers.items():
            taken[who].append(cpu_ms(partial(explain, samples)) / 1e3)
    rows: list[Row] = [
        {"who": who, "CPU": spread(each, "s"), "lime's over it": ratio(taken[_rival(who)], each)}
        for who, each in taken.items()
    ]
    targets = [
        Target(f"{what}: CPU of {rival} over that of {who}", ratio(taken[rival], taken[who]), bound, least=True)
        for who, (rival, bound, _) in PROMISED.items()
    ]
    instance = f"text of {WIDTH:,} words" if what == "text" else f"row of {WIDTH:,} columns in quartiles"
    return Table(f"A {instance}", f"{samples:,} samples, one label, a model that costs nothing.", rows, targets)


def _rival(who: str) -> str:
    return f"lime, {FEW if f' {FEW} ' in who else MANY} features"


# Part 2: memory


def memory_of(what: str, samples: int) -> Table:
    """Measure by how much resident memory rises at most during one explanation."""
    found = {who: _in_fresh_process(what, who, samples) for who in WHO[what]}
    rows: list[Row] = [
        {"who": who, "extra memory": f"{each:.0f} MB", "lime's over it": found[_rival(who)] / max(each, 0.1)}
        for who, each in found.items()
    ]
    targets = [
        Target(f"{what}: extra memory of {rival} over that of {who}", found[rival] / max(found[who], 0.1), bound, True)
        for who, (rival, _, bound) in PROMISED.items()
    ]
    counted = (
        f"{samples:,} samples. The peak of resident memory during the call above the state before it (VmHWM, reset "
        "before the call), each in a fresh process after an explanation of a tenth of the samples."
    )
    return Table(f"Extra memory, {what}", counted, rows, targets)


def _in_fresh_process(what: str, who: str, samples: int) -> float:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(resident_peak, what, who, samples).result()


def resident_peak(what: str, who: str, samples: int) -> float:
    """Return the MB by which the resident memory rises at most (Linux)."""
    explain = WHO[what][who]()
    explain(samples // 10)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _status("VmRSS")
    explain(samples)
    return (_status("VmHWM") - before) / 1e3


# The run

PARTS: Mapping[str, Callable[[int, int], Table]] = {
    "text": partial(time_of, "text"),
    "table": partial(time_of, "table"),
    "text-memory": lambda _, samples: memory_of("text", samples),
    "table-memory": lambda _, samples: memory_of("table", samples),
}


def main() -> int:
    """Measure the parts asked for, print them, and say with --check whether every target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement")
    parser.add_argument("--samples", type=int, default=5000, help="of each explanation; lime's default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    with_one_thread()
    print(", ".join(f"{name} {number}" for name, number in versions().items()), flush=True)
    tables = {}
    for name in options.parts or PARTS:
        tables[name] = PARTS[name](options.repeats, options.samples)
        print(f"\n{tables[name].markdown()}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(as_json(tables), indent=1), encoding="utf-8")
    missed = [target for table in tables.values() for target in table.targets if not target.met]
    return int(options.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
