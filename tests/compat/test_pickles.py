"""Explainers and explanations go to workers: the user may pickle them."""

import json
import pickle
import pickletools
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from limefw.compat.lime import lime_image, lime_tabular, lime_text
from limefw.compat.lime._per_label import LocalPrediction, Score


ROWS = np.random.default_rng(0).normal(size=(60, 4))
PIXELS = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)


def of_rows(rows):
    yes = 1 / (1 + np.exp(-rows[:, 0] * rows[:, 1]))
    return np.stack([1 - yes, yes], axis=1)


def of_texts(texts):
    return of_rows(np.array([[text.count("a"), len(text) / 9] for text in texts]))


def of_images(images):
    return of_rows(images[:, :2, 0, 0] / 100)


def quarters(image):
    return np.indices(image.shape[:2])[0] // 4


CASES = {
    "rows": (lime_tabular.LimeTabularExplainer, {"training_data": ROWS}, (ROWS[0], of_rows), {}),
    "entropy": (
        lime_tabular.LimeTabularExplainer,
        {"training_data": ROWS, "discretizer": "entropy", "training_labels": (ROWS[:, 0] > 0).astype(int)},
        (ROWS[0], of_rows),
        {},
    ),
    "rows as they are": (
        lime_tabular.LimeTabularExplainer,
        {"training_data": ROWS, "discretize_continuous": False},
        (ROWS[0], of_rows),
        {},
    ),
    "texts": (lime_text.LimeTextExplainer, {}, ("a text about a cat", of_texts), {}),
    "images": (
        lime_image.LimeImageExplainer,
        {},
        (PIXELS, of_images),
        {"segmentation_fn": quarters, "progress_bar": False},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_explainer_and_its_explanations_can_be_pickled(case):
    """The copy goes on with the same random numbers, and a copied explanation says the same."""
    kind, made, asked, settings = CASES[case]
    explainer = kind(**made, random_state=3)
    copied = pickle.loads(pickle.dumps(explainer))
    first = explainer.explain_instance(*asked, num_samples=80, **settings)
    second = copied.explain_instance(*asked, num_samples=80, **settings)
    assert first.local_exp == second.local_exp
    again = pickle.loads(pickle.dumps(first))
    assert again.local_exp == first.local_exp
    label = next(iter(first.local_exp))
    assert again.score[label] == first.score[label]
    assert again.local_pred[label] == first.local_pred[label]
    if hasattr(first, "as_html"):
        assert again.as_html() == first.as_html()


def in_a_worker(explainer):
    return explainer.explain_instance("a text about a cat", of_texts, num_samples=80)


def test_explainers_go_to_workers():
    """A process of its own explains as this one does."""
    explainer = lime_text.LimeTextExplainer(random_state=1)
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        found = pool.submit(in_a_worker, explainer).result()
    assert found.local_exp == in_a_worker(explainer).local_exp


def test_a_pickle_names_limefw_and_numpy_alone():
    """What is pickled are values: of functions there is the kernel, by its name."""
    explainer = lime_text.LimeTextExplainer(random_state=1)
    modules = {
        argument.split()[0]
        for code, argument, _ in pickletools.genops(pickle.dumps(explainer, protocol=0))
        if code.name == "GLOBAL"
    }
    assert {name.partition(".")[0] for name in modules} <= {
        "limefw",
        "numpy",
        "functools",
        "copy_reg",
        "__builtin__",
        "_codecs",
    }


def test_figures_of_several_labels_are_numbers_too():
    """A score is a float and a mapping, a prediction an array of one and a mapping."""
    score, local = Score({2: 0.5, 0: 0.25}), LocalPrediction({2: 0.5, 0: 0.25})
    assert score == 0.25
    assert isinstance(score, float)
    assert dict(score) == dict(score.items()) == {2: 0.5, 0: 0.25}
    assert (score.get(2), score.get(7), len(score), 2 in score, 7 in score) == (0.5, None, 2, True, False)
    assert list(score.values()) == [0.5, 0.25]
    assert local.shape == (1,)
    assert (local[2][0], local[0][0], float(local), local.item()) == (0.5, 0.25, 0.25, 0.25)
    assert [(label, value[0]) for label, value in local.items()] == [(2, 0.5), (0, 0.25)]
    assert list(local.keys()) == [2, 0]
    assert f"{local:.1f} {local[2]:.2f}" == "0.2 0.50"
    assert "%.2f" % local == "0.25"  # noqa: UP031 - as users write it
    assert LocalPrediction({1: 0.5})[0] == 0.5
    assert (local + 1).tolist() == [1.25]
    assert local[:1].tolist() == [0.25]


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("protocol", [None, 5])
def test_a_local_prediction_is_used_as_lime_s_is(task, protocol):
    """lime's is an array of one number; that of its last version a number, or an array of one, for each label."""
    data = ROWS
    explainer = lime_tabular.LimeTabularExplainer(data, random_state=0, mode=task)
    ask = of_rows if task == "classification" else (lambda rows: rows @ [1.0, 2.0, -1.0, 0.5])
    found = explainer.explain_instance(data[0], ask, num_samples=100)
    local = found.local_pred if protocol is None else pickle.loads(pickle.dumps(found.local_pred, protocol))
    number = local.item()
    total = found.intercept[1] + sum(weight for _, weight in found.local_exp[1])
    assert number == pytest.approx(total)
    assert local.shape == (1,)
    for one in (local[0], local[1], local[1][0], local[-1:][0], abs(local)[0] * np.sign(number)):
        assert float(one) == number
        assert "%.3f" % one == f"{one:.3f}" == f"{number:.3f}"  # noqa: UP031 - as users write it
        assert np.ndim(1.0 - one) == 0
    assert [float(one) for one in local] == local.tolist() == [*local[1]] == [number]
    assert json.loads(json.dumps([local[0], local[1]])) == [number, number]
    assert pickle.loads(pickle.dumps(local[1]))[0] == number
