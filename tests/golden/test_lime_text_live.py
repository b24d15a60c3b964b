"""Against lime 0.2.0.1 itself, where it is installed: the same texts, the same seed, the same coefficients to 1e-9."""

import re
import warnings
from itertools import pairwise

import numpy as np
import pytest

import limefw


lime_text = pytest.importorskip("lime.lime_text", exc_type=ImportError)

ATOL = 1e-9

REVIEW = (
    "This movie was not bad at all: the acting is great, the plot isn't, and the music - well, the music is GREAT! "
    "I'd watch it again, but not the last 20 minutes; they were bad, bad, bad."
)
MAIL = "From: tom@host.org\nSubject: Re: God & Host\nNNTP-Posting-Host: a.b.edu\n\nThe host said: no god, no host."
SHORT = "a fine, fine day"
FOREIGN = "Das Café war schön, naïve Leute sagen: très bien! Привет мир, это хорошо 😀 да"
CLASSES = 3


def scores(texts):
    """Return three probabilities that depend on words, their order and the length, with no linear form."""
    values = []
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        good = sum(word in ("great", "fine", "god", "schön", "bien", "хорошо") for word in words)
        bad = sum(word in ("bad", "host", "no") for word in words)
        pairs = sum(first == "not" and second == "bad" for first, second in pairwise(words))
        marks = sum(map(text.count, "aeiou"))
        values.append([good - bad + 2.0 * pairs, 0.7 * bad + 0.01 * marks, 0.1 * len(words) - 0.5 * good * bad])
    odds = np.exp(np.array(values))
    return odds / odds.sum(axis=1, keepdims=True)


WORDS = {"use": "words", "separators": r"\W+"}
POSITIONS = {"segmenter": {**WORDS, "bag": False}, "filler": {"use": "mask", "token": "UNKWORDZ"}}
LETTERS = {"use": "characters", "bag": True, "blanks": True, "code_points": True}

# name: (text, lime's explainer, its explain_instance, our settings)
CASES = {
    "defaults": (REVIEW, {}, {}, {}),
    "another seed": (REVIEW, {}, {}, {"seed": 7}),
    "six features": (REVIEW, {}, {"num_features": 6}, {"selector": {"num_features": 6}}),
    "every feature": (REVIEW, {}, {"num_features": 100}, {"selector": {"num_features": 100}}),
    "few samples": (REVIEW, {}, {"num_samples": 100}, {"samples": 100}),
    "several labels": (REVIEW, {}, {"labels": (0, 1, 2)}, {"labels": [0, 1, 2]}),
    "top labels": (REVIEW, {}, {"top_labels": 2}, {"labels": "top:2"}),
    "positions": (REVIEW, {"bow": False}, {}, POSITIONS),
    "positions, six features": (REVIEW, {"bow": False}, {"num_features": 4},
                                {**POSITIONS, "selector": {"num_features": 4}}),
    "a mask of one's own": (REVIEW, {"bow": False, "mask_string": "[MASK]"}, {},
                            {**POSITIONS, "filler": {"use": "mask", "token": "[MASK]"}}),
    "characters": (SHORT, {"char_level": True}, {}, {"segmenter": LETTERS}),
    "characters by position": (SHORT, {"char_level": True, "bow": False}, {},
                               {"segmenter": {**LETTERS, "bag": False}, "filler": {"use": "mask", "token": "\0"}}),
    "characters, own mask": (SHORT, {"char_level": True, "bow": False, "mask_string": "*"}, {},
                             {"segmenter": {**LETTERS, "bag": False}, "filler": {"use": "mask", "token": "*"}}),
    "own separators": (MAIL, {"split_expression": r"\s+"}, {}, {"segmenter": {"separators": r"\s+"}}),
    "separators with a choice": (MAIL, {"split_expression": r"(?:\s|[.:-])+"}, {"num_features": 5},
                                 {"segmenter": {"separators": r"(?:\s|[.:-])+"}, "selector": {"num_features": 5}}),
    "own tokeniser": (REVIEW, {"split_expression": str.split}, {},
                      {"segmenter": limefw.by_tokens(str.split, bag=True)}),
    "own tokeniser, positions": (MAIL, {"split_expression": re.compile(r"\w+").findall, "bow": False}, {},
                                 {**POSITIONS, "segmenter": limefw.by_tokens(re.compile(r"\w+").findall)}),
    "unicode": (FOREIGN, {}, {"top_labels": 3}, {"labels": "top:3"}),
    "kernel width": (MAIL, {"kernel_width": 10}, {}, {"kernel": {"width": 0.1}}),
    "no selection": (MAIL, {"feature_selection": "none"}, {}, {"selector": "all"}),
    "forward selection": (MAIL, {"feature_selection": "forward_selection"}, {"num_features": 8},
                          {"selector": {"use": "forward", "num_features": 8}}),
    "highest weights": (MAIL, {"feature_selection": "highest_weights"}, {"num_features": 4},
                        {"selector": {"use": "highest_weights", "num_features": 4}}),
    "lasso path": (MAIL, {"feature_selection": "lasso_path"}, {"num_features": 7, "num_samples": 500},
                   {"selector": {"use": "lasso_path", "num_features": 7}, "samples": 500}),
}  # fmt: skip


