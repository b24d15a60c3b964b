"""limefw.evaluate: what is asked of the model, what is told, and that nothing is lost."""

import json
import math

import numpy as np
import pytest

import limefw
from limefw.errors import InputError, RecipeError, UnknownPluginError
from limefw.evaluation.replay import Replay
from limefw.evaluation.result import Evaluation, Mean, Verdict
from limefw.types import Draws


GRID = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}}
METRICS = ["fidelity", "deletion", "insertion", "effort"]


class Counting:
    """A model that counts its rows: how bright the upper left is."""

    def __init__(self, fail_at=None):
        self.rows, self.fail_at = 0, fail_at

    def __call__(self, batch):
        self.rows += len(batch)
        if self.fail_at is not None and self.rows > self.fail_at:
            raise self.error
        part = np.asarray(batch, dtype=np.float64)[:, :10, :10].mean(axis=(1, 2, 3)) / 255
        return np.stack([part, 1 - part], axis=1)

    error: BaseException = RuntimeError("out of breath")


@pytest.fixture
def photos():
    rng = np.random.default_rng(0)
    return [limefw.Image(rng.integers(0, 255, (24, 30, 3), dtype=np.uint8), (0, 255), f"photo {n}") for n in range(3)]


def judged(what, model, **settings):
    given = {"overrides": GRID, "samples": 60, **settings}
    return limefw.evaluate(what, model, **given)


def figures(found):
    """Return all figures but those of a clock."""
    return [
        {metric: {name: value for name, value in one[metric].items() if "seconds" not in name} for metric in one}
        for one in found
    ]


# ---- one game


def test_metrics_share_their_rows_and_none_is_the_explanations(photos):
    model = Counting()
    found = judged(photos[0], model, metrics=["deletion", "insertion", "effort"])
    own = found[0]["effort"]["predicted"]
    spent = found[0].spent
    assert model.rows == own + sum(figures["rows"] for figures in spent.values())
    # the instance, nine rows from all to nothing; then from nothing to all, of which two are the same
    assert (spent["deletion"]["rows"], spent["insertion"]["rows"], spent["effort"]["rows"]) == (10, 8, 0)


def test_figures_depend_on_no_order_and_no_company(photos):
    every = judged(photos[0], Counting(), metrics=[*METRICS, "infidelity", "mu_fidelity"])
    turned = judged(photos[0], Counting(), metrics=["mu_fidelity", "infidelity", *METRICS[::-1]])
    alone = judged(photos[0], Counting(), metrics="mu_fidelity")
    assert figures(every)[0] == figures(turned)[0]
    assert alone[0]["mu_fidelity"] == every[0]["mu_fidelity"]


def test_a_finished_explanation_is_judged_as_a_fresh_one(photos, tmp_path):
    model = Counting()
    fresh = judged(photos[0], model, metrics=[*METRICS, "stability"])
    explanation = fresh[0].explanation
    again = limefw.evaluate(explanation, model, metrics=[*METRICS, "stability"])
    loaded = limefw.load(explanation.save(tmp_path / "one.limefw"))
    assert figures(fresh) == figures(again) == figures(limefw.evaluate(loaded, model, metrics=[*METRICS, "stability"]))
    assert again[0].notes == ()


def test_seeds_are_kept(photos):
    def all_figures(seed):
        return figures(judged(photos, Counting(), metrics=["fidelity", "stability"], seed=seed))

    assert all_figures(3) == all_figures(3) != all_figures(4)


def test_each_of_several_has_a_seed_of_its_own(photos):
    found = judged([photos[0], photos[0]], Counting())
    first, second = (one.explanation.neighbourhood.codes for one in found)
    assert not np.array_equal(first, second)
    assert [one.name for one in found] == ["photo 0", "photo 0 (2)"]
    assert found["photo 0 (2)"] is found[1]


# ---- the game itself


