"""What explanations show: pages without a script, figures, notebooks, files."""

import re
import shutil
import sys
import types

import numpy as np
import pytest

import limefw
from limefw.compat.lime import lime_tabular, lime_text
from limefw.compat.lime.exceptions import LimeError
from limefw.compat.lime.explanation import DomainMapper, Explanation, id_generator


HOSTILE = (
    "</script><script>alert('x')</script> & \"quoted\" <b>bad</b> שלום \u202edlrow\u202c 👍🏽 bell\x07 nul\x00 good\n"
)
TAGS = frozenset(
    ("html head meta title style body div section h2 bdi table thead tr th td i p mark").split()  # noqa: SIM905
)
ROWS = np.random.default_rng(0).normal(size=(60, 4))


def judge(texts):
    """Two classes by some words of the text above."""
    effects = {"good": 1.0, "bad": -1.0, "script": 0.6, "שלום": 0.5, "dlrow": -0.5, "bell": 0.3, "alert": -0.3}
    score = np.array([sum(effects.get(word, 0.0) for word in re.findall(r"\w+", text)) for text in texts])
    yes = 1 / (1 + np.exp(-score))
    return np.stack([1 - yes, yes], axis=1)


def explain(text=HOSTILE, *, names=("no", "yes"), **asked):
    explainer = lime_text.LimeTextExplainer(random_state=0, class_names=list(names))
    return explainer.explain_instance(text, judge, num_samples=300, **asked)


def explain_row(names, *, mode="classification", classes=("no", "yes")):
    explainer = lime_tabular.LimeTabularExplainer(
        ROWS, mode=mode, feature_names=list(names), class_names=list(classes), random_state=0
    )

    def predict(rows):
        yes = 1 / (1 + np.exp(-rows @ [1.0, -2.0, 0.5, 0.0]))
        return yes if mode == "regression" else np.stack([1 - yes, yes], axis=1)

    return explainer.explain_instance(ROWS[2], predict, num_samples=200)


@pytest.mark.parametrize(
    "page",
    [
        lambda: explain(names=("</script>", "yes")).as_html(labels=[1]),
        lambda: explain_row(["</script>", "<b>", "c", "d"], classes=("</script>", "x")).as_html(show_all=True),
        lambda: explain_row(["</script>", "<b>", "c", "d"], mode="regression").as_html(),
    ],
    ids=["text", "row", "regression"],
)
def test_a_page_runs_nothing_and_escapes_everything(page):
    """No script, no event handler, no address; whatever is in names and texts is text."""
    html = page()
    assert "<script" not in html
    assert "&lt;/script&gt;" in html
    tags = re.findall(r"<[^>]*>", html)
    assert not [tag for tag in tags if re.search(r"\son\w+=|href=|src=", tag)]
    assert {re.match(r"</?(\w+)", tag)[1] for tag in tags if not tag.startswith("<!")} <= TAGS
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", html)


def test_what_cannot_be_seen_is_shown_as_on_limefws_own_pages():
    """By the same signs; joiners and emoji stay whole."""
    string = "nul\x00 \u202edlrow\u202c 👩\u200d🚀 good \x7f day"
    shown = "nul␀ ‹U+202E›dlrow‹U+202C› 👩\u200d🚀 good ␡ day"
    own = limefw.explain(string, judge).render("html").data
    for html in (explain(string).as_html(), own):
        text = re.sub(r"<[^>]*>|\u200b", "", html)
        assert shown in text


def test_pages_are_small():
    """A text of 300 words and a row of 30 columns take less than 60 KB each; lime's takes 1.2 MB."""
    words = [f"word{at % 120}" for at in range(300)]
    assert len(explain(" ".join(words), num_features=60).as_html().encode()) < 60_000
    rows = np.random.default_rng(0).normal(size=(50, 30))
    explainer = lime_tabular.LimeTabularExplainer(rows, mode="regression", random_state=0)
    found = explainer.explain_instance(rows[0], lambda batch: batch.sum(axis=1), num_features=30, num_samples=200)
    assert len(found.as_html(show_all=True).encode()) < 60_000


def test_words_are_marked_in_place_for_and_against():
    """The text is whole, and words are marked by sign and strength."""
    found = explain("bad film, good end, good", num_features=2)
    html = found.as_html(labels=[1])
    assert re.findall(r'<mark class="(\w+)"[^>]*>(\w+)</mark>', html) == [
        ("against", "bad"), ("for", "good"), ("for", "good"),
    ]  # fmt: skip
    (paragraph,) = re.findall(r'<p dir="auto">(.*)</p>', html)
    assert re.sub("<[^>]*>", "", paragraph) == "bad film, good end, good"
    assert "<mark" not in found.as_html(text=False)
    assert set(re.findall(r"--a:([\d.]+)", found.as_html(opacity=False))) == {"0.70"}


