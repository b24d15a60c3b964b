"""What goes wrong for users: each with its message and what happens then."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import limefw
from limefw.discovery import Registry
from limefw.errors import (
    ContractError,
    InputError,
    LabelError,
    LimefwError,
    MissingDependencyError,
    ModelError,
    PluginError,
    RecipeError,
    UnknownPluginError,
)
from limefw.modalities.image import Image
from limefw.stage import Plugin
from limefw.types import Contract, Draws, Fit, Model, Segments


GRID = {"use": "grid", "rows": 3, "columns": 3}


class Counting:
    """Two classes by brightness, and how many rows were asked for."""

    def __init__(self):
        self.rows = 0

    def __call__(self, batch):
        self.rows += len(batch)
        light = batch.astype(np.float64).mean(axis=(1, 2, 3)) / 255
        return np.stack([light, 1 - light], axis=1)


def picture(height=18, width=24, channels=3):
    """Return a small photograph."""
    return np.random.default_rng(5).integers(0, 256, (height, width, channels), dtype=np.uint8)


def explain(instance=None, model=None, **settings):
    """Explain cheaply."""
    given = {"segmenter": GRID, "samples": 30, **settings}
    return limefw.explain(picture() if instance is None else instance, model or Counting(), **given)


def refused(kind, message, instance=None, model=None, **settings):
    """Check that explaining is refused with a message, and return the error."""
    with pytest.raises(kind, match=message) as caught:
        explain(instance, model, **settings)
    return caught.value


# --- the instance


def file_of(folder, data, name="p.png"):
    """Write bytes and return the path."""
    (folder / name).write_bytes(data)
    return folder / name


def test_a_file_that_is_no_image_is_told_before_the_model_is_asked(tmp_path):
    """A file of something else is named, and costs no model call."""
    model = Counting()
    refused(InputError, r"p\.png is not an image that Pillow can read", file_of(tmp_path, b"hello"), model)
    assert model.rows == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("p.limefw", "It is a saved explanation: limefw draw"),
        ("p.npz", "Arrays are explained in Python: limefw.explain"),
        ("p.npy", "p.npy cannot be read as .npy"),
        ("p.xyz", "Save it as PNG, or write a reader for it"),
    ],
)
def test_a_file_that_is_no_image_is_told_what_to_do_next(tmp_path, name, message):
    """By what its name says that it is."""
    refused(InputError, message, file_of(tmp_path, b"hello", name), Counting())


def test_a_truncated_file_is_told(tmp_path):
    """A picture that ends too early is never explained as if it were grey below."""
    path = tmp_path / "p.jpg"
    Pillow.fromarray(picture(64, 64)).save(path)
    path.write_bytes(path.read_bytes()[:-300])
    refused(InputError, r"p\.jpg is damaged or cut short: .*truncated", path)


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        (np.zeros((0, 5, 3)), r"the image has no pixels: its shape is \(0, 5, 3\)"),
        (Image(np.zeros((5, 0, 3)), (0, 1)), r"the image has no pixels: its shape is \(5, 0, 3\)"),
        (np.array([[np.nan, 0.5]]), "1 of the image's values are NaN or infinite: replace them before explaining"),
        (np.array([[np.inf, -np.inf]]), "2 of the image's values are NaN or infinite"),
        (Image(np.full((4, 4, 1), np.nan), (0, 1)), "16 of the image's values are NaN or infinite"),
        (np.zeros((4, 5, 5, 3), np.uint8), r"got shape \(4, 5, 5, 3\): give one image, not a batch"),
        (np.zeros((4, 4), complex), "an image holds real numbers, got ndarray of type complex128"),
        (Image(np.zeros((4, 4, 1), object), (0, 1)), "pixels of type object are no real numbers"),
        ([[1, 2], [3, 4]], r"no reader takes list\..*Give numpy\.asarray\(\.\.\.\) of one image"),
        ((1, 2), r"no reader takes tuple\..*Give numpy\.asarray"),
        ({"a": 1}, r"no reader takes dict\..*An image is an array \(h, w\) or \(h, w, c\), or a PIL image; a series"),
        (3.5, "no reader takes float"),
        ("cat.png", r"a str is text, and this one is the name of a file: give pathlib\.Path\('cat\.png'\)"),
        (Path("/no/such/cat.png"), r"there is no file /no/such/cat\.png"),
        (Path(), "is a folder, not a picture file"),
    ],
)  # fmt: skip
def test_what_cannot_be_explained_says_what_would_be(instance, message):
    """Each thing that is no image says what it is and what to give instead, and costs no model call."""
    model = Counting()
    refused(InputError, message, instance, model)
    assert model.rows == 0


def test_none_is_no_image():
    """None, as a file dialog gives it, is told like anything else."""
    with pytest.raises(InputError, match="no reader takes NoneType"):
        limefw.explain(None, Counting())


def test_an_image_of_another_shape_is_a_fault_of_who_made_it():
    """A limefw.Image with an axis too many says which it wants; (h, w) is grey."""
    batch = Image(np.ones((1, 4, 4, 1)), (0, 1))
    refused(ContractError, r"pixels of shape \(1, 4, 4, 1\), expected pixels of shape \(h, w, c\)", batch)
    assert Image(np.ones((4, 5)), (0, 1)).pixels.shape == (4, 5, 1)


def test_one_pixel_is_told_without_advice_that_would_fail():
    refused(
        InputError, r"found 1 segment in 1 x 1; .* There is nothing to cut\.$", np.ones((1, 1, 3)), segmenter="grid"
    )


def test_a_str_is_text_even_where_some_plugin_is_broken():
    """A broken plug-in elsewhere does not hide the hint for a str."""

    @limefw.hookimpl
    def limefw_segmenters():
        yield 7

    module = type("Module", (), {"limefw_segmenters": staticmethod(limefw_segmenters)})
    registry = Registry(modules=[(module, "acme")])
    assert registry.broken
    with pytest.raises(InputError, match=r"name of a file: give pathlib\.Path"):
        limefw.explain("cat.png", Counting(), registry=registry)
    with pytest.raises(InputError, match=r"no reader takes list.*could not be loaded: .*acme.*numpy\.asarray"):
        limefw.explain([1], Counting(), registry=registry)


@pytest.mark.parametrize(("have", "want"), [(4, 3), (2, 3), (3, 4), (5, 1)])
def test_channels_that_the_model_does_not_take_are_told(have, want):
    """A picture of another number of channels is refused with both numbers, before the model is asked."""
    model = Counting()
    wrapped = Model(model, contract=Contract(channels=want))
    instance = Image(picture(channels=have), (0, 255))
    refused(InputError, f"the image has {have} channels and the model takes {want}", instance, wrapped)
    assert model.rows == 0


# --- the model


class Failing:
    """Answers some calls and then does something else."""

    def __init__(self, good, then):
        self.good, self.then, self.inner, self.calls = good, then, Counting(), 0

    def __call__(self, batch):
        self.calls += 1
        return self.inner(batch) if self.calls <= self.good else self.then(batch)


def raises(error):
    """Return a function that raises."""

    def call(_batch):
        raise error

    return call


BAD_OUTPUTS = {
    "nan": (lambda b: np.full((len(b), 2), np.nan), r"returned NaN or infinity for \d+ of \d+ inputs\. See what"),
    "inf": (lambda b: np.full((len(b), 2), np.inf), r"returned NaN or infinity"),
    "one row": (lambda b: np.ones((1, 2)) if len(b) > 1 else np.ones((0, 2)), r"returned \d rows for \d+ inputs"),
    "too many": (lambda b: np.ones((len(b) + 1, 2)), r"returned \d+ rows for \d+ inputs .* one row per input"),
    "number": (lambda b: 0.5, r"returned an array of shape \(\) and type float64; expected numbers of shape \(\d"),
    "maps": (lambda b: np.ones((len(b), 2, 4, 4)), r"returned an array of shape \(\d+, 2, 4, 4\) and type float64"),
    "strings": (lambda b: np.array(["cat"] * len(b)), r"returned an array of shape \(\d+,\) and type <U3"),
    "objects": (lambda b: [{"cat": 1.0}] * len(b), r"returned an array of shape \(\d+,\) and type object"),
    "none": (lambda b: None, "returned None: does the function lack its return statement"),
    "ragged": (lambda b: [[1.0], [1.0, 2.0]], r"returned (list, which is no array|\d+ rows)"),
    "mapping": (lambda b: {"boxes": b, "scores": b}, "returned a mapping with 'boxes', 'scores': give a function that"),
    "complex": (lambda b: np.ones((len(b), 2), complex), "type complex128"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_OUTPUTS)
def test_outputs_that_are_no_answers_are_told_at_the_first_row(case):
    """A model that returns something else is told by the first call, for the instance alone."""
    outputs, message = BAD_OUTPUTS[case]
    model = Failing(0, outputs)
    error = refused(ModelError, message, None, model)
    assert ("the model returned" if case == "maps" else "Failing returned") in str(error)
    assert model.calls == 1
    assert error.partial is None


@pytest.mark.parametrize("case", ["nan", "one row", "maps", "strings"])
def test_outputs_that_turn_bad_half_way_leave_what_was_computed(case):
    """Rows that were answered before are explained and kept as the error's `partial`."""
    outputs, message = BAD_OUTPUTS[case]
    error = refused(ModelError, message, None, Failing(4, outputs), chunk=5)
    assert error.partial.health.samples == 16
    assert error.partial.health.cautions[0].code == "failed"