def test_a_game_answers_by_codes_and_through_other_composers(photos):
    model = limefw.model(Counting())
    explanation = limefw.explain(photos[0], model, recipe="lime", samples=60, **GRID, labels=[1, 0])
    recipe = limefw.build(samples=60, **GRID)
    game = Replay(explanation, recipe, model, limefw.registry())
    codes = np.random.default_rng(1).random((7, 9)) < 0.5
    assert np.array_equal(game(Draws(codes)), game.shown(codes))
    assert game.spent["rows"] == 8  # these and the instance
    around = explanation.neighbourhood
    assert np.allclose(game.shown(around.codes), around.targets)
    black = limefw.PixelComposer.of(game.instance, np.zeros_like(game.instance.pixels), game.segments)
    dark = game.through(black)(np.zeros((1, 9), dtype=bool))
    assert dark.tolist() == [[1.0, 0.0]]
    draws, targets, weights = game.fresh(50, np.random.default_rng(2))
    assert len(draws) == len(targets) == len(weights) == 50
    assert np.allclose(targets, game.shown(draws.codes))
    # what every sampler of pairs begins with is no draw: instance and all hidden
    pairs = limefw.build(samples=60, sampler={"use": "paired", "enumerate_small": False}, **GRID)
    for rows in (1, 30, 31):
        game = Replay(explanation, pairs, model, limefw.registry())
        draws, _, weights = game.fresh(rows, np.random.default_rng(2))
        assert len(draws) == len(weights) == rows
        assert draws.codes.any(axis=1).all()
        assert not draws.codes.all(axis=1).any()


def test_random_fillings_are_the_same_whatever_was_asked_before(photos):
    model = limefw.model(Counting())
    noise = {**GRID, "filler": {"use": "noise", "fields": 5}}
    explanation = limefw.explain(photos[0], model, recipe="lime", samples=60, **noise)
    recipe = limefw.build(samples=60, **noise)
    codes = np.random.default_rng(1).random((20, 9)) < 0.5
    one, other = (Replay(explanation, recipe, model, limefw.registry()) for _ in range(2))
    other.shown(~codes)
    assert np.array_equal(one.shown(codes), other.shown(codes[::-1])[::-1])


# ---- other modalities


WORDS = {"good": 2.0, "bad": -1.5, "dull": -1.0}


def words(texts):
    sums = np.array([sum(WORDS.get(word, 0.0) for word in text.split()) for text in texts])
    return np.stack([1 / (1 + np.exp(sums)), 1 / (1 + np.exp(-sums))], axis=1)


def people():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(200, 6))
    return limefw.Table(values, labels=values[:, 0] > 0)


def of_row(rows):
    chance = 1 / (1 + np.exp(-np.asarray(rows, dtype=float)[:, 0] * 2))
    return np.stack([1 - chance, chance], axis=1)


def of_series(batch):
    high = 0.5 + 0.5 * np.tanh(batch[:, :20].mean(axis=1))
    return np.stack([1 - high, high], axis=1)


@pytest.mark.parametrize(
    ("instance", "model", "more"),
    [
        ("a good film with a dull end and bad jokes", words, []),
        (people().row(3), of_row, []),
        (limefw.Series(np.sin(np.arange(80) / 7)), of_series, [{"use": "max_sensitivity", "draws": 2}]),
    ],
    ids=["text", "table", "series"],
)
def test_texts_tables_and_series_are_judged(instance, model, more):
    every = [*METRICS, "infidelity", "mu_fidelity", {"use": "stability", "runs": 3}, "overlap", *more]
    mask = np.zeros(instance.shape if hasattr(instance, "shape") else len(instance), dtype=bool)
    mask.reshape(-1)[:4] = True
    if isinstance(instance, str):
        mask = np.zeros(limefw.Text(instance).shape, dtype=bool)
        mask[2:6] = True
    found = limefw.evaluate(instance, model, metrics=every, masks=mask, samples=200, labels=[1])
    assert dict(found[0].failures) == {}
    assert all(math.isfinite(value) for metric in found[0] for value in found[0][metric].values())
    if isinstance(instance, str):
        assert found[0]["overlap"]["best_iou"] == 1.0
        assert found[0]["overlap"]["iou"] == 1.0


def test_columns_that_are_values_have_fidelity_alone():
    plain = {"segmenter": {"use": "bins", "discretizer": "none"}, "sampler": "marginals"}
    found = limefw.evaluate(people().row(3), of_row, metrics=["fidelity", "deletion"], overrides=plain, samples=200)
    if found[0].explanation.neighbourhood.codes.dtype == np.float64:
        assert set(found[0]["fidelity"]) == {"in_sample", "cross_fitted", "weighted"}
        assert "nothing can be shown or hidden" in found[0].failures["deletion"]
    else:
        pytest.fail("these columns are expected to be values")


# ---- what comes back


