"""What does an explanation cost beside the model, and what does the same cost elsewhere?

Everything is measured in one run, on one thread, warm, in interleaved repetitions, as CPU time of this process (but
for start-up); tables give the median and, in brackets, the least and the greatest. Peers are measured where they are
installed:

    pip install -e . lime==0.2.0.1 captum onnxruntime
    python benchmarks/overhead.py [part ...] [--repeats N] [--json FILE] [--check]

What each part counts stands below its title, and in docs/explanation/speed.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers import Image, Labels, captum_explain, lime_explain, plain_copy

import limefw
from limefw import Contract, Draws, PixelComposer, Segments, mean_colors
from limefw.game import CHUNK_BYTES
from limefw.modalities.image import Image as Instance


SIZE = 224
SAMPLES = 1000
REPORTED = (
    "limefw", "lime", "captum", "shap", "dianna", "numpy", "opencv-python-headless", "onnxruntime", "torch",
    "scikit-image",
)  # fmt: skip
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Task = Callable[[], Any]
Row = Mapping[str, str | float]


@dataclass(frozen=True)
class Target:
    """A figure that is promised: `value` must be at least, or at most, `bound`."""

    what: str
    value: float
    bound: float
    least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound

    def __str__(self) -> str:
        sign = "at least" if self.least else "at most"
        return f"{'met' if self.met else 'MISSED'}: {self.what}: {self.value:.3g}, {sign} {self.bound:g}"


@dataclass(frozen=True)
class Table:
    """What a part found."""

    title: str
    counted: str
    rows: Sequence[Row]
    targets: Sequence[Target] = ()

    def markdown(self) -> str:
        columns = list(self.rows[0])
        lines = [columns, ["---"] * len(columns), *([_cell(row[column]) for column in columns] for row in self.rows)]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        promises = "\n".join(f"- {target}" for target in self.targets)
        return "\n\n".join(part for part in (f"## {self.title}", self.counted, body, promises) if part)


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3g}" if value < 100 else f"{value:,.0f}"


# What is explained


def photograph(size: int = SIZE, path: Path | None = None) -> Image:
    """Return the photograph that comes along, or another, at the size of most models or another."""
    from PIL import Image as Pillow

    with Pillow.open(path or limefw.sample()) as photo:
        return np.array(photo.convert("RGB").resize((size, size)))


def cells(count: int, size: int = SIZE) -> Labels:
    """Return a map of exactly `count` irregular segments: every pixel belongs to the nearest of as many points."""
    points = np.random.default_rng(0).choice(size * size, size=count, replace=False)
    rows, columns = np.indices((size, size))
    distance = (rows[..., None] - points // size) ** 2 + (columns[..., None] - points % size) ** 2
    return np.asarray(distance.argmin(axis=2))


def no_op() -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    """Return a model that costs nothing: ten probabilities a row, drawn beforehand."""
    outputs = np.random.default_rng(1).dirichlet(np.ones(10), size=1024)

    def predict(batch: NDArray[Any]) -> NDArray[np.float64]:
        return outputs[: len(batch)]

    return predict


def limefw_explain(image: Image, labels: Labels, predict: Any, samples: int) -> limefw.Explanation:
    """Explain the top class by the recipe "lime", which does what the peers do, given the label map."""

    def given(_image: Instance, _rng: np.random.Generator, /) -> Segments:
        return Segments.from_labels(labels)

    return limefw.explain(image, predict, recipe="lime", segmenter=given, labels="top:1", samples=samples)


# How it is timed


def cpu_ms(task: Task) -> float:
    """Return the CPU time of one call, of all threads together."""
    started = time.process_time()
    task()
    return 1e3 * (time.process_time() - started)


def interleaved(tasks: Mapping[str, Task], repeats: int) -> dict[str, list[float]]:
    """Run every task once unmeasured, then all of them in turn, again and again."""
    for task in tasks.values():
        task()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            times[name].append(cpu_ms(task))
    return times


def spread(times: Sequence[float], unit: str = "ms") -> str:
    """Return "median (least - greatest)"."""
    middle, least, most = (_cell(float(value)) for value in (np.median(times), min(times), max(times)))
    return f"{middle} ({least} - {most}) {unit}"


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how many times the median of `one` is that of `other`."""
    return float(np.median(one) / np.median(other))


# Part 1: peers


