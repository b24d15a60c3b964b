import dataclasses
import json
import re

import numpy as np
import pytest

import limefw
from limefw.modalities.image import Image
from limefw.results.what_if import WhatIf
from limefw_plugins.renderers._asked import asked_of
from limefw_plugins.renderers._findings import findings
from limefw_plugins.renderers._trust import doubts
from limefw_plugins.renderers._words import columns, fitted, number, printable, signed, wording_of
from limefw_plugins.renderers.bars import bars
from limefw_plugins.renderers.figures_json import figures_json
from limefw_plugins.renderers.page import page
from limefw_plugins.renderers.plain_text import plain_text
from limefw_plugins.renderers.sentences import sentences
from limefw_plugins.renderers.vector import vector


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
    assert "␛[31mred␇ next" in text


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
    lines = plain_text(explanation, top=3).data.splitlines()
    rows = [line for line in lines if re.match(r"[ ≈] +superpixel \d+ ", line)]
    assert len(rows) == 9


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_all_effects_0_is_said(renderer, make):
    assert "No superpixel has an effect" in renderer(make(zero=True)).data


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
    """Answers are the probabilities that they are; effects are changes of log-odds, with what these mean."""
    made = make(target="log_odds", predictions=(1.21, -2.0, -900.0), scale=2.0)
    data = renderer(made).data
    assert "with probability 0.77" in data
    assert "strongest answers (probability)" in data
    assert "change of log-odds, where +0.7 doubles the odds" in data
    assert "−900" not in data.split("What speaks for")[0]
    assert "probability 0.77, log-odds 1.21" in renderer_of_titles(made)


def renderer_of_titles(made):
    """Return what the page has behind a label's name."""
    return str(page(made).data)


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_an_unknown_target_is_called_by_its_name(renderer, make):
    assert "change of" in renderer(make(target="margin")).data


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_cautions_are_sentences_with_the_class_name(renderer, make):
    caution = ("low_fidelity", "label 281: on samples left out, the surrogate explains 12% of it")
    assert "tabby: on samples left out, the surrogate explains 12% of it." in renderer(make(cautions=[caution])).data


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_a_nameless_function_is_called_the_model(renderer, make):
    assert "The model says Egyptian Mau" in renderer(make(model="<lambda>")).data


@pytest.mark.parametrize("renderer", [plain_text, page, figures_json, sentences, vector])
def test_equal_explanations_make_equal_text(renderer, make):
    assert renderer(make()).data == renderer(make()).data


@pytest.mark.parametrize("renderer", [plain_text, page])
def test_every_combination_drawn_leaves_nothing_to_chance(renderer, explanation):
    fits = {
        label: dataclasses.replace(fit, covariance=np.zeros_like(fit.covariance))
        for label, fit in explanation.fits.items()
    }
    assert "exact" in renderer(dataclasses.replace(explanation, fits=fits)).data


def test_the_page_shows_the_sum_only_where_the_surrogate_is_one(explanation):
    assert "from all effects together" in page(explanation).data
    fits = {label: dataclasses.replace(fit, intercept=fit.intercept + 0.5) for label, fit in explanation.fits.items()}
    assert "from all effects together" not in page(dataclasses.replace(explanation, fits=fits)).data


def test_numbers_have_true_signs_and_nothing_has_none():
    assert signed(-0.1234, 3) == "−0.123"
    assert signed(0.1234, 3) == "+0.123"
    assert signed(-0.0001, 3) == "0.000"
    assert number(1234567.0) == "1.23×10⁶"
    assert number(float("nan")) == "not a number"
    assert number(-3.21) == "−3.21"


def test_small_numbers_are_written_with_a_power_of_ten():
    assert signed(0.00123, 5) == "+0.00123"
    assert signed(0.000123, 6) == "+1.23×10⁻⁴"
    assert signed(-1.234e-12, 14) == "−1.23×10⁻¹²"
    assert signed(0.0, 6) == number(0.0, 6) == "0"
    assert number(0.00005) == "5.00×10⁻⁵"
    assert number(0.25, 7) == "0.250"
    assert signed(float("nan"), 3) == "not a number"


@pytest.mark.parametrize("scale", [3e-4, 2e-7, 5e-12])
def test_small_effects_are_told_in_full(make, scale):
    explanation = make(scale=scale, predictions=(scale, scale, scale))
    strongest = signed(explanation.top(1)[0].effect, 6)
    assert re.fullmatch("[+−][1-9][.][0-9]{2}×10⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+", strongest)
    text = plain_text(explanation).data
    line = next(line for line in text.splitlines() if re.match(r"  superpixel \d", line))
    assert f" {strongest} " in line
    assert re.search(r"×10⁻[⁰-⁹¹²³]+ to [+−]\d[.]\d\d×10⁻[⁰-⁹¹²³]+ .*█", line)
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
    from limefw.modalities.image import Image

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
    assert printable("a\u202eb\tc\n") == "a\u2039U+202E\u203ab c"


