"""The adapter of OpenCV's DNN module: what it reads it runs as ONNX Runtime does, and nothing ends the process."""

import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import limefw
from limefw.errors import ModelError
from limefw_plugins.models.onnx import onnx as onnx_model
from limefw_plugins.models.opencv_dnn import is_network, opencv_dnn


PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 16, 20, 3), dtype=np.uint8)


def network(folder, *, entry=("n", 3, 16, 20), element=TensorProto.FLOAT, name="n.onnx", last="Softmax", **props):
    """Write a convolution with a layer behind it that fits one size alone."""
    rng = np.random.default_rng(0)
    arrays = {"kernel": rng.normal(size=(4, 3, 3, 3)), "weights": rng.normal(size=(4 * 14 * 18, 5)) / 30}
    nodes = [
        helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["real", "kernel"], ["conv"]),
        helper.make_node("Relu", ["conv"], ["positive"]),
        helper.make_node("Flatten", ["positive"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
        helper.make_node(last, ["scores"], ["answer"]),
    ]
    outputs = [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [entry[0], 5])]
    outputs += [helper.make_tensor_value_info(more, TensorProto.FLOAT, [entry[0], 5]) for more in props.pop("more", ())]
    graph = helper.make_graph(
        nodes,
        "n",
        [helper.make_tensor_value_info("image", element, list(entry))],
        outputs,
        [onnx.numpy_helper.from_array(array.astype(np.float32), key) for key, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, props)
    onnx.save(model, folder / name)
    return folder / name


def batch(model, images=PHOTOS):
    """Return what a model says of images (h, w, c) of 0..255, preprocessed as its contract says."""
    from limefw.modalities.compose import preprocess

    ready = np.stack([preprocess(image, (0, 255), model.contract) for image in images])
    return model.predict(ready)


ENTRIES = {
    "any batch": {},
    "any size": {"entry": ("n", 3, "h", "w")},
    "one row a call": {"entry": (1, 3, 16, 20)},
    "three rows a call": {"entry": (3, 3, 16, 20)},
    "bytes": {"element": TensorProto.UINT8},
    "half": {"element": TensorProto.FLOAT16},
    "double": {"element": TensorProto.DOUBLE},
    "sigmoid": {"last": "Sigmoid"},
}


@pytest.mark.parametrize("name", ENTRIES)
def test_it_answers_as_onnx_runtime_does(name, tmp_path):
    """Contract, notes, class names and outputs of one file are the same by both."""
    path = network(tmp_path, names="a,b,c,d,e", **ENTRIES[name])
    mine, theirs = opencv_dnn(path), onnx_model(path)
    known = [(model.contract.size, model.contract.channels, model.contract.layout, model.contract.dtype,
              model.contract.head, model.classes, model.notes) for model in (mine, theirs)]  # fmt: skip
    assert known[0] == known[1]
    assert np.abs(batch(mine) - batch(theirs)).max() < 1e-5
    assert np.array_equal(batch(mine), batch(mine))
    assert mine.predict(np.zeros((0, 3, 16, 20), mine.contract.dtype)).shape == (0, 5)


def test_what_it_returned_stays(tmp_path):
    """The next call leaves the answers of the last one alone."""
    model = opencv_dnn(network(tmp_path))
    first = batch(model)
    kept = first.copy()
    batch(model, PHOTOS[::-1])
    assert np.array_equal(first, kept)


@pytest.mark.parametrize(
    "shape", [(2, 4, 16, 20), (2, 1, 16, 20), (2, 16, 20, 3), (2, 3, 16, 21), (2, 3, 1, 1), (3, 16, 20), (4, 960), (0,)]
)
def test_what_does_not_fit_is_refused_before_opencv_sees_it(tmp_path, shape):
    """OpenCV 5 computes with whatever lies behind a batch of too few channels, and says nothing."""
    model = opencv_dnn(network(tmp_path))
    with pytest.raises(ModelError, match=r"takes NCHW batches of shape \(None, 3, 16, 20\), got"):
        model.predict(np.zeros(shape, np.float32))


def test_an_output_is_chosen(tmp_path):
    """By name or number, as in the adapter of ONNX Runtime."""
    path = network(tmp_path, more=["scores"])
    for wish in ("answer", "scores", 0, 1):
        mine, theirs = opencv_dnn(path, output=wish), onnx_model(path, output=wish)
        assert mine.contract.head == theirs.contract.head
        assert np.abs(batch(mine) - batch(theirs)).max() < 1e-5
    with pytest.raises(ModelError, match=r"no output 'score'\. Did you mean 'scores'\?"):
        opencv_dnn(path, output="score")


def test_weights_in_a_file_beside_are_found(tmp_path):
    """They are read and count in the fingerprint."""
    path = network(tmp_path)
    parted = tmp_path / "parted.onnx"
    onnx.save(onnx.load(path), parted, save_as_external_data=True, location="parted.data", size_threshold=0)
    assert np.array_equal(batch(opencv_dnn(parted)), batch(opencv_dnn(path)))


@pytest.mark.parametrize("suffix", ["onnx", "tflite", "pb"])
@pytest.mark.parametrize("content", [b"", b"not a model", bytes(300), b"\x08\x09", b"\x1c\0\0\0TFL3" + bytes(40)])
def test_a_file_that_is_none_is_told(tmp_path, suffix, content):
    """Whatever is in it, a ModelError names the file."""
    path = tmp_path / f"net.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"net\.{suffix} (cannot be|is no file)"):
        opencv_dnn(path)


@pytest.mark.parametrize("suffix", ["tflite", "pb"])
def test_a_damaged_file_goes_to_the_one_that_can_say_so(tmp_path, suffix):
    """By its suffix alone, as its content says nothing."""
    path = tmp_path / f"net.{suffix}"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=rf"net\.{suffix} cannot be read as ONNX, TensorFlow Lite or a TensorFlow"):
        limefw.model(path)


