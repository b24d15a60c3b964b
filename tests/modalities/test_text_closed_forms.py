"""Texts against formulas (Mardaoui & Garreau, AISTATS 2021), and a spam filter whose words' true effects are known."""

import importlib.util
import warnings
from math import prod
from pathlib import Path

import numpy as np
import pytest

import limefw
from limefw.statistics import linear_fits
from limefw_plugins.kernels.cosine_exponential import cosine_exponential


NU = 0.25


def alphas(width, highest):
    """alpha_p = E[w z_1 ... z_p] where s of d words are removed, s uniform in 1..d, for p = 0 .. highest."""
    found = []
    for p in range(highest + 1):
        terms = [
            prod((width - s - k) / (width - k) for k in range(p))
            * np.exp(-((1 - np.sqrt(1 - s / width)) ** 2) / (2 * NU**2))
            for s in range(1, width + 1)
        ]  # fmt: skip
        found.append(np.mean(terms))
    return np.array(found)


def and_formula(width, size):
    """Return intercept, coefficient inside and outside, of a model that wants `size` words together."""
    a = alphas(width, max(size + 1, 2))
    c = (width - 1) * a[0] * a[2] - width * a[1] ** 2 + a[0] * a[1]
    s0, s1 = (width - 1) * a[2] + a[1], -a[1]
    s2 = ((width - 2) * a[0] * a[2] - (width - 1) * a[1] ** 2 + a[0] * a[1]) / (a[1] - a[2])
    s3 = (a[1] ** 2 - a[0] * a[2]) / (a[1] - a[2])
    here, more = a[size], a[size + 1]
    inside = (s1 * here + s2 * here + (size - 1) * s3 * here + (width - size) * s3 * more) / c
    outside = (s1 * here + s2 * more + size * s3 * here + (width - size - 1) * s3 * more) / c
    return (s0 * here + size * s1 * here + (width - size) * s1 * more) / c, inside, outside


def together(size):
    """Return a model that says 1 where the first words are all there."""
    wanted = {f"w{at}" for at in range(size)}
    return limefw.model(
        lambda texts: np.array([float(wanted <= set(text.split())) for text in texts]), task="regression"
    )


def explained(width, size, **settings):
    string = " ".join(f"w{at}" for at in range(width))
    return limefw.explain(string, together(size), surrogate="linear", what_if=0, **settings)


@pytest.mark.parametrize(
    ("width", "expected"), [(5, (0.401431, 0.256891, 0.156511)), (9, (0.446027, 0.299006, 0.206058))]
)
def test_enumerated_moments_are_the_papers(width, expected):
    """All combinations once, each with the probability of lime's law for texts; the instance is none of its draws."""
    found = explained(width, 1, samples=2**width).neighbourhood
    weights = found.weights[1:]
    importance = weights / cosine_exponential(limefw.Draws(found.codes), None)[1:]
    moments = [np.sum(weights * found.codes[1:, :p].all(axis=1)) / importance.sum() for p in range(3)]
    np.testing.assert_allclose(moments, expected, rtol=0, atol=5e-7)
    np.testing.assert_allclose(moments, alphas(width, 2), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("width", "size"), [(5, 1), (5, 2), (8, 3), (10, 4)])
def test_words_that_count_together_get_the_papers_coefficients(width, size):
    """Without the row of the instance itself, which no draw of the law is, to rounding."""
    around = explained(width, size, samples=2**width).neighbourhood
    (fit,) = linear_fits(around.take(rows=slice(1, None)), 0.0)
    intercept, inside, outside = and_formula(width, size)
    np.testing.assert_allclose(fit.effects[:size], inside, rtol=0, atol=1e-10)
    np.testing.assert_allclose(fit.effects[size:], outside, rtol=0, atol=1e-10)
    assert fit.intercept == pytest.approx(intercept, abs=1e-10)


