"""The picture of a tree: its questions, the photograph's own way through, and what it cannot draw."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from limefw.errors import InputError, LabelError
from limefw.types import Neighbourhood
from limefw_plugins.renderers._tree_nodes import tree_of
from limefw_plugins.renderers.tree import tree
from limefw_plugins.surrogates.tree import tree as fit_tree


@pytest.fixture(scope="module")
def planted(make):
    """Return an explanation by trees of a black box that wants segments 3 and 7, or else 5."""
    return with_trees(make())


def with_trees(explanation, *, soft=False, max_depth=3):
    around = explanation.neighbourhood
    rng = np.random.default_rng(1)
    codes = rng.random(around.codes.shape).astype(np.float32) if soft else around.codes
    codes = np.array(codes)
    codes[0] = 1
    on = codes > 0.5
    answers = 0.1 + 0.6 * (on[:, 3] & on[:, 7]) + 0.2 * on[:, 5]
    targets = np.stack([answers, 1 - answers, 0 * answers], axis=1)[:, : len(explanation.fits)]
    around = Neighbourhood(codes, targets, around.weights, around.groups)
    fits = fit_tree(around, rng, max_depth=max_depth)
    width = codes.shape[1]
    fits = {label: fit.widened(np.arange(width), width) for label, fit in zip(explanation.fits, fits, strict=True)}
    return replace(explanation, fits=fits, neighbourhood=around)


def texts(rendering):
    return [text.get_text() for axes in rendering.figure.axes for text in axes.texts]


def test_the_own_way_asks_what_the_photograph_needs(planted):
    """The instance comes by the questions on segments 3, 7 and 5, takes "shown" each time and ends at .9."""
    root = tree_of(planted, 285, 4)
    way = [node for node in root.each() if node.own]
    assert sorted(node.segment for node in way[:-1]) == [3, 5, 7]
    assert way[-1].value == pytest.approx(0.9)
    assert [node.column for node in way] == [0, 1, 2, 3]
    assert way[-1].row == 0


def test_every_draw_ends_in_one_leaf(planted):
    """Leaves stand one below the other, share out all draws, and their answers are the tree's own."""
    root = tree_of(planted, 285, 4)
    leaves = root.leaves
    assert [leaf.row for leaf in leaves] == list(range(len(leaves)))
    assert sum(leaf.samples for leaf in leaves) == root.samples == 600
    mean = sum(leaf.samples * leaf.value for leaf in leaves) / 600
    assert root.value == pytest.approx(mean)
    predicted = planted.fit().predict(planted.neighbourhood.codes)
    assert {round(leaf.value, 9) for leaf in leaves} == {round(value, 9) for value in predicted.tolist()}


def test_what_is_deeper_is_counted_and_not_drawn(planted):
    """Cut off after one question, the rest is told as a number; nothing is lost."""
    whole, cut = tree_of(planted, 285, 4), tree_of(planted, 285, 1)
    asked = sum(bool(node.children) for node in whole.each())
    assert [leaf.column for leaf in cut.leaves] == [1, 1]
    assert 1 + sum(leaf.left_out for leaf in cut.leaves) == asked
    assert any("more question" in text for text in texts(tree(planted, depth=1)))
    assert not any("more question" in text for text in texts(tree(planted)))


def test_the_picture_is_a_png_with_a_live_figure_and_one_small_picture_a_question(planted):
    """Tree axes, the photograph, and a picture for each question; equal explanations make equal bytes."""
    rendering = tree(planted)
    asked = sum(bool(node.children) for node in tree_of(planted, 285, 4).each())
    assert (rendering.media_type, rendering.suffix) == ("image/png", ".png")
    pictures = [axes for axes in rendering.figure.axes if axes.images]
    assert len(pictures) == asked + 1
    assert rendering.data == tree(planted).data
    height, width, _ = np.asarray(Pillow.open(io.BytesIO(rendering.data))).shape
    assert (height, width) > (300, 700)


def test_all_text_lies_on_the_sheet(planted, make):
    """Nothing is cut off at the right or below, whatever the depth and however long the numbers."""
    tiny = make(scale=1e-9, predictions=(3e-9, 1e-9, 0.0))
    for explanation, depth in ((planted, 4), (planted, 1), (with_trees(tiny, max_depth=1), 6)):
        figure = tree(explanation, depth=depth).figure
        wide, tall = figure.canvas.get_width_height()
        for axes in figure.axes:
            for text in axes.texts:
                box = text.get_window_extent()
                assert box.x0 >= 0
                assert box.y0 >= 0
                assert box.x1 <= wide, text.get_text()
                assert box.y1 <= tall


def test_a_tree_that_asks_nothing_says_so(planted):
    """Where the answer never changes there is one bar, and the photograph as it is."""
    rendering = tree(planted, label=282)
    assert tree_of(planted, 282, 4).children == ()
    words = " ".join(item.get_text() for item in rendering.figure.texts)
    assert "The tree asks nothing" in words


def test_soft_codes_are_told_by_how_much_shows(make):
    """Where a segment may show in part, the two ways are named by the share."""
    found = texts(tree(with_trees(make(), soft=True)))
    assert any(text.startswith("> ") and text.endswith("%") for text in found)
    assert "shown" not in found


@pytest.mark.parametrize("errors", [True, False])
def test_a_surrogate_that_is_no_tree_is_refused(make, errors):
    """The error names what it is and how to get a tree."""
    with pytest.raises(InputError, match=r"surrogate=tree.*--recipe tree"):
        tree(make(errors=errors))


def test_an_unknown_label_lists_those_there_are(planted):
    with pytest.raises(LabelError, match="285 Egyptian Mau"):
        tree(planted, label="dog")


@pytest.mark.parametrize("name", ["$\\frac{", "猫 🐱", "x" * 300, ""])
def test_no_class_name_breaks_it(make, name):
    assert tree(with_trees(make(names={0: name, 1: "other"}, predictions=(0.6, 0.4), count=12))).data


def test_no_figure_reaches_pyplot(planted):
    import matplotlib.pyplot as plt

    tree(planted)
    assert plt.get_fignums() == []