def peers(repeats: int) -> Table:
    """Time whole explanations beside those of other packages."""
    image, predict = photograph(), no_op()
    rows: list[Row] = []
    targets: list[Target] = []
    for segments, bound in ((33, 7.0), (192, 15.0)):
        times = interleaved(_explainers(image, cells(segments), predict), repeats)
        for name, taken in times.items():
            rows.append({
                "segments": str(segments), "who": name, "CPU": spread(taken), "x limefw": ratio(taken, times["limefw"]),
            })  # fmt: skip
        if "lime" in times:
            what = f"lime's time over limefw's, {segments} segments"
            targets.append(Target(what, ratio(times["lime"], times["limefw"]), bound, least=True))
    counted = (
        f"{SAMPLES} samples of {SIZE}x{SIZE}x3 uint8, one label, a model that costs nothing, the same label map given "
        "to all; defaults otherwise."
    )
    return Table("A whole explanation", counted, rows, targets)


def _explainers(image: Image, labels: Labels, predict: Any) -> dict[str, Task]:
    buffer = np.empty((CHUNK_BYTES // image.nbytes, *image.shape), dtype=image.dtype)
    tasks: dict[str, Task] = {"limefw": lambda: limefw_explain(image, labels, predict, SAMPLES)}
    for name, explain in {"lime": lime_explain, "captum": captum_explain}.items():
        if find_spec(name) is not None:
            tasks[name] = partial(explain, image, labels, predict, SAMPLES)
    return {**tasks, "plain copy": lambda: plain_copy(image, SAMPLES, buffer)}


# Part 2: composing


def composing(repeats: int) -> Table:
    """Time the composites of an explanation beside plain copies of the photograph."""
    rows: list[Row] = []
    targets: list[Target] = []
    kinds = {
        "uint8 NHWC": (Contract(), 11.0),
        "float32 NHWC": (Contract(value_range=(0.0, 1.0)), 5.0),
        "float32 NCHW": (Contract(value_range=(0.0, 1.0), layout="NCHW"), 5.0),
    }
    for kind, (contract, bound) in kinds.items():
        for segments in (33, 192, 300):
            times = interleaved(_composers(segments, contract), 3 * repeats)
            found = ratio(times["composing"], times["copying"])
            taken = {f"{name} CPU": spread(each) for name, each in times.items()}
            rows.append({"array": kind, "segments": str(segments), **taken, "ratio": found})
            targets.append(Target(f"composing over copying, {kind}, {segments} segments", found, bound))
    counted = (
        f"{SAMPLES} composites against {SAMPLES} np.copyto of the photograph, both into one buffer that is used again, "
        f"in chunks of {CHUNK_BYTES / 1e6:g} MB as limefw makes them."
    )
    return Table("Composing", counted, rows, targets)


def _composers(count: int, contract: Contract) -> dict[str, Task]:
    image, segments = Instance(photograph(), (0.0, 255.0)), Segments.from_labels(cells(count))
    composer = PixelComposer.of(image, mean_colors(image, segments), segments).prepared(contract)
    draws = Draws(np.random.default_rng(0).random((SAMPLES, count)) < 0.5)
    chunk = CHUNK_BYTES // composer.row_bytes
    buffer = composer.buffer(chunk)

    def compose() -> None:
        for start in range(0, SAMPLES, chunk):
            composer.compose(draws.take(slice(start, start + chunk)), buffer)

    return {"composing": compose, "copying": lambda: plain_copy(composer.pixels, SAMPLES, buffer)}


# Part 3: memory


def memory(_repeats: int) -> Table:
    """Measure how much more memory an explanation needs at its worst."""
    rows: list[Row] = []
    targets: list[Target] = []
    for samples in (1_000, 20_000):
        resident = _in_fresh_process(resident_peak, samples)
        rows.append({
            "samples": f"{samples:,}", "resident": f"{resident:.1f} MB",
            "allocated": f"{_in_fresh_process(allocated_peak, samples):.1f} MB",
        })  # fmt: skip
        targets.append(Target(f"extra resident MB at {samples:,} samples", resident, 50.0))
    counted = (
        f"The peak during the call above the state before it, 192 segments of {SIZE}x{SIZE}x3 uint8, each in a fresh "
        "process after an explanation of 100 samples. Resident: the system's own high-water mark (VmHWM, reset before "
        "the call). Allocated: what Python and NumPy asked for (tracemalloc)."
    )
    return Table("Extra memory", counted, rows, targets)


def _in_fresh_process(measure: Callable[[int], float], samples: int) -> float:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, samples).result()


def _warm_explainer() -> Callable[[int], Any]:
    one_thread_in_opencv()
    image, labels, predict = photograph(), cells(192), no_op()
    limefw_explain(image, labels, predict, 100)
    return lambda samples: limefw_explain(image, labels, predict, samples)


def resident_peak(samples: int) -> float:
    """Return the MB by which the resident memory rises at most (Linux)."""
    explain = _warm_explainer()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _status("VmRSS")
    explain(samples)
    return (_status("VmHWM") - before) / 1e3


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) * 1.024 for line in lines if line.startswith(field))


