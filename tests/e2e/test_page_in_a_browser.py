"""The page driven in a headless browser with the network off, where one is installed."""

import shutil

import numpy as np
import pytest

import limefw


pytest.importorskip("playwright", reason="the page is driven with playwright: pip install 'limefw[browser]'")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

NAMES = ["tabby", "<b>dog</b>", "owl"]
SHAPES = "#stage .shapes use"


def predict(batch):
    """Return three classes that look at different corners."""
    light = np.asarray(batch, dtype=np.float64).mean(axis=3) / 255
    logits = np.stack(
        [6 * light[:, :30, :40].mean((1, 2)), 4 * light[:, 30:, 40:].mean((1, 2)), np.ones(len(batch))], 1
    )
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def photo():
    """Return a picture whose every part has a mean of its own."""
    rows, columns = np.indices((60, 80))
    return np.stack([rows * 4, columns * 3, 255 - rows * 2], axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def explanation():
    return limefw.explain(
        photo(), limefw.model(predict, classes=NAMES), labels="top:3", samples=300,
        segmenter={"use": "grid", "rows": 4, "columns": 5}, filler={"use": "constant", "value": 0.0},
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(explanation, tmp_path_factory):
    return explanation.render("html").save(tmp_path_factory.mktemp("page") / "page.html").as_uri()


@pytest.fixture
def visit(browser, address):
    """Return a function that opens the page; at the end nothing may have been fetched, logged or raised."""
    contexts, faults, asked = [], [], []

    def opened(width=1200, **settings):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
    assert {url for url in asked if not url.startswith("data:")} == {address}


def shape(page, segment):
    return page.locator(f'{SHAPES}[data-segment="{segment}"]')


def listed(page):
    return [int(text) for text in page.locator("#listed tbody button").all_inner_texts()]


def chosen(page):
    return {int(item.get_attribute("data-segment")) for item in page.locator(f"{SHAPES}.chosen").all()}


def test_hovering_tells_weight_and_interval(visit, explanation):
    page, card = visit(), ".card"
    assert "Point at" in page.inner_text(card)
    for effect in (explanation.top(1)[0], explanation.top()[-1]):
        shape(page, effect.segment).hover()
        text = page.inner_text(card)
        assert text.startswith(f"superpixel {effect.segment}, ")
        margin = effect.margin
        numbers = [float(part.replace("−", "-")) for part in text.replace("(", " ").replace(")", "").split()
                   if part[0] in "+−"]  # fmt: skip
        assert numbers == pytest.approx([effect.effect, effect.effect - margin, effect.effect + margin], abs=6e-4)
        assert page.locator(".halo use").count() == 2
    page.mouse.move(5, 5)
    assert "Point at" in page.inner_text(card)


def test_the_words_are_those_of_the_report(visit, explanation):
    live, still = visit(), visit(java_script_enabled=False)
    effects = [text.split() for text in live.locator("#listed .number").all_inner_texts()]
    label = explanation.labels[0]
    rows = still.locator(f'section[data-label="{label}"] .effects .number').all_inner_texts()
    assert effects == [text.split() for text in rows]
    assert still.is_hidden(".explore")
    assert live.locator(".static:visible").count() == 0
    assert still.locator(".picture.overlay").count() == 3


def test_the_slider_says_how_many_are_shown(visit, explanation):
    page = visit()
    order = [effect.segment for effect in explanation.top(None)]
    assert listed(page) == order[:5]
    assert chosen(page) == set(order[:5])
    page.focus("input[name=top]")
    page.keyboard.press("ArrowRight")
    assert listed(page) == order[:6]
    page.keyboard.press("End")
    assert listed(page) == order
    assert page.inner_text("output") == f"all {len(order)}"
    page.keyboard.press("Home")
    assert listed(page) == []
    assert page.is_hidden("#listed")
    assert page.inner_text(".none-shown") == "No superpixel is shown: move the slider."


def test_what_may_be_chance_is_pale(visit, explanation):
    """A superpixel whose interval reaches across 0 has no tint in the overlay, and the legend says so."""
    page = visit()
    page.focus("input[name=top]")
    page.keyboard.press("End")
    unclear = {effect.segment for effect in explanation.top(None) if abs(effect.effect) <= (effect.margin or 0)}
    shapes = page.query_selector_all(f"{SHAPES}.faint")
    found = {int(shape.get_attribute("data-segment")) for shape in shapes}
    assert unclear <= found
    assert all(float(shape.get_attribute("fill-opacity")) == 0 for shape in shapes)
    assert page.is_visible(".pale") is bool(found)
    page.check("input[value=heat]", force=True)
    assert page.is_hidden(".pale")


def test_another_label_has_its_own_effects_and_what_if(visit, explanation):
    page = visit()
    for label in explanation.labels:
        page.get_by_role("radio", name=explanation.names[label], exact=True).check(force=True)
        assert listed(page) == [effect.segment for effect in explanation.top(5, label)]
        assert explanation.names[label] in page.inner_text("#explore-title")
        assert page.locator("section.label:visible").count() == (label in explanation.what_if)


def test_views_show_what_they_say(visit, explanation):
    page = visit()
    for view, base, lit in (("overlay", 1, 1), ("heat", 1, 0), ("only", 0, 1), ("photo", 1, 0)):
        page.check(f"input[value={view}]", force=True)
        seen = [page.evaluate(f"getComputedStyle(document.querySelector('#stage {part}')).visibility")
                for part in (".base", ".lit")]  # fmt: skip
        assert seen == ["visible" if shown else "hidden" for shown in (base, lit)]
        assert page.locator("#stage .mark").count() == (0 if view == "photo" else 5)
    page.check("input[value=heat]", force=True)
    strongest, other = (explanation.top(None)[at].segment for at in (0, -1))
    assert float(shape(page, strongest).get_attribute("fill-opacity")) == pytest.approx(0.9)
    assert float(shape(page, other).get_attribute("fill-opacity")) < 0.9


def test_the_keyboard_reaches_everything(visit, explanation):
    page = visit()
    order = [effect.segment for effect in explanation.top(None)]
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.getAttribute('role')"))
    assert {"label", "view", "top", "safe", "theme", "option"} <= set(reached)
    shape(page, order[0]).focus()
    for segment in order[1:4]:
        page.keyboard.press("ArrowRight")
        assert page.evaluate("Number(document.activeElement.dataset.segment)") == segment
        assert shape(page, segment).get_attribute("aria-selected") == "true"
        assert page.inner_text(".card").startswith(f"superpixel {segment}, ")
    assert page.locator(f'{SHAPES}[aria-selected="true"]').count() == 1
    assert page.locator(f'{SHAPES}[tabindex="0"]').count() == 1
    page.keyboard.press("Home")
    assert page.evaluate("Number(document.activeElement.dataset.segment)") == order[0]
    page.keyboard.press("Escape")
    assert page.locator(".halo use").count() == 0


def test_focus_can_be_seen(visit):
    page = visit()
    page.keyboard.press("Tab")
    style = "getComputedStyle(document.activeElement.nextElementSibling ?? document.activeElement).outlineStyle"
    assert page.evaluate(style) == "solid"


def test_a_tap_holds_a_superpixel_and_its_row(visit, explanation):
    page, second = visit(has_touch=True), explanation.top(2)[1].segment
    shape(page, second).tap()
    assert page.locator(f'#listed tr[data-segment="{second}"]').get_attribute("class") == "shown"
    page.locator("#listed button").first.tap()
    assert page.inner_text(".card").startswith(f"superpixel {explanation.top(1)[0].segment}, ")


@pytest.mark.parametrize("width", [320, 400, 700])
def test_a_narrow_window_does_not_overflow(visit, width):
    page = visit(width)
    for view in ("overlay", "heat"):
        page.check(f"input[value={view}]", force=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    still = visit(width, java_script_enabled=False)
    assert still.evaluate("document.documentElement.scrollWidth") <= width


def background(page):
    return page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")


def test_dark_follows_the_system_and_the_button(visit):
    dark, light = visit(color_scheme="dark"), visit(color_scheme="light")
    assert background(light) == "rgb(255, 255, 255)"
    assert background(dark) == "rgb(20, 23, 27)"
    for page, before, after in ((dark, "true", light), (light, "false", dark)):
        there = background(after)
        button = page.get_by_role("button", name="Dark")
        assert button.get_attribute("aria-pressed") == before
        button.click()
        assert background(page) == there
        button.click()


def test_colours_for_the_colour_blind_are_one_click_away(visit):
    page = visit()
    fill = f"getComputedStyle(document.querySelector('{SHAPES}.for')).fill"
    assert page.evaluate(fill) == "rgb(26, 152, 80)"
    page.check("input[name=safe]")
    assert page.evaluate(fill) == "rgb(33, 102, 172)"
    assert "blue" in page.evaluate("getComputedStyle(document.querySelector('.plus-color'), '::before').content")


def test_print_is_the_report_without_controls(visit):
    page = visit(color_scheme="dark")
    page.emulate_media(media="print")
    assert page.is_hidden(".explore")
    assert page.locator("section.label:visible").count() == 3
    assert page.locator(".picture.overlay:visible").count() == 3
    assert background(page) == "rgb(255, 255, 255)"


def test_a_strangers_words_stay_words(visit):
    page = visit()
    assert page.locator("main b", has_text="dog").count() == 0
    page.get_by_role("radio", name="<b>dog</b>").check(force=True)
    assert "<b>dog</b>" in page.inner_text("#explore-title")


# --- masks that overlap


@pytest.fixture(scope="module")
def masked():
    from limefw_plugins.segmenters import given

    masks = np.zeros((4, 60, 80), dtype=bool)
    masks[0, :30, :40] = True
    masks[1, 10:50, 20:70] = True
    masks[2] = masks[0]  # all covered by its twin
    masks[3, 15:25, 25:35] = True
    return limefw.explain(
        photo(), limefw.model(predict, classes=NAMES), labels=[0], samples=64,
        segmenter=given(masks, names=["left", "middle", "twin", "eye"]), filler={"use": "constant", "value": 0.0},
    )  # fmt: skip


@pytest.fixture
def at(browser, masked, tmp_path):
    """Return a page of overlapping masks, and a function from a pixel of the photograph to a point of the window."""
    page = browser.new_context(viewport={"width": 1200, "height": 1000}, offline=True).new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(masked.render("html").save(tmp_path / "masks.html").as_uri())
    box = page.locator("#stage").bounding_box()
    yield page, lambda x, y: (box["x"] + box["width"] * x / 80, box["y"] + box["height"] * y / 60)
    page.context.close()
    assert faults == []


def test_every_mask_has_its_line_and_its_number(at, masked):
    page, _ = at
    assert chosen(page) == {0, 1, 2, 3}
    assert page.locator("#stage .mark").count() == 4
    boxes = [mark.bounding_box() for mark in page.locator("#stage .mark").all()]
    places = {(round(box["x"]), round(box["y"])) for box in boxes}
    assert len(places) == 4
    for segment in range(4):
        line = f"getComputedStyle(document.querySelector('{SHAPES}[data-segment=\"{segment}\"]')).stroke"
        assert page.evaluate(line) != "none"
    tinted = page.locator("#stage .cells use").evaluate_all(
        "all => all.map(one => Number(one.getAttribute('fill-opacity')))"
    )
    assert len(tinted) == 4
    assert all(0 < share <= 0.4 for share in tinted)


def test_an_overlap_tells_of_all_masks_under_the_pointer(at, masked):
    page, point = at
    order = [effect.segment for effect in masked.top(None)]
    page.mouse.move(*point(30, 20))
    card = page.inner_text(".card")
    assert card.startswith(masked.segments.names[order[0]])
    assert "Also here:" in card
    told = card.partition("Also here: ")[2]
    assert all(masked.segments.names[segment] in told for segment in order[1:])
    assert page.locator(".halo .under").count() == 3
    # within the largest, without leaving it, to where it is alone
    page.mouse.move(*point(60, 40))
    assert page.inner_text(".card").startswith("middle")
    assert "Also here" not in page.inner_text(".card")


def test_clicking_again_goes_through_the_masks_of_an_overlap(at, masked):
    page, point = at
    held = []
    for _ in range(4):
        page.mouse.click(*point(30, 20))
        held.append(int(page.locator(f'{SHAPES}[aria-selected="true"]').get_attribute("data-segment")))
    assert sorted(held) == [0, 1, 2, 3]
    page.keyboard.press("Escape")
    assert page.locator(f'{SHAPES}[aria-selected="true"]').count() == 0


def test_names_break_between_words_however_long_the_numbers_are(browser, tmp_path):
    tiny = limefw.explain(
        photo(), lambda batch: 1e-5 * predict(batch)[:, 0] + 0.5, samples=300, labels=0,
        segmenter={"use": "grid", "rows": 4, "columns": 5}, filler={"use": "constant", "value": 0.0},
    )  # fmt: skip
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.goto(tiny.render("html").save(tmp_path / "tiny.html").as_uri())
    assert "×10" in page.inner_text("#listed")
    word = """element => {
        const range = document.createRange();
        range.setStart(element.firstChild, 0);
        range.setEnd(element.firstChild, "superpixel".length);
        return range.getClientRects().length;
    }"""
    assert set(page.locator("#listed .name").evaluate_all(f"found => found.map({word})")) == {1}
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    page.close()


@pytest.mark.parametrize("height", [600, 900, 2600])
def test_a_very_tall_picture_is_bounded_by_the_window_and_its_numbers_are_small(browser, tmp_path, height):
    tall = limefw.explain(
        np.random.default_rng(0).integers(0, 255, (3000, 40, 3), dtype=np.uint8), predict_tall, samples=64, labels=0,
        segmenter={"use": "grid", "rows": 6, "columns": 1},
    )  # fmt: skip
    page = browser.new_page(viewport={"width": 1000, "height": height})
    page.goto(tall.render("html").save(tmp_path / "tall.html").as_uri())
    assert page.locator("#stage").bounding_box()["height"] <= min(0.78 * height, 900)
    assert page.locator("#stage .mark rect").first.bounding_box()["height"] < 50
    page.close()


def predict_tall(batch):
    return np.asarray(batch, dtype=np.float64)[:, :1500].mean((1, 2, 3)) / 255
