"""What explanations of rows must be by theory (Garreau & von Luxburg 2020; see docs/explanation/method.md)."""

from itertools import product

import numpy as np
import pytest

import limefw
from limefw.modalities.table_bins import slices_of


RNG = np.random.default_rng
SAMPLERS = ("marginals", "around_instance", "gaussian_copula", "bootstrap", "latin_hypercube", "sobol", "lime_tabular")


def value(predict):
    return limefw.model(predict, task="regression")


def background(width=5, rows=400):
    rng = RNG(2)
    data = rng.normal(size=(rows, width)) @ (np.eye(width) + 0.3 * rng.normal(size=(width, width)))
    data[:, 1] = np.exp(data[:, 1])
    return data


def within(found, truth):
    """Say whether each effect is within 4.5 of its standard errors of the truth."""
    return np.abs(found.effects() - truth) <= 4.5 * found.fit().standard_errors + 1e-9


@pytest.mark.parametrize("width", [0.4, 0.75, 3.0])
def test_a_linear_model_has_the_difference_of_the_bins_means(width):
    """For f = lambda'x the effect of bin j is lambda_j (E[x_j | bin] - E[x_j | other bins]), whatever the kernel."""
    data, slopes = background(), np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    row = limefw.Table(data).row(11)
    found = limefw.explain(
        row, value(lambda rows: rows @ slopes), samples=4000, surrogate="linear", selector="all",
        kernel={"use": "l2", "width": width},
    )  # fmt: skip
    first, last = slices_of(row, found.segments)
    truth = [
        slope * (pool[start:end].mean() - np.delete(pool, slice(start, end)).mean())
        for slope, pool, start, end in zip(slopes, row.table.pools, first, last, strict=True)
    ]
    assert within(found, truth).all()
    assert found.effects()[3] == pytest.approx(0.0, abs=3 * found.fit().standard_errors[3])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_linear_model_of_uncut_columns_has_its_slopes(sampler):
    """Without bins an effect is the slope times the column's standard deviation, exactly, by any sampler."""
    data, slopes = background(), np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    found = limefw.explain(
        limefw.Table(data).row(3), value(lambda rows: rows @ slopes + 1.0), samples=200, surrogate="linear",
        sampler=sampler, selector="all", segmenter={"use": "bins", "discretizer": "none"},
    )  # fmt: skip
    np.testing.assert_allclose(found.effects(), slopes * data.std(axis=0), atol=1e-9)
    assert found.fit().score == pytest.approx(1.0)
    assert found.fit().local_prediction == pytest.approx(data[3] @ slopes + 1.0)


def test_any_model_of_bins_has_the_difference_of_weighted_conditional_means():
    """Of independent coins z_j and a product kernel beta_j = E_w[f | z_j = 1] - E_w[f | z_j = 0]."""
    data = background(4)
    row = limefw.Table(data).row(5)
    own = bins_of(row, data)

    def answer(codes):
        return codes[..., 0] * codes[..., 1] + 0.5 * codes[..., 2] - codes[..., 1] * (1 - codes[..., 3])

    found = limefw.explain(
        row, value(lambda rows: answer(own(rows).astype(float))), samples=8000, surrogate="linear", selector="all"
    )
    share = own(data).mean(axis=0)
    codes = np.array(list(product([0.0, 1.0], repeat=4)))
    law = np.prod(np.where(codes == 1, share, 1 - share), axis=1)
    law = law * np.exp(-(1 - codes).sum(axis=1) / (2 * 0.75**2 * 4))
    truth = [
        np.average(answer(codes[codes[:, at] == 1]), weights=law[codes[:, at] == 1])
        - np.average(answer(codes[codes[:, at] == 0]), weights=law[codes[:, at] == 0])
        for at in range(4)
    ]
    assert within(found, truth).all()


def bins_of(row, data):
    """Return what says of rows in which columns they lie in the same quartile as one."""
    ends = np.percentile(data, [25, 50, 75], axis=0)
    place = [np.searchsorted(ends[:, at], row.values[at]) for at in range(data.shape[1])]

    def same(rows):
        found = [np.searchsorted(ends[:, at], rows[:, at]) == place[at] for at in range(rows.shape[1])]
        return np.stack(found, axis=1)

    return same


def test_garreau_and_von_luxburgs_formula():
    """Of p bins of equal share: beta_j = c^-d (-pc/(pc-1) E[wf] + p^2 c^2/(pc-1) E[w z_j f])."""
    width, nu = 3, 0.75 * np.sqrt(3)
    data = np.stack([RNG(at).permutation(np.arange(400.0)) for at in range(width)], axis=1)
    row = limefw.Table(data).row(17)
    own, bins = bins_of(row, data), 4

    def answer(codes):
        return np.sin(1.0 + codes @ np.array([1.0, 2.0, -0.7])) + codes[:, 0] * codes[:, 2]

    found = limefw.explain(
        row, value(lambda rows: answer(own(rows).astype(float))), samples=8000, surrogate="linear", selector="all"
    )
    codes = np.array(list(product([0.0, 1.0], repeat=width)))
    law = np.prod(np.where(codes == 1, 1 / bins, 1 - 1 / bins), axis=1)
    weight, f = np.exp(-(1 - codes).sum(axis=1) / (2 * nu**2)), answer(codes)
    c = 1 / bins + (1 - 1 / bins) * np.exp(-1 / (2 * nu**2))
    all_in, factor = (law * weight) @ f, bins * c / (bins * c - 1)
    truth = [c**-width * factor * (bins * c * ((law * weight * codes[:, at]) @ f) - all_in) for at in range(width)]
    assert within(found, truth).all()


def test_two_values_a_column_are_enumerated_to_banzhaf_values():
    """With all combinations, a flat kernel and no penalty nothing is left to chance."""
    data = RNG(0).integers(0, 2, (40, 4)).astype(bool)
    row = limefw.Table(data).row(0)

    def answer(rows):
        same = (rows == data[0]).astype(float)
        return same[:, 0] * same[:, 1] + 2.0 * same[:, 2] - same[:, 3] * same[:, 0] * same[:, 1]

    found = limefw.explain(
        row, value(answer), sampler="exhaustive", kernel="flat", surrogate="linear", selector="all", samples=16
    )
    # half the weight of every interaction of two, a quarter of that of three
    np.testing.assert_allclose(found.effects(), [0.25, 0.25, 2.0, -0.25], atol=1e-12)


def test_columns_kept_by_chance_show_the_rows_own_values_in_general_samplers():
    """By coins a kept column is the row's own value, so a linear model's effects are its distances to the others'."""
    data, slopes = background(), np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    row = limefw.Table(data).row(11)
    found = limefw.explain(
        row, value(lambda rows: rows @ slopes), samples=6000, sampler="bernoulli", filler="background_rows",
        kernel="flat", surrogate="linear", selector="all",
    )  # fmt: skip
    assert within(found, slopes * (row.values - data.mean(axis=0))).all()
    assert found.fit().local_prediction == pytest.approx(data[11] @ slopes, rel=0.01)


def test_what_if_is_the_mean_over_values_of_other_bins():
    """The model's answer without a column is that over fifty of its other values, and the stand-in's guess is near."""
    data = background()
    row = limefw.Table(data).row(11)
    found = limefw.explain(row, value(lambda rows: 3.0 * (rows[:, 0] <= np.median(data[:, 0]))), what_if=1)
    asked = found.what_if[0]
    assert (asked.prediction, asked.only) == (3.0, 3.0) if found.effects()[0] > 0 else True
    assert 0.0 <= asked.without <= 3.0
    assert asked.without == pytest.approx(asked.guess_without, abs=0.4)
