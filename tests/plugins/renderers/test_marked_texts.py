"""A text as a page, as bars and for a terminal: the words marked in place, and whatever is in it shown as text."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import limefw
from limefw.results.what_if import WhatIf


HOSTILE = (
    "</script><script>alert(1)</script> <img src=x onerror=alert(2)> \"quoted\" & 'so' {{ 7 * 7777 }} <!-- -->",
    "good שלום עולם good \u202eevil\u202c good",
    "good 👨‍👩‍👧 🇩🇪 café e\u0301 \x00\x07\x1b[31m\x7f\x85 \ud800 \ufffe day",
    "]]> </div></body> &lt;b&gt; javascript:alert(3) good",
)


class Page(HTMLParser):
    """Collects the tags of a page, the text in marks, and all of its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.marks, self.text, self._open = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append((tag, dict(attrs).get("class", "")))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        self.text.append(data)
        if self._open and re.fullmatch("[pm][1-9]", self._open[-1][1]):
            self.marks.append((self._open[-1][1], data))


def predict(texts):
    """Three classes by words, so that some speak for and some against."""
    scores = np.array([[text.count("good"), text.count("bad") - text.count("day"), 0.5] for text in texts], dtype=float)
    odds = np.exp(scores)
    return odds / odds.sum(axis=1, keepdims=True)


def explained(string, classes=("</script>x", "<b>no</b>", "so\u202e so"), **settings):
    return limefw.explain(string, limefw.model(predict, classes=classes), **{"samples": 300, **settings})


def long_text(words=300):
    rng = np.random.default_rng(0)
    common = ["good", "bad", "day", "the", "of", "and", "film", "acting", "music", "wonderful", "interesting"]
    return " ".join(rng.choice([*common, *(f"word{at}" for at in range(150))], words))


@pytest.mark.parametrize("string", HOSTILE)
def test_whatever_is_in_a_text_is_text_on_the_page(string):
    """No tag, no script, no comment comes of it; control characters are signs that can be seen."""
    found = explained(string, labels="top:3")
    html = found.render("html").data
    page = Page(html)
    plain = Page(explained("a plain good day", classes=("a", "b", "c"), labels="top:3").render("html").data)
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") or name == "src" for _, attrs in page.tags for name in attrs)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\ufffe]", html)
    told = "".join(page.text)
    for part in re.findall(r"[<\w>/&;{}=\"!()*-]{2,}", string):
        assert part in told, part
    for sign, letter in (("␀", "\x00"), ("␛", "\x1b"), ("␡", "\x7f"), ("‹U+202E›", "\u202e"), ("‹U+D800›", "\ud800")):
        # the name of a class has one too
        assert (letter in string or any(letter in name for name in found.names.values())) == (sign in told)
    html.encode("utf-8")


def test_words_are_marked_in_place_for_and_against():
    """Each place of a word, with its sign and strength; a word without an effect is not marked."""
    found = explained("good film, bad day, good film", classes=("g", "b", "n"), labels=["g"])
    page = Page(found.render("html").data)
    marks = {text: mark for mark, text in page.marks}
    assert marks["good"] == "p9"
    assert marks["bad"].startswith("m")
    assert "film" not in marks
    assert sum(text == "good" for _, text in page.marks) == 2
    assert "good film, bad day, good film" in "".join(page.text)


def test_the_page_is_small_and_has_no_script():
    """A text of 300 words with three labels takes less than 60 kB; lime's takes 1.2 MB."""
    found = explained(long_text(), samples=1000, labels="top:3")
    html = found.render("html").data
    assert len(html.encode()) < 60_000
    assert "<script" not in html
    assert "prefers-color-scheme: dark" in html
    fragment = found.render({"use": "html", "fragment": True}).data
    assert fragment.lstrip().startswith("<div")
    assert found._repr_html_() == fragment


@pytest.mark.parametrize("renderer", ["html", "text", "figure", "sentences", "json"])
@pytest.mark.parametrize("settings", [{}, {"surrogate": "tree"}, {"what_if": 0}, {"segmenter": "characters"},
                                      {"filler": "mask", "target": "log_odds"}])  # fmt: skip
def test_every_renderer_takes_every_recipe(renderer, settings):
    data = explained("good film, bad day", **settings).render(renderer).data
    assert len(data) > 100


