"""The page of a comparison driven in a headless browser with the network off, where one is installed."""

import json
import re
import shutil
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser

import numpy as np
import pytest

import limefw


pytest.importorskip("playwright", reason="the page is driven with playwright: pip install 'limefw[browser]'")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

NAMES = ["tabby", "</script><b>dog</b>", "owl"]
WHY = "ModelError: it said <img src=x onerror=alert(1)> and no more"


def predict(batch):
    """Return three classes that look at different corners."""
    light = np.asarray(batch, dtype=np.float64).mean(axis=3) / 255
    logits = np.stack(
        [6 * light[:, :30, :40].mean((1, 2)), 5 * light[:, 30:, 40:].mean((1, 2)), np.ones(len(batch))], 1
    )
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def photo(seed):
    """Return a picture whose every part has a mean of its own."""
    rows, columns = np.indices((60, 80))
    noise = np.random.default_rng(seed).integers(0, 40, (6, 8, 1)).repeat(10, 0).repeat(10, 1)
    return (np.stack([rows * 3, columns * 2, 200 - rows * 2], axis=2) + noise).astype(np.uint8)


@pytest.fixture(scope="module")
def comparison():
    found = limefw.compare(
        [photo(seed) for seed in range(4)],
        limefw.model(predict, classes=NAMES),
        variants={
            "coarse": {"segmenter": {"use": "grid", "rows": 3, "columns": 4}},
            "fine <i>": {"segmenter": {"use": "grid", "rows": 5, "columns": 6}},
            "fine tree": {"segmenter": {"use": "grid", "rows": 5, "columns": 6}, "surrogate": "tree"},
        },
        overrides={"samples": 120, "target": "probability", "filler": {"use": "constant", "value": 0.0}},
        labels="top:2", seeds=2, metrics=["deletion"],
    )  # fmt: skip
    names = ("barn", "<u>attic</u>", "cellar", "Dome")
    failed = [
        replace(cell, explanation=None, failure=WHY, figures={}, failures={})
        if (cell.side, cell.instance) == (2, 1)
        else cell
        for cell in found
    ]
    return replace(found, instances=names, cells=tuple(failed))


@pytest.fixture(scope="module")
def mapping(comparison):
    return json.loads(comparison.to_json())


@pytest.fixture(scope="module")
def address(comparison, tmp_path_factory):
    return comparison.render("html").save(tmp_path_factory.mktemp("page") / "page.html").as_uri()


@pytest.fixture
def visit(browser, address):
    """Return a function that opens a page; at the end nothing may have been fetched, logged or raised."""
    contexts, faults, asked = [], [], []

    def opened(width=1300, at=address, **settings):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(at)
        if settings.get("java_script_enabled", True):
            page.wait_for_selector("main[data-ready=all]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
    assert {url for url in asked if not url.startswith(("data:", "file:"))} == set()


def shown(value):
    # a tie is rounded as a script does
    text = "–" if value is None else str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP))
    return (text.lstrip("-") if value is not None and float(text) == 0 else text).replace("-", "−")


def card(page, instance, side):
    return page.locator(f'.instance[data-instance="{instance}"] .card[data-side="{side}"]')


def point(page, instance, side, x, y):
    canvas = card(page, instance, side).locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    page.wait_for_timeout(350)


def pixels(page, instance, side):
    return page.evaluate("canvas => canvas.toDataURL()", card(page, instance, side).locator("canvas").element_handle())


def order(page):
    return [int(one.get_attribute("data-instance")) for one in page.locator(".instance:visible").all()]


def numbers(text):
    return [float(part.replace("−", "-")) for part in re.findall(r"[+−]?\d+\.\d+", text)]


def test_hovering_tells_of_the_same_place_in_all_pictures(visit, comparison):
    page = visit()
    for x, y in ((0.05, 0.07), (0.6, 0.85)):
        point(page, 0, 0, x, y)
        for side in range(3):
            made = comparison.explanation(side)
            label = comparison.label_of(comparison.cell(side))
            rows, columns = made.instance.shape
            segment = int(made.label_map[int(y * rows), int(x * columns)])
            text = card(page, 0, side).locator(".told").inner_text()
            assert re.search(rf"superpixel {segment}\b", text)
            effect, margins = made.effects(label)[segment], made.margins(label)
            if effect == 0:
                assert "no effect" in text
                continue
            told = numbers(text)
            least = 2e-4 * np.abs(made.effects(label)).max()
            assert told[0] == pytest.approx(effect, abs=least)
            if margins is not None and not np.isnan(margins[segment]):
                assert told[1] == pytest.approx(margins[segment], abs=max(least, 5.1e-5))  # four decimals
        assert "hot" not in card(page, 1, 0).locator(".told").get_attribute("class")
    page.mouse.move(2, 2)
    page.wait_for_timeout(350)
    assert page.locator(".told.hot").count() == 0


