"""The page and the SVG file: parsed, not looked at."""

import base64
import dataclasses
import io
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from limefw.modalities.image import Image
from limefw_plugins.renderers._outlines import outlines
from limefw_plugins.renderers.page import page
from limefw_plugins.renderers.vector import vector


HOSTILE = '"><script>alert(1)</script></script><img src=http://evil.example/x onerror=alert(1)>&amp;{{7*7}}]]>'
VOID = {"meta", "input", "img", "br", "link", "hr"}


class Document(HTMLParser):
    """Collects every element with its attributes and its text, and checks that all are closed."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, len(self.words)))

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        name, start = self.open.pop()
        assert name == tag
        self.found.append((f"/{tag}", {"text": "".join(self.words[start:])}))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag, **wanted):
        return [found for name, found in self.found if name == tag and wanted.items() <= found.items()]


def read(text):
    document = Document(text)
    scripts = [found["text"] for found in document.all("/script")]
    return document, json.loads(scripts[0]), scripts[1]


def hostile(make):
    photo = Image(make().instance.pixels, (0, 255), HOSTILE)
    explanation = make(photo, names={0: HOSTILE, 1: "b"}, model=HOSTILE, cautions=[("x", HOSTILE)], count=12)
    segments = dataclasses.replace(explanation.segments, names=(HOSTILE,) * explanation.segments.count)
    return dataclasses.replace(explanation, segments=segments)


def test_what_strangers_wrote_is_text(make):
    plain, evil = (
        Document(page(make(names={0: "a", 1: "b"}, count=12, cautions=[("x", "y")])).data),
        Document(page(hostile(make)).data),
    )
    assert [name for name, _ in evil.found] == [name for name, _ in plain.found]
    for (_, one), (_, other) in zip(plain.found, evil.found, strict=True):
        assert one.keys() == other.keys()
    assert not evil.all("img")
    for fragment in (False, True):
        data = page(hostile(make), fragment=fragment).data
        assert "<img" not in data
        assert "&lt;script&gt;" in data


def test_what_strangers_wrote_cannot_leave_the_scripts_data(make):
    data = page(hostile(make)).data
    _, figures, _ = read(data)
    assert HOSTILE[:20] in figures["names"][0]
    raw = re.search(r'id="limefw-data">(.*?)</script>', data, re.DOTALL)[1]
    assert not set("<>&") & set(raw)


def test_only_the_pages_own_script_may_run(explanation):
    document, _, script = read(page(explanation).data)
    policy = document.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    allowed = base64.b64encode(sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert f"script-src 'sha256-{allowed}';" in policy
    assert len(document.all("script")) == 2
    assert not any(name.startswith("on") for _, found in document.found for name in found)


@pytest.mark.parametrize("render", [page, lambda explanation: page(explanation, fragment=True), vector])
def test_nothing_is_fetched(render, explanation):
    data = re.sub(r'xmlns="http://www.w3.org/2000/svg"', "", render(explanation).data)
    assert not re.search(r"https?:|@import|//[a-z]+\.", data.replace("data:image", ""))
    assert re.findall(r"url\((?!&#34;|#)", data) == []
    document = Document(data)
    addresses = [value for _, found in document.found for name, value in found.items() if name in ("href", "src")]
    assert addresses
    assert all(address.startswith(("#", "data:image/")) for address in addresses)
    assert sum(address.startswith("data:") for address in addresses) == 1


def test_every_reference_has_its_target(explanation):
    for data in (page(explanation).data, page(explanation, fragment=True).data):
        document = Document(data)
        ids = [found["id"] for _, found in document.found if "id" in found]
        assert len(ids) == len(set(ids))
        wanted = {value[1:] for _, found in document.found for value in [found.get("href") or ""] if value[:1] == "#"}
        wanted |= set(re.findall(r"url\(#([^)]+)\)", data)) - {"${data.drawing}-${filter}"}
        assert wanted <= set(ids)


def test_every_superpixel_is_there_once(explanation):
    document, figures, _ = read(page(explanation).data)
    count = explanation.segments.count
    assert len(document.all("path")) == count
    assert len(figures["names"]) == len(figures["points"]) == len(figures["places"]) == count
    for label in explanation.labels:
        found = figures["labels"][str(label)]
        every = explanation.top(None, label)
        assert found["segments"] == [effect.segment for effect in every]
        np.testing.assert_allclose(found["effects"], [effect.effect for effect in every], rtol=1e-4)
        np.testing.assert_allclose(found["margins"], [effect.margin for effect in every], rtol=1e-4)


def test_the_page_is_no_larger_than_the_picture(explanation):
    data = page(explanation).data
    photo = re.search(r"data:image/[a-z]+;base64,([^\"]+)", data)[1]
    assert len(base64.b64decode(photo)) < explanation.instance.pixels.nbytes / 5
    assert len(data) < explanation.instance.pixels.nbytes / 2


def test_many_labels_and_superpixels_stay_small(make):
    names = {at: f"class {at}" for at in range(20)}
    explanation = make(names=names, predictions=tuple(np.linspace(0.2, 0.01, 20)), count=320)
    data = page(explanation).data
    assert len(data) < 800_000
    document = Document(data)
    assert len(document.all("option")) == 20
    assert len(document.all("svg", **{"class": "picture heat"})) == 6
    assert len(document.all("section", **{"class": "label beyond"})) == 14


def test_the_page_says_what_assistive_technology_needs(explanation):
    document = Document(page(explanation).data)
    assert document.all("html", lang="en")
    assert len(document.all("h1")) == 1
    pictures = [found for found in document.all("svg") if found.get("aria-hidden") != "true"]
    assert len(pictures) > 10
    assert all("role" in found for found in pictures)
    assert all(found.get("aria-label") for found in document.all("svg", role="img") if "viewbox" in found)
    assert document.all("svg", id="stage", role="listbox")
    assert document.all("p", role="status", **{"aria-live": "polite"})
    names = {found["name"] for found in document.all("input") + document.all("output") + document.all("button")
             if "name" in found}  # fmt: skip
    assert names == {"label", "view", "top", "shown", "safe", "theme"}
    assert len(document.all("legend")) == len(document.all("fieldset")) == 2


def test_without_the_script_everything_is_still_said(explanation):
    data = page(explanation).data
    document = Document(data)
    assert "hidden" in document.all("section", **{"class": "explore"})[0]
    assert len(document.all("svg", **{"class": "picture overlay"})) == 3
    assert data.count('<span class="badge') == 15
    assert data.count("of the picture</span>") == 15 + 1


def test_a_fragment_is_one_scoped_div_without_a_script(explanation):
    data = page(explanation, fragment=True).data.strip()
    assert data.startswith('<div class="limefw')
    assert data.endswith("</div>")
    document = Document(data)
    assert not {"script", "html", "body", "form"} & {name for name, _ in document.found}
    style = re.sub(r"/\*.*?\*/", "", re.search(r"<style>(.*?)</style>", data, re.DOTALL)[1])
    flat = re.sub(r"@media[^{]*{", "", style)
    selectors = [part.strip() for rule in re.findall(r"([^{}]+){", flat) for part in re.split(r",(?![^(]*\))", rule)]
    assert selectors
    assert all(".limefw" in selector for selector in selectors)


def test_two_fragments_in_one_notebook_do_not_mix(make):
    one, other = (Document(page(make(count=count), fragment=True).data) for count in (9, 40))
    ids = [{found["id"] for _, found in document.found if "id" in found} for document in (one, other)]
    assert not ids[0] & ids[1]


def test_the_palette_and_the_number_shown_are_parameters(explanation):
    data = page(explanation, palette="blue-orange", top=4).data
    document = Document(data)
    assert document.all("main", **{"class": "limefw blue-orange"})
    assert "checked" in document.all("input", name="safe")[0]
    assert document.all("input", name="top")[0]["value"] == "4"
    assert data.count('<span class="badge') == 12


def test_the_svg_file_is_as_large_as_the_photograph(make):
    for explanation in (make(), make(size=(64, 64))):
        tree = ET.fromstring(vector(explanation, top=3).data)
        assert (tree.get("width"), tree.get("height")) == ("451", "300") or tree.get("viewBox") == "0 0 451.0 300.0"
        name = "{http://www.w3.org/2000/svg}"
        paths = tree.findall(f".//{name}path")
        assert [path.get("id") for path in paths] == [f"s{at}" for at in range(explanation.segments.count)]
        for at, path in enumerate(paths):
            assert float(path.get("data-effect")) == pytest.approx(explanation.fit().effects[at], abs=1e-12)
        tinted = [path.get("id") for path in paths if path.get("fill") != "none"]
        assert set(tinted) == {f"s{effect.segment}" for effect in explanation.top(3)}


def test_a_hostile_svg_is_still_one_document(make):
    tree = ET.fromstring(vector(hostile(make)).data)
    assert {element.tag.split("}")[1] for element in tree.iter()} <= {
        "svg", "title", "desc", "image", "g", "path", "rect", "text",
    }  # fmt: skip


# --- outlines


def rings(path):
    """Return the closed polygons of a path, in half pixels."""
    found = []
    for part in path.split("M")[1:]:
        start, steps = part.rstrip("z").split("l")
        numbers = np.array([int(number) for number in re.findall(r"-?\d+", steps)]).reshape(-1, 2)
        found.append(
            np.array([int(number) for number in start.split()]) + np.vstack([[0, 0], np.cumsum(numbers, axis=0)])
        )
    return found


def area(ring):
    x, y = ring.T.astype(float)
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


@pytest.mark.parametrize("seed", range(5))
def test_outlines_enclose_each_segment_and_together_the_picture(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 7, (9, 12))
    labels = coarse.repeat(8, axis=0).repeat(8, axis=1)
    areas = [sum(area(ring) for ring in rings(path)) / 4 for path in outlines(labels, 7)]
    np.testing.assert_allclose(areas, np.bincount(labels.ravel(), minlength=7), atol=1e-9)


def test_a_staircase_becomes_its_diagonal():
    rows, columns = np.indices((60, 60))
    paths = outlines((columns > rows).astype(int), 2)
    assert all(len(rings(path)[0]) <= 8 for path in paths)
    areas = [sum(area(ring) for ring in rings(path)) / 4 for path in paths]
    np.testing.assert_allclose(areas, [1830, 1770], atol=40)


def test_a_hole_is_a_ring_of_the_other_direction():
    labels = np.zeros((30, 30), dtype=int)
    labels[10:20, 10:20] = 1
    outer, hole = sorted(rings(outlines(labels, 2)[0]), key=area, reverse=True)
    assert area(outer) > 0 > area(hole)
    assert outlines(labels, 3)[2] == ""


def test_pixels_in_no_segment_have_no_outline():
    labels = np.full((20, 20), -1)
    labels[5:15, 5:15] = 0
    (ring,) = rings(outlines(labels, 1)[0])
    assert (ring.min(), ring.max()) == (10, 30)


def test_a_small_photograph_is_embedded_as_it_is(make):
    """Its pixels are meant to be seen; also a grey one, which takes one channel."""
    from PIL import Image as Pillow

    for channels in (1, 3):
        pixels = np.random.default_rng(0).integers(0, 256, (28, 28, channels), dtype=np.uint8)
        data = page(make(Image(pixels, (0, 255)), count=9)).data
        found = re.search(r"data:image/(\w+);base64,([^\"]+)", data)
        assert found[1] == "png"
        shown = Pillow.open(io.BytesIO(base64.b64decode(found[2])))
        assert shown.mode == ("L" if channels == 1 else "RGB")
        np.testing.assert_array_equal(np.asarray(shown.convert("RGB")), np.broadcast_to(pixels, (28, 28, 3)))


def test_a_short_name_stays_on_one_line_in_headings(explanation):
    document, figures, _ = read(page(explanation).data)
    headings = [found["text"] for found in document.all("/h1") + document.all("/h2")]
    assert "EfficientNet-Lite0 says Egyptian\u00a0Mau with probability 0.77" in headings
    assert figures["labels"]["285"]["title"].endswith("against Egyptian\u00a0Mau")
    assert "\u00a0" not in document.all("/title")[0]["text"]


def test_a_page_that_is_printed_has_margins_and_keeps_headings_with_their_pictures(explanation):
    data = page(explanation).data
    assert "@page { margin" in data
    assert ".together" in data[data.index("@media print") : data.index("break-inside: avoid")]
    assert "@page" not in page(explanation, fragment=True).data
    together = data[data.index('<div class="together">') :]
    assert together.index("<h2>") < together.index('<div class="pictures">') < together.index('<table class="effects">')


def test_the_page_has_words_for_none_shown(explanation):
    assert "No superpixel is shown: move the slider." in page(explanation).data