def test_one_list_has_one_precision(make):
    wording = wording_of(make())
    assert wording.values([0.77, 0.11, 0.064, 0.004]) == ["0.770", "0.110", "0.064", "0.004"]
    assert wording.values([0.8, 0.2]) == ["0.80", "0.20"]
    assert wording.values([0.99996, 0.00004]) == ["> 0.9999", "< 0.0001"]
    regressor = wording_of(make(names={0: "value"}, task="regression", predictions=(3.2,)))
    assert regressor.values([12.5, 3.21, 0.01]) == ["12.5", "3.2", "0.0"]


@pytest.mark.parametrize("renderer", [plain_text, page, sentences, vector])
def test_a_superpixel_has_one_number_everywhere(renderer, make):
    """What pictures, lists and the API call a superpixel is its own number; no rank is printed."""
    explanation = make(cautions=[("few_segments", "only 4 segments: ask for smaller segments")])
    data = renderer(explanation).data
    for effect in explanation.top(3):
        assert f"superpixel {effect.segment}" in data.lower()
    assert not re.search(r"segments? [0-9]", data)
    if renderer is not vector:
        assert "nly 4 superpixels: ask for smaller superpixels" in " ".join(data.split())


def test_names_of_the_users_own_are_told_with_their_number(make):
    explanation = make(count=12)
    names = tuple(f"part {chr(97 + at)}" for at in range(explanation.segments.count))
    named = dataclasses.replace(explanation, segments=dataclasses.replace(explanation.segments, names=names))
    first = named.top(1)[0]
    for renderer in (plain_text, sentences, page):
        assert f"{first.name} ({first.segment})".lower() in renderer(named).data.lower()


@pytest.mark.parametrize("renderer", [plain_text, page, sentences])
def test_what_the_model_said_when_asked_is_told_beside_the_guess(renderer, explanation):
    data = " ".join(renderer(explanation).data.split())
    asked = explanation.what_if[285]
    texts = wording_of(explanation).values(
        [asked.prediction, asked.without, asked.only, asked.guess_without, asked.guess_only]
    )
    assert all(text in data for text in texts)
    assert f"guessed {texts[3]}" in data
    for segment in asked.segments:
        assert str(segment) in data


def test_json_holds_what_the_model_said_when_asked(explanation):
    found = json.loads(figures_json(explanation).data)["labels"][0]["what_if"]
    assert found == json.loads(json.dumps(dataclasses.asdict(explanation.what_if[285])))
    silent = dataclasses.replace(explanation, what_if={})
    assert json.loads(figures_json(silent).data)["labels"][0]["what_if"] is None


@pytest.mark.parametrize(
    ("cross_fitted", "words"),
    [(0.9, "describes well"), (0.6, "describes roughly"), (0.2, "with caution"), (None, "too few samples")],
)
def test_sentences_say_first_whether_to_believe_them(cross_fitted, words, explanation):
    trust = {
        label: dataclasses.replace(item, cross_fitted=cross_fitted) for label, item in explanation.health.labels.items()
    }
    health = dataclasses.replace(explanation.health, labels=trust)
    unasked = dataclasses.replace(explanation, health=health, what_if={})
    text = " ".join(sentences(unasked, label=285).data.split())
    assert words in text
    assert text.index(words) < text.index("superpixel")
    assert all(columns(line) <= 88 for line in sentences(explanation).data.splitlines())


def test_an_effect_within_its_interval_of_0_may_be_chance(explanation):
    fits = {
        label: dataclasses.replace(fit, covariance=np.eye(len(fit.effects))) for label, fit in explanation.fits.items()
    }
    assert "which may be chance" in sentences(dataclasses.replace(explanation, fits=fits)).data.replace("\n", " ")


@pytest.mark.parametrize("scale", [1.0, 1e-5])
def test_what_rounds_to_nothing_beside_the_largest_has_no_bar(explanation, scale):
    fit = explanation.fit(285)
    effects = np.zeros_like(fit.effects)
    effects[:3] = np.array([0.22, -8e-7, 0.002]) * scale
    found = dataclasses.replace(explanation, fits={285: dataclasses.replace(fit, effects=effects)}, names={285: "cat"})
    lines = plain_text(found).data.splitlines()
    rows = {line.split("superpixel ")[1].split()[0]: line for line in lines if line[1:].startswith(" superpixel ")}
    assert scale != 1.0 or "0.000 " in rows["1"]
    assert "█" not in rows["1"]
    assert "█" in rows["0"]
    assert rows["2"].count("█") == 1


@pytest.mark.parametrize("channels", [3, 4, 6])
def test_of_many_channels_it_is_said_which_are_shown(make, channels):
    photo = Image(np.tile(make().instance.pixels[..., :1], channels), (0, 255), "scan")
    found = dataclasses.replace(make(), instance=photo)
    for renderer in (plain_text, page):
        said = f"the first three of its {channels} channels, as red, green and blue" in renderer(found).data
        assert said is (channels > 3)


def missing(explanation, local):
    """Return an explanation whose surrogate says so much of the whole instance."""
    trust = {
        label: dataclasses.replace(item, cross_fitted=0.9, local_prediction=local)
        for label, item in explanation.health.labels.items()
    }
    return dataclasses.replace(explanation, health=dataclasses.replace(explanation.health, labels=trust), what_if={})


