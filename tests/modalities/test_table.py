"""Tables: what is read, what the model is given back, bins and their names, and what cannot be explained."""

import json
import math
import re
import warnings

import numpy as np
import pytest

import limefw
from limefw import Bins, Table
from limefw.modalities.table import number_text
from limefw.modalities.table_bins import RowComposer, between
from limefw_plugins.segmenters.bins import bins


RNG = np.random.default_rng
NO_CHANCE = RNG(0)


def halves(rows):
    """A model of anything with two columns or more: nothing ever changes."""
    return np.full((len(rows), 2), 0.5)


def named(row, **params):
    return bins(row, NO_CHANCE, **params).names


# --- what the model is given


@pytest.fixture(scope="module")
def people():
    pd = pytest.importorskip("pandas")
    rng = RNG(1)
    size = 60
    return pd.DataFrame({
        "age": rng.integers(18, 80, size),
        "income": rng.lognormal(10, 1, size).astype(np.float32),
        "housing": rng.choice(["own", "rent", "free"], size),
        "employed": rng.random(size) < 0.7,
        "grade": pd.Categorical(rng.choice(list("CAB"), size), categories=list("CAB"), ordered=True),
        "children": pd.array(rng.choice([0, 1, 2, None], size), dtype="Int64"),
        "savings": np.where(rng.random(size) < 0.3, np.nan, rng.gamma(2.0, 500.0, size)),
        "town": np.where(rng.random(size) < 0.3, None, rng.choice(["Ulm", "Bonn"], size)),
        "since": pd.date_range("2020-01-01", periods=size),
        "ok": pd.array(rng.choice([True, False, None], size), dtype="boolean"),
    })  # fmt: skip


def test_a_model_gets_the_frame_back_that_the_table_is(people):
    """Names, order, types and categories of every batch are the table's; the first row is the instance itself."""
    pd = pytest.importorskip("pandas")
    seen = []

    def model(frame):
        seen.append(frame)
        return halves(frame)

    found = limefw.explain(Table(people).row(7), model, samples=300)
    assert len(seen) > 1
    for frame in seen:
        assert list(frame.columns) == list(people.columns)
        assert frame.dtypes.equals(people.dtypes)
        for name in people.columns:
            known, there = set(people[name].dropna()), set(frame[name].dropna())
            assert there <= known, name
    pd.testing.assert_frame_equal(seen[0], people.iloc[[7]].reset_index(drop=True))
    everything = pd.concat(seen)
    assert (everything["since"] == people["since"][7]).all()
    assert {"since"}.isdisjoint({name.split()[0] for name in found.segments.names})


def test_polars_frames_come_back_as_polars_frames(people):
    pl = pytest.importorskip("polars")
    towns = [town if isinstance(town, str) else None for town in people["town"]]
    frame = pl.DataFrame({
        "age": people["age"].tolist(), "housing": people["housing"].tolist(), "employed": people["employed"].tolist(),
        "savings": [None if math.isnan(value) else value for value in people["savings"]], "town": towns,
        "grade": pl.Series(people["grade"].tolist(), dtype=pl.Categorical), "small": pl.Series([1] * 60, dtype=pl.Int8),
    })  # fmt: skip
    seen = []

    def model(rows):
        seen.append(rows)
        return halves(rows)

    limefw.explain(Table(frame).row(7), model, samples=200)
    assert all(rows.schema == frame.schema for rows in seen)
    assert seen[0].equals(frame[7:8])
    assert set(seen[1]["town"].to_list()) == {"Ulm", "Bonn", None}


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint8", "bool", "object"])
def test_arrays_come_back_as_arrays_of_their_type(dtype):
    data = RNG(0).integers(0, 9, (80, 4)).astype(dtype)
    seen = []

    def model(rows):
        seen.append(rows.copy())
        return halves(rows)

    limefw.explain(Table(data, names=list("abcd")).row(3), model, samples=100)
    assert {rows.dtype for rows in seen} == {data.dtype}
    assert (seen[0][0] == data[3]).all()
    # each column shows values of its own alone
    for at in range(4):
        assert set(np.concatenate(seen)[:, at].tolist()) <= set(data[:, at].tolist())


def test_arrays_of_texts_and_numbers_keep_both():
    data = np.array([["own", 3, True], ["rent", 4.5, False], ["own", 5, True], ["free", 8, False]] * 5, dtype=object)
    seen = []

    def model(rows):
        seen.append(rows.copy())
        return halves(rows)

    found = limefw.explain(Table(data, names=["housing", "rooms", "lift"]).row(1), model, samples=60)
    assert found.segments.names == ("housing = rent", "4.125 < rooms <= 4.75", "lift = False")
    assert {type(value) for value in np.concatenate(seen)[:, 0]} == {str}
    assert {type(value) for value in np.concatenate(seen)[:, 2]} == {bool}


@pytest.mark.parametrize("form", ["numpy", "pandas"])
def test_numbers_among_objects_are_numbers_and_come_back_as_they_were(form):
    """NumPy's numbers count as Python's do; whole columns come back whole, and None as None."""
    pd = pytest.importorskip("pandas")
    columns = {
        "whole": list(range(40)),
        "numpy": [np.int64(at) for at in range(40)],
        "single": list(np.arange(40.0, dtype="f4")),
        "gaps": [at if at % 4 else None for at in range(40)],
        "nans": [math.nan if at % 3 else at for at in range(40)],
    }
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    seen = []

    def model(rows):
        seen.append(np.asarray(rows, dtype=object))
        return halves(rows)

    table = Table(frame if form == "pandas" else frame.to_numpy(), names=None if form == "pandas" else list(columns))
    limefw.explain(table.row(5), model, samples=200)
    assert [feature.kind for feature in table.features] == ["integer", "integer", "number", "integer", "integer"]
    shown = np.concatenate(seen)
    kinds = [{type(value) for value in shown[:, at]} for at in range(5)]
    assert kinds == [{int}, {int}, {float}, {int, type(None)}, {int, float}]
    assert all(math.isnan(value) for value in shown[:, 4] if isinstance(value, float))


