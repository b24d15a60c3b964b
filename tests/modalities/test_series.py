"""Time series: what is cut, what hidden parts show, and effects that are known in closed form."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import limefw
from limefw import Draws, Segments
from limefw.errors import InputError
from limefw.modalities.series import Series, SeriesComposer
from limefw_plugins.fillers import like
from limefw_plugins.fillers.series_background import series_background
from limefw_plugins.fillers.series_constant import series_constant
from limefw_plugins.fillers.series_mean import series_mean
from limefw_plugins.fillers.series_neighbors import series_neighbors
from limefw_plugins.fillers.series_noise import series_noise
from limefw_plugins.readers.series_array import is_series, series_array
from limefw_plugins.readers.series_file import series_file
from limefw_plugins.renderers._paint import PALE
from limefw_plugins.renderers._runs import strips
from limefw_plugins.renderers._series_chart import WIDE, _ends, _range_texts, _ticks, chart_of
from limefw_plugins.segmenters.change_points import change_points, costs
from limefw_plugins.segmenters.windows import windows


RNG = np.random.default_rng
FILLERS = {
    "mean": series_mean,
    "segment": lambda *data: series_mean(*data, of="segment"),
    "series": lambda *data: series_mean(*data, of="series"),
    "constant": series_constant,
    "neighbors": series_neighbors,
    "noise": lambda *data: series_noise(*data, fields=1),
    "values": lambda *data: series_noise(*data, law="values", fields=1),
}


def course(steps=90, channels=1, seed=0, **known):
    values = RNG(seed).normal(size=(steps, channels)).cumsum(axis=0) + np.arange(channels) * 10
    return Series(values[:, 0] if channels == 1 else values, **known)


def composed(filler, series, segments, codes):
    composer = filler(series, segments, RNG(0))
    return composer.compose(limefw.Draws(np.asarray(codes, dtype=bool)))


def hidden(filler, series, segments):
    return composed(filler, series, segments, [np.zeros(segments.count)])[0]


def linear(weights, layout="t"):
    """A regressor whose answer is a weighted sum of all values."""

    def predict(batch):
        values = np.moveaxis(batch, 1, 2) if layout == "ct" else batch
        return values.reshape(len(batch), -1) @ weights.ravel() + 3.0

    return limefw.model(predict, task="regression")


# --- the instance


@pytest.mark.parametrize(
    ("values", "layout", "batch"),
    [((30,), "", (2, 30)), ((30, 1), "", (2, 30, 1)), ((30, 4), "tc", (2, 30, 4)), ((30, 4), "ct", (2, 4, 30))],
)
def test_a_model_reads_what_was_given(values, layout, batch):
    """A batch has the layout that was said, else that of the values, in their own type."""
    series = Series(RNG(0).normal(size=values).astype(np.float32), layout=layout)
    made = composed(series_mean, series, windows(series, RNG(0), count=3), [[1, 1, 1], [0, 1, 0]])
    assert (made.shape, made.dtype) == (batch, np.float32)
    own = series.values[:, 0] if layout == "" and len(values) == 1 else series.values
    assert np.array_equal(made[0], own.T if layout == "ct" else own)


def test_of_takes_what_the_model_reads():
    """An array of channels first comes out as it went in."""
    array = RNG(0).normal(size=(3, 50))
    series = Series.of(array, "ct")
    assert series.shape == (50, 3)
    assert np.array_equal(hidden(like([array]), series, windows(series, RNG(0), count=4)), array)


def test_an_explanation_never_changes_with_the_callers_array():
    """The values are copied."""
    array = np.arange(20.0)
    series = Series(array)
    array[:] = -1
    assert series.values[3, 0] == 3.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Series(np.array([1.0, np.nan, 2.0])), "1 of the series' values are NaN"),
        (lambda: Series(np.array([1.0, np.inf, np.inf])), "2 of the series' values are NaN or infinite"),
        (lambda: Series(np.zeros((2, 3, 4))), "give one series, not a batch"),
        (lambda: Series(np.zeros((0,))), r"got shape \(0,\)"),
        (lambda: Series(["a", "b"]), "real numbers"),
        (lambda: Series(np.zeros(4), times=[0, 1, 1, 2]), "4 growing numbers"),
        (lambda: Series(np.zeros(4), times=[0, 1, 2]), "4 growing numbers"),
        (lambda: Series(np.zeros((4, 2)), layout="t"), "say 'tc' or 'ct'"),
        (lambda: Series(np.zeros((4, 2)), layout="nope"), "'t', 'tc', 'ct'"),
        (lambda: Series(np.zeros((4, 2)), channels=("a",)), "do not name 2 channels"),
        (lambda: Series(np.zeros((4, 2)), channels=("a", "a")), "must all differ"),
    ],
)
def test_what_is_no_series_is_told(make, message):
    """What is wrong, and what would do."""
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("layout", ["", "ct"])
def test_it_comes_back_from_a_file(tmp_path, layout):
    """A saved explanation holds the series with its times, names and layout."""
    series = Series(RNG(0).normal(size=(40, 2)), "two", ("a", "b"), np.arange(40) / 8, "s", layout)
    made = limefw.explain(series, linear(np.ones(80), series.layout), recipe="series", samples=50)
    found = limefw.load(made.save(tmp_path / "one.limefw"))
    assert found.instance.fingerprint() == series.fingerprint()
    assert found.as_list() == made.as_list()
    assert found.values.shape == (40, 2)


# --- segments


@given(st.integers(2, 200), st.integers(1, 60), st.integers(1, 4), st.booleans())
@settings(max_examples=60, deadline=None)
def test_windows_cover_every_step_once(steps, count, channels, per_channel):
    """Windows are whole, in order, of one length to a step, and named apart."""
    series = course(steps, channels)
    if min(count, steps) * (channels if per_channel else 1) < 2:
        with pytest.raises(InputError, match="one segment"):
            windows(series, RNG(0), count=count, per_channel=per_channel)
        return
    found = windows(series, RNG(0), count=count, per_channel=per_channel)
    assert found.count == min(count, steps) * (channels if per_channel else 1)
    assert len(set(found.names)) == found.count
    sizes = found.sizes() / (1 if per_channel else channels)
    assert np.ptp(sizes) <= 1
    assert sizes.sum() == steps * (channels if per_channel else 1)
    assert (np.diff(found.labels, axis=0) >= 0).all()


def test_windows_by_length():
    """The last one is what is left."""
    assert windows(course(10), RNG(0), length=4).sizes().tolist() == [4, 4, 2]


def test_windows_are_named_by_their_times():
    """In the user's own units, with the digits that are needed."""
    names = windows(course(8, times=np.arange(8) * 0.25, unit="s"), RNG(0), count=2).names
    assert names == ("0 to 0.75 s", "1 to 1.75 s")
    assert (
        windows(Series(np.zeros((4, 2)), channels=("a", "b")), RNG(0), count=2, per_channel=True).names[2]
        == "b, steps 0 to 1"
    )