def test_a_model_that_raises_half_way_keeps_its_type_and_what_was_computed():
    """The model's own exception comes through, names the batch, and carries the explanation of what came before."""
    error = refused(ZeroDivisionError, "no luck", None, Failing(4, raises(ZeroDivisionError("no luck"))), chunk=5)
    notes = "\n".join(error.__notes__)
    assert "raised by Failing, given a batch of shape (5, 18, 24, 3) and type uint8" in notes
    assert "ZeroDivisionError after 16 of 30 samples; an explanation of these was kept" in notes
    partial = error.partial
    assert partial.health.samples == 16
    assert partial.health.cautions[0].message == "ZeroDivisionError after 16 of 30 samples"
    whole = explain(samples=16, model=Counting(), chunk=5)
    assert partial.fit().effects.tobytes() == whole.fit().effects.tobytes(), "as if 16 had been asked for"


def test_a_model_that_raises_at_once_has_nothing_to_keep():
    """Without any answer there is no partial explanation, and no second error hides the first."""
    error = refused(ZeroDivisionError, "no luck", None, Failing(0, raises(ZeroDivisionError("no luck"))))
    assert error.partial is None


def test_ctrl_c_gives_back_what_was_computed():
    """An interruption after the first rows ends drawing and explains what was drawn."""
    found = explain(model=Failing(4, raises(KeyboardInterrupt())), chunk=5)
    assert found.health.samples == 16
    assert found.health.cautions[0].code == "interrupted"
    assert found.health.stopped == "interrupted after 16 of 30 samples"
    with pytest.raises(KeyboardInterrupt):
        explain(model=Failing(0, raises(KeyboardInterrupt())))


