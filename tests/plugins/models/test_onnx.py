"""The ONNX adapter: what a file says of itself is read from it, what it leaves open is the user's to say."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import limefw
from limefw.errors import ModelError, RecipeError
from limefw_plugins.models.onnx import is_onnx
from limefw_plugins.models.onnx import onnx as onnx_model


FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8


def means(folder, shape, *, element=FLOAT, axes=None, inputs=1, name="m.onnx"):
    """Write a model that returns the mean of every channel."""
    planes = axes or ([2, 3] if len(shape) == 4 else list(range(1, len(shape))))
    feeds = [helper.make_tensor_value_info(f"input{at}", element, shape) for at in range(inputs)]
    nodes = [helper.make_node("Cast", ["input0"], ["real"], to=FLOAT)]
    axis = helper.make_tensor("axes", TensorProto.INT64, [len(planes)], planes)
    nodes.append(helper.make_node("ReduceMean", ["real", "axes"], ["output"], keepdims=0))
    output = helper.make_tensor_value_info("output", FLOAT, None)
    graph = helper.make_graph(nodes, "means", feeds, [output], [axis])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, folder / name)
    return folder / name


def batch(model, images):
    """Return what a model says of images (h, w, c) of 0..255, preprocessed as its contract says."""
    from limefw.compose import preprocess

    ready = np.stack([preprocess(image, (0, 255), model.contract) for image in images])
    return model.predict(ready)


PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 6, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize("rows", ["batch", 1, 2, 3, 7])
def test_any_batch_size_gives_the_same_rows(tmp_path, rows):
    """A file of a dynamic batch, or exported for one batch size, answers a batch of any size row by row."""
    model = onnx_model(means(tmp_path, [rows, 3, 6, 8]))
    found = batch(model, PHOTOS)
    assert found.shape == (5, 3)
    assert np.abs(found - PHOTOS.mean(axis=(1, 2)) / 255).max() < 1e-6
    assert np.array_equal(batch(model, PHOTOS[:1]), found[:1])


@pytest.mark.parametrize(
    ("shape", "axes", "layout", "size", "channels"),
    [
        (["n", 3, 6, 8], [2, 3], "NCHW", (6, 8), 3),
        (["n", 6, 8, 3], [1, 2], "NHWC", (6, 8), 3),
        (["n", 1, 6, 8], [2, 3], "NCHW", (6, 8), 1),
        (["n", 6, 8, 1], [1, 2], "NHWC", (6, 8), 1),
        (["n", 3, "h", "w"], [2, 3], "NCHW", None, 3),
        (["n", "h", "w", 3], [1, 2], "NHWC", None, 3),
        (["n", "c", "h", "w"], [2, 3], "NCHW", None, None),
    ],
)
def test_size_and_layout_are_read_from_the_file(tmp_path, shape, axes, layout, size, channels):
    """Channels first or last, the size and their number come from the model's own input."""
    model = onnx_model(means(tmp_path, shape, axes=axes))
    assert (model.contract.layout, model.contract.size, model.contract.channels) == (layout, size, channels)
    photos = PHOTOS[..., : channels or 3]
    assert np.abs(batch(model, photos) - photos.mean(axis=(1, 2)) / 255).max() < 1e-6


def test_a_layout_can_be_said(tmp_path):
    """Where the file leaves it open, the layout is what the caller says."""
    model = onnx_model(means(tmp_path, ["n", "a", "b", "c"], axes=[1, 2]), layout="NHWC")
    assert model.contract.layout == "NHWC"
    assert np.abs(batch(model, PHOTOS) - PHOTOS.mean(axis=(1, 2)) / 255).max() < 1e-6


def test_a_model_of_bytes_gets_bytes(tmp_path):
    """A model that reads uint8 is given 0 to 255, not 0 and 1."""
    model = onnx_model(means(tmp_path, ["n", 6, 8, 3], element=UINT8, axes=[1, 2]))
    assert (model.contract.dtype, model.contract.value_range) == ("uint8", (0.0, 255.0))
    assert np.abs(batch(model, PHOTOS) - PHOTOS.mean(axis=(1, 2))).max() < 1e-4


