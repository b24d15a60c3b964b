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
    from limefw.modalities.compose import preprocess

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
            lambda folder: means(folder, ["n", 3, 6]),
            r"takes an input of shape \(any, 3, 6\); an image model takes four axes, or two \(flattened\)",
        ),
        (
            lambda folder: means(folder, ["n", 3, 6, 8], element=TensorProto.INT64),
            "m.onnx takes int64; an image model takes one of f",
        ),
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


def test_onnx_files_are_known_by_suffix_or_content(tmp_path):
    """`use = "auto"` finds ONNX files whatever they are called, and takes no other file for one."""
    path = means(tmp_path, ["n", 3, 6, 8])
    renamed = tmp_path / "weights.bin"
    renamed.write_bytes(path.read_bytes())
    assert is_onnx(path)
    assert is_onnx(Path("not/there.ONNX"))
    assert is_onnx(renamed)
    assert not is_onnx(str(path))
    assert not is_onnx(tmp_path)
    assert limefw.model(renamed).fingerprint == limefw.model(path).fingerprint
    saved_model = b"\x08\x01\x12\x02\x0a\x00"
    for content in (b"", b"\x08", b"\x08\x07", saved_model, b"PK\x03\x04" + bytes(99), path.read_bytes()[:-9]):
        renamed.write_bytes(content)
        assert not is_onnx(renamed)


def test_an_onnx_model_is_explained_in_its_own_frame(tmp_path):
    """A photograph of any size is brought to the model's, and the map back to the photograph's."""
    path = means(tmp_path, [1, 3, 6, 8])
    photo = np.kron(PHOTOS[0], np.ones((5, 5, 1))).astype(np.uint8)
    found = limefw.explain(photo, path, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=20, labels=[0, 2])
    assert found.values.shape == (30, 40)
    assert found.provenance["model"]["fingerprint"] is not None


# --- what else a file says


def network(folder, last, *, columns=4, entry=(None, 3, 6, 8), metadata=(), extra=(), name="n.onnx"):
    """Write a model of two means for each column, whose last layers are `last`."""
    entry = ["n" if size is None else size for size in entry]
    weights = np.random.default_rng(0).normal(size=(entry[1], columns)).astype(np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["at0"]),
        *(helper.make_node(kind, [f"at{index}"], [f"at{index + 1}"]) for index, kind in enumerate(last)),
    ]
    outputs = [helper.make_tensor_value_info(one, FLOAT, [entry[0], columns]) for one in (f"at{len(last)}", *extra)]
    graph = helper.make_graph(
        nodes, "n", [helper.make_tensor_value_info("image", FLOAT, entry)], outputs,
        [onnx.numpy_helper.from_array(weights, "weights")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, dict(metadata))
    onnx.save(model, folder / name)
    return folder / name


@pytest.mark.parametrize(
    ("last", "columns", "head", "assumed"),
    [
        (["Softmax"], 4, "probabilities", False),
        (["Softmax", "Identity", "Flatten"], 4, "probabilities", False),
        (["Sigmoid"], 1, "sigmoid", False),
        (["LogSoftmax"], 4, "logits", False),
        ([], 4, "logits", True),
        (["Identity"], 4, "logits", True),
        ([], 1, "values", True),
        (["Abs"], 4, "probabilities", True),
    ],
)
def test_the_last_layer_says_what_the_outputs_mean(tmp_path, last, columns, head, assumed):
    """Softmax and sigmoid are known; what was assumed is told, unless the user has said it."""
    path = network(tmp_path, last, columns=columns)
    model = onnx_model(path)
    assert model.contract.head == head
    assert any("say head" in note for note in model.notes) is assumed
    said = onnx_model(path, head="logits")
    assert said.contract.head == "logits"
    assert not any("say head" in note for note in said.notes)


def test_what_is_said_is_not_told_as_assumed(tmp_path):
    """Of a range that was named nothing was assumed."""
    path = network(tmp_path, ["Softmax"])
    assert any("pixels from 0 to 1" in note for note in onnx_model(path).notes)
    model = onnx_model(path, preprocessing="imagenet")
    assert model.notes == ()
    assert (model.contract.mean, model.contract.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("names", '["cat", "dog", "a bird", "fish"]'),
        ("names", "{0: 'cat', 1: 'dog', 2: 'a bird', 3: 'fish'}"),
        ("classes", '{"1": "dog", "0": "cat", "3": "fish", "2": "a bird"}'),
        ("classes", "cat\ndog\na bird\nfish\n"),
        ("classes", "cat, dog, a bird, fish"),
    ],
)
def test_class_names_that_a_file_holds_are_used(tmp_path, key, text):
    """JSON, a Python literal, lines and commas; names given by the user go before."""
    path = network(tmp_path, ["Softmax"], metadata={key: text})
    assert onnx_model(path).classes == ("cat", "dog", "a bird", "fish")
    (tmp_path / "mine.txt").write_text("a\nb\nc\nd\n")
    assert onnx_model(path, classes=str(tmp_path / "mine.txt")).classes == ("a", "b", "c", "d")


