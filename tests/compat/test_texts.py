"""`limefw.compat.lime.lime_text` beside lime 0.2.0.1: the same seed, the same explanation."""

import re

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from limefw.compat.lime import lime_text as ours


lime_text = pytest.importorskip("lime.lime_text")
REVIEW = "The film was good, but the plot was bad; and the end was nice: really nice, good!\n"
OTHER = "das Ende kam plötzlich -- viel zu früh, und niemand war froh. 日本語の映画 good bad"
EFFECTS = {"good": 1.0, "bad": -1.3, "nice": 0.4, "but": -0.2, "UNKWORDZ": -0.1, "froh": 0.8, "Ende": -0.5}


def black_box(texts):
    """Three classes that look at words, at their places and at single letters."""
    assert isinstance(texts, list)
    score = np.array([
        sum(EFFECTS.get(word, 0.01) * (1 + 0.1 * at) for at, word in enumerate(re.findall(r"\w+", text)))
        + 0.01 * text.count(" ") + 0.03 * text.count("o")
        for text in texts
    ])  # fmt: skip
    yes = 1 / (1 + np.exp(-score))
    return np.stack([1 - yes, 0.7 * yes, 0.3 * yes], axis=1)


def in_words(text):
    """A tokenizer of the user's own."""
    return re.findall(r"\w+", text)


def flatter(d, kernel_width):
    """A kernel of the user's own."""
    return 1.0 / (1.0 + d / kernel_width)


CASES = {
    "defaults": ({}, {}),
    "by place": ({"bow": False}, {}),
    "by place, own mask": ({"bow": False, "mask_string": "[MASK]"}, {}),
    "characters": ({"char_level": True}, {}),
    "characters by place": ({"char_level": True, "bow": False}, {"num_features": 4}),
    "characters by place, own mask": ({"char_level": True, "bow": False, "mask_string": "_"}, {}),
    "own separators": ({"split_expression": r"[\s,]+"}, {}),
    "one separator": ({"split_expression": " "}, {}),
    "own tokenizer": ({"split_expression": in_words}, {}),
    "own tokenizer by place": ({"split_expression": in_words, "bow": False}, {}),
    "forward": ({}, {"num_features": 4}),
    "forward by name": ({"feature_selection": "forward_selection"}, {"num_features": 8}),
    "lasso path": ({"feature_selection": "lasso_path"}, {"num_features": 4}),
    "no selection": ({"feature_selection": "none"}, {}),
    "highest weights": ({"feature_selection": "highest_weights"}, {"num_features": 3}),
    "top labels": ({}, {"top_labels": 3}),
    "labels": ({}, {"labels": (2, 0)}),
    "narrow kernel": ({"kernel_width": 10}, {}),
    "own kernel": ({"kernel": flatter}, {}),
    "own regressor": ({}, {"model_regressor": LinearRegression()}),
    "another metric": ({"kernel_width": 400}, {"distance_metric": "l1"}),
}


@pytest.mark.filterwarnings("ignore:class 1 is explained")
@pytest.mark.parametrize("text", [REVIEW, OTHER], ids=["review", "other"])
@pytest.mark.parametrize("case", CASES)
def test_the_same_seed_gives_the_same_explanation(case, text, same, theirs):
    """Order, weights, intercept, R2 and local prediction are lime's, in a first and in a second call."""
    made, asked = CASES[case]
    with theirs():
        old = lime_text.LimeTextExplainer(random_state=5, **made)
        expected = [old.explain_instance(text, black_box, num_samples=150, **asked) for _ in range(2)]
    new = ours.LimeTextExplainer(random_state=5, **made)
    for result in expected:
        found = new.explain_instance(text, black_box, num_samples=150, **asked)
        same(found, result)
        np.testing.assert_allclose(found.predict_proba, result.predict_proba, rtol=0, atol=1e-12)
        assert found.class_names == result.class_names == new.class_names
        for label in result.local_exp:
            assert found.as_list(label) == [(word, pytest.approx(weight)) for word, weight in result.as_list(label)]
            assert [name for name, _ in found.as_list(label, positions=True)] == [
                name for name, _ in result.as_list(label, positions=True)
            ]


