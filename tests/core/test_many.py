"""Many explanations: which to show, and all of them in one picture."""

import copy
import itertools
import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lime.submodular_pick import SubmodularPick

import limefw
from limefw.errors import InputError
from limefw.studies.pick import cover
from limefw.studies.weights import Weights


RNG = np.random.default_rng


def gathered(matrix):
    """Return the effects of a matrix of explanations and features."""
    rows, columns = np.nonzero(matrix)
    return Weights(tuple(map(str, range(matrix.shape[1]))), rows, columns, matrix[rows, columns], len(matrix))


def random_matrix(seed, rows, columns, density=0.2):
    rng = RNG(seed)
    return rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < density)


def lime_picks(matrix, count):
    """Ask lime's own submodular pick."""
    pairs = [[(str(at), row[at]) for at in np.flatnonzero(row)] for row in matrix]
    explainer = SimpleNamespace(
        explain_instance=lambda row, *_, **__: SimpleNamespace(mode="regression", as_list=lambda label=1: pairs[row])
    )
    return SubmodularPick(explainer, list(range(len(matrix))), None, method="full", num_exps_desired=count).V


@given(st.integers(0, 10_000), st.integers(5, 40), st.integers(4, 30))
@settings(max_examples=40, deadline=None)
def test_it_picks_what_lime_picks(seed, rows, columns):
    """The same rows in the same order, as long as a row adds something; of equal ones lime takes the last."""
    matrix = random_matrix(seed, rows, columns)
    found, coverage = cover(gathered(matrix[::-1]), 5)
    adding = int((np.diff(coverage, prepend=0.0) > 1e-9).sum())
    assert [rows - 1 - at for at in found[:adding]] == lime_picks(matrix, 5)[:adding]


def shown(matrix, rows):
    importance = np.sqrt(np.abs(matrix).sum(axis=0))
    return float(importance[(matrix[list(rows)] != 0).any(axis=0)].sum())


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_it_shows_at_least_what_the_theorem_says(seed):
    """Of the best choice's coverage a greedy one has at least 1 - 1/e (Nemhauser et al. 1978)."""
    matrix = random_matrix(seed, 9, 14, 0.3)
    found, coverage = cover(gathered(matrix), 3)
    best = max(shown(matrix, rows) for rows in itertools.combinations(range(9), 3))
    whole = np.sqrt(np.abs(matrix).sum(axis=0)).sum()
    assert coverage[-1] == pytest.approx(shown(matrix, found) / whole)
    assert shown(matrix, found) >= (1 - 1 / math.e) * best - 1e-12


def test_each_pick_adds_no_more_than_the_one_before():
    """Coverage is submodular, and ends at all there is."""
    _, coverage = cover(gathered(random_matrix(3, 50, 60)), 50)
    steps = np.diff(coverage, prepend=0.0)
    assert (np.diff(steps) <= 1e-12).all()
    assert coverage[-1] == pytest.approx(1.0)


def test_a_known_case():
    """Two rows between them have everything; of two equal rows the first is taken."""
    matrix = np.array([[0, 0, 1, 1.0], [1, -2, 0, 0], [1, -2, 0, 0], [0, 3, 0, 0], [0, 0, 0, 1]])
    assert cover(gathered(matrix), 2)[0] == [1, 0]
    # nothing is left to add: then the row with the most important features
    assert cover(gathered(matrix), 3)[0] == [1, 0, 2]
    assert cover(gathered(np.zeros((3, 2))), 2)[0] == [0, 1]


def model_of(weights):
    return limefw.model(lambda batch: batch @ weights, task="regression")


@pytest.fixture(scope="module")
def case():
    """Explanations of a linear model, exact, and the effects that they must have."""
    series, weights = RNG(0).normal(size=(12, 40)), RNG(1).normal(size=40)
    found = limefw.explain_many(
        series, model_of(weights), recipe="series", samples=60,
        surrogate="linear", segmenter={"use": "windows", "count": 8},
    )  # fmt: skip
    gone = series - series.mean(axis=1, keepdims=True)
    return found, (weights * gone).reshape(12, 8, 5).sum(axis=2)