def test_intervals_end_at_what_a_figure_can_be():
    """A Jaccard index of .9 on average is no 1.4 in any of them; of a figure of which nothing is known it may be."""
    verdicts = tuple(
        Verdict(str(at), {"stability": {"jaccard": value, "own": value}}) for at, value in enumerate((0.8, 1))
    )
    known = limefw.registry().get("metrics", "stability").figures
    means = Evaluation(verdicts, {"stability": {}}, known={"stability": known}).means()["stability"]
    assert means["jaccard"].high == 1.0
    assert means["own"].high > 1.0
    assert means["jaccard"].low == max(0.0, means["own"].low) == 0.0
    one = Evaluation(verdicts[:1], {"stability": {}}, known={"stability": known}).means()["stability"]["jaccard"]
    assert math.isnan(one.low)
    assert math.isnan(one.high)


def test_of_several_one_without_a_mask_is_judged_by_what_needs_none(photos):
    """The others are judged by everything; where none has a mask nobody is."""
    mask = np.zeros((24, 30), dtype=bool)
    mask[:8, :10] = True
    found = judged(photos[:2], Counting(), metrics=["overlap", "effort"], masks=[mask, None])
    assert set(found[0]) == {"overlap", "effort"}
    assert set(found[1]) == {"effort"}
    assert "needs a mask of" in found[1].failures["overlap"]
    for none in (None, [None, None]):
        with pytest.raises(InputError, match="needs a mask"):
            judged(photos[:2], Counting(), metrics=["overlap", "effort"], masks=none)


def test_one_that_no_metric_can_judge_costs_nothing(photos):
    """It is not explained."""
    mask = np.zeros((24, 30), dtype=bool)
    mask[:8, :10] = True
    alone, both = Counting(), Counting()
    judged(photos[0], alone, metrics="overlap", masks=mask)
    found = judged(photos[:2], both, metrics="overlap", masks=[mask, None])
    assert both.rows < 1.5 * alone.rows
    assert set(found[1].failures) == {"overlap"}


def test_masks_that_no_metric_needs_are_noted(photos):
    """Some metric of one's own may look at one, so they are no fault."""
    mask = np.zeros((24, 30), dtype=bool)
    mask[:8, :10] = True
    (note,) = judged(photos[0], Counting(), metrics="effort", masks=mask)[0].notes
    assert note == "masks were given, and none of these metrics needs one: effort (overlap and pointing do)"
    assert not judged(photos[0], Counting(), metrics=["effort", "overlap"], masks=mask)[0].notes


def test_figures_that_are_known_are_those_that_metrics_return(photos):
    """By name, and within their ranges."""
    mask = np.zeros((24, 30), dtype=bool)
    mask[:8, :10] = True
    metrics = [*METRICS, "infidelity", "mu_fidelity", "overlap", "pointing", "road", {"use": "stability", "runs": 2}]
    metrics.append({"use": "max_sensitivity", "draws": 1})
    found = judged(photos[0], Counting(), metrics=metrics, masks=mask)
    assert not found.failed
    for metric in found[0]:
        known = {figure.name: figure for figure in found.known[metric]}
        assert set(known) >= set(found[0][metric]) - {"cached"}
        assert set(known) <= set(found[0][metric])
        for name, value in found[0][metric].items():
            if name in known:
                assert known[name].least <= value <= known[name].most


def test_several_have_means_with_jackknife_intervals(photos):
    from scipy.stats import t

    found = judged(photos, Counting())
    values = [one["deletion"]["auc"] for one in found]
    mean = found.means()["deletion"]["auc"]
    half = t.ppf(0.975, 2) * np.std(values, ddof=1) / np.sqrt(3)
    assert (mean.mean, mean.count) == (pytest.approx(np.mean(values)), 3)
    assert (mean.low, mean.high) == (pytest.approx(mean.mean - half), pytest.approx(mean.mean + half))
    assert "3 instances" in str(found)
    assert f"{mean.low:.3g} to {mean.high:.3g}" in str(found)


def test_means_are_of_what_there_is():
    assert Mean.of([1.0, math.nan, 3.0]).count == 2
    one = Mean.of([2.0])
    assert (one.mean, math.isnan(one.low), one.count) == (2.0, True, 1)
    assert Mean.of([math.nan]).count == 0