def brute(values, count, shape, shortest):
    """Every way to cut, and the best of them."""
    steps = len(values)
    cost = costs(values, np.arange(steps + 1), shape)
    best = np.inf
    for inner in itertools.combinations(range(1, steps), count - 1):
        edges = [0, *inner, steps]
        if min(np.diff(edges)) >= shortest:
            best = min(best, sum(cost[a, b] for a, b in itertools.pairwise(edges)))
    return best


@pytest.mark.parametrize("shape", ["level", "line"])
@pytest.mark.parametrize(("count", "shortest"), [(2, 1), (3, 2), (4, 3)])
def test_change_points_are_the_optimum(shape, count, shortest):
    """No other way to cut the series has a smaller sum of squares."""
    series = course(14, 2, seed=count)
    found = change_points(series, RNG(0), count=count, shape=shape, shortest=shortest)
    edges = [*np.unique(found.labels[:, 0], return_index=True)[1].tolist(), 14]
    values = (series.values - series.values.mean(axis=0)) / series.values.std(axis=0)
    cost = costs(values, np.arange(15), shape)
    assert found.count == count
    assert min(np.diff(edges)) >= shortest
    assert sum(cost[a, b] for a, b in itertools.pairwise(edges)) == pytest.approx(brute(values, count, shape, shortest))