@pytest.mark.parametrize("form", ["numpy", "pandas"])
@pytest.mark.parametrize("sampler", ["marginals", "sobol", "latin_hypercube", "bootstrap", "gaussian_copula",
                                     "around_instance", "lime_tabular"])  # fmt: skip
@pytest.mark.parametrize("discretizer", ["quartile", "none"])
def test_a_model_may_write_on_what_it_is_given(form, sampler, discretizer):
    """As many do to fill in what is missing; the rows are its own, so that the explanation stays what it was."""
    pd = pytest.importorskip("pandas")
    data = RNG(0).normal(size=(100, 3))
    table = Table(data if form == "numpy" else pd.DataFrame(data, columns=list("abc")))

    def odds(rows):
        values = np.array(rows)
        return np.stack([values[:, 0], 1 - values[:, 0]], axis=1) / 100 + 0.5

    def writing(rows):
        found = odds(rows)
        if form == "numpy":
            rows[:] = 0.0
        else:
            rows.iloc[:, 0] = 0.0
        return found

    made = {"samples": 100, "sampler": sampler, "segmenter": {"use": "bins", "discretizer": discretizer}}
    ours, theirs = (limefw.explain(table.row(3), model, **made) for model in (writing, odds))
    assert ours.as_list() == theirs.as_list()


@pytest.mark.parametrize("missing", [None, math.nan, "none is"])
def test_objects_come_back_as_the_objects_they_were(missing):
    """pandas would make texts of its own of them, and NaN of None, which a fitted encoder may never have seen."""
    pd = pytest.importorskip("pandas")
    values = [missing if at % 5 == 0 else "xy"[at % 2] for at in range(100)]
    frame = pd.DataFrame({"a": RNG(0).normal(size=100), "b": pd.Series(values, dtype=object)})
    assert frame.b.dtype == object
    seen = []

    def model(rows):
        seen.append(rows.b)
        gone = np.array([value is missing or value == missing for value in rows.b]) * 0.8 + 0.1
        return np.stack([1 - gone, gone], axis=1)

    explanation = limefw.explain(Table(frame).row(0), model, samples=300)
    assert explanation.top(1)[0].effect > 0.7
    assert {part.dtype for part in seen} == {frame.b.dtype}
    assert {repr(value) for part in seen for value in part} == {repr(value) for value in values}


# --- pipelines


def test_a_whole_pipeline_is_explained(people):
    """A pipeline with its own encoders is asked about the user's own columns; the truth comes out in order."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    chosen = people[["age", "housing", "employed"]]
    target = np.where((chosen["age"] > 45) ^ (chosen["housing"] == "own"), "good", "bad")
    prepared = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["housing", "employed"]))
    model = make_pipeline(prepared, LogisticRegression()).fit(chosen, target)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = limefw.explain(Table(people).row(0), model, labels=["good"])
        shuffled = limefw.explain(Table(people[people.columns[::-1]]).row(0), model, labels=["good"])
    assert found.prediction() == model.predict_proba(chosen.iloc[[0]])[0, 1] == shuffled.prediction()
    assert {name.replace("=", "<").split(" < ")[0].split()[0] for name, effect in found.as_list()[:3]} <= {
        "age", "housing", "employed", *"0123456789",
    } | {name.split()[0] for name, _ in found.as_list()[:3]}  # fmt: skip
    lone = [effect for effect in found.top(None) if "income" in effect.name or "savings" in effect.name]
    assert all(abs(effect.effect) < 0.02 for effect in lone)


def test_a_model_that_lacks_columns_says_which(people):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(people[["age", "income"]], people["employed"])
    with pytest.raises(limefw.ModelError, match=r"columns that the table lacks: income\. The table has housing"):
        limefw.explain(Table(people[["age", "housing"]]).row(0), model)


def test_arrays_go_to_models_of_named_columns_and_frames_to_models_of_none(people):
    from sklearn.linear_model import LogisticRegression

    numbers = people[["age", "income"]]
    frames = LogisticRegression().fit(numbers, people["employed"])
    arrays = LogisticRegression().fit(numbers.to_numpy(), people["employed"])
    rows = [Table(numbers).row(5), Table(numbers.to_numpy().astype(float), names=["age", "income"]).row(5)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [limefw.explain(row, model, samples=200) for row in rows for model in (frames, arrays)]
    assert len({round(one.prediction(), 12) for one in found}) <= 2
    for one in found[1:]:
        np.testing.assert_allclose(one.effects(), found[0].effects(), atol=1e-6)


# --- features


def test_one_hot_columns_change_together():
    """Of a group exactly one is 1 in every row that the model sees, and it has one effect."""
    rng = RNG(3)
    colour = rng.integers(0, 3, 90)
    data = np.column_stack([np.eye(3)[colour], rng.normal(size=(90, 2))])
    names = ["colour_red", "colour_green", "colour_blue", "size", "weight"]
    seen = []

    def model(rows):
        seen.append(rows.copy())
        return np.stack([rows[:, 0], 1 - rows[:, 0]], axis=1)

    table = Table(data, names=names, one_hot={"colour": names[:3]})
    red = int(np.flatnonzero(colour == 0)[0])
    found = limefw.explain(table.row(red), model, labels=[0])
    shown = np.concatenate(seen)
    assert (shown[:, :3].sum(axis=1) == 1).all()
    assert np.isin(shown[:, :3], (0, 1)).all()
    assert found.as_list()[0][0] == "colour = red"
    assert found.effects()[0] == pytest.approx(1.0, abs=0.01)
    assert found.instance.names == ("colour", "size", "weight")
    assert table.row({**dict(zip(names, data[red], strict=True))}).values.tolist() == table.row(red).values.tolist()


@pytest.mark.parametrize("kind", [bool, int, float, "category"])
def test_one_hot_columns_that_never_change_are_read_as_they_are(kind):
    """Also where one is True in every row, so that it is the first of its column's values and not the second."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"k_a": [False] * 60, "k_b": [True] * 60, "x": np.arange(60.0), "y": np.arange(60.0) % 7})
    frame = frame.astype({"k_a": kind, "k_b": kind})
    seen = []

    def model(rows):
        seen.append(rows)
        return halves(rows)

    table = Table(frame, one_hot={"k": ["k_a", "k_b"]})
    assert {table.row(at).texts[0] for at in range(60)} == {"b"}
    assert table.row(frame.iloc[[3]]).texts[0] == "b"
    limefw.explain(table.row(3), model, samples=50)
    shown = pd.concat(seen)
    assert not shown["k_a"].astype(bool).any()
    assert shown["k_b"].astype(bool).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [([[1, 1, 0.0]], "in row 0 several"), ([[2, 0, 0.0]], "0 and 1 alone")],
)
def test_columns_that_are_no_one_hot_group_are_refused(rows, message):
    with pytest.raises(limefw.InputError, match=message):
        Table(np.array(rows * 3, dtype=float), one_hot={"g": [0, 1]})