class Predicting:
    """As scikit-learn's classifiers are."""

    def predict_proba(self, rows):
        """Return two classes."""

    def predict(self, rows):
        """Return the more probable of them."""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no_such_module:predict", "model 'no_such_module:predict' cannot be imported: No module named"),
        ("no_such.module:predict", "model 'no_such.module:predict' cannot be imported: No module named 'no_such'"),
        ("math:no_such_name", "model 'math:no_such_name' cannot be imported: .*no attribute 'no_such_name'"),
        ("math:pi", "model 'math:pi' is float, which cannot be called on a batch"),
        ("no/such/model.onnx", "there is no model file no/such/model.onnx"),
        (Path("no.onnx"), "there is no model file no.onnx"),
        (5, r"no model takes int. .* A model is a function from a batch of inputs to an array"),
        (Predicting(), r"no model takes Predicting. .* Pass its method, model.predict_proba,"),
        ("mymod", "there is no model file mymod. A function of a module is named MODULE:FUNCTION, as mymod:predict"),
        ("mymod.py", "there is no model file mymod.py. A function of a module .* as mymod:predict"),
    ],
)
def test_a_model_that_cannot_be_found_is_told(source, message):
    """A name, a file or an object that is no model says why not."""
    with pytest.raises(ModelError, match=re.sub(r"\.(?!\*)", r"\.", message)):
        limefw.model(source)