def test_strength_is_the_mean_absolute_effect(case):
    """And what is for and what is against adds up to it; of a linear model all is known."""
    found, effects = case
    made = limefw.overview(found)
    place = {name: at for at, name in enumerate(found[0].segments.names)}
    assert [share.strength for share in made.shares] == sorted((share.strength for share in made.shares), reverse=True)
    for share in made.shares:
        own = effects[:, place[share.feature]]
        assert share.strength == pytest.approx(np.abs(own).mean())
        assert share.raises == pytest.approx(np.maximum(own, 0).mean())
        assert share.lowers == pytest.approx(np.maximum(-own, 0).mean())
        assert (share.mean, share.present) == (pytest.approx(own.mean()), 12)
    assert [made.shares[at].feature for at in made.order] == list(found[0].segments.names)


def test_who_lacks_a_feature_counts_as_nothing():
    """Strength is a mean over all explanations, and not over those that have the feature."""
    model = limefw.model(lambda texts: np.array([6.0 * text.count("up") for text in texts]), task="regression")
    texts = ["up it goes", "off it goes", "here it stays"]
    found = limefw.explain_many(texts, model, recipe="text", surrogate="linear")
    shares = {share.feature: share for share in limefw.overview(found).shares}
    up = shares["up"]
    assert (up.strength, up.raises, up.mean, up.present) == (pytest.approx(2.0), pytest.approx(2.0), up.raises, 1)


def test_picked_explanations_are_those_given(case):
    """In pick order, with what they show."""
    found, effects = case
    made = limefw.pick(found, 3, top=2)
    assert list(made) == [found[at] for at in made.indices]
    strongest = np.abs(effects) >= np.sort(np.abs(effects), axis=1)[:, [-2]]
    assert list(made.indices) == cover(gathered(effects * strongest), 3)[0]
    assert "3 of 12 explanations" in repr(made)


def test_a_generator_is_enough_for_an_overview(case):
    """Nothing but effects is kept of each."""
    found, _ = case
    assert repr(limefw.overview(iter(found))) == repr(limefw.overview(found))


def test_explanations_have_seeds_of_their_own(case):
    """Equal seeds give equal ones; each is what `explain` makes of its own seed, however many there are."""
    series, model = RNG(0).normal(size=(6, 40)), model_of(RNG(1).normal(size=40))
    found = limefw.explain_many(series, model, recipe="series", samples=40, seed=3)
    seeds = [one.provenance["recipe"]["seed"] for one in found]
    assert len(set(seeds)) == 6
    again = limefw.explain_many(series[:2], model, recipe="series", samples=40, seed=3)
    assert [one.as_list() for one in again] == [one.as_list() for one in found[:2]]
    alone = limefw.explain(series[1], model, recipe="series", samples=40, seed=seeds[1])
    assert alone.as_list() == found[1].as_list()


def test_of_too_many_some_are_drawn():
    """By the seed: the same again, others with another, and in the order given."""
    series, model = np.arange(30.0)[:, None] + RNG(0).normal(size=40), model_of(np.ones(40))
    settings = {"recipe": "series", "samples": 20, "most": 4}
    values = [
        [one.instance.values[0, 0] for one in limefw.explain_many(iter(series), model, seed=seed, **settings)]
        for seed in (0, 0, 1)
    ]
    assert values[0] == values[1] != values[2]
    assert values[0] == sorted(values[0])
    assert len(values[0]) == 4


def test_a_table_is_as_many_instances_as_it_has_rows():
    """Each by its number; of many some are drawn."""
    table = limefw.Table(RNG(0).normal(size=(30, 3)), names=["a", "b", "c"])
    found = limefw.explain_many(table, model_of(np.ones(3)), samples=20, most=3)
    assert len(found) == 3
    rows = [int(one.instance.name.split()[-1]) for one in found]
    assert rows == sorted(set(rows))
    for one, at in zip(found, rows, strict=True):
        np.testing.assert_array_equal(one.instance.values, table.row(at).values)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": ["a b"]}, r"a dict iterates over its names.*explain_many\(limefw\.Table\(frame\), model\)"),
        ("a good day", "a value of type str is one instance.*call limefw.explain"),
        (limefw.Text("a good day"), "a value of type Text is one instance"),
        (limefw.Table(limefw.Table(RNG(0).normal(size=(9, 3))).statistics()), "no rows to explain"),
        (3, "a value of type int is one instance, if any"),
    ],
)  # fmt: skip
def test_what_is_no_collection_of_instances_is_told(given, message):
    """Its letters or names would be explained in its place; a frame has columns, and rows by way of a Table."""
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError, match=message):
        limefw.explain_many(given, model_of(np.ones(3)))
    if isinstance(given, dict):
        with pytest.raises(InputError, match="a DataFrame iterates over its names"):
            limefw.explain_many(pandas.DataFrame(given), model_of(np.ones(3)))
        texts = pandas.DataFrame(given)["text"].to_list()
        model = limefw.model(lambda batch: np.array([float(len(text)) for text in batch]), task="regression")
        assert len(limefw.explain_many(texts, model)) == 1


