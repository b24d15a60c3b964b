"""What the model says without the strongest supporting segments: really asked, exactly paid for, never in the way."""

import json
import zipfile

import numpy as np
import pytest

import limefw
from limefw.types import Draws, Fit


WIDTH = 8
WEIGHTS = np.array([0.30, 0.20, 0.10, 0.05, 0.0, -0.05, -0.10, -0.20])


def picture():
    return limefw.Image(np.ones((2, WIDTH, 1)), (0.0, 1.0), "stripes")


def columns(_image, _rng, /):
    return limefw.Segments.from_labels(np.indices((2, WIDTH))[1])


class Counting:
    """Answers from the codes, the first two segments counting for more together; counts rows."""

    def __init__(self):
        self.rows = []

    def __call__(self, batch):
        codes = batch[:, 0, :, 0].astype(np.float64)
        self.rows += codes.tolist()
        value = 0.4 + codes @ WEIGHTS - 0.1 * codes[:, 0] * codes[:, 1]
        return np.stack([value, -value], axis=1)


def run(model=None, **settings):
    common = {"segmenter": columns, "filler": {"use": "constant", "value": 0.0}, "samples": 120, "labels": [0, 1]}
    sampler = {"use": "bernoulli", "enumerate_small": False}
    asked = limefw.model(model or Counting(), task="regression")
    return limefw.explain(picture(), asked, **{**common, "sampler": sampler, **settings})


def by_hand(segments, *, shown):
    code = np.full(WIDTH, 0.0 if shown else 1.0)
    code[list(segments)] = 1.0 if shown else 0.0
    return Counting()(np.tile(code[None, None, :, None], (1, 2, 1, 1)))[0]


@pytest.mark.parametrize("count", [1, 3, 4])
def test_answers_are_the_models_own(count):
    explanation = run(what_if=count)
    for label in (0, 1):
        asked, fit = explanation.what_if[label], explanation.fit(label)
        assert list(asked.segments) == explanation.chosen(label, num_features=count)
        assert asked.prediction == explanation.prediction(label)
        assert asked.without == pytest.approx(by_hand(asked.segments, shown=False)[label], abs=1e-12)
        assert asked.only == pytest.approx(by_hand(asked.segments, shown=True)[label], abs=1e-12)
        codes = np.ones((2, WIDTH), dtype=bool)
        codes[0, list(asked.segments)] = False
        codes[1] = ~codes[0]
        assert [asked.guess_without, asked.guess_only] == fit.predict(codes).tolist()


def test_it_costs_two_rows_a_label_and_changes_nothing_else():
    plain, asked = Counting(), Counting()
    without, explanation = run(plain, what_if=0, samples=20), run(asked, samples=20)
    assert without.what_if == {}
    extra = asked.rows[len(plain.rows) :]
    assert asked.rows[: len(plain.rows)] == plain.rows
    assert len(extra) <= 4
    assert not any(row in plain.rows for row in extra)
    assert explanation.provenance["rows"]["predicted"] == without.provenance["rows"]["predicted"] + len(extra)
    assert explanation.health.distinct == without.health.distinct
    assert explanation.health.samples == without.health.samples == 20
    for label in (0, 1):
        np.testing.assert_array_equal(explanation.fit(label).effects, without.fit(label).effects)


def test_rows_that_were_drawn_before_are_not_paid_for_again():
    model = Counting()
    explanation = run(model, sampler="bernoulli", samples=2**WIDTH)
    assert len(model.rows) == 2**WIDTH
    assert explanation.what_if[0].segments == (0, 1, 2)


def test_no_supporting_segment_no_question():
    explanation = run(lambda batch: 1.0 - batch[:, 0, :, 0].mean(axis=1), labels=0)
    assert all(effect.effect < 0 for effect in explanation.top())
    assert explanation.what_if == {}


def test_methods_get_it_too():
    def one_at_a_time(game, stages, budget, rng, /):
        answers = game(Draws(np.concatenate([np.ones((1, WIDTH), bool), ~np.eye(WIDTH, dtype=bool)])))
        losses = answers[0] - answers[1:]
        return [
            Fit(effects, float(answer - effects.sum()), 1.0, float(answer))
            for effects, answer in zip(losses.T, answers[0], strict=True)
        ]

    explanation = run(method=one_at_a_time)
    asked = explanation.what_if[0]
    assert asked.without == pytest.approx(by_hand(asked.segments, shown=False)[0], abs=1e-12)


