"""What the comparisons with lime share."""

import warnings
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest


TOLERANCE = 1e-9


@contextmanager
def undisturbed():
    """Let lime warn of what it likes and draw its bar nowhere."""
    lime_image = pytest.importorskip("lime.lime_image")
    with warnings.catch_warnings(), mock.patch.object(lime_image, "tqdm", iter):
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def theirs():
    """The context in which lime itself is called."""
    return undisturbed


def one(value):
    """Return the number that an array of lime's or an own figure is."""
    return float(np.ravel(value)[0])


@pytest.fixture
def same():
    """Return a function that compares all figures of two explanations, in lime's order of labels and features."""

    def compare(found, expected, tolerance=TOLERANCE):
        assert list(found.local_exp) == [int(label) for label in expected.local_exp]
        for label, pairs in expected.local_exp.items():
            ids, weights = [int(at) for at, _ in pairs], [float(weight) for _, weight in pairs]
            assert [at for at, _ in found.local_exp[label]] == ids
            got = [weight for _, weight in found.local_exp[label]]
            np.testing.assert_allclose(got, weights, rtol=0, atol=tolerance)
            assert one(found.intercept[label]) == pytest.approx(one(expected.intercept[label]), abs=tolerance)
        # lime has these of the label that it fitted last
        assert float(found.score) == pytest.approx(float(expected.score), abs=tolerance)
        assert float(found.local_pred) == pytest.approx(one(expected.local_pred), abs=tolerance)
        if getattr(expected, "top_labels", None):
            assert found.top_labels == [int(label) for label in expected.top_labels]

    return compare
