"""What surrogates share, against textbook replicas on full design matrices and against scikit-learn."""

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.metrics import pairwise_distances, r2_score
from sklearn.tree import DecisionTreeRegressor

import limefw
from limefw import statistics
from limefw.types import Fit, Neighbourhood
from limefw_plugins.kernels.symmetric import symmetric
from limefw_plugins.selectors.forward import forward
from limefw_plugins.selectors.highest_weights import highest_weights
from limefw_plugins.surrogates.lasso import lasso
from limefw_plugins.surrogates.linear import linear
from limefw_plugins.surrogates.ridge import ridge
from limefw_plugins.surrogates.tree import tree


RNG = np.random.default_rng(0)  # never drawn from by what is deterministic


def around_of(rows=120, width=7, targets=2, *, soft=False, groups=None, seed=0):
    """Return a neighbourhood with uneven weights and targets that are not linear in the codes."""
    rng = np.random.default_rng(seed)
    # soft codes are multiples of 1/64, so that 1 - code is exact in float32
    codes = (rng.integers(0, 65, (rows, width)) / 64).astype(np.float32) if soft else rng.random((rows, width)) < 0.6
    codes[0] = 1
    x = codes.astype(np.float64)
    values = x @ rng.normal(size=(width, targets)) + (x[:, :1] * x[:, 1:2]) + 0.3 * rng.normal(size=(rows, targets))
    return limefw.Neighbourhood(
        codes, values, rng.uniform(0.1, 2.0, size=rows), np.arange(rows) if groups is None else groups
    )


KINDS = pytest.mark.parametrize("soft", [False, True], ids=["bool", "float32"])


@KINDS
@pytest.mark.parametrize("alpha", [0.0, 0.01, 1.0, 50.0])
def test_ridge_equals_scikit_learns(alpha, soft):
    """Coefficients, intercepts, scores and local predictions are those of a weighted sklearn ridge."""
    around = around_of(soft=soft)
    theirs = Ridge(alpha=alpha) if alpha else LinearRegression()
    design = around.codes.astype(np.float64)
    theirs.fit(design, around.targets, sample_weight=around.weights)
    beta, intercepts = statistics.solve_ridge(statistics.gram(around), alpha)
    np.testing.assert_allclose(beta, theirs.coef_.T, rtol=0, atol=1e-10)
    np.testing.assert_allclose(intercepts, theirs.intercept_, rtol=0, atol=1e-10)
    for target, fit in enumerate(ridge(around, RNG, alpha=alpha)):
        one = Ridge(alpha=alpha).fit(design, around.targets[:, target], sample_weight=around.weights)
        score = one.score(design, around.targets[:, target], sample_weight=around.weights)
        assert fit.score == pytest.approx(score, abs=1e-10)
        assert fit.local_prediction == pytest.approx(one.predict(design[:1])[0], abs=1e-10)


def test_linear_is_ridge_without_a_penalty():
    """`linear` is ordinary weighted least squares."""
    around = around_of()
    expected = LinearRegression().fit(around.codes, around.targets, sample_weight=around.weights)
    for target, fit in enumerate(linear(around, RNG)):
        np.testing.assert_allclose(fit.effects, expected.coef_[target], rtol=0, atol=1e-10)


def test_too_few_rows_give_the_shortest_solution():
    """With fewer rows than columns and no penalty: the least-norm coefficients, and no standard errors."""
    around = around_of(rows=5, width=9)
    root = np.sqrt(around.weights)[:, None]
    x = (around.codes - np.average(around.codes, axis=0, weights=around.weights)) * root
    y = (around.targets - np.average(around.targets, axis=0, weights=around.weights)) * root
    expected = np.linalg.pinv(x) @ y
    fits = linear(around, RNG)
    np.testing.assert_allclose(np.array([fit.effects for fit in fits]).T, expected, rtol=0, atol=1e-9)
    assert [fit.standard_errors for fit in fits] == [None, None]


