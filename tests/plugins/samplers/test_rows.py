"""Samplers of rows draw what they say."""

import numpy as np
import pytest

import limefw
from limefw import Draws
from limefw.statistics import linear_fits
from limefw_plugins.fillers.other_values import other_values
from limefw_plugins.samplers.around_instance import around_instance
from limefw_plugins.samplers.bootstrap import bootstrap
from limefw_plugins.samplers.gaussian_copula import gaussian_copula
from limefw_plugins.samplers.latin_hypercube import latin_hypercube
from limefw_plugins.samplers.marginals import marginals
from limefw_plugins.samplers.sobol import sobol
from limefw_plugins.segmenters.bins import bins


RNG = np.random.default_rng


@pytest.fixture(scope="module")
def row():
    rng = RNG(6)
    shared = rng.normal(size=(500, 1))
    data = np.column_stack([
        shared[:, 0], shared[:, 0] + 0.3 * rng.normal(size=500), np.exp(-shared[:, 0]), rng.normal(size=500) * 50,
        rng.integers(0, 4, 500), (shared[:, 0] > 0).astype(float),
    ])  # fmt: skip
    data[:, 3] = data[:, 3].round()
    return limefw.Table(data, names=list("abcdef"), categorical=["e", "f"]).row(9)


def drawn(row, sampler, count=3000, discretizer="quartile", **params):
    """Return the codes and the rows that a sampler draws."""
    cut = bins(row, RNG(0), discretizer=discretizer)
    draws = Draws.join(list(sampler(row, cut, count, RNG(1), **params)))
    draws = Draws(draws.codes, {**draws.values, "draw": RNG(2).integers(0, 2**64, len(draws), dtype=np.uint64)})
    return cut, draws.codes, other_values(row, cut, RNG(0)).rows(draws)


def correlations(rows):
    from scipy.stats import spearmanr

    return spearmanr(rows).statistic


@pytest.mark.parametrize("sampler", [marginals, latin_hypercube, sobol, bootstrap, gaussian_copula])
def test_columns_by_themselves_are_as_the_background_has_them(row, sampler):
    """The share of rows in each quartile and category is the table's."""
    _, codes, rows = drawn(row, sampler)
    encoded = row.table.encoded
    assert (rows[0] == row.values).all()
    for at in range(6):
        ends = np.unique(np.percentile(encoded[:, at], [25, 50, 75]))
        shares = [np.bincount(np.searchsorted(ends, part[:, at]), minlength=4) / len(part) for part in (rows, encoded)]
        np.testing.assert_allclose(*shares, atol=0.04)
        assert np.isin(rows[:, at], encoded[:, at]).all()
    np.testing.assert_array_equal(codes[0], np.ones(6, dtype=bool))


def test_a_code_says_whether_the_value_lies_in_the_rows_bin(row):
    for sampler in (marginals, latin_hypercube, sobol, bootstrap, gaussian_copula, around_instance):
        cut, codes, rows = drawn(row, sampler, 500)
        np.testing.assert_array_equal(codes, cut.codes(row, rows))


@pytest.mark.parametrize("sampler", [bootstrap, gaussian_copula])
def test_correlations_are_kept(row, sampler):
    found, truth = correlations(drawn(row, sampler)[2]), correlations(row.table.encoded)
    numbers = [0, 1, 2, 3]
    np.testing.assert_allclose(found[np.ix_(numbers, numbers)], truth[np.ix_(numbers, numbers)], atol=0.06)
    assert found[0, 5] > 0.6


def test_a_copulas_scores_have_the_spread_one():
    """Whatever goes with what, also where columns are equal, constant, or more than there are rows."""
    from limefw_plugins.samplers.gaussian_copula import _root

    data = RNG(0).normal(size=(30, 40))
    data[:, 1], data[:, 2], data[:, 3] = data[:, 0], 7.0, np.rint(data[:, 0])
    root = _root(limefw.Table(data))
    np.testing.assert_allclose((root**2).sum(axis=1), 1.0, atol=1e-12)
    assert root[0] @ root[1] == pytest.approx(1.0)


def test_marginals_keep_none(row):
    found = correlations(drawn(row, marginals)[2])
    assert np.abs(found - np.eye(6)).max() < 0.12