def test_the_slider_moves_all_pictures_and_the_matrix(visit, mapping):
    page = visit()
    page.locator("#view").scroll_into_view_if_needed()
    before = [pixels(page, 0, side) for side in range(3)]
    page.focus("input[name=top]")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("output") == "6"
    page.keyboard.press("Home")
    assert page.inner_text("output") == "1"
    page.wait_for_timeout(350)
    assert all(pixels(page, 0, side) != old for side, old in enumerate(before))
    for key, k in (("Home", 1), ("ArrowRight", 2), ("End", 10)):
        page.keyboard.press(key)
        found = [cell.inner_text() for cell in page.locator("#matrix td[data-one] > *").all()]
        wanted = [shown(value) for row in mapping["agreement"]["jaccard_at"][str(k)] for value in row]
        assert found == wanted
    assert page.inner_text("output") == "all"


@pytest.mark.parametrize("measure", ["spearman", "overlap", "sign_flips"])
def test_the_matrix_has_the_figures_of_the_json(visit, mapping, measure):
    page = visit()
    page.select_option("[name=measure]", measure)
    cells = page.locator("#matrix td[data-one] > *").all_inner_texts()
    assert cells == [shown(value) for row in mapping["agreement"][measure] for value in row]
    if measure != "sign_flips":
        page.select_option("[name=of]", "2")
        cells = page.locator("#matrix td[data-one] > *").all_inner_texts()
        wanted = [value for row in mapping["agreement"]["by_instance"][measure][2] for value in row]
        assert cells == [shown(value) for value in wanted]


@pytest.mark.parametrize("script", [True, False])
def test_the_tables_have_the_figures_of_the_json(visit, mapping, script):
    page = visit(java_script_enabled=script)
    for at, side in enumerate(mapping["sides"]):
        cells = page.locator(f'#sides tr[data-side="{at}"] td > b').all_inner_texts()
        means = [side["fidelity"], side["stability"], *side["figures"].values()]
        assert cells[: len(means)] == [shown(mean["mean"]) for mean in means]
        assert cells[-1] == str(side["failed"])
        said = page.locator(f'#sides tr[data-side="{at}"] td small').all_inner_texts()
        known = [mean for mean in means if mean["low"] is not None]
        assert said == [f"{shown(mean['low'])} to {shown(mean['high'])}" for mean in known]
    for one in mapping["verdicts"]:
        row = page.locator(f'#verdicts tr[data-pair="{one["sides"][0]}-{one["sides"][1]}"]')
        assert row.get_attribute("data-finding") == one["finding"]
        figures = row.locator("td.number > b").all_inner_texts()
        assert figures == [shown(one["agreement"]["mean"]), shown(one["lost"]["mean"])]
    assert page.locator(".gist p").all_inner_texts() == mapping["summary"]
    rows = page.locator("#diff tbody tr").all()
    assert [row.locator("th").inner_text() for row in rows] == list(mapping["differences"])
    for row, values in zip(rows, mapping["differences"].values(), strict=True):
        assert row.locator("td").all_inner_texts() == ["–" if value is None else str(value) for value in values]


def test_every_card_has_the_prediction_and_fidelity_of_the_json(visit, mapping):
    page = visit()
    for run in (0, 1):
        page.select_option("[name=run]", str(run))
        for cell in mapping["cells"]:
            if cell["run"] != run or cell["failure"]:
                continue
            one = card(page, cell["instance"], cell["side"])
            one.scroll_into_view_if_needed()
            page.wait_for_timeout(30)
            text = one.locator(".told").inner_text()
            assert f"probability {shown(cell['prediction'])}" in text.replace("\n", " ").split(" ·")
            assert f"{cell['segments']} superpixels" in text
            if cell["fidelity"] is not None:
                assert f"R² {shown(cell['fidelity'])}" in text.split("\n")[0]