def test_immutable_columns_stay_and_bounds_are_kept():
    rng = RNG(4)
    data = rng.normal(size=(100, 4)) * 10
    for sampler in ("marginals", "around_instance", "gaussian_copula", "bootstrap", "latin_hypercube", "sobol"):
        seen = []

        def model(rows, seen=seen):
            seen.append(rows.copy())
            return halves(rows)

        table = Table(data, names=list("abcd"), immutable=["b"], bounds={"c": (-5.0, 5.0), "d": (None, 0)})
        row = table.row({"a": 1.0, "b": 2.0, "c": 3.0, "d": -4.0})
        found = limefw.explain(row, model, sampler=sampler, samples=200)
        shown = np.concatenate(seen)
        assert (shown[:, 1] == 2.0).all(), sampler
        assert (np.abs(shown[:, 2]) <= 5.0).all(), sampler
        assert (shown[:, 3] <= 0.0).all(), sampler
        if sampler != "bootstrap":
            assert len(np.unique(shown[:, 2])) > 20, sampler
        assert [name.strip("-<=>.0123456789 ")[0] for name in found.segments.names] == ["a", "c", "d"]


def test_rows_of_the_background_are_shown_whole_and_within_bounds():
    """A filler that shows whole rows takes those that lie within all bounds, and says so where there are none."""
    data = np.stack([np.arange(100.0), RNG(0).normal(size=100)], axis=1)
    seen = []

    def model(rows):
        seen.append(rows.copy())
        return halves(rows)

    table = Table(data, names=["a", "b"], bounds={"a": (40, 60)})
    limefw.explain(table.row(50), model, sampler="bernoulli", filler="background_rows", samples=300)
    shown = np.concatenate(seen)
    assert shown[:, 0].min() >= 40
    assert shown[:, 0].max() <= 60
    assert {tuple(row) for row in shown} >= {tuple(data[50])}
    apart = np.repeat([[0.0, 1.0], [0.1, 1.1], [1.0, 0.0], [1.1, 0.1]], 25, axis=0)
    table = Table(apart, names=["a", "b"], bounds={"a": (0.5, None), "b": (0.5, None)})
    with pytest.raises(limefw.InputError, match="no row of the table lies within all bounds"):
        limefw.explain(table.row({"a": 1.0, "b": 1.0}), model, sampler="bernoulli", filler="background_rows", samples=9)


def test_bounds_of_whole_numbers_lie_within_those_given():
    """Rounding leads no whole number across a bound that is none."""
    data = RNG(0).integers(0, 50, (200, 2))
    for sampler in ("around_instance", "bootstrap", "gaussian_copula", "sobol"):
        seen = []

        def model(rows, seen=seen):
            seen.append(rows.copy())
            return halves(rows)

        table = Table(data, names=["a", "b"], bounds={"a": (10.2, 30.7)})
        row = table.row({"a": 20, "b": 3})
        limefw.explain(row, model, sampler=sampler, samples=200)
        shown = np.concatenate(seen)[:, 0]
        assert shown.min() >= 11, sampler
        assert shown.max() <= 30, sampler