def test_json_and_frame_have_every_figure(photos):
    pytest.importorskip("pandas")

    def odd(_explanation, _game, _rng, /):
        return {"nothing": float("nan"), "one": 1}

    found = judged(photos, Counting(), metrics=["deletion", odd])
    mapping = json.loads(found.to_json())
    assert mapping["instances"][1]["figures"]["deletion"]["auc"] == found[1]["deletion"]["auc"]
    assert mapping["instances"][1]["figures"]["odd"] == {"nothing": None, "one": 1.0}
    assert mapping["means"]["odd"]["one"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "count": 3}
    frame = found.to_frame()
    assert len(frame) == 9
    assert set(frame["instance"]) == {"photo 0", "photo 1", "photo 2"}


def test_one_metric_twice_has_two_names(photos):
    found = judged(photos[0], Counting(), metrics=["deletion", {"use": "deletion", "baseline": "grey"}])
    assert list(found[0]) == ["deletion", "deletion (2)"]
    assert found.settings["deletion (2)"]["baseline"] == "grey"


def test_who_asks_for_figures_that_are_not_there_is_told(photos):
    found = judged(photos[0], Counting())
    with pytest.raises(KeyError, match="Did you mean 'deletion'"):
        found[0]["deletoin"]
    with pytest.raises(KeyError, match="There are: photo 0"):
        found["photo 9"]


# ---- nothing is lost


def test_a_metric_that_fails_is_told_and_the_others_go_on(photos):
    pytest.importorskip("pandas")

    def wrong(_explanation, _game, _rng, /):
        raise ValueError("no such luck")

    def speechless(_explanation, _game, _rng, /):
        return 3.0

    found = judged(photos[0], Counting(), metrics=["deletion", wrong, speechless, "insertion"])
    assert list(found[0]) == ["deletion", "insertion"]
    assert found[0].failures["wrong"] == "ValueError: no such luck"
    assert "expected a mapping from names to numbers" in found[0].failures["speechless"]
    assert found.failed
    assert "failed: wrong for photo 0: ValueError: no such luck" in str(found)
    assert "no such luck" in found.to_frame()["failure"].str.cat()
    with pytest.raises(KeyError, match="no such luck"):
        found[0]["wrong"]


def test_an_instance_that_fails_is_told_and_the_others_go_on(photos):
    found = judged(photos, Counting(fail_at=100), metrics=["deletion", "insertion"])
    assert [bool(one.failures) for one in found] == [False, True, True]
    assert found[1].failures["explanation"] == "RuntimeError: out of breath"
    assert found.means()["deletion"]["auc"].count == 1
    with pytest.raises(RuntimeError, match="out of breath"):
        judged(photos[0], Counting(fail_at=20))


def test_an_interruption_gives_back_what_there_was(photos):
    model = Counting(fail_at=100)
    model.error = KeyboardInterrupt()
    found = judged(photos, model, metrics=["deletion", "insertion"])
    assert found.interrupted
    assert len(found) == 1
    assert found[0]["deletion"]["auc"] > 0
    assert "Interrupted" in str(found)


# ---- bad input