def test_a_file_that_is_cut_short_is_told(tmp_path, capfd):
    """Half a file is told, and OpenCV prints nothing besides."""
    path = network(tmp_path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ModelError, match=r"n\.onnx cannot be read"):
        opencv_dnn(path)
    assert capfd.readouterr() == ("", "")


def test_an_operation_that_opencv_does_not_know_is_told(tmp_path, capfd):
    """OpenCV's own words are in the message, and nowhere else."""
    with pytest.raises(ModelError, match=r"n\.onnx cannot be loaded by OpenCV: .*NoSuchLayer"):
        opencv_dnn(network(tmp_path, last="NoSuchLayer"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("suffix", "once"), [("caffemodel", "Caffe"), ("prototxt", "Caffe"), ("weights", "Darknet")])
def test_formats_that_opencv_gave_up_are_told(tmp_path, suffix, once):
    """OpenCV 5 reads neither Caffe nor Darknet: that is said, and what to do."""
    path = tmp_path / f"net.{suffix}"
    path.write_bytes(b"layers")
    with pytest.raises(ModelError, match=f"OpenCV 5 reads no {once} files any more. Convert it to ONNX"):
        limefw.model(path)


def test_an_onnx_file_goes_to_onnx_runtime_unless_said_otherwise(tmp_path):
    """`use = "auto"` gives ONNX files to the other adapter; this one explains them when it is named."""
    path = network(tmp_path)
    assert not is_network(path)
    found = limefw.explain(
        PHOTOS[0], limefw.model(path, use="opencv_dnn"), segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=16
    )
    expected = limefw.explain(PHOTOS[0], path, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=16)
    assert np.abs(found.effects() - expected.effects()).max() < 1e-5


WRITE = """
import sys
import numpy as np, tensorflow as tf
folder, old = sys.argv[1], tf.compat.v1
rng = np.random.default_rng(0)
kernel, weights = (rng.normal(size=shape).astype("f") for shape in ((3, 3, 3, 4), (4, 5)))

def answer(x):
    x = tf.nn.relu(tf.nn.conv2d(x, kernel, strides=1, padding="VALID"))
    return tf.nn.softmax(tf.matmul(tf.reduce_mean(x, [1, 2]), weights))

rows = rng.random((5, 16, 20, 3)).astype("f")
np.savez(f"{folder}/rows.npz", rows=rows, answers=answer(rows).numpy())
with old.Graph().as_default() as graph:
    answer(old.placeholder(tf.float32, (None, 16, 20, 3), name="image"))
    open(f"{folder}/net.pb", "wb").write(graph.as_graph_def().SerializeToString())

class Net(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((1, 16, 20, 3), tf.float32)])
    def __call__(self, x):
        return answer(x)

net = Net()
made = tf.lite.TFLiteConverter.from_concrete_functions([net.__call__.get_concrete_function()], net).convert()
open(f"{folder}/net.tflite", "wb").write(made)
with old.Graph().as_default() as graph:
    old.lgamma(answer(old.placeholder(tf.float32, (None, 16, 20, 3), name="image")))
    open(f"{folder}/gamma.pb", "wb").write(graph.as_graph_def().SerializeToString())
with old.Graph().as_default() as graph:
    answer(old.placeholder(tf.float32, (None, 16, 20, 3)) * old.placeholder(tf.float32, ()))
    open(f"{folder}/two.pb", "wb").write(graph.as_graph_def().SerializeToString())
"""


@pytest.fixture(scope="module")
def tensorflow_files(tmp_path_factory):
    """Write one network as a TensorFlow graph and for TensorFlow Lite, and two that are refused."""
    pytest.importorskip("tensorflow", reason="TensorFlow, which writes the files, is not installed")
    folder = tmp_path_factory.mktemp("tensorflow")
    done = subprocess.run([sys.executable, "-c", WRITE, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.parametrize("name", ["net.pb", "net.tflite"])
def test_tensorflow_s_files_answer_as_tensorflow_does(tensorflow_files, name):
    """They are known by their content; images go in with channels first, as OpenCV turns them."""
    saved = np.load(tensorflow_files / "rows.npz")
    path = tensorflow_files / name
    assert is_network(path)
    model = limefw.model(path)
    assert (model.contract.size, model.contract.channels, model.contract.layout) == ((16, 20), 3, "NCHW")
    rows = np.ascontiguousarray(saved["rows"].transpose(0, 3, 1, 2))
    assert np.abs(model.predict(rows) - saved["answers"]).max() < 1e-5
    assert any("assumed to be probabilities" in note for note in model.notes)
    with pytest.raises(ModelError, match="takes NCHW batches"):
        model.predict(saved["rows"])


def test_a_graph_that_opencv_cannot_run_is_told(tensorflow_files):
    """Two inputs are refused; an operation that it lacks is OpenCV's own error, noted with what it was given."""
    with pytest.raises(ModelError, match=r"two\.pb takes 2 inputs; an image model takes one"):
        opencv_dnn(tensorflow_files / "two.pb")
    import cv2

    with pytest.raises(cv2.error, match="Lgamma") as caught:
        limefw.explain(PHOTOS[0], tensorflow_files / "gamma.pb", segmenter="grid", samples=8)
    assert "raised by gamma, given a batch of shape (1, 3, 16, 20) and type float32" in caught.value.__notes__