def test_a_penalty_by_weights_does_not_depend_on_the_scale_of_the_weights():
    """Ridge with ``scale="weights"`` gives equal coefficients when all weights are multiplied by 1000."""
    around = around_of()
    heavy = limefw.Neighbourhood(around.codes, around.targets, 1000 * around.weights, around.groups)
    one, other = (ridge(each, RNG, alpha=0.1, scale="weights")[0] for each in (around, heavy))
    np.testing.assert_allclose(other.effects, one.effects, rtol=0, atol=1e-10)
    absolute = [ridge(each, RNG, alpha=10.0)[0].effects for each in (around, heavy)]
    assert np.abs(absolute[0] - absolute[1]).max() > 0.01


def test_weights_count_as_repeated_rows():
    """A row of weight 3 is three rows of weight 1: coefficients and score agree."""
    around = around_of()
    times = np.random.default_rng(1).integers(1, 4, size=len(around))
    weighted = limefw.Neighbourhood(around.codes, around.targets, times.astype(float), around.groups)
    rows = np.repeat(np.arange(len(around)), times)
    repeated = limefw.Neighbourhood(around.codes[rows], around.targets[rows], np.ones(len(rows)), np.arange(len(rows)))
    one, other = (ridge(each, RNG)[1] for each in (weighted, repeated))
    np.testing.assert_allclose(other.effects, one.effects, rtol=0, atol=1e-12)
    assert other.score == pytest.approx(one.score, abs=1e-12)


# --- robust covariance


def leaving_out(around, target, alpha):
    """Return the coefficients with all groups, and without each, by the full design with an intercept."""
    x = np.c_[np.ones(len(around)), around.codes.astype(float)]
    penalty = np.diag([0.0] + [alpha] * around.codes.shape[1])

    def fitted(rows):
        w = np.diag(around.weights[rows])
        return np.linalg.solve(x[rows].T @ w @ x[rows] + penalty, x[rows].T @ w @ around.targets[rows, target])

    each = np.unique(around.groups)
    return fitted(np.full(len(x), True)), {group: fitted(around.groups != group) for group in each}


def by_the_book(around, target, alpha, *, silent=False, skewed=True):
    """Return HC3 or CR3 of all groups but the instance's, about the line without that one, and what lies beside it.

    That is what the instance pulls by, less what skew moves the ends of an interval by. Where the errors would be over
    1.25 times too large, were all rows to err alike, that part of them is taken back.
    """
    x = np.c_[np.ones(len(around)), around.codes.astype(float)]
    bread = np.linalg.inv(x.T @ np.diag(around.weights) @ x + np.diag([0.0] + [alpha] * around.codes.shape[1]))
    whole, without = leaving_out(around, target, alpha)
    line = whole if silent else without[around.groups[0]]
    residual = around.targets[:, target] - x @ line
    moves, told, true = [], np.zeros_like(bread), np.zeros_like(bread)
    middle = x - np.average(x, axis=0, weights=around.weights)
    for group in set(np.unique(around.groups[around.groups >= 0])) - {around.groups[0]}:
        rows = around.groups == group
        w = np.diag(around.weights[rows])
        hat = x[rows] @ bread @ x[rows].T @ w
        moves.append(bread @ x[rows].T @ w @ np.linalg.solve(np.eye(rows.sum()) - hat, residual[rows]))
        if np.trace(hat) <= 0.5:
            told += middle[rows].T @ w @ np.linalg.inv(np.eye(rows.sum()) - hat) @ w @ middle[rows]
            true += middle[rows].T @ w @ w @ middle[rows]
    back = min(1.0, 1.25 * np.trace(bread @ true) / np.trace(bread @ told))
    moved = np.sqrt(back) * np.array(moves)[:, 1:]
    spread, pull = moved.T @ moved, (whole - without[around.groups[0]])[1:]
    if not silent:
        pull = needed(pull - skewed * lean(moved, len(np.unique(around.groups)) - x.shape[1]), spread)
    return spread + np.outer(pull, pull)


def lean(moved, freedom):
    """Return by how much Edgeworth's first term moves the ends of a 95 % interval of a sum of skewed values."""
    unbiased = freedom**2 / ((freedom - 1) * (freedom - 2)) * (moved**3).sum(axis=0)
    return (2 * norm.ppf(0.975) ** 2 + 1) / 6 * unbiased / (moved**2).sum(axis=0)


