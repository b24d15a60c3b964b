"""A rule is said in words, the same in every text and page."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image as Pillow

import limefw
from limefw_plugins.renderers._captioned import trust


COINS = {"use": "bernoulli", "enumerate_small": False}


def said(explanation, renderer):
    text = str(explanation.render(renderer).data)
    plain = re.sub(r"&#34;|&quot;", '"', re.sub(r"<[^>]+>", " ", text))
    return re.sub(r"\s+", " ", plain)


@pytest.fixture(scope="module")
def picture():
    def corners(batch):
        on = ((batch[:, 2, 2, 0] > 0) & (batch[:, 20, 20, 0] > 0)).astype(float)
        return np.stack([1 - on, on], axis=1)

    return limefw.explain(
        np.full((24, 24, 3), 200, np.uint8), limefw.model(corners, classes=["dog", "cat"]), labels=["cat"],
        segmenter={"use": "grid", "rows": 3, "columns": 3}, filler={"use": "constant", "value": 0.0}, target="margin",
        sampler=COINS, kernel="flat", method="anchors", samples=3000, what_if=0,
    )  # fmt: skip


@pytest.mark.parametrize("renderer", ["text", "sentences", "html"])
def test_of_a_picture(renderer, picture):
    text = said(picture, renderer)
    assert re.search(
        r"Rule: as long as superpixel (0 and superpixel 8|8 and superpixel 0) show, whatever else is hidden, the model "
        r"says cat, in all [0-9]+ draws where it applies \(at least 99\.[0-9]+% with 90% confidence\)\. "
        r"It applies to 2[0-9](\.[0-9])?% of all draws\.",
        text,
    )
    assert "too few" not in text, "it was not tested, whatever the number of samples"
    assert "not tested" in text


def test_the_pages_script_has_it_too(picture):
    """What it brings to life stands in place of the part that has the summary."""
    data = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', picture.render("html").data, re.DOTALL)
    (label,) = json.loads(data[1])["labels"].values()
    assert label["rule"].startswith("Rule: as long as superpixel")


@pytest.mark.parametrize("renderer", ["overlay", "bars", "top"])
def test_no_picture_shows_a_part_of_it(renderer, picture):
    """Some of its segments alone would be another rule, whatever is asked for."""
    one, two = (picture.render({"use": renderer, "top": count}).data for count in (1, 2))
    assert one == two


def test_what_stands_below_pictures_has_it_too(picture):
    """Overlay, heat map, bars and the strongest alone share the sentence; it needs the room of more lines."""
    assert trust(picture, 1).startswith("Rule: as long as superpixel")
    with (
        Pillow.open(io.BytesIO(picture.render("overlay").data)) as below,
        Pillow.open(io.BytesIO(picture.render({"use": "overlay", "caption": False}).data)) as alone,
    ):
        assert below.height > alone.height + 100


@pytest.mark.parametrize("renderer", ["text", "html", "sentences"])
def test_of_a_text(renderer):
    def positive(texts):
        on = np.array([("not" in text.split()) and ("bad" in text.split()) for text in texts], dtype=float)
        return np.stack([1 - on, on], axis=1)

    found = limefw.explain("This film is not bad at all", limefw.model(positive, classes=["-", "good"]), samples=3000,
                           recipe="anchor-text", labels=["good"])  # fmt: skip
    text = said(found, renderer)
    assert re.search(
        r'as long as "(not" and "bad|bad" and "not)" are there, whatever else is hidden, the model says good', text
    )


@pytest.mark.parametrize("renderer", ["text", "html"])
def test_of_a_row(renderer):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = limefw.Table(pd.DataFrame({"age": rng.integers(20, 80, 300), "rooms": rng.integers(1, 6, 300)}))

    def lend(frame):
        on = (frame["age"] > 50).to_numpy(float)
        return np.stack([1 - on, on], axis=1)

    row = next(at for at in range(300) if table.row(at).values[0] > 70)
    found = limefw.explain(table.row(row), limefw.model(lend), recipe="anchor-table", samples=1000)
    text = said(found, renderer)
    assert re.search(
        r"Rule: as long as age (>|&gt;) [0-9]+, whatever the other values are, the model says class 1", text
    )
    assert re.search(r"It applies to 2[0-9](\.[0-9])?% of all rows", text)


def test_one_that_is_not_certain_and_one_without_conditions():
    """A search that ended says so; what always holds has no condition; a value of one's own is named."""

    def box(batch):
        on = (batch[:, 0, :5, 0] > 0).all(axis=1)
        return np.stack([0.7 - 0.5 * on, 0.3 + 0.5 * on, 0.1 + 0 * on], axis=1)

    settings = {
        "segmenter": lambda image, rng, /: limefw.Segments.from_labels(np.arange(8)[None].repeat(2, axis=0)),
        "filler": {"use": "constant", "value": 0.0}, "sampler": COINS, "kernel": "flat", "what_if": 0,
    }  # fmt: skip
    image = limefw.Image(np.ones((2, 8, 1)), (0.0, 1.0))
    found = limefw.explain(image, box, labels=[1], method="anchors", target="margin", samples=150, **settings)
    assert "None was sure to hold in 95%: this is the best that was found." in said(found, "text")
    found = limefw.explain(image, box, labels=[2], target="probability", samples=400, **settings,
                           method={"use": "anchors", "least": 0.25})  # fmt: skip
    text = said(found, "text")
    assert "Rule: whatever is hidden, the probability for class 2 is not above 0.25, in all" in text
    assert "It applies to" not in text


def test_where_there_is_no_rule_nothing_is_said():
    found = limefw.explain(np.full((24, 24, 3), 200, np.uint8), lambda batch: np.ones((len(batch), 2)) / 2, samples=60,
                           segmenter="grid", labels=[0])  # fmt: skip
    assert "Rule:" not in said(found, "text")
    assert "too few" in said(found, "text")