def test_a_folder_that_is_no_model_is_not_taken_for_a_module(tmp_path, monkeypatch):
    """It is told in one sentence, with one full stop."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("plain").write_text("text", encoding="utf-8")
    with pytest.raises(ModelError, match=r"no model takes folder\. Installed: [\w, ]*\.$"):
        limefw.model("folder")
    with pytest.raises(
        ModelError, match=r"no model takes plain\. Installed: [\w, ]*\. A function of a module is named"
    ):
        limefw.model("plain")


def test_a_model_s_module_keeps_its_own_import_error(tmp_path, monkeypatch):
    """A module that is there but lacks a library tells of that library, with a note on who wanted it."""
    (tmp_path / "my_classifier.py").write_text("import no_such_library_at_all")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_library_at_all") as caught:
        limefw.model("my_classifier:predict")
    assert caught.value.__notes__ == ["raised while importing model 'my_classifier:predict'"]


def test_class_names_are_a_list():
    """A single text is not taken for a list of letters."""
    with pytest.raises(ModelError, match="classes are a list of names, got the text 'cat'"):
        limefw.model(Counting(), classes="cat")


def test_an_adapter_that_does_not_take_the_source_is_told():
    """An adapter that is named for something else says what it takes."""
    with pytest.raises(ModelError, match="a model is a callable from a batch to outputs, got int"):
        limefw.model(5, use="callable")
    with pytest.raises(ModelError, match="an ONNX model is the path of a file, got Counting"):
        limefw.model(Counting(), use="onnx")
    with pytest.raises(RecipeError, match=r"\[model\]: model 'onnx': 'thread' is not a parameter.* mean 'threads'"):
        limefw.model(Path("m.onnx"), use={"use": "onnx", "thread": 1})


# --- labels

CLASSES = ["tabby cat", "beagle", "Siamese cat", "beagle"]


def four(batch):
    """Return four classes."""
    return np.tile([0.1, 0.2, 0.3, 0.4], (len(batch), 1)) + batch.mean(axis=(1, 2, 3))[:, None] * 1e-5


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("taby cat", r"the model has no class named 'taby cat'\. Did you mean 'tabby cat'\? Its strongest here: 3"),
        ("zebra", r"the model has no class named 'zebra'\. Its strongest here: 3 beagle \(0\.4\d*\), 2 Siamese cat"),
        (4, r"the model has no class 4: it has 4, numbered from 0\. Its strongest here: 3 beagle"),
        (-1, r"the model has no class -1: it has 4, numbered from 0"),
        ("-1", r"the model has no class -1"),
        ("9", r"the model has no class 9"),
        ("²", r"the model has no class named '²'"),
        ("beagle", r"2 classes are named 'beagle': choose by index, one of \[1, 3\]"),
        ("", r"the model has no class named ''"),
    ],
)  # fmt: skip
def test_a_label_that_does_not_exist_is_told_after_one_row(label, message):
    """A label that the model lacks lists those there are, and costs the instance's row alone."""
    seen = []

    def predict(batch):
        seen.append(len(batch))
        return four(batch)

    error = refused(LabelError, message, None, limefw.model(predict, classes=CLASSES), labels=label)
    assert seen == [1]
    assert isinstance(error, LookupError)


@pytest.mark.parametrize("label", ["top:0", "top:x", "top:-1", "top:", "top:²"])
def test_a_rank_that_is_none_is_told_before_any_call(label):
    """A "top:k" without a number above 0 is a fault of the recipe."""
    model = Counting()
    refused(limefw.RecipeError, r"must be class indices, class names or \"top:3\"", None, model, labels=label)
    assert model.rows == 0


@pytest.mark.parametrize(
    ("label", "labels"),
    [("SIAMESE cat", (2,)), ("2", (2,)), ("top:99", (3, 2, 1, 0)), (["top:2", 3, 0], (3, 2, 0)), (np.int64(1), (1,))],
)
def test_labels_are_found_by_name_number_or_rank(label, labels):
    """Names in any case, numbers as text, numbers of numpy and ranks all find their class, each once."""
    assert explain(model=limefw.model(four, classes=CLASSES), labels=label).labels == labels