def test_rows_around_the_instance_are_near_it(row):
    """Numbers lie around the row's own by so many standard deviations, and categories mostly stay."""
    _, _, rows = drawn(row, around_instance, spread=0.2, change=0.1)
    for at in (0, 1, 2):
        assert rows[:, at].mean() == pytest.approx(row.values[at], abs=0.02 * row.table.scales[at])
        assert rows[:, at].std() == pytest.approx(0.2 * row.table.scales[at], rel=0.05)
    assert (rows[:, 4] == row.values[4]).mean() > 0.88


def test_neighbors_are_the_nearest_rows(row):
    _, _, rows = drawn(row, bootstrap, neighbors=20)
    assert len(np.unique(rows, axis=0)) <= 21
    apart = np.abs(rows[:, 0] - row.values[0]) / row.table.scales[0]
    assert apart.mean() < 0.5 * (np.abs(row.table.encoded[:, 0] - row.values[0]) / row.table.scales[0]).mean()


@pytest.mark.parametrize("sampler", [latin_hypercube, sobol])
def test_even_designs_vary_less(row, sampler):
    """The mean of a column differs less from seed to seed than by independent draws."""

    def spread(make):
        cut = bins(row, RNG(0))
        means = []
        for seed in range(12):
            draws = Draws.join(list(make(row, cut, 256, RNG(seed))))
            draws = Draws(draws.codes, {**draws.values, "draw": RNG(seed).integers(0, 2**64, 256, dtype=np.uint64)})
            means.append(other_values(row, cut, RNG(0)).rows(draws)[:, 0].mean())
        return np.std(means)

    assert spread(sampler) < 0.4 * spread(marginals)


@pytest.mark.parametrize(("sampler", "known"), [(latin_hypercube, True), (sobol, False)])
def test_rows_of_one_array_say_nothing_of_their_errors(row, sampler, known):
    """Sobol's points are one array: textbook errors of its rows are up to four times too wide, or half as wide."""
    cut = bins(row, RNG(0))
    draws = Draws.join(list(sampler(row, cut, 300, RNG(0))))
    answers = draws.codes @ np.arange(1.0, 1 + draws.codes.shape[1])[:, None]
    around = limefw.Neighbourhood(draws.codes, answers, np.ones(300), draws.groups)
    (fit,) = linear_fits(around, 0.0)
    assert (fit.standard_errors is not None) == known


def test_automatic_stopping_by_rows_without_intervals_is_refused():
    """Before the model is asked, but to see what it returns: nothing could tell when to stop."""
    table, asked = limefw.Table(np.random.default_rng(0).normal(size=(300, 5))), []

    def model(rows):
        asked.append(len(rows))
        return 1 / (1 + np.exp(-np.asarray(rows, float)[:, :2].prod(axis=1)))

    with pytest.raises(limefw.RecipeError, match=r"sobol.* not independent and have no intervals, .* take another"):
        limefw.explain(table.row(3), model, sampler="sobol", samples={"max": 400})
    assert sum(asked) <= 1
    found = limefw.explain(table.row(3), model, sampler="sobol", samples=400)
    assert found.top(1)[0].standard_error is None


def test_kept_columns_may_show_the_rows_own_value(row):
    _, codes, rows = drawn(row, marginals, within=False)
    for at in range(6):
        assert (rows[codes[:, at], at] == row.values[at]).all()


def test_samplers_of_rows_want_bins(row):
    plain = limefw.Segments(np.arange(6), tuple("abcdef"))
    for sampler in (marginals, bootstrap, sobol):
        with pytest.raises(limefw.InputError, match="use segmenter 'bins'"):
            next(sampler(row, plain, 10, RNG(0)))


def test_limes_draws_go_on_from_where_a_random_state_stands(row):
    """A RandomState in place of the generator is drawn from as it is, so that calls may share one as lime's do."""
    from limefw_plugins.samplers.lime_tabular import lime_tabular

    cut = bins(row, RNG(0))
    state = np.random.RandomState(7)
    first, second = (next(lime_tabular(row, cut, 50, state)) for _ in range(2))
    again = next(lime_tabular(row, cut, 50, np.random.RandomState(7)))
    np.testing.assert_array_equal(first.values["row"], again.values["row"])
    assert not np.array_equal(first.values["row"], second.values["row"])
    seeded = next(lime_tabular(row, cut, 50, np.random.default_rng(np.random.SeedSequence(7, spawn_key=(3,)))))
    np.testing.assert_array_equal(first.values["row"], seeded.values["row"])


