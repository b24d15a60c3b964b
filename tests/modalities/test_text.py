"""Texts: how they are cut in any script, what hidden words show, what the model is asked, and bad input."""

import itertools
import re
import time

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import limefw
from limefw import ContractError, Draws, InputError, ModelError, Text
from limefw.modalities.text import TextComposer, pieces_of, segments_of, token_spans, unique
from limefw.stage import Stage


def cut(string, use="words", **params):
    """Return the segments of a text."""
    stage = Stage.of("segmenters", limefw.registry().get("segmenters", use), params)
    return stage(Text(string), np.random.default_rng(0))


def parts(string, use="words", **params):
    """Return what a segmenter by position finds, in order."""
    segments = cut(string, use, **{"bag": False, **params})
    return [piece for piece, owner in zip(*pieces_of(string, segments), strict=True) if owner >= 0]


def composed(string, filler, hidden, *, segmenter="words", **params):
    """Return a text with some of its segments hidden."""
    segments = cut(string, segmenter, **params)
    stage = filler if callable(filler) else Stage.of("fillers", limefw.registry().get("fillers", filler["use"]), {
        key: value for key, value in filler.items() if key != "use"
    })  # fmt: skip
    composer = stage(Text(string), segments, np.random.default_rng(0))
    codes = np.ones((1, segments.count), dtype=bool)
    codes[0, [segments.names.index(name) for name in hidden]] = False
    return composer.compose(Draws(codes, {"draw": np.array([7], dtype=np.uint64)}))[0]


def counting(words):
    """Return a regressor that adds up what some words are worth, each as often as it occurs."""

    def predict(texts):
        return np.array([sum(worth * text.split().count(word) for word, worth in words.items()) for text in texts])

    return limefw.model(predict, task="regression")


class Watched:
    """Two classes by the number of good and bad words; keeps what it was asked."""

    def __init__(self):
        self.batches = []

    def __call__(self, texts):
        assert type(texts) is list
        assert all(type(text) is str for text in texts)
        self.batches.append(texts)
        scores = [len(re.findall("good|fine", text)) - len(re.findall("bad", text)) for text in texts]
        spam = 0.5 + 0.5 * np.tanh(np.array(scores, dtype=float) / 2)
        return np.stack([1 - spam, spam], axis=1)

    @property
    def rows(self):
        return sum(map(len, self.batches))


# --- words of any script