def test_what_is_missing_in_two_ways_is_refused():
    """A model may tell None from NaN; pandas' NA among numbers comes back as itself."""
    pd = pytest.importorskip("pandas")
    mixed = pd.DataFrame({"a": pd.Series(["x", None, float("nan"), "y"] * 3, dtype=object), "b": range(12)})
    with pytest.raises(limefw.InputError, match="column 'a' holds NaN and None, which a model may tell apart"):
        Table(mixed)
    numbers = pd.DataFrame({"a": pd.Series([1, pd.NA, 3, 4] * 3, dtype=object), "b": range(12)})
    seen = []

    def model(frame):
        seen.extend(frame["a"].tolist())
        return halves(frame)

    limefw.explain(Table(numbers).row(1), model, samples=30)
    assert {type(value) for value in seen if not isinstance(value, int)} == {type(pd.NA)}


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (["zero", "one", "two", "three", "four", "five"], ("zero", "two", "five")),
        (["a", "b", "c"], ("a", "b", "c")),
        ({0: "a", 5: "c"}, ("a", "2", "c")),
    ],
)
def test_names_of_categories(called, expected):
    """By number as in lime where they reach, else one for each sorted value, or by value."""
    data = np.array([[0, 1.5], [2, 2.5], [5, 3.5]] * 4)
    table = Table(data, names=["kind", "b"], categorical=["kind"], category_names={"kind": called})
    assert table.features[0].texts == expected


def test_names_that_do_not_fit_are_refused():
    """Five names for the values 0, 2 and 5 say neither what 5 is called nor what the third is."""
    data = np.array([[0, 1.5], [2, 2.5], [5, 3.5]] * 4)
    with pytest.raises(limefw.InputError, match="has 3 categories, and 5 names were given: give one for each"):
        Table(data, names=["kind", "b"], categorical=["kind"], category_names={"kind": list("abcde")})


def test_bounds_belong_to_what_may_be_shown():
    """Values at the very bounds are drawn, those beyond are not, and what is missing may still be."""
    data = np.repeat(np.arange(10.0), 5)[:, None].repeat(2, axis=1)
    data[::5, 1] = np.nan
    table = Table(data, names=["a", "b"], bounds={"a": (2, 5), "b": (None, 5.0)})
    assert set(table.pools[0]) == {2.0, 3.0, 4.0, 5.0}
    assert set(table.pools[1][~np.isnan(table.pools[1])]) == set(np.arange(6.0))
    assert np.isnan(table.pools[1]).any()


def test_what_is_missing_is_a_bin_of_its_own():
    data = RNG(5).normal(size=(200, 3))
    data[::4, 0] = np.nan
    table = Table(data, names=["a", "b", "c"])

    def model(rows):
        gone = np.isnan(rows[:, 0]) * 0.8 + 0.1
        return np.stack([1 - gone, gone], axis=1)

    found = limefw.explain(table.row(0), model, labels=[1], samples=1000)
    assert found.as_list()[0][0] == "a is missing"
    assert found.effects()[0] == pytest.approx(0.8, abs=0.01)
    there = limefw.explain(table.row(1), model, labels=[1], samples=1000)
    assert there.as_list()[0][0].startswith(("a", "-0", "0"))
    with pytest.raises(limefw.InputError, match="'a' is missing in this row, and only bins"):
        limefw.explain(table.row(0), model, segmenter={"use": "bins", "discretizer": "none"})
    assert limefw.explain(table.row(1), model, segmenter={"use": "bins", "discretizer": "none"}, samples=200)


# --- discretizers and names


def test_discretizers_cut_where_they_say():
    values = np.arange(101.0)
    table = Table(np.column_stack([values, values[::-1], values**2]), labels=values > 30)
    row = table.row(50)
    assert np.asarray(bins(row, NO_CHANCE).edges)[0].tolist() == [25, 50, 75]
    assert np.asarray(bins(row, NO_CHANCE, discretizer="decile").edges)[0].tolist() == list(range(10, 100, 10))
    assert np.asarray(bins(row, NO_CHANCE, discretizer="equal_width", count=4).edges)[2].tolist() == [2500, 5000, 7500]
    assert np.asarray(bins(row, NO_CHANCE, discretizer="entropy").edges)[0, 0] == 30.5
    own = bins(row, NO_CHANCE, edges={"column 1": [49.5, 10.0]})
    assert np.asarray(own.edges)[1, :2].tolist() == [10.0, 49.5]
    assert own.names[1] == "column 1 > 49.5"
    assert bins(row, NO_CHANCE, discretizer="none").names[0] == "column 0 (for each 29.2 more)"


def test_entropy_needs_labels_and_edges_need_numbers(people):
    with pytest.raises(limefw.InputError, match=r"limefw.Table\(data, labels="):
        bins(Table(people).row(0), NO_CHANCE, discretizer="entropy")
    with pytest.raises(limefw.InputError, match="edges of 'housing' must be finite numbers of a column of numbers"):
        bins(Table(people).row(0), NO_CHANCE, edges={"housing": [1.0]})
    with pytest.raises(limefw.InputError, match=r"edges: there is no 'agee'. Did you mean 'age'\?"):
        bins(Table(people).row(0), NO_CHANCE, edges={"agee": [1.0]})


