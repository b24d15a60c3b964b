"""A small explanation made by hand: a real photograph, real segments, effects that a test chooses."""

from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import pytest
from skimage.data import chelsea
from skimage.segmentation import slic

from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.results.explanation import Explanation
from limefw.results.health import Caution, Health, LabelHealth
from limefw.results.what_if import WhatIf
from limefw.types import Contract, Fit, Neighbourhood, Segments


NAMES = {285: "Egyptian Mau", 281: "tabby", 282: "tiger cat"}
PREDICTIONS = (0.77, 0.11, 0.064)


@lru_cache
def photograph():
    """Return chelsea the cat."""
    return Image(chelsea(), (0, 255), "chelsea.png")


@lru_cache
def cut(photo, count=50, size=None):
    """Return segments in the model's frame, and the frame."""
    frame = Frame.fit(photo, Contract(size=size))
    framed = frame.enter(photo)
    axis = -1
    labels = slic(framed.unit(), count, compactness=10.0 if photo.channels == 3 else 0.1, channel_axis=axis,
                  convert2lab=photo.channels == 3, start_label=0)  # fmt: skip
    return Segments.from_labels(labels), frame


def fit_of(rng, width, prediction, scale, *, errors=True):
    """Return a linear fit with a few strong effects."""
    effects = rng.normal(0.15, 1.0, size=width) ** 3
    effects *= scale / np.abs(effects).max()
    covariance = np.diag((scale * rng.uniform(0.03, 0.09, width)) ** 2) if errors else None
    local = prediction * 0.96
    return Fit(effects, local - effects.sum(), 0.83, local, np.arange(width), covariance)


def build(image=None, *, names=None, task="classification", target="probability", model="EfficientNet-Lite0",
          count=50, size=None, scale=0.22, errors=True, zero=False, cautions=(), predictions=PREDICTIONS):  # fmt: skip
    """Return an explanation.

    Args:
        image: chelsea by default.
        names: label -> name.
        task: of the model.
        target: plug-in name.
        model: its name.
        count: segments wanted.
        size: of the model's frame.
        scale: the largest effect.
        errors: whether standard errors are known.
        zero: every effect is 0.
        cautions: (code, message) pairs.
        predictions: the model's, by label.
    """
    photo, names = image or photograph(), names or NAMES
    segments, frame = cut(photo, count, size)
    rng, width = np.random.default_rng(4), segments.count
    fits = {
        label: fit_of(rng, width, prediction, scale / (1 + 2 * at), errors=errors)
        for at, (label, prediction) in enumerate(zip(names, predictions, strict=False))
    }
    if zero:
        fits = {label: Fit(np.zeros(width), 0.5, 0.0, 0.5) for label in fits}
    codes = rng.random((600, width)) < 0.5
    codes[0] = True
    targets = np.stack([fit.predict(codes) for fit in fits.values()], axis=1)
    around = Neighbourhood(codes, targets, np.ones(600), np.arange(600))
    trust = {
        label: LabelHealth(fit.score, fit.score - 0.04, prediction, fit.local_prediction, 9 if errors else None)
        for (label, fit), prediction in zip(fits.items(), predictions, strict=False)
    }
    health = Health(600, 598, width, 512.3, "the budget of 600 samples was reached", trust,
                    tuple(Caution(*pair) for pair in cautions))  # fmt: skip
    outlook = dict(zip(names.values(), predictions, strict=False))
    if task == "classification" and target == "probability":
        outlook |= {"lynx": 0.021, "Persian cat": 0.004}
    record = provenance(photo, task, target, model)
    return Explanation(
        photo, segments, frame, around, fits, names, outlook, health, record, asked_of(fits, predictions)
    )


def asked_of(fits, predictions):
    """Return what the model says without the three strongest supporters: a little more than the fit does."""
    found = {}
    for (label, fit), prediction in zip(fits.items(), predictions, strict=False):
        strongest = tuple(int(at) for at in np.argsort(-fit.effects)[:3] if fit.effects[at] > 0)
        drop = float(fit.effects[list(strongest)].sum())
        if strongest:
            guesses = (prediction - drop, fit.intercept + drop)
            found[label] = WhatIf(strongest, prediction, prediction - 0.8 * drop, 0.9 * drop, *guesses)
    return found


def provenance(photo, task, target, model):
    """Return what the pipeline records."""
    return {
        "recipe": {"samples": 600, "seed": 0, "labels": ["top:3"], "segmenter": {"use": "slic", "n_segments": 50},
                   "filler": {"use": "mean_color"}, "target": {"use": target}},
        "model": {"name": model, "fingerprint": "ab" * 32, "task": task, "notes": ["it was assumed to be right"]},
        "input": {"name": photo.name, "sha256": photo.fingerprint()},
        "rows": {"predicted": 598, "cached": 0, "calls": 19, "chunk": 32},
        "seconds": {"segmenters": 0.041, "models": 3.2, "surrogates": 0.004, "model_only": 3.1},
        "versions": {"python": "3.11.9", "limefw": "0.1.0", "numpy": "2.4.6"},
        "created": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC).isoformat(),
    }  # fmt: skip


@pytest.fixture(scope="session")
def make():
    """Return the builder."""
    return build


@pytest.fixture(scope="session")
def explanation():
    """Return the explanation that most tests look at."""
    return build()