@pytest.mark.parametrize(
    ("failure", "code"), [(RuntimeError("device lost"), "what_if_failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_failure_here_does_not_lose_the_explanation(failure, code):
    class Failing(Counting):
        def __call__(self, batch):
            if len(self.rows) >= limit:
                raise failure
            return super().__call__(batch)

    plain = Counting()
    without = run(plain, what_if=0)
    limit = len(plain.rows)
    explanation = run(Failing())
    assert explanation.what_if == {}
    assert [caution.code for caution in explanation.health.cautions] == [code]
    np.testing.assert_array_equal(explanation.fit().effects, without.fit().effects)


def test_nothing_is_asked_after_an_interruption():
    class Interrupted(Counting):
        def __call__(self, batch):
            if len(self.rows) >= 60:
                raise KeyboardInterrupt
            return super().__call__(batch)

    model = Interrupted()
    explanation = run(model, chunk=10)
    assert explanation.what_if == {}
    assert explanation.health.cautions[0].code == "interrupted"


def test_it_is_saved_and_older_files_still_load(tmp_path):
    explanation = run()
    path = explanation.save(tmp_path / "new.limefw")
    assert limefw.load(path).what_if == explanation.what_if
    old = tmp_path / "old.limefw"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(old, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "explanation.json":
                text = json.loads(data)
                text["schema"] = 1
                del text["content"]["fields"]["what_if"]
                data = json.dumps(text)
            target.writestr(name, data)
    assert limefw.load(old).what_if == {}


def test_listeners_hear_of_no_more_rows_than_they_were_told_to_expect():
    heard = []
    run(on_progress=heard.append)
    assert all(event.done <= event.total for event in heard)
    assert [event.stage for event in heard if event.finished].count("what_if") == 1


def test_soft_codes_are_asked_in_their_own_form():
    def soft(_instance, segments, budget, rng, /):
        codes = rng.random((budget, segments.count)).astype(np.float32)
        codes[0] = 1
        yield Draws(codes)

    explanation = run(sampler=soft)
    asked = explanation.what_if[0]
    assert asked.without == pytest.approx(by_hand(asked.segments, shown=False)[0], abs=1e-6)


def test_recipes_say_it():
    assert limefw.build({"extends": "lime-0.2.0.1"}).what_if == 0
    assert limefw.build("lime").what_if == 3
    with pytest.raises(limefw.RecipeError, match=r"what_if.*at least 0"):
        limefw.build({"what_if": -1})


def test_the_gist_tells_of_it():
    explanation = run()
    assert f"without its 3 strongest supporters {explanation.what_if[0].without:.3g}" in repr(explanation)


def test_what_hidden_words_show_is_drawn_many_times():
    """One draw of a corpus's words says nothing: the answers are means over many, and are said to be."""
    words = ["even", "odd"] * 20

    def model(texts):
        share = np.array([text.count("even") / 8 for text in texts]) + [0.4 * ("key" in text) for text in texts]
        return np.stack([1 - share, share], axis=1)

    text, filler = "key one two three", {"use": "corpus", "texts": words}
    found = [limefw.explain(text, model, filler=filler, labels=[1], what_if=1, seed=seed) for seed in range(3)]
    for explanation in found:
        asked = explanation.what_if[1]
        assert asked.fillings == 50
        assert [explanation.segments.names[at] for at in asked.segments] == ["key"]
        # half of what stands for a hidden word is "even": one word hidden, and three
        assert asked.without == pytest.approx(1 / 16, abs=4 * 0.0625 / 50**0.5)
        assert asked.only == pytest.approx(0.4 + 3 / 16, abs=4 * 0.0625 * 3**0.5 / 50**0.5)
        for renderer in ("text", "html", "sentences"):
            assert "(a mean over 50 fillings)" in " ".join(explanation.render(renderer).data.split())
    fixed = limefw.explain(text, model, filler="delete", labels=[1], what_if=1)
    assert fixed.what_if[1].fillings == 1
    assert "a mean over" not in fixed.render("text").data


def only_good(texts):
    share = 0.3 * np.array([text.split().count("good") for text in texts])
    return np.stack([1 - share, share], axis=1)


@pytest.mark.parametrize("bag", [True, False])
def test_what_a_penalty_leaves_is_no_support(bag):
    """Words of no effect have some 1e-5 of ridge's shrinkage: they are not marked, told of or asked about."""
    text, words = "good good not good film in the house", {"use": "words", "bag": bag}
    explanation = limefw.explain(text, only_good, segmenter=words, labels=[1, 0], what_if=9)
    assert all("good" in explanation.segments.names[at] for at in explanation.what_if[1].segments)
    assert 0 not in explanation.what_if
    shown = explanation.render("text").data
    assert "[+good+] [+good+] not [+good+] film in the house" in shown
    assert "[\N{MINUS SIGN}good\N{MINUS SIGN}] not [\N{MINUS SIGN}good\N{MINUS SIGN}] film in the house" in shown
    said = " ".join(explanation.render("sentences").data.split())
    assert "Nothing speaks against it. Asked" in said
    assert "film" not in said