@pytest.mark.parametrize("text", ["cat,dog", "", "7", '{"a": "cat", "b": "dog", "c": "bird", "d": "fish"}'])
def test_metadata_that_are_no_class_names_are_left(tmp_path, text):
    """Too few names for the outputs, or something else of that key, are no class names."""
    model = onnx_model(network(tmp_path, ["Softmax"], metadata={"names": text}))
    assert model.classes is None
    assert any("has 2 class names for 4 outputs: they are left out" in note for note in model.notes) == (
        "," in text[:4]
    )


def test_an_output_is_chosen_by_name_or_number(tmp_path):
    """Of several outputs the first that holds real numbers is taken, which is told, or the one that the user wants."""
    path = network(tmp_path, ["Softmax"], extra=["at0"])
    first, by_name, by_number = onnx_model(path), onnx_model(path, output="at0"), onnx_model(path, output=1)
    assert any("of its outputs at1, at0 'at1' was taken" in note for note in first.notes)
    assert (first.contract.head, by_name.contract.head) == ("probabilities", "logits")
    assert np.array_equal(batch(by_name, PHOTOS), batch(by_number, PHOTOS))
    odds = np.exp(batch(by_name, PHOTOS))
    assert np.abs(batch(first, PHOTOS) - odds / odds.sum(axis=1, keepdims=True)).max() < 1e-6
    assert first.fingerprint != by_name.fingerprint
    for wish, hint in (("at9", "Did you mean"), (2, "There are: at1, at0"), (-1, "There are")):
        with pytest.raises(ModelError, match=rf"has no output {wish!r}.*{hint}"):
            onnx_model(path, output=wish)


def test_weights_in_a_file_beside_are_part_of_the_model(tmp_path):
    """They are found, they count in the fingerprint, and a missing one is told."""
    whole, parted = network(tmp_path, ["Softmax"]), tmp_path / "parted.onnx"
    onnx.save(
        onnx.load(whole), parted, save_as_external_data=True, location="parted.data", size_threshold=0
    )  # fmt: skip
    model = onnx_model(parted)
    assert np.array_equal(batch(model, PHOTOS), batch(onnx_model(whole), PHOTOS))
    data = tmp_path / "parted.data"
    changed = bytearray(data.read_bytes())
    changed[0] ^= 1
    data.write_bytes(changed)
    assert onnx_model(parted).fingerprint != model.fingerprint
    data.unlink()
    with pytest.raises(ModelError, match=r"parted\.onnx cannot be loaded by ONNX Runtime"):
        onnx_model(parted)


def test_providers_that_are_not_there_are_told(tmp_path):
    """Of another provider's name the nearest is suggested; one that is there is used."""
    path = network(tmp_path, ["Softmax"])
    with pytest.raises(ModelError, match=r"no 'CPUExecutionProvder'\. Did you mean 'CPUExecutionProvider'\?"):
        onnx_model(path, providers=["CPUExecutionProvder"])
    assert onnx_model(path, providers=["CPUExecutionProvider"]).fingerprint.endswith(":CPUExecutionProvider")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layout": "NHWC"}, r"takes \(any, 3, 6, 8\), which is NCHW, not NHWC"),
        ({"size": (6, 9)}, r"takes \(any, 3, 6, 8\): images of 6 x 9 pixels do not fit"),
        ({"classes": "no/such/file"}, "class names cannot be read from"),
    ],
)
def test_what_the_file_does_not_take_is_refused(tmp_path, params, message):
    """A layout or size against the file's own ends at once, with what it takes."""
    with pytest.raises(ModelError, match=message):
        onnx_model(network(tmp_path, ["Softmax"]), **params)


def test_bytes_have_no_mean(tmp_path):
    """A model that reads uint8 cannot be given what is below 0 or between whole numbers."""
    path = means(tmp_path, ["n", 3, 6, 8], element=UINT8)
    for params in ({"preprocessing": "imagenet"}, {"std": 2.0}, {"value_range": (0.0, 1.0)}):
        with pytest.raises(ModelError, match=r"m\.onnx reads bytes, so it takes pixels from 0 to 255"):
            onnx_model(path, **params)
    assert onnx_model(path, preprocessing="0..255").contract.value_range == (0.0, 255.0)


