"""A row as a page, as bars and as text."""

from html.parser import HTMLParser

import numpy as np
import pytest

import limefw


HOSTILE = (
    "</script><script>alert(1)</script>", 'a "quoted" <b>&amp; \'name\'', "שלום עולם", "👨‍👩‍👧 emoji",
    "tab\tline\nend\x1b[31m", "{{ 7 * 7777 }}", "$x_1$", "x" * 200,
)  # fmt: skip


class Tags(HTMLParser):
    """Collects the tags of a page, and its text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def parsed(rendering):
    found = Tags()
    found.feed(rendering.data)
    return found.tags, " ".join("".join(found.text).split())


def model(rows):
    scores = np.stack([rows[:, 0], rows[:, 1] * rows[:, 2], rows[:, 3:].sum(axis=1)], axis=1)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def wide():
    data = np.random.default_rng(0).normal(size=(200, 30))
    names = [f"measured property number {at}" for at in range(30)]
    return limefw.explain(limefw.Table(data, names=names).row(3), model, labels="top:3", samples=400)


@pytest.fixture(scope="module")
def hostile():
    rng = np.random.default_rng(1)
    data = np.column_stack([rng.normal(size=(100, 4)), *(rng.choice(HOSTILE, 100) for _ in range(4))]).astype(object)
    data[:, :4] = data[:, :4].astype(float)
    table = limefw.Table(data, names=HOSTILE)

    def named(rows):
        return model(np.asarray(rows[:, :4], dtype=float))

    ours = limefw.model(named, classes=["</title><script>", "שלום", "c & d"])
    return limefw.explain(table.row(0, name="<img src=x onerror=alert(1)>"), ours, labels="top:3", samples=200)


def test_a_page_of_thirty_columns_is_small_and_runs_nothing(wide):
    """Under 60 KB (lime: 1.2 MB), no script, nothing fetched."""
    for fragment in (False, True):
        rendering = wide.render({"use": "html", "fragment": fragment})
        assert len(rendering.data.encode()) < 60_000
        tags, _ = parsed(rendering)
        assert "script" not in {tag for tag, _ in tags}
        assert not any(key.startswith("on") or key in ("src", "href") for _, attrs in tags for key in attrs)
        assert "url(" not in rendering.data.replace("url(#", "")
    assert ("html", {"lang": "en"}) in parsed(wide.render("html"))[0]


def test_every_effect_is_on_the_page(wide):
    _, text = parsed(wide.render("html"))
    for label in wide.labels:
        for effect in wide.top(None, label):
            assert effect.name in text
    assert text.count("What if? The model was asked") == len(wide.what_if)


def test_what_may_be_chance_is_pale(wide):
    """As many rows of the page are pale as there are effects within their margin."""
    tags, _ = parsed(wide.render("html"))
    pale = sum(tag == "tr" and "unclear" in attrs.get("class", "").split() for tag, attrs in tags)
    every = [effect for label in wide.labels for effect in wide.top(None, label)]
    chance = sum(effect.margin >= abs(effect.effect) for effect in every)
    assert 0 < chance < len(every)
    assert pale == chance


def test_what_strangers_wrote_is_shown_as_text(hostile):
    """Names of columns, values, classes and the row cannot leave their place, and control characters are gone."""
    rendering = hostile.render("html")
    tags, text = parsed(rendering)
    assert {"script", "img"}.isdisjoint({tag for tag, _ in tags})
    assert "</script><script>alert(1)</script>" in text
    assert "<img src=x onerror=alert(1)>" in text
    assert "{{ 7 * 7777 }}" in text
    assert "54439" not in text  # a smaller number may be the seconds of a clock
    assert "שלום עולם" in text
    assert "\x1b" not in rendering.data
    assert "\x1b" not in hostile.render("text").data


def test_text_fits_a_terminal_and_names_effects(wide, hostile):
    from limefw_plugins.renderers._words import columns

    for found in (wide, hostile):
        lines = found.render({"use": "text", "top": 12}).data.splitlines()
        assert max(map(columns, lines)) <= 88
    text = wide.render("text").data
    assert "Explained: table row 3, 30 columns" in text
    assert wide.top(1)[0].name[:20] in text


def test_bars_are_drawn_for_any_names(wide, hostile):
    for found in (wide, hostile):
        for palette in ("green-red", "blue-orange"):
            rendering = found.render({"use": "figure", "palette": palette, "top": 30})
            assert rendering.data.startswith(b"\x89PNG")
            assert found.plot().axes


def test_a_regression_is_told_as_one():
    data = np.random.default_rng(0).normal(size=(100, 3)) * 1000
    found = limefw.explain(limefw.Table(data).row(0), limefw.model(lambda rows: rows[:, 0], task="regression"))
    for name in ("text", "html"):
        assert "What raises and lowers the predicted value" in found.render(name).data


def test_renderers_of_rows_refuse_what_is_none():
    photo = limefw.explain(np.random.default_rng(0).random((30, 30, 3)), lambda batch: np.full((len(batch), 2), 0.5),
                           samples=16, segmenter="grid")  # fmt: skip
    with pytest.raises(limefw.LimefwError, match="'table_html' is for table, and this is image"):
        photo.render("table_html")


def test_a_model_that_never_changes_has_no_bars():
    found = limefw.explain(limefw.Table(np.eye(4)).row(0), lambda rows: np.full((len(rows), 2), 0.5), samples=50)
    assert "No column has an effect." in found.render("text").data
    assert "No column has an effect." in found.render("html").data
    assert found.render("figure").data