def test_asking_a_result_for_a_label_it_lacks_lists_those_it_has():
    """A label that was not explained says which were and how to ask for it."""
    found = explain(model=limefw.model(four, classes=CLASSES), labels=[0, 2])
    with pytest.raises(LabelError, match=r"label 'taby cat' was not explained\. Did you mean 'tabby cat'\?.*2 Siamese"):
        found.top(label="taby cat")
    with pytest.raises(LabelError, match=r"label 1 was not explained\. Explained: 0 tabby cat, 2 Siamese cat\."):
        found.values_of(1)


# --- settings


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"segmenter": "slick"}, UnknownPluginError, r"no segmenter named 'slick'\. Did you mean 'slic'\? Installed: "),
        ({"segmenter": {"use": "slic", "n_segmets": 3}}, RecipeError, "'n_segmets' is not a parameter. Did you mean"),
        ({"segmenter": {"use": "slic", "n_segments": "3"}}, RecipeError, "must be a valid integer, got '3'"),
        ({"segmenter": 5}, RecipeError, "must be a name, or a table"),
        (
            {"segmenter": {"use": "slic", "region": [3, 4, 5, 6]}},
            RecipeError,
            r"'region' must be in every place less than or equal to 1, got \[3, 4, 5, 6\]$",
        ),
        (
            {"segmenter": {"use": "slic", "region": [0, 0, 1]}},
            RecipeError,
            r"'region' must have 4 entries at least, got \[0, 0, 1\]",
        ),
        ({"samples": 1}, RecipeError, r"\[samples\]: must be a whole number of at least 2 or 'auto', got 1"),
        ({"samples": 10.0}, RecipeError, "must be a whole number of at least 2 or 'auto', got 10.0"),
        ({"seed": -1}, RecipeError, "must be a whole number of at least 0, got -1"),
        ({"labels": []}, RecipeError, "must be class indices, class names"),
        ({"chunk": 0}, InputError, "chunk must be a whole number of at least 1, got 0"),
        ({"chunk": -3}, InputError, "chunk must be a whole number of at least 1, got -3"),
        ({"recipe": "limee"}, RecipeError, "no recipe named 'limee'.* Did you mean 'lime'"),
        ({"recipe": 5}, RecipeError, "a recipe is a name, a file or a mapping, got int"),
    ],
)
def test_settings_that_are_wrong_cost_no_model_call(settings, kind, message):
    """A fault of the recipe or of an argument is told before the model is asked."""
    model = Counting()
    refused(kind, message, None, model, **settings)
    assert model.rows == 0


def test_a_plugin_of_another_modality_is_told():
    """A plug-in for text is not run on an image."""

    @limefw.hookimpl
    def limefw_segmenters():
        yield Plugin("syllables", lambda text, rng, /: None, modality="text")

    module = type("Module", (), {"limefw_segmenters": staticmethod(limefw_segmenters)})
    message = "segmenter 'syllables' is for text, and this is image"
    refused(RecipeError, message, segmenter="syllables", registry=Registry(modules=[(module, "acme")]))


# --- what plug-ins return


def segmenter_of(make):
    """Return a segmenter of a label map (or whatever `make` returns)."""

    def odd(image, rng, /):
        return make(image)

    return odd


def raw(labels, names):
    """Return Segments without the help of from_labels."""
    return Segments(np.asarray(labels), tuple(map(str, range(names))))


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda i: Segments.from_labels(np.zeros(i.shape, int)), InputError,
         r"segmenter odd\(\) found 1 segment in 18 x 24; an explanation compares at least 2\. Ask for smaller"),
        (lambda i: Segments.from_labels(np.full(i.shape, -1), keep=-1), InputError, "found 0 segments"),
        (lambda i: Segments.from_labels(np.arange(6).reshape(2, 3)), ContractError,
         r"segmenter odd\(\) returned labels of shape \(2, 3\), expected labels of shape \(18, 24\)"),
        (lambda i: Segments.from_labels(np.zeros((*i.shape, 1), int)), ContractError, r"labels of shape \(18, 24, 1\)"),
        (lambda i: raw(np.indices(i.shape)[1] * 2, 24), ContractError,
         r"24 labels from 0 to 46, expected labels 0\.\.23 without gaps"),
        (lambda i: raw(np.indices(i.shape)[1], 25), ContractError, r"expected labels 0\.\.24 without gaps, one name"),
        (lambda i: raw(np.indices(i.shape)[1] - 2, 22), ContractError, "labels from -2 to 21"),
        (lambda i: raw(np.indices(i.shape)[1] * 1.0, 24), ContractError, "labels of dtype float64, expected integer"),
        (lambda i: np.zeros(i.shape, int), ContractError, r"returned ndarray, expected limefw\.Segments \(use"),
        (lambda i: None, ContractError, "returned NoneType"),
        (lambda i: Segments(np.indices(i.shape)[1] % 2, ("a", "b"), basis=np.ones((3, 18, 24), np.float32)),
         ContractError, r"returned basis \(3, 18, 24\), expected basis \(2, 18, 24\)"),
    ],
)  # fmt: skip
def test_segments_that_no_code_could_stand_for_are_told(make, kind, message):
    """One segment, another shape, gaps or another type are told with the stage's name, before the model is asked."""
    model = Counting()
    refused(kind, message, None, model, segmenter=segmenter_of(make))
    assert model.rows == 0