def test_the_fewer_are_the_channels(tmp_path):
    """Six channels are found first or last, too."""
    first = onnx_model(network(tmp_path, ["Softmax"], entry=(None, 6, 64, 64)))
    assert (first.contract.layout, first.contract.channels, first.contract.size) == ("NCHW", 6, (64, 64))
    last = onnx_model(means(tmp_path, ["n", 64, 64, 6], axes=[1, 2]))
    assert (last.contract.layout, last.contract.channels, last.contract.size) == ("NHWC", 6, (64, 64))


def test_a_network_of_one_batch_size_that_does_not_answer_row_by_row_is_told(tmp_path):
    """An output that is not one row for each input is not cut into shape."""
    entry = helper.make_tensor_value_info("image", FLOAT, [2, 3, 6, 8])
    nodes = [helper.make_node("Flatten", ["image"], ["flat"], axis=0)]
    graph = helper.make_graph(nodes, "n", [entry], [helper.make_tensor_value_info("flat", FLOAT, [1, 288])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "n.onnx")
    with pytest.raises(ModelError, match=r"shape \(1, 288\) for a batch of 2: no row each"):
        batch(onnx_model(tmp_path / "n.onnx"), PHOTOS)


# --- rows of numbers, and mappings from class to probability


@pytest.fixture
def iris():
    """Return the file that comes with ONNX Runtime: three rows a call, two numbers a row, answers as mappings."""
    from onnxruntime.datasets import get_example

    return Path(get_example("logreg_iris.onnx"))


def test_mappings_become_rows_and_class_names(iris):
    """The second output is the one with probabilities; any number of rows goes through three at a time."""
    import onnxruntime

    model = onnx_model(iris)
    assert (model.classes, model.contract.head, model.contract.chunk) == (("0", "1", "2"), "probabilities", 9)
    rows = np.random.default_rng(1).normal(size=(7, 2)).astype(np.float32)
    session = onnxruntime.InferenceSession(iris, providers=["CPUExecutionProvider"])
    padded = np.concatenate([rows, rows[:2]])
    expected = [row for at in (0, 3, 6) for row in session.run(None, {"float_input": padded[at : at + 3]})[1]][:7]
    assert np.array_equal(model.predict(rows), [[row[0], row[1], row[2]] for row in expected])
    assert model.predict(rows[:0]).shape == (0, 3)
    assert onnx_model(iris, output="label").predict(rows).shape == (7,)


def test_an_image_of_as_many_pixels_is_explained(iris):
    """An image of one line and two pixels is a row of two numbers."""
    photo = np.array([[[0], [255]]], dtype=np.uint8)
    model = limefw.model(iris, use={"use": "onnx", "size": [1, 2]})
    found = limefw.explain(
        photo, model, recipe="lime", segmenter={"use": "grid", "rows": 1, "columns": 2}, labels=["0"], samples=4,
        filler={"use": "constant", "value": 0.0},
        surrogate={"use": "ridge", "alpha": 0.0},
    )  # fmt: skip
    rows = np.array([[0, 0], [0, 1]], dtype=np.float32)
    without, whole = model.predict(rows)[:, 0]
    assert found.fit().local_prediction == pytest.approx(whole, abs=1e-6)
    assert found.fit().effects == pytest.approx([0.0, whole - without], abs=1e-3)


def test_images_of_another_size_than_rows_are_told(iris):
    """Pixels that are more or fewer than a row's numbers name the parameter that would help."""
    with pytest.raises(ModelError, match=r"takes 2 numbers a row, and one of shape \(4, 4, 3\) has 48: say size"):
        onnx_model(iris).predict(np.zeros((3, 4, 4, 3), np.float32))
    with pytest.raises(ModelError, match=r"takes 2 numbers a row, which is no image of 3 x 4 pixels"):
        onnx_model(iris, size=(3, 4))
    # two numbers for each pixel are no image either
    with pytest.raises(ModelError, match=r"takes 2 numbers a row, which is no image of 1 x 1 pixels of 1, 3 or 4"):
        onnx_model(iris, size=(1, 1))


@pytest.mark.parametrize(("fixed", "chunk"), [(None, None), (1, None), (3, 9), (16, 16)])
def test_rows_are_composed_in_whole_batches(tmp_path, fixed, chunk):
    """A file of one batch size above 1 asks for so many rows that none is filled up but the last."""
    assert onnx_model(network(tmp_path, ["Softmax"], entry=(fixed, 3, 6, 8))).contract.chunk == chunk


def test_large_images_go_in_a_few_at_a_time(tmp_path):
    """However many rows come at once, each gets its own answer."""
    model = onnx_model(network(tmp_path, ["Softmax"], entry=(None, 3, "h", "w")))
    rows = np.random.default_rng(2).random((7, 3, 300, 310), dtype=np.float32)
    assert np.abs(model.predict(rows) - np.concatenate([model.predict(row[None]) for row in rows])).max() < 1e-6