def images(count, names=None, rows=2):
    """Explanations of pictures, cut into a grid, into halves by superpixel or into parts with names."""
    pixels = RNG(0).integers(0, 255, (count, 12, 12, 3), dtype=np.uint8)

    def cut(image, rng, /):
        # another cut in each picture
        labels = np.indices(image.shape)[0] * rows // 12 + (image.pixels[0, 0, 0] % 2) * (
            np.indices(image.shape)[1] > 9
        )
        segments = limefw.Segments.from_labels(labels)
        return segments if names is None else limefw.Segments(np.minimum(segments.labels, 1), names)

    def predict(batch):
        share = batch.mean(axis=(1, 2, 3)) / 255
        return np.stack([share, 1 - share], axis=1)

    return [limefw.explain(image, predict, segmenter=cut, filler="constant", samples=16) for image in pixels]


def test_superpixels_of_different_images_are_not_compared():
    """They have nothing in common; parts with names of the user's own do, and so does one grid."""
    with pytest.raises(InputError, match="a superpixel of one image is none of another"):
        limefw.overview(images(6))
    made = limefw.overview(images(6, names=("head", "tail")))
    assert {share.feature for share in made.shares} <= {"head", "tail"}
    pixels = RNG(0).integers(0, 255, (3, 12, 12, 3), dtype=np.uint8)
    grid = limefw.explain_many(
        pixels, lambda batch: batch[:, :6].mean(axis=(1, 2)) / 765, labels=[0], samples=20,
        segmenter={"use": "grid", "rows": 2, "columns": 2},
    )  # fmt: skip
    assert limefw.pick(grid, 2).weights.count == 3


def test_series_that_are_cut_otherwise_are_not_compared():
    """Windows that differ have nothing to compare."""
    model = model_of(np.ones(30))
    found = [limefw.explain(row, model, recipe="series", segmenter={"use": "change_points", "count": 4}, samples=30)
             for row in RNG(0).normal(size=(3, 30))]  # fmt: skip
    with pytest.raises(InputError, match="were not cut alike"):
        limefw.pick(found)


def test_own_features_can_be_said(case):
    """A function calls segments by other names, and equal ones are one."""
    found, effects = case
    halves = limefw.overview(found, by=lambda explanation, segment: "early" if segment < 4 else "late")
    expected = {"early": effects[:, :4].sum(axis=1), "late": effects[:, 4:].sum(axis=1)}
    for share in halves.shares:
        assert share.strength == pytest.approx(np.abs(expected[share.feature]).mean())


def test_the_second_of_two_equal_words_is_the_same_word():
    """Explanations by position number words that come again."""

    def cut(series, rng, /):
        return limefw.Segments(np.arange(4)[:, None], ("good", "film", "good (2)", "part (2)"))

    found = limefw.explain(np.array([1.0, 2.0, 3.0, 4.0]), model_of(np.ones(4)), recipe="series", segmenter=cut,
                           filler="series_constant")  # fmt: skip
    assert {share.feature for share in limefw.overview([found]).shares} == {"good", "film", "part (2)"}


def lines_of(*strings):
    """Explain texts by their lines; "up" adds 1 and "down" takes 1 away."""
    model = limefw.model(
        lambda texts: np.array([text.count("up") - text.count("down") for text in texts], float), task="regression"
    )
    return limefw.explain_many(strings, model, recipe="text", segmenter="lines", surrogate="linear")


def test_lines_that_begin_alike_are_different_features(tmp_path):
    """Names are cut and numbered; what is the same line, in one text or in several, is said by all its letters."""
    start = "2026-11-22 INFO a message that is far longer than any name would be, and tells nothing new: "
    ups = [f"{start}up", f"{start}down"]
    found = lines_of("\n".join(ups), "\n".join([*ups[::-1], ups[0]]))
    found = [limefw.load(one.save(tmp_path / "a.limefw")) for one in found]
    for some, strengths, present in ((found[:1], [1, 1], [1, 1]), (found, [1.5, 1.0], [2, 2])):
        made = limefw.overview(some)
        assert [share.strength for share in made.shares] == pytest.approx(strengths)
        assert [share.present for share in made.shares] == present
        assert len({share.feature for share in made.shares}) == 2
        assert all(len(share.feature) < 90 for share in made.shares)
    assert [share.mean for share in limefw.overview(found).shares] == pytest.approx([1.5, -1.0])