def needed(away, spread):
    """Return what widens errors so far that 95 % of intervals hold what lies so far beside their middle."""
    errors = np.sqrt(np.diag(spread))
    return np.sign(away) * np.sqrt((half_widths(np.abs(away) / errors) / norm.ppf(0.975)) ** 2 - 1) * errors


def half_widths(means):
    """Return c so that a normal variable of each mean and variance 1 lies within +-c with probability .95."""
    return np.array([brentq(lambda c, t=t: norm.cdf(c - t) - norm.cdf(-c - t) - 0.95, 1.9, t + 3) for t in means])


@KINDS
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_rows_drawn_alone_have_hc3_errors(alpha, targets, soft):
    """The covariance is HC3 of the weighted ridge with a free intercept, and what the instance pulls by."""
    around = around_of(targets=targets, soft=soft)
    for target, fit in enumerate(ridge(around, RNG, alpha=alpha)):
        expected = by_the_book(around, target, alpha)
        np.testing.assert_allclose(fit.standard_errors, np.sqrt(np.diag(expected)), rtol=0.013)
        close = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        np.testing.assert_array_less(np.abs(fit.covariance - expected) / close, 0.026)


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("alpha", [0.0, 2.0])
@pytest.mark.parametrize("sizes", [(2,), (1, 2, 5)], ids=["pairs", "mixed"])
def test_rows_drawn_in_groups_have_cr3_errors(sizes, alpha, targets):
    """The covariance is CR3 by group, for pairs and for groups of several sizes in any order."""
    rng = np.random.default_rng(2)
    repeats = rng.choice(sizes, size=200)
    groups = rng.permutation(np.repeat(np.arange(200), repeats)[:120])
    around = around_of(groups=groups, targets=targets)
    for target, fit in enumerate(ridge(around, RNG, alpha=alpha)):
        expected = by_the_book(around, target, alpha)
        np.testing.assert_allclose(fit.standard_errors, np.sqrt(np.diag(expected)), rtol=0.013)


