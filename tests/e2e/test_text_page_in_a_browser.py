"""The page of a text in a headless browser with the network off: what is in the text is seen, and nothing runs."""

import shutil

import numpy as np
import pytest

import limefw


pytest.importorskip("playwright", reason="the page is opened with playwright: pip install 'limefw[browser]'")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

STRING = (
    "A good film.</script><script>document.title = 'run'</script> <img src=x onerror=\"document.title = 'run'\"> "
    "\"quoted\" & 'so' good\nשלום עולם good\n\u202eevil\u202c \x1b[31m 👨‍👩‍👧 bad"
)


def predict(texts):
    """Two classes by the words good and bad."""
    scores = np.array([text.count("good") - 2.0 * text.count("bad") for text in texts])
    high = 0.5 + 0.5 * np.tanh(scores / 2)
    return np.stack([1 - high, high], axis=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_in_a_text_is_seen_and_nothing_runs(tmp_path, scheme):
    """Every letter is there, marks have colours that can be read, and the page asks for nothing."""
    from playwright.sync_api import sync_playwright

    found = limefw.explain(STRING, limefw.model(predict, classes=["<b>neg</b>", "pos"]), samples=400)
    address = found.render("html").save(tmp_path / "page.html").as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True, color_scheme=scheme).new_page()
        faults, asked = [], []
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        shown = page.locator(".text").first.inner_text()
        assert shown.replace("\u200b", "") == STRING.replace("\u202e", "‹U+202E›").replace(
            "\u202c", "‹U+202C›"
        ).replace("\x1b", "␛")
        assert page.title() != "run"
        assert page.locator("script, img").count() == 0
        colors = page.evaluate(
            "[...document.querySelectorAll('.text b')].map(b => [b.innerText, getComputedStyle(b).backgroundColor])"
        )
        by_word = dict(colors)
        assert by_word["good"] != by_word["bad"]
        assert all(color != "rgba(0, 0, 0, 0)" for color in by_word.values())
        paper = page.evaluate("getComputedStyle(document.querySelector('.limefw')).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
        browser.close()
    assert (faults, asked) == ([], [address])