def test_parts_with_names_of_their_own_go_by_these():
    """A segmenter in code may call parts of different letters the same; "up (2)" may be what stands there."""
    from limefw.modalities.text import segments_of

    def cut(text, _rng, /):
        segments = segments_of(text, [(0, 2), (3, len(text.string))], bag=False)
        return limefw.Segments(segments.labels, ("first", segments.names[1]))

    model = limefw.model(lambda texts: np.array([float(len(text)) for text in texts]), task="regression")
    found = limefw.explain_many(["ab up (2)", "cd up", "up up"], model, segmenter=cut)
    assert {share.feature: share.present for share in limefw.overview(found).shares} == {
        "first": 3, "up (2)": 1, "up": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda found: limefw.pick(found, 0), "at least 1, got 0"),
        (lambda found: limefw.pick(found, True), "got True"),
        (lambda _: limefw.pick([]), "no explanations"),
        (lambda _: limefw.overview([]), "no explanations"),
        (lambda found: limefw.pick(found, by="words"), "'features', 'names' or a function"),
        (lambda found: limefw.overview([*found, *images(1)]), "series and image have no features in common"),
    ],
)
def test_what_cannot_be_done_is_told(case, call, message):
    """What is wrong, and what would do."""
    with pytest.raises(InputError, match=message):
        call(case[0])
    with pytest.raises(limefw.LabelError):
        limefw.pick(case[0], label="nobody")


def test_an_overview_is_drawn_and_told(case):
    """In ranks, and along time where there is one; the same twice, with odd names as text."""
    found, _ = case
    made = limefw.overview(found)
    odd = limefw.overview(found, by=lambda _, segment: f"$</b>\x00{segment}$ " + "long " * 20)
    assert len(made.plot().axes[0].patches) == 16
    for one in (made, odd):
        assert one.render("figure").data == one.render("figure").data
        text = one.render("text").data
        assert "What the model goes by in 12 series" in text
        assert max(map(len, text.splitlines())) <= 88
        assert "\x00" not in text
    with pytest.raises(limefw.LimefwError, match="draws one explanation"):
        made.render("overlay")
    assert "steps 0 to 4" in made.render({"use": "text", "top": 8}).data


def test_a_table_of_features():
    """With pandas."""
    pytest.importorskip("pandas")
    found = limefw.explain(np.arange(20.0), model_of(np.ones(20)), recipe="series", samples=50)
    frame = limefw.overview([found]).to_frame()
    assert list(frame.columns) == ["feature", "strength", "raises", "lowers", "mean", "present"]


def picky(texts):
    """Return the length of each text; this model knows no z."""
    if any("z" in text for text in texts):
        raise ValueError("what is a z?")
    return np.array([float(len(text)) for text in texts])


def test_what_was_explained_before_a_bad_instance_is_kept():
    """The error says which instance it was, and holds the explanations made before it."""
    model = limefw.model(picky, task="regression")
    with pytest.raises(ValueError, match="what is a z") as caught:
        limefw.explain_many(["a b", "a c b d", "a z", "c d"], model, seed=3)
    alone = limefw.explain_many(["a b", "a c b d"], model, seed=3)
    assert [one.as_list() for one in caught.value.explanations] == [one.as_list() for one in alone]
    assert any("instance 2 of 0 to 3" in note for note in caught.value.__notes__)


def test_a_bad_instance_can_be_left_out():
    """Whoever asks for it is told which and why; the others come out as without it."""
    failed = {}
    texts = ["a b", "", "a z", "c d"]
    found = limefw.explain_many(texts, limefw.model(picky, task="regression"), seed=3, on_error=failed.__setitem__)
    assert [one.instance.string for one in found] == ["a b", "c d"]
    assert {at: type(error) for at, error in failed.items()} == {1: limefw.InputError, 2: ValueError}
    before = limefw.explain_many([texts[0]], limefw.model(picky, task="regression"), seed=3)
    assert found[0].as_list() == before[0].as_list()


