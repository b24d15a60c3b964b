"""Logistic regression on fractions: exact on a logistic black box, within 0..1 everywhere."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import limefw
from limefw.errors import InputError, StoreError
from limefw.types import Neighbourhood
from limefw_plugins.surrogates.linear import linear
from limefw_plugins.surrogates.logistic import logistic


RNG = np.random.default_rng(0)  # never drawn from
KINDS = pytest.mark.parametrize("soft", [False, True], ids=["bool", "float32"])


def sigmoid(odds):
    return 1 / (1 + np.exp(-odds))


def bounded(make, **options):
    around = make(**options)
    return replace(around, targets=sigmoid(around.targets))


@KINDS
def test_it_recovers_a_logistic_black_box(make, soft):
    """Coefficients on the scale of log-odds, intercept and predictions are the model's own to 1e-6."""
    around = make(rows=200, soft=soft, targets=1)
    beta = np.array([3.0, -2.0, 0.0, 0.5, 1.0, -4.0, 0.25])
    answers = sigmoid(around.codes.astype(float) @ beta - 1.5)
    (fit,) = logistic(replace(around, targets=answers[:, None]), RNG, alpha=0.0)
    np.testing.assert_allclose(fit.detail["coefficients"], beta, rtol=0, atol=1e-6)
    assert fit.detail["intercept"] == pytest.approx(-1.5, abs=1e-6)
    np.testing.assert_allclose(fit.predict(around.codes), answers, rtol=0, atol=1e-6)
    assert fit.score == pytest.approx(1.0)


def test_an_effect_is_what_the_instance_loses_without_the_segment(make):
    """Effects are differences of predictions, by the sigmoid's own formula."""
    around = bounded(make, targets=1)
    (fit,) = logistic(around, RNG)
    beta, intercept = fit.detail["coefficients"], fit.detail["intercept"]
    whole = sigmoid(intercept + beta.sum())
    np.testing.assert_allclose(fit.effects, whole - sigmoid(intercept + beta.sum() - beta), rtol=0, atol=1e-12)
    assert fit.local_prediction == pytest.approx(whole)
    assert fit.intercept == pytest.approx(sigmoid(intercept))


@KINDS
@pytest.mark.parametrize("alpha", [1e-4, 0.01, 1.0])
def test_it_equals_scikit_learns_on_rows_doubled(make, alpha, soft):
    """A fraction y is y of a success and 1 - y of a failure."""
    around = bounded(make, rows=80, soft=soft)
    x, w = around.codes.astype(float), around.weights
    for target, fit in zip(around.targets.T, logistic(around, RNG, alpha=alpha), strict=True):
        theirs = LogisticRegression(C=1 / (alpha * w.sum()), tol=1e-12, max_iter=10_000)
        theirs.fit(np.r_[x, x], np.r_[np.ones(80), np.zeros(80)], sample_weight=np.r_[w * target, w * (1 - target)])
        np.testing.assert_allclose(fit.detail["coefficients"], theirs.coef_[0], rtol=0, atol=1e-5)
        assert fit.detail["intercept"] == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_answers_that_can_be_told_apart_without_error_keep_it_finite(make):
    """Of 0s and 1s that one segment decides, the penalty keeps the coefficients finite and the signs right."""
    around = make(targets=1)
    decided = around.codes[:, 3].astype(float)[:, None]
    for alpha in (1e-4, 0.0):
        (fit,) = logistic(replace(around, targets=decided), RNG, alpha=alpha)
        assert np.isfinite(fit.detail["coefficients"]).all()
        assert np.argmax(np.abs(fit.effects)) == 3
        assert fit.effects[3] > 0.8
        assert fit.score > 0.95