@pytest.mark.parametrize(
    ("element", "dtype", "tolerance"), [(TensorProto.FLOAT16, "float16", 2e-3), (TensorProto.DOUBLE, "float64", 1e-6)]
)
def test_the_input_s_own_precision_is_used(tmp_path, element, dtype, tolerance):
    """Half and double precision models get what they read."""
    model = onnx_model(means(tmp_path, ["n", 3, 6, 8], element=element))
    assert model.contract.dtype == dtype
    assert np.abs(batch(model, PHOTOS) - PHOTOS.mean(axis=(1, 2)) / 255).max() < tolerance


def test_preprocessing_is_what_was_said(tmp_path):
    """Range and channel order reach the model, with mean and std in the order that it reads channels."""
    path = means(tmp_path, ["n", 3, 6, 8])
    model = onnx_model(path, value_range=(0.0, 255.0), mean=[10.0, 20.0, 30.0], std=2.0, order="BGR")
    expected = (PHOTOS.mean(axis=(1, 2))[:, ::-1] - [10, 20, 30]) / 2
    assert np.abs(batch(model, PHOTOS) - expected).max() < 1e-3


def test_the_fingerprint_is_of_the_file(tmp_path):
    """Two files of other content have other fingerprints, and a copy has the same."""
    one, other = means(tmp_path, ["n", 3, 6, 8]), means(tmp_path, ["n", 3, 6, 9], name="o.onnx")
    (tmp_path / "copy.onnx").write_bytes(one.read_bytes())
    assert onnx_model(one).fingerprint == onnx_model(tmp_path / "copy.onnx").fingerprint
    assert onnx_model(one).fingerprint != onnx_model(other).fingerprint


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda folder: means(folder, ["n", 48]),
            r"takes an input of shape \['n', 48\]; an image model takes four axes",
        ),
        (lambda folder: means(folder, ["n", 3, 6, 8], element=TensorProto.INT64), r"takes tensor\(int64\)"),
        (lambda folder: means(folder, ["n", 3, 6, 8], inputs=2), "takes 2 inputs; an image model takes one"),
        (lambda folder: folder / "absent.onnx", r"there is no model file .*absent\.onnx"),
        (lambda folder: folder, "there is no model file"),
        (lambda folder: 5, "an ONNX model is the path of a file, got int"),
    ],
)
def test_a_model_of_another_kind_is_told(tmp_path, make, message):
    """What is no image model says what it takes."""
    with pytest.raises(ModelError, match=message):
        onnx_model(make(tmp_path))


@pytest.mark.parametrize("text", [b"", b"not a model", bytes(300), b"\x08\x09"])
def test_a_file_that_is_no_onnx_model_is_told(tmp_path, text):
    """Any other file is a ModelError that names it."""
    path = tmp_path / "m.onnx"
    path.write_bytes(text)
    with pytest.raises(ModelError, match=r"m\.onnx cannot be loaded by ONNX Runtime"):
        limefw.model(path)


@pytest.mark.parametrize("params", [{"mean": [1.0, 2.0]}, {"std": [1.0, 2.0]}, {"mean": []}])
def test_as_many_means_as_channels(tmp_path, params):
    """Mean and std are one number or one for each channel."""
    with pytest.raises(ModelError, match=r"(mean|std) has \d values for 3 channels: give one, or one each"):
        onnx_model(means(tmp_path, ["n", 3, 6, 8]), **params)


def test_a_standard_deviation_of_zero_is_refused(tmp_path):
    """Dividing by 0 is refused by the parameter's range."""
    with pytest.raises(RecipeError, match=r"'std' must be .*greater than 0"):
        limefw.model(means(tmp_path, ["n", 3, 6, 8]), use={"use": "onnx", "std": 0.0})


@pytest.mark.parametrize(
    ("source", "accepted"), [(Path("m.onnx"), True), (Path("m.ONNX"), True), (Path("m.pt"), False), ("m.onnx", False)]
)
def test_onnx_files_are_known_by_their_suffix(source, accepted):
    """`use = "auto"` finds ONNX files by name, reading nothing."""
    assert is_onnx(source) is accepted


def test_an_onnx_model_is_explained_in_its_own_frame(tmp_path):
    """A photograph of any size is brought to the model's, and the map back to the photograph's."""
    path = means(tmp_path, [1, 3, 6, 8])
    photo = np.kron(PHOTOS[0], np.ones((5, 5, 1))).astype(np.uint8)
    found = limefw.explain(photo, path, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=20, labels=[0, 2])
    assert found.values.shape == (30, 40)
    assert found.provenance["model"]["fingerprint"] is not None
