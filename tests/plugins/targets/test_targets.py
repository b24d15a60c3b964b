"""What targets take of the model's answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import limefw
from limefw.types import Head
from limefw_plugins.targets.element import element
from limefw_plugins.targets.log_odds import log_odds
from limefw_plugins.targets.margin import margin


RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(20, 5)) * 3
SHARES = RNG.dirichlet(np.ones(5), 20)
CLASSES = ("ant", "bee", "cat", "dog", "eel")


# --- log_odds


@pytest.mark.parametrize("clip", [1e-6, 0.01])
def test_log_odds_are_the_logits_and_end_at_the_clip(clip):
    """log(p / (1 - p)), and of 0 and 1 that of the clip."""
    shares = np.array([[0.0, 1.0], [0.25, 0.75]])
    values, _ = log_odds(shares, limefw.Head(), clip=clip)
    end = np.log(clip / (1 - clip))
    np.testing.assert_allclose(values, [[end, -end], [-np.log(3), np.log(3)]], rtol=1e-9)


# --- margin


@given(st.integers(2, 8), st.integers(1, 9), st.integers(0, 99))
@settings(deadline=None)
def test_the_margin_is_to_the_strongest_other(classes, rows, seed):
    """p(class) - max of the rest, by hand; equal strongest classes are ahead by 0; one class at most is above 0."""
    shares = np.random.default_rng(seed).integers(0, 4, (rows, classes)) + 0.5
    shares = shares / shares.sum(axis=1, keepdims=True)
    values, names = margin(shares, limefw.Head())
    for row, found in zip(shares, values, strict=True):
        expected = [row[at] - np.delete(row, at).max() for at in range(classes)]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
    assert ((values > 0).sum(axis=1) <= 1).all()
    assert len(names) == classes


def test_the_log_margin_is_the_difference_of_logits():
    """With softmax log p - log p is the difference of the logits, also where the probability is 1 to all digits."""
    head = limefw.Head("logits", CLASSES)
    sure = np.concatenate([LOGITS, [[60.0, 40.0, 41.0, 39.0, 38.0]]])
    values, names = margin(sure, head, scale="log", clip=1e-300)
    expected = [[row[at] - np.delete(row, at).max() for at in range(5)] for row in sure]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10)
    assert names == CLASSES
    assert np.isfinite(margin(np.eye(5), limefw.Head(), scale="log")[0]).all()


@pytest.mark.parametrize("against", [2, "cat", "Cat"])
def test_the_margin_against_one_class(against):
    """p(class) - p(that class), and 0 for itself."""
    values, _ = margin(SHARES, limefw.Head(classes=CLASSES), against=against)
    np.testing.assert_array_equal(values, SHARES - SHARES[:, [2]])
    assert not values[:, 2].any()


def test_of_two_classes_the_margins_are_opposites():
    """A lone sigmoid p has the margins 1 - 2p and 2p - 1; in logs minus and plus its logit."""
    shares = np.array([0.1, 0.5, 0.9])
    head = limefw.Head("sigmoid", ("cat",))
    values, names = margin(shares, head)
    np.testing.assert_allclose(values, np.stack([1 - 2 * shares, 2 * shares - 1], axis=1), atol=1e-15)
    assert names == ("not cat", "cat")
    logs = margin(shares, head, scale="log")[0][:, 1]
    np.testing.assert_allclose(logs, np.log(shares / (1 - shares)), atol=1e-14)


@pytest.mark.parametrize("against", [5, -1, "ca"])
def test_a_class_that_is_not_there_is_told(against):
    """With a suggestion for a misspelt name."""
    with pytest.raises(limefw.LabelError, match=f"no class {against!r} to compare with") as told:
        margin(SHARES, limefw.Head(classes=CLASSES), against=against)
    assert ("Did you mean 'cat'" in str(told.value)) == isinstance(against, str)


def test_a_name_that_two_classes_have_is_told():
    """ImageNet's crane is a bird and a machine: the index says which."""
    with pytest.raises(limefw.LabelError, match=r"2 classes are named 'crane': choose by index, one of \[0, 3\]"):
        margin(SHARES, limefw.Head(classes=("crane", "bee", "cat", "crane", "eel")), against="crane")