@pytest.mark.parametrize(
    ("string", "words"),
    [
        ("Don't pay $3.14 or 1,000!", ["Don't", "pay", "3.14", "or", "1,000"]),
        ("l’homme – e-mail, snake_case, 'quoted' C++", ["l’homme", "e", "mail", "snake_case", "quoted", "C"]),
        ("cafe\u0301 nai\u0308ve ÉTÉ", ["cafe\u0301", "nai\u0308ve", "ÉTÉ"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("한국어 영화는 좋다.", ["한국어", "영화는", "좋다"]),
        ("مرحبا بالعالم، شكرا", ["مرحبا", "بالعالم", "شكرا"]),
        ("我非常喜欢这部电影。", ["我", "非常", "喜欢", "这", "部", "电影"]),
        ("這部電影非常好看", ["這", "部", "電影", "非常", "好", "看"]),
        ("この映画は本当に素晴らしかったです。", ["この", "映画は", "本当に", "素晴らしかったです"]),
        ("ฉันชอบหนังเรื่องนี้", ["ฉัน", "ชอบ", "หนัง", "เรื่อง", "นี้"]),
        ("iPhone很好用 ok", ["iPhone", "很", "好", "用", "ok"]),
        ("good 😀😀 👍🏽 ❤️ 🇩🇪🇫🇷", ["good", "😀", "😀", "👍🏽", "❤️", "🇩🇪", "🇫🇷"]),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 home", ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "home"]),
        (
            "\U0001f469\U0001f3fd\u200d\U0001f4bb \U0001f3fd x",
            ["\U0001f469\U0001f3fd\u200d\U0001f4bb", "\U0001f3fd", "x"],
        ),
        ("最高😀ありがとう また来ます", ["最高", "😀", "ありがとう", "また", "来ます"]),
        ("我喜欢这个产品，因为质量很好👍🏽", [*["我", "喜欢", "这个", "产品", "因为", "质量", "很", "好"], "👍🏽"]),
        ("a\u0000b\u001bc", ["a", "b", "c"]),
    ],
)
def test_words_are_what_a_reader_takes_for_words(string, words):
    """In scripts with blanks and without, with marks, apostrophes, decimal points and emoji."""
    spans = [string[slice(*span)] for span in spans_of(string)]
    assert spans == words


def spans_of(string):
    from limefw_plugins.segmenters._words import words_in

    return list(words_in(string))


def test_words_by_a_regular_expression():
    """Of what is between them, as lime has it, or of the words themselves."""
    assert parts("don't-stop, now", separators=r"\W+") == ["don", "t", "stop", "now"]
    assert parts("so bad!!", tokens=r"\w+|[^\w\s]") == ["so", "bad", "!", "!"]
    # a group in it doubles what is between the words in lime
    assert parts("a b-c", separators=r"(\s|-)+") == ["a", "b", "c"]
    with pytest.raises(InputError, match=r"separators: '\(' is no regular expression"):
        cut("a b", separators="(")
    with pytest.raises(InputError, match="give one of them, not both"):
        cut("a b", separators=" ", tokens=r"\w")


def test_in_a_bag_equal_words_are_one_segment():
    """All its places have one label; by position each has its own, with names that differ."""
    string = "good, Good good day"
    bag = cut(string)
    assert bag.names == ("good", "Good", "day")
    assert [bag.labels[at] for at in (0, 6, 11, 16)] == [0, 1, 0, 2]
    assert bag.labels[4] == -1
    assert cut(string, ignore_case=True).names == ("good", "day")
    assert cut(string, bag=False).names == ("good", "Good", "good (2)", "day")


def test_names_differ_and_are_short():
    names = unique(["a", "a (2)", "a", "x" * 200, "x" * 200])
    assert len(set(names)) == 5
    assert names[:3] == ("a", "a (2)", "a (3)")
    assert max(map(len, names)) <= 85


# --- other parts


def test_characters_are_what_a_reader_takes_for_one():
    """An accent goes with its letter and a family is one emoji; lime's are code points."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    string = f"e\u0301a {family}🇩🇪한"
    assert parts(string, "characters") == ["e\u0301", "a", family, "🇩🇪", "한"]
    assert parts(string, "characters", blanks=True)[2] == " "
    assert len(parts(string, "characters", code_points=True, blanks=True)) == len(string)
    assert cut("abab ", "characters", bag=True).names == ("a", "b")


@pytest.mark.parametrize(
    ("string", "sentences"),
    [
        ("It works. Does it? Yes!", ["It works.", "Does it?", "Yes!"]),
        ("Dr. Smith paid 3.5 p.m. on Nov. it said. J. Doe left...", ["Dr. Smith paid 3.5 p.m. on Nov. it said.",
                                                                     "J. Doe left..."]),
        ('He said "No." She left.', ['He said "No."', "She left."]),
        ("很好。不好！真的？", ["很好。", "不好！", "真的？"]),
        ("यह अच्छा है। वह नहीं।", ["यह अच्छा है।", "वह नहीं।"]),
        ("A title\n\nThe text goes on\nhere. End", ["A title", "The text goes on\nhere.", "End"]),
    ],
)  # fmt: skip
def test_sentences(string, sentences):
    """By their end marks, in several scripts; blanks around them are kept."""
    assert parts(string, "sentences") == sentences


def test_lines_and_paragraphs():
    string = "one\r\n  two \n\nthree\n\n \nfour"
    assert parts(string, "lines") == ["one", "two", "three", "four"]
    assert parts(string, "lines", paragraphs=True) == ["one\r\n  two", "three", "four"]


def test_ngrams_are_words_that_stand_together():
    """They do not overlap, and reach across no end of a sentence unless asked to."""
    string = "not bad at all. Not good"
    assert parts(string, "ngrams") == ["not bad", "at all", "Not good"]
    assert parts(string, "ngrams", n=3) == ["not bad at", "all", "Not good"]
    assert parts(string, "ngrams", n=3, within_sentences=False) == ["not bad at", "all. Not good"]
    assert parts("a b", "ngrams", n=1) == ["a", "b"]


def test_the_end_of_a_line_is_no_end_of_a_sentence():
    """Texts are wrapped; an empty line is one, with blanks in it and by any system's signs, as are marks of scripts."""
    assert parts("this is not\ngood at all really", "ngrams") == ["this is", "not\ngood", "at all", "really"]
    assert parts("this is not\r\ngood", "ngrams") == ["this is", "not\r\ngood"]
    for end in ("\n\n", "\n \t\n", "\r\n\r\n", "\r\r", *".!?…。！？؟।॥۔"):
        assert parts(f"a b c{end} d", "ngrams") == ["a b", "c", "d"], end


# --- a model's own tokens


def byte_level(folder):
    """Save a byte-level tokenizer, as GPT's and RoBERTa's are: an emoji is several tokens."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(["the good the bad the good film"] * 9, trainer)
    made.save(str(folder / "tokenizer.json"))
    return made


def test_tokens_of_a_file_and_of_an_object_are_the_same(tmp_path):
    """Through the offsets; the bytes of one character are one segment."""
    made = byte_level(tmp_path)
    string = "the good film 😀 the é"
    from_file = cut(string, "tokens", file=str(tmp_path))
    assert from_file.fingerprint() == cut(string, "tokens", file=str(tmp_path / "tokenizer.json")).fingerprint()
    from_object = limefw.by_tokens(made)(Text(string), None)
    assert from_object.fingerprint() == from_file.fingerprint()
    assert any("😀" in name for name in from_file.names)
    assert "the" in from_file.names
    assert not (from_file.labels < 0).any()
    found = limefw.explain(string, counting({"good": 2.0}), segmenter=limefw.by_tokens(made), samples=300)
    strongest = max(zip(found.effects(), found.segments.names, strict=True))[1]
    assert "g" in strongest or "o" in strongest


def test_pieces_of_a_word_can_be_one(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {"[UNK]": 0, "play": 1, "##ing": 2, "is": 3, "fun": 4}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    assert cut("playing is fun", "tokens", file=str(tmp_path)).names == ("play", "ing", "is", "fun")
    assert cut("playing is fun", "tokens", file=str(tmp_path), whole_words=True).names == ("playing", "is", "fun")


class Fast:
    """What a fast tokenizer of transformers looks like."""

    is_fast = True

    def __call__(self, string, *, add_special_tokens, return_offsets_mapping):
        assert (add_special_tokens, return_offsets_mapping) == (False, True)
        spans = [match.span() for match in re.finditer(r"\w+", string)]
        return {"offset_mapping": [(0, 0), *spans, (0, 0)]}


class Slow:
    is_fast = False


def test_tokens_of_objects_of_other_libraries():
    """A fast tokenizer, a function to tokens or to places; what does not say where is refused."""
    want = [(0, 1), (2, 5)]
    for tokenizer in (Fast(), str.split, lambda string: [(0, 1), (2, 5)], lambda string: ["a", "big"]):
        assert token_spans(tokenizer, "a big") == want
    assert token_spans(lambda _: [(0, 3), (2, 5)], "a big") == [(0, 5)]
    # one within another does not cut its end off
    assert token_spans(lambda _: [(0, 4), (1, 2), (3, 5)], "a big") == [(0, 5)]
    with pytest.raises(InputError, match="load the fast one"):
        token_spans(Slow(), "a big")
    with pytest.raises(InputError, match="made 'a', which does not occur in the text from character 0 on"):
        token_spans(lambda string: string.lower().split(), "A BIG")
    with pytest.raises(InputError, match="a token is at 0 to 9 of a text of 5 characters"):
        token_spans(lambda _: [(0, 9)], "a big")
    with pytest.raises(InputError, match="got int"):
        token_spans(5, "a big")


@pytest.mark.parametrize(("content", "message"), [(None, "there is no tokenizer file"), ("{}", "is no tokenizer of")])
def test_a_file_that_is_no_tokenizer_is_told(tmp_path, content, message):
    pytest.importorskip("tokenizers")
    if content:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError, match=message):
        cut("a b", "tokens", file=str(tmp_path))


# --- what hidden words show


def test_what_hidden_words_show():
    """Nothing, a mask, a word that was given; separators and blanks stay."""
    string = "Not bad, not good."
    assert composed(string, {"use": "delete"}, ["bad"]) == "Not , not good."
    assert composed(string, {"use": "mask"}, ["bad", "good"]) == "Not [MASK], not [MASK]."
    assert composed(string, {"use": "mask", "token": "<mask>"}, ["Not"]) == "<mask> bad, not good."
    swapped = {"use": "replace", "by": {"bad": "good", "GOOD": "bad"}}
    assert composed(string, swapped, ["bad", "good"]) == "Not good, not bad."
    assert composed(string, {**swapped, "otherwise": "so"}, ["not"]) == "Not bad, so good."
    assert composed("a b a", {"use": "delete"}, ["a"]) == " b "
    assert composed("ab ab", {"use": "mask", "token": "*"}, ["a (2)"], segmenter="characters") == "ab *b"


def test_equal_parts_side_by_side_are_shown_each_by_itself():
    """With nothing between them they are no one part: each has its own mask, and is looked up by its own letters."""
    letters = {"segmenter": "characters", "bag": True}
    assert composed("aab", {"use": "mask", "token": "*"}, ["a"], **letters) == "**b"
    assert composed("哈哈好", {"use": "replace", "by": {"哈": "呵"}}, ["哈"], **letters) == "呵呵好"
    assert composed("aab", {"use": "delete"}, ["a"], **letters) == "b"
    assert composed("a, a b", {"use": "mask", "token": "*"}, ["a"]) == "*, * b"
    drawn = {"use": "corpus", "texts": ["x y"]}
    assert len(composed("a" * 40 + "b", drawn, ["a"], **letters)) == 41
    assert parts("哈哈好", "characters", bag=True) == ["哈", "哈", "好"]
    pairs = limefw.by_tokens(lambda string: [(at, at + 2) for at in range(0, len(string), 2)], bag=True)
    found = pairs(Text("ababcd"), None)
    assert TextComposer.of(Text("ababcd"), found, "-").compose(Draws(np.array([[False, True]]))) == ["--cd"]


def test_a_saved_text_keeps_its_parts(tmp_path):
    """What is side by side in a bag is told apart when read back."""
    found = limefw.explain("aab", Watched(), segmenter={"use": "characters", "bag": True}, samples=10)
    loaded = limefw.load(found.save(tmp_path / "a.limefw"))
    assert pieces_of("aab", loaded.segments)[0] == ["a", "a", "b"]
    assert loaded.segments.fingerprint() == found.segments.fingerprint()


def test_words_of_a_corpus_are_drawn_for_each_row_and_place(tmp_path):
    """Each hidden place shows one of them by the row's own number, and as often as it is in there."""
    (tmp_path / "others.txt").write_text("red red red blue", encoding="utf-8")
    string = " ".join(f"w{at}" for at in range(400))
    names = [f"w{at}" for at in range(0, 400, 2)]
    shown = composed(string, {"use": "corpus", "file": str(tmp_path / "others.txt")}, names).split()
    assert shown[1::2] == [f"w{at}" for at in range(1, 400, 2)]
    assert set(shown[::2]) == {"red", "blue"}
    assert 0.65 < np.mean([word == "red" for word in shown[::2]]) < 0.85
    assert composed("a b", {"use": "corpus", "texts": ["x"]}, ["a"]) == "x b"
    assert composed("a b", {"use": "corpus"}, ["a"]) in ("a b", "b b")
    for params, message in (({"file": "/no/such"}, "cannot read"), ({"file": "x", "texts": []}, "give one of them"),
                            ({"texts": ["!"]}, "found no words")):  # fmt: skip
        with pytest.raises(InputError, match=message):
            composed("a b", {"use": "corpus", **params}, ["a"])


def test_random_words_give_equal_explanations_for_equal_seeds():
    """Drawing is left to the run's own stream, and rows of one code show several texts."""
    settings = {"filler": {"use": "corpus", "texts": ["red blue green"]}, "samples": 200}
    first, second = (limefw.explain("a good day", Watched(), **settings, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.neighbourhood.targets, second.neighbourhood.targets)
    assert first.health.distinct > 8


def test_shares_of_a_word_are_refused():
    composer = TextComposer.of(Text("a b"), cut("a b"))
    with pytest.raises(ContractError, match="a word is shown or hidden, and these codes are float32"):
        composer.compose(Draws(np.ones((1, 2), dtype=np.float32)))


# --- what the model is asked


def test_five_words_cost_at_most_32_rows():
    """All combinations once, the what-if questions among them."""
    model = Watched()
    found = limefw.explain("one good day or two", model)
    assert model.rows <= 32
    assert len({text for batch in model.batches for text in batch}) == model.rows
    assert found.neighbourhood.exhaustive


def test_equal_texts_are_asked_for_once():
    """Deleting the first or the second of two equal words makes the same text; each has its own effect all the same."""
    model = Watched()
    found = limefw.explain("good good bad", model, segmenter={"bag": False}, what_if=0)
    # eight combinations, of which two pairs differ only in the blanks around what is left
    texts = [text for batch in model.batches for text in batch]
    assert len(texts) == len(set(texts)) == found.health.distinct < 8 + 1
    assert found.effects(1)[0] == pytest.approx(found.effects(1)[1])


@given(st.text("ab ", min_size=2, max_size=6), st.sampled_from(["", "a", "b", " ", "ba", "_"]), st.booleans())
@settings(max_examples=150, deadline=None)
@example("aab", "", False)
def test_a_key_is_for_one_text_and_a_text_has_one_key(string, fill, bag):
    """Of all combinations: rows that show one text are one question to the model, and others are not."""
    spans = [(at, at + 1) for at in range(len(string)) if string[at] != " "]
    assume(len(set(string) - {" "}) == 2)
    segments = segments_of(Text(string), spans, bag=bag)
    codes = np.array(list(itertools.product([True, False], repeat=segments.count)))
    composer = TextComposer.of(Text(string), segments, fill)
    keys, texts = composer.keys(Draws(codes)), composer.compose(Draws(codes))
    assert len(set(keys)) == len(set(texts)) == len(set(zip(keys, texts, strict=True)))


@pytest.mark.parametrize("chunk", [1, 7, None])
def test_batches_change_no_bit(chunk):
    """The model never gets more texts at once than asked for, and every figure stays."""
    string = "a good film and a bad one with fine music"
    model = Watched()
    found = limefw.explain(string, model, samples=100, chunk=chunk)
    whole = limefw.explain(string, Watched(), samples=100)
    assert max(map(len, model.batches)) <= (chunk or 1024)
    np.testing.assert_array_equal(found.effects(1), whole.effects(1))


def test_a_long_text_goes_in_small_batches():
    """Thousands of long texts at once are more than a network's memory holds."""
    model = Watched()
    limefw.explain("good " + " ".join(f"w{at}" for at in range(900)), model, samples=120, what_if=0)
    assert max(map(len, model.batches)) < 60


def test_regression_of_a_sum_of_words_is_exact():
    """Each word's effect is what it is worth times how often it occurs; what is not counted has none."""
    worth = {"red": 3.0, "blue": -1.5}
    found = limefw.explain("red sky blue sea red car", counting(worth), surrogate="linear")
    effects = dict(zip(found.segments.names, found.effects().tolist(), strict=True))
    assert effects == pytest.approx({"red": 6.0, "sky": 0, "blue": -1.5, "sea": 0, "car": 0}, abs=1e-9)
    assert found.fit().intercept == pytest.approx(0.0, abs=1e-9)
    long = " ".join(["red", "blue", *(f"w{at}" for at in range(60))])
    drawn = limefw.explain(long, counting(worth), surrogate="linear", samples=300)
    assert drawn.effects()[:2] == pytest.approx([3.0, -1.5], abs=1e-9)
    assert "What raises and lowers the predicted value" in found.render("text").data


def test_any_number_of_classes_costs_one_pass():
    def predict(texts):
        scores = np.array([[text.count(word) for word in ("red", "blue", "green", "sky")] for text in texts])
        odds = np.exp(scores.astype(float))
        return odds / odds.sum(axis=1, keepdims=True)

    named = limefw.model(predict, classes=["red", "blue", "green", "sky"])
    found = limefw.explain("red sky blue sea", named, labels=[0, 1, 2, 3])
    assert [found.top(1, label)[0].name for label in ("red", "blue", "sky")] == ["red", "blue", "sky"]
    assert found.provenance["rows"]["predicted"] <= 16


def test_without_these_words_is_what_the_model_says():
    """The answers that are stated are the model's own for that very text."""
    string = "a good film, a bad one, fine music and more"
    model = Watched()
    found = limefw.explain(string, model, labels=[1])
    asked = found.what_if[1]
    names = [found.segments.names[at] for at in asked.segments]
    left = re.sub(rf"\b({'|'.join(names)})\b", "", string)
    assert asked.without == pytest.approx(Watched()([left])[0, 1], abs=1e-12)
    alone = re.sub(r"\w+", lambda word: word[0] if word[0] in names else "", string)
    assert asked.only == pytest.approx(Watched()([alone])[0, 1], abs=1e-12)
    for renderer in ("text", "html"):
        told = " ".join(found.render(renderer).data.split())
        assert f"becomes {asked.without:.2f} instead of {asked.prediction:.2f}, as the model itself says" in told


# --- models of scikit-learn


def trained(*, regressor=False):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    texts = ["good film", "fine good music", "bad film", "bad bad music", "good day", "a bad day"] * 3
    targets = [1, 1, 0, 0, 1, 0] * 3
    if regressor:
        return make_pipeline(TfidfVectorizer(), Ridge()).fit(texts, np.array(targets, float))
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, np.array(["no", "yes"])[targets])


def test_a_pipeline_of_scikit_learn_takes_texts(tmp_path):
    """As an object, as a method and as a file that runs no code; the classes' names come along."""
    pipeline, string = trained(), "a good film, not a bad one"
    found = limefw.explain(string, pipeline)
    assert found.names[found.labels[0]] in ("yes", "no")
    assert found.effects("yes")[found.segments.names.index("good")] > 0.1
    again = limefw.explain(string, limefw.model(pipeline.predict_proba, classes=["no", "yes"]))
    np.testing.assert_array_equal(found.effects("yes"), again.effects("yes"))
    skops = pytest.importorskip("skops.io")
    path = tmp_path / "pipeline.skops"
    skops.dump(pipeline, path)
    filed = limefw.explain(string, path, cache=(cache := {}))
    np.testing.assert_array_equal(found.effects("yes"), filed.effects("yes"))
    assert cache
    assert limefw.explain(string, path, cache=cache).provenance["rows"]["predicted"] == 0
    value = limefw.explain(string, trained(regressor=True))
    assert value.top(1)[0].name in ("good", "bad")
    with pytest.raises(ModelError, match="is for text, and this is image"):
        limefw.explain(np.zeros((4, 4, 3), np.uint8), pipeline)


# --- what comes in


def test_a_str_is_text_and_a_path_is_a_file(tmp_path):
    path = tmp_path / "review.txt"
    path.write_bytes("\ufeffA good film – très bien.\r\n".encode())
    found = limefw.explain(path, Watched())
    assert (found.instance.name, found.instance.string) == ("review.txt", "A good film – très bien.\r\n")
    assert limefw.explain("A good film", Watched()).instance.name == "text"
    named = limefw.explain(Text("A good film", name="review 7"), Watched())
    assert "review 7" in repr(named)
    with pytest.raises(InputError, match=r"this one is the name of a file: give pathlib\.Path"):
        limefw.explain(str(path), Watched())


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (b"", {}, "is empty"),
        (b" \n\t", {}, "is empty"),
        (b"caf\xe9 good", {}, r"is no text in utf-8: byte 3 is 0xe9.*reader.encoding=latin-1"),
        (b"good day", {"reader": {"use": "text_file", "encoding": "latin-17"}}, "there is no encoding 'latin-17'"),
        (b"good day", {"reader": {"use": "text_file", "max_characters": 5}}, "8 characters, more than the limit of 5"),
        (b"good day" * 9, {"reader": {"use": "text_file", "max_characters": 5}}, "72 bytes, more than the limit of 5"),
    ],
)
def test_a_file_that_is_no_text_is_told(tmp_path, content, settings, message):
    path = tmp_path / "review.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        limefw.explain(path, Watched(), **settings)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        limefw.explain(tmp_path / "none.txt", Watched())


