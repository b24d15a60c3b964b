import dataclasses
import json
import re

import numpy as np
import pytest

from limefw_plugins.renderers._words import columns, fitted, number, printable, signed
from limefw_plugins.renderers.bars import bars
from limefw_plugins.renderers.figures_json import figures_json
from limefw_plugins.renderers.page import page
from limefw_plugins.renderers.plain_text import plain_text


HOSTILE = '"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>'


def refuse(constant):
    raise AssertionError(constant)


def test_json_holds_the_explanations_own_figures(explanation):
    rendering = figures_json(explanation)
    assert (rendering.media_type, rendering.suffix) == ("application/json", ".json")
    figures = json.loads(rendering.data, parse_constant=refuse)
    for found, label in zip(figures["labels"], explanation.labels, strict=True):
        fit, health = explanation.fit(label), explanation.health.labels[label]
        assert found["label"] == label
        assert found["name"] == explanation.names[label]
        assert found["effects"] == fit.effects.tolist()
        assert found["standard_errors"] == fit.standard_errors.tolist()
        assert (found["intercept"], found["score"]) == (fit.intercept, fit.score)
        assert (found["local_prediction"], found["model_prediction"]) == (fit.local_prediction, health.model_prediction)
    assert figures["segments"]["shares"] == pytest.approx(
        (explanation.segments.sizes() / explanation.segments.labels.size).tolist()
    )
    assert figures["health"]["samples"] == 600
    assert figures["provenance"] == json.loads(json.dumps(explanation.provenance))
    assert "label_map" not in figures


def test_json_holds_the_label_map_only_when_asked(explanation):
    figures = json.loads(figures_json(explanation, labels_map=True).data)
    np.testing.assert_array_equal(figures["label_map"], explanation.label_map)


def test_json_is_strict_where_a_figure_is_not_a_number(make):
    explanation = make(errors=False)
    odd = {"models": float("nan"), "rows": np.int64(3), "x": np.array([np.inf])}
    broken = {**explanation.provenance, "seconds": odd}
    figures = json.loads(figures_json(dataclasses.replace(explanation, provenance=broken)).data, parse_constant=refuse)
    assert figures["provenance"]["seconds"] == {"models": None, "rows": 3, "x": [None]}
    assert figures["labels"][0]["standard_errors"] is None


@pytest.mark.parametrize("name", ["tabby", "x" * 300, "猫" * 100, "e\u0301" * 90])
def test_text_fits_a_terminal(name, make):
    explanation = make(names={3: name}, model="m" * 100, cautions=[("x", "y " * 100)])
    text = plain_text(explanation, top=12).data
    assert all(columns(line) <= 88 for line in text.splitlines())
    assert text.endswith("\n")


def test_text_has_no_control_characters(make):
    text = plain_text(make(names={3: "\x1b[31mred\x07\r\nnext"}, model="\x1b]0;x\x07")).data
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "red next" in text


def test_text_says_what_a_person_needs(explanation):
    text = plain_text(explanation).data
    assert text.startswith("EfficientNet-Lite0 says Egyptian Mau with probability 0.77.\n")
    first = explanation.top(1)[0]
    line = next(line for line in text.splitlines() if first.name in line)
    assert signed(first.effect, 3) in line
    assert "to" in line
    for words in ("How far to trust this", "0.83", "0.79 on samples left out", "They do not cover", "600 samples"):
        assert words in " ".join(text.split())


def test_text_has_top_rows_a_label(explanation):
    rows = [line for line in plain_text(explanation, top=3).data.splitlines() if re.match(r" +\d+ superpixel", line)]
    assert len(rows) == 9


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_all_effects_0_is_said(renderer, make):
    assert "No segment has an effect" in renderer(make(zero=True)).data


@pytest.mark.parametrize("renderer", [plain_text, page, figures_json])
def test_a_regressor_is_not_said_to_have_probabilities(renderer, make):
    data = renderer(make(names={0: "value"}, task="regression", predictions=(3.2,), scale=1.5)).data
    record = data if renderer is not figures_json else json.dumps(json.loads(data)["unit"])
    assert "change of predicted value" in record
    # the target plug-in's own name is the recipe's, and not a claim
    assert "probability" not in record.replace("<td>probability</td>", "")


def test_a_regressors_headline_is_its_value(make):
    text = plain_text(make(names={0: "value"}, task="regression", predictions=(3.2,))).data
    assert text.startswith("EfficientNet-Lite0 predicts 3.20.")
    text = plain_text(make(names={4: "height"}, task="regression", predictions=(-3.2,))).data
    assert text.startswith("EfficientNet-Lite0 predicts −3.20 for height.")


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_log_odds_are_called_so(renderer, make):
    data = renderer(make(target="log_odds", predictions=(1.21, -2.0, -900.0), scale=2.0)).data
    assert "log-odds 1.21 (probability 0.77)" in data
    assert "change of log-odds" in data


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_an_unknown_target_is_called_by_its_name(renderer, make):
    assert "change of" in renderer(make(target="margin")).data


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_cautions_are_sentences_with_the_class_name(renderer, make):
    caution = ("low_fidelity", "label 281: on samples left out, the surrogate explains 12% of it")
    assert "Tabby: on samples left out, the surrogate explains 12% of it." in renderer(make(cautions=[caution])).data


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_a_nameless_function_is_called_the_model(renderer, make):
    assert "The model says Egyptian Mau" in renderer(make(model="<lambda>")).data