@pytest.mark.parametrize(
    ("value", "ends", "text"),
    [
        (3.0, [1.0, 5.0], "1 < x <= 5"),
        (0.0012345, [0.0012344, 0.0012346], "0.0012344 < x <= 0.0012346"),
        (37.0, [37.0], "x <= 37"),
        (37.004, [37.0039], "x > 37.0039"),
        (1e9 + 1, [1e9], "x > 1000000000"),
        (123456.789, [123456.78, 123456.8], "123456.78 < x <= 123456.8"),
        (-1.0, [-0.5], "x <= -0.5"),
        (2.0 / 3.0, [2.0 / 3.0], "x <= 0.66667"),
    ],
)
def test_names_have_the_digits_it_takes_to_be_true(value, ends, text):
    """lime writes two decimals, so that 0.0012 < x <= 0.0012 and 37.00 < x where x is 37.00."""
    table = Table(np.array([[value, 0.0], [0.0, 1.0]]), names=["x", "y"])
    assert between(table.features[0], value, np.array(ends)) == text


@pytest.mark.parametrize(
    ("value", "ends", "text"),
    [
        (36, [35.0, 36.0, 40.0], "x = 36"),
        (36, [35.25, 36.75], "x = 36"),
        (36, [35.0, 37.0], "35 < x <= 37"),
        (37, [35.25, 37.5], "35 < x <= 37"),
        (3, [3.5], "x <= 3"),
        (4, [3.5], "x > 3"),
    ],
)
def test_whole_numbers_are_named_one_by_one_where_a_bin_holds_one_alone(value, ends, text):
    """36 < x <= 37 is x = 37 among whole numbers; 35 < x <= 37 is two of them."""
    table = Table(np.array([[value, 0], [0, 1]]), names=["x", "y"])
    assert between(table.features[0], value, ends) == text


def test_names_of_whole_numbers_have_none():
    ages = np.array([18, 22, 35, 37, 50, 61, 62, 70, 71, 80])
    table = Table(np.column_stack([ages, ages]), names=["age", "other"])
    assert named(table.row(5))[0] == "52 < age <= 68" or "age" in named(table.row(5))[0]
    assert "." not in "".join(named(table.row(5)))


def test_every_name_is_true_of_the_row(people):
    """Whatever the digits, the value lies where its name says."""
    table = Table(people[["age", "income", "savings"]])
    for at in range(len(people)):
        row = table.row(at)
        for discretizer in ("quartile", "decile", "equal_width"):
            found = bins(row, NO_CHANCE, discretizer=discretizer)
            for segment, feature in enumerate(found.varied.tolist()):
                name, value = found.names[segment], row.values[feature]
                if "missing" in name:
                    assert math.isnan(value)
                    continue
                low, _, rest = name.rpartition(" < ")
                if low:
                    assert float(low) < value
                if "<=" in (rest or name):
                    assert value <= float((rest or name).rpartition("<= ")[2])
                if ">" in name:
                    assert value > float(name.rpartition("> ")[2])


def test_numbers_are_written_shortly():
    written = {0.1: "0.1", 3.0: "3", 23235.41: "23235.41", 1 / 3: "0.333333", 1e-7 / 3: "3.33333e-08", -2.5: "-2.5"}
    assert {value: number_text(value) for value in written} == written


# --- statistics in place of data


def test_statistics_stand_for_the_data(people):
    """A table of statistics, through JSON, gives nearly the explanation that the data give."""
    data = people[["age", "income", "housing", "employed"]]
    table = Table(data)
    known = json.loads(json.dumps(table.statistics()))
    assert "own" in known["housing"]["values"]

    def model(rows):
        odds = (rows["age"].to_numpy() > 45) * 0.5 + (rows["housing"] == "own").to_numpy() * 0.3
        return np.stack([1 - odds, odds], axis=1)

    ours = limefw.explain(table.row(3), model, labels=[1])
    other = Table(known, maker="pandas")
    row = other.row(data.iloc[3])
    theirs = limefw.explain(row, model, labels=[1])
    assert ours.segments.names == theirs.segments.names
    np.testing.assert_allclose(ours.effects(), theirs.effects(), atol=0.06)
    assert repr(other) == "<Table 'table': statistics of 4 features>"
    with pytest.raises(limefw.InputError, match="statistics and no rows"):
        other.row(3)
    for sampler in ("bootstrap", "gaussian_copula"):
        with pytest.raises(limefw.InputError, match=r"statistics|at least three rows"):
            limefw.explain(row, model, sampler=sampler)
    with pytest.raises(limefw.InputError, match="statistics and no rows: use filler 'other_values'"):
        limefw.explain(row, model, sampler="bernoulli", filler="background_rows")
    assert limefw.explain(row, model, sampler="sobol", samples=128)


def shares_in_bins(values, about):
    """Return which share of values lies in each bin, each of which holds its upper end and not its lower."""
    return np.bincount(np.searchsorted(about["edges"], values), minlength=len(about["edges"]) + 1) / len(values)


@pytest.mark.parametrize("edges", [None, [0, 1, 5], [0.5, 1.5, 2.0, 9.5]])
@pytest.mark.parametrize("largest", [3, 12])
def test_whole_numbers_made_of_statistics_stay_in_their_bins(edges, largest):
    """Rounding takes none across the end of a bin: each bin keeps its share, and numbers are whole."""
    data = np.minimum(RNG(0).poisson(3, (400, 2)), largest)
    known = Table(data).statistics(None if edges is None else {"column 0": edges})
    pool, about = Table(known).pools[0], known["column 0"]
    assert (pool == np.rint(pool)).all()
    assert (pool.min(), pool.max()) == (about["min"], about["max"])
    np.testing.assert_allclose(shares_in_bins(pool, about), about["frequencies"], atol=2 / len(pool))