@pytest.mark.parametrize("shape", ["level", "line"])
def test_costs_are_sums_of_squared_residuals(shape):
    """As least squares has them, far from step 0 too."""
    values = RNG(0).normal(size=(400, 2)).cumsum(axis=0)
    found = costs(values, np.arange(401), shape)
    for first, end in ((0, 5), (380, 391), (7, 400), (200, 203)):
        degree = 0 if shape == "level" else 1
        time = np.arange(first, end)
        fits = [np.polyval(np.polyfit(time, part, degree), time) for part in values[first:end].T]
        assert found[first, end] == pytest.approx(((values[first:end].T - fits) ** 2).sum(), rel=1e-6, abs=1e-8)


def test_known_jumps_are_found():
    """Levels with little noise are cut where they jump; a long series to within its stride."""
    for steps, slack in ((300, 0), (6000, 10)):
        jumps = np.array([0.1, 0.35, 0.4, 0.8]) * steps
        levels = np.searchsorted(jumps, np.arange(steps), side="right")
        noise = 0.01 * RNG(0).normal(size=steps)
        found = change_points(Series(np.array([0, 3, -1, 2, 5])[levels] + noise), RNG(0), count=5, shape="level")
        starts = np.unique(found.labels[:, 0], return_index=True)[1][1:]
        assert np.abs(starts - jumps).max() <= slack


def test_change_points_of_each_channel_are_its_own():
    """Channels that jump at different steps are cut at different steps."""
    step = np.arange(60)
    series = Series(np.stack([step > 20, step > 44], axis=1).astype(float))
    found = change_points(series, RNG(0), count=2, shape="level", per_channel=True)
    assert found.count == 4
    assert [int((found.labels[:, at] == 2 * at).sum()) for at in (0, 1)] == [21, 45]


def test_a_constant_series_can_be_cut():
    """Nothing changes anywhere, and it is still cut into segments that cover it."""
    assert change_points(Series(np.ones(50)), RNG(0), count=5).labels.min() == 0


# --- fillers


@pytest.mark.parametrize("name", FILLERS)
@pytest.mark.parametrize("layout", ["t", "tc", "ct"])
def test_what_is_kept_is_shown_and_what_is_hidden_is_not(name, layout):
    """Kept steps are the series' own, to the last bit; what is in no segment always is."""
    series = course(60, 1 if layout == "t" else 3, layout=layout)
    labels = np.array(windows(series, RNG(0), count=6).labels)
    labels[labels == 2] = -1
    segments = limefw.Segments.from_labels(labels, keep=-1)
    codes = RNG(1).random((20, segments.count)) < 0.5
    made = composed(FILLERS[name], series, segments, codes)
    made = np.moveaxis(made, 1, 2) if layout == "ct" else made.reshape(20, 60, -1)
    kept = np.concatenate([codes, np.ones((20, 1), bool)], axis=1)[:, segments.labels]
    assert np.array_equal(made[kept], np.broadcast_to(series.values, made.shape)[kept])
    assert (made[~kept] != np.broadcast_to(series.values, made.shape)[~kept]).mean() > 0.9