def sampler_of(codes, **more):
    """Return a sampler of one block."""

    def odd(_instance, segments, budget, rng, /):
        yield Draws(codes(budget, segments.count), **{name: make(budget) for name, make in more.items()})

    return odd


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ({"sampler": lambda *_: iter([np.ones((3, 9), bool)])}, r"returned ndarray, expected blocks of"),
        ({"sampler": sampler_of(lambda n, d: np.ones((n, d + 1), bool))}, r"returned \(30, 10\), expected codes"),
        ({"sampler": sampler_of(lambda n, d: np.zeros((n, d), bool))}, r"expected the instance \(all True\) as"),
        ({"sampler": sampler_of(lambda n, d: np.ones((n, d), int))}, r"returned int64, expected codes of dtype"),
        ({"sampler": sampler_of(lambda n, d: np.full((n, d), np.nan, "f"))}, "expected finite codes"),
        ({"sampler": sampler_of(lambda n, d: np.ones((n, d), bool), groups=lambda n: np.zeros(3))}, "30 groups"),
        ({"sampler": sampler_of(lambda n, d: np.ones((n, d), bool), importance=lambda n: -np.ones(n))}, "ance >= 0"),
        ({"filler": lambda *_: picture()}, r"filler .* returned ndarray, expected a composer"),
        ({"target": lambda outputs, head, /: outputs}, r"target .* returned ndarray, expected \(values, names\)"),
        ({"target": lambda outputs, head, /: (outputs, ["one"])}, r"expected values of shape \(1, 1\)"),
        ({"target": lambda outputs, head, /: (outputs * np.nan, ["a", "b"])}, "expected finite values"),
        ({"kernel": lambda draws, composer, /: np.ones(3)}, r"kernel .* returned shape \(3,\), expected weights"),
        ({"kernel": lambda draws, composer, /: np.zeros(len(draws))}, "zeros everywhere: widen the kernel"),
        ({"kernel": lambda draws, composer, /: np.full(len(draws), np.nan)}, "negative or non-finite weights"),
        ({"selector": lambda around, rng, /: []}, r"selector .* returned 0, expected 1 arrays of columns"),
        ({"selector": lambda around, rng, /: [np.array([0, 0])]}, r"expected distinct columns in 0\.\.8"),
        ({"selector": lambda around, rng, /: [np.array([9])]}, r"expected distinct columns in 0\.\.8"),
        ({"selector": lambda around, rng, /: [np.array([], int)]}, "at least one"),
        ({"selector": lambda around, rng, /: [np.array([0.0])]}, "expected arrays of column numbers"),
        ({"surrogate": lambda around, rng, /: None}, r"surrogate .* returned NoneType, expected a list of limefw\.Fit"),
        ({"surrogate": lambda around, rng, /: [Fit(np.ones(3), 0, 0, 0)]}, r"returned shape \(3,\), expected effects"),
        ({"surrogate": lambda around, rng, /: [Fit(np.full(9, np.nan), 0, 0, 0)]}, "expected finite effects"),
    ],
)  # fmt: skip
def test_what_a_plugin_returns_is_held_against_its_kind(stages, message):
    """A stage that returns something else than its kind promises is told by name, with what was expected."""
    error = refused(ContractError, message, labels=0, **stages)
    (key,) = stages
    assert str(error).startswith(f"{key} ")