@pytest.mark.parametrize("groups", [np.arange(28), np.arange(56) // 2, np.repeat(np.arange(32), [1, 2] * 16)])
def test_what_few_rows_overstate_is_taken_back(groups):
    """With four rows a column HC3 and CR3 are a third too large for rows that err alike; a quarter of that stays."""
    around = around_of(rows=len(groups), groups=groups, targets=1)
    (fit,) = ridge(around, RNG, alpha=0.0)
    expected = np.sqrt(np.diag(by_the_book(around, 0, 0.0)))
    np.testing.assert_allclose(fit.standard_errors, expected, rtol=0.013)


@pytest.mark.parametrize("size", [1, 2])
def test_errors_of_rows_that_err_alike_are_a_little_too_large_at_most(size):
    """Of answers that are noise, at four rows or pairs a column: 3,000 seeds tell how much.

    By 1.25 on average, and by what skew their few rows seem to have.
    """
    rng = np.random.default_rng(8)
    count = 32 * size
    around = limefw.Neighbourhood(
        rng.random((count, 8)) < 0.5, rng.normal(size=(count, 3000)), np.ones(count), np.arange(count) // size
    )
    fits = ridge(around, RNG, alpha=0.0)
    told = np.mean([np.diag(fit.covariance) for fit in fits], axis=0)
    found = told / np.var([fit.effects for fit in fits], axis=0)
    assert 1.15 < found.mean() < 1.45


@pytest.mark.parametrize("size", [1, 2])
def test_a_column_that_one_row_decides_leaves_the_others_errors_alone(size):
    """A segment that one row or pair of a hundred hides says nothing of how well the others are known."""
    around = around_of(rows=100 * size, groups=np.arange(100 * size) // size, targets=1)
    codes = around.codes.copy()
    codes[:, 0] = True
    (without,) = ridge(limefw.Neighbourhood(codes[:, 1:], around.targets, around.weights, around.groups), RNG, alpha=0)
    codes[40 * size : 41 * size, 0] = False
    (fit,) = ridge(limefw.Neighbourhood(codes, around.targets, around.weights, around.groups), RNG, alpha=0.0)
    np.testing.assert_allclose(fit.standard_errors[1:], without.standard_errors, rtol=0.1)


def test_errors_are_the_same_in_any_units():
    """Columns stretched by some factors have effects and errors that are as much smaller, with few rows too."""
    around = around_of(rows=28, soft=True, targets=1)
    factors = np.array([1.0, 64.0, 0.25, 8.0, 1.0, 0.5, 2.0])
    stretched = limefw.Neighbourhood(
        around.codes.astype(float) * factors, around.targets, around.weights, around.groups
    )
    one, other = (ridge(each, RNG, alpha=0.0)[0] for each in (around, stretched))
    np.testing.assert_allclose(other.effects * factors, one.effects, rtol=1e-7)
    np.testing.assert_allclose(other.standard_errors * factors, one.standard_errors, rtol=1e-7)


def test_where_no_row_departs_from_the_line_the_instance_counts_as_one_of_them():
    """Of an AND that no row shows but the instance: HC3 of all rows, to the last digit."""
    codes = around_of().codes.copy()
    codes[1:, 0] &= ~codes[1:, 1]
    around = limefw.Neighbourhood(codes, (codes[:, 0] & codes[:, 1])[:, None] * 1.0, np.ones(120), np.arange(120))
    (fit,) = ridge(around, RNG, alpha=0.0)
    np.testing.assert_allclose(fit.covariance, by_the_book(around, 0, 0.0, silent=True), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("shown", [[40], [40, 80]])
def test_few_rows_do_not_tell_a_skew(shown):
    """Of an AND that one or two rows of 120 show beside the instance, errors are HC3 and what that one pulls by."""
    codes = around_of().codes.copy()
    codes[1:, 0] &= ~codes[1:, 1]
    codes[shown, :2] = True
    around = limefw.Neighbourhood(codes, (codes[:, 0] & codes[:, 1])[:, None] * 1.0, np.ones(120), np.arange(120))
    (fit,) = ridge(around, RNG, alpha=0.0)
    expected, other = (np.sqrt(np.diag(by_the_book(around, 0, 0.0, skewed=each))) for each in (False, True))
    np.testing.assert_allclose(fit.standard_errors, expected, rtol=0.013)
    assert np.abs(other / expected - 1).max() > 0.05


def test_with_few_groups_for_the_columns_the_instance_counts_as_one_of_them():
    """Fewer than two for each column, of which fewer than eight carry the spread: HC3 of all rows."""
    around = around_of(rows=15, targets=1)
    answers = np.where(np.arange(15) % 5 == 1, 10.0, 0.01 * around.targets[:, 0])[:, None]
    around = limefw.Neighbourhood(around.codes, answers, around.weights, around.groups)
    (fit,) = ridge(around, RNG, alpha=0.0)
    np.testing.assert_allclose(fit.covariance, by_the_book(around, 0, 0.0, silent=True), rtol=1e-7, atol=1e-12)


def test_a_pull_that_skew_undoes_widens_nothing():
    """Where answers are skewed to the side that the instance pulls to, errors are smaller than where to the other."""
    rng = np.random.default_rng(5)
    x = rng.random((400, 3)) < 0.5
    x[0] = True
    tail = rng.exponential(size=400) ** 2 - 2
    found = []
    for sign in (1, -1):
        targets = np.where(x[:, 0], sign * tail, 0.0)
        targets[0] = 30.0
        around = limefw.Neighbourhood(x, targets[:, None], np.ones(400), np.arange(400))
        (fit,) = ridge(around, RNG, alpha=0.0)
        np.testing.assert_allclose(fit.standard_errors, np.sqrt(np.diag(by_the_book(around, 0, 0.0))), rtol=0.013)
        found.append(fit.standard_errors[0])
    assert found[0] < 0.9 * found[1]


def test_the_pull_of_the_instance_widens_by_what_its_own_interval_needs():
    """Far from a line that the other rows fit nearly, the interval reaches 1.645 of their errors beyond the pull."""
    around = around_of(targets=1)
    x = around.codes.astype(float)
    targets = x @ np.ones((7, 1)) + 0.001 * around.targets
    targets[0] += 5
    around = limefw.Neighbourhood(around.codes, targets, around.weights, around.groups)
    (fit,) = ridge(around, RNG, alpha=0.0)
    whole, without = leaving_out(around, 0, 0.0)
    pull = np.abs(whole - without[0])[1:]
    assert (pull > 0.01).all()
    np.testing.assert_allclose(1.96 * fit.standard_errors, pull, rtol=0.05)


def test_groups_of_negative_numbers_are_no_luck():
    """They are in the fit, and add nothing to its errors."""
    around = around_of(targets=1)
    groups = np.where(np.arange(120) % 3 == 1, -np.arange(120), np.arange(120))
    known = limefw.Neighbourhood(around.codes, around.targets, around.weights, groups)
    one, other = (ridge(each, RNG, alpha=0.0)[0] for each in (around, known))
    np.testing.assert_allclose(other.effects, one.effects, rtol=1e-12)
    expected = np.sqrt(np.diag(by_the_book(known, 0, 0.0)))
    np.testing.assert_allclose(other.standard_errors, expected, rtol=0.013)
    assert (other.standard_errors < 0.95 * one.standard_errors).all()


def test_groups_of_one_row_are_rows():
    """CR3 with each row alone is HC3, whatever the groups are called."""
    around = around_of()
    renamed = limefw.Neighbourhood(around.codes, around.targets, around.weights, 7 * around.groups[::-1] + 3)
    one, other = (ridge(each, RNG)[0].covariance for each in (around, renamed))
    np.testing.assert_allclose(other, one, rtol=1e-12)


def test_no_more_groups_than_columns_give_no_errors():
    """With as many groups as coefficients (intercept included) there is no covariance; with one more there is."""
    codes = around_of(rows=20, width=4).codes
    targets, weights = np.arange(20.0)[:, None] ** 2, np.ones(20)
    found = []
    for count in (5, 6):
        around = limefw.Neighbourhood(codes, targets, weights, np.arange(20) % count)
        found.append(ridge(around, RNG)[0].covariance is None)
    assert found == [True, False]


def test_an_exhaustive_neighbourhood_has_no_error():
    """Where all codes were drawn the covariance is 0."""
    around = around_of()
    whole = limefw.Neighbourhood(around.codes, around.targets, around.weights, around.groups, exhaustive=True)
    np.testing.assert_array_equal(np.zeros((7, 7)), ridge(whole, RNG)[0].covariance)


# --- small parts


def test_weighted_r2_equals_scikit_learns():
    """The weighted R2 is sklearn's, and follows its rules for constants."""
    rng = np.random.default_rng(3)
    target, predicted, weights = rng.normal(size=50), rng.normal(size=50), rng.uniform(size=50)
    expected = r2_score(target, predicted, sample_weight=weights)
    assert expected == pytest.approx(statistics.weighted_r2(target, predicted, weights), abs=1e-14)
    flat = np.ones(50)
    assert statistics.weighted_r2(flat, flat, weights) == 1.0
    assert statistics.weighted_r2(flat, target, weights) == 0.0


def test_effective_sample_size_counts_equal_weights():
    """k equal weights among zeros are worth k rows, at any scale; uneven ones are worth fewer."""
    assert statistics.effective_sample_size(np.array([3.0] * 7 + [0.0] * 5)) == pytest.approx(7)
    assert statistics.effective_sample_size(np.array([3.0, 1.0])) == pytest.approx(16 / 10)


@KINDS
def test_cosine_distances_equal_scikit_learns(soft):
    """The distance to the all-ones code is sklearn's cosine distance, 1 for an all-hidden row."""
    codes = around_of(soft=soft).codes.copy()
    codes[5] = 0
    expected = pairwise_distances(codes.astype(np.float64), np.ones((1, codes.shape[1])), metric="cosine").ravel()
    found = statistics.cosine_to_instance(codes)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert found[5] == 1.0


@KINDS
def test_the_symmetric_kernel_weighs_complements_alike(soft):
    """A code and its complement weigh the mean of lime's kernel at both."""
    codes = around_of(soft=soft).codes
    other = ~codes if codes.dtype == bool else 1 - codes
    one, two = (symmetric(limefw.Draws(each), None, width=0.3) for each in (codes, other))
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-14)
    lime = [np.exp(-(statistics.cosine_to_instance(each) ** 2) / (2 * 0.3**2)) for each in (codes, other)]
    np.testing.assert_allclose(one, np.mean(lime, axis=0), rtol=0, atol=1e-14)


@KINDS
@pytest.mark.parametrize("groups", ["rows", "pairs"])
def test_the_block_size_changes_nothing(monkeypatch, groups, soft):
    """Blocks of 7 rows and one block of all rows give equal fits and distances."""
    around = around_of(soft=soft, groups=np.arange(120) // 2 if groups == "pairs" else None)

    def everything():
        fits = ridge(around, RNG)
        parts = [np.r_[fit.effects, fit.intercept, fit.score, fit.covariance.ravel()] for fit in fits]
        means = statistics.weighted_means(around.codes, around.weights)
        return np.concatenate([*parts, means, statistics.cosine_to_instance(around.codes)])

    whole = everything()
    monkeypatch.setattr(statistics.moments, "BLOCK", 7)
    monkeypatch.setattr(statistics.errors, "BLOCK", 7)
    np.testing.assert_allclose(everything(), whole, rtol=0, atol=1e-12)


# --- selectors


def score_of(around, columns, target):
    design = around.codes[:, columns].astype(float)
    model = LinearRegression().fit(design, around.targets[:, target], sample_weight=around.weights)
    return model.score(design, around.targets[:, target], sample_weight=around.weights)


@KINDS
@pytest.mark.parametrize("count", [1, 4, 7, 50])
def test_forward_selection_is_greedy_in_r2(count, soft):
    """Each pick is the column that raises the weighted R2 of a least-squares fit most."""
    around = around_of(soft=soft, seed=4)
    for target, picks in enumerate(forward(around, RNG, num_features=count)):
        expected = []
        for _ in range(min(count, 7)):
            rest = [column for column in range(7) if column not in expected]
            expected.append(max(rest, key=lambda column, chosen=expected: score_of(around, [*chosen, column], target)))
        assert expected == picks.tolist()


def correlated(seed):
    """Return a neighbourhood whose neighbouring columns nearly agree, as overlapping segments do."""
    rng = np.random.default_rng(seed)
    codes = np.empty((200, 7), dtype=np.bool_)
    codes[:, 0] = rng.random(200) < 0.5
    for column in range(1, 7):
        codes[:, column] = codes[:, column - 1] ^ (rng.random(200) < 0.15)
    codes[0] = True
    targets = (codes @ rng.normal(size=(7, 2))) + 0.2 * rng.normal(size=(200, 2))
    return limefw.Neighbourhood(codes, targets, rng.uniform(0.1, 2.0, size=200), np.arange(200))


@pytest.mark.parametrize("seed", range(5))
def test_forward_selection_sees_what_columns_share(seed):
    """Where columns are correlated each pick is still the best beside those before it."""
    around = correlated(seed)
    for target, picks in enumerate(forward(around, RNG, num_features=6)):
        for at in range(6):
            before = picks[:at].tolist()
            scores = {column: score_of(around, [*before, column], target) for column in set(range(7)) - set(before)}
            assert max(scores, key=scores.__getitem__) == picks[at]


def test_forward_selection_leaves_copies_for_last():
    """A copy of a picked column adds nothing, so it comes after all that add something."""
    around = around_of(width=5, seed=5)
    codes = np.c_[around.codes, around.codes[:, :2]]
    copied = limefw.Neighbourhood(codes, around.targets, around.weights, around.groups)
    for picks in forward(copied, RNG, num_features=7):
        assert len(set(picks.tolist())) == 7
        assert {column % 5 for column in picks[:5].tolist()} == set(range(5))


@pytest.mark.parametrize("count", [1, 3, 50])
def test_highest_weights_takes_the_largest_coefficients(count):
    """The picks are the largest absolute coefficients of a ridge fit on all columns, strongest first."""
    around = around_of(seed=6)
    for target, picks in enumerate(highest_weights(around, RNG, num_features=count)):
        model = Ridge(alpha=0.01).fit(around.codes, around.targets[:, target], sample_weight=around.weights)
        expected = np.argsort(-np.abs(model.coef_))[:count]
        np.testing.assert_array_equal(expected, picks)


def test_forward_selection_beats_no_other_start():
    """Its first pick is the best single column of all."""
    around = around_of(seed=8)
    for target, picks in enumerate(forward(around, RNG, num_features=1)):
        scores = [score_of(around, [column], target) for column in range(7)]
        assert int(np.argmax(scores)) == picks[0]


# --- lasso and tree


@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.4])
def test_lasso_solves_its_own_problem(alpha):
    """Its coefficients meet the optimality conditions of the weighted problem, in units of the target's spread."""
    around = around_of(seed=9)
    total, codes = around.weights.sum(), around.codes.astype(float)
    for target, fit in enumerate(lasso(around, RNG, alpha=alpha)):
        values = around.targets[:, target]
        spread = np.sqrt(np.average((values - np.average(values, weights=around.weights)) ** 2, weights=around.weights))
        residual = values - fit.intercept - codes @ fit.effects
        slope = codes.T @ (around.weights * residual) / total
        active = fit.effects != 0
        assert around.weights @ residual / total == pytest.approx(0, abs=1e-9)
        expected = alpha * spread * np.sign(fit.effects[active])
        np.testing.assert_allclose(slope[active], expected, rtol=0, atol=1e-6)
        assert (np.abs(slope[~active]) <= alpha * spread + 1e-6).all()


def test_lasso_equals_scikit_learns():
    """The effects are sklearn's weighted lasso of the standardised target, scaled back."""
    around = around_of(seed=10)
    for target, fit in enumerate(lasso(around, RNG, alpha=0.1)):
        values = around.targets[:, target]
        spread = np.sqrt(np.cov(values, aweights=around.weights, ddof=0))
        model = Lasso(alpha=0.1 * spread, tol=1e-10, max_iter=100_000)
        model.fit(around.codes.astype(float), values, sample_weight=around.weights)
        np.testing.assert_allclose(fit.effects, model.coef_, rtol=0, atol=1e-6)
        assert fit.intercept == pytest.approx(model.intercept_, abs=1e-6)
        assert 0 < (fit.effects == 0).sum() < 7


def test_a_strong_lasso_keeps_fewer_segments():
    """A larger penalty leaves fewer effects that are not 0, and in the end none."""
    around = around_of(seed=10, targets=1)
    kept = [int((lasso(around, RNG, alpha=alpha)[0].effects != 0).sum()) for alpha in (0.001, 0.1, 0.4, 5.0)]
    assert sorted(kept, reverse=True) == kept
    assert kept[0] == 7
    assert kept[-1] == 0


def grown(around, target, depth, leaf):
    model = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=leaf, random_state=0)
    return model.fit(around.codes.astype(np.float32), around.targets[:, target], sample_weight=around.weights)


@KINDS
def test_trees_predict_as_scikit_learns(soft):
    """A tree fit predicts what sklearn's tree predicts, on every possible code."""
    around = around_of(rows=300, soft=soft, seed=11)
    codes = np.array(list(itertools.product([0, 1], repeat=7)), dtype=np.float32)
    fits = tree(around, np.random.default_rng(0), max_depth=3, min_samples_leaf=5)
    for target, fit in enumerate(fits):
        model = grown(around, target, 3, 5)
        for rows in (codes, around.codes):
            np.testing.assert_allclose(fit.predict(rows), model.predict(rows.astype(np.float32)), rtol=0, atol=1e-12)
        own = np.ones((1, 7), dtype=np.float32)
        effects = [model.predict(own)[0] - model.predict(own - np.eye(7, dtype=np.float32)[[j]])[0] for j in range(7)]
        np.testing.assert_allclose(fit.effects, effects, rtol=0, atol=1e-12)
        assert fit.local_prediction == pytest.approx(model.predict(own)[0], abs=1e-12)
        assert fit.intercept == pytest.approx(model.predict(0 * own)[0], abs=1e-12)
        score = model.score(around.codes.astype(np.float32), around.targets[:, target], sample_weight=around.weights)
        assert fit.score == pytest.approx(score, abs=1e-12)


def test_a_tree_sees_what_only_counts_together():
    """On an AND of two segments a tree is exact: each of the two has the whole effect, all others none."""
    codes = np.array(list(itertools.product([False, True], repeat=5)))[::-1]
    target = (codes[:, 1] & codes[:, 3]).astype(float)[:, None]
    around = limefw.Neighbourhood(codes, target, np.ones(32), np.arange(32))
    (fit,) = tree(around, np.random.default_rng(0), max_depth=2, min_samples_leaf=1)
    assert fit.effects.tolist() == [0, 1, 0, 1, 0]
    assert fit.score == 1.0


def test_the_tree_of_a_label_does_not_depend_on_the_other_labels():
    """Where splits tie, the tree of a label is the same whether it is asked for alone or among others."""
    rng = np.random.default_rng(12)
    codes = rng.random((60, 6)) < 0.5
    doubled = np.c_[codes, codes]  # each column twice: every split is a tie
    targets = np.c_[codes @ rng.normal(size=6), codes @ rng.normal(size=6)]
    around = limefw.Neighbourhood(doubled, targets, np.ones(60), np.arange(60))
    both = tree(around, np.random.default_rng(0))[1]
    (alone,) = tree(around.take(targets=[1]), np.random.default_rng(0))
    np.testing.assert_array_equal(alone.detail["feature"], both.detail["feature"])


# --- Fit.widened


def test_widening_puts_effects_and_errors_back_in_place():
    """Effects and covariance of some columns land at those columns among all, in pick order; the rest is 0."""
    fit = Fit(np.array([3.0, -1.0]), 0.5, 0.9, 2.5, covariance=np.array([[4.0, 1.0], [1.0, 9.0]]))
    wide = fit.widened(np.array([4, 1]), 6)
    assert wide.effects.tolist() == [0, -1, 0, 0, 3, 0]
    assert wide.columns.tolist() == [4, 1]
    assert wide.standard_errors.tolist() == [0, 3, 0, 0, 2, 0]
    assert wide.covariance[1, 4] == wide.covariance[4, 1] == 1.0
    figures = [wide.intercept, wide.score, wide.local_prediction]
    assert figures == [0.5, 0.9, 2.5]


def test_widening_keeps_predictions():
    """A widened fit predicts from all columns what the narrow one predicts from its own: lines and trees."""
    around = around_of(rows=200, seed=13, targets=1)
    columns = np.array([5, 0, 3])
    part = around.take(columns=columns)
    for make in (lambda: ridge(part, RNG), lambda: tree(part, np.random.default_rng(0))):
        (fit,) = make()
        expected = fit.predict(part.codes)
        np.testing.assert_allclose(fit.widened(columns, 7).predict(around.codes), expected, rtol=0, atol=1e-12)


def test_widening_without_a_covariance_keeps_none():
    """What has no standard errors has none among more columns either."""
    wide = Fit(np.ones(2), 0.0, 0.0, 0.0).widened(np.array([0, 2]), 3)
    assert wide.covariance is None
    assert wide.standard_errors is None


@pytest.mark.parametrize("last", [True, False])
def test_moments_of_all_rows_but_some_follow_from_those_of_all(last):
    """As computed from the rows themselves, whatever the weights; what is known of all stays, unless it is the last."""
    rng = np.random.default_rng(0)
    codes = rng.random((400, 12)) < 0.5
    around = Neighbourhood(codes, rng.normal(size=(400, 2)), rng.random(400), np.arange(400)).knowing({})
    whole = statistics.gram(around)
    kept = whole.cross.copy()
    left_out = rng.random(400) < 0.2
    plain, part = around.take(np.flatnonzero(~left_out)), around.take(np.flatnonzero(left_out))
    found, expected = statistics.gram(statistics.without(around, plain, part, last=last)), statistics.gram(plain)
    for name in ("cross", "with_targets", "code_means", "target_means", "total"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-10, atol=1e-10)
    assert np.allclose(statistics.gram(around).cross, kept, rtol=1e-12)
    assert around.take(targets=[0]).known is around.known
    assert around.take(columns=[0, 1]).known is None