def allocated_peak(samples: int) -> float:
    """Return the MB by which allocations rise at most."""
    explain = _warm_explainer()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    explain(samples)
    return (tracemalloc.get_traced_memory()[1] - before) / 1e6


# Part 4: a real model


def real_model(repeats: int) -> Table:
    """Time explanations by a real model beside the model alone on the same rows."""
    image, samples = photograph(), 500
    rows: list[Row] = []
    targets: list[Target] = []
    for runtime, segments in _model_cases():
        settings = {"use": "embedded", "threads": 1, "runtime": runtime}
        model = limefw.Explainer(recipe={"extends": "lime", "model": settings}).model
        labels = cells(segments)
        taken = [_beside(model, image, labels, samples) for _ in range(repeats + 1)][1:]
        extra = [100 * each.extra / each.alone for each in taken]
        own = [each.alone / samples for each in taken]
        rows.append({
            "model": f"{model.name}, {runtime}", "segments": str(segments), "its own CPU a row": spread(own),
            "explain minus the model alone": spread(extra, "%"),
            "explain minus its own calls": spread([100 * each.beside / each.within for each in taken], "%"),
        })  # fmt: skip
        if np.median(own) >= 10.0:
            what = f"explain minus the model alone, % of it, {runtime}, {segments} segments"
            targets.append(Target(what, float(np.median(extra)), 3.0))
    counted = (
        f"{samples} samples, the label map given. Every chunk is predicted twice in turn, once for the explanation and "
        "once to time the model alone on the same rows, so that a change in the machine's speed meets both. The last "
        "column takes the model's time from the explanation's own calls. Promised for models of 10 ms or more a row."
    )
    return Table("Beside a real model", counted, rows, targets)


def _model_cases() -> list[tuple[str, int]]:
    cases = [("onnxruntime", 33), ("onnxruntime", 192), ("opencv", 192)]
    return [case for case in cases if case[0] == "opencv" or find_spec(case[0]) is not None]


@dataclass(slots=True)
class Beside:
    """CPU ms of an explanation (`whole`), of the model's calls `within` it, and of the model `alone`."""

    whole: float = 0.0
    within: float = 0.0
    alone: float = 0.0

    @property
    def beside(self) -> float:
        return self.whole - self.within

    @property
    def extra(self) -> float:
        return self.whole - self.alone


def _beside(model: limefw.Model, image: Image, labels: Labels, samples: int) -> Beside:
    found = Beside()

    def predict(batch: NDArray[Any]) -> Any:
        outputs: list[Any] = []
        found.within += cpu_ms(lambda: outputs.append(model.predict(batch)))
        found.alone += cpu_ms(lambda: model.predict(batch))
        return outputs[0]

    both = cpu_ms(lambda: limefw_explain(image, labels, replace(model, predict=predict), samples))
    found.whole = both - found.alone
    return found


# Part 5: what else there is


def segmenting(repeats: int) -> Table:
    """Time the segmenters."""
    image = Instance(photograph(), (0.0, 255.0))
    found: dict[str, int] = {}

    def segment(name: str) -> None:
        stage = limefw.build(segmenter=name).stages["segmenter"]
        found[name] = stage(image, np.random.default_rng(0)).count

    names = []
    for name in _of_images("segmenters"):
        try:
            segment(name)
        except (limefw.RecipeError, limefw.MissingDependencyError):
            continue  # it wants a file of the user's, or a library that is not here
        names.append(name)
    times = interleaved({name: partial(segment, name) for name in names}, repeats)
    rows: list[Row] = [
        {"segmenter": name, "segments": str(found[name]), "CPU": spread(taken)} for name, taken in times.items()
    ]
    beside, targets = _quickshifts(image, repeats)
    counted = f"The photograph at {SIZE}x{SIZE}, defaults; quickshift also beside scikit-image's, with equal labels."
    return Table("Segmenting", counted, rows + beside, targets)


def _of_images(kind: str) -> list[str]:
    found = limefw.registry().all(kind)
    return [item.plugin.name for item in found if item.plugin.modality in (None, "image")]


def _quickshifts(image: Instance, repeats: int) -> tuple[list[Row], list[Target]]:
    """Time quickshift beside scikit-image's at a few settings."""
    rows: list[Row] = []
    targets: list[Target] = []
    for kernel_size, max_dist, color in ((4.0, 200.0, 0.2), (2.0, 200.0, 0.2), (10.0, 15.0, 0.7), (1.0, 200.0, 0.2)):
        found: dict[str, Labels] = {}
        tasks = _both_quickshifts(image, {"kernel_size": kernel_size, "max_dist": max_dist, "ratio": color}, found)
        times = interleaved(tasks, repeats)
        what = f"quickshift {kernel_size:g}, {max_dist:g}, {color:g}"
        if not np.array_equal(found["limefw"], found["scikit-image"]):
            raise AssertionError(f"{what}: the labels are not scikit-image's")
        count = str(len(np.unique(found["limefw"])))
        rows += [{"segmenter": f"{what}: {who}", "segments": count, "CPU": spread(each)} for who, each in times.items()]
        taken = ratio(times["limefw"], times["scikit-image"])
        targets.append(Target(f"{what} (kernel size, max dist, ratio) over scikit-image's", taken, 0.5))
    return rows, targets