def test_a_sampler_that_draws_nothing_is_told():
    """No rows at all is an InputError that names the sampler."""
    refused(InputError, r"sampler <lambda>\(\) drew nothing", sampler=lambda *_: iter([]))


# --- plug-ins that fail


def failing(image, rng, /, *, count: int = 7):
    """Fail."""
    raise KeyError("inside")


def test_a_plugin_s_own_exception_keeps_its_type_and_names_its_stage():
    """What a plug-in raises comes through as it is, with a note on which stage and which parameters."""

    @limefw.hookimpl
    def limefw_segmenters():
        yield Plugin("failing", failing)

    module = type("Module", (), {"limefw_segmenters": staticmethod(limefw_segmenters)})
    registry = Registry(modules=[(module, "acme")])
    error = refused(KeyError, "inside", segmenter={"use": "failing", "count": 8}, registry=registry)
    assert error.__notes__ == ["raised in segmenter failing(count=8)"]
    assert not isinstance(error, LimefwError)


def test_a_generator_s_exception_names_its_stage_too():
    """A sampler that fails between blocks is named, and what it drew before is kept."""

    def stops(_instance, segments, budget, rng, /):
        codes = rng.random((12, segments.count)) < 0.5
        codes[0] = True
        yield Draws(codes)
        raise KeyError("inside")

    error = refused(KeyError, "inside", sampler=stops)
    assert "raised in sampler stops()" in error.__notes__
    assert error.partial.health.samples == 12


def hide(monkeypatch, library):
    """Make a library look as if it were not installed."""
    for name in [name for name in sys.modules if name == library or name.startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)


@pytest.mark.parametrize("segmenter", ["slic", "quickshift", "felzenszwalb"])
def test_a_missing_library_says_how_to_get_it(monkeypatch, segmenter):
    """A plug-in whose library is not installed gives the pip line, by PyPI's name, and others go on working."""
    hide(monkeypatch, "skimage")
    model = Counting()
    error = refused(MissingDependencyError, "which is not installed", None, model, segmenter=segmenter)
    assert (
        str(error) == f"segmenter '{segmenter}' needs 'skimage', which is not installed. Run: pip install scikit-image"
    )
    assert isinstance(error, ImportError)
    assert isinstance(error, PluginError)
    assert model.rows == 0
    assert explain(model=model, recipe="lime").health.samples == 30


def test_a_missing_library_of_a_model_names_limefw_s_extra(monkeypatch, tmp_path):
    """A library that an extra of limefw brings is told by that extra."""
    hide(monkeypatch, "onnxruntime")
    (tmp_path / "m.onnx").write_bytes(b"")
    with pytest.raises(MissingDependencyError) as caught:
        limefw.model(tmp_path / "m.onnx")
    text = "model 'onnx' needs 'onnxruntime', which is not installed. Run: pip install 'limefw[onnx]'"
    assert str(caught.value) == text


def test_a_library_that_a_plugin_did_not_declare_keeps_its_import_error():
    """An undeclared import that fails is the plug-in's own fault, and stays a ModuleNotFoundError."""

    def careless(image, rng, /):
        __import__("no_such_library_at_all")

    error = refused(ModuleNotFoundError, "no_such_library_at_all", segmenter=careless)
    assert not isinstance(error, LimefwError)
    assert error.__notes__ == ["raised in segmenter careless()"]


def test_every_error_of_limefw_can_be_caught_as_one():
    """Each error that users meet is a LimefwError, and also the built-in that says its kind."""
    from limefw import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, LimefwError) for kind in kinds)
    builtin = {
        "InputError": ValueError, "ModelError": ValueError, "LabelError": LookupError, "RecipeError": ValueError,
        "UnknownPluginError": LookupError, "MissingDependencyError": ImportError, "ContractError": TypeError,
        "StoreError": OSError,
    }  # fmt: skip
    for name, base in builtin.items():
        assert issubclass(getattr(errors, name), base), name