def test_a_regressor_has_no_margin():
    with pytest.raises(limefw.ModelError, match="needs a classifier"):
        margin(LOGITS, limefw.Head("values"))


# --- element


MAPS = RNG.normal(size=(6, 2, 3, 4))


@pytest.mark.parametrize(("outputs", "index"), [(MAPS, (1, 0, 3)), (MAPS[..., 0], (1, 2)), (LOGITS, (4,))])
def test_a_whole_index_is_that_number_as_it_is(outputs, index):
    """One index for each axis: the model's own number, whatever its head."""
    for head in (limefw.Head("logits"), limefw.Head("values")):
        values, names = element(outputs, head, index=index)
        np.testing.assert_array_equal(values[:, 0], outputs[(slice(None), *index)])
        assert names == (f"element {list(index)}",)
    assert element(MAPS[:, 0, 0, 0], limefw.Head("values"))[0].tolist() == MAPS[:, :1, 0, 0].tolist()


def test_a_number_by_itself_is_an_index():
    """What a model with one axis of outputs needs, in Python and in a recipe."""
    for index in (4, (4,)):
        values, names = element(LOGITS, Head("logits"), index=index)
        np.testing.assert_array_equal(values[:, 0], LOGITS[:, 4])
        assert names == ("element [4]",)
    assert limefw.build("lime", target={"use": "element", "index": 285}).stages["target"].params["index"] == 285
    with pytest.raises(limefw.RecipeError, match="'index' must be"):
        limefw.build("lime", target={"use": "element", "index": -1})


def test_one_index_fewer_gives_classes():
    """The last axis is classes, activated as the head says, and named."""
    head = limefw.Head("logits", CLASSES[:4])
    values, names = element(MAPS, head, index=(1, 2))
    np.testing.assert_array_equal(values, head.columns(MAPS[:, 1, 2]))
    np.testing.assert_allclose(values.sum(axis=1), 1.0)
    assert names == CLASSES[:4]


@pytest.mark.parametrize("index", [(0,), (2, 0), (0, 0, 4), (0, 0, 0, 0)])
def test_an_index_that_is_none_is_told(index):
    """Too few, too many or beyond an axis: with the shape of one output."""
    with pytest.raises(limefw.ModelError, match=r"is none of an output of shape \(2, 3, 4\): give 3 or 2 numbers"):
        element(MAPS, limefw.Head("values"), index=index)


def test_the_model_may_use_its_array_again():
    outputs = MAPS.copy()
    values, _ = element(outputs, limefw.Head("values"), index=(0, 0, 0))
    outputs[:] = 0
    assert values.any()


# --- through an explanation


def boxes(batch):
    """Scores (n, 2, 3): of two boxes, each of three classes, from the left and the right half of the picture."""
    halves = [batch[:, :, :8], batch[:, :, 8:]]
    sums = np.stack([half.mean(axis=(1, 2)) / 255 for half in halves], axis=1)
    return sums * [1.0, 2.0, 3.0]


def explained(model=boxes, **settings):
    photo = np.random.default_rng(1).integers(100, 256, (8, 16, 3), dtype=np.uint8)
    grid = {"use": "grid", "rows": 2, "columns": 4}
    model = limefw.model(model, task="regression")
    stages = {"segmenter": grid, "filler": {"use": "constant", "value": 0.0}, "surrogate": "linear"}
    return limefw.explain(photo, model, **{**stages, "samples": 256, "labels": 0, **settings})


def test_a_box_answers_for_its_own_half():
    """Of an output (n, boxes, classes) the element of one box has effects in its own half of the picture alone."""
    left = explained(target={"use": "element", "index": [0, 2]}).fit().effects.reshape(2, 4)
    assert left[:, :2].min() > 0.1
    assert np.abs(left[:, 2:]).max() < 1e-12
    right = explained(target={"use": "element", "index": [1]}, labels=[0, 1, 2])
    assert len(right.labels) == 3
    assert np.abs(right.fit(2).effects.reshape(2, 4)[:, :2]).max() < 1e-12


