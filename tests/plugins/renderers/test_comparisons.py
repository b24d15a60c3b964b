"""Renderers of comparisons: what the page holds, how large it is, and that a stranger's words cannot leave it."""

import base64
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import limefw
from limefw.comparison.result import Comparison
from limefw.errors import InputError, LimefwError
from limefw_plugins.renderers._words import wording_of


def predict(batch):
    light = np.asarray(batch, dtype=np.float64).mean(axis=3) / 255
    high = 0.5 + 0.4 * np.tanh(6 * light[:, :30, :40].mean((1, 2)) - 4 * light[:, 30:, 40:].mean((1, 2)))
    return np.stack([high, 1 - high], axis=1)


def photo(seed, shape=(60, 80)):
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 255, (6, 8, 3))
    large = coarse.repeat(-(-shape[0] // 6), 0).repeat(-(-shape[1] // 8), 1)[: shape[0], : shape[1]]
    return np.clip(large + generator.normal(0, 6, large.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def comparison():
    return limefw.compare(
        [photo(seed) for seed in range(2)], limefw.model(predict, classes=["a", "b"]),
        variants={"coarse": {"segmenter": {"use": "grid", "rows": 3, "columns": 4}},
                  "fine": {"segmenter": {"use": "grid", "rows": 5, "columns": 6}},
                  "fine tree": {"segmenter": {"use": "grid", "rows": 5, "columns": 6}, "surrogate": "tree"}},
        labels=[0, 1], seeds=2, overrides={"samples": 80},
    )  # fmt: skip


def data_of(page):
    """Return what the script of a page reads, all of it unpacked."""
    found = json.loads(
        re.search(r'<script type="application/json" id="limefw-data">(.*?)</script>', page, re.DOTALL)[1]
    )
    return found | json.loads(zlib.decompress(base64.b64decode(found["packed"])))


def unpacked(cut):
    """Return a cut's label map."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(cut["map"])), dtype=np.uint8).astype(np.int64)
    low, high = planes.reshape(2, cut["h"], cut["w"])
    return (low + 256 * high).cumsum(axis=0) % 65536 - 1


def test_the_page_holds_every_effect_and_every_segment(comparison):
    data = data_of(comparison.render("html").data)
    assert len(data["cells"]) == len(comparison)
    for told, cell in zip(data["cells"], comparison, strict=True):
        made = cell.explanation
        cut = data["cuts"][told["cut"]]
        assert cut["count"] == made.segments.count
        rows, columns = (
            np.arange(cut[side]) * length // cut[side] for side, length in zip("hw", (60, 80), strict=True)
        )
        assert (unpacked(cut) == made.label_map[np.ix_(rows, columns)]).all()
        for number, (prediction, fidelity, decimals, effects, margins) in told["of"].items():
            label = made.label(data["labels"][int(number)])
            assert prediction == pytest.approx(wording_of(made).answered(made.prediction(label)), rel=1e-6)
            assert fidelity == pytest.approx(made.health.labels[label].cross_fitted, rel=1e-6)
            step = 10.0**-decimals
            assert np.array(effects) * step == pytest.approx(made.effects(label), abs=0.51 * step)
            assert step <= 0.011 * np.abs(made.effects(label)).max()
            if margins is not None:
                assert np.array(margins, float) * step == pytest.approx(
                    made.margins(label), abs=0.51 * step, nan_ok=True
                )
    assert {len(one["of"]) for one in data["cells"] if one["r"] == 0} == {2}


def test_what_variants_and_seeds_share_is_there_once(comparison):
    data = data_of(comparison.render("html").data)
    assert len(data["cuts"]) == 4  # two instances, cut in two ways, in three variants with two seeds
    assert len({one["seen"]["src"] for one in data["instances"]}) == 2


def test_more_segments_than_a_byte_counts(tmp_path):
    found = limefw.compare(
        photo(0), predict, variants={"one": {"segmenter": {"use": "grid", "rows": 20, "columns": 20}}, "two": {}},
        overrides={"samples": 30, "segmenter": {"use": "grid", "rows": 20, "columns": 20}}, labels=[0],
    )  # fmt: skip
    (cut,) = data_of(found.render("html").data)["cuts"]
    assert cut["count"] == 400
    assert set(np.unique(unpacked(cut))) == set(range(400))


def test_twelve_ways_and_twenty_pictures_stay_small():
    """At most 300 KB beside the pictures."""
    found = limefw.compare(
        [photo(seed, (120, 160)) for seed in range(20)], limefw.model(predict, classes=["a", "b"]),
        vary={"segmenter": ["slic", "grid", {"use": "grid", "rows": 8, "columns": 11}],
              "surrogate": ["ridge", "linear"], "kernel": ["flat", "cosine_exponential"]},
        labels=[0, 1], overrides={"samples": 60},
    )  # fmt: skip
    page = found.render("html").data
    assert len(found) == 240
    shown = sum(len(one["seen"]["src"]) for one in data_of(page)["instances"])
    assert len(page.encode()) - shown <= 300_000


class _Reader(HTMLParser):
    """Counts what a browser would make elements and data of."""

    def __init__(self):
        super().__init__()
        self.tags, self.inside, self.data = [], "", {}

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.inside = dict(attributes).get("id", "") if tag == "script" else ""

    def handle_endtag(self, tag):
        self.inside = "" if tag == "script" else self.inside

    def handle_data(self, data):
        if self.inside:
            self.data[self.inside] = self.data.get(self.inside, "") + data


NASTY = st.one_of(
    st.sampled_from(["</script><script>alert(1)</script>", "<!--", "<!-- <script>", "]]>", "&lt;b&gt;", "\u2028", "'\"",
                     "<img src=x onerror=alert(1)>", "{{ 7 * 7777 }}", "{% if %}", "\x00\x1b[31m", "שלום"]),
    st.text(min_size=1, max_size=12),
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(side=NASTY, name=NASTY, label=NASTY, why=NASTY)
def test_a_strangers_words_cannot_leave_their_place(comparison, side, name, label, why):
    """Names of sides, instances and classes, settings and reasons make no element, whatever they hold."""
    first, *rest = comparison.sides
    cells = [replace(cell, explanation=replace(cell.explanation, names={0: label, 1: "b"})) for cell in comparison]
    cells[1] = replace(cells[1], explanation=None, failure=why)
    odd = replace(
        comparison, sides=(replace(first, name=side, recipe={**first.recipe, "x": name}), *rest),
        instances=(name, "plain"), cells=tuple(cells),
    )  # fmt: skip
    plain = replace(
        odd, instances=("n", "plain"), sides=(replace(first, name="s", recipe={**first.recipe, "x": "n"}), *rest),
        cells=tuple(replace(cell, failure="w") if cell.failure else cell for cell in odd.cells),
    )  # fmt: skip
    page, other = _Reader(), _Reader()
    page.feed(str(odd.render("html").data))
    other.feed(str(plain.render("html").data))
    assert sorted(page.tags) == sorted(other.tags)
    raw = page.data["limefw-data"]
    assert not set("<>&") & set(raw)
    assert json.loads(raw)["instances"][1]["name"] == "plain"
    assert odd.render("text").data.count("\n") < 60


def test_the_text_has_the_sentences_and_a_line_for_each_side(comparison):
    text = comparison.render("text").data
    assert " ".join(" ".join(comparison.summary()).split()) in " ".join(text.split())
    for at, side in enumerate(comparison.sides, start=1):
        assert re.search(rf"^{at} {side.name} +-?\d", text, re.MULTILINE)
    assert "\x1b" not in text


@pytest.mark.parametrize(("instances", "blocks"), [(1, 1), (2, 2), (50, 2)])
def test_the_figure_has_a_row_for_each_instance_and_a_picture_for_each_side(comparison, instances, blocks):
    figure = comparison.render({"use": "figure", "instances": instances}).figure
    assert sum(bool(axes.images) for axes in figure.axes) == 3 * blocks
    texts = [text.get_text() for text in figure.texts] + [
        text.get_text() for axes in figure.axes for text in axes.texts
    ]
    for value in comparison.matrix("jaccard").ravel():
        assert f"{value:.2f}" in texts


def test_what_is_no_comparison_is_refused(comparison):
    from limefw_plugins.renderers.comparison_html import comparison_html

    with pytest.raises(InputError, match=r"draws what limefw.compare\(...\) makes"):
        comparison_html(comparison.explanation(0))
    with pytest.raises(LimefwError, match="draws one explanation"):
        comparison.render("overlay")
    assert isinstance(comparison, Comparison)


def test_what_all_failed_on_has_its_place(comparison):
    """An instance without any explanation has no picture, and the reasons are there."""
    cells = [
        replace(cell, explanation=None, failure="InputError: it is empty") if cell.instance == 1 else cell
        for cell in comparison
    ]
    odd = replace(comparison, cells=tuple(cells))
    page = odd.render("html").data
    assert data_of(page)["instances"][1]["seen"] == {"kind": "nothing"}
    assert "InputError: it is empty" in page
    assert len(odd.render("figure").data) > 1000
    assert "it is empty" in odd.render("text").data