def theirs(text, explainer, call, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = lime_text.LimeTextExplainer(random_state=seed, **explainer)
        return made.explain_instance(text, scores, **call)


def ours(text, settings):
    return limefw.explain(text, scores, recipe="lime-0.2.0.1-text", **settings)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_same_coefficients_for_the_same_seed(case):
    """Coefficients, their order and the intercept of every label; score and local prediction of lime's last label."""
    text, explainer, call, settings = case
    if case is not CASES["defaults"]:  # 5000 samples take their time
        call, settings = {"num_samples": 1000, **call}, {"samples": 1000, **settings}
    want = theirs(text, explainer, call, settings.get("seed", 0))
    found = ours(text, settings)
    assert set(found.labels) == set(want.local_exp)
    for label in found.labels:
        effects = found.effects(label)
        pairs = want.local_exp[label]
        kept = {int(column) for column, _ in pairs}
        assert kept == set(found.fit(label).columns.tolist())
        for column, weight in pairs:
            assert effects[column] == pytest.approx(weight, rel=0, abs=ATOL)
        assert found.fit(label).intercept == pytest.approx(want.intercept[label], rel=0, abs=ATOL)
        strongest = [int(column) for column, weight in pairs if abs(weight) > 1e-6]
        assert [effect.segment for effect in found.top(len(strongest), label)] == strongest
    # of several labels lime keeps the figures of the one that it fitted last
    fits = [found.fit(label) for label in found.labels]
    assert min(abs(fit.score - want.score) for fit in fits) < ATOL
    assert min(abs(fit.local_prediction - want.local_pred[0]) for fit in fits) < ATOL
    np.testing.assert_allclose(found.prediction(found.labels[0]), want.predict_proba[found.labels[0]], atol=1e-12)


def test_another_seed_is_told_apart():
    """So that equality above can fail: a neighbouring seed moves coefficients by far more."""
    want = dict(theirs(REVIEW, {}, {}, 1).local_exp[1])
    found = ours(REVIEW, {}).effects(1)
    assert max(abs(found[column] - weight) for column, weight in want.items()) > 1e-4


def test_the_model_is_asked_for_distinct_texts_alone():
    """Lime asks for 5000 texts of five words; 32 of them differ."""
    seen = []
    found = limefw.explain("one two three four five", lambda texts: seen.extend(texts) or scores(texts),
                           recipe="lime-0.2.0.1-text")  # fmt: skip
    assert found.health.samples == 5000
    assert len(seen) == len(set(seen)) <= 32


def test_a_random_state_is_drawn_from_where_it_stands():
    """Two explanations with one RandomState differ, as lime's do, draw for draw."""
    sampler = limefw.registry().get("samplers", "lime_text").call
    random, other = np.random.RandomState(3), np.random.RandomState(3)
    made = lime_text.LimeTextExplainer(random_state=other)
    for _ in range(2):
        want = dict(made.explain_instance(SHORT + " is a day", scores, num_samples=200).local_exp[1])
        found = ours(SHORT + " is a day", {"sampler": lambda *data: sampler(*data[:3], random), "samples": 200})
        assert [found.effects(1)[at] for at in want] == pytest.approx(list(want.values()), rel=0, abs=ATOL)


def test_a_seed_that_lime_cannot_have_is_refused():
    with pytest.raises(limefw.InputError, match="random_state is below 4294967296"):
        ours(SHORT, {"seed": 2**32})