class Never:
    def __call__(self, batch):
        raise AssertionError("the model was asked")


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"metrics": "pointing"}, InputError, "needs a mask of 'photo 0'"),
        ({"metrics": ["delation", "stabilty"]}, UnknownPluginError, "(?s)'deletion'[?].*Did you mean 'stability'"),
        ({"metrics": [{"use": "stability", "runs": 1}]}, RecipeError, "'runs' must be greater than or equal to 2"),
        ({"metrics": []}, RecipeError, "name at least one"),
        ({"metrics": [3]}, RecipeError, "a name, a function, or a mapping"),
        ({"metrics": "overlap", "masks": np.zeros((24, 30))}, InputError, "empty"),
        ({"metrics": "overlap", "masks": np.ones((24, 30))}, InputError, "full"),
        ({"metrics": "overlap", "masks": np.eye(30)}, InputError, "30 x 30, and the image 24 x 30"),
        ({"metrics": "overlap", "masks": np.full((24, 30), "a")}, InputError, "type"),
        ({"metrics": "overlap", "masks": [None]}, InputError, "needs a mask"),
        ({"metrics": "overlap", "masks": [None, None]}, InputError, "1 instances and 2 masks"),
        ({"metrics": "overlap", "masks": "nowhere.png"}, InputError, "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_the_model_is_asked(photos, settings, error, told):
    with pytest.raises(error, match=told):
        judged(photos[0], Never(), **settings)


def test_a_mask_may_be_a_file_or_a_colour_picture(photos, tmp_path):
    from PIL import Image

    mask = np.zeros((24, 30), dtype=np.uint8)
    mask[:8, :10] = 200
    np.save(tmp_path / "mask.npy", mask)
    Image.fromarray(mask).save(tmp_path / "grey.png")
    Image.fromarray(np.dstack([mask * 0, mask, mask * 0, mask * 0 + 255])).save(tmp_path / "colour.png")
    given = [
        mask,
        mask > 0,
        np.dstack([mask] * 3),
        *(tmp_path / name for name in ("mask.npy", "grey.png", "colour.png")),
    ]
    found = [judged(photos[0], Counting(), metrics="overlap", masks=one)[0]["overlap"] for one in given]
    assert found[0]["best_iou"] == 1.0
    assert all(one == found[0] for one in found)


def test_an_explanation_is_not_judged_by_another_model(photos):
    explanation = limefw.explain(photos[0], Counting(), recipe="lime", samples=60, **GRID)
    with pytest.raises(InputError, match="give the same model"):
        limefw.evaluate(
            explanation, limefw.model(Counting(), contract=limefw.Contract(size=(12, 12))), metrics="deletion"
        )
    other = lambda batch: Counting()(batch) ** 2
    # also where no metric asks the model anything
    for metrics in (["deletion", "insertion"], ["effort"]):
        with pytest.raises(InputError, match=r"another model.* 0\.25.* 0\.50.*give the same model"):
            limefw.evaluate(explanation, other, metrics=metrics)
    # of several the others are judged
    theirs = limefw.explain(photos[1], other, recipe="lime", samples=60, **GRID)
    found = limefw.evaluate([explanation, theirs], other, metrics=["effort", "deletion"])
    assert list(found[0]) == []
    assert "another model" in found[0].failures["explanation"]
    assert list(found[1]) == ["effort", "deletion"]
    with pytest.raises(InputError, match="already has its samples"):
        limefw.evaluate(explanation, Counting(), samples=50)


def test_a_row_by_standardised_values_is_not_judged_by_another_model():
    rng = np.random.default_rng(0)
    row = limefw.Table(rng.normal(size=(200, 4))).row(3)

    def chances(slope):
        def model(rows):
            return 1 / (1 + np.exp(-slope * np.asarray(rows, float)[:, 0]))

        return model

    plain = {"segmenter": {"use": "bins", "discretizer": "none"}, "sampler": "marginals"}
    explanation = limefw.explain(row, chances(1.0), samples=100, **plain)
    assert explanation.neighbourhood.codes.dtype == np.float64
    assert "effort" in limefw.evaluate(explanation, chances(1.0), metrics="effort")[0]
    with pytest.raises(InputError, match="another model"):
        limefw.evaluate(explanation, chances(3.0), metrics="effort")


def test_what_was_made_in_code_is_asked_for(photos):
    def flat(draws, _composer, /):
        return np.ones(len(draws))

    explanation = limefw.explain(photos[0], Counting(), recipe="lime", samples=60, kernel=flat, **GRID)
    with pytest.raises(InputError, match="a function given in code as kernel"):
        limefw.evaluate(explanation, Counting())
    found = limefw.evaluate(explanation, Counting(), overrides={"kernel": flat}, metrics="fidelity")
    assert not found.failed
    whole = limefw.build(samples=60, kernel=flat, **GRID)
    assert figures(limefw.evaluate(explanation, Counting(), recipe=whole, metrics="fidelity")) == figures(found)


def test_other_fillings_than_then_are_noted(photos):
    explanation = limefw.explain(photos[0], Counting(), recipe="lime", samples=60, **GRID)
    other = limefw.build(samples=60, filler="blur", **GRID)
    found = limefw.evaluate(explanation, Counting(), recipe=other, metrics="deletion")
    assert "show something else now" in str(found)


def test_there_must_be_something_to_judge():
    with pytest.raises(InputError, match="nothing to judge"):
        limefw.evaluate([], Counting())


def test_each_metric_has_random_numbers_of_its_own():
    """By its name: neither its place nor which others are asked matters, and no two see the same."""
    seen = {}

    def noting(name):
        def metric(_explanation, _game, rng, /):
            seen.setdefault(name, []).append(rng.random())
            return {"a": 1.0}

        metric.__name__ = name
        return metric

    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    for names in (("one", "other"), ("other", "one")):
        given = {"metrics": [noting(name) for name in names], "overrides": {"segmenter": "grid"}, "samples": 30}
        limefw.evaluate(pixels, Counting(), **given)
    assert seen["one"][0] == seen["one"][1] != seen["other"][0] == seen["other"][1]