@settings(deadline=None, max_examples=40)
@given(
    codes=st.integers(1, 40).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(1, 12))),
    steep=st.sampled_from([0.01, 1.0, 30.0, 1000.0]),
    shift=st.sampled_from([-20.0, 0.0, 5.0]),
    seed=st.integers(0, 99),
)
def test_it_stays_within_0_and_1_and_never_fits_worse_than_the_mean(codes, steep, shift, seed):
    """Whatever the answers, saturated ones too, predictions are probabilities and the mean is no likelier."""
    rng = np.random.default_rng(seed)
    z = rng.random(codes) < 0.5
    z[0] = True
    answers = sigmoid(np.clip(steep * rng.normal(size=(len(z), 1)) + shift, -700, 700))
    around = Neighbourhood(z, answers, rng.uniform(0.01, 1.0, len(z)), np.arange(len(z)))
    (fit,) = logistic(around, RNG)
    predicted = fit.predict(z)
    assert ((predicted >= 0) & (predicted <= 1)).all()
    assert np.isfinite(fit.effects).all()

    def deviance(g):
        g = np.clip(g, 1e-300, 1 - 1e-16)
        return around.weights @ -(answers[:, 0] * np.log(g) + (1 - answers[:, 0]) * np.log1p(-g))

    mean = np.average(answers[:, 0], weights=around.weights)
    assert deviance(predicted) <= deviance(np.full(len(z), mean)) * (1 + 1e-6) + 1e-9


def test_it_follows_a_saturated_model_where_a_line_cannot():
    """On every code of a steep sigmoid it is exact, and least squares is not."""
    codes = np.array(list(itertools.product([False, True], repeat=6)))[::-1]
    answers = sigmoid(codes @ np.array([6.0, 5.0, 4.0, 0.0, 0.0, -3.0]) - 8.0)[:, None]
    around = Neighbourhood(codes, answers, np.ones(64), np.arange(64), exhaustive=True)
    assert logistic(around, RNG, alpha=0.0)[0].score > 1 - 1e-9
    assert linear(around, RNG)[0].score < 0.9


def test_answers_outside_0_and_1_are_refused(make):
    """Log-odds and a regressor's values are no probabilities: the error says what was found and what to use."""
    with pytest.raises(InputError, match=r"between 0 and 1, and these go from -\d.*target 'probability'"):
        logistic(make(), RNG)
    rounded = bounded(make, targets=1)
    nearly = np.array(rounded.targets)
    nearly[0] = 1 + 1e-7  # what a float32 softmax may return
    assert logistic(replace(rounded, targets=nearly), RNG)[0].local_prediction <= 1


def predict(batch):
    """Two classes by the brightness of the corners."""
    odds = batch[:, 0, 0, 0] / 64.0 + batch[:, -1, -1, 0] / 128.0 - 2.0
    return np.stack([sigmoid(odds), 1 - sigmoid(odds)], axis=1)


@pytest.fixture(scope="module")
def explanation():
    photo = np.random.default_rng(5).integers(100, 256, (18, 24, 3), dtype=np.uint8)
    return limefw.explain(
        photo, predict, segmenter={"use": "grid", "rows": 2, "columns": 3}, filler={"use": "constant", "value": 0.0},
        surrogate="logistic", selector={"use": "forward", "num_features": 3}, labels=[0, 1], target="probability",
    )  # fmt: skip


def test_a_loaded_fit_predicts_as_before(explanation, tmp_path):
    """Its log-odds are saved along, at their places among all segments."""
    other = limefw.load(explanation.save(tmp_path / "it.limefw"))
    codes = explanation.neighbourhood.codes
    for label in (0, 1):
        predicted = explanation.fit(label).predict(codes)
        assert other.fit(label).predict(codes).tobytes() == predicted.tobytes()
        assert (explanation.fit(label).detail["coefficients"] != 0).sum() <= 3
        # one penalty: a probability and its complement are explained alike
    np.testing.assert_allclose(explanation.fit(0).effects, -explanation.fit(1).effects, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "value"), [("coefficients", np.ones(2)), ("intercept", np.inf)])
def test_a_damaged_file_is_refused(explanation, tmp_path, name, value):
    """Log-odds that do not fit the segments never reach `predict`."""
    fit = explanation.fit(0)
    hostile = replace(fit, detail={**fit.detail, name: value})
    path = replace(explanation, fits={**explanation.fits, 0: hostile}).save(tmp_path / "x.limefw")
    with pytest.raises(StoreError, match="logistic surrogate does not fit"):
        limefw.load(path)