def test_class_names_of_another_number_than_the_outputs_are_told():
    """Names are never dropped in silence; a lone name is that of a lone sigmoid."""
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    image[:, 4:] = 200

    def three(batch):
        return np.full((len(batch), 3), 1 / 3)

    with pytest.raises(limefw.ModelError, match="3 outputs and 2 class names"):
        limefw.explain(image, limefw.model(three, classes=["a", "b"]), segmenter="grid")

    def lone(batch):
        return batch.mean(axis=(1, 2, 3)) / 255

    model = limefw.model(lone, classes=["bright"], contract=limefw.Contract(head="sigmoid"))
    explanation = limefw.explain(image, model, segmenter="grid", labels=["bright", "not bright"], samples=60)
    assert list(explanation.names.values()) == ["bright", "not bright"]


@pytest.mark.parametrize("value_range", [(0, 0), (1, 0), (0, np.inf), (np.nan, 1)])
def test_an_image_needs_black_below_white(value_range):
    """A value range without extent is refused where the image is made."""
    with pytest.raises(limefw.InputError, match="black < white"):
        limefw.Image(np.zeros((4, 4, 3)), value_range)


def test_a_filler_that_hides_nothing_is_told():
    """A one-pixel segment is its own mean colour: the caution names the filler, not only the model."""
    image = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    grid = {"use": "grid", "rows": 6, "columns": 6}
    found = limefw.explain(image, Counting(), recipe="lime", segmenter=grid, samples=400)
    assert "filler_hides_nothing" in [caution.code for caution in found.health.cautions]
    other = limefw.explain(image, Counting(), segmenter=grid, samples=400, filler={"use": "constant", "value": 0.0})
    assert "filler_hides_nothing" not in [caution.code for caution in other.health.cautions]


def test_more_segments_than_can_be_told_apart_are_refused():
    """Beyond ten thousand segments memory would end before samples do."""
    image = np.zeros((101, 101, 3), dtype=np.uint8)
    with pytest.raises(limefw.InputError, match="10201 segments in 101 x 101, more than the 10000"):
        limefw.explain(image, Counting(), segmenter={"use": "grid", "rows": 101, "columns": 101})


@pytest.mark.parametrize("size", [28, 32])
def test_small_images_need_no_settings(size):
    """Where lime's quickshift finds one or two segments, limefw's takes a smaller kernel."""
    image = np.asarray(Pillow.open(limefw.sample()).resize((size, size)))
    found = limefw.explain(image, Counting(), samples=200)
    assert found.segments.count >= 8


@pytest.mark.parametrize("k", ["a", -1, 1.5])
def test_top_wants_a_number(k):
    """The first argument of `top` is how many; a label is the second."""
    found = explain(samples=30, model=Counting())
    with pytest.raises(ValueError, match="k is a whole number"):
        found.top(k)


def test_a_regressor_s_outputs_are_not_assumed_to_be_probabilities():
    """What the caller said is no assumption, and who did not say it is told how."""

    def stars(texts):
        return np.array([1.0 + 3 * ("good" in text) for text in texts])

    with pytest.raises(ModelError, match=r"no probabilities.*of a regressor limefw\.model\(model, task='regression'\)"):
        limefw.explain("a good film", stars)
    told = limefw.explain("a good film", limefw.model(stars, task="regression")).render("text").data
    assert "Assumed:" in told
    assert "probabilities" not in told


def test_a_model_that_answers_with_class_names_is_told_of_predict_proba():
    with pytest.raises(ModelError, match=r"expected numbers.*'pos' is a class: .*model\.predict_proba"):
        limefw.explain("a good film", lambda texts: np.array(["pos"] * len(texts)))


def test_bytes_are_told_what_they_may_be():
    with pytest.raises(InputError, match=r"Bytes may be anything.*A text is a str.*limefw\.Table\(data\)\.row\(3\)"):
        limefw.explain(b"a good film", lambda texts: [[0.5, 0.5]] * len(texts))


def test_one_supporter_is_one():
    explanation = limefw.explain("a b", lambda texts: [["a" in text, "a" not in text] for text in texts], what_if=1)
    assert "without its strongest supporter 0;" in repr(explanation)


def test_a_corpus_without_texts_is_none():
    with pytest.raises(InputError, match="filler 'corpus' found no words in the texts"):
        limefw.explain("a b", lambda texts: [[0.5, 0.5]] * len(texts), filler={"use": "corpus", "texts": []})