def test_a_model_that_never_changes_has_nothing_to_mark():
    found = limefw.explain("a good day", lambda texts: np.full((len(texts), 2), 0.5))
    page = Page(found.render("html").data)
    assert page.marks == []
    assert "No word has an effect" in found.render("text").data
    assert found.render("figure").data[:4] == b"\x89PNG"


def test_a_terminal_is_told_which_words_and_what_becomes_without_them():
    """At most 88 columns, the strongest words in brackets, no escape sequence of the text's."""
    string = "good \x1b[31m film, " + "and so on " * 30 + "bad 这部电影非常好看 " * 20
    told = explained(string, classes=("g", "b", "n")).render("text").data
    assert "[+bad+]" in told
    assert "[−good−]" in told
    assert "\x1b" not in told
    from wcwidth import wcswidth

    assert max(map(wcswidth, told.splitlines())) <= 88
    assert re.search(r"Without the words? .*“bad”", told)
    assert "as the model itself" in " ".join(told.split())


def test_a_long_text_is_shown_in_part():
    string = "good day " + "and so on " * 5000
    found = explained(string, classes=("g", "b", "n"), samples=40)
    html = found.render({"use": "html", "longest": 100}).data
    assert f"{len(string) - 100} more characters are not shown" in html
    assert len(found.render("text").data.splitlines()) < 160


def test_the_figure_says_where_it_cannot_draw_a_name():
    """A script that the font lacks is numbered; the page shows it."""
    found = explained("good 电影 非常 bad", classes=("g", "b", "n"))
    assert found.plot() is found.render().figure or found.render().media_type == "image/png"
    drawn = " ".join(text.get_text() for text in found.plot().findobj(lambda item: hasattr(item, "get_text")))
    assert "numbers; the page shows them" in " ".join(drawn.split())
    # what is said below the bars has the bars' names
    other = explained("电影 film 非常 day", labels=[0], what_if=3, sampler="bernoulli", samples=16)
    other = replace(other, what_if={0: WhatIf((0, 1), 0.5, 0.25, 0.75, 0.25, 0.75)})
    drawn = " ".join(text.get_text() for text in other.plot().findobj(lambda item: hasattr(item, "get_text")))
    assert "Without the words word 0 and “film”" in " ".join(drawn.split())
    assert "\N{WHITE SQUARE}" not in drawn


def test_the_figure_of_a_series_numbers_channels_that_it_cannot_draw():
    series = limefw.Series(np.random.default_rng(0).normal(size=(40, 2)), channels=("心", "b"))
    found = limefw.explain(series, limefw.model(lambda rows: rows.sum(axis=(1, 2)), task="regression"), samples=99)
    drawn = [text.get_text() for text in found.plot().findobj(lambda item: hasattr(item, "get_text"))]
    assert "channel 0" in drawn
    assert "b" in drawn


def test_on_a_narrow_page_the_bars_go_with_their_head():
    """Else "− lowers + raises" stands over the numbers, and a number below 0 under "raises"."""
    page = explained("a good day, a bad day").render("html").data
    narrow = re.search(r"@media \(max-width: 40rem\) \{([^}]*)\{ display: none; \}", page)[1]
    assert ".bar" in narrow
    assert ".scale" in narrow
    head, row = (
        re.search(pattern, page, re.DOTALL)[1]
        for pattern in (r"<thead>(.*?)</thead>", r"<tbody>\n<tr[^>]*>(<th[^>]*><bdi>.*?)</tr>")
    )
    hidden = [
        ["scale" in cell or "bar" in cell for cell in re.findall(r"<t[hd]([^>]*)>", part)] for part in (head, row)
    ]
    assert hidden[0] == hidden[1] == [False, True, False]


def test_quoted_words_keep_their_direction_to_themselves():
    """In sentences too: Arabic would turn the number beside it."""
    html = explained("good رائع day bad رائع").render("html").data
    assert "(“" not in html.replace("(<bdi>“", "")
    assert "<bdi>“good”</bdi>" in html


def test_the_summary_keeps_numbers_beside_arabic_words():
    """A word of another direction is isolated, and others are left as they are."""
    html = explained("رائع day good bad رائع", labels=[1]).render("html").data
    arabic = limefw.explain(
        "رائع day", limefw.model(lambda texts: np.array([float("رائع" in text) for text in texts]), task="regression")
    )
    assert "\u2068رائع\u2069 (+" in arabic.render("html").data
    assert "\u2068good" not in html