@pytest.mark.parametrize(
    ("string", "message"),
    [
        ("", "the text is empty"),
        ("... !!! \n", "has no words, and an explanation compares at least 2"),
        ("good", "has only one word, 'good', and an explanation compares at least 2: give a longer text, or cut it"),
        ("good good. good", "has only one word, 'good'"),
    ],
)
def test_a_text_without_words_is_told(string, message):
    """Before the model is asked anything."""
    model = Watched()
    with pytest.raises(InputError, match=message):
        limefw.explain(string, model)
    assert model.rows == 0


def test_one_word_can_be_explained_by_its_characters():
    found = limefw.explain("good", Watched(), segmenter="characters")
    assert found.segments.names == ("g", "o", "o (2)", "d")


def test_what_is_no_str_is_told():
    with pytest.raises(InputError, match="a text is a str, got bytes"):
        Text(b"good")
    with pytest.raises(InputError, match="no reader takes list"):
        limefw.explain(["good", "day"], Watched())


@pytest.mark.parametrize(
    "string", ["good \x00\x07\x1b[31m day\u202e", "\ud800 good day", "good\u2028day \ufffe", "שלום good"]
)
def test_odd_letters_are_given_to_the_model_as_they_are(string):
    """Control characters, lone surrogates, noncharacters and right-to-left letters neither fail nor change."""
    model = Watched()
    found = limefw.explain(string, model)
    assert model.batches[0] == [string]
    assert found.top(1, 1)[0].name == "good"
    for renderer in ("html", "text", "json", "figure", "sentences"):
        data = found.render(renderer).data
        assert len(data if isinstance(data, bytes) else data.encode()) > 100