def test_means_are_those_of_what_they_say():
    """Of the channel, the segment in its channel, or everything."""
    series = course(40, 2)
    segments = windows(series, RNG(0), count=4)
    assert np.allclose(hidden(series_mean, series, segments), series.values.mean(axis=0))
    assert np.allclose(hidden(FILLERS["series"], series, segments), series.values.mean())
    assert np.allclose(hidden(FILLERS["segment"], series, segments)[10:20], series.values[10:20].mean(axis=0))


def test_a_constant_is_in_the_series_own_units():
    """Zero by default; one for each channel, or a clear refusal."""
    series, three = course(40, 2), course(40, 3)
    segments = windows(series, RNG(0), count=4)
    assert not hidden(series_constant, series, segments).any()
    assert (hidden(lambda *d: series_constant(*d, value=[1.0, -2.0]), series, segments) == [1.0, -2.0]).all()
    with pytest.raises(InputError, match="2 values for 3 channels"):
        series_constant(three, windows(three, RNG(0)), RNG(0), value=[1.0, 2.0])


def test_lines_run_from_neighbour_to_neighbour():
    """As numpy.interp draws them, over whole hidden stretches and on a time that is not even."""
    times = RNG(3).uniform(0.1, 1.0, 60).cumsum()
    series = course(60, 2, times=times)
    segments = windows(series, RNG(0), count=12, per_channel=True)
    codes = RNG(5).random((30, segments.count)) < 0.4
    made = composed(series_neighbors, series, segments, codes)
    for code, rows in zip(codes, made, strict=True):
        for at in (0, 1):
            kept = code[segments.labels[:, at]]
            own = series.values[:, at]
            expected = np.interp(times, times[kept], own[kept]) if kept.any() else np.full(60, own.mean())
            assert np.allclose(rows[:, at], expected)


def test_noise_has_the_channels_own_law():
    """Its mean and spread, or its very values."""
    series = course(4000, 2)
    segments = windows(series, RNG(0), count=4)
    made = hidden(FILLERS["noise"], series, segments)
    assert np.allclose(made.std(axis=0), series.values.std(axis=0), rtol=0.1)
    assert np.array_equal(np.sort(hidden(FILLERS["values"], series, segments), axis=0), np.sort(series.values, axis=0))


def test_each_draw_shows_one_of_the_background(tmp_path):
    """Rows take different series, and a file's are those of an array."""
    others, series = RNG(1).normal(size=(7, 50)), course(50)
    np.save(tmp_path / "others.npy", others)
    segments = windows(series, RNG(0), count=5)
    draws = limefw.Draws(np.zeros((50, 5), bool), {"draw": RNG(0).integers(0, 2**63, 50).astype(np.uint64)})
    for composer in (
        like(others)(series, segments, RNG(0)),
        series_background(series, segments, RNG(0), path=str(tmp_path / "others.npy")),
    ):
        assert {row.tobytes() for row in composer.compose(draws)} == {row.tobytes() for row in others}
    with pytest.raises(InputError, match="60 steps x 1 channels"):
        like(others)(course(60), segments, RNG(0))


# --- explanations


@pytest.mark.parametrize("layout", ["tc", "ct"])
@pytest.mark.parametrize("segmenter", ["windows", "change_points"])
@pytest.mark.parametrize("filler", ["series_mean", "series_constant", {"use": "series_mean", "of": "segment"}])
def test_effects_on_a_linear_model_are_exact(layout, segmenter, filler):
    """Of an additive model each effect is sum of weight x (value - replacement) over the segment (science.md, 3)."""
    series = course(80, 3, layout=layout)
    weights = RNG(4).normal(size=(80, 3))
    found = limefw.explain(
        series, linear(weights, layout), recipe="series", filler=filler, surrogate="linear",
        segmenter={"use": segmenter, "count": 7, "per_channel": True},
    )  # fmt: skip
    replaced = hidden_by(found, filler)
    expected = np.bincount(found.segments.labels.ravel(), weights=(weights * (series.values - replaced)).ravel())
    assert np.allclose(found.fit().effects, expected, atol=1e-8)