def test_a_page_shows_what_is_asked_for():
    """Outputs, labels and the table can be left out."""
    found = explain(top_labels=2)
    assert found.as_html().count("<h2>") == 4
    assert "Prediction" not in found.as_html(predict_proba=False)
    assert "For and against no" not in found.as_html(labels=[1])
    row = explain_row("abcd", mode="regression")
    assert "Predicted value" in row.as_html()
    assert "Predicted value" not in row.as_html(show_predicted_value=False)
    assert "<h2>Values" not in row.as_html(show_table=False)
    with pytest.raises(KeyError, match=r"label 1 was not explained: there are \[0\]"):
        explain(labels=(0,)).as_html(labels=[1])


def test_many_outputs_are_shown_as_four_and_the_others():
    """As lime shows them: the four strongest, and the sum of the rest."""
    explainer = lime_text.LimeTextExplainer(random_state=0)
    odds = np.array([0.05, 0.3, 0.02, 0.25, 0.03, 0.2, 0.15])
    found = explainer.explain_instance(
        "some words", lambda texts: np.tile(odds, (len(texts), 1)), labels=(1,), num_samples=20
    )
    (block,) = re.findall(r"Prediction</bdi></h2>(.*?)</table>", found.as_html(), re.DOTALL)
    assert re.findall(r"<bdi>(\w+)</bdi>.*?>([\d.]+)</td></tr>", block) == [
        ("1", "0.30"), ("3", "0.25"), ("5", "0.20"), ("6", "0.15"), ("Other", "0.10"),
    ]  # fmt: skip


def test_files_hold_the_page(tmp_path):
    """`save_to_file` writes UTF-8, whole, and closes the file."""
    found = explain()
    found.save_to_file(tmp_path / "page.html", labels=[1])
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == found.as_html(labels=[1])


def test_notebooks_show_the_page(monkeypatch, capsys):
    """`show_in_notebook` hands the page to today's IPython."""
    pytest.importorskip("IPython")
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    found = explain()
    found.show_in_notebook(text=False)
    assert [one.data for one in shown] == [found.as_html(text=False)]


def test_figures_have_a_bar_for_each_feature():
    """Green for, red against, the strongest on top, a title that names the label; dollars are dollars."""
    plt = pytest.importorskip("matplotlib.pyplot")
    found = explain_row(["$a$", "b", "c", "d"])
    figure = found.as_pyplot_figure(figsize=(5, 3))
    (axes,) = figure.axes
    pairs = found.as_list()
    assert [bar.get_width() for bar in axes.patches] == [weight for _, weight in pairs][::-1]
    assert axes.get_title() == "Local explanation for class yes"
    assert tuple(figure.get_size_inches()) == (5, 3)
    assert explain_row("abcd", mode="regression").as_pyplot_figure().axes[0].get_title() == "Local explanation"
    figure.canvas.draw()
    plt.close("all")


def test_plain_numbers_come_out():
    """No NumPy scalar leaks: a map of weights can be written as JSON."""
    import json

    for found in (explain(top_labels=2), explain_row("abcd"), explain_row("abcd", mode="regression")):
        json.dumps(found.as_map())
        assert all(type(name) is str and type(weight) is float for name, weight in found.as_list())


def test_a_mapper_of_the_users_own_is_asked():
    """It names features; its JavaScript, which lime would run, is not shown."""

    class Mine(DomainMapper):
        def map_exp_ids(self, exp, loud=False):
            return [(f"feature {at}{'!' * loud}", weight) for at, weight in exp]

        def visualize_instance_html(self, exp, label, div_name, exp_object_name, **settings):
            return "alert(1)"

    found = Explanation(Mine(), class_names=["a", "b"])
    found.local_exp[1] = [(3, 0.5)]
    assert found.as_list(loud=True) == [("feature 3!", 0.5)]
    assert found.available_labels() == [1]
    assert "feature 3" in found.as_html()
    assert "alert" not in found.as_html()
    assert Explanation(DomainMapper()).domain_mapper.map_exp_ids([(1, 0.5)]) == [(1, 0.5)]
    with pytest.raises(LimeError, match='Invalid explanation mode "ranking"'):
        Explanation(Mine(), mode="ranking")


def test_names_for_divisions_are_limes():
    """Fifteen capitals and digits from the stream given."""
    lime = pytest.importorskip("lime.explanation")
    assert id_generator(random_state=np.random.RandomState(3)) == lime.id_generator(
        random_state=np.random.RandomState(3)
    )


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_a_browser_shows_hostile_text_as_text(tmp_path):
    """What is read on the page is the text, and nothing was run."""
    driver = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "page.html"
    explain(names=("<img src=x onerror=alert(1)>", "yes"), top_labels=2).save_to_file(path)
    with driver.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page, said = browser.new_page(), []
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        shown = page.locator("p").inner_text()
        assert page.locator("mark", has_text="good").count() == 1
        assert page.locator("img, script, b").count() == 0
        browser.close()
    assert said == []
    assert shown.startswith("</script><script>alert('x')</script> & \"quoted\" <b>bad</b> ")
    assert "‹U+202E›dlrow‹U+202C› 👍🏽 bell␇ nul␀ good" in shown


def test_without_ipython_the_error_is_pythons(monkeypatch):
    """Nothing else needs it."""
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    with pytest.raises(ImportError):
        explain().show_in_notebook()