def test_another_label_is_another_picture_and_another_prediction(visit, comparison):
    page = visit()
    made = comparison.explanation(0)
    label = made.labels[1]
    before = pixels(page, 0, 0)
    page.select_option("[name=label]", label=made.names[label])
    page.wait_for_timeout(350)
    assert pixels(page, 0, 0) != before
    assert f"probability {made.prediction(label):.2f}" in card(page, 0, 0).locator(".told").inner_text()
    assert f"for {made.names[label]}" in page.locator('.instance[data-instance="0"] .said').inner_text()


def test_views_differ_and_the_original_is_untouched(visit):
    page = visit()
    page.locator("#view").scroll_into_view_if_needed()
    seen = set()
    for view in ("strongest", "every", "original"):
        page.check(f"input[value={view}]", force=True)
        page.wait_for_timeout(350)
        seen.add(pixels(page, 0, 0))
    assert len(seen) == 3
    assert pixels(page, 0, 0) == pixels(page, 0, 1)


def test_instances_are_sorted_and_filtered(visit, mapping):
    page = visit()
    assert order(page) == [0, 1, 2, 3]
    page.select_option("[name=sort]", "name")
    assert order(page) == [1, 0, 2, 3]
    page.select_option("[name=sort]", "figure:fidelity")
    by = [[cell["fidelity"] for cell in mapping["cells"] if cell["instance"] == at and cell.get("fidelity") is not None]
          for at in range(4)]  # fmt: skip
    assert order(page) == list(np.argsort([np.mean(values) for values in by]))
    page.fill("[name=filter]", "CELL")
    assert order(page) == [2]
    assert "1 of 4 shown" in page.inner_text(".status")
    page.fill("[name=filter]", mapping["instances"][0]["label"][-6:])
    assert order(page)
    assert all(mapping["instances"][at]["label"] == mapping["instances"][0]["label"] for at in order(page))


def test_a_cell_of_the_matrix_sorts_by_its_pair(visit, mapping):
    page = visit()
    button = page.locator('#matrix td[data-one="0"][data-two="1"] button')
    button.focus()
    page.keyboard.press("Enter")
    own = [round(each[0][1], 2) for each in mapping["agreement"]["by_instance"]["jaccard"]]
    assert order(page) == list(np.argsort(own, kind="stable"))
    assert button.get_attribute("aria-pressed") == "true"
    assert "sides 1 and 2: agreement" in page.locator('.instance[data-instance="0"] .said').inner_text()
    page.keyboard.press("Enter")
    assert order(page) == [0, 1, 2, 3]
    assert button.get_attribute("aria-pressed") == "false"


def test_the_table_of_sides_is_sorted_by_its_headings(visit, mapping):
    page = visit()
    heading = page.get_by_role("button", name="Fidelity")
    heading.focus()
    figures = [side["fidelity"]["mean"] for side in mapping["sides"]]
    for way in ("descending", "ascending"):
        page.keyboard.press("Enter")
        rows = [int(row.get_attribute("data-side")) for row in page.locator("#sides tbody tr").all()]
        assert [figures[at] for at in rows] == sorted(figures, reverse=way == "descending")
        assert heading.locator("xpath=..").get_attribute("aria-sort") == way


def test_the_keyboard_walks_through_the_strongest(visit, comparison):
    page = visit()
    made, label = comparison.explanation(0), comparison.label_of(comparison.cell(0))
    page.locator('.instance[data-instance="0"] .cards').focus()
    for effect in made.top(3, label):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(350)
        assert f"superpixel {effect.segment} ·" in card(page, 0, 0).locator(".told").inner_text()
        assert f"superpixel {effect.segment}," in page.inner_text(".status")
        assert page.locator('.instance[data-instance="0"] .told.hot').count() == 3
    page.keyboard.press("Escape")
    page.wait_for_timeout(350)
    assert page.locator(".told.hot").count() == 0


def test_a_tap_tells_too(visit):
    page = visit(has_touch=True)
    card(page, 0, 1).locator("canvas").tap()
    page.wait_for_timeout(350)
    assert page.locator('.instance[data-instance="0"] .told.hot').count() == 3