def hidden_by(explanation, filler):
    name = filler if isinstance(filler, str) else "segment"
    call = {"series_mean": series_mean, "series_constant": series_constant, "segment": FILLERS["segment"]}[name]
    made = hidden(call, explanation.instance, explanation.segments)
    return made.T if explanation.instance.layout == "ct" else made


def test_a_classifier_that_looks_at_one_stretch():
    """The stretch it looks at comes first, and its probability is the model's."""

    def predict(batch):
        chance = 1 / (1 + np.exp(-batch[:, 45:60].mean(axis=1)))
        return np.stack([1 - chance, chance], axis=1)

    values = RNG(0).normal(size=100) * 0.1
    values[45:60] += 3
    found = limefw.explain(Series(values), predict, recipe="series")
    assert {effect.name for effect in found.top(3)} == {"steps 45 to 49", "steps 50 to 54", "steps 55 to 59"}
    assert found.prediction(1) == pytest.approx(predict(values[None])[0, 1])


def test_equal_rows_are_asked_once():
    """Three windows have eight combinations."""
    found = limefw.explain(course(30), linear(np.ones(30)), recipe="series", segmenter={"use": "windows", "count": 3})
    assert found.health.distinct == 8


def test_a_key_is_for_one_code_and_background():
    """Rows that hide the same and show other noise are other questions; a number that picks the same one is none."""
    segments = Segments(np.repeat(np.arange(3), 2)[:, None], ("a", "b", "c"))
    composer = SeriesComposer.of(Series(np.zeros(6)), np.arange(1.0, 4.0)[:, None, None] + np.zeros((6, 1)), segments)
    codes = np.repeat(RNG(0).random((20, 3)) < 0.5, 6, axis=0)
    draws = Draws(codes, {"draw": np.tile(np.arange(6, dtype=np.uint64), 20)})
    keys = composer.keys(draws)
    rows = [row.tobytes() for row in composer.compose(draws)]
    pairs = set(zip(keys, rows, strict=True))
    # with nothing hidden, all backgrounds make one row
    whole = len({key for key, code in zip(keys, codes, strict=True) if code.all()})
    assert len(pairs) == len(set(keys)) == len(set(rows)) + max(0, whole - 1)
    assert all(keys[at] == keys[at + 3] for at in range(0, 120, 6))


def test_the_seed_decides_everything():
    """Equal seeds, equal effects, whatever the chunk; random fillers too."""
    series, model = course(60), limefw.model(lambda batch: [row.sum() for row in batch], task="regression")
    runs = [
        limefw.explain(series, model, recipe="series", filler="series_noise", chunk=chunk, seed=7)
        for chunk in (None, 3)
    ]
    assert runs[0].as_list() == runs[1].as_list()


def test_hiding_that_changes_nothing_is_told():
    """A flat series is its own mean, and zero its own zero."""
    for filler in ("series_mean", "series_constant"):
        found = limefw.explain(Series(np.zeros(40)), linear(np.ones(40)), recipe="series", filler=filler)
        assert "filler_hides_nothing" in {caution.code for caution in found.health.cautions}


def test_a_chunk_is_as_many_rows_as_fill_it():
    """Short series are asked a thousand at a time."""
    sizes = []

    def predict(batch):
        sizes.append(len(batch))
        return batch.sum(axis=1)

    limefw.explain(course(60), limefw.model(predict, task="regression"), recipe="series", samples=1000)
    assert max(sizes) > 200


# --- readers


def test_a_flat_array_is_a_series_and_others_are_where_the_recipe_says_so(tmp_path):
    """An array of one axis can be no image; of two it may be either, and so may a file."""
    flat, wide = RNG(0).normal(size=50), RNG(0).normal(size=(50, 2))
    np.save(tmp_path / "wide.npy", wide)
    assert limefw.explain(flat, linear(np.ones(50)), samples=20).instance.fingerprint() == Series(flat).fingerprint()
    for source in (wide, tmp_path / "wide.npy"):
        found = limefw.explain(source, linear(np.ones(100)), recipe="series", samples=20)
        assert found.instance.fingerprint() == Series(wide).fingerprint()