@pytest.mark.parametrize("sampler", [{"use": "uniform_hidden", "enumerate_small": False}, "lime_text"])
@pytest.mark.parametrize(("width", "size"), [(9, 2), (14, 3)])
def test_draws_agree_with_the_formula(sampler, width, size):
    """Within 4.5 standard errors for every word."""
    fit = explained(width, size, sampler=sampler, samples=5000).fit()
    _, inside, outside = and_formula(width, size)
    expected = np.where(np.arange(width) < size, inside, outside)
    assert (np.abs(fit.effects - expected) <= 4.5 * fit.standard_errors).all()
    # so that this can fail
    assert (np.abs(fit.effects - 2 * expected) > 4.5 * fit.standard_errors).any()


def test_both_samplers_draw_from_one_law():
    """Every number of hidden words alike, and every word hidden alike often."""
    string = " ".join(f"w{at}" for at in range(7))
    for sampler in ({"use": "uniform_hidden", "enumerate_small": False}, "lime_text"):
        codes = limefw.explain(string, together(1), sampler=sampler, samples=7001).neighbourhood.codes
        assert codes[0].all()
        hidden = (~codes[1:]).sum(axis=1)
        share = np.bincount(hidden, minlength=8) / 7000
        assert share[0] == 0
        np.testing.assert_allclose(share[1:], 1 / 7, atol=4 * np.sqrt(1 / 7 * 6 / 7 / 7000))
        np.testing.assert_allclose((~codes[1:]).mean(axis=0), 4 / 7, atol=0.025)


def rank_correlation(one, other):
    """Spearman's."""
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return np.corrcoef(*ranks)[0, 1]


def correlations(texts, predict, vectoriser, coefficients, **settings):
    """Compare each text's effects with coefficient times tf-idf of its words."""
    found = []
    for string in texts:
        effects = limefw.explain(string, predict, labels=[1], what_if=0, **settings)
        weights = vectoriser.transform([string]).toarray()[0] * coefficients
        truth = [weights[vectoriser.vocabulary_[name]] for name in effects.segments.names]
        found.append(rank_correlation(effects.effects(1), truth))
    return np.array(found)


def test_words_of_a_linear_filter_come_in_the_order_of_their_true_effects():
    """Fifty texts of a tf-idf model with known coefficients, each at a rank correlation of .9 or more."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    words = np.array([f"word{at}" for at in range(400)])
    spam = rng.normal(size=400)
    chances = [np.exp(sign * spam) / np.exp(sign * spam).sum() for sign in (-1, 1)]
    labels = rng.integers(0, 2, 600)
    mails = [" ".join(rng.choice(words, 25, p=chances[label])) for label in labels]
    vectoriser = TfidfVectorizer().fit(mails)
    model = LogisticRegression(C=10.0).fit(vectoriser.transform(mails), labels)
    texts = [" ".join(rng.choice(words, rng.integers(8, 40), replace=False)) for _ in range(50)]
    texts = [" ".join(word for word in text.split() if word in vectoriser.vocabulary_) for text in texts]
    predict = limefw.model(lambda batch: model.predict_proba(vectoriser.transform(batch)))
    found = correlations(texts, predict, vectoriser, model.coef_[0], samples=1000)
    assert found.min() >= 0.9
    assert np.median(found) >= 0.97


def test_words_of_a_trained_spam_filter_come_in_the_order_of_their_true_effects():
    """The same of a published one: tf-idf of 1500 words and logistic regression, where its package is installed."""
    spec = importlib.util.find_spec("spam_detector_ai")
    if spec is None:
        pytest.skip("spam-detector-ai is not installed")
    joblib = pytest.importorskip("joblib")
    folder = Path(next(iter(spec.submodule_search_locations))) / "models" / "logistic_regression"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it was saved by another version of scikit-learn
        vectoriser = joblib.load(folder / "logistic_regression_vectoriser.joblib")
        model = joblib.load(folder / "logistic_regression_model.joblib")
    vocabulary, rng = sorted(vectoriser.vocabulary_), np.random.default_rng(1)
    texts = [" ".join(rng.choice(vocabulary, rng.integers(8, 40), replace=False)) for _ in range(50)]
    predict = limefw.model(lambda batch: model.predict_proba(vectoriser.transform(batch)), classes=["ham", "spam"])
    found = correlations(texts, predict, vectoriser, model.coef_[0], samples=1000)
    assert found.min() >= 0.9
    assert np.median(found) >= 0.97
