"""One network gives one explanation, whichever library runs it."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import squeezenet


def in_this_process(model, *libraries):
    """Explain with what is imported here."""

    def found(folder):
        for library in libraries:
            pytest.importorskip(library, reason=f"{library} is not installed")
        return squeezenet.found_by(model(folder))

    return found


def keras_on(backend):
    """Explain in a process of its own: Keras takes one backend for good as it is imported."""

    def found(_folder):
        for library in ("keras", backend):
            if importlib.util.find_spec(library) is None:
                pytest.skip(f"{library} is not installed")
        setting = {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        program = str(Path(squeezenet.__file__))
        done = subprocess.run(
            [sys.executable, program], capture_output=True, text=True, env={**os.environ, **setting}, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        told = json.loads(done.stdout)
        assert told["backend"] == backend
        return told

    return found


OTHERS = {
    "torch": in_this_process(lambda _: squeezenet.torch_model(), "torch"),
    "keras on torch": keras_on("torch"),
    "keras on tensorflow": keras_on("tensorflow"),
    "opencv_dnn": in_this_process(lambda folder: squeezenet.file_model(folder, "opencv_dnn"), "onnx"),
}


@pytest.fixture(scope="module")
def by_onnx_runtime(tmp_path_factory):
    squeezenet.weights()
    found = in_this_process(lambda folder: squeezenet.file_model(folder, "onnx"), "onnx", "onnxruntime")
    return found(tmp_path_factory.mktemp("onnx"))


@pytest.mark.parametrize("library", OTHERS)
def test_the_same_network_gives_the_same_explanation(library, by_onnx_runtime, tmp_path):
    """Equal seeds give equal coefficients (1e-4 of the largest), equal labels and the same five strongest classes."""
    mine = OTHERS[library](tmp_path)
    assert mine["labels"] == by_onnx_runtime["labels"]
    assert mine["outlook"] == by_onnx_runtime["outlook"]
    effects, expected = np.array(mine["effects"]), np.array(by_onnx_runtime["effects"])
    assert np.abs(effects - expected).max() <= 1e-4 * np.abs(expected).max()


def test_it_knows_the_cat(by_onnx_runtime):
    """The weights are those of a network that works: chelsea is an Egyptian cat (285), or else a tabby or tiger cat."""
    assert by_onnx_runtime["outlook"][0] == "285"
    assert {"281", "282"} < set(by_onnx_runtime["outlook"])


def test_the_weights_are_read_without_running_what_is_in_the_file(tmp_path):
    """A pickle that asks for anything but arrays is refused before it runs."""
    import io
    import pickle

    canary = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return Path.touch, (canary,)

    with pytest.raises(pickle.UnpicklingError, match="is no part of an array"):
        squeezenet.ArraysAlone(io.BytesIO(pickle.dumps(Evil()))).load()
    assert not canary.exists()