def written(folder, text, name="one.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_tables_have_a_line_for_each_step(tmp_path):
    """With or without names, of one column flat, and with times where a column has them."""
    found = series_file(written(tmp_path, "t,a,b\n0,1,2\n0.5,3,4\n1,5,6\n"), time="t", unit="s")
    assert (found.channels, found.values.tolist(), found.unit) == (("a", "b"), [[1, 2], [3, 4], [5, 6]], "s")
    assert found.span(0, 1) == "0 to 0.5 s"
    flat = series_file(written(tmp_path, "1\n2\n3\n", "flat.csv"))
    assert (flat.layout, flat.values[:, 0].tolist()) == ("t", [1, 2, 3])
    assert series_file(written(tmp_path, "a\tb\n1\t2\n3\t4\n", "x.tsv"), columns=["b"]).values.tolist() == [[2], [4]]


@pytest.mark.parametrize(
    ("text", "params", "message"),
    [
        ("", {}, "is empty"),
        ("a,b\n", {}, "no line of numbers"),
        ("a,b\n1,2\n3\n", {}, "1 cells in line 3 and 2 columns"),
        ("a,b\n1,2\n3,\n", {}, "'' in line 3, column 'b'"),
        ("a,b\n1,2\n3,nan\n", {}, "1 of the series' values are NaN"),
        ("a,a\n1,2\n", {}, "columns of one name"),
        ("time,b\n1,2\n", {"time": "tme"}, "no column 'tme'. Did you mean 'time'"),
        ("t,b\n1,2\n1,3\n", {"time": "t"}, "growing numbers"),
    ],
)
def test_what_is_no_table_of_numbers_is_told(tmp_path, text, params, message):
    """The line, the column, and what there is."""
    with pytest.raises(InputError, match=message):
        series_file(written(tmp_path, text), **params)


def test_a_file_is_not_read_beyond_its_limit(tmp_path):
    """A .npy of too many values is refused before they are read; a missing one is told."""
    np.save(tmp_path / "long.npy", np.zeros(1000))
    with pytest.raises(InputError, match="1000 values, more than the limit of 999"):
        series_file(tmp_path / "long.npy", max_values=999)
    with pytest.raises(InputError, match="there is no file"):
        series_file(tmp_path / "none.csv")


def test_pandas_has_names_and_times():
    """Dates become seconds since the first; a table's row, named by columns, is no series."""
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2026-01-01", periods=4, freq="D")
    found = series_array(pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [0.0, 1, 0, 1]}, index=days))
    assert (found.channels, found.times.tolist(), found.unit) == (("a", "b"), [0, 86400, 172800, 259200], "s")
    assert series_array(pd.Series([1.0, 2.0])).times is None
    assert not is_series(pd.Series({"age": 3.0, "fare": 2.0}))
    assert is_series(pd.Series([1.0, 2.0]))


def test_times_of_any_zone_and_kind_are_times():
    """An hour is an hour where the clocks are put forward; lengths of time and periods count from the first too."""
    pd = pytest.importorskip("pandas")
    night = pd.date_range("2026-03-29", periods=4, freq="h", tz="Europe/Berlin")
    lengths, periods = pd.to_timedelta([5, 6, 7, 8], unit="h"), pd.period_range("2026-01-01", periods=4, freq="h")
    for index in (night, lengths, periods):
        one, several = pd.Series([1.0, 2, 3, 4], index=index), pd.DataFrame({"a": [1.0, 2, 3, 4]}, index=index)
        for source in (one, several):
            assert is_series(source)
            found = series_array(source)
            assert (found.times.tolist(), found.unit) == ([0, 3600, 7200, 10800], "s")
    explained = limefw.explain(pd.Series(np.arange(24.0), index=pd.date_range("2026", periods=24, freq="D", tz="UTC")),
                               lambda batch: batch.sum(axis=1) / 1000, samples=20)  # fmt: skip
    assert explained.instance.unit == "s"