def _both_quickshifts(image: Instance, params: Mapping[str, float], found: dict[str, Labels]) -> dict[str, Task]:
    from skimage.segmentation import quickshift

    stage = limefw.build(segmenter={"use": "quickshift", "least": 1, **params}).stages["segmenter"]

    def ours() -> None:
        found["limefw"] = stage(image, np.random.default_rng(0)).labels

    def theirs() -> None:
        found["scikit-image"] = quickshift(image.unit(), rng=42, **params)

    return {"limefw": ours, "scikit-image": theirs}


def rendering(repeats: int) -> Table:
    """Time the renderers."""
    explanation = limefw_explain(photograph(), cells(33), no_op(), 200)
    sizes: dict[str, int] = {}

    def render(name: str) -> None:
        sizes[name] = len(explanation.render(name).data)

    names = [name for name in _of_images("renderers") if name != "tree"]  # draws trees alone
    times = interleaved({name: partial(render, name) for name in names}, repeats)
    rows: list[Row] = [
        {"renderer": name, "kB": sizes[name] / 1e3, "CPU": spread(taken)} for name, taken in times.items()
    ]
    return Table("Rendering", f"An explanation of 33 segments at {SIZE}x{SIZE}, defaults, after the first.", rows)


_EXPLAIN = "import limefw; limefw.explain(limefw.sample(), {}, recipe='lime', segmenter='grid', samples=100)"
STARTS = {
    "python -c pass": ("-c", "pass"),
    "import numpy": ("-c", "import numpy"),
    "import limefw": ("-c", "import limefw"),
    "limefw.explain (looked up)": ("-c", "import limefw; limefw.explain"),
    "python -m limefw --help": ("-m", "limefw", "--help"),
    "first explanation, a model that costs nothing": ("-c", _EXPLAIN.format("lambda batch: [[0.5, 0.5]] * len(batch)")),
    "first explanation, the embedded model": ("-c", _EXPLAIN.format("None")),
}


def starting(repeats: int) -> Table:
    """Time fresh processes from their start to their end."""
    for command in STARTS.values():
        _process(command)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in STARTS}
    for _ in range(repeats):
        for name, command in STARTS.items():
            taken[name].append(_process(command))
    rows: list[Row] = [
        {"process": name, "wall": spread([wall for wall, _ in each]), "CPU": spread([cpu for _, cpu in each])}
        for name, each in taken.items()
    ]
    counted = "Whole processes with warm file caches; the first explanations draw 100 samples on a grid."
    return Table("Starting", counted, rows)


def _process(arguments: Iterable[str]) -> tuple[float, float]:
    """Return wall and CPU ms of one Python process."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    before, started = used.ru_utime + used.ru_stime, time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    wall = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * wall, 1e3 * (used.ru_utime + used.ru_stime - before)


# The run

PARTS = {
    "peers": peers, "composing": composing, "memory": memory, "model": real_model, "segmenting": segmenting,
    "rendering": rendering, "starting": starting,
}  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of everything measured that is installed."""
    found = {"python": platform.python_version()}
    for name in REPORTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def with_one_thread() -> None:
    """Start this process again with one thread a library, where it has not been so: they read this as they load."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_THREAD})
    one_thread_in_opencv()


def one_thread_in_opencv() -> None:
    """Tell OpenCV, which reads none of those."""
    import cv2

    cv2.setNumThreads(1)


def main() -> int:
    """Measure the parts asked for, print them, and say with --check whether every target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    with_one_thread()
    print(", ".join(f"{name} {number}" for name, number in versions().items()), flush=True)
    tables = {}
    for name in options.parts or PARTS:
        tables[name] = PARTS[name](options.repeats)
        print(f"\n{tables[name].markdown()}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(as_json(tables), indent=1), encoding="utf-8")
    missed = [target for table in tables.values() for target in table.targets if not target.met]
    return int(options.check and bool(missed))


def as_json(tables: Mapping[str, Table]) -> dict[str, Any]:
    """Return all figures with what they are promised to be."""
    parts = {
        name: {
            "rows": table.rows,
            "targets": [vars(target) | {"met": target.met} for target in table.targets],
        }
        for name, table in tables.items()
    }
    return {"versions": versions(), "parts": parts}


if __name__ == "__main__":
    sys.exit(main())