@pytest.mark.parametrize("renderer", [plain_text, page, figures_json])
def test_equal_explanations_make_equal_text(renderer, make):
    assert renderer(make()).data == renderer(make()).data


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_every_combination_drawn_leaves_nothing_to_chance(renderer, explanation):
    fits = {
        label: dataclasses.replace(fit, covariance=np.zeros_like(fit.covariance))
        for label, fit in explanation.fits.items()
    }
    assert "exact" in renderer(dataclasses.replace(explanation, fits=fits)).data


def test_hostile_names_are_escaped_on_the_page(make):
    from limefw.types import Image

    photo = Image(make().instance.pixels, (0, 255), HOSTILE)
    explanation = make(photo, names={0: HOSTILE}, model=HOSTILE, cautions=[("x", HOSTILE)])
    for fragment in (False, True):
        data = page(explanation, fragment=fragment).data
        assert "<script" not in data
        assert "<img src=http" not in data
        assert "&lt;script&gt;" in data
        # no attribute was left by a quotation mark
        assert not re.search(r"<[a-z]+[^<>]*\sonerror", data.replace("&lt;img src=http://evil.example/x onerror", ""))


def test_the_page_forbids_and_fetches_nothing(explanation):
    data = page(explanation).data
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in data
    assert "http://" not in data
    assert "https://" not in data
    assert "url(" not in data
    assert "@import" not in data
    assert re.findall(r'src="(?!data:image/)', data) == []


def test_the_page_is_small(explanation):
    assert len(page(explanation).data) < 600_000


def test_the_page_has_what_assistive_technology_needs(explanation):
    data = page(explanation).data
    assert '<html lang="en">' in data
    images = re.findall(r"<img[^>]*>", data)
    assert len(images) == 7
    assert all(re.search(r'alt="[^"]{10,}"', image) for image in images)
    assert data.count("<h1>") == 1
    assert "prefers-color-scheme: dark" in data
    assert "<details>" in data


def test_a_fragment_is_one_scoped_div(explanation):
    data = page(explanation, fragment=True).data.strip()
    assert data.startswith('<div class="limefw')
    assert data.endswith("</div>")
    assert "<html" not in data
    assert "<body" not in data
    style = re.search(r"<style>(.*?)</style>", data, re.DOTALL)[1]
    flat = re.sub(r"@media[^{]*{", "", style)
    selectors = [part.strip() for rule in re.findall(r"([^{}]+){", flat) for part in rule.split(",")]
    assert selectors
    assert all(selector.startswith(".limefw") for selector in selectors)


def test_the_page_shows_the_sum_only_where_the_surrogate_is_one(explanation):
    assert "from all effects together" in page(explanation).data
    fits = {label: dataclasses.replace(fit, intercept=fit.intercept + 0.5) for label, fit in explanation.fits.items()}
    assert "from all effects together" not in page(dataclasses.replace(explanation, fits=fits)).data


def test_the_page_has_intervals_and_places(explanation):
    data = page(explanation, top=4).data
    assert data.count('<tr>\n<td><span class="badge') == 12
    assert "of the picture" in data


def test_numbers_have_true_signs_and_nothing_has_none():
    assert signed(-0.1234, 3) == "−0.123"
    assert signed(0.1234, 3) == "+0.123"
    assert signed(-0.0001, 3) == "0.000"
    assert number(1234567.0) == "1.23e+06"
    assert number(float("nan")) == "not a number"
    assert number(-3.21) == "−3.21"


def test_small_numbers_are_written_with_a_power_of_ten():
    assert signed(0.00123, 5) == "+0.00123"
    assert signed(0.000123, 6) == "+1.23e−4"
    assert signed(-1.234e-12, 14) == "−1.23e−12"
    assert signed(0.0, 6) == number(0.0, 6) == "0"
    assert number(0.00005) == "5.00e−5"
    assert number(0.25, 7) == "0.250"
    assert signed(float("nan"), 3) == "not a number"


@pytest.mark.parametrize("scale", [3e-4, 2e-7, 5e-12])
def test_small_effects_are_told_in_full(make, scale):
    explanation = make(scale=scale, predictions=(scale, scale, scale))
    strongest = signed(explanation.top(1)[0].effect, 6)
    assert re.fullmatch("[+−][1-9][.][0-9]{2}e−[0-9]+", strongest)
    text = plain_text(explanation).data
    line = next(line for line in text.splitlines() if line.startswith("  1 "))
    assert f" {strongest} " in line
    assert re.search(r"e−\d+ to [+−]\d[.]\d\de−\d+ .*█", line)
    assert all(columns(line) <= 88 for line in text.splitlines())
    assert strongest in page(explanation).data
    assert bars(explanation).data


def test_text_says_what_was_assumed(make):
    text = plain_text(make()).data
    assert "\nAssumed:\n  it was assumed to be right.\n" in text
    silent = make()
    record = {**silent.provenance, "model": {**silent.provenance["model"], "notes": []}}
    assert "Assumed" not in plain_text(dataclasses.replace(silent, provenance=record)).data


def test_json_of_a_name_that_is_no_unicode(make):
    from limefw.types import Image

    photo = Image(make().instance.pixels, (0, 255), "caf\udce9.png")
    explanation = make(photo, names={3: "\udcff"})
    record = {**explanation.provenance, "\udcfe": "\udcfd"}
    rendering = figures_json(dataclasses.replace(explanation, provenance=record))
    figures = json.loads(rendering.data.encode())
    assert figures["instance"]["name"] == "caf\\udce9.png"
    assert figures["labels"][0]["name"] == "\\udcff"
    assert figures["provenance"]["\\udcfe"] == "\\udcfd"


def test_text_is_cut_to_columns_of_a_terminal():
    assert fitted("猫猫猫", 4) == "猫… "
    assert fitted("abc", 5, right=True) == "  abc"
    assert printable("a\u202eb\tc\n") == "a b c"