# --- renderers


@given(st.integers(-6, 6), st.floats(1.0, 9.0), st.sampled_from([0.0, 1e3, 1.7e9]), st.integers(2, 60))
@settings(max_examples=60, deadline=None)
def test_times_below_the_chart_differ_and_are_right(power, length, start, steps):
    """However far from 0 and near to each other they are: in full, or as what they are later than the first."""
    # far from 0 what is nearer to each other than this is one number
    times = start + np.linspace(0, length * 10.0 ** (max(power, -3) if start else power), steps)
    series = Series(np.zeros(steps), times=times, unit="s")
    left, right = _ends(series)
    ticks = _ticks(series, left, right)
    texts = [text.removesuffix(" s").replace("−", "-") for _, text in ticks]
    assert len(set(texts)) == len(texts) >= 3
    base = float(texts[0])
    said = [base, *(base + float(text) if text[0] == "+" else float(text) for text in texts[1:])]
    found = [left + x / WIDE * (right - left) for x, _ in ticks]
    assert said == pytest.approx(found, abs=(right - left) / 1000 + 1e-9 * start)
    assert max(map(len, texts[1:])) <= 12


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([-3.0, 4.0], ("−3.00", "4.00")),
        ([1000.01, 1000.09], ("1000.010", "1000.090")),
        ([1e6 + 0.25, 1e6 + 0.75], ("1.00×10⁶", "+0.500")),
        ([5.0, 5.0], ("5.00", "5.00")),
    ],
)
def test_the_least_and_the_greatest_value_are_told_apart(values, texts):
    """By their digits, or where these are many by what the one is more than the other."""
    assert _range_texts(Series(np.array(values)), 0) == texts


@pytest.fixture(scope="module")
def explained():
    """One of one channel and one of three, of each by itself, with odd names."""
    values = RNG(0).normal(size=(120, 3)).cumsum(axis=0)
    many = Series(values, "</script><b>&", ("a<b>$x$", "\u202eb", "c\x00d"), np.arange(120) / 50, "m<s>$")
    weights = np.zeros((120, 3))
    weights[30:50, 1] = 1
    return {
        "one": limefw.explain(course(120), linear(weights[:, 1]), recipe="series"),
        "many": limefw.explain(
            many, linear(weights), recipe="series", segmenter={"use": "windows", "count": 6, "per_channel": True}
        ),
    }


@pytest.mark.parametrize("which", ["one", "many"])
@pytest.mark.parametrize("palette", ["green-red", "blue-orange"])
def test_the_figure_has_weights_along_time(explained, which, palette):
    """A picture, the same twice; each course has its own axes, and each weight a bar as wide as it lasts."""
    call = {"use": "figure", "palette": palette}
    made = explained[which].render(call)
    assert made.data == explained[which].render(call).data
    assert len(made.figure.axes) == {"one": 2, "many": 6}[which]
    bars = [bar for bar in made.figure.axes[-1].patches if bar.get_height()]
    widths = {round(bar.get_width() / 0.96, 6) for bar in bars}
    assert widths == ({6.0} if which == "one" else {0.4})