def test_without_an_element_such_outputs_say_what_to_do():
    with pytest.raises(limefw.ModelError, match=r"shape \(1, 2, 3\) .*target=\{'use': 'element', 'index'"):
        explained()


def right_score(outputs):
    return outputs[:, 1, 0]


def test_any_function_of_the_outputs_is_a_target():
    """Of the outputs alone, returning numbers alone, or with the head, returning names too: alike to the last bit."""
    plain = explained(target=right_score)
    named = explained(target=lambda outputs, _head: (outputs[:, 1, :1], ("right",)))
    np.testing.assert_array_equal(plain.fit().effects, named.fit().effects)
    assert plain.names == {0: "right_score"}
    assert named.names == {0: "right"}
    assert plain.provenance["recipe"]["target"] == {"use": "inline", "function": "right_score"}
    several = explained(target=lambda outputs: outputs[:, 1], labels="top:2")
    assert several.names == {2: "value 2", 1: "value 1"}


def test_a_function_keeps_its_name_when_the_recipe_is_built_again():
    """An Explainer with other labels builds its recipe anew; the function stays what it was."""
    explainer = limefw.Explainer(limefw.model(boxes, task="regression"), overrides={"target": right_score})
    photo = np.random.default_rng(1).integers(0, 256, (8, 16, 3), dtype=np.uint8)
    assert explainer(photo, samples=20, labels=0).names == {0: "right_score"}


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (lambda outputs: outputs, limefw.ContractError, r"returned values of shape \(1, 2, 3\)"),
        (lambda outputs: 1.0, limefw.ContractError, r"returned values of shape \(\)"),
        (lambda outputs: outputs[:1, 0] if len(outputs) > 1 else outputs[:, 0], limefw.ContractError, "expected"),
        (lambda outputs: np.full(len(outputs), np.nan), limefw.ContractError, "NaN or infinity"),
        (lambda outputs: outputs["boxes"], IndexError, "only integers"),
    ],
)
def test_a_function_that_returns_something_else_is_told(target, error, message):
    with pytest.raises(error, match=message):
        explained(target=target)


def test_a_margin_that_cannot_be_says_why():
    """The classes that there are, where they are few; and what a single number can stand for."""
    with pytest.raises(limefw.LabelError, match=r"no class 7 to compare with\. There are: ant, bee, cat, dog, eel\."):
        margin(SHARES, limefw.Head(classes=CLASSES), against=7)
    with pytest.raises(limefw.LabelError, match="There are: 20, numbered from 0"):
        margin(np.full((2, 20), 0.05), limefw.Head(), against=20)
    with pytest.raises(limefw.ModelError, match=r"one number a row.* 'sigmoid_logits'"):
        margin(np.zeros((4, 1)), limefw.Head("logits"))


# --- a function by name


def test_a_target_may_be_a_functions_name_in_python_and_never_in_a_recipe(tmp_path, monkeypatch):
    """`explain(target="module:function")` is the caller's own act; a recipe names plug-ins, and says what to do."""
    (tmp_path / "targets_of_mine.py").write_text("def second(outputs):\n    return outputs[:, 1]\n")
    monkeypatch.syspath_prepend(tmp_path)
    pixels = RNG.random((12, 12, 3))

    def model(batch):
        shares = batch[:, :6].mean(axis=(1, 2, 3))
        return np.column_stack([1 - shares, shares])

    options = {"segmenter": "grid", "samples": 20, "labels": [0]}
    found = limefw.explain(pixels, model, target="targets_of_mine:second", **options)
    assert found.prediction(0) == pytest.approx(pixels[:6].mean())
    with pytest.raises(limefw.RecipeError, match=r"--target targets_of_mine:second"):
        limefw.build("lime", target="targets_of_mine:second")
