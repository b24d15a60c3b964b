"""Reasons for doubt in words."""

import numpy as np

import limefw
from limefw_plugins.renderers._trust import doubts


def test_a_doubt_about_several_labels_is_said_once_with_their_names():
    """A model that never changes is doubted for both labels, in one sentence; each alone keeps its own."""
    model = limefw.model(lambda batch: np.full((len(batch), 2), 0.5), classes=("ant", "bee"))
    pixels = np.random.default_rng(0).random((12, 12, 3))
    both = doubts(limefw.explain(pixels, model, segmenter="grid", samples=40, labels=[0, 1]))
    alone = doubts(limefw.explain(pixels, model, segmenter="grid", samples=40, labels=[1]))
    assert sum(sentence.startswith("ant and bee: ") for sentence in both) == 1
    assert not any(sentence.startswith(("ant: ", "bee: ")) for sentence in both)
    assert [one.removeprefix("ant and bee: ") for one in both if one.startswith("ant and")] == [
        one.removeprefix("bee: ") for one in alone if one.startswith("bee: ")
    ]