@pytest.mark.parametrize("bow", [True, False])
@pytest.mark.parametrize("split", [r"\W+", r"[\s,]+", in_words], ids=["word", "blank", "own"])
def test_indexed_strings_are_limes(bow, split):
    """Pieces, words, places and what is left when words are removed."""
    new, old = (kind.IndexedString(REVIEW, split_expression=split, bow=bow) for kind in (ours, lime_text))
    check_indexed(new, old)


@pytest.mark.parametrize("bow", [True, False])
def test_indexed_characters_are_limes(bow):
    """The same for single characters."""
    new, old = (kind.IndexedCharacters(OTHER, bow=bow) for kind in (ours, lime_text))
    check_indexed(new, old)


def check_indexed(new, old):
    assert new.raw_string() == old.raw_string()
    assert new.as_list == old.as_list
    assert new.as_np.tolist() == old.as_np.tolist()
    np.testing.assert_array_equal(new.string_start, old.string_start)
    assert [str(word) for word in old.inverse_vocab] == new.inverse_vocab
    assert new.num_words() == old.num_words()
    assert np.asarray(new.positions, dtype=object).tolist() == np.asarray(old.positions, dtype=object).tolist()
    for at in range(old.num_words()):
        assert new.word(at) == old.word(at)
        np.testing.assert_array_equal(new.string_position(at), old.string_position(at))
    for removed in ([], [0], [1, 3], list(range(old.num_words()))):
        wanted = old.inverse_removing(np.array(removed, dtype=int)) if removed else old.raw_string()
        assert new.inverse_removing(removed) == wanted


def test_tokens_that_are_not_in_the_text_are_refused():
    """A tokenizer that changes letters is told so, with the token."""
    with pytest.raises(ValueError, match="tokens that do not belong in string! 'the' is not in"):
        ours.IndexedString("The end", lambda text: text.lower().split())


def test_one_word_is_explained_as_by_lime(theirs, same):
    """A text of one word has one feature."""

    def length(texts):
        share = np.array([len(text) for text in texts]) / 10
        return np.stack([1 - share, share], axis=1)

    with theirs():
        expected = lime_text.LimeTextExplainer(random_state=1).explain_instance("hello", length, num_samples=20)
    same(ours.LimeTextExplainer(random_state=1).explain_instance("hello", length, num_samples=20), expected)


@pytest.mark.parametrize("text", ["", "?! -- ..."])
def test_a_text_without_words_is_refused(text):
    """In words, where lime says low >= high."""
    with pytest.raises(ValueError, match="there is no word to explain in"):
        ours.LimeTextExplainer().explain_instance(text, black_box)


def test_a_model_is_asked_once_for_each_text():
    """Five words cost at most 32 texts, in a few calls."""
    seen = []

    def watching(texts):
        seen.extend(texts)
        return black_box(texts)

    ours.LimeTextExplainer(random_state=0).explain_instance("one two three four five", watching, labels=(1,))
    assert len(seen) == len(set(seen)) <= 32


def test_a_list_from_the_model_will_do():
    """lime needs an array."""
    found = ours.LimeTextExplainer(random_state=0).explain_instance(
        REVIEW, lambda texts: [[0.25, 0.75]] * len(texts), num_samples=50
    )
    assert found.predict_proba.tolist() == [0.25, 0.75]


def test_a_missing_label_is_told():
    """One output has no label 1, which lime explains by default."""
    with pytest.raises(IndexError, match="label 1 was asked for, and the model has 1 output, numbered from 0"):
        ours.LimeTextExplainer().explain_instance(REVIEW, lambda texts: np.zeros((len(texts), 1)), num_samples=50)


def test_a_million_letters_are_refused_before_the_model_is_asked():
    """More words than any affordable number of draws could tell apart."""
    text = " ".join(f"w{at}" for at in range(150_000))
    with pytest.raises(ValueError, match="150000 words are more than the 10000 that can be told apart"):
        ours.LimeTextExplainer().explain_instance(text, lambda texts: pytest.fail("asked"))


def test_drawn_texts_are_had_by_limes_hidden_name(theirs):
    """Some call lime's private method for its rows, outputs and distances."""
    with theirs():
        old = lime_text.LimeTextExplainer(random_state=2)._LimeTextExplainer__data_labels_distances(
            lime_text.IndexedString(REVIEW), black_box, 60
        )
    new = ours.LimeTextExplainer(random_state=2)._LimeTextExplainer__data_labels_distances(
        ours.IndexedString(REVIEW), black_box, 60
    )
    for got, wanted in zip(new, old, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-12)