def test_after_an_interruption_none_is_begun():
    """What was drawn of the one in the making is explained, and that is the last."""
    asked = []

    def interrupted(texts):
        asked.append(len(texts))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return np.array([float(len(text)) for text in texts])

    model = limefw.model(interrupted, task="regression")
    found = limefw.explain_many(["a b c d e f g h i"] * 4, model, samples=60, chunk=20)
    assert len(found) == 1
    assert "interrupted" in {caution.code for caution in found[0].health.cautions}


def test_words_that_differ_in_case_alone_are_one_feature_where_the_recipe_says_so():
    """In one text and in many."""
    texts = ["Good film", "a good plot"]
    for ignore, count in ((True, 1), (False, 2)):
        cut = {"use": "words", "ignore_case": ignore}
        found = limefw.explain_many(texts, limefw.model(picky, task="regression"), segmenter=cut, samples=20)
        names = [share.feature for share in limefw.overview(found).shares if share.feature.lower() == "good"]
        assert len(names) == count


def test_the_recipes_own_seed_counts():
    """A seed given stands in for it."""
    model, text = limefw.model(picky, task="regression"), ["a b c d e f g h"]

    def drawn(**settings):
        found = limefw.explain_many(text, model, samples=20, **settings)
        return found[0].provenance["recipe"]["seed"]

    assert drawn(recipe={"extends": "text", "seed": 5}) == drawn(seed=5)
    assert drawn(recipe={"extends": "text", "seed": 5}) != drawn()
    with pytest.raises(limefw.RecipeError, match="seed"):
        limefw.explain_many(text, model, seed=-1)


@pytest.mark.parametrize("most", [-1, 0, 2.5, "3", True])
def test_most_is_a_number_of_instances(most):
    with pytest.raises(limefw.InputError, match="most is how many instances"):
        limefw.explain_many(["a b", "c d"], limefw.model(picky, task="regression"), most=most)


def test_on_error_is_a_function():
    with pytest.raises(limefw.InputError, match="on_error is a function"):
        limefw.explain_many(["a b"], limefw.model(picky, task="regression"), on_error="skip")


def test_a_data_set_with_places_is_taken():
    """As PyTorch's have them: a length and elements, and no iterator."""

    class Data:
        def __len__(self):
            return 2

        def __getitem__(self, at):
            return ["a b", "c d e"][at]

    found = limefw.explain_many(Data(), limefw.model(picky, task="regression"), samples=9)
    assert [one.instance.string for one in found] == ["a b", "c d e"]
    with pytest.raises(limefw.InputError, match="is one instance"):
        limefw.explain_many(np.array(3.0), limefw.model(picky, task="regression"))


def test_explanations_are_copied_and_pickled(case):
    """Workers send them back, alone or on an error."""
    found, _ = case
    for again in (pickle.loads(pickle.dumps(found[0])), copy.deepcopy(found[0])):
        assert again.as_list() == found[0].as_list()
        assert again.render("text").data == found[0].render("text").data


def test_one_exception_raised_again_tells_of_its_own_run():
    """A model may keep its exception: what it holds is never of an earlier run, and its notes do not pile up."""
    broken = ValueError("down")

    def model(texts):
        if any("z" in text for text in texts):
            raise broken
        return np.array([float(len(text)) for text in texts])

    loaded = limefw.model(model, task="regression")
    for texts in (["a b", "a c", "a z"], ["c d", "a z"], ["c d", "a z"]):
        with pytest.raises(ValueError, match="down") as caught:
            limefw.explain_many(texts, loaded, samples=9)
        assert [one.instance.string for one in caught.value.explanations] == texts[:-1]
    assert sum("instance 1 of 0 to 1" in note for note in broken.__notes__) == 1


def test_an_error_of_on_error_loses_nothing():
    """What was made before is on it, as on any other."""

    def refuse(at, error):
        raise RuntimeError(f"stop at {at}") from error

    with pytest.raises(RuntimeError, match="stop at 1") as caught:
        limefw.explain_many(["a b", "a z", "c d"], limefw.model(picky, task="regression"), samples=9, on_error=refuse)
    assert [one.instance.string for one in caught.value.explanations] == ["a b"]


def test_an_interruption_before_anything_was_made_is_raised():
    """There is nothing to give back."""

    def cut(_text, _rng, /):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        limefw.explain_many(["a b", "c d"], limefw.model(picky, task="regression"), segmenter=cut)