def test_a_stand_in_that_fails_a_test_is_a_reason_for_doubt_everywhere(explanation):
    """An R2 of 0.9 is no clean bill where it misses the instance itself, or what the model did when it was asked."""
    near = missing(make_one(explanation), 0.76)
    assert "Reason for doubt" not in sentences(near).data
    assert "describes well" in sentences(near, label=285).data
    assert "None of limefw’s cautions applies" in page(near).data
    off = missing(make_one(explanation), 0.30)
    unforeseen = dataclasses.replace(near, what_if={285: WhatIf((1,), 0.77, 0.7, 0.1, 0.7, 0.9)})
    for doubtful, words in ((off, "misses the model's answer"), (unforeseen, "was not foreseen")):
        text = " ".join(sentences(doubtful, label=285).data.split())
        assert "Reason for doubt: Egyptian Mau: " in text
        assert words in text
        assert "describes well" not in text
        assert words in " ".join(plain_text(doubtful).data.split())
        found = page(doubtful).data
        assert "None of limefw’s cautions applies" not in found
        assert words.replace("'", "&#39;") in found


def make_one(explanation):
    """Return an explanation of the first label alone, whose model ranges over 0..1."""
    fits = {285: explanation.fits[285]}
    around = dataclasses.replace(
        explanation.neighbourhood, targets=np.linspace(0, 1, len(explanation.neighbourhood.codes))[:, None]
    )
    health = dataclasses.replace(explanation.health, labels={285: explanation.health.labels[285]})
    return dataclasses.replace(explanation, fits=fits, neighbourhood=around, health=health)


def test_sentences_tell_what_both_say_of_the_whole_instance(explanation):
    text = " ".join(sentences(missing(explanation, 0.306), label=285).data.split())
    assert "Of the whole image the stand-in says 0.306, and the model 0.770." in text


def test_one_reason_for_doubt_names_many_labels_once(make):
    names = {label: f"class {label}" for label in range(6)}
    many = make(names=names, predictions=(0.3, 0.2, 0.2, 0.1, 0.1, 0.1), count=12)
    found = [line for line in doubts(many) if "was not foreseen" in line]
    assert len(found) == 1
    assert found[0].startswith("class 0, class 1, class 2 and 3 more: ")


def test_what_rounds_to_nothing_is_not_said_to_speak_for_or_against(explanation):
    """Nor is it tinted: it is in the list, as 0.000."""
    effects = np.zeros(explanation.segments.count)
    effects[:3] = 0.5, -1e-6, 1e-6
    fits = {
        label: dataclasses.replace(fit, effects=effects, covariance=None) for label, fit in explanation.fits.items()
    }
    small = dataclasses.replace(explanation, fits=fits, what_if={})
    assert [item.faint for item in findings(small, 285, 3)] == [False, True, True]
    text = " ".join(sentences(small, label=285).data.split())
    assert "Superpixel 0 (" in text
    assert "Nothing speaks against it." in text
    assert "superpixel 2" not in text


def test_effects_of_rounding_are_0_in_json(explanation):
    tiny = np.full(explanation.segments.count, 3e-17)
    fits = {label: dataclasses.replace(fit, effects=tiny) for label, fit in explanation.fits.items()}
    found = json.loads(figures_json(dataclasses.replace(explanation, fits=fits)).data)
    assert all(set(label["effects"]) == {0.0} for label in found["labels"])


@pytest.mark.parametrize("names", [("", ""), ("a", "b"), ("</script> of a long name", "another name that is long")])
def test_of_channels_a_terminal_says_which_and_when(names):
    """Every row of a table says channel and steps: cut at 18 columns all were 'channel 1, steps …'."""
    values = np.random.default_rng(0).normal(size=(80, 2))
    series = limefw.Series(values, channels=names if names[0] else ())
    cut = {"use": "windows", "count": 8, "per_channel": True}
    explanation = limefw.explain(
        series, limefw.model(lambda rows: rows.sum(axis=(1, 2)), task="regression"), segmenter=cut
    )
    lines = explanation.render("text").data.splitlines()
    first = next(at for at, line in enumerate(lines) if "95% interval" in line) + 1
    assert all(len(line) <= 88 for line in lines[first : first + 5])
    shown = {line[2:34].strip() for line in lines[first : first + 5]}
    assert len(shown) == 5
    ends = {name.rpartition(", ")[2] for name in explanation.segments.names}
    assert all(any(name.endswith(end) for end in ends) for name in shown)


@pytest.mark.parametrize(
    ("without", "texts"),
    [(0.794, ("0.800", "0.794")), (0.7996, ("0.8000", "0.7996")), (0.7, ("0.80", "0.70"))],
)
def test_a_small_change_of_a_probability_is_seen(make, without, texts):
    """In the decimals of what the model says without the strongest, where two would show none."""
    source = make()
    label = source.labels[0]
    asked = dataclasses.replace(
        source.what_if[label], prediction=0.8, without=without, only=0.5, guess_without=0.7, guess_only=0.4
    )
    found = asked_of(dataclasses.replace(source, what_if={label: asked}), label)
    assert (found.whole, found.without) == texts