def test_what_may_be_chance_is_pale_and_tints_nothing():
    """In the figure and on the page, as in pictures; there is no list whose ranks could be open in the figure."""

    def model(batch):
        inside = batch[:, 30:50].mean(axis=1)
        return 1 / (1 + np.exp(-inside - 0.4 * batch[:, :10].mean(axis=1) * batch[:, -10:].mean(axis=1)))

    found = limefw.explain(course(120), model, recipe="series", samples=120, seed=1)
    label = found.labels[0]
    effects, margins = found.effects(label), found.margins(label)
    chance = int((np.abs(effects) <= margins).sum())
    assert 0 < chance < len(effects)
    made = found.render("figure")
    bars = [bar for bar in made.figure.axes[-1].patches if bar.get_height()]
    assert [bar.get_alpha() or bar.get_facecolor()[3] for bar in bars] == [
        0.45 if abs(effect) <= margin else 1.0 for effect, margin in zip(effects, margins, strict=True)
    ]
    drawn = strips(found, label)
    chart = chart_of(found, drawn)
    assert len(made.figure.axes[0].patches) == len(effects) - chance
    assert len(chart.courses[0].tints) <= len(effects) - chance
    assert sum(bar.strength < 1 for bar in chart.scales[0].bars) == chance
    assert f'fill-opacity="{PALE}"' in found.render("html").data


def test_the_text_shows_where_in_time(explained):
    """Blocks stand where the model looks, and no control character gets out."""
    lines = explained["one"].render("text").data.splitlines()
    blocks = next(line.partition("│")[2] for line in lines if line.startswith(("+ raises", "− lowers")) and "█" in line)
    assert 17 <= blocks.index("█") <= 30
    text = explained["many"].render("text").data
    assert not any(ord(letter) < 32 and letter != "\n" for letter in text)
    assert max(map(len, text.splitlines())) <= 100


def test_of_many_channels_the_strongest_are_drawn(explained):
    """And how many are not is said."""
    made = explained["many"].render({"use": "text", "channels": 1})
    assert "2 channels with weaker effects are not drawn." in made.data
    assert len(explained["many"].render({"use": "figure", "channels": 1}).figure.axes) == 2


def test_renderers_of_series_refuse_other_things():
    """And say what they are for."""
    pixels = RNG(0).integers(0, 255, (20, 20, 3), dtype=np.uint8)
    image = limefw.explain(pixels, lambda batch: np.full((len(batch), 2), 0.5), segmenter={"use": "grid"}, samples=60)
    with pytest.raises(limefw.LimefwError, match="series, and this is image"):
        image.render("series_figure")


@pytest.mark.parametrize("fragment", [False, True])
def test_the_page_has_no_script_and_shows_names_as_text(explained, fragment):
    """Small, whole, and with nothing that a name could break out of."""
    for one in explained.values():
        text = one.render({"use": "html", "fragment": fragment}).data
        assert len(text.encode()) < 60_000
        assert "<script" not in text
        assert "onload" not in text
        assert "http" not in text.replace("http-equiv", "")
        assert ("default-src 'none'" in text) is not fragment
    assert "&lt;/script&gt;&lt;b&gt;&amp;" in text
    assert "a&lt;b&gt;$x$" in text
    assert "\x00" not in text


def test_the_page_draws_every_weight(explained):
    """As many bars in the drawing as segments that have an effect, of the right sign."""
    one = explained["one"]
    text = one.render("html").data
    drawn = text[text.index('class="along"') : text.index("</svg>", text.index('class="along"'))]
    bars = re.findall(r'<rect class="([fa])"[^>]*>', drawn.partition("<use")[2])
    assert 0 < bars.count("f") <= int((one.effects() > 0).sum())
    assert one.render("html").data == text
    assert "limefw" in one._repr_html_()


def test_a_frame_is_no_series_without_its_names():
    """The reader keeps names and times; the numbers alone would lose them without a word."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"x": np.arange(6.0), "y": np.ones(6)})
    with pytest.raises(limefw.InputError, match="a DataFrame has names and times, which would be lost"):
        limefw.Series(frame)
    model = limefw.model(lambda batch: batch.sum(axis=(1, 2)), task="regression")
    found = limefw.explain(frame, model, recipe="series", samples=30, segmenter={"use": "windows", "count": 3})
    assert found.instance.channels == ("x", "y")