def test_numbers_made_of_statistics_stay_in_their_bins():
    """Also where the mean of a bin is as near to its lower end as rounding lets it be."""
    about = {"kind": "number", "edges": [1e6], "frequencies": [0.5, 0.5], "means": [4e5, 1e6], "stds": [1e5, 1e-8],
             "min": 0.0, "max": 1e6 + 1}  # fmt: skip
    pool = Table({"a": about, "b": about}).pools[0]
    np.testing.assert_allclose(shares_in_bins(pool, about), [0.5, 0.5], atol=1e-3)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({}, "of no column"),
        ({"a": [1, 2]}, "mapping with its kind"),
        ({"a": {"kind": "colour"}}, "kind is number, integer, boolean or category"),
        ({"a": {"kind": "number", "edges": [1]}}, "lack frequencies, means, stds, min, max"),
        ({"a": {"kind": "category", "values": [1, 2], "frequencies": [1]}}, "2 bins, and 1 frequencies"),
        ({"a": {"kind": "category", "values": [1, 2], "frequencies": [0, 0]}}, "not all 0"),
    ],
)
def test_statistics_that_lack_something_say_what(known, message):
    with pytest.raises(limefw.InputError, match=message):
        Table(known)


# --- bad input


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Table(np.array([[1.0, np.inf], [2.0, 3.0]])), "column 'column 1' is infinite in 1 rows"),
        (lambda: Table(np.zeros((0, 3))), "no rows"),
        (lambda: Table(np.zeros(4)), r"a NumPy array \(rows, columns\)"),
        (lambda: Table([[1.0, 2.0]], names=["a"]), "1 names were given for 2 columns"),
        (lambda: Table([[1.0, 2.0]], names=["a", "a"]), "several columns have one name: a"),
        (lambda: Table(np.array([[2**60, 1]])), "names rather than amounts"),
        (lambda: Table(np.array([[2**60, 1], [None, 1]], dtype=object)), "names rather than amounts"),
        (lambda: Table([[1.0, 2.0]], categorical=["x"]), "categorical: there is no column 'x'"),
        (lambda: Table([[1.0, 2.0]], immutable=["x"]), "immutable: there is no 'x'"),
        (lambda: Table([[1.0, 2.0]], bounds={"column 0": (3, 2)}), r"must be \(least, greatest\)"),
        (lambda: Table([[1.0, 2.0]], labels=[1, 2]), "one for each of 1 rows"),
        (lambda: Table(np.array([[1j, 2]])), "neither numbers nor texts"),
    ],
)
def test_tables_that_cannot_be_explained_say_why(make, message):
    with pytest.raises(limefw.InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"housing": "boat"}, "never has 'boat' in the table. It has: 'free', 'own', 'rent'"),
        ({"age": math.nan}, "'age' is missing in this row, and never in the table"),
        ({"age": math.inf}, "'age' is infinite"),
        ({"age": "old"}, "'age' holds numbers, got 'old'"),
        ({"age": 37.5}, "'age' holds whole numbers, got 37.5"),
        ({"agee": 3}, "has no column 'agee'"),
        ({"age": None}, "'age' is missing"),
    ],
)
def test_rows_that_do_not_fit_their_table_say_why(people, change, message):
    values = people.iloc[0].to_dict()
    with pytest.raises(limefw.InputError, match=message):
        Table(people).row({**values, **change})


@pytest.mark.parametrize("missing", [math.nan, np.float64("nan"), np.float32("nan"), np.float16("nan")])
def test_what_is_missing_may_be_of_any_float_type(missing):
    """dict(frame.iloc[3]) gives NumPy's own numbers, of which only float64 is a Python float."""
    data = RNG(0).normal(size=(40, 3)).astype(np.float32)
    data[:, 2] = np.rint(data[:, 2])
    data[0, 1] = np.nan
    table = Table(data, names=["always", "sometimes", "other"])
    values = {"always": np.float32(0.5), "sometimes": missing, "other": 1.0}
    assert table.row(values).texts == ("0.5", "missing", "1")
    with pytest.raises(limefw.InputError, match="'always' is missing in this row, and never in the table"):
        table.row({**values, "always": missing})
    whole = Table(np.arange(12).reshape(4, 3), names=["a", "b", "c"])
    with pytest.raises(limefw.InputError, match="'a' is missing in this row, and never in the table"):
        whole.row({"a": missing, "b": 1, "c": 2})


def test_edges_of_statistics_are_those_of_a_column_of_numbers(people):
    """Edges that would be left unused are refused; a column may be given by its number too."""
    table = Table(people[["age", "housing"]])
    assert table.statistics({"age": [30, 50]}) == table.statistics({0: [50, 30.0]})
    assert table.statistics({"age": [30, 50]})["age"]["edges"] == [30.0, 50.0]
    with pytest.raises(limefw.InputError, match=r"edges: there is no 'agee'\. Did you mean 'age'\?"):
        table.statistics({"agee": [30]})
    for which, ends in (("housing", [30]), ("age", [30, math.nan])):
        with pytest.raises(limefw.InputError, match=f"edges of '{which}' must be finite numbers of a column of"):
            table.statistics({which: ends})
    with pytest.raises(limefw.InputError, match="its bins are what they are"):
        Table(table.statistics()).statistics({"age": [30]})


def test_one_hot_groups_need_rows():
    known = Table(np.eye(3)[RNG(0).integers(0, 3, 60)], names=list("abc")).statistics()
    with pytest.raises(limefw.InputError, match="one_hot groups need rows"):
        Table(known, one_hot={"g": list("abc")})