def test_limes_latin_hypercube_spreads_each_column(row):
    """Of n rows each n-th part of the normal law has one, the row's own place aside."""
    from scipy.stats import norm

    from limefw_plugins.samplers.lime_tabular import lime_tabular

    cut = bins(row, RNG(0), discretizer="none")
    draws = next(lime_tabular(row, cut, 200, RNG(3), sampling_method="lhs"))
    table = row.table
    shares = norm.cdf((draws.values["row"][1:, 0] - table.means[0]) / table.scales[0])
    assert len(np.unique((shares * 200).astype(int))) >= 198


@pytest.mark.parametrize("maker", ["numpy", "pandas"])
def test_limes_draws_of_statistics_are_those_of_the_data(maker):
    """Also where a bin holds one value alone, so that its spread is 0: no cell that the model is given is NaN."""
    pd = pytest.importorskip("pandas")
    rng = RNG(0)
    frame = pd.DataFrame({"calls": rng.poisson(2, 400), "age": rng.integers(18, 80, 400), "debt": rng.normal(size=400)})
    data, seen = limefw.Table(frame), []

    def model(rows):
        seen.append(np.asarray(rows, dtype=float))
        return np.full((len(rows), 2), 0.5)

    row = limefw.Table(data.statistics(), maker=maker).row(frame.iloc[3])
    limefw.explain(row, model, recipe="lime-0.2.0.1-table", samples=300)
    shown = np.concatenate(seen)
    assert not np.isnan(shown).any()
    assert (shown >= -4.0).all()
    theirs, ours = (drawn_as_lime(one, 300) for one in (data.row(3), row))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("discretizer", ["quartile", "none"])
def test_limes_draws_leave_immutable_columns_alone(discretizer):
    """And what lime draws of the others is the same number for number."""
    data = RNG(0).normal(size=(200, 4))
    free, held = limefw.Table(data).row(3), limefw.Table(data, immutable=[1]).row(3)
    every, rows = (drawn_as_lime(one, 100, discretizer=discretizer) for one in (free, held))
    assert (rows[:, 1] == data[3, 1]).all()
    assert len(np.unique(every[:, 1])) == 100
    np.testing.assert_array_equal(np.delete(rows, 1, axis=1), np.delete(every, 1, axis=1))


def test_limes_draws_know_no_bounds():
    """It would show the model what the table says that it may not be shown."""
    row = limefw.Table(RNG(0).normal(size=(200, 3)), bounds={"column 1": (-1, None)}).row(3)
    with pytest.raises(limefw.InputError, match="lime knows no bounds: use sampler 'marginals'"):
        drawn_as_lime(row, 10)


@pytest.mark.parametrize("ends", [[0.0], [-0.5, 0.0, 0.4]])
def test_limes_draws_of_statistics_want_their_bins(ends):
    """Of other bins the statistics know neither how often they are nor what they hold."""
    data = RNG(0).normal(size=(200, 3))
    row = limefw.Table(limefw.Table(data).statistics()).row(data[3])
    with pytest.raises(limefw.InputError, match="cut it as they do, or use sampler 'marginals'"):
        drawn_as_lime(row, 10, edges={"column 0": ends})
    known = limefw.Table(data).statistics({"column 0": ends})
    assert drawn_as_lime(limefw.Table(known).row(data[3]), 10).shape == (10, 3)


def drawn_as_lime(row, count, **params):
    from limefw_plugins.samplers.lime_tabular import lime_tabular

    return next(lime_tabular(row, bins(row, RNG(0), drop_constant=False, **params), count, RNG(0))).values["row"]


@pytest.mark.parametrize(
    "sampler", ["bernoulli", "paired", "exhaustive", "uniform_hidden", "contiguous", "fixed_hidden"]
)
@pytest.mark.parametrize("filler", ["other_values", "background_rows"])
def test_samplers_of_coins_refuse_columns_that_are_not_cut(sampler, filler):
    """'age (for each 17.8 more)' is an amount, and a coin for 'its own value or another' is none."""
    data = np.random.default_rng(0).normal(size=(60, 3))
    cut = {"use": "bins", "discretizer": "none"}
    with pytest.raises(limefw.InputError, match=r"drawn as amounts.*'marginals'"):
        limefw.explain(
            limefw.Table(data).row(3),
            lambda rows: rows @ [3.0, -2.0, 1.0],
            segmenter=cut,
            sampler=sampler,
            filler=filler,
        )
