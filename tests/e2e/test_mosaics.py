"""Explanations point at the photograph a class belongs to, in mosaics of photographs; those of a broken model do not.

The four photographs come with scikit-image: a cat, a cup of espresso, a motor bike, and a man behind a tripod.
"""

import numpy as np
import pytest
from skimage import data

import limefw
from limefw.modalities.frame import resize


pytestmark = pytest.mark.model

CELL = 112
CLASSES = {"chelsea": "Egyptian Mau", "coffee": "espresso", "motorcycle": "moped", "camera": "tripod"}
ORDERS = (("chelsea", "coffee", "motorcycle", "camera"), ("camera", "motorcycle", "chelsea", "coffee"))
SAMPLES = 300


@pytest.fixture(scope="module")
def model():
    return limefw.model(use={"use": "embedded", "threads": 1})  # so that tests run side by side do not slow each other


@pytest.fixture(scope="module")
def photographs():
    motorcycle, _, _ = data.stereo_motorcycle()
    return {
        "chelsea": data.chelsea()[:, 70:370],
        "coffee": data.coffee()[:, 100:500],
        "motorcycle": motorcycle,
        "camera": np.repeat(data.camera()[..., None], 3, axis=2),
    }


def mosaic(photographs, order):
    cells = [resize(np.ascontiguousarray(photographs[name]), (CELL, CELL)) for name in order]
    return np.vstack([np.hstack(cells[:2]), np.hstack(cells[2:])])


def shares(photographs, order, model):
    """Return for each photograph's class the share of positive weight that lies in its own cell, and the rows spent."""
    found = limefw.explain(
        mosaic(photographs, order),
        model,
        labels=[CLASSES[name] for name in order],
        target="log_odds",
        segmenter={"use": "slic", "n_segments": 60},
        samples=SAMPLES,
    )
    inside = []
    for cell, name in enumerate(order):
        weight = np.maximum(found.values_of(CLASSES[name]), 0.0)
        row, column = divmod(cell, 2)
        own = weight[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
        inside.append(own.sum() / weight.sum())
    return np.array(inside), found.provenance["rows"]["predicted"]


@pytest.mark.parametrize("name", CLASSES)
def test_the_model_knows_each_photograph_by_itself(name, model, photographs):
    """A class whose photograph fills the frame is the model's first answer."""
    whole = limefw.Image(resize(np.ascontiguousarray(photographs[name]), (224, 224)), (0.0, 255.0))
    found = limefw.explain(whole, model, labels="top:1", segmenter="grid", samples=2)
    assert list(found.names.values()) == [CLASSES[name]]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_explanations_point_at_the_cell_of_their_class(order, model, photographs):
    """At least .6 of the positive weight lies in the class's own cell on average (chance .25), all in one pass."""
    inside, rows = shares(photographs, order, model)
    assert inside.mean() >= 0.6
    assert inside.min() >= 0.4
    assert rows <= SAMPLES + 2 * 4, "one pass, and two more rows for each of the four labels"


def scrambled(model):
    """The model, shown the pixels of each composite in one fixed random order."""
    order = np.random.default_rng(0).permutation(224 * 224)

    def predict(batch):
        flat = batch.reshape(*batch.shape[:2], -1)
        return model.predict(np.ascontiguousarray(flat[..., order]).reshape(batch.shape))

    return limefw.Model(predict, "scrambled", model.classes, model.contract)


def relabelled(model):
    """The model, its outputs in one fixed random order."""
    order = np.random.default_rng(0).permutation(1000)
    return limefw.Model(lambda batch: model.predict(batch)[:, order], "relabelled", model.classes, model.contract)


@pytest.mark.parametrize("broken", [scrambled, relabelled])
def test_explanations_of_a_broken_model_point_nowhere(broken, model, photographs):
    """A model that cannot see the classes puts about a quarter of the weight in each cell."""
    inside, _ = shares(photographs, ORDERS[0], broken(model))
    assert inside.mean() < 0.45