def test_a_row_may_come_in_any_order_and_form(people):
    table = Table(people)
    values = people.iloc[2].to_dict()
    wanted = table.row(2).values
    turned = dict(reversed(values.items()))
    for given in (values, turned, people.iloc[2], people.iloc[[2]], people.iloc[[2]][people.columns[::-1]]):
        np.testing.assert_array_equal(table.row(given).values, wanted)
    lacking = {name: value for name, value in values.items() if name != "housing"}
    with pytest.raises(limefw.InputError, match="the row lacks 'housing'"):
        table.row(lacking)
    with pytest.raises(limefw.InputError, match="there is no row 60: the table has 60"):
        table.row(60)
    with pytest.raises(limefw.InputError, match="a row has 10 values"):
        table.row([1, 2, 3])


def test_a_column_that_never_changes_is_kept_and_a_table_of_them_refused():
    """Nothing can be told of a constant; of a background of one row nothing at all."""
    data = RNG(0).normal(size=(50, 3))
    data[:, 1] = 7.0
    found = limefw.explain(Table(data).row(0), halves, samples=100)
    assert found.segments.labels.tolist() == [0, -1, 1]
    assert "Kept as they are: column 1 = 7." in found.render("text").data
    for sampler in ("marginals", "around_instance", "gaussian_copula", "bootstrap", "latin_hypercube", "sobol"):
        assert limefw.explain(Table(data).row(0), halves, samples=50, sampler=sampler), sampler
    with pytest.raises(limefw.InputError, match=r"0 of 3 features can be varied.*in all 1 rows of the table"):
        limefw.explain(Table(data[:1]).row(0), halves)
    with pytest.raises(limefw.InputError, match="1 of 2 features can be varied"):
        limefw.explain(Table(data[:, 1:]).row(0), halves)


def test_a_row_without_its_table_cannot_be_varied(tmp_path):
    found = limefw.explain(Table(RNG(0).normal(size=(50, 3))).row(0), halves, samples=100)
    found.save(tmp_path / "row.limefw")
    again = limefw.load(tmp_path / "row.limefw")
    assert again.instance.texts == found.instance.texts
    assert isinstance(again.segments, Bins)
    assert again.as_list() == found.as_list()
    assert again.render("html").data == found.render("html").data
    with pytest.raises(limefw.InputError, match="this row has no table"):
        limefw.explain(again.instance, halves)


def test_the_background_is_not_saved(tmp_path):
    """The file holds this row and no other: the training data stay where they are."""
    data = RNG(0).normal(size=(5000, 4))
    limefw.explain(Table(data).row(0), halves, samples=20).save(tmp_path / "row.limefw")
    assert (tmp_path / "row.limefw").stat().st_size < 20_000


def arrays_of(value):
    """Return the arrays that something holds, by name."""
    names = getattr(value, "__slots__", None) or [*vars(value), "pools", "means", "scales"]
    return {name: found for name in names if isinstance(found := getattr(value, name), np.ndarray)}


def test_nothing_that_a_table_is_memoised_by_can_be_changed():
    """Pools, bins and fingerprint are computed once: arrays are read-only, and the user's own stay as they are."""
    rng = RNG(0)
    data, labels = np.column_stack([np.eye(3)[rng.integers(0, 3, 60)], rng.normal(size=(60, 2))]), np.arange(60) % 2
    table = Table(data, labels=labels, one_hot={"k": [0, 1, 2]})
    found = limefw.explain(table.row(3), halves, samples=100, labels=[0])
    composer = RowComposer.of(table.row(3), found.segments)
    many = limefw.overview([found])
    plain, picked = Table(data, labels=labels), limefw.pick([found], 1)
    holders = [table, plain, *table.columns, table.row(3), found.segments, composer, many, picked, picked.weights]
    assert len(arrays_of(table)) == len(arrays_of(plain)) == 5
    for holder in holders:
        assert arrays_of(holder), type(holder)
        for name, array in arrays_of(holder).items():
            assert not array.flags.writeable, (type(holder), name)
    before = table.fingerprint()
    labels[:], data[:] = 0, 0.0
    assert plain.labels.any()
    assert plain.encoded.any()
    assert before == Table(table.frame(table.encoded), one_hot={"k": [0, 1, 2]}).fingerprint()


def test_the_seed_decides_everything_and_chunks_nothing():
    table = Table(RNG(0).normal(size=(80, 5)))

    def model(rows):
        odds = 0.5 + 0.5 * np.tanh(rows[:, 0] * rows[:, 1] + rows[:, 2])
        return np.stack([1 - odds, odds], axis=1)

    for sampler in ("marginals", "around_instance", "gaussian_copula", "bootstrap", "latin_hypercube", "sobol"):
        runs = [limefw.explain(table.row(0), model, samples=300, sampler=sampler, chunk=chunk) for chunk in (None, 7)]
        assert runs[0].as_list() == runs[1].as_list(), sampler
        other = limefw.explain(table.row(0), model, samples=300, sampler=sampler, seed=1)
        assert other.as_list() != runs[0].as_list(), sampler


def test_equal_rows_are_asked_once():
    """Of five columns of two values there are 32 rows."""
    data = RNG(0).integers(0, 2, (60, 5)).astype(bool)
    asked = []

    def model(rows):
        asked.append(len(rows))
        return halves(rows)

    limefw.explain(Table(data).row(0), model, samples=2000)
    assert sum(asked) <= 32


