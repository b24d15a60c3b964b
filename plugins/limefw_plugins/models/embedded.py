"""The classifier that comes along."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import MissingDependencyError, ModelSourceError
from limefw.imports import versions_of
from limefw.types import Contract, Model
from limefw_plugins.models import _onnxruntime, _opencv
from limefw_plugins.models._batches import in_batches
from limefw_plugins.models._contract import class_names
from limefw_plugins.models._files import digest_of


HERE = Path(__file__).parent
CHUNK = 8
"""Rows composed at a time; both runtimes take them in smaller batches (docs/adr/0003)."""


def is_none(source: Any) -> bool:
    """Say whether no model was given."""
    return source is None


def embedded(
    source: None,
    /,
    *,
    runtime: Literal["auto", "opencv", "onnxruntime"] = "auto",
    resize: Literal["stretch", "crop", "pad"] = "stretch",
    threads: Annotated[int, Ge(0)] = 0,
) -> Model:
    """EfficientNet-Lite0, an ImageNet classifier of 1000 classes inside limefw (int8 weights, Apache-2.0).

    Args:
        runtime: "auto" takes ONNX Runtime where it is installed, else OpenCV.
        resize: how a photograph gets to 224 x 224; "stretch" shows all of it.
        threads: 0 = as many as the runtime likes; for OpenCV a setting of the whole process, left alone at 0.
    """
    if source is not None:
        raise ModelSourceError(f"model 'embedded' comes along with limefw and takes no source, got {source!r}")
    path = HERE / "efficientnet_lite0.onnx"
    predict, chosen = _load(path, runtime, threads)
    contract = Contract(
        size=(224, 224),
        channels=3,
        layout="NCHW",
        value_range=(0.0, 255.0),
        dtype="uint8",
        resize=resize,
        head="logits",
        chunk=CHUNK,
    )
    mark, runs_it = f"{digest_of(path)}:{chosen}", versions_of("cv2" if chosen == "OpenCV" else "onnxruntime")
    return Model(predict, "EfficientNet-Lite0", class_names("imagenet"), contract, mark, runtime=runs_it)


def _load(path: Path, runtime: str, threads: int) -> tuple[Callable[[NDArray[Any]], NDArray[Any]], str]:
    if runtime != "opencv":
        try:
            return _by_onnxruntime(path, threads), "ONNX Runtime"
        except ModuleNotFoundError as error:
            if runtime == "onnxruntime":
                text = (
                    "runtime 'onnxruntime' needs ONNX Runtime, which is not installed. Run: pip install 'limefw[onnx]'"
                )
                raise MissingDependencyError(text) from error
    return _by_opencv(path, threads), "OpenCV"


def _by_onnxruntime(path: Path, threads: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    session = _onnxruntime.opened(path, threads, ["CPUExecutionProvider"])

    def run(rows: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(session.run(None, {"input": rows})[0])

    return lambda batch: np.asarray(in_batches(run, batch, None, _onnxruntime.VALUES))


def _by_opencv(path: Path, threads: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    net = _opencv.opened(path, threads)

    def run(rows: NDArray[Any]) -> NDArray[Any]:
        if not len(rows):
            # OpenCV would end the process on an empty batch
            return np.empty((0, 1000), dtype=np.float32)
        net.setInput(rows)
        return np.array(net.forward())

    return lambda batch: np.asarray(in_batches(run, batch, None, _opencv.VALUES))
