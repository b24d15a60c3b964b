"""The page of a row in a headless browser with the network off: what is in the table is seen, and nothing runs."""

import shutil

import numpy as np
import pytest

import limefw


pytest.importorskip("playwright", reason="the page is opened with playwright: pip install 'limefw[browser]'")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

NAMES = (
    "</script><script>document.title = 'run'</script>", "<img src=x onerror=\"document.title = 'run'\">", "שלום עולם",
    'a "quoted" \'name\' & more', "👨‍👩‍👧 \x1b[31m", "plain",
)  # fmt: skip


def predict(rows):
    high = 0.5 + 0.5 * np.tanh(rows[:, 2] + 0.5 * rows[:, 0] - rows[:, 5])
    return np.stack([1 - high, high], axis=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_in_a_table_is_seen_and_nothing_runs(tmp_path, scheme):
    """Names are there as text, whatever they hold; signs stand where they belong; the page asks for nothing."""
    from playwright.sync_api import sync_playwright

    data = np.random.default_rng(0).normal(size=(200, 6))
    row = limefw.Table(data, names=NAMES).row(4, name="</title><script>document.title = 'run'</script>")
    found = limefw.explain(row, limefw.model(predict, classes=["<b>no</b>", "yes"]), samples=400, labels="top:2")
    address = found.render("html").save(tmp_path / "page.html").as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True, color_scheme=scheme).new_page()
        faults, asked = [], []
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        heads = page.locator(".values tbody th").all_inner_texts()
        for name in (*NAMES[:4], "plain"):
            assert any(name in head for head in heads), name
        assert page.title() != "run"
        assert page.locator("script, img").count() == 0
        bars = page.evaluate(
            "[...document.querySelectorAll('.values rect')].map(r => [r.className.baseVal, getComputedStyle(r).fill])"
        )
        assert len(dict(bars)) == 2
        assert len(set(dict(bars).values())) == 2
        # a name that runs from right to left turns no sign: the number on the left of it is the lower end
        turned = page.locator(".values tbody th", has_text="שלום").first
        assert turned.evaluate("cell => getComputedStyle(cell).direction") == "ltr"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        paper = page.evaluate("getComputedStyle(document.querySelector('.limefw')).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
        browser.close()
    assert (faults, asked) == ([], [address])