def test_a_pipeline_that_begins_with_a_users_own_step_gets_the_frame(people):
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    class Own(TransformerMixin, BaseEstimator):
        def fit(self, _frame, _target=None):
            return self

        def transform(self, frame):
            return frame[["age"]].to_numpy()

    model = make_pipeline(Own(), LogisticRegression()).fit(people, people["age"] > 40)
    found = limefw.explain(Table(people).row(0), model, samples=300)
    assert "age" in found.as_list()[0][0]
    assert found.as_list()[0][0] in found.render("sentences").data


def test_entropy_wants_classes():
    data = RNG(0).normal(size=(50, 3))
    with pytest.raises(limefw.InputError, match="need classes as labels, got decimals"):
        bins(Table(data, labels=data[:, 0]).row(0), NO_CHANCE, discretizer="entropy")


def test_columns_may_be_named_by_numbers():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(RNG(0).normal(size=(50, 3)))
    seen = []

    def model(rows):
        seen.append(rows)
        return halves(rows)

    found = limefw.explain(Table(frame).row(3), model, samples=50)
    assert seen[0].columns.equals(frame.columns)
    assert found.instance.names == ("0", "1", "2")
    assert Table(frame).row(frame.iloc[3]).values.tolist() == frame.iloc[3].tolist()


# --- rows and tables that were given as they are


@pytest.mark.parametrize("how", ["estimator", "method", "named"])
def test_an_array_that_may_be_a_row_is_told_of(how):
    """Users of lime give X[3] first; for a model of tables it is no time series, though it could be one."""
    pd = pytest.importorskip("pandas")
    linear = pytest.importorskip("sklearn.linear_model")
    data = RNG(0).normal(size=(60, 4))
    frame = pd.DataFrame(data, columns=list("abcd"))
    fitted = linear.LogisticRegression().fit(frame if how == "named" else data, data[:, 0] > 0)
    model = fitted.predict_proba if how == "method" else fitted
    few = {"samples": 50}
    for row in (data[3], pd.Series(data[3])):
        told = [one.message for one in limefw.explain(row, model, **few).health.cautions if one.code == "assumed"]
        assert any("steps of a time series" in text and "limefw.Table(data).row(3)" in text for text in told)
    for table in (data, frame, data[3:4]):
        with pytest.raises(limefw.InputError, match=r"rows of 4 columns.*limefw\.Table\(data\)\.row\(3\)"):
            limefw.explain(table, model)
    # who says what it is, and other widths, are left alone
    for said in (limefw.Series(data[3]), Table(data, names=list("abcd")).row(3)):
        assert not [one for one in limefw.explain(said, model, **few).health.cautions if one.code == "assumed"]


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # scikit-learn's own, of its method
@pytest.mark.parametrize("how", ["estimator", "method"])
def test_an_array_whose_names_the_model_has_elsewhere_is_refused(how):
    """What an array holds is known by its order alone: the model would be shown incomes for ages."""
    pd = pytest.importorskip("pandas")
    linear = pytest.importorskip("sklearn.linear_model")
    frame = pd.DataFrame({"age": RNG(0).integers(18, 80, 90), "income": RNG(1).normal(3, 1, 90)})
    fitted = linear.LogisticRegression().fit(frame, frame.age > 40)
    model = fitted if how == "estimator" else fitted.predict_proba
    turned = frame[["income", "age"]]
    with pytest.raises(limefw.InputError, match=r"columns income, age, and .* was trained on age, income"):
        limefw.explain(Table(turned.to_numpy(), names=["income", "age"]).row(3), model)
    expected = fitted.predict_proba(frame.iloc[[3]])[0, 1]
    for names in (["age", "income"], ["Alter", "Einkommen"], None):
        right = Table(frame.to_numpy(), names=names).row(3)
        assert limefw.explain(right, model, samples=60).outlook["True" if how == "estimator" else "class 1"] == (
            pytest.approx(expected)
        )
    if how == "estimator":
        assert limefw.explain(Table(turned).row(3), model, samples=60).outlook["True"] == pytest.approx(expected)


@pytest.mark.parametrize("start", [10**6, 10**15, 2**53 - 60])
def test_names_of_long_whole_numbers_are_true(start):
    """Times in microseconds, say: 1e+15 < x <= 1e+15 is true of nothing."""
    data = np.stack([RNG(0).integers(start, start + 50, 200), RNG(1).integers(0, 9, 200)], axis=1)
    table = Table(data, names=["int", "b"])
    for at in range(30):
        cut = bins(table.row(at), RNG(0))
        value = int(data[at, 0])
        assert eval(cut.names[0].replace(" = ", " == "), {}, {"int": value}), cut.names[0]


def test_what_is_advised_for_a_recipe_of_another_modality_works():
    """Every stage that the message names, and nothing else."""
    table = limefw.Table(np.random.default_rng(0).normal(size=(200, 5)))

    def model(rows):
        share = 1 / (1 + np.exp(-np.asarray(rows, float)[:, 0]))
        return np.stack([1 - share, share], axis=1)

    with pytest.raises(limefw.RecipeError, match="or take recipe 'table' with") as refused:
        limefw.explain(table.row(3), model, recipe="shapley")
    advised = dict(re.findall(r"(\w+)='(\w+)'", str(refused.value).split("suits it: ")[1]))
    assert advised["selector"] == "all"
    found = limefw.explain(table.row(3), model, recipe="table", samples=60, labels=[1], what_if=0, **advised)
    assert found.top(1)[0].segment == 0