def test_what_failed_is_told_in_its_place(visit):
    page = visit()
    failed = card(page, 1, 2)
    failed.scroll_into_view_if_needed()
    page.wait_for_timeout(350)
    assert WHY in failed.locator(".failed").inner_text()
    assert failed.locator("canvas").is_hidden()
    assert WHY in page.locator(".cautions li").inner_text()
    assert card(page, 0, 2).locator(".failed").is_hidden()


def test_a_strangers_words_stay_words(visit):
    page = visit()
    assert page.locator("main img, main u, main b:text('dog')").count() == 0
    assert "<u>attic</u>" in page.locator('.instance[data-instance="1"] h3').inner_text()
    assert "fine <i>" in page.locator("#sides").inner_text()
    options = page.locator("[name=label] option").all_inner_texts()
    assert any(NAMES[1] in text for text in options)


@pytest.mark.parametrize("width", [360, 390, 1000])
def test_a_narrow_window_does_not_overflow(visit, width):
    page = visit(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    still = visit(width, java_script_enabled=False)
    assert still.evaluate("document.documentElement.scrollWidth") <= width


def background(page):
    return page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")


def test_dark_and_safe_colours(visit):
    page = visit(color_scheme="dark")
    assert background(page) == "rgb(20, 23, 27)"
    page.get_by_role("button", name="Dark").click()
    assert background(page) == "rgb(255, 255, 255)"
    before = pixels(page, 0, 0)
    page.check("input[name=safe]")
    page.wait_for_timeout(350)
    assert pixels(page, 0, 0) != before


def test_print_has_all_pictures_and_no_controls(visit):
    page = visit()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(200)
    assert page.is_hidden("#view")
    assert page.is_hidden("#of-matrix")
    widths = page.locator(".card canvas:visible").evaluate_all("all => all.map(one => one.width)")
    assert len(widths) == 11
    assert all(width > 100 for width in widths)
    assert background(page) == "rgb(255, 255, 255)"


def test_controls_have_names(visit):
    page = visit()
    for role in ("slider", "combobox", "radio", "searchbox", "checkbox"):
        found = page.get_by_role(role).all()
        assert found, role
        for one in found:
            assert one.evaluate("one => (one.labels?.[0]?.innerText ?? one.ariaLabel ?? '').trim()"), role
    for canvas in page.locator("canvas").all():
        assert " on " in canvas.get_attribute("aria-label")


def test_a_notebook_gets_a_frame_alone(comparison):
    """No style, script or id of the page reaches the notebook."""
    tags = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    reader.feed(comparison._repr_html_())
    assert [tag for tag, _ in tags] == ["div", "iframe"]
    assert not any("id" in attributes for _, attributes in tags)
    assert tags[1][1]["sandbox"] == "allow-scripts"
    assert tags[1][1]["srcdoc"].startswith("<!doctype html>")


def test_in_a_frame_it_lives_too(browser, comparison, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{comparison._repr_html_()}", "utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    faults = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(path.as_uri())
    inside = page.frame_locator("iframe")
    inside.locator("main[data-ready=all]").wait_for()
    assert inside.locator(".card canvas").count() == 12
    assert inside.locator(".gist p").all_inner_texts() == comparison.summary()
    assert faults == []
    page.close()


def test_texts_are_marked_and_linked(browser, tmp_path):
    def opinion(texts):
        good = np.array([0.4 * sum(text.lower().count(word) for word in ("good", "love")) for text in texts])
        return np.stack([0.9 - good / 2, 0.1 + good / 2], axis=1)

    found = limefw.compare(
        "A good film </script> that I love, <!-- and a long one.", limefw.model(opinion, classes=["no", "yes"]),
        recipe="text", vary={"surrogate": ["ridge", "lasso"]}, labels=[1], overrides={"samples": 60},
    )  # fmt: skip
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(found.render("html").save(tmp_path / "text.html").as_uri())
    page.wait_for_selector("main[data-ready=all]")
    assert (
        page.locator(".words").first.inner_text().strip() == "A good film </script> that I love, <!-- and a long one."
    )
    strongest = found.explanation(0).top(1)[0]
    span = page.locator(f'.words span[data-segment="{strongest.segment}"]').first
    assert "for" in span.get_attribute("class")
    span.hover()
    page.wait_for_timeout(350)
    assert page.locator(".words .lit").count() == 2
    told = page.locator(".told").all_inner_texts()
    assert all(strongest.name in text for text in told)
    assert faults == []
    page.close()