def test_a_million_characters():
    """Too many different words are told in seconds; few different ones are explained."""
    started = time.perf_counter()
    with pytest.raises((InputError, ContractError), match="more than the 10000 that can be told apart"):
        limefw.explain(" ".join(f"w{at}" for at in range(150_000)), Watched())
    found = limefw.explain("good bad fine day " * 60_000, Watched(), samples=20)
    assert found.segments.count == 4
    assert len(found.render("html").data) < 300_000  # of its first 20,000 characters
    assert time.perf_counter() - started < 60


def test_other_peoples_segmenters_need_only_spans():
    """A segmenter given in code says where its parts are."""
    halves = lambda text, _rng, /: segments_of(text, [(0, 8), (9, len(text.string))], "half")
    found = limefw.explain("good day bad night", Watched(), segmenter=halves)
    assert found.segments.names == ("good day", "bad night")
    assert found.effects(1)[0] > 0 > found.effects(1)[1]


def test_an_explanation_of_a_text_is_saved_and_loaded(tmp_path):
    found = limefw.explain("a good day 😀", Watched())
    again = limefw.load(found.save(tmp_path / "text.limefw"))
    assert again.instance.string == "a good day 😀"
    for renderer in ("html", "text", "json"):
        assert again.render(renderer).data == found.render(renderer).data


def test_numpy_s_texts_are_texts():
    """np.array(texts)[0] is a str, though it has what arrays have."""
    text = np.array(["good film", "bad film indeed"])[1]
    explanation = limefw.explain(text, lambda texts: [[text.count("bad"), 1 - text.count("bad")] for text in texts])
    assert explanation.instance.modality == "text"
    assert type(explanation.instance.string) is str
    assert explanation.top(1)[0].name == "bad"


def test_words_that_stand_side_by_side_are_neighbours():
    """Blanks between them are in no segment; else the sampler 'contiguous' is 'bernoulli' for texts."""
    from limefw_plugins.samplers.contiguous import contiguous
    from limefw_plugins.segmenters.words import words

    text = Text("one two three four five six")
    segments = words(text, np.random.default_rng(0))
    codes = np.concatenate(
        [part.codes for part in contiguous(text, segments, 4000, np.random.default_rng(1), join=0.5)]
    )[1:].astype(float)
    found = np.corrcoef(codes.T)
    # words are connected where all joins between them are made
    np.testing.assert_allclose(found, 0.5 ** np.abs(np.subtract.outer(range(6), range(6))), atol=0.08)
